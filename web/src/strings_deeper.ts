// The part of the catalogue that the overview's closer looks use.
import { count, plural } from './base/format';

export const deeperStrings = {
  deeper: {
    title: 'A closer look',
    text: 'What else is known of the newest model. Some of it is computed only when you ask.',
    ask: 'Look now',
    again: 'Look again',
    working: (what: string, seconds: number) => `${what} Since ${plural(seconds, 'second', 'seconds')}.`,
    failed: 'This could not be computed',
    older: (then: number, now: number) => `This is of version ${then}; the newest is version ${now}.`,
    notYet: 'not looked at yet',
    noModel: 'known after the first model',
    needsAudit: 'known when there are audit labels',
    maybe: 'may be chance',
    settings: 'Open the settings',
    labels: 'labels',
    calibration: {
      none: 'Its confidence is as the learner gives it: no calibrator is in use',
      unknown: 'Whether calibration mends its confidence',
      mended: (name: string, before: string, after: string) =>
        `Its confidence is calibrated by ${name}: ${before} points off without it, ${after} with it`,
      champion: (version: number, name: string, labels: number) =>
        `The champion, version ${version}, uses ${name}, learnt from ${plural(labels, 'held-out label', 'held-out labels')}.`,
      championNone: (version: number) => `The champion, version ${version}, uses no calibrator.`,
      noChampion: 'There is no champion yet.',
      text: 'How far confidence and right answers lie apart, in points of 100, version by version; lower is better. Shading is the 95\u00a0% range.',
      head: ['Labels', 'Model', 'Apart, in points', 'Calibrator'],
      label: 'Calibration error by labels',
    },
    groups: {
      none: 'Whether groups are treated alike: no columns are named to compare',
      noneText:
        'Name columns in the setting group_columns, such as a region or an age: the model is then compared between their values on the audit labels.',
      unknown: 'Whether groups are treated alike',
      alike: (columns: number) =>
        `No gap between groups is beyond chance, in ${plural(columns, 'column', 'columns')}`,
      worst: (what: string, column: string, size: string) =>
        `Groups of ${column} are not treated alike: ${what} differs by ${size} points`,
      text: 'Largest less smallest rate among the values of a column, in points, with 95\u00a0% ranges; red ones are more than chance. The curve shows the gap round by round.',
      metrics: {
        accuracy: () => 'right answers',
        selection_rate: (cls) => `called ${cls}`,
        true_positive_rate: (cls) => `true ${cls} found`,
        false_positive_rate: (cls) => `others called ${cls}`,
        calibration_gap: () => 'surer than right',
      } as Record<string, (cls: string) => string>,
      head: ['What is compared', 'Gap, in points', '', 'Highest, lowest', 'Rounds'],
      tableHead: ['What is compared', 'Group', 'Audited', 'Rate, of 100'],
      unknownGap: 'too few audit labels',
      between: (high: string, low: string) => `${high}, ${low}`,
      working: 'Comparing the groups.',
    },
    leakage: {
      unknown: 'Whether audit examples are known to the training examples',
      clean: (checks: number) => `No leak was found in ${plural(checks, 'check', 'checks')}`,
      found: (n: number) =>
        `${plural(n, 'sign', 'signs')} that audit examples are known to the training examples`,
      text: 'Copies, near copies, shared groups, times out of order, columns that give a class away. If there are leaks, the estimates above are too good.',
      working: 'Comparing audit examples with training examples.',
      compared: (test: number, train: number) =>
        `${plural(test, 'audit example', 'audit examples')} against ${plural(train, 'training example', 'training examples')}.`,
      head: ['Check', 'Result'],
      checks: {
        exact_duplicates: 'Copies',
        near_duplicates: 'Near copies',
        group_overlap: 'Shared groups',
        time_order: 'Order of time',
        single_feature: 'One column that tells all',
        adversarial_validation: 'Audit examples look different',
      } as Record<string, string>,
      states: { found: 'found', clean: 'nothing found', skipped: 'not possible' } as Record<
        string,
        string
      >,
      severity: { high: 'high', medium: 'medium', low: 'low' } as Record<string, string>,
    },
    robustness: {
      unknown: 'How it stands worse data',
      worst: (name: string, from: string, to: string, by: string) =>
        `Of worse data, what hurts most is ${name}: from ${from} right of 100 to ${to} at severity ${by}`,
      steady: 'It stands worse data well: no kind costs more than a point',
      text: 'Audit examples are made worse step by step, and the model is asked again. Right answers of 100 by severity; shading is the 95\u00a0% range.',
      working: 'Asking the model about worse data.',
      severity: 'severity',
      head: ['Severity', 'Amount', 'Right, of 100', 'Confidence apart, in points'],
    },
    foreign: {
      unknown: 'Whether it notices examples unlike those it knows',
      told: (name: string, value: string) =>
        `Unlike examples are told by ${name}: right in ${value} of 100 pairs`,
      untested: (name: string) => `Unlike examples are told by ${name}; no trial was possible`,
      text: 'Detectors in a trial where whole classes were left out in turn: of 100 pairs of a known and an unknown example, in how many the unknown one looks stranger. 50 is guessing.',
      flagged: (share: string) =>
        `Predictions flag ${share} of 100 examples that are like the known ones.`,
      working:
        'Choosing and fitting a detector, about as long as ten trainings. It is kept with the version.',
      head: ['Detector', 'Of 100 pairs', ''],
      chosen: 'in use',
      noTrial: 'no trial',
    },
    pseudo: {
      off: 'Pseudo-labels are off',
      offText:
        'With the setting ssl = auto, Querist tries whether unlabelled examples help the model that predicts, and uses them only where they stand the test.',
      used: (n: number, method: string) => `Trained with ${count(n)} pseudo-labels by ${method}`,
      none: 'No pseudo-labels: they did not stand the test',
      nothing: 'No pseudo-labels: there was nothing to test them on',
      back: (method: string) => `Pseudo-labels by ${method} were taken back`,
      text: (n: number, byAudit: boolean) =>
        `Wrong answers of 100 on ${plural(n, byAudit ? 'audit label' : 'label that was held out in turn', byAudit ? 'audit labels' : 'labels that were held out in turn')}, and the gain over the given labels alone with one standard error. A method is used where its gain is larger than that.`,
      given: 'given labels alone',
      head: ['Method', 'Wrong, of 100', 'Gain, in points', ''],
      inUse: 'in use',
      hazards: 'What the monitors say',
    },
    guard: {
      unknown: 'Whether choosing teaches more than chance',
      quiet: 'Choosing teaches no less than chance, as far as can be seen',
      raised: 'Chosen labels teach less than random ones: half of each batch is now random',
      unwatched: 'Whether choosing teaches more than chance is not watched',
      text: 'Two models of equally many labels, chosen and random ones, answer the audit examples. What counts are the examples that only one of them gets right.',
      judged: (n: number) => `${plural(n, 'audit label', 'audit labels')} judged`,
      onlyChosen: 'right with chosen labels alone',
      onlyRandom: 'right with random labels alone',
      random: 'of each batch drawn at random by the guard',
    },
  },
};

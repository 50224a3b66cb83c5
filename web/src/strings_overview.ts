// The part of the catalogue that the overview uses.
import { count, plural } from './base/format';

const forLabels = (labels: number | null) =>
  labels ? `, for what the first ${count(labels)} taught` : '';

export const overviewStrings = {
  overview: {
    title: (project: string) => `Overview of ${project}`,
    right: 'Your model is right about ',
    balanced: 'Averaged over its classes, your model is right about ',
    of100: ' of 100',
    times: ' times ',
    targetSurely: (target: string) => ` It has reached your target of ${target}`,
    targetLikely: (target: string) => ` It has likely reached your target of ${target}`,
    targetNot: (target: string) => ` It has not reached your target of ${target} yet`,
    youAfterTarget: '; you ',
    youAlone: ' You ',
    couldStop: 'could stop now',
    unknownBold: 'Not known yet',
    unknown: ': how good your model is',
    sentence: (end: string) => (end ? `${end[0]?.toUpperCase()}${end.slice(1)}.` : ''),
    noData: 'This project has no examples yet',
    noDataText: 'Add a file with one example a row. How good the model is, and when to stop, is told here.',
    facts: {
      labels: 'Labels so far',
      chosen: (n: number) => `${count(n)} chosen, `,
      auditCount: (n: number) => `${count(n)} `,
      audit: 'audit',
      saved: 'Saved by choosing well',
      least: 'At least ',
      savedShare: (share: string, more: boolean) => `${share} ${more ? 'more' : 'fewer'}`,
      savedFar: (more: boolean) => (more ? 'far more' : 'far fewer'),
      savedValue: (fewer: string, bound: string) => `${bound}${fewer} labels`,
      savedRange: (range: string | null, labels: number | null) =>
        `than picking at random${range ? ` (${range}\u00a0%)` : ''}${forLabels(labels)}`,
      savedMore: 'Costs more labels than random so far',
      savedMoreBy: (more: string, least: boolean, range: string | null, labels: number | null) =>
        `${least ? 'at least ' : ''}${more}${range ? ` (${range}\u00a0%)` : ''}${forLabels(labels)}`,
      savedUntold: 'Cannot be told yet',
      savedBetween: (low: string, high: string, value: string, labels: number | null) =>
        `between ${low} labels than picking at random and ${high}; the estimate is ${value}${forLabels(labels)}`,
      savedBackTest: (sentence: string) => `Back-test of the labels saved: ${sentence}.`,
      time: 'Time and cost so far',
      timeEach: (each: string, range: string | null) =>
        `${each} a label${range ? ` (middle half ${range})` : ''}`,
      cost: (amount: string) => `, cost about ${amount}`,
      sure: 'How sure it sounds',
      sureOff: (n: string, range: string | null) =>
        `off by ${n} ${n === '1' ? 'point' : 'points'} on average${range ? ` (${range})` : ''}`,
      right: 'About right',
      modest: 'A little too modest',
      veryModest: 'Too modest',
      bold: 'A little too sure',
      veryBold: 'Too sure',
      noTime: 'known after the first labels',
      timeless: 'the labels so far came without times',
      noSure: 'known with more audit labels',
    },
    curve: {
      saved: (share: string, range: string | null) =>
        `Choosing well has saved ${share} of the labels${range ? ` (${range}\u00a0%)` : ''}`,
      savedLeast: (share: string) => `Choosing well has saved at least ${share} of the labels`,
      moved: (from: string, labels: number, to: string) =>
        `From ${from} right of 100 with ${count(labels)} labels to ${to} now`,
      one: (value: string) => `Right ${value} of 100 times so far`,
      none: 'The learning curve begins with the first model',
      text: 'Right answers of 100 on audited examples, as labels came in. Shading is the 95\u00a0% range.',
      noneText:
        'Each time a model is trained, a point is added here: labels across, right answers of 100 upwards.',
      labels: 'labels',
      today: (n: number) => `today: ${plural(n, 'label', 'labels')}`,
      target: (value: string) => `target ${value}`,
      now: (value: string) => `${value} now`,
      head: ['Labels', 'Model', 'Right, of 100', 'Audit labels'],
    },
    advice: {
      stop: 'You could stop now',
      goOn: 'Go on labelling',
      change: 'A change may help',
      none: 'No advice yet',
      noneText: 'Advice comes with the first trained model.',
      evidence: {
        budget_spent: ['The budget is spent', 'The budget is not spent', 'Budget'],
        pool_exhausted: ['Nothing is left to label', 'There is more to label', 'Examples'],
        stabilizing_predictions: [
          'Answers have settled',
          'Answers have not settled',
          'Settled answers',
        ],
        performance_difference: ['F hardly changes', 'F still changes', 'Change of F'],
        error_stability: ['The model hardly moves', 'The model still moves', 'Movement of the model'],
        classification_change: ['Hardly any answer changes', 'Answers change', 'Changed answers'],
        overall_uncertainty: ['The model is sure', 'The model is in doubt', 'Doubt'],
        no_gain: ['More labels gain little', 'More labels may gain', 'Gain of more labels'],
        cost_benefit: ['The next batch costs more', 'The next batch is worth it', 'Cost and worth'],
        recall_interval: ['Enough is found', 'Not surely enough is found', 'Share found'],
        hypergeometric_recall: [
          'Hardly any is missed',
          'Too many may be missed',
          'Test of the missed',
        ],
        target_reached: ['Target reached', 'Target not surely reached', 'Target'],
      } as Record<string, [string, string, string]>, // Met, not met, not known.
      gain: (points: string) => `More labels gain about ${points} of 100`,
      silent: (n: number) => `${plural(n, 'rule has', 'rules have')} nothing to say here`,
      dial: 'How strictly answers count as settled, and what it cost in simulations',
      dialHead: ['stopping_kappa', 'Loss, of 100', 'On the worst set', 'Labels, of those at 0.99'],
      dialNow: ' (now)',
      label: 'Label more',
      labelFirst: 'Start labelling',
      choose: 'Choose a new batch now',
      choosing: 'Asked for a new batch.',
    },
    classes: {
      weakest: (name: string, value: string, range: string | null) =>
        `Weakest now: ${name}, right ${value} of 100${range ? ` (${range})` : ''}`,
      none: 'How well each class is known',
      clean: 'No class was mistaken on any audited example',
      text: 'Labels spent, and right answers of 100, by class.',
      mark: ' The green mark is the target.',
      head: ['Class', 'Labels', 'Right, of 100'],
      unknown: 'not known yet',
      more: (n: number) => `Show all ${count(n)} classes`,
    },
    calibration: {
      title: (said: string, right: string, range: string | null) =>
        `When it says ${said} sure, it is right ${right} of 100 times${range ? ` (${range})` : ''}`,
      none: 'Whether its confidence can be believed',
      noneText: 'Known when there are enough audit labels.',
      text: 'On the dashed line its confidence would be exactly right; above it, it is too modest. Lines are 95\u00a0% ranges.',
      sure: 'how sure it says it is, of 100',
      tooSure: 'too sure',
      tooModest: 'too modest',
      head: ['It says, of 100', 'It is right, of 100', 'Examples'],
      label: 'Calibration: stated confidence against right answers of 100, with 95\u00a0% ranges',
    },
    confusion: {
      worst: (from: string, to: string, n: number) =>
        `Most often mixed up: ${from} taken for ${to}, ${n === 1 ? 'once' : n === 2 ? 'twice' : `${count(n)} times`}`,
      clean: 'No audited example was mixed up',
      text: 'Audited examples. Rows: the answer of people. Columns: the model.',
      truth: 'People say',
      corner: 'People, down; model, across',
    },
    slices: {
      worst: (name: string, loss: string, rest: string) =>
        `Weaker where ${name}: wrong ${loss} of 100 times, ${rest} elsewhere`,
      none: (n: number) => `No part of the data is surely weaker than the rest, of ${count(n)} looked at`,
      unknown: 'Whether a part of the data is weaker',
      text: 'Parts of the audited examples, by their columns and by clusters. Lines are 95\u00a0% ranges of each part alone; red ones stand out though many parts were tried.',
      unknownText: (support: number) =>
        `Known when some part has ${count(support)} audit labels, and the rest as many.`,
      is: ' is ',
      and: ' and ',
      head: ['Part', 'Audited', 'Wrong, of 100', 'More often wrong, in points'],
      row: (name: string, by: string) => `${name}: wrong ${by} points more often than the rest`,
      maybe: 'may be chance',
    },
    foot: (n: number) => `Estimates use ${plural(n, 'audit label', 'audit labels')}`,
    announce: 'The numbers were brought up to date.',
  },
};

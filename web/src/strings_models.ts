// The part of the catalogue that the models page uses.
import { count, plural } from './base/format';

export const modelsStrings = {
  models: {
    champion: ' answers today.',
    gateSays: (against: number, size: string, by: number, range: string, sure: boolean) =>
      (by
        ? `It is ${size} points ${by > 0 ? 'better' : 'worse'} than v${against} on the audit`
        : `It is right as often as v${against} on the audit`) +
      `${range}${sure ? '' : '; that may be chance'}.`,
    none: 'No model yet',
    noneText:
      'The first model is trained when there are labels of at least two classes. It appears here by itself.',
    trainNow: 'Train now',
    trainAsked: 'Training is queued.',
    noChampion: 'No version answers yet; promote one.',
    rollBack: (version: number) => `Roll back to v${version}`,
    promote: 'Promote',
    promoteVersion: (version: number) => `Promote v${version}`,
    head: [
      'Version',
      'Alias',
      'Right about, of 100',
      'Learned from',
      'Better than the champion of the day by',
      'Gate',
      'Made',
      '',
    ],
    gate: { passed: 'passed', failed: 'not better', none: 'no comparison' },
    region: 'Model versions',
    now: 'now',
    why: (version: number, against: number | null) =>
      against === null
        ? `How v${version} was judged`
        : `How v${version} was judged against v${against}`,
    whyText: (n: number) =>
      `Both answered the same ${plural(n, 'audited example', 'audited examples')}. The gate passes ` +
      'when the newer version is right at least as often.',
    noGate: 'This version was compared with no other.',
    gateRow: 'Right answers',
    beside: {
      pick: 'Compare with ',
      none: 'no other version',
      busy: 'Both answer the audited examples…',
    },
    pValue: (p: string) => `p = ${p}`,
    when: 'What answered when',
    whenText: 'The alias',
    whenEnd: 'over time. Any moment can be restored in one call.',
    history: 'What changed',
    historyHead: ['When', 'Change', 'By', 'Reason'],
    change: {
      promote: (alias: string, v: string) => `${v} became ${alias}`,
      rollback: (alias: string, v: string) => `${alias} rolled back to ${v}`,
      automatic: (alias: string, v: string) => `${v} became ${alias} by itself`,
    },
    noHistory: 'Nothing has been promoted yet.',
    rollTitle: (version: number) => `Roll back to v${version}?`,
    rollText: (back: number, now: number) =>
      `v${back} answers from the next request on. v${now} stays and can return.`,
    rollGo: 'Roll back',
    keepNow: (version: number) => `Keep v${version}`,
    promoteTitle: (version: number) => `Promote v${version} to champion?`,
    promoteText: (version: number) =>
      `v${version} answers from the next request on. The version that answers now stays ` +
      'and can return.',
    force: 'Promote although the gate did not pass',
    forceText: 'The record will say so, with your reason.',
    promoted: (version: number) => `v${version} answers now.`,
    rolled: (version: string) => `Rolled back: ${version} answers now.`,
    lineage: (version: number) => `What v${version} was made of`,
    lineageRows: {
      labels: 'Labels',
      features: 'Features',
      learner: 'Learner',
      model: 'Model',
      calibration: 'Calibration',
      build: 'Build',
    },
    sure: (before: string, after: string) => `off by ${after} points, ${before} without`,
    heldOut: (labels: string) => `by ${labels} held-out labels`,
    through: (event: number) => `through event ${count(event)}`,
    trained: (time: string) => `trained in ${time}`,
    version: (v: string) => `version ${v}`,
    chartLabel: (alias: string) => `Which version was ${alias} over time`,
  },
};

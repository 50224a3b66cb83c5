// Every word the page says, in one catalogue, so that a translation is one file.
import { count, plural } from './base/format';
import { deeperStrings } from './strings_deeper';
import { importStrings } from './strings_import';
import { labelStrings } from './strings_label';
import { modelsStrings } from './strings_models';
import { overviewStrings } from './strings_overview';
import { settingsStrings } from './strings_settings';

export const strings = {
  brand: 'Querist',
  skipLink: 'Skip to content',
  titles: {
    projects: 'Projects',
    new: 'Add data',
    label: 'Label',
    overview: 'Overview',
    examples: 'Examples',
    models: 'Models',
    settings: 'Settings',
    missing: 'No such page',
    signIn: 'Sign in',
  },
  nav: {
    project: 'Project',
    pages: 'Project pages',
    rest: 'Everything else',
    allProjects: 'All projects',
    addData: 'Add data',
    dark: 'Dark',
    light: 'Light',
    switchTheme: 'Switch theme',
    keys: 'Keys',
    signOut: 'Sign out',
    signedIn: (name: string) => `Signed in as ${name}`,
    away: 'The server is away.',
    kinds: { text: 'Text', columns: 'Table rows', image: 'Images', embedding: 'Embeddings' },
    kind: (kind: string, classes: number) => `${kind}, ${plural(classes, 'class', 'classes')}`,
    empty: 'No data yet',
  },
  notKnown: 'Not known yet',
  loading: 'Loading…',
  close: 'Close',
  cancel: 'Cancel',
  tryAgain: 'Try again',
  showTable: 'Show as table',
  next: 'Next',
  first: 'Back to the first',
  sameData: 'Same data:',
  sameAction: 'Same action:',
  terminal: 'Terminal:',
  reason: 'Reason, kept in the record',
  reasonNeeded: 'Say why, in a few words.',
  problem: {
    title: 'This could not be fetched',
    unreachable:
      'The server cannot be reached. Nothing you did is lost; the page continues when it is back.',
    request: (id: string) => `Request ${id}`,
  },
  missing: { text: 'This address belongs to no page.', back: 'All projects' },
  terms: {
    range: 'If we repeated the audit many times, 95 of 100 such ranges would hold the true value.',
    audit:
      'Examples drawn purely at random and labelled without suggestions. Only these are used to say how good ' +
      'the model is, so the answer is not flattered by clever picking.',
    recall: 'Of the audited examples that truly belong to the class, how many the model finds.',
    hash: 'The class names are fixed once labels exist; more can be added.',
  },
  signIn: {
    text: 'This server knows its people. Use the account you were given.',
    name: 'Name',
    password: 'Password',
    go: 'Sign in',
    wrong: 'That name and password do not fit together.',
    waiting: (n: number) =>
      `${plural(n, 'answer waits', 'answers wait')} on this device and will be sent once you ` +
      'are signed in.',
  },
  projects: {
    sentence: (n: number, ready: number, waiting: string[]) =>
      `${plural(n, 'project', 'projects')}.` +
      (ready ? ` ${count(ready)} could stop labelling now.` : '') +
      (waiting.length === 1 ? ` ${waiting[0]} waits for its first labels.` : '') +
      (waiting.length > 1 ? ` ${count(waiting.length)} wait for their first labels.` : ''),
    none: 'Nothing here yet',
    noneText:
      'A project holds your examples, what people say about them, and the model that learns from it. ' +
      'Start with a file: a CSV, TSV, JSON or JSONL with one example a row.',
    columns: {
      name: 'Project',
      right: 'Right about, of 100',
      next: 'What to do next',
      labels: 'Labels',
      curve: 'How it got there',
      made: 'Begun',
    },
    of: (n: number) => `of ${count(n)}`,
    foot: 'The dot is the estimate on randomly chosen, audited examples; the line is its',
    range: '95\u00a0% range',
    footEnd: 'The small mark is the project’s target.',
    unknown: (reason: string) => `Not known yet${reason ? `: ${reason}` : ''}`,
    noModel: 'label some examples first',
    noData: 'it has no examples',
    addFirst: 'Add the first examples',
    labelFirst: 'Label the first examples',
    stop: 'You could stop now',
    goOn: 'Keep labelling: more labels are likely to help',
    training: 'A new model is being trained',
  },
  ...labelStrings,
  ...overviewStrings,
  ...deeperStrings,
  examples: {
    sentence: (all: number, labeled: number) =>
      `${plural(all, 'example', 'examples')}, ${count(labeled)} labelled.`,
    search: 'Search text, id or label',
    state: 'State',
    any: 'Any state',
    states: { unlabeled: 'Unlabelled', leased: 'Leased', labeled: 'Labelled', skipped: 'Skipped' },
    label: 'Label',
    anyLabel: 'Any label',
    order: 'Order',
    orders: { id: 'In order of arrival', uncertain: 'Least sure first' },
    head: ['Example', 'Answer', 'Model says'],
    unlabeled: 'unlabelled',
    disagrees: 'model disagrees',
    noGuess: 'no guess yet',
    none: 'Nothing fits this search',
    noneText: 'Try fewer words, or another state.',
    empty: 'No examples yet',
    emptyText: 'Add a file with one example a row.',
    page: (n: number) => `${plural(n, 'row', 'rows')} shown`,
    detail: 'Chosen example',
    pick: 'Choose an example to see why it was picked and who said what.',
    answers: 'Answers',
    noAnswers: 'none yet',
    by: (who: string, value: string) => `${who}: ${value}`,
    undone: 'taken back',
    flagged: 'flagged',
    seconds: (text: string) => `in ${text}`,
    shown: 'suggestion shown',
    hidden: 'suggestion hidden',
    why: 'Why chosen',
    whyAudit: 'drawn at random, for the audit',
    whyChosen: (strategy: string, utility: string | null) =>
      `${strategy}${utility ? `, utility ${utility}` : ''}`,
    whyNot: 'not chosen yet',
    whyBatch: (strategy: string) => `in the batch being labelled, chosen by ${strategy}`,
    whyChance: (chance: string) => `drawn with chance ${chance}`,
    meta: 'Kept beside',
    split: 'Split',
    group: 'Group',
    time: 'Time',
    skippedFor: (reason: string) => `skipped: ${reason}`,
  },
  ...modelsStrings,
  ...settingsStrings,
  ...importStrings,
};

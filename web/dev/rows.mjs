// The self-describing rows the development server answers with: a project's settings and a few plug-ins.

const row = (name, type, fallback, help, more = {}) => ({
  name,
  type,
  fallback,
  min: null,
  max: null,
  choices: [],
  help,
  ...more,
});

export const settingRows = [
  row('strategy', 'text', 'auto', 'Query strategy that chooses what to label next.'),
  row('learner', 'text', 'logistic_regression', 'Learner that is trained on the labels.'),
  row('featurizer', 'text', '', 'Featurizer of the examples; empty: the usual one for their kind.'),
  row('batch_size', 'integer', 20, 'Examples chosen at a time.', { min: 1, max: 10000 }),
  row(
    'audit_share',
    'number',
    0.1,
    'Share of each batch drawn uniformly at random to measure with; never trained on until finalised.',
    { min: 0, max: 1 },
  ),
  row('ssl', 'text', 'off', 'Pseudo-labels for the model that predicts: off, auto, or a pseudo-labeler.'),
  row('group_columns', 'text', '', 'Columns, comma-separated, whose values the model should treat alike.'),
  row('overlap', 'integer', 1, 'Annotators that each example is shown to.', { min: 1, max: 20 }),
  row(
    'suggestions',
    'choice',
    'hidden',
    "Whether labellers see the model's suggestion; what was shown is stored with each label.",
    { choices: ['hidden', 'shown'] },
  ),
  row('guideline', 'text', '', 'What labellers should know, as Markdown.'),
  row('question', 'text', 'Which class fits?', 'The question above the choices.'),
  row('target_metric', 'choice', 'accuracy', 'The metric that the target is about.', {
    choices: ['accuracy', 'balanced_accuracy'],
  }),
  row('target', 'number', 0, 'Value of the metric to reach; 0: no target.', { min: 0, max: 1 }),
  row('seconds_per_label', 'number', 0, 'Expected time of one label in seconds; 0: measured.', {
    min: 0,
    max: 86400,
  }),
  row('cost_per_hour', 'number', 0, 'Cost of an hour of labelling.', { min: 0, max: 100000 }),
  row(
    'value_per_point',
    'number',
    0,
    'What one point of 100 of the target metric is worth, in the money of cost_per_hour; 0: not known.',
    { min: 0, max: 1e12 },
  ),
  row(
    'lease_seconds',
    'integer',
    600,
    'How long a handed-out example is held without a sign of life, in seconds.',
    { min: 5, max: 86400 },
  ),
  row(
    'class_weight',
    'choice',
    'none',
    'Weigh classes equally in training (balanced) or as they come (none).',
    { choices: ['none', 'balanced'] },
  ),
  row('seed', 'integer', 0, 'Seed of everything random in the project.', {
    min: 0,
    max: 4294967295,
  }),
];

const card = (name, summary) => ({ name, summary, source: '', params: [] });
export const plugins = {
  strategies: [
    card('auto', 'Typical examples first, then uncertain ones, by itself.'),
    card('margin', 'Smallest gap between the two likeliest classes.'),
    card('random', 'Uniformly at random; the control.'),
  ],
  streams: [],
  learners: [
    card('logistic_regression', 'Linear and calibrated; trains in milliseconds.'),
    card('naive_bayes', 'Counts words; good with few labels.'),
  ],
  featurizers: [
    card('tfidf', 'Words and letters, weighted by rarity.'),
    card('tabular', 'Numbers scaled, categories as indicators.'),
    card('pixels', 'Pixels and edges.'),
  ],
  formats: [card('csv', 'Comma-separated values.'), card('jsonl', 'One JSON object a line.')],
  stopping: [
    card('stabilizing_predictions', 'The last models agree on the pool.'),
    card('target', 'The target is reached with confidence.'),
  ],
};

export class Refuse extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

export const invalid = (message) => new Refuse(400, 'invalid_argument', message);
export const missing = (message) => new Refuse(404, 'not_found', message);
export const conflict = (message) => new Refuse(409, 'conflict', message);

export function checkSettings(settings) {
  for (const [name, value] of Object.entries(settings)) {
    const spec = settingRows.find((one) => one.name === name);
    if (!spec) throw invalid(`There is no setting ${name}.`);
    const numeric = spec.type === 'number' || spec.type === 'integer';
    if (numeric ? typeof value !== 'number' : typeof value !== 'string')
      throw invalid(`${name} wants a ${spec.type}.`);
    if (numeric && (value < (spec.min ?? -Infinity) || value > (spec.max ?? Infinity)))
      throw invalid(`${name} must lie between ${spec.min} and ${spec.max}.`);
    if (spec.type === 'integer' && !Number.isInteger(value))
      throw invalid(`${name} wants a whole number.`);
    if (spec.choices.length && !spec.choices.includes(value))
      throw invalid(`${name} must be one of ${spec.choices.join(', ')}.`);
  }
}

export function refuseUnknown(body, names) {
  for (const name of Object.keys(body ?? {}))
    if (!names.includes(name)) throw invalid(`There is no field ${name}.`);
}

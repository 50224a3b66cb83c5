// Plausible closer looks for the development server: groups, leakage, robustness, unlike examples, pseudo-labels, the guard.
import { wilson } from './numbers.mjs';
import { conflict, invalid } from './rows.mjs';

const between = (value, half, method) => ({
  value,
  ci_low: Math.max(0, value - half),
  ci_high: Math.min(1, value + half),
  method,
});

const metricsOfGroups = [
  ['accuracy', 0.02],
  ['calibration_gap', 0.03],
  ['selection_rate', 0.06],
  ['true_positive_rate', 0.18],
  ['false_positive_rate', 0.02],
];

export function groupsOf(project, columns, audit) {
  return columns.map((column) => ({
    column,
    audit_labels: audit,
    support: 10,
    sentence: `The true positive rate of ${project.classes[1]} differs by 0.18 between the groups of ${column}.`,
    gaps: metricsOfGroups.map(([metric, value], i) => ({
      metric,
      class: i < 2 ? null : project.classes[1],
      difference: audit < 30 ? null : between(value, 1 / Math.sqrt(audit), 'bootstrap'),
      ratio: null,
      highest: 'north',
      lowest: 'south',
      p_value: value > 0.1 ? 0.004 : 0.4,
      q_value: value > 0.1 ? 0.02 : 0.6,
      found: value > 0.1,
      groups: ['north', 'south'].map((group, g) => ({
        group,
        rows: Math.floor(audit / 2),
        rate: wilson(0.9 - g * value, Math.max(1, Math.floor(audit / 2))),
      })),
    })),
  }));
}

const named = (settings) =>
  String(settings.group_columns ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);

export function extras(project, settings, newest) {
  if (!newest) return { groups: null };
  const audit = newest.metrics?.audit_labels ?? 0;
  const columns = named(settings);
  return {
    groups: columns.length && audit ? groupsOf(project, columns, audit) : null,
    guard: {
      watched: true,
      raised: false,
      random_share: 0,
      judged: audit,
      only_random: 1,
      only_chosen: 4,
      sentence: `No evidence that chosen labels teach less than random ones: of ${audit} audit labels 4 were right with the chosen ones alone, 1 with the random ones alone.`,
    },
  };
}

export function semiSupervised(settings, newest) {
  if (!settings.ssl || settings.ssl === 'off') return null;
  const methods = ['supervised', 'label_spreading(weight=4)', 'self_training(share=0.9, rounds=5)'];
  return {
    setting: settings.ssl,
    looked_at: 400,
    judged_by: 'out_of_fold',
    judged_labels: newest.labels,
    candidates: methods.map((method, i) => ({
      method,
      params: {},
      error: 0.2 - i * 0.04,
      gain: i * 0.04,
      standard_error: i && 0.025,
    })),
    method: methods[2],
    pseudo_labels: 312,
    hazards: [{ name: 'audit_drop', seen: false, sentence: 'The audit labels speak not against it.' }],
    forced: false,
    rolled_back: false,
    sentence: `Trained with 312 pseudo-labels by ${methods[2]}.`,
  };
}

function leakage(newest) {
  return {
    train_rows: newest.labels,
    test_rows: newest.metrics.audit_labels,
    sentence: '1 audit row is a copy of a training row.',
    findings: [
      {
        check: 'exact_duplicates',
        severity: 'high',
        count: 1,
        of: newest.metrics.audit_labels,
        sentence: '1 audit row is a copy of a training row.',
        examples: [],
        data: {},
      },
    ],
    checks: [
      { check: 'exact_duplicates', state: 'found', reason: null },
      { check: 'near_duplicates', state: 'clean', reason: null },
      { check: 'time_order', state: 'skipped', reason: 'no time column was given' },
    ],
  };
}

function robustness(newest) {
  const { audit_labels: audit, accuracy } = newest.metrics;
  const curve = (loss) =>
    [0, 1, 2, 3, 4, 5].map((severity) => ({
      severity,
      amount: severity / 50,
      changed: severity / 5,
      accuracy: wilson(Math.max(0, accuracy.value - loss * severity), audit),
      ece: between(0.05 + 0.01 * severity, 0.03, 'bootstrap'),
    }));
  const kind = (name, summary, loss) => ({
    name,
    summary,
    unit: 'share of the characters that are no space',
    curve: curve(loss),
  });
  return {
    model_version: newest.version,
    payload: 'text',
    audit_labels: audit,
    perturbations: [
      kind('typos', 'Characters swapped, dropped, doubled or replaced.', 0.05),
      kind('dropped_words', 'Words left out; one stays.', 0.02),
    ],
  };
}

function unlike(newest) {
  const auroc = (value) => between(value, 0.04, 'cluster_bca');
  return {
    model_version: newest.version,
    labels: newest.labels,
    detector: 'max_logit',
    threshold: -2.1,
    flagged_share: 0.05,
    sentence: 'max_logit told held-out classes from the others best.',
    candidates: [
      { name: 'max_logit', auroc: auroc(0.88) },
      { name: 'k_nearest', auroc: auroc(0.81) },
      { name: 'mahalanobis', auroc: null, reason: 'fewer rows than columns' },
    ],
    classes: 10,
    class_folds: 5,
    rows: newest.labels,
  };
}

export function evaluation(store, name, parts) {
  const project = store.project(name);
  const newest = project.models.at(-1);
  if (!newest) throw conflict('There is no model yet: label some examples.');
  const audit = newest.metrics?.audit_labels ?? 0;
  const out = { project: name, model_version: newest.version, audit_labels: audit };
  if (parts.includes('groups')) {
    const columns = named(store.settings(project));
    if (!columns.length) throw invalid('Name the columns to compare groups by.');
    out.groups = groupsOf(project, columns, audit);
    out.rounds = project.models
      .filter((one) => one.metrics)
      .map((one) => ({
        model_version: one.version,
        labels: one.labels,
        audit_labels: one.metrics.audit_labels,
        columns: groupsOf(project, columns, one.metrics.audit_labels),
      }));
  }
  if (!newest.metrics) return { ...out, reason: 'no audit example has been answered yet' };
  if (parts.includes('leakage')) out.leakage = leakage(newest);
  if (parts.includes('robustness')) out.robustness = robustness(newest);
  if (parts.includes('out_of_distribution')) out.out_of_distribution = unlike(newest);
  return out;
}

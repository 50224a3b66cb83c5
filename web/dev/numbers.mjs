// Plausible numbers for the development server: an accuracy that grows with labels, and its ranges (Wilson 1927).

export function wilson(share, n) {
  const z = 1.96;
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half =
    (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return {
    value: share,
    ci_low: Math.max(0, middle - half),
    ci_high: Math.min(1, middle + half),
    method: 'wilson',
  };
}

const NEEDED = 5;

export function metricsOf(project, version, labels, audit) {
  if (audit < NEEDED) return null;
  const grown = 0.5 + 0.46 * (1 - Math.exp(-labels / 45));
  const right = Math.min(audit, Math.round(grown * audit));
  const share = right / audit;
  const classes = project.classes;
  const support = classes.map(
    (_, i) => Math.floor(audit / classes.length) + (i < audit % classes.length ? 1 : 0),
  );
  const wrong = spread(audit - right, support);
  return {
    model_version: version,
    audit_labels: audit,
    accuracy: wilson(share, audit),
    balanced_accuracy: { ...wilson(share * 0.99, audit), method: 'bootstrap' },
    log_loss: 1.1 - share,
    ece: { value: 0.05, ci_low: 0.03, ci_high: 0.09, method: 'bootstrap' },
    calibration: {
      name: 'temperature',
      labels,
      ece_before: { value: 0.08, ci_low: 0.05, ci_high: 0.12, method: 'bootstrap' },
      log_loss_before: 1.2 - share,
    },
    confusion: classes.map((_, i) =>
      classes.map((_, j) =>
        i === j ? support[i] - wrong[i] : j === (i + 1) % classes.length ? wrong[i] : 0,
      ),
    ),
    per_class: classes.map((name, i) => ({
      class: name,
      support: support[i],
      recall: support[i] ? wilson((support[i] - wrong[i]) / support[i], support[i]) : null,
      precision: support[i] ? wilson((support[i] - wrong[i]) / support[i], support[i]) : null,
    })),
    reliability: [0.45, 0.55, 0.65, 0.75, 0.85, 0.95].map((confidence, i) => {
      const count = Math.max(1, Math.round((audit * (i + 1)) / 21));
      const accuracy = Math.min(1, Math.max(0.2, confidence + (i < 2 ? -0.08 : 0.06) * share));
      return {
        low: confidence - 0.05,
        high: confidence + 0.05,
        count,
        confidence,
        accuracy: accuracy,
        ...pick(wilson(accuracy, count)),
      };
    }),
  };
}

const pick = ({ ci_low, ci_high }) => ({ ci_low, ci_high });

function spread(total, support) {
  const out = support.map(() => 0);
  for (let i = 0, left = total; left > 0 && i < total + support.length * 4; i++) {
    const at = (i * 3) % support.length;
    if (out[at] < support[at]) {
      out[at] += 1;
      left -= 1;
    }
  }
  return out;
}

export function gateOf(metrics, champion) {
  if (!metrics) return null;
  if (!champion?.metrics) {
    return {
      passed: true,
      against: null,
      difference: null,
      ci_low: null,
      ci_high: null,
      p_value: null,
      audit_labels: metrics.audit_labels,
      sentence: 'It is the first model, so there was nothing to compare with.',
    };
  }
  const difference = metrics.accuracy.value - champion.metrics.accuracy.value;
  const half = 0.6 / Math.sqrt(metrics.audit_labels);
  const passed = difference - half > -0.1;
  return {
    passed,
    against: champion.version,
    difference,
    ci_low: difference - half,
    ci_high: difference + half,
    p_value: Math.max(0.001, 0.5 - Math.abs(difference)),
    audit_labels: metrics.audit_labels,
    sentence: passed
      ? `It is not worse than v${champion.version}.`
      : `It is not shown to be as good as v${champion.version}.`,
  };
}

export function costOf(annotations, settings) {
  const seconds = annotations
    .map((one) => one.seconds)
    .filter((s) => s !== null)
    .sort((a, b) => a - b);
  if (!seconds.length) return null;
  const at = (q) => seconds[Math.floor((seconds.length - 1) * q)];
  const total = seconds.reduce((sum, s) => sum + s, 0);
  return {
    median_seconds: at(0.5),
    low_quartile: at(0.25),
    high_quartile: at(0.75),
    total_seconds: total,
    total_cost: settings.cost_per_hour ? (total / 3600) * settings.cost_per_hour : null,
  };
}

/** What an estimate of labels saved looks like; the numbers are made up. */
export function labelsSaved(labels) {
  const early = Math.floor(labels / 3);
  return {
    value: 0.41,
    ci_low: 0.22,
    ci_high: 0.55,
    labels: early,
    random_labels: early / (1 - 0.41),
    sentence: '41 % (95 % CI 22 to 55 %)',
    back_test: {
      held: true,
      sentence: '30 simulated random labels teach 84.2 of 100, as many real ones 84.8',
    },
  };
}

// What a closer look says aloud: findings of groups, leaks, worse data, unlike examples, pseudo-labels, guard and calibration.
import { describe, expect, test } from 'vitest';
import type {
  Foreign,
  GroupColumn,
  GroupGap,
  Guard,
  Leakage,
  Robustness,
  SemiSupervised,
} from '../src/api/evaluation_types';
import type { Measure, Metrics } from '../src/api/types';
import {
  foreignFinding,
  gapRounds,
  gapSize,
  groupFinding,
  guardFinding,
  leakFinding,
  mendedFinding,
  methodName,
  methodSettings,
  pseudoFinding,
  robustnessFinding,
  worstGap,
} from '../src/parts/closer';

const measure = (value: number, ci_low: number | null, ci_high: number | null): Measure => ({
  value,
  ci_low,
  ci_high,
});
const gap = (
  metric: GroupGap['metric'],
  value: number | null,
  found: boolean,
  cls: string | null = null,
): GroupGap => ({
  metric,
  class: cls,
  difference: value === null ? null : measure(value, value - 0.04, value + 0.1),
  highest: 'north',
  lowest: 'south',
  q_value: found ? 0.01 : 0.4,
  found,
  groups: [],
});
const column = (name: string, ...gaps: GroupGap[]): GroupColumn => ({
  column: name,
  audit_labels: 90,
  support: 10,
  sentence: '',
  gaps,
});

describe('Groups', () => {
  test('without columns say that none are named', () =>
    expect(groupFinding([column('sex', gap('accuracy', 0.2, true))], false)).toContain(
      'no columns are named',
    ));
  test('without a known gap are not known', () => {
    expect(groupFinding(null, true)).toBe('Whether groups are treated alike');
    expect(groupFinding([column('sex', gap('accuracy', null, false))], true)).toBe(
      'Whether groups are treated alike',
    );
  });
  test('say that gaps are no more than chance, however large', () =>
    expect(groupFinding([column('sex', gap('accuracy', 0.3, false))], true)).toBe(
      'No gap between groups is beyond chance, in 1 column',
    ));
  test('name the largest gap that is more than chance, with its range', () => {
    const columns = [
      column('sex', gap('accuracy', 0.3, false), gap('selection_rate', 0.1, true, 'spam')),
      column('place', gap('true_positive_rate', 0.2, true, 'spam')),
    ];
    expect(worstGap(columns)?.column).toBe('place');
    expect(groupFinding(columns, true)).toBe(
      'Groups of place are not treated alike: true spam found differs by 20.0 (16.0 to 30.0) points',
    );
  });
  test('are told round by round, without rounds that did not know', () => {
    const round = (labels: number, difference: Measure | null) => ({
      model_version: labels,
      labels,
      columns: [{ column: 'sex', gaps: [{ metric: 'accuracy', class: null, difference }] }],
    });
    const rounds = [round(20, null), round(40, measure(0.2, 0.1, 0.4)), round(60, measure(0.1, null, null))];
    expect(gapRounds(rounds, 'sex', { metric: 'accuracy', class: null })).toEqual([
      { x: 40, value: 0.2, low: 0.1, high: 0.4 },
      { x: 60, value: 0.1, low: null, high: null },
    ]);
    expect(gapRounds(rounds, 'age', { metric: 'accuracy', class: null })).toEqual([]);
  });
  test('have sizes without a sign', () => {
    expect(gapSize(measure(0.123, 0.04, 0.2))).toBe('12.3 (4.0 to 20.0)');
    expect(gapSize(measure(0.123, null, null))).toBe('12.3');
  });
});

test('Leaks are counted, and clean checks are when there are none', () => {
  const leakage: Leakage = {
    train_rows: 100,
    test_rows: 20,
    sentence: '',
    findings: [],
    checks: [
      { check: 'exact_duplicates', state: 'clean', reason: null },
      { check: 'time_order', state: 'skipped', reason: 'no time column was given' },
    ],
  };
  expect(leakFinding(null)).toBe('Whether audit examples are known to the training examples');
  expect(leakFinding(leakage)).toBe('No leak was found in 1 check');
  const found = { check: 'exact_duplicates', severity: 'high' as const, count: 1, of: 20, sentence: '' };
  expect(leakFinding({ ...leakage, findings: [found] })).toBe(
    '1 sign that audit examples are known to the training examples',
  );
});

test('Of worse data the kind that costs most is named, at its worst step', () => {
  const curve = (...values: number[]) =>
    values.map((value, severity) => ({
      severity,
      amount: severity,
      accuracy: measure(value, null, null),
      ece: measure(0, null, null),
    }));
  const kinds = (...curves: [string, ...number[]][]): Robustness => ({
    model_version: 3,
    audit_labels: 60,
    perturbations: curves.map(([name, ...values]) => ({
      name,
      summary: '',
      unit: '',
      curve: curve(...values),
    })),
  });
  expect(robustnessFinding(null)).toBe('How it stands worse data');
  expect(robustnessFinding(kinds())).toBe('How it stands worse data');
  expect(robustnessFinding(kinds(['case', 0.9, 0.895]))).toContain('no kind costs more than a point');
  expect(robustnessFinding(kinds(['case', 0.9, 0.85], ['dropped_words', 0.9, 0.6, 0.65]))).toBe(
    'Of worse data, what hurts most is dropped words: from 90 right of 100 to 60 at severity 1',
  );
});

test('A detector is named with its trial, or without one', () => {
  const found = (auroc: Measure | null): Foreign => ({
    model_version: 3,
    labels: 60,
    detector: 'max_logit',
    flagged_share: 0.05,
    sentence: '',
    candidates: [{ name: 'max_logit', auroc }],
    class_folds: 5,
  });
  expect(foreignFinding(found(measure(0.93, 0.91, 0.95)))).toMatch(
    /^Unlike examples are told by max logit: right in 93 \(91.*95\) of 100 pairs$/,
  );
  expect(foreignFinding(found(null))).toContain('no trial was possible');
});

test('Pseudo-labels are off, used, refused, untested or taken back', () => {
  const one = { method: 'supervised', error: 0.2, gain: 0, standard_error: 0 };
  const found: SemiSupervised = {
    setting: 'auto',
    looked_at: 900,
    judged_by: 'out_of_fold',
    judged_labels: 36,
    candidates: [one, { ...one, method: 'self_training(share=0.9, rounds=5)' }],
    method: null,
    pseudo_labels: 0,
    hazards: [],
    forced: false,
    rolled_back: false,
    sentence: '',
  };
  expect(pseudoFinding(null)).toBe('Pseudo-labels are off');
  expect(pseudoFinding(found)).toContain('did not stand the test');
  expect(pseudoFinding({ ...found, candidates: [one] })).toContain('nothing to test them on');
  const used = { ...found, method: 'self_training(share=0.9, rounds=5)', pseudo_labels: 1234 };
  expect(pseudoFinding(used)).toBe('Trained with 1,234 pseudo-labels by self training');
  expect(pseudoFinding({ ...used, rolled_back: true })).toBe(
    'Pseudo-labels by self training were taken back',
  );
  expect(methodName('label_spreading')).toBe('label spreading');
  expect([methodSettings(used.method), methodSettings('label_spreading')]).toEqual([
    'share=0.9, rounds=5',
    '',
  ]);
});

test('The guard claims nothing before anything was judged', () => {
  const guard: Guard = { watched: true, raised: false, judged: 40, sentence: '' };
  expect(guardFinding(undefined)).toContain('not watched');
  expect(guardFinding({ ...guard, watched: false })).toContain('not watched');
  expect(guardFinding({ ...guard, judged: 0 })).toBe('Whether choosing teaches more than chance');
  expect(guardFinding(guard)).toContain('no less than chance');
  expect(guardFinding({ ...guard, raised: true })).toContain('less than random ones');
});

test('Calibration says what it was without and what it is with it', () => {
  const metrics = {
    ece: measure(0.05, null, null),
    calibration: {
      name: 'temperature',
      labels: 90,
      ece_before: measure(0.08, null, null),
      log_loss_before: 0.3,
    },
  } as Metrics;
  expect(mendedFinding(metrics)).toBe(
    'Its confidence is calibrated by temperature: 8.0 points off without it, 5.0 with it',
  );
  expect(mendedFinding(null)).toBe('Whether calibration mends its confidence');
  const none = { ...metrics, calibration: { ...metrics.calibration, name: 'none' } } as Metrics;
  expect(mendedFinding(none)).toContain('no calibrator');
});

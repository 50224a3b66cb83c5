// Findings: what the page says aloud about numbers, and what it says while they are unknown.
import { describe, expect, test } from 'vitest';
import type { Gate, Metrics, Progress, Slice, Slices } from '../src/api/types';
import {
  answer,
  calibrationFinding,
  classFinding,
  curveFinding,
  evidenceTitle,
  gateSentence,
  nextStep,
  saved,
  savedFact,
  sliceFinding,
  sureness,
  unknownReason,
  worstMixup,
} from '../src/parts/findings';
import { markdown } from '../src/base/markdown';
import { parse } from '../src/base/router.svelte';
import { cellsOf, learn, oddest } from '../src/annotate/columns';
import { Stopwatch } from '../src/annotate/stopwatch';
import type { Example } from '../src/api/types';

const J = '\u2060–\u2060';
const metrics: Metrics = {
  audit_labels: 100,
  accuracy: { value: 0.937, ci_low: 0.92, ci_high: 0.953 },
  balanced_accuracy: { value: 0.9, ci_low: 0.85, ci_high: 0.94 },
  log_loss: 0.2,
  ece: { value: 0.05, ci_low: 0.03, ci_high: 0.07 },
  confusion: [
    [8, 2],
    [0, 5],
  ],
  per_class: [
    {
      class: 'ham',
      support: 10,
      recall: { value: 0.8, ci_low: 0.5, ci_high: 0.94 },
      precision: null,
    },
    { class: 'spam', support: 0, recall: null, precision: null },
  ],
  reliability: [
    {
      low: 0.7,
      high: 0.8,
      count: 40,
      confidence: 0.75,
      accuracy: 0.9,
      ci_low: 0.77,
      ci_high: 0.96,
    },
    { low: 0.9, high: 1, count: 300, confidence: 0.97, accuracy: 0.99, ci_low: 0.98, ci_high: 1 },
  ],
};
const progress: Progress = {
  project: 'p',
  classes: ['ham', 'spam'],
  counts: { examples: 10, labeled: 4, unlabeled: 6, leased: 0, skipped: 0, audit: 2 },
  class_counts: [],
  curve: [],
  metrics: null,
  metrics_reason: 'needs 14 more audit labels',
  stop: null,
  labels_saved: null,
  labels_saved_reason: null,
  cost: null,
  cycle: null,
  model: null,
};

describe('the answer', () => {
  test('is not made up while nothing is known', () => {
    expect(answer(progress, {}).value).toBeNull();
    expect(curveFinding(progress)).toMatch(/begins with the first model/);
    expect(calibrationFinding(null)).not.toMatch(/\d/);
    expect(sureness(null)).toBeNull();
  });
  test('carries its range and weighs the target by it', () => {
    const known = { ...progress, metrics };
    expect(answer(known, { target: 0.93 })).toMatchObject({
      value: '94',
      range: `92${J}95`,
      target: ' It has likely reached your target of 93',
    });
    expect(answer(known, { target: 0.9 }).target).toMatch(/has reached/);
    expect(answer(known, { target: 0.965 }).target).toMatch(/not reached your target of 96.5 yet/);
    expect(answer(known, { target: 0 }).target).toBe('');
    const below = { ...metrics, accuracy: { value: 0.9463, ci_low: 0.74, ci_high: 0.9497 } };
    expect(answer({ ...progress, metrics: below }, { target: 0.95 })).toMatchObject({
      value: '94.6',
      range: `74${J}94.97`,
      target: ' It has not reached your target of 95 yet',
    });
    expect(answer(known, { target_metric: 'balanced_accuracy' })).toMatchObject({
      value: '90',
      range: `85${J}94`,
    });
  });
});

test('Headings are findings', () => {
  const right = { class: 'ham', support: 9, recall: { value: 1, ci_low: 0.7, ci_high: 1 }, precision: null };
  expect(classFinding({ ...metrics, per_class: [right] })).toMatch(/No class was mistaken/);
  expect(classFinding(metrics)).toBe(`Weakest now: ham, right 80 of 100 (50${J}94)`);
  expect(calibrationFinding(metrics)).toBe(
    `When it says 75\u00a0% sure, it is right 90 of 100 times (77${J}96)`,
  );
  expect(sureness(metrics)).toEqual({
    words: 'A little too modest',
    detail: `off by 5 points on average (3${J}7)`,
  });
  expect(worstMixup(['ham', 'spam'], metrics.confusion as number[][])).toEqual({
    from: 'ham',
    to: 'spam',
    times: 2,
  });
  expect(
    worstMixup(
      ['a', 'b'],
      [
        [1, 0],
        [0, 1],
      ],
    ),
  ).toBeNull();
});

test('A confidence that one example showed is no finding', () => {
  const bin = { low: 0.7, high: 0.8, count: 1, confidence: 0.78, accuracy: 1, ci_low: 0.21, ci_high: 1 };
  const top = { low: 0.9, high: 1, count: 79, confidence: 0.99, accuracy: 1, ci_low: 0.95, ci_high: 1 };
  expect(calibrationFinding({ ...metrics, reliability: [bin, top] })).toBe(
    `When it says 99\u00a0% sure, it is right 100 of 100 times (95${J}100)`,
  );
  expect(calibrationFinding({ ...metrics, reliability: [bin] })).toBe(
    'Whether its confidence can be believed',
  );
});

test('Labels saved are read with and without a range', () => {
  expect(saved({ ...progress, labels_saved: 0.41 })).toEqual({
    value: 0.41,
    ci_low: null,
    ci_high: null,
  });
  expect(
    curveFinding({ ...progress, labels_saved: { value: 0.61, ci_low: 0.48, ci_high: 0.7 } }),
  ).toBe(`Choosing well has saved 61\u00a0% of the labels (48${J}70\u00a0%)`);
});

test('Labels saved claim no more than their range', () => {
  const fact = (value: number, ci_low: number | null, ci_high: number | null) =>
    savedFact({ ...progress, labels_saved: { value, ci_low, ci_high, labels: 300 } });
  expect(savedFact(progress)).toBeNull();
  expect(fact(0.61, 0.48, 0.7)).toEqual({
    value: '61\u00a0% fewer labels',
    detail: `than picking at random (48${J}70\u00a0%), for what the first 300 taught`,
    backTest: null,
  });
  expect(fact(0.88, 0.65, null)?.value).toBe('At least 65\u00a0% fewer labels');
  expect(fact(0.3, -0.1, 0.7)).toMatchObject({
    value: 'Cannot be told yet',
    detail:
      'between 10\u00a0% more labels than picking at random and 70\u00a0% fewer; the estimate is 30\u00a0% fewer, for what the first 300 taught',
  });
  expect(fact(-3.03, null, 0.94)).toMatchObject({
    value: 'Cannot be told yet',
    detail: expect.stringMatching(/^between far more labels .* the estimate is 303\u00a0% more/),
  });
  expect(fact(0.2, -0.35, null)?.detail).toMatch(/35\u00a0% more labels .* and far fewer;/);
  expect(fact(-0.8, null, -0.1)).toMatchObject({
    value: 'Costs more labels than random so far',
    detail: 'at least 10\u00a0% more, for what the first 300 taught',
  });
  expect(fact(-0.5, -0.8, -0.2)?.detail).toBe(
    `50\u00a0% more (20${J}80\u00a0%), for what the first 300 taught`,
  );
  const heading = (ci_low: number | null, ci_high: number | null) =>
    curveFinding({ ...progress, labels_saved: { value: 0.6, ci_low, ci_high } });
  expect(heading(0.65, null)).toBe('Choosing well has saved at least 65\u00a0% of the labels');
  expect(heading(-0.1, 0.7)).not.toMatch(/saved/);
  expect(heading(null, 0.7)).not.toMatch(/saved/);
});

test('What more labels gain is titled by how much it is', () => {
  const stop = (value: number) => ({
    advice: 'continue',
    sentence: '',
    evidence: [],
    forecast: { labels: 100, gain: { value, ci_low: 0, ci_high: 0.02 } },
  });
  const title = (met: boolean | null, of: Parameters<typeof evidenceTitle>[1]) =>
    evidenceTitle({ name: 'no_gain', met }, of);
  expect(title(false, stop(0.0005))).toBe('More labels gain about 0.05 of 100');
  expect(title(false, stop(-0.00001))).toBe('More labels gain about 0 of 100');
  expect(title(true, stop(0.0005))).toBe('More labels gain little');
  expect(title(null, null)).toBe('Gain of more labels');
  expect(evidenceTitle({ name: 'budget_spent', met: false }, stop(0.1))).toBe(
    'The budget is not spent',
  );
  expect(evidenceTitle({ name: 'a_rule', met: true }, null)).toBe('a rule');
});

test('Labels saved show their back-test', () => {
  const back_test = { held: true, sentence: '30 simulated random labels teach 84.2 of 100' };
  const labels_saved = { value: 0.6, ci_low: 0.5, ci_high: 0.7, back_test };
  expect(savedFact({ ...progress, labels_saved })?.backTest).toBe(
    'Back-test of the labels saved: 30 simulated random labels teach 84.2 of 100.',
  );
});

test('The next step of a project follows its state', () => {
  expect(nextStep({ ...progress, counts: { ...progress.counts, examples: 0 } })).toMatch(
    /Add the first/,
  );
  expect(nextStep({ ...progress, counts: { ...progress.counts, labeled: 0 } })).toMatch(
    /Label the first/,
  );
  expect(nextStep({ ...progress, stop: { advice: 'stop', sentence: '', evidence: [] } })).toBe(
    'You could stop now',
  );
});

test('A guideline becomes a tree and never markup', () => {
  expect(
    markdown(
      '# Title\n\nSome **bold** and `code`\nmore\n- one\n- two *em*\n\n1. a\n2. <img onerror=x>',
    ),
  ).toEqual([
    { kind: 'heading', inline: [{ kind: 'text', text: 'Title' }] },
    {
      kind: 'paragraph',
      inline: [
        { kind: 'text', text: 'Some ' },
        { kind: 'strong', text: 'bold' },
        { kind: 'text', text: ' and ' },
        { kind: 'code', text: 'code' },
        { kind: 'text', text: ' more' },
      ],
    },
    {
      kind: 'list',
      ordered: false,
      items: [
        [{ kind: 'text', text: 'one' }],
        [
          { kind: 'text', text: 'two ' },
          { kind: 'em', text: 'em' },
        ],
      ],
    },
    {
      kind: 'list',
      ordered: true,
      items: [[{ kind: 'text', text: 'a' }], [{ kind: 'text', text: '<img onerror=x>' }]],
    },
  ]);
  expect(markdown('snake_case_name stays')[0]).toMatchObject({
    inline: [{ kind: 'text', text: 'snake_case_name stays' }],
  });
});

test('A quote in a guideline is one block, apart from the paragraph before', () => {
  expect(markdown('before\n> a hard\n> case is **x**\nafter').map((block) => block.kind)).toEqual([
    'paragraph',
    'quote',
  ]);
  expect(markdown('> one\n\n> two').map((block) => block.kind)).toEqual(['quote', 'quote']);
});

test('A project without a model says why, and what to do', () => {
  const none = { ...progress, counts: { ...progress.counts, examples: 0 } };
  expect(unknownReason(none)).toBe('it has no examples');
  expect(unknownReason(progress)).toBe('label some examples first');
});

test('What the gate found is said with its range, and as chance where it may be', () => {
  const gate = { against: 3, passed: true, sentence: '', audit_labels: 9, p_value: null };
  const say = (difference: number, ci_low: number, ci_high: number) =>
    gateSentence({ ...gate, difference, ci_low, ci_high } as Gate);
  expect(say(0.011, 0.003, 0.019)).toBe(
    'It is 1.1 points better than v3 on the audit (0.3 to 1.9).',
  );
  expect(say(-0.006, -0.033, 0.022)).toBe(
    'It is 0.6 points worse than v3 on the audit (−3.3 to +2.2); that may be chance.',
  );
  expect(say(0, -0.06, 0.06)).toMatch(/right as often as v3/);
  expect(gateSentence(null)).toBe('');
});

test('A table row is named by its first columns, in the order of the table', () => {
  const row = { columns: { age: '39', capital: '0', job: 'cook' } } as unknown as Example;
  expect(cellsOf(row, ['job', 'age']).map(([name]) => name)).toEqual(['job', 'age', 'capital']);
});

test('Addresses lead to pages, with names as they are written', () => {
  expect(parse('/', '')).toEqual({ page: 'projects' });
  expect(parse('/new', '?project=a')).toEqual({ page: 'new', project: 'a' });
  expect(parse('/projects/a%20b/label', '')).toEqual({
    page: 'project',
    project: 'a b',
    tab: 'label',
  });
  expect(parse('/projects/a', '')).toEqual({ page: 'project', project: 'a', tab: 'overview' });
  expect(parse('/projects/a/monitor', '')).toEqual({ page: 'missing' });
  expect(parse('/projects/%E0%A4%A/label', '')).toMatchObject({ page: 'project' });
});

test('What stands out in a row is the number furthest out, and only beyond nine in ten', () => {
  const rows = Array.from(
    { length: 50 },
    (_, i) => ({ columns: { n: String(i), c: i % 2 ? 'x' : 'y' } }) as unknown as Example,
  );
  const facts = learn(['n', 'c'], rows);
  expect(oddest(facts, { n: '48', c: 'x' })).toEqual({
    column: 'n',
    side: 'higher',
    share: 0.96,
    rows: 50,
  });
  expect(oddest(facts, { n: '25', c: 'x' })).toBeNull();
  expect(oddest(facts, { n: 'NaN', c: 'x' })).toBeNull();
  expect(facts.get('c')).toEqual({
    kind: 'values',
    counts: new Map([
      ['y', 25],
      ['x', 25],
    ]),
    rows: 50,
  });
});

test('The stopwatch leaves out the time out of sight, and caps a long break', () => {
  let now = 0;
  const watch = new Stopwatch(() => now);
  watch.begin();
  now = 2000;
  watch.pause();
  now = 60_000;
  watch.resume();
  now = 61_500;
  expect(watch.read()).toBe(3.5);
  now = 10_000_000;
  expect(watch.read()).toBe(600);
});

describe('slices', () => {
  const slice = (found: boolean): Slice => ({
    conditions: [
      { column: 'source', value: 'phone' },
      { column: 'words', value: 'up to 4' },
    ],
    rows: 40,
    loss: 0.3,
    rest_loss: 0.08,
    difference: { value: 0.22, ci_low: 0.1, ci_high: 0.4 },
    q_value: found ? 0.01 : 0.3,
    found,
  });
  const slices = (tested: number, ...items: Slice[]): Slices => ({
    audit_labels: 200,
    support: 30,
    tested,
    items,
  });
  test('the worst that is found is the heading', () => {
    expect(sliceFinding(slices(9, slice(false), slice(true)))).toBe(
      'Weaker where source is phone and words is up to 4: wrong 30 of 100 times, 8 elsewhere',
    );
  });
  test('nothing beyond chance and nothing tested are told apart', () => {
    expect(sliceFinding(slices(9, slice(false)))).toContain('of 9 looked at');
    expect(sliceFinding(slices(0))).toBe('Whether a part of the data is weaker');
  });
});

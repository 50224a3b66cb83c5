// Numbers and sentences: what people read is exact, ranged, and never surer than the data.
import { describe, expect, test } from 'vitest';
import {
  ago,
  bytes,
  difference,
  duration,
  estimate,
  groupDigits,
  minutesLeft,
  of100,
  percent,
  points,
  range100,
  rangeTowards,
  shorten,
  targetText,
  towards,
} from '../src/base/format';

const J = '\u2060–\u2060';

describe('shares of 100', () => {
  test('are rounded to whole numbers or tenths', () => {
    expect(of100(0.937)).toBe('94');
    expect(of100(0.937, 1)).toBe('93.7');
    expect(percent(0.61)).toBe('61\u00a0%');
  });
  test('claim certainty only where it is certain', () => {
    expect(of100(1)).toBe('100');
    expect(of100(0.999)).toBe('>99');
    expect(of100(0.9999, 1)).toBe('99.9');
    expect(of100(0)).toBe('0');
    expect(of100(0.001)).toBe('<1');
  });
  test('are never rounded up to a target that they have not reached', () => {
    expect(towards(0.9463, 0.95)).toBe('94.6');
    expect(towards(0.937, 0.95)).toBe('94');
    expect(towards(0.95, 0.95)).toBe('95');
    expect(towards(0.9463, 0)).toBe('95');
    expect(towards(0.924, 0.925)).toBe('92');
    expect(towards(0.999, 1)).toBe('99.9');
    expect(rangeTowards({ value: 0.9, ci_low: 0.74, ci_high: 0.9451 }, 0.95)).toBe(`74${J}94.5`);
    expect(rangeTowards({ value: 0.9, ci_low: null, ci_high: null }, 0.95)).toBeNull();
    expect([targetText(0.95), targetText(0.925)]).toEqual(['95', '92.5']);
  });
  test('carry their range in brackets, or none where it is unknown', () => {
    expect(estimate({ value: 0.937, ci_low: 0.92, ci_high: 0.953 })).toBe(`94 (92${J}95)`);
    expect(estimate({ value: 0.5, ci_low: null, ci_high: null })).toBe('50');
    expect(range100({ value: 0.5, ci_low: null, ci_high: 1 })).toBeNull();
  });
});

describe('differences', () => {
  test('have a sign, a true minus, and "to" between their ends', () => {
    expect(points(0.011)).toBe('+1.1');
    expect(points(-0.003)).toBe('−0.3');
    expect(points(-0.0001)).toBe('0.0');
    expect(difference(0.002, -0.001, 0.005)).toBe('+0.2 (−0.1 to +0.5)');
    expect(difference(0.011, 0.003, 0.019)).toBe('+1.1 (0.3 to 1.9)');
    expect(difference(0.002, null, null)).toBe('+0.2');
  });
});

describe('times and sizes', () => {
  test('are said as people say them', () => {
    expect(duration(4.12)).toBe('4.1 s');
    expect(duration(42)).toBe('42 s');
    expect(duration(59.6)).toBe('1 min');
    expect(duration(150)).toBe('2 min 30 s');
    expect(duration(119.7)).toBe('2 min');
    expect(duration(9180)).toBe('2 h 33 min');
    expect(duration(3600)).toBe('1 h');
    expect(bytes(246_000)).toBe('246 kB');
    expect(bytes(999_999)).toBe('1.0 MB');
    expect(bytes(12)).toBe('12 B');
  });
  test('minutes left give a range only where it says more', () => {
    expect(minutesLeft(46, 3, 4, 6)).toBe(`about 3 min left (2${J}5)`);
    expect(minutesLeft(5, 1, 2, 3)).toBe('about 1 min left');
  });
  test('ago counts from now', () => {
    const now = Date.parse('2026-05-10T12:00:00Z');
    expect(ago('2026-05-10T11:59:30Z', now)).toBe('just now');
    expect(ago('2026-05-10T11:40:00Z', now)).toBe('20 min ago');
    expect(ago('2026-05-09T10:00:00Z', now)).toBe('yesterday');
    expect(ago('2026-01-02T00:00:00Z', now)).toBe('2 Jan');
    expect(ago('not a time', now)).toBe('not a time');
  });
  test('whole numbers in a sentence are grouped, years of four digits in dates and versions are not', () => {
    expect(groupDigits('22740 examples, 105 of 2000.')).toBe('22,740 examples, 105 of 2,000.');
    expect(groupDigits('since 2026-05-10, v1.2345')).toBe('since 2026-05-10, v1.2345');
  });
  test('long text is cut with an ellipsis, on one line', () => {
    expect(shorten('a  b\nc', 10)).toBe('a b c');
    expect(shorten('abcdefgh', 5)).toBe('abcd…');
  });
});

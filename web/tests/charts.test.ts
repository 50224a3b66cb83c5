// Chart scales: round ticks, few of them, no cut that hides a point.
import { describe, expect, test } from 'vitest';
import { band, histogram, line, linear, quantile, shareFloor, ticks } from '../src/base/scale';

test('A scale is exact at both ends and survives an empty domain', () => {
  const x = linear(0, 10, 100, 200);
  expect([x(0), x(5), x(10)]).toEqual([100, 150, 200]);
  expect(linear(3, 3, 0, 10)(3)).toBe(0);
});

describe('ticks', () => {
  test('are at most five, round, and inside the range', () => {
    for (const [low, high] of [
      [0, 1],
      [0.4, 1],
      [0.9, 1],
      [0, 187],
      [0, 5600],
      [0, 11],
      [0.63, 0.97],
      [-0.02, 0.05],
    ] as const) {
      const found = ticks(low, high);
      expect(found.length).toBeGreaterThanOrEqual(2);
      expect(found.length).toBeLessThanOrEqual(5);
      expect(Math.min(...found)).toBeGreaterThanOrEqual(low - 1e-9);
      expect(Math.max(...found)).toBeLessThanOrEqual(high + 1e-9);
    }
    expect(ticks(0, 1)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(ticks(0.6, 1)).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
  });
  test('of a point are that point', () => expect(ticks(2, 2)).toEqual([2]));
});

test('An axis of shares is cut at a tenth below the lowest value, and never above nine tenths', () => {
  expect(shareFloor([0.63, 0.9])).toBe(0.6);
  expect(shareFloor([0.3, 0.9])).toBe(0.3);
  expect(shareFloor([1])).toBe(0.9);
  expect(shareFloor([0])).toBe(0);
  expect(shareFloor([])).toBe(0);
});

test('Paths are drawn point by point, and a band returns along its lower edge', () => {
  expect(
    line([
      [0, 1],
      [2, 3],
    ]),
  ).toBe('M0.0,1.0L2.0,3.0');
  expect(
    band([
      { x: 0, low: 9, high: 1 },
      { x: 5, low: 8, high: 2 },
    ]),
  ).toBe('M0.0,1.0L5.0,2.0L5.0,8.0L0.0,9.0Z');
  expect(band([])).toBe('');
});

test('Histograms count every value once, the largest in the last bin', () => {
  expect(histogram([0, 1, 2, 3, 4], 2)).toEqual({ low: 0, high: 4, counts: [2, 3] });
  expect(histogram([7, 7], 3).counts).toEqual([2, 0, 0]);
});

test('Quantiles interpolate between neighbours', () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([5], 0.9)).toBe(5);
  expect(quantile([], 0.5)).toBeNaN();
});

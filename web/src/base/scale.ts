// Scales and paths of charts: numbers to pixels, at most five ticks on round values.

export interface Scale {
  (value: number): number;
  domain: [number, number];
}

export function linear(d0: number, d1: number, r0: number, r1: number): Scale {
  const span = d1 - d0 || 1;
  const scale = ((value: number) => r0 + ((value - d0) / span) * (r1 - r0)) as Scale;
  scale.domain = [d0, d1];
  return scale;
}

/** Round ticks inside [low, high], at most `most` of them. */
export function ticks(low: number, high: number, most = 5): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / Math.max(1, most - 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step =
    [1, 2, 2.5, 5, 10, 20]
      .map((m) => m * power)
      .find((s) => Math.floor(high / s + 1e-9) - Math.ceil(low / s - 1e-9) + 1 <= most) ??
    20 * power;
  const out: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    out.push(Number((i * step).toPrecision(12)));
  }
  return out;
}

/** Where an axis of shares may be cut: the lowest value rounded down to a tenth, never hiding a point. */
export function shareFloor(values: number[]): number {
  const known = values.filter(Number.isFinite);
  if (!known.length) return 0;
  return Math.max(0, Math.min(0.9, Math.floor(Math.min(...known) * 10 + 1e-9) / 10));
}

export interface BandPoint {
  x: number;
  low: number;
  high: number;
}

export function line(points: [number, number][]): string {
  return points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)},${y.toFixed(1)}`).join('');
}

export function band(points: BandPoint[]): string {
  if (!points.length) return '';
  const upper = points.map((p): [number, number] => [p.x, p.high]);
  const lower = points.map((p): [number, number] => [p.x, p.low]).reverse();
  return `${line(upper)}${line(lower).replace('M', 'L')}Z`;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** Counts of values in equal bins over their range. */
export function histogram(
  values: number[],
  bins: number,
): { low: number; high: number; counts: number[] } {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin =
      high > low ? Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins)) : 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { low, high, counts };
}

export function quantile(sorted: number[], q: number): number {
  if (!sorted.length) return NaN;
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}

// Numbers as people read them: of 100, with their range in brackets, never a bare figure.

export interface Interval {
  value: number;
  ci_low: number | null;
  ci_high: number | null;
}

// U+2060 keeps a range on one line.
const DASH = '\u2060–\u2060';
const MINUS = '−';

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function count(n: number): string {
  return grouped.format(n);
}

/** A sentence from the server with its long whole numbers grouped as the page's own are. */
export function groupDigits(sentence: string): string {
  return sentence.replace(/(?<![\w.,-])\d{4,}(?![\w.,-]*\d|\w)/g, (digits) => count(Number(digits)));
}

export function plural(n: number, one: string, many: string): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A share as "94" or "93.7" of 100. 99.96 stays below 100 and 0.04 above 0, so that certainty is never claimed. */
export function of100(share: number, digits = 0): string {
  const text = (share * 100).toFixed(digits);
  if (share < 1 && Number(text) >= 100)
    return digits ? (100 - 10 ** -digits).toFixed(digits) : '>99';
  if (share > 0 && Number(text) === 0) return digits ? (10 ** -digits).toFixed(digits) : '<1';
  return text;
}

/** A target as it was set: "95" or "92.5". */
export function targetText(target: number): string {
  return of100(target, Number.isInteger(Math.round(target * 1e4) / 100) ? 0 : 1);
}

/** A share beside a target: of 95 not reached, 0.9463 is "94.6" and never "95". */
export function towards(share: number, target: number): string {
  const apart = [0, 1, 2, 3, 4].find((n) => Number((share * 100).toFixed(n)) < target * 100 - 1e-9);
  return of100(share, share < target ? (apart ?? 0) : 0);
}

/** "92–94.6" beside a target of 95. */
export function rangeTowards(interval: Interval, target: number): string | null {
  if (interval.ci_low === null || interval.ci_high === null) return null;
  return `${towards(interval.ci_low, target)}${DASH}${towards(interval.ci_high, target)}`;
}

export function percent(share: number): string {
  return `${of100(share)}\u00a0%`;
}

/** "92–95", or null where the range is not known yet. */
export function range100(interval: Interval, digits = 0): string | null {
  if (interval.ci_low === null || interval.ci_high === null) return null;
  return `${of100(interval.ci_low, digits)}${DASH}${of100(interval.ci_high, digits)}`;
}

/** "94 (92–95)". */
export function estimate(interval: Interval, digits = 0): string {
  const range = range100(interval, digits);
  return range === null
    ? of100(interval.value, digits)
    : `${of100(interval.value, digits)} (${range})`;
}

/** A signed number of points, "+1.1" or "−0.3". */
export function points(share: number, digits = 1): string {
  const value = Number((share * 100).toFixed(digits));
  const sign = value > 0 ? '+' : value < 0 ? MINUS : '';
  return sign + Math.abs(value).toFixed(digits);
}

/** "+1.1 (0.3 to 1.9)": "to" because a sign is near. */
export function difference(value: number, low: number | null, high: number | null): string {
  if (low === null || high === null) return points(value);
  // Where the range holds both signs, each end says its own.
  const mixed = low < 0 && high > 0;
  const bare = (share: number) => (mixed ? points(share) : points(share).replace('+', ''));
  return `${points(value)} (${bare(low)} to ${bare(high)})`;
}

/** Seconds as people say them: "4.1 s", "2 min 30 s", "2 h 33 min". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${(Math.round(seconds * 10) / 10).toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  const rest = Math.round(seconds) - minutes * 60;
  if (minutes < 10 && rest) return `${minutes} min ${rest} s`;
  const whole = Math.round(seconds / 60);
  if (whole < 60) return `${whole} min`;
  const hours = Math.floor(whole / 60);
  return whole % 60 ? `${hours} h ${whole % 60} min` : `${hours} h`;
}

export function secondsRange(low: number, high: number): string {
  const short = (value: number) => (value < 10 ? value.toFixed(1) : Math.round(value).toString());
  return `${short(low)}${DASH}${short(high)} s`;
}

export function minutesLeft(items: number, low: number, middle: number, high: number): string {
  const minutes = (seconds: number) => Math.max(1, Math.round((items * seconds) / 60));
  const [a, b, c] = [minutes(low), minutes(middle), minutes(high)];
  return a === c ? `about ${b} min left` : `about ${b} min left (${a}${DASH}${c})`;
}

export function money(amount: number): string {
  return new Intl.NumberFormat('en', {
    minimumFractionDigits: amount < 100 ? 2 : 0,
    maximumFractionDigits: amount < 100 ? 2 : 0,
  }).format(amount);
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** How long ago, in words; the exact time belongs in a title beside it. */
export function ago(time: string, now = Date.now()): string {
  const seconds = (now - Date.parse(time)) / 1000;
  if (!Number.isFinite(seconds)) return time;
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  if (days === 1) return 'yesterday';
  if (days < 14) return `${days} days ago`;
  return day(time);
}

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const moments = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});

export function day(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : days.format(date);
}

export function moment(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : `${moments.format(date)} UTC`;
}

export function shorten(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`;
}

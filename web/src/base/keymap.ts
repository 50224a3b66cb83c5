// The one owner of keys: which press means what, and which letters no class may take.

export type Command =
  { kind: 'class'; index: number } | { kind: 'reason'; index: number } | { kind: Word };

export type Word =
  | 'accept'
  | 'skip'
  | 'undo'
  | 'flag'
  | 'comment'
  | 'guideline'
  | 'search'
  | 'help'
  | 'close'
  | 'row_down'
  | 'row_up'
  | 'label';

export interface Press {
  key: string;
  code: string;
  shift: boolean;
  ctrl: boolean;
  alt: boolean;
  meta: boolean;
  repeat: boolean;
}

export interface Situation {
  enabled: boolean; // Single keys may be switched off (WCAG 2.1.4).
  typing: boolean; // A field has focus.
  dialog: boolean; // A dialog is open; it has Esc to itself.
  labelling: boolean; // The labelling page is up.
  skipping: boolean; // The reasons of a skip are up.
  classes: number;
  digits?: (number | undefined)[]; // The class of each digit key, where it is not simply the first, the second …
  classKeys: Record<string, number>; // Letters that people gave to classes.
}

const LABEL_LETTERS: Record<string, Word> = {
  a: 'accept',
  s: 'skip',
  u: 'undo',
  f: 'flag',
  c: 'comment',
  g: 'guideline',
};
const EVERYWHERE: Record<string, Word> = { '/': 'search', '?': 'help' };
const ROWS: Record<string, Word> = { j: 'row_down', k: 'row_up', l: 'label' };

// N, B and the brackets belong to similar examples and boxes, so that a class key never has to move later.
export const RESERVED = 'asufcgnjklb'.split('');
export const FREE = 'abcdefghijklmnopqrstuvwxyz'
  .split('')
  .filter((letter) => !RESERVED.includes(letter));
export const REASONS = 5;

export function command(press: Press, now: Situation): Command | null {
  if (press.ctrl || press.alt || press.meta || now.dialog) return null;
  if (press.key === 'Escape') return { kind: 'close' };
  if (now.typing || !now.enabled || press.repeat) return null;
  const digit = digitOf(press);
  if (now.skipping) {
    return digit !== null && !press.shift && digit < REASONS
      ? { kind: 'reason', index: digit }
      : null;
  }
  const everywhere = EVERYWHERE[press.key];
  if (everywhere) return { kind: everywhere };
  const letter = press.key.toLowerCase();
  if (!now.labelling) {
    const row = press.shift ? undefined : ROWS[letter];
    return row ? { kind: row } : null;
  }
  if (digit !== null) {
    const place = press.shift ? digit + 10 : digit;
    const index = now.digits ? now.digits[place] : place;
    return index !== undefined && index < now.classes ? { kind: 'class', index } : null;
  }
  if (press.shift) return null;
  const word = LABEL_LETTERS[letter];
  if (word) return { kind: word };
  const index = now.classKeys[letter];
  return index !== undefined && index < now.classes ? { kind: 'class', index } : null;
}

/** 0 for the key 1 … 9 for the key 0. By place, so that Shift and other layouts mean the same key. */
function digitOf(press: Press): number | null {
  const match =
    /^(?:Digit|Numpad)(\d)$/.exec(press.code) ?? (press.code ? null : /^(\d)$/.exec(press.key));
  return match ? (Number(match[1]) + 9) % 10 : null;
}

/** Why a letter cannot be a class key, or null if it can. */
export function refuseClassKey(
  letter: string,
  taken: Record<string, number>,
  index: number,
): Refusal | null {
  if (!/^[a-z]$/.test(letter)) return 'not_a_letter';
  if (RESERVED.includes(letter)) return 'reserved';
  const owner = taken[letter];
  return owner !== undefined && owner !== index ? 'taken' : null;
}

export type Refusal = 'not_a_letter' | 'reserved' | 'taken';

export function freeLetters(taken: Record<string, number>): string[] {
  return FREE.filter((letter) => taken[letter] === undefined);
}

// The keymap: one key a class, letters that never change their meaning, silence while someone types.
import { describe, expect, test } from 'vitest';
import { keyOf, keyOrder } from '../src/base/classes';
import {
  command,
  FREE,
  freeLetters,
  refuseClassKey,
  RESERVED,
  type Press,
  type Situation,
} from '../src/base/keymap';

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  code: /^\d$/.test(key) ? `Digit${key}` : /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key,
  shift: false,
  ctrl: false,
  alt: false,
  meta: false,
  repeat: false,
  ...more,
});
const now: Situation = {
  enabled: true,
  typing: false,
  dialog: false,
  labelling: true,
  skipping: false,
  classes: 20,
  classKeys: {},
};

describe('class keys', () => {
  test('a class that is named by a digit has that digit', () => {
    const classes = ['7', '2', '1', '0'];
    const digits = keyOrder(classes);
    expect(command(press('7'), { ...now, classes: 4, digits })).toEqual({ kind: 'class', index: 0 });
    expect(command(press('0'), { ...now, classes: 4, digits })).toEqual({ kind: 'class', index: 3 });
    expect(command(press('3'), { ...now, classes: 4, digits })).toBeNull();
    expect(keyOf(0, classes)).toBe('7');
    expect(keyOf(0, ['7', 'none'])).toBe('1');
    expect(keyOf(11, Array.from({ length: 12 }, (_, i) => `class ${i}`))).toBe('⇧2');
  });
  test('1 to 9 and 0 are the first ten, with Shift the next ten', () => {
    expect(command(press('1'), now)).toEqual({ kind: 'class', index: 0 });
    expect(command(press('9'), now)).toEqual({ kind: 'class', index: 8 });
    expect(command(press('0'), now)).toEqual({ kind: 'class', index: 9 });
    expect(command(press('!', { code: 'Digit1', shift: true }), now)).toEqual({
      kind: 'class',
      index: 10,
    });
    expect(command(press(')', { code: 'Digit0', shift: true }), now)).toEqual({
      kind: 'class',
      index: 19,
    });
  });
  test('work by place on layouts whose digits need Shift, and on the number pad', () => {
    expect(command(press('&', { code: 'Digit1' }), now)).toEqual({ kind: 'class', index: 0 });
    expect(command(press('3', { code: 'Numpad3' }), now)).toEqual({ kind: 'class', index: 2 });
  });
  test('beyond the last class mean nothing', () => {
    expect(command(press('3'), { ...now, classes: 2 })).toBeNull();
    expect(
      command(press('!', { code: 'Digit1', shift: true }), { ...now, classes: 10 }),
    ).toBeNull();
  });
  test('held down answer once', () => {
    expect(command(press('1', { repeat: true }), now)).toBeNull();
  });
  test('letters of one’s own stand for a class, only while it exists', () => {
    expect(command(press('t'), { ...now, classKeys: { t: 6 } })).toEqual({
      kind: 'class',
      index: 6,
    });
    expect(command(press('t'), { ...now, classes: 5, classKeys: { t: 6 } })).toBeNull();
  });
});

describe('letters', () => {
  test('do what the help says, on the labelling page only', () => {
    const words = { a: 'accept', s: 'skip', u: 'undo', f: 'flag', c: 'comment', g: 'guideline' };
    for (const [key, kind] of Object.entries(words)) {
      expect(command(press(key), now)).toEqual({ kind });
      expect(command(press(key), { ...now, labelling: false })).toBeNull();
    }
    expect(command(press('j'), { ...now, labelling: false })).toEqual({ kind: 'row_down' });
    expect(command(press('?', { shift: true }), now)).toEqual({ kind: 'help' });
    expect(command(press('/'), { ...now, labelling: false })).toEqual({ kind: 'search' });
  });
  test('are inert in a field, in a dialog, with a modifier, and when switched off', () => {
    for (const more of [{ typing: true }, { dialog: true }, { enabled: false }]) {
      expect(command(press('u'), { ...now, ...more })).toBeNull();
      expect(command(press('1'), { ...now, ...more })).toBeNull();
    }
    for (const modifier of ['ctrl', 'alt', 'meta'])
      expect(command(press('c', { [modifier]: true }), now)).toBeNull();
  });
  test('Esc closes even in a field, but a dialog keeps it to itself', () => {
    expect(command(press('Escape'), { ...now, typing: true })).toEqual({ kind: 'close' });
    expect(command(press('Escape'), { ...now, dialog: true })).toBeNull();
  });
  test('while a skip waits for its reason only 1 to 5 count', () => {
    const skipping = { ...now, skipping: true };
    expect(command(press('5'), skipping)).toEqual({ kind: 'reason', index: 4 });
    expect(command(press('6'), skipping)).toBeNull();
    expect(command(press('u'), skipping)).toBeNull();
    expect(command(press('Escape'), skipping)).toEqual({ kind: 'close' });
  });
});

describe('letters for classes', () => {
  test('are refused where the page needs them, where taken, and where they are no letters', () => {
    for (const letter of RESERVED) expect(refuseClassKey(letter, {}, 0)).toBe('reserved');
    expect(refuseClassKey('t', { t: 1 }, 0)).toBe('taken');
    expect(refuseClassKey('t', { t: 1 }, 1)).toBeNull();
    expect(refuseClassKey('1', {}, 0)).toBe('not_a_letter');
    expect(refuseClassKey('ä', {}, 0)).toBe('not_a_letter');
  });
  test('that are free are offered', () => {
    expect(freeLetters({ t: 1 })).toEqual(FREE.filter((letter) => letter !== 't'));
    expect(FREE).not.toContain('u');
  });
});

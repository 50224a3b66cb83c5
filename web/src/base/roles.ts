// What each column of a file is for: guessed from its name and its values, then decided by a person.
import type { Cells } from './table_file';

export type Role = 'text' | 'column' | 'label' | 'id' | 'split' | 'group' | 'time' | 'meta' | 'out';
export const roles: Role[] = [
  'text',
  'column',
  'label',
  'id',
  'split',
  'group',
  'time',
  'meta',
  'out',
];
export type Roles = Record<string, Role>;

export interface Look {
  name: string;
  kind: 'unique' | 'number' | 'date' | 'few' | 'text' | 'empty';
  distinct: string[]; // In order of frequency, where there are few.
  characters: number; // Average length.
  example: string;
}

export function look(name: string, cells: string[]): Look {
  const filled = cells.filter((cell) => cell.trim() !== '');
  const counts = new Map<string, number>();
  for (const cell of filled) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const characters = Math.round(
    filled.reduce((sum, cell) => sum + cell.length, 0) / (filled.length || 1),
  );
  const distinct = [...counts].sort((a, b) => b[1] - a[1]).map(([value]) => value);
  const few = distinct.length <= Math.max(2, Math.min(200, filled.length / 4));
  const kind = !filled.length
    ? 'empty'
    : few && !(filled.every(isNumber) && distinct.length > 12)
      ? 'few'
      : filled.every(isNumber)
        ? 'number'
        : filled.every(isDate)
          ? 'date'
          : distinct.length === filled.length &&
              characters < 24 &&
              filled.every((c) => !/\s/.test(c.trim()))
            ? 'unique'
            : 'text';
  return { name, kind, distinct: few ? distinct : [], characters, example: filled[0] ?? '' };
}

const isNumber = (cell: string) => cell.trim() !== '' && Number.isFinite(Number(cell));
const isDate = (cell: string) => /^\d{4}-\d{2}-\d{2}([T ]|$)/.test(cell.trim());
const LABEL = /^(label|labels|class|target|category|answer|intent|y|sentiment|topic)$/i;
const ID = /^(id|.*_id|uid|uuid|key|index)$/i;
const SPLITS = new Set(['train', 'test', 'val', 'valid', 'validation', 'dev', 'pool']);

export function guess(looks: Look[]): Roles {
  const found: Roles = {};
  const give = (role: Role, fits: (look: Look) => boolean) => {
    const one = looks.find((look) => !found[look.name] && fits(look));
    if (one) found[one.name] = role;
  };
  give('split', (l) => l.kind === 'few' && l.distinct.every((v) => SPLITS.has(v.toLowerCase())));
  give(
    'label',
    (l) => LABEL.test(l.name) && l.kind !== 'text' && l.kind !== 'date' && l.kind !== 'empty',
  );
  give('id', (l) => ID.test(l.name) && l.kind !== 'few' && l.kind !== 'empty' && l.characters < 64);
  give('id', (l) => l.kind === 'unique');
  give('time', (l) => l.kind === 'date' && /time|date|_at$|^ts$/i.test(l.name));
  give(
    'group',
    (l) => /^(group|group_id|session|user|author)$/i.test(l.name) && l.kind !== 'empty',
  );
  const texts = looks.filter((l) => !found[l.name] && l.kind === 'text' && l.characters >= 15);
  const reading =
    texts.find((l) =>
      /^(text|body|message|content|sentence|review|comment|utterance|title)$/i.test(l.name),
    ) ?? [...texts].sort((a, b) => b.characters - a.characters)[0];
  const others = looks.filter((l) => !found[l.name] && l !== reading && l.kind !== 'empty').length;
  // One long text among many cells is a column of a table; among few it is what people read.
  const isText = reading !== undefined && (others <= 3 || reading.characters >= 40);
  for (const l of looks) {
    found[l.name] ??=
      l.kind === 'empty' ? 'out' : isText ? (l === reading ? 'text' : 'meta') : 'column';
  }
  return found;
}

export function columnsWith(chosen: Roles, role: Role): string[] {
  return Object.keys(chosen).filter((name) => chosen[name] === role);
}

/** Why the roles do not make an example yet, or null. */
export function rolesProblem(chosen: Roles): 'needRead' | 'needOneText' | null {
  const text = columnsWith(chosen, 'text').length;
  if (text > 1) return 'needOneText';
  return text + columnsWith(chosen, 'column').length === 0 ? 'needRead' : null;
}

export interface ExampleRow {
  external_id?: string;
  text?: string;
  columns?: Record<string, string>;
  label?: string;
  group?: string;
  time?: string;
  split?: string;
  meta?: Record<string, string>;
}

/** The row as an example, or what is wrong with it. With a text, the other parts of the row are kept beside. */
export function toExample(cells: Cells, chosen: Roles): ExampleRow | { empty: string | null } {
  const text = columnsWith(chosen, 'text')[0];
  const parts = columnsWith(chosen, 'column');
  const example: ExampleRow = {};
  const aside: Record<string, string> = {};
  if (text !== undefined) {
    if (!cells[text]?.trim()) return { empty: text };
    example.text = cells[text] as string;
    for (const name of parts) aside[name] = cells[name] ?? '';
  } else {
    example.columns = Object.fromEntries(parts.map((name) => [name, cells[name] ?? '']));
    if (parts.every((name) => !cells[name]?.trim())) return { empty: null };
  }
  for (const name of columnsWith(chosen, 'meta')) aside[name] = cells[name] ?? '';
  if (Object.keys(aside).length) example.meta = aside;
  const set = (role: 'label' | 'group' | 'time' | 'split', value: string | undefined) => {
    if (value?.trim()) example[role] = value.trim();
  };
  for (const role of ['label', 'group', 'time', 'split'] as const)
    set(role, cells[columnsWith(chosen, role)[0] ?? '']);
  const id = cells[columnsWith(chosen, 'id')[0] ?? '']?.trim();
  if (id) example.external_id = id;
  return example;
}

export function importCommand(file: string, project: string, chosen: Roles): string {
  const words = ['querist import', quote(file), '--project', quote(project)];
  const text = columnsWith(chosen, 'text')[0];
  const parts = columnsWith(chosen, 'column');
  if (text !== undefined) words.push('--text', quote(text));
  else if (parts.length) words.push('--columns', quote(parts.join(',')));
  for (const role of ['label', 'id', 'group', 'time', 'split'] as const) {
    const name = columnsWith(chosen, role)[0];
    if (name !== undefined) words.push(`--${role}`, quote(name));
  }
  words.push('--rejects rejected.csv');
  return words.join(' ');
}

export function quote(word: string): string {
  return /^[\w.,/:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

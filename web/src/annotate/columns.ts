// What is usual in a table: each column's distribution over a sample, and what stands out in one row.
import type { Example } from '../api/types';
import { histogram } from '../base/scale';

export type ColumnFacts =
  | { kind: 'number'; sorted: number[]; low: number; high: number; counts: number[] }
  | { kind: 'values'; counts: Map<string, number>; rows: number };

export type Facts = Map<string, ColumnFacts>;
export type Cell = string | number | null | undefined;

const BINS = 8;

/** An example's cells in the table's own order, which its JSON does not keep. */
export function cellsOf(example: Example, names: string[]): [string, Cell][] {
  const cells = example.columns ?? {};
  const known = names.filter((name) => name in cells);
  const rest = Object.keys(cells).filter((name) => !known.includes(name));
  return [...known, ...rest].map((name) => [name, cells[name] ?? null]);
}

export function cellText(cell: Cell): string {
  return cell === null || cell === undefined ? '' : String(cell);
}

export function cellNumber(cell: Cell): number | null {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  const text = cellText(cell).trim();
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? value : null;
}

/** The kind of each column is read off the sample: a source may have said no more than "text". */
export function learn(columns: string[], rows: Example[]): Facts {
  const facts: Facts = new Map();
  for (const name of columns) {
    const cells = rows.map((row) => cellText(row.columns?.[name]));
    const filled = cells.filter((cell) => cell.trim() !== '');
    const sorted = filled
      .map(cellNumber)
      .filter((v): v is number => v !== null)
      .sort((a, b) => a - b);
    if (sorted.length >= 10 && sorted.length >= filled.length * 0.9) {
      facts.set(name, { kind: 'number', sorted, ...histogram(sorted, BINS) });
      continue;
    }
    const counts = new Map<string, number>();
    for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
    if (counts.size <= cells.length / 2)
      facts.set(name, { kind: 'values', counts, rows: cells.length });
  }
  return facts;
}

export interface Layout {
  name: string;
  long: boolean; // Prose, which has the width of the card; everything else has a cell.
}

const PROSE = 60;
const layouts = new Map<string, Layout[]>();

/**
 * How a project's rows are laid out. Decided at the first row and kept for the visit, because nothing may move between
 * two items, even if the server learns meanwhile what its columns hold.
 */
export function layoutOf(
  project: string,
  names: string[],
  first: Record<string, Cell>,
): Layout[] {
  const known = layouts.get(project);
  if (known && known.length === names.length) return known;
  const layout = names.map((name) => ({ name, long: cellText(first[name]).length > PROSE }));
  layouts.set(project, layout);
  return layout;
}

export interface Oddity {
  column: string;
  side: 'higher' | 'lower';
  share: number; // Of the sampled rows that lie on the other side.
  rows: number;
}

/** The number of this row that is furthest out, if it is beyond nine in ten of the sample. */
export function oddest(facts: Facts, row: Record<string, Cell>): Oddity | null {
  let found: Oddity | null = null;
  for (const [column, fact] of facts) {
    const value = fact.kind === 'number' ? cellNumber(row[column]) : null;
    if (fact.kind !== 'number' || value === null) continue;
    const rows = fact.sorted.length;
    const below = fact.sorted.filter((one) => one < value).length / rows;
    const above = fact.sorted.filter((one) => one > value).length / rows;
    const side = below >= above ? 'higher' : 'lower';
    const share = Math.max(below, above);
    if (share >= 0.9 && (!found || share > found.share)) found = { column, side, share, rows };
  }
  return found;
}

// What is usual in a table: each column's distribution over a sample, and what stands out in one row.
import type { Example } from '../api/types';
import { histogram } from '../base/scale';

export type ColumnFacts =
  | { kind: 'number'; sorted: number[]; low: number; high: number; counts: number[] }
  | { kind: 'values'; counts: Map<string, number>; rows: number };

export type Facts = Map<string, ColumnFacts>;
export type Cell = string | number | null | undefined;

const BINS = 8;

export function cellText(cell: Cell): string {
  return cell === null || cell === undefined ? '' : String(cell);
}

export function cellNumber(cell: Cell): number | null {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  const text = cellText(cell).trim();
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? value : null;
}

export function learn(columns: { name: string; type: string }[], rows: Example[]): Facts {
  const facts: Facts = new Map();
  for (const { name, type } of columns) {
    const cells = rows.map((row) => row.columns?.[name]);
    if (type === 'number') {
      const sorted = cells
        .map(cellNumber)
        .filter((v): v is number => v !== null)
        .sort((a, b) => a - b);
      if (sorted.length >= 10)
        facts.set(name, { kind: 'number', sorted, ...histogram(sorted, BINS) });
    } else if (type === 'category') {
      const counts = new Map<string, number>();
      for (const cell of cells) {
        const text = cellText(cell);
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
      facts.set(name, { kind: 'values', counts, rows: cells.length });
    }
  }
  return facts;
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

// Sends a file's rows in pieces, each with its key, and adds up what the server says about them.
import { columnsWith, toExample, type Roles } from '../base/roles';
import { readRows, type FileFormat } from '../base/table_file';
import { newKey, Unreachable } from './client';
import { addExamples } from './projects';
import type { ImportResult, NewExample } from './types';

const PIECE_ROWS = 500;
const PIECE_BYTES = 1 << 20;
const TRIES = 5;
export const KEPT_REJECTS = 1000;

export interface Running extends ImportResult {
  sent: number;
}

export interface Words {
  unreadable: string;
  empty: (column: string) => string;
  emptyRow: string;
}

export async function importFile(
  project: string,
  file: Blob,
  format: FileFormat,
  gzip: boolean,
  chosen: Roles,
  words: Words,
  tell: (running: Running) => void,
): Promise<Running> {
  const total: Running = { accepted: 0, duplicates: 0, rejected: [], rejected_count: 0, sent: 0 };
  let piece: NewExample[] = [];
  let places: number[] = [];
  let size = 0;
  const reject = (row: number, reason: string) => {
    total.rejected_count += 1;
    if (total.rejected.length < KEPT_REJECTS) total.rejected.push({ row, reason });
  };
  const send = async () => {
    if (!piece.length) return;
    const result = await sendPiece(project, piece);
    total.accepted += result.accepted;
    total.duplicates += result.duplicates;
    for (const { row, reason } of result.rejected) reject(places[row - 1] ?? row, reason);
    // The server lists only so many; the count is the truth.
    total.rejected_count +=
      (result.rejected_count ?? result.rejected.length) - result.rejected.length;
    piece = [];
    places = [];
    size = 0;
    tell({ ...total });
  };
  for await (const row of readRows(file, format, gzip)) {
    total.sent += 1;
    if ('problem' in row) {
      reject(row.row, words.unreadable);
      continue;
    }
    const example = toExample(row.cells, chosen);
    if ('empty' in example) {
      reject(row.row, example.empty === null ? words.emptyRow : words.empty(example.empty));
      continue;
    }
    piece.push(example);
    places.push(row.row);
    size += JSON.stringify(example).length;
    if (piece.length >= PIECE_ROWS || size >= PIECE_BYTES) await send();
  }
  await send();
  total.rejected.sort((a, b) => a.row - b.row);
  tell({ ...total });
  return total;
}

/** A piece keeps its key over all tries, so that a lost answer never doubles a row. */
async function sendPiece(project: string, piece: NewExample[]): Promise<ImportResult> {
  const key = newKey();
  for (let attempt = 1; ; attempt++) {
    try {
      return await addExamples(project, piece, key);
    } catch (error) {
      if (!(error instanceof Unreachable) || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
    }
  }
}

/** The classes a file's known answers name, in order of appearance. */
export async function labelsIn(
  file: Blob,
  format: FileFormat,
  gzip: boolean,
  chosen: Roles,
  most: number,
): Promise<string[]> {
  const column = columnsWith(chosen, 'label')[0];
  if (column === undefined) return [];
  const seen = new Set<string>();
  for await (const row of readRows(file, format, gzip)) {
    const value = 'cells' in row ? row.cells[column]?.trim() : '';
    if (value) seen.add(value);
    if (seen.size >= most) break;
  }
  return [...seen];
}

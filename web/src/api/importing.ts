// Sends a file's rows in pieces, each with its key, and adds up what the server says about them.
import { dataUrl, MOST_IMAGE_BYTES, type ImageFile } from '../base/image_files';
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

/** Gathers examples into pieces, sends them, and adds up what became of each. */
class Pieces {
  total: Running = { accepted: 0, duplicates: 0, rejected: [], rejected_count: 0, sent: 0 };
  private piece: NewExample[] = [];
  private places: number[] = [];
  private size = 0;

  constructor(
    private project: string,
    private tell: (running: Running) => void,
  ) {}

  reject(row: number, reason: string): void {
    this.total.rejected_count += 1;
    if (this.total.rejected.length < KEPT_REJECTS) this.total.rejected.push({ row, reason });
  }

  async add(row: number, example: NewExample): Promise<void> {
    this.piece.push(example);
    this.places.push(row);
    this.size += JSON.stringify(example).length;
    if (this.piece.length >= PIECE_ROWS || this.size >= PIECE_BYTES) await this.send();
  }

  async finish(): Promise<Running> {
    await this.send();
    this.total.rejected.sort((a, b) => a.row - b.row);
    this.tell({ ...this.total });
    return this.total;
  }

  private async send(): Promise<void> {
    if (!this.piece.length) return;
    const result = await sendPiece(this.project, this.piece);
    this.total.accepted += result.accepted;
    this.total.duplicates += result.duplicates;
    for (const { row, reason } of result.rejected)
      this.reject(this.places[row - 1] ?? row, reason);
    // The server lists only so many; the count is the truth.
    this.total.rejected_count +=
      (result.rejected_count ?? result.rejected.length) - result.rejected.length;
    this.piece = [];
    this.places = [];
    this.size = 0;
    this.tell({ ...this.total });
  }
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
  const pieces = new Pieces(project, tell);
  for await (const row of readRows(file, format, gzip)) {
    pieces.total.sent += 1;
    if ('problem' in row) {
      pieces.reject(row.row, words.unreadable);
      continue;
    }
    const example = toExample(row.cells, chosen);
    if ('empty' in example)
      pieces.reject(row.row, example.empty === null ? words.emptyRow : words.empty(example.empty));
    else await pieces.add(row.row, example);
  }
  return pieces.finish();
}

/** Images go as rows with a data: URL, so that the server takes them as it takes any other row. */
export async function importImages(
  project: string,
  images: ImageFile[],
  unreadable: (path: string) => string,
  tell: (running: Running) => void,
): Promise<Running> {
  const pieces = new Pieces(project, tell);
  for (const [i, image] of images.entries()) {
    pieces.total.sent += 1;
    const bytes = await image.bytes().catch(() => null);
    if (!bytes || bytes.length > MOST_IMAGE_BYTES) {
      pieces.reject(i + 1, unreadable(image.path));
      continue;
    }
    const example: NewExample = { image_url: dataUrl(bytes), meta: { file: image.path } };
    if (image.label !== null) example.label = image.label;
    if (image.split !== null) example.split = image.split;
    await pieces.add(i + 1, example);
  }
  return pieces.finish();
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

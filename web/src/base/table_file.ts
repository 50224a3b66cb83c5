// Reads a file of rows piece by piece: CSV, TSV, JSON lines or a JSON list, gzipped or not. A bad row never stops it.

export type FileFormat = 'csv' | 'tsv' | 'jsonl' | 'json';
export type Cells = Record<string, string>;
export type Row = { row: number; cells: Cells } | { row: number; problem: string };

export class FileProblem extends Error {
  constructor(
    readonly kind: 'empty' | 'json' | 'notRows' | 'encoding' | 'gzip',
    readonly line = 0,
  ) {
    super(kind);
  }
}

/** The format by the file's name, or null where this page cannot read it. */
export function formatOf(name: string): { format: FileFormat; gzip: boolean } | null {
  const match = /\.(csv|tsv|tab|txt|jsonl|ndjson|json)(\.gz)?$/i.exec(name);
  if (!match) return null;
  const ending = (match[1] as string).toLowerCase();
  const format: FileFormat =
    ending === 'csv' || ending === 'txt'
      ? 'csv'
      : ending === 'tsv' || ending === 'tab'
        ? 'tsv'
        : ending === 'json'
          ? 'json'
          : 'jsonl';
  return { format, gzip: match[2] !== undefined };
}

async function* texts(file: Blob, gzip: boolean): AsyncGenerator<string> {
  let bytes: ReadableStream<Uint8Array<ArrayBuffer>> = file.stream();
  if (gzip) bytes = bytes.pipeThrough(new DecompressionStream('gzip'));
  const reader = bytes.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for (;;) {
      const { done, value } = await read(reader, gzip);
      const text = decode(decoder, value, done);
      if (text) yield text;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>, gzip: boolean) {
  try {
    return await reader.read();
  } catch (error) {
    throw gzip ? new FileProblem('gzip') : error;
  }
}

function decode(decoder: TextDecoder, value: Uint8Array | undefined, done: boolean): string {
  try {
    return decoder.decode(value, { stream: !done });
  } catch {
    throw new FileProblem('encoding');
  }
}

/** Splits text that comes in pieces into records of cells, minding quotes (RFC 4180). */
export class CsvSplitter {
  private cell = '';
  private cells: string[] = [];
  private quoted = false;
  private closing = false; // A quote inside quotes: the end of the cell, or half of an escaped one.
  private afterReturn = false;

  constructor(private separator: string) {}

  *feed(text: string): Generator<string[]> {
    for (const c of text) {
      if (this.closing) {
        this.closing = false;
        if (c === '"') {
          this.cell += '"';
          continue;
        }
        this.quoted = false;
      }
      if (this.quoted) {
        if (c === '"') this.closing = true;
        else this.cell += c;
        continue;
      }
      if (c === '\n' && this.afterReturn) {
        this.afterReturn = false;
        continue;
      }
      this.afterReturn = c === '\r';
      if (c === '"' && this.cell === '') this.quoted = true;
      else if (c === this.separator) {
        this.cells.push(this.cell);
        this.cell = '';
      } else if (c === '\n' || c === '\r') {
        const record = this.end();
        if (record) yield record;
      } else this.cell += c;
    }
  }

  end(): string[] | null {
    if (this.closing) this.closing = this.quoted = false;
    const record = [...this.cells, this.cell];
    this.cells = [];
    this.cell = '';
    return record.length === 1 && record[0] === '' ? null : record;
  }

  get open(): boolean {
    return this.quoted && !this.closing;
  }
}

export async function* readRows(
  file: Blob,
  format: FileFormat,
  gzip: boolean,
): AsyncGenerator<Row> {
  if (format === 'csv' || format === 'tsv') yield* csvRows(file, format, gzip);
  else if (format === 'jsonl') yield* jsonLines(file, gzip);
  else yield* jsonList(file, gzip);
}

export function separatorOf(start: string): string {
  const line = start.split(/\r?\n/, 1)[0] ?? '';
  const counted = [',', ';', '\t'].map((c): [string, number] => [c, line.split(c).length]);
  return counted.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

async function* csvRows(file: Blob, format: FileFormat, gzip: boolean): AsyncGenerator<Row> {
  let splitter: CsvSplitter | null = null;
  let header: string[] | null = null;
  let row = 0;
  const place = (record: string[]): Row | null => {
    if (!header) {
      header = record.map((name, i) => name.trim() || `column_${i + 1}`);
      return null;
    }
    row += 1;
    if (record.length > header.length) return { row, problem: `${record.length}/${header.length}` };
    return { row, cells: Object.fromEntries(header.map((name, i) => [name, record[i] ?? ''])) };
  };
  for await (let text of texts(file, gzip)) {
    if (!splitter) {
      text = text.replace(/^\uFEFF/, '');
      splitter = new CsvSplitter(format === 'tsv' ? '\t' : separatorOf(text));
    }
    for (const record of splitter.feed(text)) {
      const placed = place(record);
      if (placed) yield placed;
    }
  }
  if (splitter?.open) {
    yield { row: row + 1, problem: '"' };
    return;
  }
  const record = splitter?.end();
  const placed = record ? place(record) : null;
  if (placed) yield placed;
  if (row === 0) throw new FileProblem('empty');
}

async function* jsonLines(file: Blob, gzip: boolean): AsyncGenerator<Row> {
  let rest = '';
  let row = 0;
  const one = (line: string): Row => {
    row += 1;
    try {
      const cells = flatten(JSON.parse(line));
      return cells ? { row, cells } : { row, problem: '{}' };
    } catch {
      return { row, problem: 'JSON' };
    }
  };
  for await (const text of texts(file, gzip)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) yield one(line);
  }
  if (rest.trim()) yield one(rest);
  if (row === 0) throw new FileProblem('empty');
}

async function* jsonList(file: Blob, gzip: boolean): AsyncGenerator<Row> {
  let text = '';
  for await (const piece of texts(file, gzip)) text += piece;
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new FileProblem('json', 1);
  }
  if (!Array.isArray(list)) throw new FileProblem('notRows');
  if (!list.length) throw new FileProblem('empty');
  for (const [i, value] of list.entries()) {
    const cells = flatten(value);
    yield cells ? { row: i + 1, cells } : { row: i + 1, problem: '{}' };
  }
}

function flatten(value: unknown): Cells | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const cells: Cells = {};
  for (const [name, cell] of Object.entries(value)) {
    cells[name] =
      cell === null || cell === undefined
        ? ''
        : typeof cell === 'object'
          ? JSON.stringify(cell)
          : String(cell);
  }
  return cells;
}

// Reading files: quotes, pieces, broken rows and wrong encodings, and what the columns are for.
import { describe, expect, test } from 'vitest';
import { guess, importCommand, look, rolesProblem, toExample, type Roles } from '../src/base/roles';
import { fromFiles, fromZip, isImage } from '../src/base/image_files';
import { zipEntries, ZipProblem } from '../src/base/zip';
// @ts-expect-error A plain script without types.
import { zip } from '../../tests/browser/zip_writer.mjs';
import {
  CsvSplitter,
  FileProblem,
  formatOf,
  readRows,
  separatorOf,
  type FileFormat,
  type Row,
} from '../src/base/table_file';

async function rows(
  text: string | Uint8Array<ArrayBuffer>,
  format: FileFormat,
  gzip = false,
): Promise<Row[]> {
  const out: Row[] = [];
  for await (const row of readRows(new Blob([text]), format, gzip)) out.push(row);
  return out;
}
const split = (text: string, size: number) => {
  const splitter = new CsvSplitter(',');
  const out: string[][] = [];
  for (let i = 0; i < text.length; i += size) out.push(...splitter.feed(text.slice(i, i + size)));
  const last = splitter.end();
  if (last) out.push(last);
  return out;
};

describe('CSV', () => {
  const text = 'a,"b, ""c""",\r\n"line\nbreak",,é\n\nlast';
  const wanted = [['a', 'b, "c"', ''], ['line\nbreak', '', 'é'], ['last']];
  test('is read alike whole and in pieces of any size', () => {
    for (const size of [1, 2, 3, 5, 1000]) expect(split(text, size)).toEqual(wanted);
  });
  test('names its columns, numbers its rows, and reports long rows without stopping', async () => {
    expect(await rows('x,\n1,2\n3,4,5\n6', 'csv')).toEqual([
      { row: 1, cells: { x: '1', column_2: '2' } },
      { row: 2, problem: '3/2' },
      { row: 3, cells: { x: '6', column_2: '' } },
    ]);
  });
  test('finds semicolons and tabs, and drops a byte-order mark', async () => {
    expect(separatorOf('a;b;c\n1,5;2;3')).toBe(';');
    expect(await rows('\uFEFFa;b\n1;2\n', 'csv')).toEqual([{ row: 1, cells: { a: '1', b: '2' } }]);
  });
  test('with a quote that never closes says which row', async () => {
    expect((await rows('a\n1\n"open\n2\n', 'csv')).at(-1)).toEqual({ row: 2, problem: '"' });
  });
  test('without rows, or in another encoding, is refused in words', async () => {
    await expect(rows('a,b\n', 'csv')).rejects.toThrow(FileProblem);
    await expect(rows('', 'csv')).rejects.toMatchObject({ kind: 'empty' });
    await expect(rows(new Uint8Array([97, 10, 0xff, 0xfe, 10]), 'csv')).rejects.toMatchObject({
      kind: 'encoding',
    });
  });
});

describe('JSON', () => {
  test('lines keep their row numbers over blank and broken lines', async () => {
    expect(await rows('{"a":1,"b":null,"c":[1]}\n\n{oops\n[1]\n{"a":"x"}', 'jsonl')).toEqual([
      { row: 1, cells: { a: '1', b: '', c: '[1]' } },
      { row: 2, problem: 'JSON' },
      { row: 3, problem: '{}' },
      { row: 4, cells: { a: 'x' } },
    ]);
  });
  test('lists are read, anything else is refused', async () => {
    expect(await rows('[{"a":true}]', 'json')).toEqual([{ row: 1, cells: { a: 'true' } }]);
    await expect(rows('{"a":1}', 'json')).rejects.toMatchObject({ kind: 'notRows' });
    await expect(rows('[{]', 'json')).rejects.toMatchObject({ kind: 'json' });
  });
  test('gzipped files are unpacked, damaged ones refused', async () => {
    const stream = new Blob(['{"a":1}\n']).stream().pipeThrough(new CompressionStream('gzip'));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    expect(await rows(packed, 'jsonl', true)).toEqual([{ row: 1, cells: { a: '1' } }]);
    await expect(rows(packed.slice(0, 12), 'jsonl', true)).rejects.toMatchObject({ kind: 'gzip' });
  });
});

test('Formats go by name, and what this page cannot read is known as such', () => {
  expect(formatOf('a.b.CSV')).toEqual({ format: 'csv', gzip: false });
  expect(formatOf('x.ndjson.gz')).toEqual({ format: 'jsonl', gzip: true });
  expect(formatOf('x.parquet')).toBeNull();
  expect(formatOf('csv')).toBeNull();
});

describe('roles', () => {
  const column = (name: string, cell: (i: number) => string) =>
    look(
      name,
      Array.from({ length: 60 }, (_, i) => cell(i)),
    );
  test('of a set of messages are guessed', () => {
    const found = guess([
      column('id', (i) => `m-${i}`),
      column('split', (i) => (i % 5 ? 'train' : 'test')),
      column('label', (i) => (i % 3 ? 'ham' : 'spam')),
      column('text', (i) => `a rather long message with number ${i} in it`),
    ]);
    expect(found).toEqual({ id: 'id', split: 'split', label: 'label', text: 'text' });
  });
  test('of a table are its columns', () => {
    const found = guess([
      column('age', (i) => String(20 + i)),
      column('job', (i) => ['cook', 'smith'][i % 2] as string),
      column('hours', (i) => String(i * 3)),
      column('class', (i) => (i % 2 ? '>50K' : '<=50K')),
      column('note', () => ''),
    ]);
    expect(found).toEqual({
      age: 'column',
      job: 'column',
      hours: 'column',
      class: 'label',
      note: 'out',
    });
  });
  test('make an example, or say what is missing', () => {
    const roles: Roles = { t: 'text', l: 'label', n: 'meta', i: 'id' };
    expect(toExample({ t: 'hello', l: ' ham ', n: '5', i: '7' }, roles)).toEqual({
      text: 'hello',
      label: 'ham',
      meta: { n: '5' },
      external_id: '7',
    });
    expect(toExample({ t: '  ', l: 'ham' }, roles)).toEqual({ empty: 't' });
    expect(toExample({ a: '', b: '' }, { a: 'column', b: 'column' })).toEqual({ empty: null });
    expect(rolesProblem({ a: 'meta' })).toBe('needRead');
    expect(rolesProblem({ a: 'text', b: 'text' })).toBe('needOneText');
  });
  test('give the same command for the terminal, quoted where a shell needs it', () => {
    expect(importCommand("it's.csv", 'p', { 'my text': 'text', l: 'label' })).toBe(
      "querist import 'it'\\''s.csv' --project p --text 'my text' --label l --rejects rejected.csv",
    );
    expect(importCommand('a.csv', 'p', { a: 'column', b: 'column' })).toContain('--columns a,b');
  });
});

describe('images', () => {
  const found = (path: string) => ({ path, file: new File(['x'], path.split('/').at(-1) ?? path) });
  test('the folder an image lies in is its label, and train or test its split', () => {
    const { images, other } = fromFiles(
      ['pics/cat/2.png', 'pics/cat/1.jpg', 'pics/test/dog/3.PNG', 'pics/notes.txt'].map(found),
    );
    expect(images.map(({ path, label, split }) => [path, label, split])).toEqual([
      ['cat/1.jpg', 'cat', null],
      ['cat/2.png', 'cat', null],
      ['test/dog/3.PNG', 'dog', 'test'],
    ]);
    expect(other).toBe(1);
  });
  test('two folders side by side are two labels, one dropped folder or none is no label', () => {
    expect(fromFiles(['cat/1.png', 'dog/2.png'].map(found)).images.map((i) => i.label)).toEqual([
      'cat',
      'dog',
    ]);
    expect(fromFiles(['cat/1.png', 'cat/2.png'].map(found)).images[0]?.label).toBeNull();
    expect(fromFiles([found('1.png')]).images[0]).toMatchObject({ path: '1.png', label: null });
  });
  test('what a system hides beside them is left out', () => {
    expect(isImage('a/.hidden.png')).toBe(false);
    expect(isImage('__MACOSX/a.png')).toBe(false);
    expect(isImage('a/b.jpeg')).toBe(true);
  });
});

describe('zips', () => {
  const data = new TextEncoder().encode('picture '.repeat(625));
  const file = (bytes: Uint8Array) => new File([new Uint8Array(bytes)], 'a.zip');
  const packed: Uint8Array = zip([
    { path: 'top/a/1.png', data },
    { path: 'top/b/2.png', data },
    { path: 'top/readme', data },
  ]);
  test('stored and deflated entries come out as they went in', async () => {
    const { images, other } = await fromZip(file(packed));
    expect(images.map(({ path, label }) => [path, label])).toEqual([
      ['top/a/1.png', 'a'],
      ['top/b/2.png', 'b'],
    ]);
    expect(other).toBe(1);
    for (const image of images) expect(await image.bytes()).toEqual(data);
  });
  test('an entry that unpacks to more than allowed is refused', async () => {
    for (const entry of await zipEntries(file(packed), 4999))
      await expect(entry.bytes()).rejects.toThrow('too large');
  });
  test('a cut or flipped zip is a problem with a name, never a hang or a crash', async () => {
    for (let length = 0; length < packed.length; length += 7)
      await expect(fromZip(file(packed.subarray(0, length)))).rejects.toBeInstanceOf(ZipProblem);
    for (let at = 0; at < packed.length; at += 11) {
      const broken = new Uint8Array(packed);
      broken[at] = (broken[at] ?? 0) ^ 0x5a;
      try {
        for (const image of (await fromZip(file(broken))).images) await image.bytes();
      } catch (error) {
        expect(error).toBeInstanceOf(ZipProblem);
      }
    }
  });
});

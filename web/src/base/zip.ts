// Reads the files of a zip, one at a time, without unpacking the whole: stored and deflated entries, up to 4 GiB.

export interface ZipEntry {
  path: string;
  bytes: () => Promise<Uint8Array<ArrayBuffer>>;
}

export class ZipProblem extends Error {}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const END_BYTES = 22;
const MOST_COMMENT = 65_535;
const ZIP64 = 0xffffffff;

async function view(file: Blob, from: number, to: number): Promise<DataView> {
  return new DataView(await file.slice(from, to).arrayBuffer());
}

/** The entries as the directory at the file's end lists them. `most` bounds what one entry may unpack to. */
export async function zipEntries(file: Blob, most: number): Promise<ZipEntry[]> {
  const tail = await view(file, Math.max(0, file.size - END_BYTES - MOST_COMMENT), file.size);
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new ZipProblem('no directory');
  const size = tail.getUint32(end + 12, true);
  const start = tail.getUint32(end + 16, true);
  if (size === ZIP64 || start === ZIP64) throw new ZipProblem('zip64');
  if (start + size > file.size) throw new ZipProblem('damaged');
  const directory = await view(file, start, start + size);
  const decoder = new TextDecoder();
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.byteLength;) {
    if (directory.getUint32(at, true) !== CENTRAL) throw new ZipProblem('damaged');
    const [name, extra, comment] = [28, 30, 32].map((k) => directory.getUint16(at + k, true)) as [
      number,
      number,
      number,
    ];
    const flags = directory.getUint16(at + 8, true);
    const method = directory.getUint16(at + 10, true);
    const packed = directory.getUint32(at + 20, true);
    const offset = directory.getUint32(at + 42, true);
    if (at + 46 + name > directory.byteLength) throw new ZipProblem('damaged');
    const path = decoder.decode(new Uint8Array(directory.buffer, at + 46, name));
    if (!path.endsWith('/'))
      entries.push({ path, bytes: () => unpack(file, { flags, method, packed, offset }, most) });
    at += 46 + name + extra + comment;
  }
  return entries;
}

interface Place {
  flags: number;
  method: number;
  packed: number;
  offset: number;
}

async function unpack(
  file: Blob,
  { flags, method, packed, offset }: Place,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (flags & 1 || (method !== 0 && method !== 8) || packed === ZIP64)
    throw new ZipProblem('unknown packing');
  const head = await view(file, offset, offset + 30);
  if (head.byteLength < 30) throw new ZipProblem('damaged');
  const from = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const body = file.slice(from, from + packed);
  if (method === 0) {
    if (packed > most) throw new ZipProblem('too large');
    return new Uint8Array(await body.arrayBuffer());
  }
  return inflate(body, most);
}

async function inflate(body: Blob, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new ZipProblem('damaged');
    });
    if (done) break;
    size += value.byteLength;
    if (size > most) {
      await reader.cancel().catch(() => {});
      throw new ZipProblem('too large');
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

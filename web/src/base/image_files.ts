// Image files that were dropped or chosen, alone, in folders or in a zip: which they are and what their folders say.
import { zipEntries } from './zip';

export interface ImageFile {
  path: string; // Kept beside the example, and not shown to who labels it: it may name the answer.
  label: string | null;
  split: string | null;
  bytes: () => Promise<Uint8Array<ArrayBuffer>>;
}

export interface ImageSet {
  images: ImageFile[];
  other: number; // Files beside them that are no images.
}

export interface Found {
  path: string;
  file: File;
}

// A row may hold 16 MiB, and Base64 makes three bytes four.
export const MOST_IMAGE_BYTES = 12_000_000;

export const isImage = (path: string) =>
  /\.(jpe?g|png|pgm|ppm)$/i.test(path) && !/(^|\/)(\.|__MACOSX\/)/.test(path);
export const isZip = (path: string) => /\.zip$/i.test(path);

const SPLITS = /^(train|test|val|valid|validation)$/i;
const fileBytes = async (file: File) => new Uint8Array(await file.arrayBuffer());

/** Of one dropped folder the paths begin below it, as when the terminal is given that folder. */
export function fromFiles(found: Found[]): ImageSet {
  const tops = new Set(found.map(({ path }) => path.split('/').slice(0, -1)[0] ?? ''));
  const [top] = [...tops];
  const shared = tops.size === 1 && top ? top.length + 1 : 0;
  const images = found.filter(({ path }) => isImage(path));
  return named(
    images.map(({ path, file }) => ({ path: path.slice(shared), bytes: () => fileBytes(file) })),
    found.length - images.length,
  );
}

export async function fromZip(file: File): Promise<ImageSet> {
  const entries = await zipEntries(file, MOST_IMAGE_BYTES);
  const images = entries.filter(({ path }) => isImage(path));
  return named(images, entries.length - images.length);
}

/** The folder an image lies in is its label; one called train, test or the like is its split. The terminal's rule. */
function named(files: Pick<ImageFile, 'path' | 'bytes'>[], other: number): ImageSet {
  const images = files
    .map(({ path, bytes }) => {
      const folders = path.split('/').slice(0, -1);
      const last = folders.at(-1);
      return {
        path,
        label: last === undefined || SPLITS.test(last) ? null : last,
        split: folders.findLast((folder) => SPLITS.test(folder)) ?? null,
        bytes,
      };
    })
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { images, other };
}

/** Every file of a drop, also those in folders. The list must be read before the event is over. */
export async function dropped(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory))
    return files.map((file) => ({ path: file.name, file }));
  const found: Found[] = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: Found[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) =>
      (entry as FileSystemFileEntry).file(done, fail),
    );
    found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A folder is listed a hundred at a time, until nothing comes.
    const some = await new Promise<FileSystemEntry[]>((done, fail) =>
      reader.readEntries(done, fail),
    );
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

/** The type by the first bytes, for the data: URL; what it is not known by is left to the server to refuse. */
export function imageType(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'image/jpeg';
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return 'image/png';
  return bytes[0] === 0x50 && bytes[1] === 0x36
    ? 'image/x-portable-pixmap'
    : 'image/x-portable-graymap';
}

export function dataUrl(bytes: Uint8Array): string {
  const STEP = 0x8000;
  let text = '';
  for (let i = 0; i < bytes.length; i += STEP)
    text += String.fromCharCode(...bytes.subarray(i, i + STEP));
  return `data:${imageType(bytes)};base64,${btoa(text)}`;
}

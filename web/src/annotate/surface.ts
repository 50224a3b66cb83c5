// The surfaces: one file each, named by the kind of example it shows. Dropping a file in is all it takes.
import type { Component } from 'svelte';
import type { Example, Project } from '../api/types';
import { cellsOf } from './columns';
import type { Held } from './sitting';

export type Surface = Component<{ item: Held; project: Project }>;

const files = import.meta.glob<{ default: Surface }>('./surfaces/*.svelte', { eager: true });
const surfaces = Object.fromEntries(
  Object.entries(files).map(([path, file]) => [
    /([^/]+)\.svelte$/.exec(path)?.[1] ?? path,
    file.default,
  ]),
);

export function kindOf(example: Example): string {
  if (example.image_url !== undefined) return 'image';
  if (example.columns !== undefined) return 'columns';
  return example.text !== undefined ? 'text' : 'embedding';
}

export function surfaceOf(kind: string): Surface {
  return surfaces[kind] ?? (surfaces.embedding as Surface);
}

/** One line that stands for an example in lists and announcements. */
export function titleOf(example: Example, names: string[] = []): string {
  if (example.text !== undefined) return example.text;
  if (example.columns) {
    return cellsOf(example, names)
      .slice(0, 3)
      .map(([name, value]) => `${name} ${value ?? ''}`)
      .join(', ');
  }
  return String(example.external_id ?? example.id);
}

// One sitting's memory: what is held, what was answered, and how fast, as kept over a reload.
import type { Id, Lease, SkipReason } from '../api/types';

export type Held = Omit<Lease, 'lease_id'> & { lease_id: Id | null };

export interface Past {
  item: Held;
  value: string | null;
  skip: SkipReason | null;
  seq: number | null;
  annotation_id: Id | null;
}

export interface Kept {
  items: Held[];
  history: Past[];
  seconds: number[];
  answered: number;
  worked: number;
}

/** What the browser kept may be of another age; it is looked at before it is believed. */
export const isKept = (value: unknown): value is Kept =>
  typeof value === 'object' &&
  value !== null &&
  Array.isArray((value as Kept).items) &&
  Array.isArray((value as Kept).history) &&
  Array.isArray((value as Kept).seconds);

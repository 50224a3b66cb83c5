// The JSON of the API as the page reads it; names are the API's own.
export type * from './progress_types';

export type Id = string | number;
export type SettingValue = string | number | boolean;

export interface List<T> {
  items: T[];
  next: string | null;
}

export interface User {
  name: string;
  role: string;
}

export interface Server {
  version: string;
  build: string;
  one_person_mode: boolean;
  user: User | null;
  uptime_seconds: number;
}

export interface Param {
  name: string;
  type: 'number' | 'integer' | 'flag' | 'text' | 'choice';
  fallback: SettingValue;
  min: number | null;
  max: number | null;
  choices: string[];
  help: string;
}

export interface Card {
  name: string;
  summary: string;
  source?: string;
  params: Param[];
  // Of strategies: where lists put it, what it predicts for, the signals it reads.
  family?: string;
  task?: 'any' | 'classification' | 'multi_label' | 'regression';
  needs?: string[];
  // Of learners: the signals that their models give.
  gives?: string[];
}

export interface Plugins {
  strategies: Card[];
  streams: Card[];
  learners: Card[];
  featurizers: Card[];
  formats: Card[];
  calibrators: Card[];
  stopping: Card[];
}

export type ColumnType = 'number' | 'category' | 'date' | 'text';

export interface Project {
  name: string;
  task: string;
  classes: string[];
  settings: Record<string, SettingValue>;
  changed_settings: string[];
  payload: 'text' | 'columns' | 'image' | 'embedding' | null;
  columns: { name: string; type: ColumnType }[];
  counts: Counts;
  created_at: string;
}

export interface Counts {
  examples: number;
  labeled: number;
  unlabeled: number;
  leased: number;
  skipped: number;
  audit: number;
}

export type State = 'unlabeled' | 'leased' | 'labeled' | 'skipped';

export interface Guess {
  label: string;
  confidence: number;
}

export interface Example {
  id: Id;
  external_id: string | null;
  text?: string;
  columns?: Record<string, string | number | null>;
  image_url?: string;
  embedding?: null;
  state: State;
  label: string | null;
  group: string | null;
  time: string | null;
  split: string | null;
  meta: Record<string, unknown> | null;
  prediction: Guess | null;
  audit: boolean | null;
}

export interface Lease {
  lease_id: Id;
  example: Example;
  selection_id: Id | null;
  expires_at: string;
  suggestion: Guess | null;
  suggestion_shown: boolean;
}

export interface Leases {
  items: Lease[];
  reason: string | null;
  remaining: number;
}

export const skipReasons = ['unclear', 'not_in_classes', 'broken', 'sensitive', 'other'] as const;
export type SkipReason = (typeof skipReasons)[number];

export interface NewAnnotation {
  example_id: Id;
  lease_id?: Id;
  value?: string;
  skip_reason?: SkipReason;
  seconds?: number;
  suggestion_shown?: boolean;
  comment?: string;
  flag?: boolean;
}

export interface Annotation {
  id: Id;
  example_id: Id;
  value: string | null;
  skip_reason?: SkipReason | null;
  annotator: string;
  created_at: string;
  seconds: number | null;
  suggestion_shown: boolean;
  comment: string | null;
  flag: boolean;
  undone: boolean;
  why: { strategy: string; utility: number | null; audit: boolean } | null;
}

export interface Job {
  id: Id;
  kind: string;
  project?: string | null;
  state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  progress: { done: number; total: number; unit: string } | null;
  error: string | null;
  created_at: string;
  finished_at: string | null;
}

export interface NewExample {
  external_id?: string;
  text?: string;
  image_url?: string;
  columns?: Record<string, string>;
  label?: string;
  group?: string;
  time?: string;
  split?: string;
  meta?: Record<string, string>;
}

export interface ImportResult {
  accepted: number;
  duplicates: number;
  rejected: { row: number; reason: string }[];
  rejected_count: number;
}

export interface Change {
  sequence: number;
  kind: string;
  project: string | null;
}

// The JSON of what is known about a project's models: estimates with ranges, the curve, advice, versions.
import type { GroupColumn, Guard, SemiSupervised } from './evaluation_types';
import type { Counts, Id, SettingValue } from './types';

export interface Measure {
  value: number;
  ci_low: number | null;
  ci_high: number | null;
  method?: string;
}

export interface ClassMeasure {
  class: string;
  support: number;
  recall: Measure | null;
  precision: Measure | null;
}

export interface Bin {
  low: number;
  high: number;
  count: number;
  confidence: number;
  accuracy: number;
  ci_low: number | null;
  ci_high: number | null;
}

export interface Metrics {
  model_version?: number;
  audit_labels: number;
  accuracy: Measure | null;
  balanced_accuracy: Measure | null;
  log_loss: number | null;
  ece: Measure | null;
  confusion: number[][] | null;
  per_class: ClassMeasure[];
  reliability: Bin[];
  calibration?: { name: string; labels: number; ece_before: Measure; log_loss_before: number };
  /** What training against typing mistakes or moved features changed. */
  hardening?: { attack: string; sentence: string }[];
}

export interface CurvePoint {
  labels: number;
  model_version: number;
  audit_labels: number;
  accuracy: number | null;
  ci_low: number | null;
  ci_high: number | null;
  balanced_accuracy: number | null;
  created_at: string;
}

export interface Stop {
  advice: string;
  sentence: string;
  evidence: { name: string; met: boolean | null; sentence: string }[];
  /** How many more labels the target takes; law is null while there is no curve. */
  target?: { sentence: string; law: string | null } | null;
  /** What the next labels are expected to gain by the audited curve; null while there is none. */
  forecast?: { labels: number; gain: Measure } | null;
  kappa?: number;
  dial?: { kappa: number; loss: number; worst_loss: number; labels: number }[];
}

export interface Cost {
  median_seconds: number | null;
  low_quartile: number | null;
  high_quartile: number | null;
  total_seconds: number;
  total_cost: number | null;
}

export interface Cycle {
  id: Id;
  state: 'training' | 'scoring' | 'selecting' | 'awaiting_labels' | 'finished';
  model_version: number | null;
  selection: Selection | null;
  created_at: string;
  finished_at: string | null;
}

export interface Selection {
  id: Id;
  strategy: string;
  pool_size: number;
  items: { example_id: Id; utility: number | null; propensity: number | null; audit: boolean; relabel: boolean }[];
}

export interface Slice {
  conditions: { column: string; value: string }[];
  rows: number;
  loss: number;
  rest_loss: number;
  difference: Measure;
  q_value: number;
  found: boolean;
}

export interface Slices {
  audit_labels: number;
  support: number;
  tested: number;
  items: Slice[];
}

/** An end that is null is open: the value is then at least, or at most, the other end. */
export interface LabelsSaved extends Measure {
  labels?: number;
  random_labels?: number;
  beyond?: boolean;
  sentence?: string;
  back_test?: { held: boolean; sentence: string } | null;
}

export interface Progress {
  project: string;
  classes: string[];
  counts: Counts;
  class_counts: { class: string; labels: number }[];
  curve: CurvePoint[];
  metrics: Metrics | null;
  metrics_reason?: string | null;
  /** What the audit tells about once most of the pool is labelled. */
  audit_note?: string | null;
  slices?: Slices | null;
  groups?: GroupColumn[] | null;
  stop: Stop | null;
  labels_saved: number | LabelsSaved | null;
  labels_saved_reason?: string | null;
  guard?: Guard;
  /** Null unless the learner is `auto`. */
  learner_choice?: { learner: string; sentence: string } | null;
  cost: Cost | null;
  cycle: Cycle | null;
  model: { version: number; alias: string[]; semi_supervised?: SemiSupervised | null } | null;
}

export interface Calibration {
  name: string;
  labels: number;
  temperature?: number;
}

export interface Gate {
  passed: boolean;
  against: number | null;
  difference: number | null;
  ci_low: number | null;
  ci_high: number | null;
  p_value: number | null;
  audit_labels: number;
  sentence: string;
}

export interface ModelVersion {
  version: number;
  learner: string;
  params: Record<string, SettingValue>;
  featurizer: string;
  featurizer_version: Id;
  labels: number;
  label_hash: string;
  through_event: number;
  calibration: Calibration | null;
  metrics: Metrics | null;
  aliases: string[];
  created_at: string;
  seconds: number;
  build: string;
  gate: Gate | null;
}

export interface AliasChange {
  alias: string;
  version: number | null;
  previous: number | null;
  action: 'promote' | 'rollback' | 'automatic';
  reason: string | null;
  actor: string;
  created_at: string;
}

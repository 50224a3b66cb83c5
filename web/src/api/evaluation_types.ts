// The JSON of what an evaluation looks into when asked: groups, leakage, robustness, foreign rows; and of pseudo-labels and the guard.
import type { Measure } from './progress_types';

export interface GroupGap {
  metric:
    | 'accuracy'
    | 'selection_rate'
    | 'true_positive_rate'
    | 'false_positive_rate'
    | 'calibration_gap';
  class: string | null;
  difference: Measure | null;
  highest: string | null;
  lowest: string | null;
  q_value: number | null;
  found: boolean;
  groups: { group: string; rows: number; rate: Measure | null }[];
}

export interface GroupColumn {
  column: string;
  audit_labels: number;
  support: number;
  sentence: string;
  gaps: GroupGap[];
}

export interface GroupRound {
  model_version: number;
  labels: number;
  columns: {
    column: string;
    gaps: { metric: string; class: string | null; difference: Measure | null }[];
  }[];
}

export interface Leakage {
  train_rows: number;
  test_rows: number;
  sentence: string;
  findings: {
    check: string;
    severity: 'high' | 'medium' | 'low';
    count: number;
    of: number;
    sentence: string;
  }[];
  checks: { check: string; state: 'found' | 'clean' | 'skipped'; reason: string | null }[];
}

export interface SeverityPoint {
  severity: number;
  amount: number;
  accuracy: Measure;
  ece: Measure;
}

export interface Robustness {
  model_version: number;
  audit_labels: number;
  perturbations: { name: string; summary: string; unit: string; curve: SeverityPoint[] }[];
  reason?: string;
}

export interface Foreign {
  model_version: number;
  labels: number;
  detector: string;
  flagged_share: number;
  sentence: string;
  candidates: { name: string; auroc: Measure | null; reason?: string }[];
  class_folds: number;
}

export interface Evaluation {
  model_version?: number | null;
  audit_labels?: number;
  reason?: string;
  groups?: GroupColumn[] | null;
  rounds?: GroupRound[];
  leakage?: Leakage | null;
  robustness?: Robustness;
  out_of_distribution?: Foreign;
}

export interface SemiSupervised {
  setting: string;
  looked_at: number;
  judged_by: 'out_of_fold' | 'audit' | null;
  judged_labels: number;
  candidates: { method: string; error: number; gain: number; standard_error: number }[];
  method: string | null;
  pseudo_labels: number;
  hazards: { name: string; seen: boolean | null; sentence: string }[];
  forced: boolean;
  rolled_back: boolean;
  sentence: string;
}

export interface Guard {
  watched: boolean;
  raised: boolean;
  random_share?: number;
  judged?: number;
  only_random?: number;
  only_chosen?: number;
  sentence: string;
}

/** Two versions on the same audit examples; the difference is this version's less the other's. */
export interface Comparison {
  version: number;
  against: number;
  audit_labels: number;
  accuracy: Measure;
  against_accuracy: Measure;
  difference: Measure;
  p_value: number;
  test: string;
  log_loss_difference: Measure;
  sentence: string;
}

// Settings as a form: which group a row belongs to, what may be chosen, and what is wrong with a value.
import type { Param, Plugins, SettingValue } from '../../api/types';
import { strings } from '../../strings';

export type Group = 'choosing' | 'learning' | 'labelling' | 'target' | 'other';
export const groups: Group[] = ['choosing', 'learning', 'labelling', 'target', 'other'];

// A row nobody placed here still appears, under "other": the server's rows decide what there is.
const PLACES: Record<string, Group> = {
  strategy: 'choosing',
  batch_size: 'choosing',
  audit_share: 'choosing',
  overlap: 'choosing',
  consensus: 'labelling',
  relabel: 'choosing',
  ssl: 'learning',
  seed: 'choosing',
  learner: 'learning',
  featurizer: 'learning',
  class_weight: 'learning',
  calibration: 'learning',
  decision_metric: 'learning',
  suggestions: 'labelling',
  guideline: 'labelling',
  question: 'labelling',
  lease_seconds: 'labelling',
  target_metric: 'target',
  target: 'target',
  target_recall: 'target',
  budget: 'target',
  stopping_kappa: 'target',
  seconds_per_label: 'target',
  cost_per_hour: 'target',
  value_per_point: 'target',
};

export const groupOf = (param: Param): Group => PLACES[param.name] ?? 'other';

export interface Choice {
  value: string;
  summary: string;
}

/** What may be chosen: the row's own choices, or the plug-ins of the kind it names. */
export function choicesOf(param: Param, plugins: Plugins | null): Choice[] | null {
  if (param.choices.length) return param.choices.map((value) => ({ value, summary: '' }));
  const cards = {
    strategy: plugins?.strategies,
    learner: plugins?.learners,
    featurizer: plugins?.featurizers,
    calibration: plugins?.calibrators,
  }[param.name];
  if (!cards) return null;
  const list = cards.map((card) => ({ value: card.name, summary: card.summary }));
  // The one learner that is no plug-in: it stands for whichever of them loses least.
  if (param.name === 'learner')
    list.push({ value: 'auto', summary: strings.settings.autoLearner });
  // A fallback that is no plug-in stands for "chosen by rule".
  const named = list.some(({ value }) => value === param.fallback);
  return named ? list : [{ value: String(param.fallback), summary: '' }, ...list];
}

export function isNumeric(param: Param): boolean {
  return param.type === 'number' || param.type === 'integer';
}

/** A slider only where both ends are near enough for a hand to hit a value. */
export function slides(param: Param): boolean {
  return (
    isNumeric(param) &&
    param.min !== null &&
    param.max !== null &&
    (param.type === 'integer' ? param.max - param.min <= 1000 : param.max - param.min <= 10)
  );
}

export function stepOf(param: Param): number | 'any' {
  if (param.type === 'integer') return 1;
  return param.min !== null && param.max !== null && param.max - param.min <= 1 ? 0.01 : 'any';
}

export function problemOf(param: Param, value: SettingValue): string | null {
  if (!isNumeric(param)) return null;
  const words = strings.settings;
  if (typeof value !== 'number' || !Number.isFinite(value)) return words.aNumber;
  if (param.type === 'integer' && !Number.isInteger(value)) return words.whole;
  if (param.min !== null && value < param.min) return words.tooLow(numberText(param.min));
  if (param.max !== null && value > param.max) return words.tooHigh(numberText(param.max));
  return null;
}

export function numberText(value: number): string {
  return new Intl.NumberFormat('en', { maximumFractionDigits: 6 }).format(value);
}

export function valueText(value: SettingValue): string {
  if (typeof value === 'boolean') return value ? strings.settings.on : strings.settings.off;
  if (typeof value === 'number') return numberText(value);
  return value === '' ? strings.settings.none : value;
}

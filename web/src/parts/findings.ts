// What the numbers say, as a person would say it aloud: headings are findings, and "not known yet" is one.
import type { Bin, ClassMeasure, CurvePoint, Gate, LabelsSaved, Measure, Metrics, Progress, SettingValue, Slice, Slices, Stop } from '../api/types';
import {
  count,
  difference,
  estimate,
  of100,
  percent,
  points,
  range100,
  rangeTowards,
  targetText,
  towards,
} from '../base/format';
import { strings } from '../strings';

export interface Answer {
  lead: string;
  value: string | null;
  range: string | null;
  target: string;
  stop: boolean;
}

export function targetOf(settings: Record<string, SettingValue>): number {
  const value = settings.target;
  return typeof value === 'number' && value > 0 ? value : 0;
}

/** The estimate the project's target is about. */
export function measureOf(
  metrics: Metrics | null,
  settings: Record<string, SettingValue>,
): Measure | null {
  if (!metrics) return null;
  return settings.target_metric === 'balanced_accuracy'
    ? metrics.balanced_accuracy
    : metrics.accuracy;
}

export function answer(progress: Progress, settings: Record<string, SettingValue>): Answer {
  const measure = measureOf(progress.metrics, settings);
  const words = strings.overview;
  const lead = settings.target_metric === 'balanced_accuracy' ? words.balanced : words.right;
  if (!measure) return { lead, value: null, range: null, target: '', stop: false };
  const target = targetOf(settings);
  return {
    lead,
    value: towards(measure.value, target),
    range: rangeTowards(measure, target),
    target: targetSentence(measure, target),
    stop: progress.stop?.advice === 'stop',
  };
}

export function targetSentence(measure: Measure, target: number): string {
  if (!target) return '';
  const words = strings.overview;
  const text = targetText(target);
  if (measure.ci_low !== null && measure.ci_low >= target) return words.targetSurely(text);
  return measure.value >= target ? words.targetLikely(text) : words.targetNot(text);
}

export function saved(progress: Progress): LabelsSaved | null {
  const value = progress.labels_saved;
  if (value === null || value === undefined) return null;
  return typeof value === 'number' ? { value, ci_low: null, ci_high: null } : value;
}

export interface SavedFact {
  value: string;
  detail: string;
  backTest: string | null;
}

/** What choosing saved or cost; neither, where the range holds both. The server's sentence words it so too. */
export function savedFact(progress: Progress): SavedFact | null {
  const share = saved(progress);
  if (!share) return null;
  const words = strings.overview.facts;
  const { value, ci_low: low, ci_high: high } = share;
  const labels = share.labels ?? null;
  const backTest = share.back_test ? words.savedBackTest(share.back_test.sentence) : null;
  const amount = (n: number) => words.savedShare(percent(Math.abs(n)), n < 0);
  if (high !== null && high < 0) {
    const range = low === null ? null : range100({ value: -value, ci_low: -high, ci_high: -low });
    const by = words.savedMoreBy(amount(low === null ? high : value), low === null, range, labels);
    return { value: words.savedMore, detail: by, backTest };
  }
  const bounded = low !== null || high !== null;
  if (bounded && (low === null || low <= 0)) {
    const between = words.savedBetween(
      low === null ? words.savedFar(true) : amount(low),
      high === null ? words.savedFar(false) : amount(high),
      share.beyond ? words.savedFar(value < 0) : amount(value),
      labels,
    );
    return { value: words.savedUntold, detail: between, backTest };
  }
  const least = bounded && high === null;
  return {
    value: words.savedValue(amount(least ? (low as number) : value), least ? words.least : ''),
    detail: words.savedRange(range100(share), labels),
    backTest,
  };
}

/** What a rule found, before its sentence; of the curve's gain, how much it is. */
export function evidenceTitle(
  { name, met }: { name: string; met: boolean | null },
  stop: Stop | null,
): string {
  const words = strings.overview.advice;
  const gain = stop?.forecast?.gain.value;
  if (name === 'no_gain' && met === false && gain !== undefined)
    return words.gain(String(Math.round(gain * 1e4) / 100 + 0));
  return words.evidence[name]?.[met === null ? 2 : met ? 0 : 1] ?? name.replaceAll('_', ' ');
}

/** Labels a point cost: those it learned from and those it was audited on. */
export function spent(point: CurvePoint): number {
  return point.labels + point.audit_labels;
}

export function curveFinding(progress: Progress): string {
  const words = strings.overview.curve;
  const share = saved(progress);
  if (share && share.ci_low !== null && share.ci_low > 0) {
    return share.ci_high === null
      ? words.savedLeast(percent(share.ci_low))
      : words.saved(percent(share.value), range100(share));
  }
  const known = progress.curve.filter((p) => p.accuracy !== null);
  const first = known[0];
  const last = known.at(-1);
  if (!first || !last) return words.none;
  const say = (p: typeof first) =>
    estimate({ value: p.accuracy as number, ci_low: p.ci_low, ci_high: p.ci_high });
  return known.length === 1
    ? words.one(say(last))
    : words.moved(say(first), spent(first), say(last));
}

export function weakest(metrics: Metrics | null): ClassMeasure | null {
  const known = metrics?.per_class.filter((c) => c.recall !== null && c.support > 0) ?? [];
  return known.reduce<ClassMeasure | null>(
    (worst, c) =>
      !worst || (c.recall as Measure).value < (worst.recall as Measure).value ? c : worst,
    null,
  );
}

export function classFinding(metrics: Metrics | null): string {
  const worst = weakest(metrics);
  const words = strings.overview.classes;
  if (worst?.recall?.value === 1) return words.clean;
  return worst?.recall
    ? words.weakest(worst.class, of100(worst.recall.value), range100(worst.recall))
    : words.none;
}

const fewestToTell = 10; // Fewer examples in a bin say next to nothing of how often it is right.

/** The bin that most examples fall in, but the top one, whose confidence says little, only where no other has enough. */
export function tellingBin(bins: Bin[]): Bin | null {
  const known = bins.filter((bin) => bin.count >= fewestToTell);
  const below = known.filter((bin) => bin.high < 1 - 1e-9);
  return (below.length ? below : known).reduce<Bin | null>(
    (most, bin) => (!most || bin.count > most.count ? bin : most),
    null,
  );
}

export function calibrationFinding(metrics: Metrics | null): string {
  const bin = metrics ? tellingBin(metrics.reliability) : null;
  const words = strings.overview.calibration;
  if (!bin) return words.none;
  const right = { value: bin.accuracy, ci_low: bin.ci_low, ci_high: bin.ci_high };
  return words.title(percent(bin.confidence), of100(right.value), range100(right));
}

export function sliceName(slice: Slice): string {
  const words = strings.overview.slices;
  return slice.conditions.map((c) => c.column + words.is + c.value).join(words.and);
}

export function sliceFinding(slices: Slices): string {
  const words = strings.overview.slices;
  const worst = slices.items.find((item) => item.found);
  if (worst) return words.worst(sliceName(worst), of100(worst.loss), of100(worst.rest_loss));
  return slices.tested ? words.none(slices.tested) : words.unknown;
}

export interface Sureness {
  words: string;
  detail: string;
}

export function sureness(metrics: Metrics | null): Sureness | null {
  if (!metrics?.ece) return null;
  const words = strings.overview.facts;
  const total = metrics.reliability.reduce((sum, bin) => sum + bin.count, 0);
  const lean =
    metrics.reliability.reduce((sum, bin) => sum + bin.count * (bin.confidence - bin.accuracy), 0) /
    (total || 1);
  const size = Math.abs(lean);
  const said =
    size < 0.02
      ? words.right
      : lean < 0
        ? size < 0.1
          ? words.modest
          : words.veryModest
        : size < 0.1
          ? words.bold
          : words.veryBold;
  return {
    words: said,
    detail: words.sureOff(points(metrics.ece.value, 0).replace('+', ''), range100(metrics.ece)),
  };
}

export interface Mixup {
  from: string;
  to: string;
  times: number;
}

export function worstMixup(classes: string[], confusion: number[][]): Mixup | null {
  let worst: Mixup | null = null;
  confusion.forEach((row, i) =>
    row.forEach((times, j) => {
      if (i !== j && times > (worst?.times ?? 0))
        worst = { from: classes[i] ?? '', to: classes[j] ?? '', times };
    }),
  );
  return worst;
}

/** Why nothing is known of a model yet, as the end of a sentence; the server's reason where it says more. */
export function unknownReason(progress: Progress): string {
  if (!progress.counts.examples) return strings.projects.noData;
  if (!progress.curve.length) return strings.projects.noModel;
  return progress.metrics_reason ?? '';
}

/** What a project wants next, for the list of projects. */
export function nextStep(progress: Progress): string {
  const words = strings.projects;
  if (!progress.counts.examples) return words.addFirst;
  if (progress.stop?.advice === 'stop') return words.stop;
  if (progress.cycle?.state === 'training') return words.training;
  if (!progress.counts.labeled) return words.labelFirst;
  if (progress.stop?.advice === 'continue' || !progress.stop?.sentence) return words.goOn;
  return progress.stop.sentence.replace(/\.$/, '');
}

export function kindOf(payload: string | null, classes: string[]): string {
  const words = strings.nav;
  if (!payload) return words.empty;
  return words.kind(words.kinds[payload as keyof typeof words.kinds] ?? payload, classes.length);
}

/** Why a version may answer, aloud: how much better it is, with the range, and whether that may be chance. */
export function gateSentence(gate: Gate | null): string {
  const words = strings.models;
  if (!gate || gate.against === null || gate.difference === null) return gate?.sentence ?? '';
  const { difference: by, ci_low, ci_high } = gate;
  const sure = ci_low !== null && ci_high !== null && (ci_low > 0 || ci_high < 0);
  const range = /\(.*\)/.exec(difference(by, ci_low, ci_high))?.[0];
  const size = points(Math.abs(by)).replace('+', '');
  return words.gateSays(gate.against, size, by, range ? ` ${range}` : '', sure);
}

export function countText(n: number | null | undefined): string {
  return n === null || n === undefined ? strings.notKnown : count(n);
}

// What a closer look found, in a sentence: groups, leaks, worse data, foreign examples, pseudo-labels, the guard, calibration.
import type {
  Foreign,
  GroupColumn,
  GroupGap,
  GroupRound,
  Guard,
  Leakage,
  Robustness,
  SemiSupervised,
} from '../api/evaluation_types';
import type { Measure, Metrics } from '../api/types';
import { estimate, of100, points } from '../base/format';
import { strings } from '../strings';

const words = strings.deeper;

/** A size in points with its range and no sign: "12.3 (4.0 to 20.1)". */
export function gapSize(difference: Measure): string {
  const bare = (share: number) => points(share).replace('+', '');
  const { value, ci_low, ci_high } = difference;
  return ci_low === null || ci_high === null
    ? bare(value)
    : `${bare(value)} (${bare(ci_low)} to ${bare(ci_high)})`;
}

export function gapName(gap: { metric: string; class: string | null }): string {
  return words.groups.metrics[gap.metric]?.(gap.class ?? '') ?? gap.metric.replaceAll('_', ' ');
}

export function worstGap(columns: GroupColumn[]): { column: string; gap: GroupGap } | null {
  let worst: { column: string; gap: GroupGap } | null = null;
  for (const { column, gaps } of columns) {
    for (const gap of gaps) {
      if (!gap.found || !gap.difference) continue;
      if (gap.difference.value > (worst?.gap.difference?.value ?? 0)) worst = { column, gap };
    }
  }
  return worst;
}

export function groupFinding(columns: GroupColumn[] | null | undefined, named: boolean): string {
  if (!named) return words.groups.none;
  const known = columns?.filter((one) => one.gaps.some((gap) => gap.difference)) ?? [];
  if (!known.length) return words.groups.unknown;
  const worst = worstGap(known);
  if (!worst?.gap.difference) return words.groups.alike(known.length);
  return words.groups.worst(gapName(worst.gap), worst.column, gapSize(worst.gap.difference));
}

export interface RoundPoint {
  x: number;
  value: number;
  low: number | null;
  high: number | null;
}

/** One gap round by round; rounds that could not know it are left out. */
export function gapRounds(
  rounds: GroupRound[],
  column: string,
  gap: { metric: string; class: string | null },
): RoundPoint[] {
  return rounds.flatMap((round) => {
    const found = round.columns
      .find((one) => one.column === column)
      ?.gaps.find((one) => one.metric === gap.metric && one.class === gap.class)?.difference;
    return found
      ? [{ x: round.labels, value: found.value, low: found.ci_low, high: found.ci_high }]
      : [];
  });
}

export function leakFinding(leakage: Leakage | null): string {
  if (!leakage) return words.leakage.unknown;
  return leakage.findings.length
    ? words.leakage.found(leakage.findings.length)
    : words.leakage.clean(leakage.checks.filter((one) => one.state === 'clean').length);
}

/** A plug-in's name as words, its first letter large where it begins a sentence. */
export function spoken(name: string, begins = false): string {
  const text = name.replaceAll('_', ' ');
  return begins ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

export function robustnessFinding(found: Robustness | null): string {
  if (!found?.perturbations.length) return words.robustness.unknown;
  let worst = { name: '', from: 0, to: 0, severity: 0 };
  for (const { name, curve } of found.perturbations) {
    const [first, ...rest] = curve;
    for (const point of rest) {
      if (first && first.accuracy.value - point.accuracy.value > worst.from - worst.to)
        worst = {
          name,
          from: first.accuracy.value,
          to: point.accuracy.value,
          severity: point.severity,
        };
    }
  }
  if (worst.from - worst.to <= 0.01) return words.robustness.steady;
  return words.robustness.worst(
    spoken(worst.name),
    of100(worst.from),
    of100(worst.to),
    String(worst.severity),
  );
}

export function foreignFinding(found: Foreign | null): string {
  if (!found) return words.foreign.unknown;
  const chosen = found.candidates.find((one) => one.name === found.detector)?.auroc;
  return chosen
    ? words.foreign.told(spoken(found.detector), estimate(chosen))
    : words.foreign.untested(spoken(found.detector));
}

/** "self_training(share=0.9, rounds=5)" as "self training". */
export const methodName = (expression: string) => spoken(expression.replace(/\(.*$/, ''));
/** … and its settings, "share=0.9, rounds=5". */
export const methodSettings = (expression: string) => /\((.*)\)$/.exec(expression)?.[1] ?? '';

export function pseudoFinding(found: SemiSupervised | null | undefined): string {
  if (!found) return words.pseudo.off;
  if (found.rolled_back && found.method) return words.pseudo.back(methodName(found.method));
  if (found.method) return words.pseudo.used(found.pseudo_labels, methodName(found.method));
  return found.candidates.length > 1 ? words.pseudo.none : words.pseudo.nothing;
}

export function guardFinding(guard: Guard | undefined): string {
  if (!guard?.watched) return words.guard.unwatched;
  if (guard.raised) return words.guard.raised;
  return guard.judged ? words.guard.quiet : words.guard.unknown;
}

export function mendedFinding(metrics: Metrics | null): string {
  const calibration = metrics?.calibration;
  if (!metrics?.ece || !calibration) return words.calibration.unknown;
  if (calibration.name === 'none') return words.calibration.none;
  const bare = (measure: Measure) => points(measure.value).replace('+', '');
  return words.calibration.mended(
    spoken(calibration.name),
    bare(calibration.ece_before),
    bare(metrics.ece),
  );
}

"""The tables of the study of `auto`: areas, ranks, Holm-corrected tests, sets where it is below random."""
import gzip
import json
import pathlib
import sys
import types

import numpy as np
from scipy import stats

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import machine  # noqa: E402
from study_sets import plan_of  # noqa: E402

ROPE = 0.002  # A mean difference below it is no difference.
LEAST_SEEDS = 3
SILENT, SILENT_LAST = 0.001, 0.505  # No strategy farther from random, none ends above: a set that tells nothing.


def area(labels, values, logarithm=False):
    x = np.log(labels) if logarithm else np.asarray(labels, float)
    return float(np.trapezoid(values, x) / (x[-1] - x[0]))


def holm(p_values):
    """Holm's (1979) step-down correction."""
    p = np.asarray(p_values, float)
    corrected, running = np.empty(len(p)), 0.0
    for rank, at in enumerate(np.argsort(p, kind="stable")):
        running = max(running, min(1.0, (len(p) - rank) * p[at]))
        corrected[at] = running
    return corrected


def wilcoxon(differences):
    differences = np.asarray(differences)
    return 1.0 if len(differences) < LEAST_SEEDS or not differences.any() else float(stats.wilcoxon(differences).pvalue)


class Cell:
    """One set in one window: per strategy the seeds' figures, and the paired differences from random."""

    def __init__(self, results, window, strategies):
        self.name, self.development, self.representation = results["set"], results["development"], results["representation"]
        metric = "balanced_accuracy" if results["imbalanced"] else "accuracy"
        self.balanced = results["imbalanced"]
        self.possible = plan_of(types.SimpleNamespace(classes=results["classes"], pool=results["pool"]), window) is not None
        runs = results["runs"].get(window, {})
        seeds = set.intersection(*(set(runs.get(name, {})) for name in strategies)) if runs else set()
        self.seeds = sorted(seeds, key=int)
        self.areas = {name: np.array([area(runs[name][s]["labels"], runs[name][s][metric]) for s in self.seeds]) for name in strategies}
        self.log_areas = {name: np.array([area(runs[name][s]["labels"], runs[name][s][metric], True) for s in self.seeds])
                          for name in strategies}
        self.finals = {name: np.array([runs[name][s][metric][-1] for s in self.seeds]) for name in strategies}
        self.labels = runs[strategies[0]][self.seeds[0]]["labels"] if self.seeds else []

    def difference(self, name, other="random"):
        return self.areas[name] - self.areas[other]

    def silent(self):
        """Balanced accuracy that no strategy gets off one half: nobody's choice can show here."""
        return self.balanced and all(last.mean() < SILENT_LAST for last in self.finals.values()) and all(abs(self.difference(name).mean()) < SILENT for name in self.areas)


def read_cells(folder, window, strategies, every=False):
    cells = []
    for path in sorted(folder.glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            cells.append(Cell(json.load(file), window, strategies))
    return cells if every else [cell for cell in cells if len(cell.seeds) >= LEAST_SEEDS]


def left_out(folder, window, strategies, development):
    """The sets that a window lacks, and why."""
    absent = [cell for cell in read_cells(folder, window, strategies, every=True) if cell.development == development and len(cell.seeds) < LEAST_SEEDS]
    reasons = (("by the protocol, as half of the pool ends the window below its second batch", [cell.name for cell in absent if not cell.possible]),
               ("not run", [cell.name for cell in absent if cell.possible]))
    said = "; ".join(f"{', '.join(names)} ({why})" for why, names in reasons if names)
    return [f"Left out of this window: {said}.", ""] if said else []


def silence(cells):
    """What the sets that tell nothing do to the comparison with random."""
    silent = [cell for cell in cells if cell.silent()]
    if not silent:
        return []
    rest = [cell.difference("auto").mean() for cell in cells if not cell.silent()]
    return [f"† {len(silent)} of these sets tell nothing: every strategy ends at a balanced accuracy of .500 and lies within {100 * SILENT:.1f} points of random. They are counted above; without them `auto` - "
            f"`random` is {100 * np.mean(rest):+.2f} on average over {len(rest)} sets.", ""]


def summary_table(cells, strategies):
    means = {name: [round(cell.areas[name].mean(), 6) for cell in cells] for name in strategies}
    ranks = np.mean([stats.rankdata([-means[name][at] for name in strategies]) for at in range(len(cells))], axis=0)
    lines = ["| strategy | mean AULC | over log labels | last | mean rank | sets where best, ties shared |", "|---|---|---|---|---|---|"]
    best = dict.fromkeys(strategies, 0.0)  # Those that tie share a set; a set that tells nothing has no best one.
    for at, cell in enumerate(cells):
        first = [name for name in strategies if means[name][at] == max(means[one][at] for one in strategies)]
        for name in () if cell.silent() else first:
            best[name] += 1 / len(first)
    for name, rank in sorted(zip(strategies, ranks), key=lambda pair: pair[1]):
        log_mean = np.mean([cell.log_areas[name].mean() for cell in cells])
        final = np.mean([cell.finals[name].mean() for cell in cells])
        lines.append(f"| `{name}` | {np.mean(means[name]):.4f} | {log_mean:.4f} | {final:.4f} | {rank:.2f} | {best[name]:.3g} |")
    return lines


def peer_table(cells, strategies):
    peers = [name for name in strategies if name != "auto"]
    gaps = {peer: np.array([cell.difference("auto", peer).mean() for cell in cells]) for peer in peers}
    corrected = holm([wilcoxon(gaps[peer]) for peer in peers])
    lines = ["| `auto` against | mean difference, points | better / within 0.2 / worse | largest loss | p (Holm) |", "|---|---|---|---|---|"]
    for peer, p in zip(peers, corrected):
        gap = gaps[peer]
        counts = f"{(gap > ROPE).sum()} / {(abs(gap) <= ROPE).sum()} / {(gap < -ROPE).sum()}"
        worst = int(np.argmin(gap))
        lines.append(f"| `{peer}` | {100 * gap.mean():+.2f} | {counts} | {100 * gap[worst]:+.2f} ({cells[worst].name}) | {p:.4f} |")
    return lines


def random_table(cells, strategies):
    """Every strategy on every set against random, one family of tests a window."""
    peers = [name for name in strategies if name != "random"]
    corrected = iter(holm([wilcoxon(cell.difference(name)) for cell in cells for name in peers]))
    lines = ["Mean difference of the AULC from random, in points; **bold**: better, _italic_: worse, at a Holm-corrected p below .05.", "",
             "| set | seeds | labels | " + " | ".join(f"`{name}`" for name in peers) + " |", "|" + "---|" * (len(peers) + 3)]
    below = []
    for cell in cells:
        row = []
        for name in peers:
            mean, p = cell.difference(name).mean(), next(corrected)
            mark = "" if p >= 0.05 else "**" if mean > 0 else "_"
            row.append(f"{mark}{100 * mean:+.2f}{mark}")
            if name == "auto" and mean < 0:
                below.append(f"{cell.name} {100 * mean:+.2f}{' (significant)' if p < 0.05 else ''}")
        lines.append(f"| {cell.name}{' †' if cell.silent() else ''} | {len(cell.seeds)} | {cell.labels[0]} to {cell.labels[-1]} | " + " | ".join(row) + " |")
    said = "`auto` is below random on: " + ", ".join(below) + "." if below else "`auto` is below random on no set."
    return lines + ["", said]


def before_and_after(folder, windows):
    """`auto` before it was changed and after, on the development sets that have both runs."""
    lines = []
    for earlier in sorted(folder.glob("before_*")):
        rows = []
        for window in windows:
            now = {cell.name: cell for cell in read_cells(folder, window, ["auto", "random"])}
            for cell in read_cells(earlier, window, ["auto", "random"]):
                if not cell.development or cell.name not in now:
                    continue
                after = now[cell.name]
                seeds = [seed for seed in cell.seeds if seed in after.seeds]
                areas = [one.areas["auto"][[one.seeds.index(seed) for seed in seeds]] for one in (cell, after)]
                gap = areas[1] - areas[0]
                rows.append(f"| {cell.name} | {window} | {len(seeds)} | {areas[0].mean():.4f} | {areas[1].mean():.4f} | {100 * gap.mean():+.2f} | {wilcoxon(gap):.4f} | "
                            f"{100 * cell.difference('auto').mean():+.2f} | {100 * after.difference('auto').mean():+.2f} |")
        if rows:
            decision = earlier.name.removeprefix("before_")
            lines += [f"## `auto` before decision {decision} and after it: development sets", "",
                      f"The earlier runs are kept in `results/study/{earlier.name}/`. Areas and p values (Wilcoxon, not corrected) are paired by seed; differences are in points.", "",
                      "| set | window | seeds | AULC before | after | change | p | from random before | after |", "|---|---|---|---|---|---|---|---|---|"] + rows + [""]
    return lines


def claims(cells, strategies, later):
    """What the protocol allows to be said of a window's report sets."""
    peers = [name for name in strategies if name != "auto"]
    gaps = {peer: np.array([cell.difference("auto", peer).mean() for cell in cells]) for peer in peers}
    corrected = dict(zip(peers, holm([wilcoxon(gaps[peer]) for peer in peers])))
    said = {"better on average than": [], "worse on average than": [], "not told apart from": []}
    for peer in peers:
        key = "not told apart from" if corrected[peer] >= 0.05 else "better on average than" if gaps[peer].mean() > 0 else "worse on average than"
        said[key].append(f"`{peer}` ({100 * gaps[peer].mean():+.2f})")
    against = holm([wilcoxon(cell.difference(name)) for cell in cells for name in strategies if name != "random"])
    others = len(strategies) - 1
    at = [name for name in strategies if name != "random"].index("auto")
    below = [cell.name for row, cell in enumerate(cells) if against[row * others + at] < 0.05 and cell.difference("auto").mean() < 0]
    return ("By the protocol `auto` is " + "; ".join(f"{key} {', '.join(names)}" for key, names in said.items() if names)
            + f". Below random significantly: {', '.join(below) or 'on no set'} in these runs, where sets of five seeds cannot be; with the follow-up's fresh seeds: {', '.join(later) or 'on no set'}.")


def read_follow_up(path, first=0, last=10**9):
    """(set, window, seeds, areas by strategy) of each cell of the follow-up, of the seeds from first to last; empty where it was not run."""
    if not path.exists():
        return []
    stored, cells = json.loads(path.read_text(encoding="utf-8")), []
    for window in ("low", "mid", "high"):
        for name, one in sorted(stored.get(window, {}).items()):
            seeds = [seed for seed in sorted(set.intersection(*map(set, one["areas"].values())), key=int) if first <= int(seed) <= last]
            if seeds:
                cells.append((name, window, seeds, {strategy: np.array([areas[seed] for seed in seeds]) for strategy, areas in one["areas"].items()}))
    return cells


def follow_up_table(cells):
    """The rows of the cells, and by window the sets where `auto` is significantly below random."""
    pairs = (("auto", "random"), ("uherding", "random"), ("auto", "uherding"))
    tests = [holm([wilcoxon(areas[one] - areas[other]) for _, _, _, areas in cells]) for one, other in pairs]
    lines = ["| set | window | seeds | AULC of `random` | `auto` - `random` | p | `uherding` - `random` | p | `auto` - `uherding` | p |",
             "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    below, above = [], []  # (window, what is said)
    for at, (name, window, seeds, areas) in enumerate(cells):
        row = []
        for family, (one, other) in zip(tests, pairs):
            gap, p = areas[one] - areas[other], family[at]
            mark = "" if p >= 0.05 else "**" if gap.mean() > 0 else "_"
            row.append(f"{mark}{100 * gap.mean():+.2f}{mark} ± {196 * gap.std(ddof=1) / np.sqrt(len(gap)):.2f} | {p:.2g}")
        lines.append(f"| {name} | {window} | {len(seeds)} | {areas['random'].mean():.4f} | " + " | ".join(row) + " |")
        gap = 100 * (areas["auto"] - areas["random"]).mean()
        if tests[0][at] < 0.05:
            (below if gap < 0 else above).append((window, f"{name} ({gap:+.2f})"))
    said = [", ".join(f"{what} in {window}" for window, what in some) or "none" for some in (below, above)]
    return lines + ["", f"`auto` is significantly below random on: {said[0]}. Significantly above: {said[1]}. Not told apart on the others.", ""], below


def follow_up(path, windows):
    """The tables of the follow-up, and by window the sets that one of its stages finds below random."""
    below = {window: [] for window in windows}
    stages = [cells for cells in (read_follow_up(path, 100, 139), read_follow_up(path, 400, 599)) if cells]
    if not stages:
        return [], below
    lines = ["## Follow-up: fresh seeds where `auto` was below random", "",
             "By the addendum of STUDY.md, whose rules were written before these runs; seeds that picked no set; `bench/curves/study_follow_up.py`, kept in `results/study_follow_up.json`. Mean differences of the AULC "
             "in points with 1.96 standard errors; **bold**: above, _italic_: below, at a p below .05 (Wilcoxon over the seeds, Holm over a column).", ""]
    for cells in stages:
        table, found = follow_up_table(cells)
        lines += [f"Seeds {cells[0][2][0]} to {cells[0][2][-1]}:", ""] + table
        for window, what in found:
            below[window].append(f"{what}, seeds {cells[0][2][0]} to {cells[0][2][-1]}")
    return lines, below


def write_report(folder, strategies, windows):
    about = machine()
    notes = folder / "notes.md"
    lines = ["# Study of `auto`: results", "", "Written by `bench/curves/study.py` from `results/study/`; do not edit. Protocol: STUDY.md.", "",
             f"Machine: {about['model']}, {about['cores']} cores. With five seeds a Wilcoxon test over seeds cannot fall below p = .0625: there "
             "significance comes from the sets with twenty seeds, and from the tests over sets.", ""]
    lines += notes.read_text(encoding="utf-8").splitlines() + [""] if notes.exists() else []
    follow_up_lines, below = follow_up(folder.parent / "study_follow_up.json", windows)
    for window in windows:
        cells = read_cells(folder, window, strategies)
        for title, chosen in ((f"## Window {window}: report sets", [cell for cell in cells if not cell.development]),
                              (f"## Window {window}: development sets (not counted)", [cell for cell in cells if cell.development])):
            if len(chosen) < 2:
                continue
            lines += [f"{title} ({len(chosen)})", ""] + summary_table(chosen, strategies) + [""]
            lines += [claims(chosen, strategies, below[window]), ""] if not chosen[0].development else []
            lines += peer_table(chosen, strategies) + [""] + random_table(chosen, strategies) + [""] + silence(chosen) + left_out(folder, window, strategies, chosen[0].development)
    lines += follow_up_lines
    lines += before_and_after(folder, windows)
    (folder.parent.parent / "STUDY_RESULTS.md").write_text("\n".join(lines), encoding="utf-8")

"""The published comparison of query strategies on 26 binary tables, run again: our means beside the published ones.

Data: the folder al-benchmark-tabular (NAME.csv.gz with id, f1 … fd and label; published_aubc.csv.gz). Every run is
`querist simulate --protocol one_by_one_rbf_svm`; what is done is kept in results/NAME.json by strategy and seed, so that
a run goes on where the last one stopped:

    python3 bench/curves/tabular.py --data DIR --minutes 30
"""
import argparse
import csv
import gzip
import json
import math
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
from machine import machine  # noqa: E402

RESULTS = ROOT / "bench/curves/results"
# Our expression, the table's name (None: it has none), and what differs where the methods do.
STRATEGIES = [
    ("random", "Uniform", None),
    ("margin", "US-C", None),
    ("margin asking logistic_regression", "US-NC", "another strength of the logistic regression, maybe: here 1, theirs is not in our notes"),
    ("k_center", "Core-Set", None),
    ("vote_entropy", "QBC", "there four models of different kinds on bootstraps, here eight RBF machines"),
    ("quire(gamma=1)", "QUIRE", None),
    ("expected_error_reduction(learner=kernel_ridge)", "EER", "there an SVM is refitted for every candidate and class, here kernel ridge regression under the same "
     "kernel, whose refit is exact algebra"),
    ("density_weighted", "DWUS", "there k-means clusters under a logistic model, here Settles and Craven's mean similarity"),
    ("cluster_margin", "InfoDiv", "there k-means on the most uncertain, which at one query a step is margin"),
    ("badge", None, None),
    ("bait", None, None),
    ("balanced", None, None),
    ("uherding", None, None),
    ("auto", None, None),
    ("expected_error_reduction", None, "Parzen windows, as scikit-activeml's (tests/golden); at gamma = 1/d these are so wide that "
     "what lowers the expected error most is one more label of the class in front: on splice nine in ten of the first 100 answers are of one class"),
]
# Rows of the table that are no strategy alone: what is simulated, with which further options.
WITH_OPTIONS = {"margin asking logistic_regression": ("margin", ["--query-learner", "logistic_regression(strength=1)"])}
SMALL = 2000  # Rows.
SHORTEST = {True: 5, False: 3}  # Runs of a strategy that a table cell needs at least, by whether the set is small.
FEW = 5  # Runs below which a difference has to be 4.3 standard errors (Student's t of three), not two.
PUBLISHED_RUNS = {True: 100, False: 10}


def read_published(folder):
    with gzip.open(folder / "published_aubc.csv.gz", "rt", encoding="utf-8") as file:
        return {(row["dataset"], row["strategy"]): (float(row["aubc_mean"]), float(row["aubc_sd"]))
                for row in csv.DictReader(file) if row["aubc_mean"]}


def read_sets(folder):
    with open(folder / "meta.json", encoding="utf-8") as file:
        files = json.load(file)["files"]
    sets = {pathlib.Path(entry["path"]).name.split(".")[0]: entry["rows"] for entry in files}
    sets.pop("published_aubc", None)
    return dict(sorted(sets.items(), key=lambda item: item[1]))


def stored(name):
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return {"set": name, "metric": "aubc_trapz_over_n", "runs": {}}
    return json.loads(path.read_text(encoding="utf-8"))


def store(results):
    path = RESULTS / f"{results['set']}.json"
    part = path.with_suffix(".part")
    lines = []
    for strategy, runs in results["runs"].items():
        seeds = ", ".join(f'"{seed}": {json.dumps(value)}' for seed, value in sorted(runs.items(), key=lambda item: int(item[0])))
        lines.append(f"  {json.dumps(strategy)}: {{{seeds}}}")
    head = {key: value for key, value in results.items() if key != "runs"}
    part.write_text(json.dumps(head)[:-1] + ', "runs": {\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")
    os.replace(part, path)


def area(accuracy):
    """As the published tables count it: without the initial model, over the number of points."""
    return sum((a + b) / 2 for a, b in zip(accuracy[1:], accuracy[2:])) / (len(accuracy) - 1)


def simulate(options, name, strategy, first, count, seconds_left):
    with tempfile.TemporaryDirectory(prefix="querist-curves-") as folder:
        out = pathlib.Path(folder) / "result.json"
        name_there, more = WITH_OPTIONS.get(strategy, (strategy, []))
        command = [options.binary, "simulate", options.data / f"{name}.csv.gz", "--label", "label", "--id", "id", "--protocol",
                   "one_by_one_rbf_svm", "--strategies", name_there, *more, "--first-seed", first, "--seeds", count, "--threads",
                   options.threads, "--out", out]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=max(1, seconds_left))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return json.loads(out.read_text(encoding="utf-8")), processor / count


def wanted_seeds(options, rows):
    return options.seeds or (100 if rows < SMALL else 10)


def run_missing(options, sets):
    """Every (set, strategy, seed) that is not stored yet, small sets and the table's strategies first; False: time was up."""
    end = time.monotonic() + 60 * options.minutes
    for name in options.sets or sets:
        results = stored(name)
        for strategy in options.strategies or [ours for ours, _, _ in STRATEGIES]:
            runs = results["runs"].setdefault(strategy, {})
            missing = [seed for seed in range(wanted_seeds(options, sets[name])) if str(seed) not in runs]
            while missing:
                left = end - time.monotonic()
                if left <= 0:
                    return False
                chunk = [seed for seed in missing[:options.chunk] if seed - missing[0] < options.chunk]
                chunk = [seed for at, seed in enumerate(chunk) if seed == chunk[0] + at]
                try:
                    result, processor = simulate(options, name, strategy, chunk[0], len(chunk), left)
                except subprocess.TimeoutExpired:
                    return False
                results.update(rows=result["data"]["rows"], pool=result["data"]["pool"], test=result["data"]["test"])
                for run in result["runs"]:
                    runs[str(run["seed"])] = [round(area(run["accuracy"]), 6), round(sum(run["seconds"]), 3), round(processor, 3)]
                store(results)
                missing = missing[len(chunk):]
            print(f"{name} {strategy}: {len(runs)} seeds, mean {statistics.mean(value[0] for value in runs.values()):.4f}",
                  file=sys.stderr, flush=True)
    return True


def areas_of(results, strategy):
    return {int(seed): value[0] for seed, value in results["runs"].get(strategy, {}).items()}


def cell(values):
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}"


def standard_error(values):
    return statistics.stdev(values) / math.sqrt(len(values))


def agreement(ours, published, rows):
    """The difference in its standard errors, the published table's error estimated from its deviation."""
    mean, deviation = published
    error = math.hypot(standard_error(ours), deviation / math.sqrt(PUBLISHED_RUNS[rows < SMALL]))
    return (statistics.mean(ours) - mean) / error if error > 0 else 0.0


def paired(results, strategy):
    """Mean and standard error of the difference from random, seed by seed."""
    random, ours = areas_of(results, "random"), areas_of(results, strategy)
    both = [ours[seed] - random[seed] for seed in ours if seed in random]
    return (statistics.mean(both), standard_error(both), len(both)) if len(both) >= SHORTEST[results["rows"] < SMALL] else None


def matched_table(all_results, published, strategy, table_name, note):
    lines = [f"### `{strategy}` beside {table_name}", ""]
    if note:
        lines += [f"Not the same method: {note}.", ""]
    lines += ["| set | rows | seeds | ours | published | difference | in standard errors |", "|---|---|---|---|---|---|---|"]
    near = total = 0
    our_means, their_means = [], []
    for name, results in all_results.items():
        ours = list(areas_of(results, strategy).values())
        theirs = published.get((name, table_name))
        if len(ours) < SHORTEST[results["rows"] < SMALL]:
            continue
        if theirs is None:
            lines.append(f"| {name} | {results['rows']} | {len(ours)} | {cell(ours)} | not finished there | | |")
            continue
        z = agreement(ours, theirs, results["rows"])
        near += abs(z) <= 2
        total += 1
        our_means.append(statistics.mean(ours))
        their_means.append(theirs[0])
        lines.append(f"| {name} | {results['rows']} | {len(ours)} | {cell(ours)} | {theirs[0]:.4f} ± {theirs[1]:.4f} | "
                     f"{statistics.mean(ours) - theirs[0]:+.4f} | {z:+.1f} |")
    if total:
        lines += ["", f"Mean of the {total} sets that both have: {statistics.mean(our_means):.4f}, published "
                      f"{statistics.mean(their_means):.4f}; {near} of {total} within two standard errors.", ""]
    return lines if total else []


def gains_table(all_results):
    names = [ours for ours, _, _ in STRATEGIES
             if ours != "random" and any(paired(results, ours) for results in all_results.values())]
    lines = ["## Gain over random, paired by seed", "",
             "Mean difference of the area from `random` on the same split and start, in points (hundredths); **bold**: more than "
             "two standard errors above, _italic_: below. Cells of fewer than five seeds say how many, and need 4.3 standard errors "
             "(Student's t of three).", "",
             "| set | " + " | ".join(f"`{name}`" for name in names) + " |", "|" + "---|" * (len(names) + 1)]
    lines[2:2] = [f"`{ours}`: {note}." + "\n" for ours, table_name, note in STRATEGIES if note and not table_name]
    counts = {name: [0, 0, 0, []] for name in names}
    for dataset, results in all_results.items():
        row = []
        for name in names:
            pair = paired(results, name)
            if pair is None:
                row.append("")
                continue
            mean, error, runs = pair
            needed = error * (2 if runs >= FEW else 4.3)
            mark = "**" if mean > needed else "_" if mean < -needed else ""
            counts[name][0 if mark == "**" else 2 if mark == "_" else 1] += 1
            counts[name][3].append(mean)
            seeds = f" ({runs})" if runs < FEW else ""
            row.append(f"{mark}{100 * mean:+.2f}{mark}{seeds}")
        if any(row):
            lines.append(f"| {dataset} | " + " | ".join(row) + " |")
    lines.append("| mean | " + " | ".join(f"{100 * statistics.mean(counts[name][3]):+.2f}" for name in names) + " |")
    lines.append("| better / even / worse | " + " | ".join(f"{up} / {even} / {down}" for up, even, down, _ in
                                                           (counts[name] for name in names)) + " |")
    return lines + [""]


def seconds_of(value):
    """Of the processor where they were measured, else of the wall, which is more on a shared machine."""
    return value[2] if len(value) > 2 else value[1]


def typical_seconds(values):
    measured = [value[2] for value in values if len(value) > 2]
    every = measured or [value[1] for value in values]
    return statistics.median(every) if every else None


def time_table(all_results):
    every = [value for results in all_results.values() for runs in results["runs"].values() for value in runs.values()]
    hours = sum(seconds_of(value) for value in every) / 3600
    measured = sum(len(value) > 2 for value in every)
    lines = ["## Seconds a run", "",
             f"Total time on two cores: {len(every):,} runs took {hours:.1f} hours of one thread, so with a run on each core at most "
             f"{hours / 2:.1f} hours. At most, since {len(every) - measured:,} of the runs were timed by the wall beside other work; the others "
             "by the processor, which counts reading the table too.", "",
             "Medians of one seed on one thread, of those timed by the processor where there are any: all steps, each with its retraining, scores of "
             "pool and test set, and selection.", ""]
    names = [ours for ours, _, _ in STRATEGIES]
    lines += ["| set | labels | " + " | ".join(f"`{name}`" for name in names) + " |", "|" + "---|" * (len(names) + 2)]
    for dataset, results in all_results.items():
        row = [typical_seconds(results["runs"].get(name, {}).values()) for name in names]
        lines.append(f"| {dataset} | {results['pool']} | " + " | ".join("" if value is None else f"{value:.2f}" for value in row) + " |")
    return lines + [""]


def write_report(published, sets):
    all_results = {name: stored(name) for name in sets if (RESULTS / f"{name}.json").exists()}
    all_results = {name: results for name, results in all_results.items() if "rows" in results}
    if not all_results:
        return
    about = machine()
    lines = ["# Learning curves on the published 26 tables", "",
             "Written by `bench/curves/tabular.py` from the files beside it; do not edit. Protocol: `querist simulate --protocol "
             "one_by_one_rbf_svm` (60 % pool, 20 random labels, one query a step to the last, RBF support vector machine with C = 1 "
             "and gamma = 1/d, columns standardised on the pool). Figures: area under the budget curve of test accuracy as the "
             "published tables count it, mean ± deviation over seeds.", "",
             "Published: Lu, Li and Lin, \"Re-benchmarking pool-based active learning for binary classification\" (2023). Its splits are "
             "others than ours, so means agree within their errors only; theirs are estimated from 100 runs (small sets) and 10. Where "
             "they do not (most of all tictactoe and breast), the cause is not the solver: scikit-learn's SVC on our splits and picks gives the "
             "same accuracy (5,985 models on sonar, heart, ionosphere, breast and appendicitis: 14 differ, by one test row, within "
             "the tolerance of 0.001), and on tictactoe it too reaches 0.78 on average, not 0.87.", "",
             f"Machine: {about['model']}, {about['cores']} cores.", ""]
    for strategy, table_name, note in STRATEGIES:
        if table_name:
            lines += matched_table(all_results, published, strategy, table_name, note)
    lines += gains_table(all_results) + time_table(all_results)
    (ROOT / "bench/curves/RESULTS.md").write_text("\n".join(lines), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the 26 tables")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/querist")
    parser.add_argument("--sets", type=lambda text: text.split(","), help="only these")
    parser.add_argument("--strategies", action="append", help="only this; may be given again")
    parser.add_argument("--seeds", type=int, default=0, help="0: 100 for sets under 2,000 rows, 10 above")
    parser.add_argument("--chunk", type=int, default=20, help="seeds a run of the binary; a chunk that is cut off starts again")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=10_000, help="stop after about so long; 0 only writes the report")
    options = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    sets = read_sets(options.data)
    complete = run_missing(options, sets)
    write_report(read_published(options.data), sets)
    print("complete" if complete else "time is up; run again to go on", file=sys.stderr)


if __name__ == "__main__":
    main()

"""The study of `auto` against its peers (protocol: STUDY.md): runs what is missing, writes STUDY_RESULTS.md.

    python3 bench/curves/study.py --data DIR [--minutes 60] [--windows low,mid,high] [--sets NAME.REPRESENTATION,…]

What is done is kept in results/study/ by set, window, strategy and seed; a run goes on where the last one stopped.
"""
import argparse
import gzip
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from study_report import write_report
from study_sets import all_sets, plan_of

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "bench/curves/results/study"
STRATEGIES = ["random", "auto", "margin", "entropy", "k_center", "badge", "typiclust", "cluster_margin", "uherding"]
WINDOWS = ["low", "mid", "high"]
SMALL, SEEDS_SMALL, SEEDS = 2000, 20, 5


def stored(name):
    path = RESULTS / f"{name}.json.gz"
    if not path.exists():
        return {"set": name, "runs": {}}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def store(results):
    RESULTS.mkdir(parents=True, exist_ok=True)
    part = RESULTS / f"{results['set']}.part"
    text = json.dumps(results, separators=(",", ":"), sort_keys=True).encode("utf-8")
    part.write_bytes(gzip.compress(text, mtime=0))  # No time of writing: equal results, equal files.
    os.replace(part, RESULTS / f"{results['set']}.json.gz")


def simulate(options, files, plan, strategies, first, count, seconds_left):
    initial, batch, budget = plan
    with tempfile.TemporaryDirectory(prefix="querist-study-") as folder:
        out = pathlib.Path(folder) / "result.json"
        command = [options.binary, "simulate", *files, "--strategies", ",".join(strategies), "--initial", initial, "--batch-size", batch,
                   "--budget", budget, "--first-seed", first, "--seeds", count, "--threads", options.threads, "--out", out]
        done = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=max(1, seconds_left))
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
        return json.loads(out.read_text(encoding="utf-8"))["runs"]


def keep(runs, run):
    runs.setdefault(run["strategy"], {})[str(run["seed"])] = {
        "labels": [int(labels) for labels in run["labels"]],
        "accuracy": [round(value, 5) for value in run["accuracy"]],
        "balanced_accuracy": [round(value, 5) for value in run["balanced_accuracy"]],
        "seconds": round(sum(run["seconds"]), 3)}


def run_window(options, data, window, end):
    """False: time was up."""
    plan = plan_of(data, window)
    if plan is None:
        return True
    results = stored(data.name)
    results.update(representation=data.representation, development=data.development, imbalanced=data.imbalanced,
                   classes=data.classes, rows=len(data.rows), pool=data.pool)
    runs = results["runs"].setdefault(window, {})
    seeds = SEEDS_SMALL if len(data.rows) < SMALL else SEEDS
    with tempfile.TemporaryDirectory(prefix="querist-study-") as folder:
        files = data.write(pathlib.Path(folder))
        for seed in range(0, seeds, 5):
            wanted = [name for name in options.strategies if any(str(s) not in runs.get(name, {}) for s in range(seed, seed + 5))]
            left = end - time.monotonic()
            if not wanted:
                continue
            if left <= 0:
                return False
            try:
                found = simulate(options, files, plan, wanted, seed, 5, left)
            except subprocess.TimeoutExpired:
                return False
            for run in found:
                keep(runs, run)
            store(results)
    print(f"{data.name} {window}", file=sys.stderr, flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/querist")
    parser.add_argument("--sets", type=lambda text: text.split(","), help="only these, as NAME.REPRESENTATION")
    parser.add_argument("--development", action="store_true", help="only the development sets")
    parser.add_argument("--windows", type=lambda text: text.split(","), default=WINDOWS)
    parser.add_argument("--strategies", type=lambda text: text.split(","), default=STRATEGIES)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=10_000, help="stop after about so long; 0 only writes the report")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    complete = True
    sets = [one for one in all_sets(options.data) if (not options.sets or one.name in options.sets)
            and (one.development or not options.development)]
    for window in options.windows:
        for data in sorted(sets, key=lambda one: (len(one.rows) * math.sqrt(one.classes), one.name)):
            complete = run_window(options, data, window, end) and complete
    write_report(RESULTS, STRATEGIES, WINDOWS)
    print("complete" if complete else "time is up; run again to go on", file=sys.stderr)


if __name__ == "__main__":
    main()

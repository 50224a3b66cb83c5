"""The learner `auto` beside the learners that it chooses among: bench/curves/results/learner_choice.md and .json.

Tables whose classes no line parts, tables that one does part, and texts. Every run is `querist simulate --learner L` from 20 labels
by batches of 20, on paired splits; the area is the mean test accuracy over the labels. What is done is kept by set and learner, so
that a run goes on where the last one stopped:

    python3 bench/curves/learner_choice.py --data FOLDER (with al-benchmark-tabular, sms-spam … in it)
"""
import argparse
import collections
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from machine import machine  # noqa: E402

RESULTS = ROOT / "bench/curves/results"
TABLE = ["--label", "label", "--id", "id"]
TEXT = ["--label", "label", "--id", "id", "--text", "text"]
TABULAR = {name: (f"al-benchmark-tabular/{name}.csv.gz", TABLE)
           for name in ("banana", "checkerboard", "phoneme", "ringnorm", "tictactoe", "spambase", "splice", "german", "twonorm")}
OTHERS = {"letter": ("letter/data.csv.gz", TABLE), "sms-spam": ("sms-spam/data.jsonl.gz", TEXT),
          "trec6": ("trec6/data.jsonl.gz", TEXT)}
SETS = TABULAR | OTHERS
TEXTS = ("sms-spam", "trec6")
FIXED = ("logistic_regression", "naive_bayes", "forest", "gbdt", "rbf_svm")


def learners_for(name):
    """Those that auto may ask on these features, and auto."""
    left_out = ("gbdt", "rbf_svm") if name in TEXTS else ("naive_bayes",)
    return [learner for learner in FIXED if learner not in left_out] + ["auto"]


def simulate(options, name, learner):
    path, columns = SETS[name]
    with tempfile.TemporaryDirectory(prefix="querist-choice-") as folder:
        out = pathlib.Path(folder) / "result.json"
        command = [options.binary, "simulate", options.data / path, *columns, "--strategies", options.strategy, "--learner", learner,
                   "--initial", 20, "--batch-size", 20, "--budget", options.budget, "--seeds", options.seeds, "--test-fraction", 0.4,
                   "--threads", options.threads, "--out", out]
        done = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
        runs = json.loads(out.read_text(encoding="utf-8"))["runs"]
    came_to = collections.Counter(run["learners"][-1] for run in runs if "learners" in run)
    changes = [sum(a != b for a, b in zip(run["learners"], run["learners"][1:])) for run in runs if "learners" in run]
    result = {"areas": [round(area(run), 6) for run in runs], "finals": [round(run["accuracy"][-1], 6) for run in runs],
              "seconds": round(statistics.mean(sum(run["seconds"]) for run in runs), 2)}
    return result | ({"came_to": dict(came_to), "changes": round(statistics.mean(changes), 2)} if changes else {})


def area(run):
    labels, accuracy = run["labels"], run["accuracy"]
    steps = zip(labels, labels[1:], accuracy, accuracy[1:])
    return sum((after - before) * (a + b) / 2 for before, after, a, b in steps) / (labels[-1] - labels[0])


def paired(ours, theirs):
    gaps = [100 * (a - b) for a, b in zip(ours, theirs)]
    return statistics.mean(gaps), statistics.stdev(gaps) / math.sqrt(len(gaps))


def report(results):
    names = [name for name in SETS if "auto" in results["sets"].get(name, {})]
    lines = ["# Which learner: by the evidence, and by name", "", __doc__.split("\n\n")[1].replace("\n", " "), "",
             f"Strategy `{results['strategy']}`, {results['seeds']} seeds, {results['budget']} labels. Area of test accuracy in points; "
             "differences are paired by seed, ± one standard error. Of texts boosting and the RBF machine sit out (too dear, and for "
             "dense rows), of tables naive Bayes.", "",
             "| set | " + " | ".join(f"`{learner}`" for learner in (*FIXED, "auto")) +
             " | auto − best fixed | auto − logistic_regression | auto came to | changes | seconds: auto, logistic_regression |",
             "|" + "---|" * (len(FIXED) + 7)]
    to_best, to_default = [], []
    for name in names:
        runs = results["sets"][name]
        means = {learner: 100 * statistics.mean(run["areas"]) for learner, run in runs.items()}
        best = max((learner for learner in means if learner != "auto"), key=means.get)
        cells = [f"{means[learner]:.2f}" if learner in means else "" for learner in (*FIXED, "auto")]
        gap, error = paired(runs["auto"]["areas"], runs[best]["areas"])
        over, over_error = paired(runs["auto"]["areas"], runs["logistic_regression"]["areas"])
        to_best.append(gap)
        to_default.append(over)
        came = ", ".join(f"{learner} {count}" for learner, count in sorted(runs["auto"]["came_to"].items(), key=lambda item: -item[1]))
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {gap:+.2f} ± {error:.2f} ({best}) | {over:+.2f} ± {over_error:.2f} | "
                     f"{came} | {runs['auto']['changes']:.1f} | {runs['auto']['seconds']:.2f}, "
                     f"{runs['logistic_regression']['seconds']:.2f} |")
    if not names:
        return ""
    lines += ["", f"Mean of the {len(names)} sets: auto − best fixed {statistics.mean(to_best):+.2f} points (worst "
              f"{min(to_best):+.2f}), auto − logistic_regression {statistics.mean(to_default):+.2f} (worst {min(to_default):+.2f}).", "",
              "The best fixed learner is known only afterwards. Seconds are wall time of one run's training, scoring and selecting."]
    about = results["machine"]
    lines += ["", f"Machine: {about['model']}, {about['cores']} cores, shared."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("QUERIST_DATA", ROOT / "../shared/data"))
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/querist")
    parser.add_argument("--strategy", default="margin")
    parser.add_argument("--sets", type=lambda text: text.split(","), default=list(SETS))
    parser.add_argument("--learners", type=lambda text: text.split(","), help="run only these again")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS / "learner_choice.json")
    options = parser.parse_args()
    fresh = {"machine": machine(), "strategy": options.strategy, "seeds": options.seeds, "budget": options.budget, "sets": {}}
    results = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else fresh
    if any(results[key] != fresh[key] for key in ("strategy", "seeds", "budget")):
        sys.exit(f"{options.out} holds runs of another plan; move it away first")
    for name in options.sets:
        runs = results["sets"].setdefault(name, {})
        for learner in learners_for(name):
            if learner in runs and learner not in (options.learners or []):
                continue
            runs[learner] = simulate(options, name, learner)
            print(f"{name} {learner}: {statistics.mean(runs[learner]['areas']):.4f}", file=sys.stderr, flush=True)
            options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            options.out.with_suffix(".md").write_text(report(results), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The live estimate of labels saved against what was saved; bench/curves/results/labels_saved.md and .json.

`querist simulate --labels-saved` says at the end of each run what a project would say of itself: by the audit labels, a tenth of
each batch of 20. The truth stands beside it: how many labels the random strategy needs, in the mean of runs of its own, for the test accuracy that the run had
with the first third of its labels. Texts and digits are embeddings. Each set is a pool of 65 % of its rows (at most 8,000) and a test set of the others, split anew for each seed.

Run: python bench/curves/labels_saved.py --data FOLDER [--seeds 8] [--sets sms-spam,mnist,...]
"""
import argparse
import csv
import gzip
import json
import math
import os
import pathlib
import statistics
import subprocess
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench/curves/results"
MOST_ROWS = 8000
TABLES = ("phishing", "phoneme", "spambase")
BUDGET = 1000
MOST_RANDOM = 5000
STRATEGIES = ("margin", "random")


def idx_labels(path):
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)[8:]


def labelled_lines(path):
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


def write_embeddings(folder, name, vectors, labels):
    """A CSV of labels with a .npy beside it, of MOST_ROWS rows at most."""
    keep = np.random.default_rng(0).permutation(len(labels))[:MOST_ROWS]
    np.save(folder / f"{name}.npy", np.asarray(vectors)[keep].astype(np.float32))
    with open(folder / f"{name}.csv", "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "label"])
        writer.writerows([i, labels[row]] for i, row in enumerate(keep))
    return [str(folder / f"{name}.csv"), "--label", "label", "--id", "id", "--embeddings", str(folder / f"{name}.npy")]


def source(name, data, folder):
    """The arguments of simulate that read the set."""
    if name in TABLES:
        return [str(data / f"al-benchmark-tabular/{name}.csv.gz"), "--label", "label", "--id", "id"]
    if name == "mnist":
        labels = idx_labels(data / "mnist/train-labels-idx1-ubyte.gz")[:10_000]  # Those that have embeddings.
        return write_embeddings(folder, name, np.load(data / "mnist/embeddings_efficientnet-lite0.npy", mmap_mode="r"), labels)
    rows = labelled_lines(data / name / "data.jsonl.gz")
    return write_embeddings(folder, name, np.load(data / name / "embeddings_minilm.npy", mmap_mode="r"), [row["label"] for row in rows])


def simulate(arguments, folder, *options):
    out = folder / "result.json"
    subprocess.run([ROOT / "build/querist", "simulate", *arguments, "--test-fraction", "0.35", "--initial", "20", "--guard", "off",
                    "--out", out, *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(out.read_text())


def falling(values):
    """Neighbours that rise are pooled to their mean."""
    blocks = []
    for value in values:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            mean, count = blocks.pop()
            total = blocks[-1][1] + count
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + mean * count) / total, total]
    return [mean for mean, count in blocks for _ in range(count)]


def labels_to_reach(curve, error):
    """Where the falling curve of (labels, error) reaches the error; infinite where it never does."""
    errors = falling([e for _, e in curve])
    if errors[0] <= error:
        return curve[0][0]
    for i in range(1, len(curve)):
        if errors[i] <= error:
            share = (errors[i - 1] - error) / (errors[i - 1] - errors[i])
            low, high = curve[i - 1][0], curve[i][0]
            return low * (high / low) ** share
    return math.inf


def random_curve(arguments, folder, seeds):
    """Mean test errors of random labels, of steps of 20 at first and of 400 later."""
    points = {}
    for batch, budget in ((20, 400), (400, MOST_RANDOM)):
        result = simulate(arguments, folder, "--strategies", "random", "--batch-size", str(batch), "--budget", str(budget), "--seeds", str(seeds))
        for run in result["runs"]:
            for labels, accuracy in zip(run["labels"], run["accuracy"]):
                if batch == 20 or labels > 400:
                    points.setdefault(labels, []).append(1 - accuracy)
    most = max(len(v) for v in points.values())
    return sorted((labels, statistics.mean(errors)) for labels, errors in points.items() if len(errors) == most)


def judged(run, curve):
    """The run's estimate beside the truth; None where it had none."""
    live = run.get("labels_saved")
    if not live:
        return None
    early = live["labels"]
    trained = [20 + 18 * i for i in range(len(run["accuracy"]))]  # Two of each batch of 20 are audit labels.
    near = [1 - a for n, a in zip(trained, run["accuracy"]) if 0.9 * early <= n <= 1.1 * early]
    needed = labels_to_reach(curve, statistics.mean(near))
    truth = 1 - early / min(needed, curve[-1][0])
    # Where random never gets there, all that is known is that more than its last number is needed.
    low, high = live["ci_low"], live["ci_high"]
    never = math.isinf(needed)
    covered = (low is None or low <= truth or never) and (high is None or high >= truth)
    return {"seed": run["seed"], "labels": early, "audit_labels": live["audit_labels"], "random_labels": None if never else needed, "truth": truth,
            "at_least": never, "value": live["value"], "ci_low": low, "ci_high": high, "covered": covered, "back_test": live["back_test"]}


def told(row):
    return row["ci_low"] is not None or row["ci_high"] is not None


def summary(rows):
    known = [row for row in rows if told(row)]
    widths = [(1 if row["ci_high"] is None else row["ci_high"]) - row["ci_low"] for row in known if row["ci_low"] is not None]
    gaps = [row["value"] - row["truth"] for row in known if not row["at_least"]]
    tests = [row["back_test"] for row in rows if row["back_test"]]
    return {"runs": len(rows), "told": len(known), "covered": sum(row["covered"] for row in rows), "told_covered": sum(row["covered"] for row in known),
            "truth": statistics.median(row["truth"] for row in rows), "at_least": sum(row["at_least"] for row in rows),
            "value": statistics.median(row["value"] for row in known) if known else None, "bias": statistics.median(gaps) if gaps else None,
            "width": statistics.median(widths) if widths else None, "no_low": sum(row["ci_low"] is None for row in known),
            "no_high": sum(row["ci_high"] is None for row in known),
            "back_test_error": statistics.mean(abs(t["predicted"] - t["measured"]) for t in tests),
            "back_test_bias": statistics.mean(t["predicted"] - t["measured"] for t in tests),
            "back_test_held": sum(t["held"] for t in tests)}


def percent(value):
    return "–" if value is None else f"{100 * value:.0f}"


def report(results, seeds):
    lines = ["# Labels saved, live: what a project says of itself, and what is so", "",
             "`python bench/curves/labels_saved.py`; the method is decision 0013.", "",
             f"{seeds} runs a row, to {BUDGET} labels, 98 of them audit labels. A run is told something where its interval has at least one end. Truth and live: the medians of the labels saved, in percent, "
             "live ones of the runs that are told; bias is the median of their differences where random reaches the accuracy at all (in the other runs, counted under \"never\", the truth is only bounded from below, "
             "and is taken at that bound). Covered: runs that are told something and whose 95 % interval holds the truth. Width: the median of what lies between the ends in points of 100, an open upper end counted as 100; "
             "how many lower and upper ends were open. Back-test: by how much in points of 100 simulated random labels were off from as many audit labels that were taught, in the mean, the mean with its sign, and in "
             "how many runs chance explains it.", "",
             "| set | strategy | truth | never | told | live | bias | covered | width | open low, high | back-test off | signed | held |",
             "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for row in results:
        s = row["summary"]
        lines.append(f"| {row['set']} | {row['strategy']} | {percent(s['truth'])} | {s['at_least']} | {s['told']} of {s['runs']} | {percent(s['value'])} | {percent(s['bias'])} | {s['told_covered']} of {s['told']} "
                     f"| {percent(s['width'])} | {s['no_low']}, {s['no_high']} | {100 * s['back_test_error']:.1f} | {100 * s['back_test_bias']:+.1f} | {s['back_test_held']} of {s['runs']} |")
    total = {key: sum(row["summary"][key] for row in results) for key in ("runs", "told", "told_covered", "back_test_held")}
    lines += ["", f"In all, {total['told']} of {total['runs']} runs were told something, and the interval held in {total['told_covered']} of these ({100 * total['told_covered'] / max(1, total['told']):.0f} %); "
              f"the back-test held in {total['back_test_held']} of {total['runs']}."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("QUERIST_DATA", str(ROOT.parent / "shared/data")))
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--random-seeds", type=int, default=3)
    parser.add_argument("--sets", default="spambase,phishing,phoneme,trec6,sms-spam,agnews-7600")
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    parser.add_argument("--out", default=str(RESULTS / "labels_saved"))
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name in options.sets.split(","):
            arguments = source(name, pathlib.Path(options.data), folder)
            curve = random_curve(arguments, folder, options.random_seeds)
            result = simulate(arguments, folder, "--strategies", options.strategies, "--batch-size", "20", "--audit-share", "0.1",
                              "--budget", str(BUDGET), "--seeds", str(options.seeds), "--labels-saved")
            for strategy in options.strategies.split(","):
                rows = [judged(run, curve) for run in result["runs"] if run["strategy"] == strategy]
                rows = [row for row in rows if row]
                if not rows:
                    continue
                results.append({"set": name, "strategy": strategy, "summary": summary(rows), "rows": rows})
                print(name, strategy, json.dumps(results[-1]["summary"]), flush=True)
            pathlib.Path(options.out + ".json").write_text(json.dumps(results, indent=1) + "\n")
            pathlib.Path(options.out + ".md").write_text(report(results, options.seeds))


if __name__ == "__main__":
    main()

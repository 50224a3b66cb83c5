"""Several labels an example: bench/curves/results/multi_label.md and .json.

`querist simulate --task multi_label`: do mmc and multilabel_margin beat random, one step of 20 rows after another, under logistic regressions of one label each? No
set at hand comes with sets of labels, so two are made of real ones and one by a generator. Tweets (Davidson et al. 2017): the classes that at least one of a tweet's
annotators chose (hate, offensive, neither). Census (Adult): six columns as yes or no, from six others. Topics: rows of 100 word counts by the process of
scikit-learn's make_multilabel_classification, eight topics, two a row in the mean.

    python3 bench/curves/multi_label.py --data FOLDER (with davidson-offensive and adult in it)
"""
import argparse
import csv
import gzip
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from machine import machine  # noqa: E402

RESULTS = ROOT / "bench/curves/results"
SEEDS, ROWS, BUDGET = 20, 4000, 400
STUDENT = 2.093  # Of 19 degrees of freedom.
METRICS = ("micro_f1", "macro_f1", "average_precision")
STRATEGIES = ("mmc", "multilabel_margin", "random")
CENSUS = {"above_50k": lambda row: row["label"] == ">50K", "married": lambda row: row["marital_status"] == "Married-civ-spouse",
          "male": lambda row: row["sex"] == "Male", "born_here": lambda row: row["native_country"] == "United-States",
          "over_40_hours": lambda row: int(row["hours_per_week"]) > 40, "college": lambda row: int(row["education_num"]) > 9}
CENSUS_COLUMNS = ("age", "workclass", "occupation", "race", "capital_gain", "capital_loss")


def tweets(data, folder):
    """All rows, so that the vectors belong to them; those that are not drawn have null for labels and are left out."""
    with gzip.open(data / "davidson-offensive/data.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    drawn = set(random.Random(0).sample(range(len(rows)), ROWS))
    path = folder / "tweets.jsonl"
    path.write_text("".join(json.dumps({"labels": [name for name in ("hate", "offensive", "neither") if row[f"votes_{name}"]] if at in drawn else None}) + "\n"
                            for at, row in enumerate(rows)), encoding="utf-8")
    return [path, "--embeddings", data / "davidson-offensive/embeddings_minilm.npy"]


def census(data, folder):
    with gzip.open(data / "adult/data.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = random.Random(0).sample(list(csv.DictReader(file)), ROWS)
    path = folder / "census.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*CENSUS_COLUMNS, *CENSUS])
        writer.writerows([*(row[name] for name in CENSUS_COLUMNS), *(int(says(row)) for says in CENSUS.values())] for row in rows)
    return [path, "--label", ",".join(CENSUS), "--columns", ",".join(CENSUS_COLUMNS)]


def poisson(chance, mean):
    """Knuth 1969."""
    count, product = 0, chance.random()
    while product > math.exp(-mean):
        count, product = count + 1, product * chance.random()
    return count


def topics(_, folder):
    chance = random.Random(0)
    words, names = 100, [f"topic_{k}" for k in range(8)]
    leans = {name: [chance.random() for _ in range(words)] for name in names}
    path = folder / "topics.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"word_{j}" for j in range(words)), "topics"])
        for _ in range(ROWS):
            chosen = chance.sample(names, min(len(names), poisson(chance, 2)))
            weights = [sum(leans[name][j] for name in chosen) for j in range(words)] if chosen else [1] * words
            counts = [0] * words
            for j in chance.choices(range(words), weights, k=poisson(chance, 50)):
                counts[j] += 1
            writer.writerow([*counts, "|".join(chosen)])
    return [path, "--label", "topics"]


def simulate(options, make):
    """The runs' areas by metric and strategy, seed by seed, with what all labels give."""
    with tempfile.TemporaryDirectory(prefix="querist-sets-") as name:
        folder = pathlib.Path(name)
        command = [options.binary, "simulate", *make(options.data, folder), "--task", "multi_label", "--strategies", ",".join(STRATEGIES), "--seeds", SEEDS,
                   "--budget", BUDGET, "--full-accuracy", "--out", folder / "result.json"]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    runs = {strategy: [run for run in result["runs"] if run["strategy"] == strategy] for strategy in STRATEGIES}
    return {"data": result["data"],
            "areas": {metric: {strategy: [area(run["labels"], run[metric]) for run in of] for strategy, of in runs.items()} for metric in METRICS},
            "all_labels": {metric: statistics.mean(run[f"full_{metric}"] for run in runs["random"]) for metric in METRICS}}


def area(labels, curve):
    """The mean height, by trapezoids."""
    return sum((right - left) * (before + after) / 2 for left, right, before, after in zip(labels, labels[1:], curve, curve[1:])) / (labels[-1] - labels[0])


def difference(areas, strategy):
    gaps = [100 * (one - other) for one, other in zip(areas[strategy], areas["random"])]
    return f"{statistics.mean(gaps):+.1f} ± {STUDENT * statistics.stdev(gaps) / math.sqrt(SEEDS):.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("QUERIST_DATA", ROOT / "../shared/data"))
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/querist")
    options = parser.parse_args()
    sets = {"Tweets": tweets, "Census": census, "Topics (generated)": topics}
    results = {"machine": machine(), "sets": {name: simulate(options, make) for name, make in sets.items()}}
    RESULTS.joinpath("multi_label.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    lines = ["# Several labels an example", "", __doc__.split("\n\n")[1], "",
             f"Areas under the curve in points from 20 to {BUDGET} rows labelled, then paired differences to random's with the 95 % range over {SEEDS} seeds (0 to {SEEDS - 1}; "
             "Student's t).", "", "| set | labels | metric | with all labels | random | mmc | multilabel_margin |", "|---|---|---|---|---|---|---|"]
    for name, of in results["sets"].items():
        for metric in METRICS:
            areas = of["areas"][metric]
            lines.append(f"| {name} | {of['data']['classes']}, {of['data']['label_cardinality']:.2f} a row | {metric} | {100 * of['all_labels'][metric]:.1f} | "
                         f"{100 * statistics.mean(areas['random']):.1f} | {difference(areas, 'mmc')} | {difference(areas, 'multilabel_margin')} |")
    RESULTS.joinpath("multi_label.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

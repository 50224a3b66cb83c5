"""Texts with typing mistakes, without and with training on some: bench/curves/results/typos.md and .json.

`querist simulate` at random labels: the same models are measured on the test texts as they are and with one letter in ten
mistyped; then each labelled text is trained on twice, as it is and with as many typos.

    python3 bench/curves/typos.py --data FOLDER (with sms-spam and trec6 in it)
"""
import argparse
import json
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
SETS = ("sms-spam", "trec6")
SEEDS, BUDGET, TYPOS = 5, 500, 0.1


def finals(options, name, augment):
    with tempfile.TemporaryDirectory(prefix="querist-typos-") as folder:
        out = pathlib.Path(folder) / "result.json"
        command = [options.binary, "simulate", options.data / name / "data.jsonl.gz", "--text", "text", "--label", "label", "--id", "id",
                   "--strategies", "random", "--seeds", SEEDS, "--initial", 100, "--batch-size", 400, "--budget", BUDGET,
                   "--typos", TYPOS, "--augment", augment, "--out", out]
        subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        runs = json.loads(out.read_text(encoding="utf-8"))["runs"]
    return {"accuracy": [run["accuracy"][-1] for run in runs], "typo_accuracy": [run["typo_accuracy"][-1] for run in runs]}


def cell(values):
    return f"{100 * statistics.mean(values):.1f} ± {100 * statistics.stdev(values):.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("QUERIST_DATA", ROOT / "../shared/data"))
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/querist")
    options = parser.parse_args()
    results = {"machine": machine(), "sets": {name: {augment: finals(options, name, augment) for augment in ("none", "typos")}
                                              for name in SETS}}
    RESULTS.joinpath("typos.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    lines = ["# Typing mistakes", "", __doc__.split("\n\n")[1].replace("\n", " "), "",
             f"Test accuracy in % after {BUDGET} labels, mean ± deviation of {SEEDS} seeds; logistic regression on words and letters.", "",
             "| set | trained on | as they are | with typos |", "|---|---|---|---|"]
    for name, by_augment in results["sets"].items():
        for augment, run in by_augment.items():
            words = "the texts" if augment == "none" else "the texts, and with typos"
            lines.append(f"| {name} | {words} | {cell(run['accuracy'])} | {cell(run['typo_accuracy'])} |")
    RESULTS.joinpath("typos.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

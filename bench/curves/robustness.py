"""Adversarial training of a neural head: bench/curves/results/robustness.md and .json.

A project a set: 1,000 labels drawn at random, half of them for the audit, features that may be moved (sentence embeddings of length
1, or columns scaled to a deviation of 1). The same network is trained as it is, by fast gradients and by projected ones; then `querist
models robustness` attacks each with 20 steps at the radius of the training and at half of it. A linear head stands beside them,
measured exactly.

    python3 bench/curves/robustness.py --data FOLDER (with sms-spam, trec6 and al-benchmark-tabular in it)
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from machine import machine  # noqa: E402
from one_project import OneProject, share  # noqa: E402

RESULTS = ROOT / "bench/curves/results"
LABELS = 1000
SETS = {"sms-spam": ("sms-spam/data.jsonl.gz", "sms-spam/embeddings_minilm.npy", 0.2),
        "trec6": ("trec6/data.jsonl.gz", "trec6/embeddings_minilm.npy", 0.1),
        "spambase": ("al-benchmark-tabular/spambase.csv.gz", None, 0.5)}


def heads(radius):
    return {"logistic_regression": "logistic_regression", "neural_head": "neural_head",
            "neural_head, fgsm": f"neural_head(adversarial=fgsm, radius={radius})",
            "neural_head, pgd": f"neural_head(adversarial=pgd, radius={radius})"}


def measure(options, name, learner):
    path, embeddings, radius = SETS[name]
    with tempfile.TemporaryDirectory(prefix="querist-robust-") as folder:
        project = OneProject(options.binary, folder,
                             {"learner": learner, "strategy": "random", "audit_share": 0.5, "batch_size": LABELS})
        columns = ["--embeddings", options.data / embeddings] if embeddings else []
        project.label(options.data / path, columns, LABELS)
        newest = json.loads(project.ask("models", "list", "--json"))["items"][-1]
        attacked = [json.loads(project.ask("models", "robustness", newest["version"], "--radius", r, "--json"))
                    for r in (radius / 2, radius)]
    return {"seconds": newest["seconds"], "attacks": attacked}


def report(results):
    lines = ["# Adversarial training", "", __doc__.split("\n\n")[1].replace("\n", " "), "",
             "Shares of audit examples in %, with 95 % intervals. Of neural heads the attack gives an upper bound.", "",
             "| set | radius (l2) | head | right | right after moves by half the radius | by the radius | seconds to train |",
             "|---|---|---|---|---|---|---|"]
    for name, runs in results["sets"].items():
        for head, run in runs.items():
            half, whole = run["attacks"]
            lines.append(f"| {name} | {whole['radius']} | {head} | {share(half['accuracy'])} | {share(half['robust_accuracy'])} | "
                         f"{share(whole['robust_accuracy'])} | {run['seconds']:.2f} |")
    about = results["machine"]
    return "\n".join(lines + ["", f"Machine: {about['model']}, {about['cores']} cores, shared."]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("QUERIST_DATA", ROOT / "../shared/data"))
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/querist")
    options = parser.parse_args()
    results = {"machine": machine(), "sets": {}}
    for name, (_, _, radius) in SETS.items():
        results["sets"][name] = {}
        for head, learner in heads(radius).items():
            results["sets"][name][head] = measure(options, name, learner)
            print(f"{name} {head}", file=sys.stderr, flush=True)
            RESULTS.joinpath("robustness.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            RESULTS.joinpath("robustness.md").write_text(report(results), encoding="utf-8")


if __name__ == "__main__":
    main()

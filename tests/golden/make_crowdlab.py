"""Makes crowdlab.json with cleanlab: answers, probabilities, and the consensus that CROWDLAB makes of them.

Run in an environment of its own: pip install cleanlab==2.9.0; python make_crowdlab.py
"""
import json
import pathlib

import numpy as np
import pandas as pd
from cleanlab.multiannotator import get_label_quality_multiannotator


def case(seed, items, annotators, classes, share, truth_share):
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=items)
    probabilities = rng.dirichlet(np.ones(classes), items)
    probabilities[np.arange(items), truth] += truth_share
    probabilities /= probabilities.sum(1, keepdims=True)
    skill = rng.uniform(0.4, 0.95, annotators)
    table = np.full((items, annotators), np.nan)
    for i in range(items):
        who = rng.choice(annotators, 1 + rng.binomial(annotators - 1, share), replace=False)
        for j in who:
            table[i, j] = truth[i] if rng.uniform() < skill[j] else rng.integers(classes)
    answers = pd.DataFrame(table, columns=[str(j) for j in range(annotators)])
    answers = answers.astype(object).where(answers.notna(), pd.NA)
    found = get_label_quality_multiannotator(answers, probabilities, verbose=False, return_detailed_quality=False, return_annotator_stats=False)
    placed = [(i, j, int(table[i, j])) for i in range(items) for j in range(annotators) if not np.isnan(table[i, j])]
    rows, who, labels = zip(*placed)
    best = found["label_quality"]
    return {"items": rows, "annotators": who, "labels": labels, "classes": classes, "probabilities": probabilities.ravel().tolist(),
            "consensus": best["consensus_label"].astype(int).tolist(), "quality": best["consensus_quality_score"].tolist()}


def main():
    cases = [case(1, 40, 6, 3, 0.5, 1.0), case(2, 60, 12, 2, 0.3, 0.5), case(3, 30, 5, 6, 0.8, 2.0)]
    path = pathlib.Path(__file__).with_name("crowdlab.json")
    path.write_text(json.dumps({"made_with": "cleanlab 2.9.0", "cases": cases}) + "\n")


main()

"""Makes active_lab.json with cleanlab: scores as it gives them, and as it would with answers counted for their own classes.

Run in an environment of its own: pip install cleanlab==2.9.0; python make_active_lab.py
"""
import json
import pathlib
import warnings

import cleanlab
import numpy as np
from cleanlab import multiannotator
from cleanlab.internal import multiannotator_utils

THEIR_COUNTS = multiannotator_utils.value_counts


def own_class_counts(x, num_classes):
    return np.bincount(x.astype(int), minlength=num_classes)


def world(rng, items, annotators, classes, answers, sharpness, copies=0, levels=0):
    """(labels with NaN, probabilities, unlabelled probabilities); the last `copies` annotators see items of their own."""
    truth = rng.integers(0, classes, items)
    skill = rng.uniform(0.3, 0.95, annotators)
    p = rng.dirichlet(np.ones(classes), items + 20)
    p[np.arange(items), truth] += sharpness
    p /= p.sum(1, keepdims=True)
    if levels:  # Coarse numbers tie.
        p = np.maximum(np.round(p * levels), 0) + 1
        p /= p.sum(1, keepdims=True)
    p = np.round(p, 6)
    p[:, -1] = np.abs(1 - p[:, :-1].sum(1))
    labels = np.full((items, annotators), np.nan)
    for i in range(items):
        few = annotators - copies
        chosen = rng.choice(few, min(few, max(1, rng.poisson(answers) if answers > 1 else 1)), replace=False)
        if i < copies:
            chosen = [few + i]
        for a in chosen:
            labels[i, a] = truth[i] if rng.random() < skill[a] else rng.integers(0, classes)
    labels = labels[:, ~np.isnan(labels).all(0)]
    return labels, p[:items], p[items:]


def scores(labels, p, unlabeled, counts):
    multiannotator_utils.value_counts = counts
    found, new = multiannotator.get_active_learning_scores(labels, p, unlabeled)
    several = labels is not None and (~np.isnan(labels)).sum(1).max() > 1
    temperature = float(multiannotator_utils.find_best_temp_scaler(labels, p)) if several else 1.0
    return {"temperature": temperature, "scores": found.tolist(), "unlabeled_scores": new.tolist()}


def main():
    warnings.simplefilter("ignore")
    multiannotator.np.random.choice = lambda classes: classes[0]  # What it leaves to chance, the lower class.
    rng = np.random.default_rng(4)
    worlds = {
        "several_answers": world(rng, 80, 8, 4, 3, 0.5),
        "many_classes": world(rng, 60, 12, 10, 2, 0.3),
        "two_classes_and_lonely_annotators": world(rng, 70, 9, 2, 2.5, 0.2, copies=3),
        "poor_model": world(rng, 60, 6, 3, 3, 0.0),
        "ties": world(rng, 90, 6, 4, 2, 0.0, levels=2),
        "even_probabilities": world(rng, 60, 6, 3, 2, 0.0, levels=1e-9),
        "one_answer_each": world(rng, 40, 5, 3, 1, 0.5),
    }
    out = {"versions": {"cleanlab": cleanlab.__version__, "numpy": np.__version__}, "cases": []}
    for name, (labels, p, unlabeled) in worlds.items():
        items, annotators = np.nonzero(~np.isnan(labels))
        out["cases"].append({
            "name": name, "classes": p.shape[1], "items": items.tolist(), "annotators": annotators.tolist(),
            "labels": labels[items, annotators].astype(int).tolist(), "probabilities": p.ravel().tolist(),
            "unlabeled_probabilities": unlabeled.ravel().tolist(), "as_cleanlab": scores(labels, p, unlabeled, THEIR_COUNTS),
            "own_classes": scores(labels, p, unlabeled, own_class_counts)})
    _, new = multiannotator.get_active_learning_scores(pred_probs_unlabeled=unlabeled)
    out["unlabeled_alone"] = {"classes": 3, "unlabeled_probabilities": unlabeled.ravel().tolist(), "unlabeled_scores": new.tolist()}
    path = pathlib.Path(__file__).parent / "active_lab.json"
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")
    for case in out["cases"]:
        print(case["name"], case["as_cleanlab"]["temperature"], case["own_classes"]["temperature"], np.round(case["own_classes"]["scores"][:4], 3))


if __name__ == "__main__":
    main()

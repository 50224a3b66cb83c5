"""Makes error_reduction.json with scikit-activeml: small float32 pools, and the utilities that its strategies give.

Run in an environment of its own: pip install scikit-activeml==1.0.1; python make_error_reduction.py
"""
import json
import pathlib
import warnings

import numpy as np
import skactiveml
from skactiveml.classifier import ParzenWindowClassifier
from skactiveml.pool import MonteCarloEER, Quire, expected_average_precision

METHODS = ("misclassification_loss", "log_loss")


def pool(rng, rows, cols, classes, labeled):
    x = rng.normal(size=(rows, cols)).astype(np.float32)
    x[rows // 2] = x[0]  # A pair of equal rows.
    y = np.full(rows, np.nan)
    chosen = rng.choice(rows, labeled, replace=False)
    y[chosen] = rng.integers(0, classes, labeled)
    return x, y


def inputs(x, y, classes):
    return {
        "rows": len(x),
        "cols": x.shape[1],
        "classes": classes,
        "x": [float(v) for v in x.ravel()],
        "labels": [-1 if np.isnan(v) else int(v) for v in y],
    }


def quire(rng, rows, cols, classes, labeled, lmbda, gamma):
    x, y = pool(rng, rows, cols, classes, labeled)
    strategy = Quire(classes=list(range(classes)), lmbda=lmbda, metric_dict={"gamma": gamma})
    _, utilities = strategy.query(x.astype(np.float64), y, return_utilities=True)
    kept = utilities[0][np.isnan(y)]
    return {**inputs(x, y, classes), "lmbda": lmbda, "gamma": gamma, "utilities": kept.tolist()}


def parzen(rng, rows, cols, classes, labeled, gamma):
    x, y = pool(rng, rows, cols, classes, labeled)
    out = {**inputs(x, y, classes), "gamma": gamma}
    wide = x.astype(np.float64)
    model = ParzenWindowClassifier(classes=list(range(classes)), metric="rbf", metric_dict={"gamma": gamma})
    out["probabilities"] = model.fit(wide, y).predict_proba(wide).ravel().tolist()
    for method in METHODS:
        strategy = MonteCarloEER(method=method)
        _, utilities = strategy.query(wide, y, model, return_utilities=True)
        out[method] = utilities[0][np.isnan(y)].tolist()
    return out


def average_precision(rng, rows, classes):
    p = rng.dirichlet(np.ones(classes), rows).astype(np.float32)
    p[rows // 2] = p[0]
    p[rows - 1] = np.eye(classes)[0]
    wide = p.astype(np.float64)
    scores = expected_average_precision(list(range(classes)), wide)
    return {
        "rows": rows,
        "classes": classes,
        "probabilities": [float(v) for v in p.ravel()],
        "utilities": scores.tolist(),
    }


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(5)
    out = {"versions": {"scikit-activeml": skactiveml.__version__, "numpy": np.__version__}}
    out["quire"] = [
        quire(rng, 14, 3, 2, 5, 1.0, 1 / 3),
        quire(rng, 20, 4, 4, 6, 0.1, 0.25),
        quire(rng, 18, 2, 3, 9, 10.0, 2.0),
    ]
    out["parzen"] = [
        parzen(rng, 16, 3, 2, 4, 1 / 3),
        parzen(rng, 20, 2, 4, 7, 0.5),
        parzen(rng, 14, 5, 3, 3, 1e4),  # So narrow that most rows have no vote.
    ]
    out["expected_average_precision"] = [
        average_precision(rng, 3, 2),
        average_precision(rng, 9, 3),
        average_precision(rng, 24, 4),
    ]
    target = pathlib.Path(__file__).with_name("error_reduction.json")
    target.write_text(json.dumps(out, separators=(",", ":")).replace('],"', '],\n"') + "\n")


if __name__ == "__main__":
    main()

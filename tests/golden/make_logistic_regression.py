"""Makes logistic_regression.json with scikit-learn: small data sets and the objective's exact optimum on each.

Run in an environment of its own: pip install scikit-learn==1.9.1; python make_logistic_regression.py
"""
import json
import pathlib

import numpy as np
import sklearn
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight


def data(seed, rows, cols, classes, density=1.0, spread=1.0, scales=None):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, rows - classes)])
    centres = rng.normal(0, spread, (classes, cols))
    x = centres[y] + rng.normal(0, 1, (rows, cols))
    if scales is not None:
        x = x * scales
    x[rng.random((rows, cols)) >= density] = 0
    return np.round(x, 3).astype(np.float32), y


def objective(x, y, weights, c, coef, intercept):
    """C * sum_i w_i loss_i + |W|^2 / 2 in double precision."""
    z = x.astype(np.float64) @ coef.T + intercept
    if len(coef) == 1:
        loss = np.logaddexp(0, z[:, 0]) - (y == np.unique(y)[1]) * z[:, 0]
    else:
        index = np.searchsorted(np.unique(y), y)
        loss = logsumexp(z, axis=1) - z[np.arange(len(y)), index]
    return c * np.sum(weights * loss) + 0.5 * np.sum(coef**2)


def case(name, x, y, classes, c, sparse=False, weights=None, balanced=False):
    w = np.ones(len(y)) if weights is None else weights
    model = LogisticRegression(C=c, tol=1e-12, max_iter=100_000, class_weight="balanced" if balanced else None)
    model.fit(x.astype(np.float64), y, sample_weight=w)
    total = w.copy()
    if balanced:
        present = np.unique(y)
        factor = dict(zip(present, compute_class_weight("balanced", classes=present, y=y)))
        total = w * np.array([factor[v] for v in y])
    return {
        "name": name, "sparse": sparse, "balanced": balanced, "strength": c, "classes": classes,
        "rows": len(y), "cols": x.shape[1], "x": [float(f"{v:.3f}") for v in x.ravel()], "y": y.tolist(),
        "weights": [] if weights is None else weights.tolist(),
        "objective": float(objective(x, y, total, c, model.coef_, model.intercept_)),
        "present": np.unique(y).tolist(),
        "probabilities": np.round(model.predict_proba(x[:5].astype(np.float64)), 7).tolist(),
    }


def main():
    rng = np.random.default_rng(7)
    cases = []
    cases.append(case("dense_two", *data(1, 40, 5, 2), 2, 1.0))
    cases.append(case("dense_three", *data(2, 60, 6, 3), 3, 1.0))
    cases.append(case("dense_weak_penalty", *data(3, 60, 6, 3, spread=2), 3, 1000.0))
    cases.append(case("dense_strong_penalty", *data(4, 60, 6, 4), 4, 0.001))
    cases.append(case("more_columns_than_rows", *data(5, 12, 33, 3), 3, 10.0))
    cases.append(case("uneven_scales", *data(6, 60, 4, 3, scales=np.array([0.01, 1, 30, 1000])), 3, 1.0))
    cases.append(case("sparse_two", *data(7, 50, 40, 2, density=0.1), 2, 5.0, sparse=True))
    cases.append(case("sparse_four", *data(8, 60, 50, 4, density=0.1), 4, 5.0, sparse=True))
    x, y = data(9, 50, 5, 3)
    cases.append(case("weighted", x, y, 3, 1.0, weights=np.round(rng.uniform(0.1, 4, 50), 3)))
    x, y = data(10, 80, 5, 3)
    keep = (y != 2) | (rng.random(80) < 0.2)
    keep[:3] = True
    cases.append(case("balanced", x[keep], y[keep], 3, 1.0, balanced=True))
    x, y = data(11, 60, 5, 2)
    keep = (y != 1) | (rng.random(60) < 0.2)
    keep[:2] = True
    cases.append(case("balanced_two", x[keep], y[keep], 2, 2.0, balanced=True))
    x, y = data(12, 60, 5, 4)
    cases.append(case("missing_class", x[y != 1], y[y != 1], 4, 1.0))
    x, y = data(13, 40, 5, 3)
    cases.append(case("two_of_three_classes", x[y != 0], y[y != 0], 3, 1.0))
    out = pathlib.Path(__file__).with_name("logistic_regression.json")
    out.write_text(json.dumps({"scikit_learn": sklearn.__version__, "cases": cases}, separators=(",", ":")) + "\n")


main()

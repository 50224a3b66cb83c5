"""Makes naive_bayes.json with scikit-learn: small data sets and the probabilities of its three variants on each.

Run in an environment of its own: pip install scikit-learn==1.9.1; python make_naive_bayes.py
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.naive_bayes import ComplementNB, GaussianNB, MultinomialNB
from sklearn.utils.class_weight import compute_sample_weight


def case(name, variant, x, y, weights=None, balanced=False, smoothing=1.0):
    made = {"multinomial": lambda: MultinomialNB(alpha=smoothing), "complement": lambda: ComplementNB(alpha=smoothing),
            "gaussian": lambda: GaussianNB(var_smoothing=1e-9)}[variant]()
    w = np.ones(len(y)) if weights is None else weights
    if balanced:
        w = w * compute_sample_weight("balanced", y)
    wide = x.astype(np.float64)
    probabilities = made.fit(wide, y, sample_weight=w).predict_proba(wide)
    return {"name": name, "variant": variant, "rows": x.shape[0], "cols": x.shape[1], "classes": int(y.max()) + 1,
            "x": [float(v) for v in x.ravel()], "y": y.tolist(), "weights": [] if weights is None else [float(v) for v in weights],
            "balanced": balanced, "smoothing": smoothing, "probabilities": [float(v) for v in probabilities.ravel()]}


def main():
    rng = np.random.default_rng(7)
    cases = []
    for rows, cols, classes in ((12, 5, 2), (30, 9, 4), (25, 3, 3)):
        y = np.concatenate([np.arange(classes), rng.integers(0, classes, rows - classes)])
        rates = rng.gamma(1.0, 1.5, (classes, cols))
        counts = rng.poisson(rates[y]).astype(np.float32)
        words = np.round(counts * rng.random((rows, cols)), 3).astype(np.float32)
        normal = np.round(rng.normal(0, 2, (classes, cols))[y] + rng.normal(100, 1, (rows, cols)), 3).astype(np.float32)
        weights = np.round(rng.random(rows) + 0.1, 3).astype(np.float32)
        for variant in ("multinomial", "complement"):
            cases += [case("counts", variant, counts, y), case("weighted", variant, words, y, weights, smoothing=0.3),
                      case("balanced", variant, words, y, balanced=True)]
        cases += [case("normal", "gaussian", normal, y), case("weighted", "gaussian", normal, y, weights),
                  case("balanced", "gaussian", normal, y, balanced=True)]
    out = pathlib.Path(__file__).with_name("naive_bayes.json")
    out.write_text(json.dumps({"scikit_learn": sklearn.__version__, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()

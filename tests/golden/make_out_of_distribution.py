"""Makes out_of_distribution.json with scikit-learn and SciPy: training rows, new rows, and what each detector's formula gives them.

Run in an environment of its own: pip install scikit-learn==1.9.1; python make_out_of_distribution.py
"""
import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy import special, stats
from sklearn.covariance import LedoitWolf
from sklearn.neighbors import NearestNeighbors


def squared(x, mean, precision):
    gap = x - mean
    return np.einsum("ij,jk,ik->i", gap, precision, gap)


def gaussians(x, y, new, fixed):
    """Mahalanobis and relative scores; fixed: a shrinkage, else Ledoit and Wolf's."""
    present = np.unique(y)
    means = np.array([x[y == c].mean(0) for c in present])
    centred = x - means[np.searchsorted(present, y)]
    if fixed is None:
        fit = LedoitWolf(assume_centered=True).fit(centred)
        covariance, shrinkage = fit.covariance_, float(fit.shrinkage_)
    else:
        s = centred.T @ centred / len(centred)
        covariance, shrinkage = (1 - fixed) * s + fixed * np.trace(s) / len(s) * np.eye(len(s)), fixed
    gaps = means[np.searchsorted(present, y)] - x.mean(0)
    within, total = np.linalg.inv(covariance), np.linalg.inv(covariance + gaps.T @ gaps / len(x))
    near = np.array([squared(new, mean, within) for mean in means]).min(0)
    return {"shrinkage": shrinkage, "mahalanobis": near.tolist(), "relative_mahalanobis": (near - squared(new, x.mean(0), total)).tolist()}


def one(rng, n, d, classes, m):
    y = rng.integers(0, classes, n)
    centres = rng.normal(size=(classes, d))
    mix = rng.normal(size=(d, d)) / np.sqrt(d)
    x = (centres[y] + 0.7 * rng.normal(size=(n, d)) @ mix + 3).astype(np.float16)
    new = (1.5 * rng.normal(size=(m, d)) + 3).astype(np.float16)
    p = special.softmax(2 * rng.normal(size=(m, classes)), axis=1).astype(np.float32)
    q = p.astype(np.float64)
    z = np.log(q) - np.log(q).mean(1, keepdims=True)
    out = {"classes": classes, "d": d, "labels": y.tolist(), "rows": x.astype(float).ravel().tolist(), "new": new.astype(float).ravel().tolist(),
           "probabilities": p.astype(float).ravel().tolist(), "logits": z.ravel().tolist()}
    x, new = x.astype(np.float64), new.astype(np.float64)
    out["max_softmax"] = (-special.softmax(z, axis=1).max(1)).tolist()
    out["max_logit"] = (-z.max(1)).tolist()
    out["energy"] = (-special.logsumexp(z, axis=1)).tolist()
    out["energy_at_2.5"] = (-2.5 * special.logsumexp(z / 2.5, axis=1)).tolist()
    out["entropy"] = stats.entropy(special.softmax(z, axis=1), axis=1).tolist()
    out["ledoit_wolf"] = gaussians(x, y, new, None)
    out["fixed"] = gaussians(x, y, new, 0.3)
    for k in (1, 5):
        out[f"nearest_{k}"] = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x).kneighbors(new)[0].mean(1).tolist()
    return out


def main():
    rng = np.random.default_rng(20240611)
    shapes = [(30, 3, 2, 8), (60, 5, 4, 10), (12, 9, 3, 6), (7, 20, 5, 5)]  # The last two: fewer rows than dimensions give or take.
    cases = [one(rng, *shape) for shape in shapes]
    text = json.dumps({"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}, "cases": cases},
                      separators=(",", ":"))
    (pathlib.Path(__file__).parent / "out_of_distribution.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

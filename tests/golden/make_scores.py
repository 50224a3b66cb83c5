"""Makes scores.json with scikit-learn: metrics of classes, rankings, numbers and label sets, with and without weights.

Run in an environment of its own: pip install scikit-learn==1.9.1; python make_scores.py
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression


def u(i, s):
    """The golden inputs of the research notes: frac((i + 1) * golden ratio + s)."""
    return np.mod((np.asarray(i) + 1) * 0.6180339887498949 + s, 1.0)


def averages(y, p, w, **more):
    found = {}
    for average in ("micro", "macro", "weighted"):
        found[average] = list(metrics.precision_recall_fscore_support(y, p, average=average, zero_division=0, sample_weight=w, **more)[:3])
    return found


def classes(rng):
    y = rng.integers(0, 4, 90)
    y[y == 2] = rng.integers(0, 2, (y == 2).sum()) * 2  # A rarer class.
    p = np.where(rng.random(90) < 0.6, y, rng.integers(0, 3, 90))  # Class 3 is predicted only where it is right.
    w = np.round(rng.exponential(1, 90), 3)
    out = {"labels": y.tolist(), "predicted": p.tolist(), "weights": w.tolist()}
    for key, weights in (("plain", None), ("weighted", w)):
        out[key] = {"averages": averages(y, p, weights), "mcc": metrics.matthews_corrcoef(y, p, sample_weight=weights),
                    "kappa": metrics.cohen_kappa_score(y, p, sample_weight=weights),
                    "accuracy": metrics.accuracy_score(y, p, sample_weight=weights),
                    "balanced_accuracy": metrics.balanced_accuracy_score(y, p, sample_weight=weights)}
    return out


def rankings(rng):
    out = []
    for n, decimals in ((12, 1), (80, 1), (200, 2), (200, 15)):
        y = (rng.random(n) < 0.3).astype(int)
        y[:2] = 0, 1
        s = np.round(rng.normal(y * 0.8, 1), decimals)
        w = np.round(rng.exponential(1, n), 3)
        out.append({"positive": y.tolist(), "scores": s.tolist(), "weights": w.tolist(), "auc": metrics.roc_auc_score(y, s),
                    "ap": metrics.average_precision_score(y, s), "weighted_auc": metrics.roc_auc_score(y, s, sample_weight=w),
                    "weighted_ap": metrics.average_precision_score(y, s, sample_weight=w)})
    return out


def several(rng):
    y = rng.choice(4, 120, p=[0.5, 0.3, 0.15, 0.05])
    y[:4] = range(4)
    s = np.round(rng.dirichlet(np.ones(4), 120) + 0.3 * np.eye(4)[y], 2)  # Rounded: many ties.
    s /= s.sum(1, keepdims=True)
    out = {"labels": y.tolist(), "scores": s.ravel().tolist(), "log_loss": metrics.log_loss(y, s), "brier": float(np.mean(np.sum((s - np.eye(4)[y]) ** 2, 1)))}
    for way in ("ovr", "ovo"):
        for average in ("macro", "weighted"):
            out[f"{way}_{average}"] = metrics.roc_auc_score(y, s, multi_class=way, average=average)
    out["ovr_micro"] = metrics.roc_auc_score(y, s, multi_class="ovr", average="micro")
    return out


def numbers(rng):
    y = np.round(rng.normal(2, 3, 50), 3)
    p = np.round(y + rng.normal(0.2, 1, 50), 3)
    w = np.round(rng.exponential(1, 50), 3)
    out = {"targets": y.tolist(), "predicted": p.tolist(), "weights": w.tolist()}
    for key, weights in (("plain", None), ("weighted", w)):
        out[key] = {"rmse": metrics.root_mean_squared_error(y, p, sample_weight=weights), "mae": metrics.mean_absolute_error(y, p, sample_weight=weights),
                    "r2": metrics.r2_score(y, p, sample_weight=weights), "pinball": metrics.mean_pinball_loss(y, p, alpha=0.2, sample_weight=weights)}
    return out


def label_sets(rng):
    y = (rng.random((40, 5)) < [0.5, 0.3, 0.2, 0.1, 0]).astype(int)
    p = np.where(rng.random((40, 5)) < 0.75, y, 1 - y)
    p[:, 2] = 0
    w = np.round(rng.exponential(1, 40), 3)
    out = {"labels": 5, "truth": y.ravel().tolist(), "predicted": p.ravel().tolist(), "weights": w.tolist()}
    for key, weights in (("plain", None), ("weighted", w)):
        out[key] = {"averages": averages(y, p, weights), "hamming": metrics.hamming_loss(y, p, sample_weight=weights),
                    "subset": metrics.accuracy_score(y, p, sample_weight=weights)}
    return out


def main():
    rng = np.random.default_rng(11)
    out = {"versions": {"scikit-learn": sklearn.__version__}, "classes": classes(rng), "rankings": rankings(rng), "several": several(rng),
           "numbers": numbers(rng), "label_sets": label_sets(rng)}
    # Isotonic probabilities of the binary golden input, for estimation without labels.
    i = np.arange(2000)
    p = u(i, 0.3)
    y = (u(7 * i + 3, 0.77) < p**1.5).astype(int)
    iso = IsotonicRegression(out_of_bounds="clip").fit(p, y)
    out["isotonic"] = {"calibrated": iso.predict(p).tolist(), "x": iso.X_thresholds_.tolist(), "y": iso.y_thresholds_.tolist()}
    path = pathlib.Path(__file__).with_name("scores.json")
    path.write_text(json.dumps(out, default=float, separators=(",", ":")) + "\n")


main()

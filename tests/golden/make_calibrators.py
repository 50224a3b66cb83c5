"""Makes calibrators.json with scikit-learn and SciPy: logits, labels, and what each calibrator learns from them.

Run in an environment of its own: pip install scikit-learn==1.9.1; python make_calibrators.py
"""
import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy import optimize, special
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression


def log_loss_sum(z, y, w):
    return float(w @ (special.logsumexp(z, axis=1) - z[np.arange(len(y)), y]))


def minimum(f, start):
    """To the last digits: BFGS, then Nelder-Mead cannot gain; started again from where it ended."""
    x = np.asarray(start, float)
    for _ in range(4):
        x = optimize.minimize(f, x, method="BFGS", jac=lambda v: optimize.approx_fprime(v, f, 1e-7), options={"gtol": 1e-9}).x
        x = optimize.minimize(f, x, method="Powell", options={"xtol": 1e-12, "ftol": 1e-16}).x
    return f(x)


def one(rng, n, classes, weighted):
    y = rng.integers(0, classes, n)
    z = np.round(2.5 * (rng.normal(size=(n, classes)) + 0.9 * np.eye(classes)[y]), 3)  # Overconfident.
    w = np.round(0.25 + rng.exponential(1, n), 3) if weighted else np.ones(n)
    out = {"classes": classes, "logits": z.ravel().tolist(), "labels": y.tolist(), "weights": w.tolist() if weighted else []}
    tight = {"xatol": 1e-13}
    for key, precision in (("temperature", 16.0), ("temperature_without_prior", 0.0)):
        best = optimize.minimize_scalar(lambda u: log_loss_sum(z * np.exp(-u), y, w) + precision * u * u / 2, bounds=(-3, 3), method="bounded",
                                        options=tight)
        out[key] = float(np.exp(best.x))
    ridge = 1.0

    def vector(v):
        return log_loss_sum(z * v[:classes] + v[classes:], y, w) + ridge / 2 * (np.sum((v[:classes] - 1) ** 2) + np.sum(v[classes:] ** 2))

    logs = z - special.logsumexp(z, axis=1, keepdims=True)

    def dirichlet(v):
        matrix = v[:classes**2].reshape(classes, classes)
        return log_loss_sum(logs @ matrix.T + v[classes**2:], y, w) + ridge / 2 * (np.sum((matrix - np.eye(classes)) ** 2) + np.sum(v[classes**2:] ** 2))

    out["vector_scaling"] = minimum(vector, np.r_[np.ones(classes), np.zeros(classes)])
    out["dirichlet"] = minimum(dirichlet, np.r_[np.eye(classes).ravel(), np.zeros(classes)])
    p = special.softmax(z, axis=1)
    sigmoids, curves = [], []
    for k in ([1] if classes == 2 else range(classes)):
        rest = special.logsumexp(np.delete(z, k, axis=1), axis=1)
        sigmoids.append([float(v) for v in _sigmoid_calibration(z[:, k] - rest, y == k, sample_weight=w if weighted else None)])
        iso = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(p[:, k], (y == k).astype(float), sample_weight=w)
        curves.append({"x": iso.X_thresholds_.tolist(), "y": iso.y_thresholds_.tolist(), "at": iso.predict(np.linspace(0, 1, 101)).tolist()})
    out["platt"], out["isotonic"] = sigmoids, curves
    return out


def main():
    rng = np.random.default_rng(5)
    cases = [one(rng, 60, 2, False), one(rng, 60, 2, True), one(rng, 90, 3, False), one(rng, 90, 3, True)]
    path = pathlib.Path(__file__).with_name("calibrators.json")
    path.write_text(json.dumps({"versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__}, "cases": cases}, default=float,
                               separators=(",", ":")) + "\n")


main()

"""Writes regression.json: what scikit-learn 1.9 says of small data sets (pip install scikit-learn; python make_regression.py)."""
import json
import pathlib

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import Ridge, RidgeCV

GRID = [0.01, 0.1, 1.0, 10.0, 100.0]


def rounded(values):
    return [float(v) for v in np.asarray(values, dtype=np.float64).ravel()]


def data(seed, rows, cols, weighted):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, cols)).astype(np.float32)
    y = (np.sin(x[:, 0]) + x @ rng.normal(size=cols) / cols + 3 + 0.3 * rng.normal(size=rows)).astype(np.float32)
    weights = rng.uniform(0.5, 2, size=rows).astype(np.float32) if weighted else np.empty(0, np.float32)
    return x, y, weights


def ridge(seed, rows, cols, alpha, weighted):
    x, y, weights = data(seed, rows, cols, weighted)
    given = weights if weighted else None
    model = Ridge(alpha=alpha).fit(x.astype(np.float64), y.astype(np.float64), sample_weight=given)
    search = RidgeCV(alphas=GRID, store_cv_results=True).fit(x.astype(np.float64), y.astype(np.float64), sample_weight=given)
    return {"rows": rows, "cols": cols, "alpha": alpha, "x": rounded(x), "y": rounded(y), "weights": rounded(weights),
            "coef": rounded(model.coef_), "intercept": float(model.intercept_), "grid": GRID,
            "errors": rounded(search.cv_results_.sum(axis=0)), "best": float(search.alpha_)}


def process(seed, rows, cols, length_scale, noise):
    x, y, _ = data(seed, rows, cols, False)
    new = np.random.default_rng(seed + 1).normal(size=(6, cols)).astype(np.float32)
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    fixed = GaussianProcessRegressor(ConstantKernel(0.7, "fixed") * RBF(length_scale, "fixed"), alpha=noise * 0.7,
                                     normalize_y=True, optimizer=None).fit(x64, y64)
    mean, spread = fixed.predict(new.astype(np.float64), return_std=True)
    free = GaussianProcessRegressor(ConstantKernel(1, (1e-6, 1e6)) * RBF(np.sqrt(cols), (1e-3, 1e4)) + WhiteKernel(0.1, (1e-9, 1e4)),
                                    alpha=0, normalize_y=True, n_restarts_optimizer=20, random_state=0).fit(x64, y64)
    return {"rows": rows, "cols": cols, "length_scale": length_scale, "noise": noise, "variance": 0.7, "x": rounded(x),
            "y": rounded(y), "new": rounded(new), "mean": rounded(mean), "spread": rounded(spread),
            "log_likelihood": float(fixed.log_marginal_likelihood_value_),
            "best_log_likelihood": float(free.log_marginal_likelihood_value_)}


golden = {"ridge": [ridge(1, 30, 4, 0.5, False), ridge(2, 12, 20, 2.0, False), ridge(3, 25, 6, 10.0, True), ridge(4, 10, 15, 0.1, True)],
          "gaussian_process": [process(5, 30, 2, 1.5, 0.1), process(6, 12, 5, 3.0, 0.01), process(7, 40, 1, 0.5, 0.5)]}
pathlib.Path(__file__).with_name("regression.json").write_text(json.dumps(golden) + "\n")

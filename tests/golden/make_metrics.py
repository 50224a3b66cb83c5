"""Makes metrics.json with SciPy, statsmodels and scikit-learn: inputs and their answers.

Run in an environment of its own: pip install scikit-learn==1.9.1 scipy statsmodels; python make_metrics.py
"""
import json
import pathlib

import numpy as np
import scipy
import statsmodels
from scipy import special, stats
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint


def wilcoxon(d):
    d = np.asarray(d)
    d = d[d != 0]
    tied = len(np.unique(np.abs(d))) < len(d)
    if len(d) > 25:
        result = stats.wilcoxon(d, method="approx", correction=False)
    elif tied:  # SciPy's own exact count with ties: every sign pattern.
        result = stats.wilcoxon(d, method=stats.PermutationMethod(n_resamples=np.inf))
    else:
        result = stats.wilcoxon(d, method="exact")
    return {"differences": d.tolist(), "statistic": float(result.statistic), "p_value": float(result.pvalue)}


def main():
    rng = np.random.default_rng(3)
    out = {"versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__}}
    y = rng.integers(0, 4, 60)
    p = rng.dirichlet(np.ones(4), 60)
    p[np.arange(60), y] += 0.6
    p = np.round(p / p.sum(1, keepdims=True), 4)
    p[:, 3] = 1 - p[:, :3].sum(1)
    y_hat = p.argmax(1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, y_hat, labels=range(4), zero_division=0)
    out["classification"] = {
        "labels": y.tolist(), "probabilities": np.round(p, 6).ravel().tolist(), "predicted": y_hat.tolist(),
        "accuracy": metrics.accuracy_score(y, y_hat), "balanced_accuracy": metrics.balanced_accuracy_score(y, y_hat),
        "log_loss": metrics.log_loss(y, p, labels=range(4)), "brier": float(np.mean(np.sum((p - np.eye(4)[y]) ** 2, 1))),
        "confusion": metrics.confusion_matrix(y, y_hat, labels=range(4)).ravel().tolist(),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "kappa": metrics.cohen_kappa_score(y, y_hat),
    }
    out["wilson"] = [
        {"successes": k, "trials": n, "confidence": c, "interval": list(proportion_confint(k, n, 1 - c, method="wilson"))}
        for k, n, c in [(0, 10, 0.95), (10, 10, 0.95), (7, 10, 0.95), (81, 263, 0.95), (1, 1, 0.9), (499, 1000, 0.99)]
    ]
    out["normal_quantile"] = [[q, stats.norm.ppf(q)] for q in [1e-300, 1e-12, 0.001, 0.025, 0.2, 0.5, 0.6, 0.975, 0.999999]]
    out["student_t_quantile"] = [[q, v, stats.t.ppf(q, v)] for q in [0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9995] for v in [1, 2, 2.5, 9, 30, 1e4]]
    out["incomplete_beta"] = [[a, b, x, special.betainc(a, b, x)] for a, b in [(0.5, 0.5), (2, 3), (50, 0.5), (300, 700), (1, 1)] for x in [0.001, 0.2, 0.3, 0.5, 0.99]]
    out["binomial_cdf"] = [[k, n, q, stats.binom.cdf(k, n, q)] for k, n, q in [(0, 5, 0.5), (3, 5, 0.5), (5, 5, 0.5), (40, 100, 0.5), (2, 300, 0.01)]]
    sample = np.round(rng.normal(0.8, 0.05, 12), 4)
    half = stats.t.ppf(0.975, 11) * sample.std(ddof=1) / np.sqrt(12)
    out["student_t_interval"] = {"values": sample.tolist(), "interval": [sample.mean() - half, sample.mean() + half]}
    skewed = np.round(rng.exponential(1, 40), 4)
    bca = stats.bootstrap((skewed,), np.mean, n_resamples=200_000, method="BCa", random_state=1).confidence_interval
    percentile = stats.bootstrap((skewed,), np.mean, n_resamples=200_000, method="percentile", random_state=1).confidence_interval
    out["bootstrap"] = {"values": skewed.tolist(), "bca": [bca.low, bca.high], "percentile": [percentile.low, percentile.high]}
    out["wilcoxon"] = [
        wilcoxon(np.round(rng.normal(0.3, 1, 8), 4)), wilcoxon(np.round(rng.normal(0.5, 1, 25), 4)),
        wilcoxon([1, 2, -2, 3, 3, -1, 4, 5]), wilcoxon([0, 1.5, -0.5, 2, 0, 3.25]), wilcoxon(np.round(rng.normal(0.2, 1, 60), 1)),
    ]
    out["mcnemar"] = [[a, b, mcnemar([[10, a], [b, 10]], exact=True).pvalue] for a, b in [(0, 0), (1, 5), (12, 30), (0, 20), (7, 7)]]
    d = np.round(rng.normal(0.3, 1, 10), 4)
    flip = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
    out["sign_flip"] = {"differences": d.tolist(), "p_value": float(flip.pvalue)}
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(out, default=float, separators=(",", ":")) + "\n")


main()

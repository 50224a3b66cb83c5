"""Makes slices.json: comparisons of two groups with SciPy and statsmodels, gaps between groups with Fairlearn.

Run in an environment of its own: pip install scipy==1.17.1 statsmodels==0.15.0 fairlearn==0.15.0; python make_slices.py
"""
import json
import pathlib

import fairlearn.metrics as fair
import numpy as np
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep


def u(i, s):
    """The golden inputs of the research notes: frac((i + 1) * golden ratio + s)."""
    return np.mod((np.asarray(i) + 1) * 0.6180339887498949 + s, 1.0)


def shares():
    rows = []
    for a, n, b, m in [(7, 30, 12, 170), (0, 30, 5, 60), (30, 30, 100, 170), (3, 40, 3, 40), (120, 400, 900, 9600), (1, 31, 30, 31)]:
        low, high = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")
        p = stats.fisher_exact([[a, n - a], [b, m - b]], alternative="greater").pvalue
        rows.append([a, n, b, m, a / n - b / m, low, high, p])
    return rows


def means():
    rows = []
    for n, m, shift in [(30, 100, 0.0), (31, 45, 0.4), (200, 30, -0.1)]:
        first = -np.log(u(np.arange(n), 0.3) * 0.9 + 0.05) + shift
        second = -np.log(u(np.arange(m), 0.7) * 0.9 + 0.05) * 1.5
        test = stats.ttest_ind(first, second, equal_var=False, alternative="greater")
        interval = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
        rows.append({"first": first.tolist(), "second": second.tolist(), "p_value": test.pvalue, "difference": first.mean() - second.mean(), "ci_low": interval.low, "ci_high": interval.high})
    return rows


def adjusted():
    p = np.round(np.concatenate([u(np.arange(20), 0.2) ** 3, [0.001, 0.001, 1.0, 0.04]]), 6)
    return {"p_values": p.tolist(), "q_values": stats.false_discovery_control(p).tolist()}


def groups():
    n, k = 600, 3
    i = np.arange(n)
    logits = np.stack([2 * u(i * (j + 2) + j, 0.17 * j) for j in range(k)], 1)
    t = (7919 * i) % 3
    logits[i, t] += 1.2 * u(5 * i + 1, 0.4)
    q = np.exp(logits)
    q /= q.sum(1, keepdims=True)
    label = np.where(i % 6 == 2, (t + 1 + (i % 2)) % 3, t)
    predicted = q.argmax(1)
    group = (i // 5) % 3
    classes = []
    for c in range(k):
        y, p, with_groups = (label == c) * 1, (predicted == c) * 1, {"sensitive_features": group}
        frame = fair.MetricFrame(metrics={"s": fair.selection_rate, "t": fair.true_positive_rate, "f": fair.false_positive_rate}, y_true=y, y_pred=p, sensitive_features=group).by_group
        classes.append({
            "selection_rate": frame["s"].tolist(),
            "true_positive_rate": frame["t"].tolist(),
            "false_positive_rate": frame["f"].tolist(),
            "demographic_parity_difference": fair.demographic_parity_difference(y, p, **with_groups),
            "demographic_parity_ratio": fair.demographic_parity_ratio(y, p, **with_groups),
            "equalized_odds_difference": fair.equalized_odds_difference(y, p, **with_groups),
            "equal_opportunity_difference": fair.equal_opportunity_difference(y, p, **with_groups),
        })
    return {"labels": label.tolist(), "predicted": predicted.tolist(), "confidences": np.round(q.max(1), 9).tolist(), "groups": group.tolist(), "classes": classes}


golden = {"shares": shares(), "means": means(), "adjusted": adjusted(), "groups": groups()}
pathlib.Path(__file__).with_name("slices.json").write_text(json.dumps(golden) + "\n")

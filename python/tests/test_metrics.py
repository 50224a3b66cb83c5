"""querist.metrics: against scikit-learn and closed forms, with docstrings, refusals and callbacks that fail."""
import inspect
import math

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from querist import metrics

INTERFACE = ["expected_calibration_error", "brier_score", "lure", "stratified_estimate", "wilson_interval", "bootstrap_interval", "aulc", "cbpe"]


def test_every_function_describes_its_parameters_and_answer():
    assert set(INTERFACE) <= set(metrics.__all__)
    for name in metrics.__all__:
        thing = getattr(metrics, name)
        assert thing.__doc__
        if name == "Estimate":
            continue
        assert "Returns\n" in thing.__doc__
        parts = thing.__doc__.split("Returns\n")[0]
        for parameter in inspect.signature(thing).parameters:
            assert any(parameter in line.split(" : ")[0].split(", ") for line in inspect.cleandoc(parts).splitlines() if " : " in line), \
                f"{name}: {parameter}"


def test_brier_score_is_scikit_learns(rng):
    labels = rng.integers(0, 3, 50)
    rows = rng.dirichlet(np.ones(3), 50)
    expected = np.mean(np.sum((rows - np.eye(3)[labels]) ** 2, axis=1))
    assert metrics.brier_score(labels, rows) == pytest.approx(expected, abs=1e-12)
    flags = labels > 0
    assert metrics.brier_score(flags.astype(int), rows[:, 1]) == pytest.approx(sklearn_metrics.brier_score_loss(flags, rows[:, 1]), abs=1e-12)


def plain_error(confidence, right, bins):
    """Right-closed bins of equal width, in plain NumPy."""
    place = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(int)
    return sum(abs(np.sum(confidence[place == b] - right[place == b])) for b in range(bins)) / len(confidence)


def test_calibration_errors_are_the_plain_loops(rng):
    labels = rng.integers(0, 4, 200)
    rows = rng.dirichlet(np.ones(4), 200)
    top, right = rows.max(1), (rows.argmax(1) == labels).astype(float)
    assert metrics.expected_calibration_error(labels, rows) == pytest.approx(plain_error(top, right, 15), abs=1e-12)
    assert metrics.expected_calibration_error(labels, rows, bins=7) == pytest.approx(plain_error(top, right, 7), abs=1e-12)
    each = np.mean([plain_error(rows[:, k], (labels == k).astype(float), 15) for k in range(4)])
    assert metrics.expected_calibration_error(labels, rows, method="classwise") == pytest.approx(each, abs=1e-12)
    order = np.argsort(top, kind="stable")
    mass = sum(abs(np.sum(top[part] - right[part])) for part in np.array_split(order, 10)) / 200
    assert metrics.expected_calibration_error(labels, rows, bins=10, method="mass") == pytest.approx(mass, abs=1e-12)
    debiased = sum(20 * ((top[part].mean() - right[part].mean()) ** 2 - right[part].mean() * (1 - right[part].mean()) / 19)
                   for part in np.array_split(order, 10)) / 200
    assert metrics.expected_calibration_error(labels, rows, bins=10, method="debiased") == pytest.approx(math.sqrt(max(0, debiased)), abs=1e-12)
    with pytest.raises(ValueError, match="method"):
        metrics.expected_calibration_error(labels, rows, method="other")


def test_lure_is_its_formula_and_the_draws_give_its_propensities(rng):
    risk = rng.random(60)
    rows, q = metrics.draw_test_rows(risk, 12, seed=5)
    assert len(set(rows.tolist())) == 12 and rows.dtype == np.int64
    weights = np.maximum(risk, 0.1 * risk.mean())
    left = weights.sum()
    for row, chance in zip(rows, q):
        assert chance == pytest.approx(weights[row] / left, rel=1e-12)
        left -= weights[row]
    losses = rng.random(12)
    m = np.arange(1, 13)
    v = 1 + (60 - 12) / (60 - m) * (1 / ((60 - m + 1) * q) - 1)
    found = metrics.lure(losses, q, 60)
    assert found.value == pytest.approx(np.mean(v * losses), abs=1e-12)
    assert found.ci_low < found.value < found.ci_high and found.method == "lure"


def test_stratified_estimate_is_the_weighted_mean():
    found = metrics.stratified_estimate([1, 3, 5, 6], [0, 0, 1, 1], [30, 10])
    assert found.value == pytest.approx(0.75 * 2 + 0.25 * 5.5, abs=1e-12)
    assert metrics.neyman_allocation([100, 100], [3, 1], 40).tolist() == [30, 10]
    assert metrics.strata_by_deviation([0.1, 3, 0.1, 3], 2).tolist() == [0, 1, 0, 1]


def test_wilson_and_betting_and_recall():
    low = metrics.wilson_interval(81, 263)
    assert (low.ci_low, low.ci_high) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, table 1.
    flags = np.tile([1.0, 0, 0, 0], 50)
    open_ended, pool = metrics.betting_interval(flags), metrics.betting_interval(flags, pool_size=250)
    assert open_ended.ci_low < pool.ci_low < 0.25 < pool.ci_high < open_ended.ci_high
    assert metrics.recall_p_value(0, 100, 10, 0) == pytest.approx(0.9, abs=1e-12)
    for anytime in (False, True):
        total = metrics.relevant_total([5, 5], [40, 39], [0, 1], found=6, unread=38, anytime=anytime)
        assert 6 <= total.ci_low <= total.value <= total.ci_high <= 44


def test_bootstrap_takes_any_statistic_of_any_arrays(rng):
    values = rng.exponential(1, 80)
    plain = metrics.bootstrap_interval(values, seed=3)
    assert plain.value == pytest.approx(values.mean()) and plain.method == "bca"
    assert plain == metrics.bootstrap_interval(values, np.mean, seed=3)
    assert plain != metrics.bootstrap_interval(values, np.mean, seed=4)
    labels, scores = rng.integers(0, 2, 60), rng.random(60)
    area = metrics.bootstrap_interval((labels, scores), sklearn_metrics.roc_auc_score, resamples=100)
    assert area.value == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores), abs=1e-12)
    grouped = metrics.bootstrap_interval(np.repeat(rng.normal(size=20), 4), groups=np.repeat(np.arange(20), 4), resamples=200)
    assert grouped.method == "cluster_bca"


def test_bootstrap_hands_on_what_the_statistic_raises():
    def wrong(sample):
        raise KeyError("mine")
    with pytest.raises(KeyError, match="mine"):
        metrics.bootstrap_interval([1.0, 2, 3], wrong)
    with pytest.raises(ValueError, match="statistic"):
        metrics.bootstrap_interval(([1, 2], [3, 4]))
    with pytest.raises(ValueError, match="one length"):
        metrics.bootstrap_interval(([1, 2], [3]), max)
    with pytest.raises(ValueError, match="not defined"):
        metrics.bootstrap_interval([1.0, 2, 3], lambda sample: float("nan"))


def test_aulc_is_the_trapezoid():
    x, y = np.array([10.0, 20, 60]), np.array([0.5, 0.7, 0.9])
    assert metrics.aulc(x, y) == pytest.approx(np.trapezoid(y, x) / 50, abs=1e-12)
    assert metrics.aulc(x, y, log=True) == pytest.approx(np.trapezoid(y, np.log(x)) / np.log(6), abs=1e-12)


def test_cbpe_expects_what_labels_would_show(rng):
    p = rng.random(400)
    found = metrics.cbpe(p)
    assert list(found) == ["accuracy", "precision", "recall", "f1", "specificity", "roc_auc", "average_precision"]
    assert found["accuracy"].value == pytest.approx(np.maximum(p, 1 - p).mean(), abs=1e-12)
    labels = (rng.random(400) < p).astype(int)
    realised = sklearn_metrics.roc_auc_score(labels, p)
    assert found["roc_auc"].ci_low - 0.02 < realised < found["roc_auc"].ci_high + 0.02
    assert list(metrics.cbpe(rng.dirichlet(np.ones(3), 50))) == ["accuracy", "precision", "recall", "f1"]
    kept = metrics.cbpe(p, predictions=np.zeros(400, int), scores=-p)
    assert kept["recall"].value == 0 and kept["roc_auc"].value < 0.5


@pytest.mark.parametrize("call", [
    lambda: metrics.lure([1, 0], [0.5], 10),
    lambda: metrics.lure([1, 0], [0.5, 0.5], -1),
    lambda: metrics.lure([1, np.nan], [0.5, 0.5], 10),
    lambda: metrics.draw_test_rows([1, -1], 1),
    lambda: metrics.draw_test_rows([1, 1], 3),
    lambda: metrics.draw_test_rows([1, 1], 1, seed=-1),
    lambda: metrics.draw_test_rows([1, 1], 1, clip=0),
    lambda: metrics.stratified_estimate([1.0], [1], [5]),
    lambda: metrics.wilson_interval(3, 2),
    lambda: metrics.wilson_interval(1, 2, confidence=1.5),
    lambda: metrics.brier_score([0, 5], [[0.5, 0.5], [0.5, 0.5]]),
    lambda: metrics.brier_score([0, 1], [0.5, 1.5]),
    lambda: metrics.expected_calibration_error([], []),
    lambda: metrics.expected_calibration_error([0], [[0.5, 0.5]], bins=0),
    lambda: metrics.expected_calibration_error([0], [[0.5, 0.5]], bins=-1),
    lambda: metrics.aulc([2, 1], [0, 0]),
    lambda: metrics.cbpe([[0.5, 0.1]]),
    lambda: metrics.cbpe([]),
    lambda: metrics.betting_interval([2.0]),
    lambda: metrics.betting_interval([]),
    lambda: metrics.recall_p_value(1, 5, 6, 0),
    lambda: metrics.relevant_total([1], [5, 4], [0], found=1, unread=3),
    lambda: metrics.neyman_allocation([3], [1.0], 9),
    lambda: metrics.strata_by_deviation([1, 2], -1),
    lambda: metrics.bootstrap_interval([1.0]),
    lambda: metrics.bootstrap_interval(3.0),
])
def test_what_cannot_be_is_refused_with_a_reason(call):
    with pytest.raises(ValueError) as error:
        call()
    assert len(str(error.value)) > 10

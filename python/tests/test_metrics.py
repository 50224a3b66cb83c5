"""querist.metrics: against scikit-learn and closed forms, with docstrings, refusals and callbacks that fail."""
import copy
import inspect
import math
import pickle
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn import metrics as sklearn_metrics

from querist import metrics

INTERFACE = ["expected_calibration_error", "brier_score", "lure", "stratified_estimate", "wilson_interval", "bootstrap_interval", "aulc", "cbpe"]


def test_every_function_describes_its_parameters_and_answer():
    assert set(INTERFACE) <= set(metrics.__all__)
    for name in metrics.__all__:
        thing = getattr(metrics, name)
        assert thing.__doc__
        if name in ("Estimate", "Interval", "TestResult"):
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


def test_lures_interval_ends_at_zero_and_is_too_narrow_on_few_errors():
    held = np.zeros(2)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        risk = rng.beta(0.04, 1.96, 2000)
        losses = (rng.random(2000) < risk).astype(float)
        for place, proposal in enumerate((np.ones(2000), np.sqrt(risk))):
            rows, q = metrics.draw_test_rows(proposal, 50, seed=seed)
            found = metrics.lure(losses[rows], q, 2000)
            assert found.ci_low >= 0
            held[place] += found.ci_low <= losses.mean() <= found.ci_high
    # What the docstring says; 300 rounds have a standard error of three points.
    assert 0.5 < held[0] / 300 < 0.7 and 0.83 < held[1] / 300 < 0.97


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


def test_an_interval_that_says_little_comes_with_a_warning(rng):
    with pytest.warns(UserWarning, match="no width"):
        assert metrics.bootstrap_interval(np.full(60, 0.1), groups=np.arange(60) % 7) == pytest.approx((0.1, 0.1))
    # Resamples hold fewer different values than the sample: all lie below.
    with pytest.warns(UserWarning, match="one side"):
        found = metrics.bootstrap_interval(values := np.arange(50.0), lambda drawn: len(np.unique(drawn)) - 50.0)
    low, high = found
    spread = [len(np.unique(values[rng.integers(0, 50, 50)])) - 50.0 for _ in range(4000)]
    assert found.value == 0 and found.method == "bootstrap" and (low, high) == pytest.approx(np.quantile(spread, [0.025, 0.975]), abs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert metrics.bootstrap_interval(rng.normal(size=30)).method == "bca"


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
    lambda: metrics.brier_score([0, 5, 1], [[0.5, 0.5]] * 3),
    lambda: metrics.brier_score([0, 5], [[0.5, 0.25, 0.25]] * 2),
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


def test_an_interval_unpacks_and_an_estimate_computes():
    low, high = metrics.wilson_interval(8.0, np.float32(10))
    assert (low, high) == metrics.wilson_interval(8, 10) and low < 0.8 < high
    whole = metrics.wilson_interval(8, 10)
    assert float(whole) == whole.value == 0.8 and whole.method == "wilson" and (whole.ci_low, whole.ci_high) == tuple(whole)
    low, high = metrics.bootstrap_interval([1.0, 2.0, 4.0, 5.0])
    assert low <= 3 <= high
    risk = metrics.lure([1, 0], [0.1, 0.2], pool_size=10.0)
    assert isinstance(risk, float) and float(risk) == risk.value and risk + 1 == 1 + risk.value and f"{risk:.2f}" == "0.50"
    for one in (whole, risk):
        for other in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
            assert other == one and type(other) is type(one) and repr(other) == repr(one)


@pytest.mark.parametrize("call, words", [
    (lambda: metrics.wilson_interval(10**19, 10), "successes must be below"), (lambda: metrics.wilson_interval("8", 10), "successes .* not str"),
    (lambda: metrics.wilson_interval(8.5, 10), "successes .* not 8.5"), (lambda: metrics.wilson_interval(True, 10), "successes"),
    (lambda: metrics.wilson_interval(8, 10, confidence="0.9"), "confidence must be a number"),
    (lambda: metrics.lure([1.0], [0.5], pool_size="10"), "pool_size"), (lambda: metrics.lure(["a"], [0.5], 10), "losses must hold numbers"),
    (lambda: metrics.bootstrap_interval([1.0, np.nan, 2.0]), "NaN.*leave those rows out"),
    (lambda: metrics.bootstrap_interval(["a", "b"]), "values must hold numbers"),
    (lambda: metrics.bootstrap_interval([1.0, 2.0], "mean"), "statistic must be a function"),
    (lambda: metrics.bootstrap_interval([1.0, 2.0], lambda sample: "a"), "statistic must return a number, not 'a'"),
    (lambda: metrics.bootstrap_interval([1.0, 2.0], lambda sample: sample), "statistic must return a number"),
    (lambda: metrics.log_loss([0, 1], [[0.5, 0.5], [0.5, 0.25]]), "row 1 of probabilities adds up to 0.75"),
    (lambda: metrics.aulc(csr_array([[1.0]]), [1]), "labels is a sparse matrix"),
    (lambda: metrics.bootstrap_interval([1.0, 2.0], seed="1"), "seed must be a whole number"),
    (lambda: metrics.aulc([1, 2], [0, 1], log="yes"), "log must be True or False"),
    (lambda: metrics.f1_score([0, 1, 2], [0, 1, 1]), "average"), (lambda: metrics.f1_score(["a", "b"], ["a", "a"]), "pos_label"),
    (lambda: metrics.f1_score(["a"], [1]), "one kind"), (lambda: metrics.f1_score([0, 1], [0]), "2 entries"),
    (lambda: metrics.accuracy_score([], []), "empty"), (lambda: metrics.matthews_corrcoef([0.0, np.nan], [0, 1]), "labels holds a NaN"),
    (lambda: metrics.average_precision_score(["y", "n"], [0.1, 0.2]), "pos_label"),
    (lambda: metrics.mean_absolute_error([1, 2], [1, "x"]), "predictions must hold numbers"),
    (lambda: metrics.mean_pinball_loss([1], [1], alpha=2), "alpha"), (lambda: metrics.mcnemar([1, 2], [0, 1]), "first_right"),
    (lambda: metrics.mcnemar([1], [0, 1]), "1 entries"), (lambda: metrics.paired_bootstrap([1, np.nan], [0, 1]), "^a holds a NaN"),
    (lambda: metrics.paired_bootstrap([1, 2], [0, 1], resamples="9"), "resamples"),
    (lambda: metrics.paired_bootstrap([1], [2]), "one pair")])
def test_a_refusal_names_the_argument(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


@pytest.mark.parametrize("classes", [2, 4])
def test_scores_of_classes_are_scikit_learns(rng, classes):
    truth, found = rng.integers(0, classes, 60), rng.integers(0, classes, 60)
    names = np.array(["ant", "bee", "cow", "dog"])
    for weights in (None, rng.random(60)):
        for average in ("macro", "weighted", "micro", None, "binary")[:5 if classes == 2 else 4]:
            for name in ("f1_score", "precision_score", "recall_score"):
                wanted = getattr(sklearn_metrics, name)(truth, found, average=average, sample_weight=weights, zero_division=0)
                assert getattr(metrics, name)(truth, found, average=average, sample_weight=weights) == pytest.approx(wanted, abs=1e-12)
        for name in ("accuracy_score", "balanced_accuracy_score", "matthews_corrcoef"):
            wanted = getattr(sklearn_metrics, name)(truth, found, sample_weight=weights)
            assert getattr(metrics, name)(names[truth], names[found], sample_weight=weights) == pytest.approx(wanted, abs=1e-12)
    assert metrics.f1_score(names[truth % 2], names[found % 2], pos_label="bee") == pytest.approx(sklearn_metrics.f1_score(truth % 2, found % 2))


def test_scores_of_rankings_and_numbers_are_scikit_learns(rng):
    flags, scores, weights = rng.integers(0, 2, 80), np.round(rng.random(80), 1), rng.random(80)
    for name in ("average_precision_score", "roc_auc_score"):
        for more in ({}, {"sample_weight": weights}):
            assert getattr(metrics, name)(flags, scores, **more) == pytest.approx(getattr(sklearn_metrics, name)(flags, scores, **more), abs=1e-12)
    labels, rows = rng.integers(0, 3, 80), rng.dirichlet(np.ones(3), 80)
    for way in ("ovr", "ovo"):
        assert metrics.roc_auc_score(labels, rows, multi_class=way) == pytest.approx(sklearn_metrics.roc_auc_score(labels, rows, multi_class=way))
    assert metrics.log_loss(labels, rows, sample_weight=weights) == pytest.approx(sklearn_metrics.log_loss(labels, rows, sample_weight=weights))
    truth, found = rng.normal(size=80), rng.normal(size=80)
    for name in ("mean_absolute_error", "root_mean_squared_error", "r2_score"):
        for more in ({}, {"sample_weight": weights}):
            assert getattr(metrics, name)(truth, found, **more) == pytest.approx(getattr(sklearn_metrics, name)(truth, found, **more), abs=1e-12)
    wanted = sklearn_metrics.mean_pinball_loss(truth, found, alpha=0.9)
    assert metrics.mean_pinball_loss(truth, found, alpha=0.9) == pytest.approx(wanted, abs=1e-12)


def test_tests_of_two_models():
    statistic, p_value = metrics.mcnemar([1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 1, 1])
    # Four rows that only the first got right and one that only the second: twice the binomial tail (1 + 5) / 32.
    assert statistic == 1 and p_value == pytest.approx(2 * 6 / 32)
    a, b = np.arange(20.0), np.arange(20.0) - 0.5
    with pytest.warns(UserWarning, match="no width"):
        low, high = found = metrics.paired_bootstrap(a, b)
    assert low == high == float(found) == 0.5
    covered = metrics.interval_coverage([1, 2, 3, 9], [0, 2, 4, 8], [1, 3, 5, 9])
    assert covered == 0.75 and (covered.ci_low, covered.ci_high) == tuple(metrics.wilson_interval(3, 4))

"""querist.metrics beside scikit-learn's functions of the same names: the same number, or a refusal where it refuses, over drawn inputs."""
import warnings

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from querist import metrics

PAIRS = [(0, 1), (-1, 1), (1, 2), (0, 2), (2, 3), (-1, 0), (False, True), ("ham", "spam"), (0.0, 1.0)]


def answer_of(call, *arguments, **options):
    """A number, a list, or "refused"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(call(*arguments, **options)).tolist()
        except ValueError:
            return "refused"


def expect_same(name, *arguments, **options):
    wanted = answer_of(getattr(sklearn_metrics, name), *arguments, **options)
    found = answer_of(getattr(metrics, name), *arguments, **options)
    assert found == (wanted if wanted == "refused" else pytest.approx(wanted, abs=1e-12, nan_ok=True)), (name, arguments, options)
    return found


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_two_classes_of_any_names_are_scored_alike(rng, pair):
    refused = set()
    for rows in (2, 5, 40):
        for _ in range(4):
            truth, found = np.array(pair)[rng.integers(0, 2, rows)], np.array(pair)[rng.integers(0, 2, rows)]
            scores, weights = np.round(rng.random(rows), 1), rng.random(rows)
            for more in ({}, {"sample_weight": weights}):
                expect_same("roc_auc_score", truth, scores, **more)
                for name, second in (("average_precision_score", scores), ("f1_score", found), ("precision_score", found), ("recall_score", found)):
                    if expect_same(name, truth, second, **more) == "refused":
                        refused.add(name)
                    for one in pair:
                        assert expect_same(name, truth, second, pos_label=one, **more) != "refused" or one not in truth
    # Where the positive class is not 1 it must be named.
    assert refused == (set() if 1 in pair else {"average_precision_score", "f1_score", "precision_score", "recall_score"})


def test_the_greater_of_two_labels_is_positive():
    assert metrics.roc_auc_score([1, 2, 2, 1], [.1, .9, .8, .2]) == 1
    assert metrics.roc_auc_score([-1, 0, 0, -1], [.1, .9, .8, .2]) == 1
    assert metrics.roc_auc_score([1, 2, 2, 1], [.1, .9, .8, .2], pos_label=1) == 0
    assert np.isnan(metrics.roc_auc_score(["a", "a"], [.1, .2]))
    with pytest.raises(ValueError, match="pos_label 1 is none of the classes .2, 3.: say which"):
        metrics.average_precision_score([2, 3], [.1, .2])
    with pytest.raises(ValueError, match="pos_label 'spm' is none"):
        metrics.roc_auc_score(["spam", "ham"], [.1, .2], pos_label="spm")
    with pytest.raises(ValueError, match="3 classes"):
        metrics.roc_auc_score([0, 1, 2], [.1, .2, .3])
    assert metrics.roc_auc_score([0, 1, 2], [.1, .2, .3], pos_label=2) == 1  # Against the rest, where it is asked for.


def test_resamples_without_the_named_class_are_scored_as_those_of_numbers():
    flags, found = np.array([0] * 11 + [1]), np.array([0] * 10 + [1, 1])
    names = np.array(["ham", "spam"])
    numbers = metrics.bootstrap_interval((flags, found), metrics.f1_score, resamples=300)
    named = metrics.bootstrap_interval((names[flags], names[found]), lambda a, b: metrics.f1_score(a, b, pos_label="spam"), resamples=300)
    assert named == numbers and named.value == numbers.value == pytest.approx(2 / 3)
    assert metrics.f1_score(["ham"], ["ham"], pos_label="spam") == 0


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_scores_of_classes_are_alike_where_rows_weigh_nothing(rng, classes):
    names = np.array(["ant", "bee", "cow", "dog"])[:classes]
    for rows in (1, 4, 30):
        for _ in range(3):
            truth, found = names[rng.integers(0, classes, rows)], names[rng.integers(0, classes, rows)]
            weights = rng.integers(0, 3, rows) * rng.random(rows)
            weights[rng.integers(rows)] = 1
            for name in ("f1_score", "precision_score", "recall_score"):
                for average in ("macro", "weighted", "micro", None, "binary"):
                    for more in ({}, {"sample_weight": weights}):
                        expect_same(name, truth, found, average=average, **more)
            for name in ("accuracy_score", "balanced_accuracy_score", "matthews_corrcoef"):
                expect_same(name, truth, found, sample_weight=weights)


def test_a_class_of_no_weight_counts_in_the_mean_of_classes():
    assert metrics.f1_score(list("abcb"), list("abcc"), average="macro", sample_weight=[1, 1, 0, 0]) == pytest.approx(2 / 3)


def test_kappa_is_alike(rng):
    for names in ([3, 7, 8, 11], ["ant", "bee", "cow", "dog"], [-1, 1], [False, True], ["one"]):
        for rows in (1, 3, 40):
            for _ in range(2):
                first, second = (np.array(names)[rng.integers(0, len(names), rows)] for _ in range(2))
                for more in ({}, {"sample_weight": rng.random(rows)}):
                    for weights in (None, "linear", "quadratic"):
                        expect_same("cohen_kappa_score", first, second, weights=weights, **more)
    with pytest.warns(UserWarning, match="one and the same class"):
        assert np.isnan(metrics.cohen_kappa_score(["a", "a"], ["a", "a"]))
    with pytest.raises(ValueError, match="weights must be 'linear' or 'quadratic'"):
        metrics.cohen_kappa_score([0, 1], [0, 1], weights="cubic")


def drawn_rows(rng, classes, rows, present):
    """Labels of the first classes alone, each of which has a row where there are enough; and rows of probabilities, some of them tied."""
    labels = np.concatenate([np.arange(present), rng.integers(0, present, max(0, rows - present))])[:rows]
    values = 1 + rng.integers(0, 4, (rows, classes)).astype(float)
    return labels, values / values.sum(1, keepdims=True)


@pytest.mark.parametrize("names", [[0, 1, 2, 3], ["ant", "bee", "cow", "dog"], [2, 5, 7, 8]], ids=str)
def test_areas_of_several_classes_are_alike(rng, names):
    names = np.array(names)
    for rows, present in ((8, 4), (40, 4), (30, 3), (12, 2)):
        labels, table = drawn_rows(rng, 4, rows, present)
        for multi_class, average in (("ovr", "macro"), ("ovr", "weighted"), ("ovr", "micro"), ("ovo", "macro"), ("ovo", "weighted")):
            for weights in (None, rng.random(rows))[:1 if multi_class == "ovo" else 2]:
                options = {"multi_class": multi_class, "average": average, "sample_weight": weights}
                wanted = answer_of(sklearn_metrics.roc_auc_score, names[labels], table, labels=names, **options)
                assert metrics.roc_auc_score(names[labels], table, classes=names, **options) == pytest.approx(wanted, abs=1e-12, nan_ok=True)
                if names[0] == 0 or names.dtype.kind == "U" and present == 4:
                    assert metrics.roc_auc_score(names[labels], table, **options) == pytest.approx(wanted, abs=1e-12, nan_ok=True)
                else:  # Which column is whose cannot be told.
                    with pytest.raises(ValueError, match="with classes"):
                        metrics.roc_auc_score(names[labels], table, **options)
        for average in ("macro", "weighted", "micro"):
            for weights in (None, rng.random(rows)):
                # scikit-learn has no columns of absent classes here: their precision is 0.
                wanted = sklearn_metrics.average_precision_score(names[labels], table[:, :present], average=average, sample_weight=weights) \
                    if present > 2 else None
                found = metrics.average_precision_score(names[labels], table, average=average, sample_weight=weights, classes=names)
                if average != "micro" and wanted is not None:
                    assert found == pytest.approx(wanted * (present / 4 if average == "macro" else 1), abs=1e-12)
                elif present == 4:
                    assert found == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("call, words", [
    (lambda p: metrics.roc_auc_score(["a", "b", "d"], p, classes=["a", "b", "c"]), "'d', which is none of the classes"),
    (lambda p: metrics.roc_auc_score(["a", "b", "c"], p, classes=["a", "c", "b"]), "classes must ascend"),
    (lambda p: metrics.roc_auc_score([0, 1, 2], p, classes=[0, 1, 1]), "classes must ascend"),
    (lambda p: metrics.roc_auc_score([0, 1, 2], p, classes=range(4)), "each of the 3 columns, not 4"),
    (lambda p: metrics.roc_auc_score([0, 1, 2], p, classes=["a", "b", "c"]), "one kind"),
    (lambda p: metrics.roc_auc_score(["a", "b", "a"], p), "with classes"),
    (lambda p: metrics.roc_auc_score([1, 2, 3], p), "with classes"),
    (lambda p: metrics.roc_auc_score([0, 1.5, 2], p), "whole numbers"),
    (lambda p: metrics.roc_auc_score([0, 1], p), "2 entries but scores has 3 rows"),
    (lambda p: metrics.roc_auc_score([0, 1, 2], p, pos_label=1), "pos_label"),
    (lambda p: metrics.roc_auc_score([0, 1, 2], p, multi_class="ovo", sample_weight=[1, 1, 1]), "ovo"),
    (lambda p: metrics.average_precision_score([0, 1, 1], p[:, :2]), "one dimension"),
    (lambda p: metrics.roc_auc_score(np.array(["a", 1, 2], object), p), "all numbers or all strings")])
def test_what_columns_stand_for_is_checked(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call(np.full((3, 3), 1 / 3))


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_probabilities_of_two_classes_are_scored_alike(rng, pair):
    for rows in (2, 5, 30):
        for _ in range(3):
            truth, chances = np.array(pair)[np.append([0, 1], rng.integers(0, 2, rows - 2))], rng.random(rows)
            table = np.stack([1 - chances, chances], axis=1)
            for more in ({}, {"sample_weight": rng.random(rows)}):
                expect_same("log_loss", truth, chances, **more)
                expect_same("log_loss", truth, table, **more)
                for probabilities in (chances, table):
                    text = isinstance(pair[0], str) and probabilities is chances
                    wanted = answer_of(sklearn_metrics.brier_score_loss, truth, probabilities, **more)
                    assert answer_of(metrics.brier_score, truth, probabilities, **more) == ("refused" if text else pytest.approx(wanted, abs=1e-12))
                    assert (wanted == "refused") == text
                for one in pair:
                    wanted = sklearn_metrics.brier_score_loss(truth, chances, pos_label=one, **more)
                    assert metrics.brier_score(truth, chances, pos_label=one, **more) == pytest.approx(wanted, abs=1e-12)
                    sole = np.array([one] * rows)  # All of one class: its name alone does not say which.
                    wanted = sklearn_metrics.log_loss(sole, chances, labels=pair, **more)
                    assert metrics.log_loss(sole, chances, classes=pair, **more) == pytest.approx(wanted, abs=1e-12)
                    if one not in (-1, 0, 1):
                        assert answer_of(metrics.brier_score, sole, chances) == answer_of(metrics.log_loss, sole, chances) == "refused"


@pytest.mark.parametrize("names", [[0, 1, 2, 3], ["ant", "bee", "cow", "dog"], [2, 5, 7, 8]], ids=str)
def test_probabilities_of_several_classes_are_scored_alike(rng, names):
    names = np.array(names)
    for rows, present in ((9, 4), (40, 4), (30, 3), (7, 2), (5, 1)):
        labels, table = drawn_rows(rng, 4, rows, present)
        for truth in (names[labels], names[labels].astype(object)):
            for more in ({}, {"sample_weight": rng.random(rows)}):
                wanted = sklearn_metrics.log_loss(names[labels], table, labels=names, **more)
                assert metrics.log_loss(truth, table, classes=names, **more) == pytest.approx(wanted, abs=1e-12)
                wanted = sklearn_metrics.brier_score_loss(names[labels], table, labels=names, **more)
                assert metrics.brier_score(truth, table, classes=names, **more) == pytest.approx(wanted, abs=1e-12)
                numbers = metrics.expected_calibration_error(labels, table, **more)
                assert metrics.expected_calibration_error(truth, table, classes=names, **more) == numbers
                if names.dtype.kind == "U" and present == 4:
                    assert metrics.expected_calibration_error(truth, table, **more) == numbers


def test_the_log_loss_is_cut_off_where_scikit_learns_is(rng):
    table = np.array([[0, 1], [1, 0], [.25, .75]])
    for kind in (np.float64, np.float32):
        for labels in ([1, 0, 1], [0, 1, 1], [1, 1, 0]):
            wanted = sklearn_metrics.log_loss(labels, table.astype(kind))
            assert metrics.log_loss(labels, table.astype(kind)) == pytest.approx(wanted, rel=1e-14 if kind == np.float64 else 1e-6, abs=1e-14)
    assert metrics.log_loss([0, 1], [[0, 1], [0, 1]]) == pytest.approx(-np.log(np.finfo(float).eps) / 2)


@pytest.mark.parametrize("method", ["width", "classwise"])
def test_a_weight_of_the_calibration_error_is_so_many_rows(rng, method):
    labels, table = drawn_rows(rng, 4, 40, 4)
    weights = rng.integers(0, 4, 40)
    repeated = np.repeat(np.arange(40), weights)
    wanted = metrics.expected_calibration_error(labels[repeated], table[repeated], method=method)
    assert metrics.expected_calibration_error(labels, table, method=method, sample_weight=weights) == pytest.approx(wanted, abs=1e-12)
    for other in ("mass", "debiased"):
        with pytest.raises(ValueError, match="sample_weight is not for"):
            metrics.expected_calibration_error(labels, table, method=other, sample_weight=weights)


def test_errors_of_numbers_are_alike_at_their_ends(rng):
    for rows in (1, 2, 20):
        targets, predictions, weights = rng.normal(size=rows), rng.normal(size=rows), rng.random(rows)
        for alpha in (0, 0.3, 1):
            for more in ({}, {"sample_weight": weights}):
                expect_same("mean_pinball_loss", targets, predictions, alpha=alpha, **more)
        expect_same("r2_score", targets, predictions)
        expect_same("r2_score", targets, predictions, sample_weight=weights)
    with pytest.warns(UserWarning, match="one row"):
        assert np.isnan(metrics.r2_score([1.0], [2.0]))
    for alpha in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="alpha must lie"):
            metrics.mean_pinball_loss([1.0], [2.0], alpha=alpha)


@pytest.mark.parametrize("kind", [object, "T"])
def test_objects_are_numbers_or_strings(rng, kind):
    numbers, names = rng.integers(0, 3, 20), np.array(["ant", "bee", "cow"])
    found = rng.integers(0, 3, 20)
    kind = np.dtypes.StringDType() if kind == "T" else kind
    for truth in (names[numbers].astype(kind), *([numbers.astype(object)] if kind is object else [])):
        second = names[found].astype(kind) if isinstance(truth[0], str) else found.tolist()
        assert metrics.accuracy_score(truth, second) == sklearn_metrics.accuracy_score(numbers, found)
        assert metrics.f1_score(truth, second, average="macro") == sklearn_metrics.f1_score(numbers, found, average="macro")
    for wrong in ([1, None], ["a", None], ["a", 1]):
        with pytest.raises(TypeError, match="all numbers or all strings"):
            metrics.accuracy_score(np.array(wrong, object), np.array(wrong, object))
    with pytest.raises(TypeError, match="predictions is a masked array"):
        metrics.accuracy_score([0, 1], np.ma.array([0, 1], mask=[False, True]))

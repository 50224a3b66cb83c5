"""Metrics of class probabilities: how near they come to the labels, and whether they mean what they say."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import as_array, check_dimensions
from ._class_names import column_numbers, positive_rows
from ._estimates import Whole, choice, whole
from ._feature_rows import ready_weights


def probability_rows(probabilities: Any) -> NDArray[np.float64]:
    """Rows of class probabilities; one dimension is the probability of class 1 of two."""
    array = as_array("probabilities", probabilities)
    check_dimensions("probabilities", array, 1, 2)
    array = np.asarray(array, np.float64)
    if array.ndim == 1:
        array = np.stack([1 - array, array], axis=1)
    if not np.all((array >= 0) & (array <= 1 + 1e-5)):
        raise ValueError("probabilities must lie between 0 and 1")
    sums = array.sum(axis=1)
    if np.any(wrong := np.abs(sums - 1) > 5e-3):  # What float16 leaves of a row of many classes.
        row = int(np.argmax(wrong))
        raise ValueError(f"row {row} of probabilities adds up to {sums[row]:.4g}, not 1: scores are not probabilities")
    return np.ascontiguousarray(array)


def _numbers_and_weights(labels: Any, rows: NDArray[np.float64], classes: Any, sample_weight: Any
                         ) -> tuple[NDArray[np.int32], NDArray[np.float64] | None]:
    """The column of each label's class, and the rows' weights."""
    numbers = column_numbers(labels, rows.shape[1], classes)
    if len(numbers) != len(rows):
        raise ValueError(f"labels has {len(numbers)} entries but probabilities has {len(rows)} rows")
    if not len(rows):
        raise ValueError("labels is empty: there is nothing to measure")
    return numbers, ready_weights(sample_weight, len(numbers))


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: Whole = 15, *, method: str = "width",
                               classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> float:
    """How far confidence lies from accuracy, on average over bins of confidence.

    Parameters
    ----------
    labels : array of shape (n,)
        Column numbers from 0 up, names that ``classes`` holds, or strings that each column has one of, in their sorted order.
    probabilities : array of shape (n, classes) or (n,)
        One dimension: the probability of the second of two classes.
    bins : int, default 15
        Of equal width, closed on the right, or of equal count.
    method : {"width", "mass", "classwise", "debiased"}, default "width"
        Equal-width bins of the likeliest class's probability (Naeini et al. 2015); bins of equal count; equal-width bins of
        each class, averaged (Nixon et al. 2019); the root of the mean squared gap of bins of equal count, less what chance
        adds to it (Kumar, Liang and Ma 2019).
    classes : array of shape (classes,), optional
        The columns' class names, ascending: needed where a named class has no label.
    sample_weight : array of shape (n,), optional
        How much each row counts; not with bins of equal count.

    Returns
    -------
    error : float
        Biased upwards on few rows, but for "debiased".
    """
    rows = probability_rows(probabilities)
    numbers, weights = _numbers_and_weights(labels, rows, classes, sample_weight)
    choice("method", method, "width", "mass", "classwise", "debiased")
    if weights is not None and method in ("mass", "debiased"):
        raise ValueError(f"sample_weight is not for method={method!r}, whose bins hold equal counts of rows")
    return _core.calibration_error(numbers, rows, whole("bins", bins, 1), method, weights)


def _likelier(known: list[Any]) -> Any:
    """Of one or two class names the one whose probability one dimension holds, as scikit-learn's brier_score_loss takes it."""
    if set(known) <= {0, 1} or set(known) <= {-1, 1}:
        return 1
    if len(known) < 2 or isinstance(known[0], str):
        raise ValueError(f"labels holds {' and '.join(map(repr, known))}: say with pos_label which class the probabilities are of")
    return known[-1]


def brier_score(labels: ArrayLike, probabilities: ArrayLike, *, classes: ArrayLike | None = None, pos_label: Any = None,
                sample_weight: ArrayLike | None = None) -> float:
    """Mean squared distance of the probabilities from the label (Brier 1950).

    Parameters
    ----------
    labels : array of shape (n,)
        Column numbers from 0 up, names that ``classes`` holds, or strings that each column has one of, in their sorted order.
    probabilities : array of shape (n, classes) or (n,)
        One dimension: the probability of ``pos_label``, or of the second of two ``classes``.
    classes : array of shape (classes,), optional
        The columns' class names, ascending: needed where a named class has no label.
    pos_label : optional
        Of one dimension; by default 1, or the greater of two other numbers.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float
        Of two classes (p - y) squared, 0 to 1; of more the sum over classes, 0 to 2, as scikit-learn has both.
    """
    rows = probability_rows(probabilities)
    flat = np.ndim(probabilities) == 1
    if pos_label is not None and (not flat or classes is not None):
        raise ValueError("pos_label is for probabilities of one dimension, without classes")
    names = positive_rows(labels, pos_label, _likelier) if flat and classes is None else labels
    numbers, weights = _numbers_and_weights(names, rows, classes, sample_weight)
    score = _core.brier_score(numbers, rows, weights)
    return score / 2 if rows.shape[1] == 2 else score


def log_loss(labels: ArrayLike, probabilities: ArrayLike, *, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> float:
    """Mean of the negative logarithm of the label's probability.

    Parameters
    ----------
    labels : array of shape (n,)
        Column numbers from 0 up, names that ``classes`` holds, or strings that each column has one of, in their sorted order.
    probabilities : array of shape (n, classes) or (n,)
        One dimension: the probability of the second of two classes. Taken as eps to 1 - eps, where eps is the precision of
        their type (2.2e-16; of float32 1.2e-7), as scikit-learn does.
    classes : array of shape (classes,), optional
        The columns' class names, ascending (``labels`` of scikit-learn): needed where a named class has no label.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    loss : float
    """
    rows = probability_rows(probabilities)
    numbers, weights = _numbers_and_weights(labels, rows, classes, sample_weight)
    given = as_array("probabilities", probabilities).dtype
    eps = float(np.finfo(given if given.kind == "f" else np.float64).eps)
    own = np.clip(rows[np.arange(len(rows)), numbers], eps, 1 - eps)
    return float(np.average(-np.log(own), weights=weights))

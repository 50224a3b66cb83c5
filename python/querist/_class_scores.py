"""Metrics of predicted classes under scikit-learn's names."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import Array
from ._class_names import numbered
from ._estimates import choice
from ._feature_rows import ready_weights


def f1_score(labels: ArrayLike, predictions: ArrayLike, *, average: str | None = "binary", pos_label: Any = 1,
             sample_weight: ArrayLike | None = None) -> Any:
    """The harmonic mean of precision and recall.

    Parameters
    ----------
    labels, predictions : arrays of shape (n,)
        Class names: numbers or strings.
    average : {"binary", "macro", "weighted", "micro"} or None, default "binary"
        Of ``pos_label`` alone; the classes' scores averaged, alike or by their labels; of all rows pooled; None: one a class.
    pos_label : default 1
        With "binary", the class that is measured; 0 where another one is the only class.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float, or ndarray with None
        0 for a class that was never right; classes that neither column names are left out.
    """
    return _one_of_three(2, labels, predictions, average, pos_label, sample_weight)


def precision_score(labels: ArrayLike, predictions: ArrayLike, *, average: str | None = "binary", pos_label: Any = 1,
                    sample_weight: ArrayLike | None = None) -> Any:
    """The share of rows predicted as a class that are of it.

    Parameters
    ----------
    labels, predictions : arrays of shape (n,)
        Class names: numbers or strings.
    average : {"binary", "macro", "weighted", "micro"} or None, default "binary"
        As for ``f1_score``.
    pos_label : default 1
        With "binary", the class that is measured; 0 where another one is the only class.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float, or ndarray with None
        0 where nothing was predicted.
    """
    return _one_of_three(0, labels, predictions, average, pos_label, sample_weight)


def recall_score(labels: ArrayLike, predictions: ArrayLike, *, average: str | None = "binary", pos_label: Any = 1,
                 sample_weight: ArrayLike | None = None) -> Any:
    """The share of a class's rows that were predicted as it.

    Parameters
    ----------
    labels, predictions : arrays of shape (n,)
        Class names: numbers or strings.
    average : {"binary", "macro", "weighted", "micro"} or None, default "binary"
        As for ``f1_score``.
    pos_label : default 1
        With "binary", the class that is measured; 0 where another one is the only class.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float, or ndarray with None
        0 where the class has no label.
    """
    return _one_of_three(1, labels, predictions, average, pos_label, sample_weight)


def _sums(places: NDArray[np.int32], weights: Array | None, classes: int) -> NDArray[np.float64]:
    """How much the rows of each class weigh."""
    return np.bincount(places, weights, classes).astype(np.float64)


def _one_of_three(place: int, labels: Any, predictions: Any, average: str | None, pos_label: Any, sample_weight: Any) -> Any:
    """Of (precision, recall, f1)."""
    classes, truth, found = numbered(labels, predictions)
    weights = ready_weights(sample_weight, len(truth))
    known = classes.tolist()
    labelled, predicted = _sums(truth, weights, len(known)), _sums(found, weights, len(known))
    right = truth == found
    both = _sums(truth[right], None if weights is None else weights[right], len(known))
    if average is not None and choice("average", average, "binary", "macro", "weighted", "micro") == "micro":
        both, labelled, predicted = both.sum(keepdims=True), labelled.sum(keepdims=True), predicted.sum(keepdims=True)
    parts, wholes = (both, both, 2 * both)[place], (predicted, labelled, labelled + predicted)[place]
    scores = np.divide(parts, wholes, out=np.zeros_like(wholes), where=wholes > 0)
    if average is None:
        return scores
    if average != "binary":  # A class whose rows weigh nothing is a class nonetheless, as in scikit-learn.
        return float(np.average(scores, weights=labelled if average == "weighted" else None))
    if len(known) > 2:
        raise ValueError(f"labels and predictions name {len(known)} classes: choose average=\"macro\", \"weighted\" or \"micro\"")
    if pos_label in known:
        return float(scores[known.index(pos_label)])
    if len(known) == 2:
        raise ValueError(f"pos_label {pos_label!r} is none of the classes {known}")
    return 0.0


def _of_confusion(name: str, labels: Any, predictions: Any, sample_weight: Any) -> float:
    classes, truth, found = numbered(labels, predictions)
    return _core.confusion_score(name, truth, found, len(classes), ready_weights(sample_weight, len(truth)))


def accuracy_score(labels: ArrayLike, predictions: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """The share of rows whose prediction is the label.

    Parameters
    ----------
    labels, predictions : arrays of shape (n,)
        Class names: numbers or strings.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float
    """
    return _of_confusion("accuracy", labels, predictions, sample_weight)


def balanced_accuracy_score(labels: ArrayLike, predictions: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Mean recall over the classes that have a label.

    Parameters
    ----------
    labels, predictions : arrays of shape (n,)
        Class names: numbers or strings.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float
    """
    return _of_confusion("balanced_accuracy", labels, predictions, sample_weight)


def matthews_corrcoef(labels: ArrayLike, predictions: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """The correlation of labels and predictions (Matthews 1975; Gorodkin 2004 for several classes).

    Parameters
    ----------
    labels, predictions : arrays of shape (n,)
        Class names: numbers or strings.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float
        -1 to 1; 0 where either is one class.
    """
    return _of_confusion("matthews_correlation", labels, predictions, sample_weight)


def _costs(gaps: NDArray[np.int64], weights: str | None) -> NDArray[np.float64]:
    """What it costs that two classes lie so far apart."""
    sizes = np.abs(gaps).astype(np.float64)
    return np.sign(sizes) if weights is None else sizes if weights == "linear" else sizes**2


def cohen_kappa_score(y1: ArrayLike, y2: ArrayLike, *, weights: str | None = None, sample_weight: ArrayLike | None = None) -> float:
    """Agreement beyond chance of two labellings of the same rows (Cohen 1960).

    Parameters
    ----------
    y1, y2 : arrays of shape (n,)
        Class names: numbers or strings.
    weights : {"linear", "quadratic"} or None, default None
        What a disagreement costs: alike, or by how far apart the classes lie in ascending order (Cohen 1968).
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    kappa : float
        -1 to 1; NaN, with a warning, where both name one and the same class alone: chance agrees as well.
    """
    if weights is not None:
        choice("weights", weights, "linear", "quadratic")
    classes, first, second = numbered(y1, y2, "y1", "y2")
    counted = ready_weights(sample_weight, len(first))
    places = np.arange(len(classes))
    one, other = (_sums(column, counted, len(classes)) for column in (first, second))
    expected = float(one @ _costs(np.subtract.outer(places, places), weights) @ other / one.sum())
    if expected == 0:
        warnings.warn("cohen_kappa_score is not defined where both name one and the same class alone", stacklevel=2)
        return float("nan")
    found = _costs(first.astype(np.int64) - second, weights)
    return 1 - float(np.sum(found if counted is None else found * counted)) / expected

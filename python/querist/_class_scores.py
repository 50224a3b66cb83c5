"""Metrics of predicted classes and of rankings under scikit-learn's names."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import Array, as_array, check_dimensions, doubles, small_numbers
from ._estimates import choice
from ._feature_rows import ready_weights


def _names(name: str, value: Any) -> Array:
    """One class name a row: numbers or strings."""
    array = np.asarray(value)
    if array.dtype.kind == "O" and array.ndim == 1 and array.size and all(isinstance(one, str) for one in array):
        array = array.astype(str)
    if array.dtype.kind not in "fiubU":
        raise TypeError(f"{name} must hold class names (numbers or strings), not {array.dtype}")
    check_dimensions(name, array, 1)
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds a NaN or infinite number: leave rows without a label out")
    return array


def _numbered(labels: Any, predictions: Any) -> tuple[Array, NDArray[np.int32], NDArray[np.int32]]:
    """The class names that occur, ascending, and both columns as numbers of them."""
    truth, found = _names("labels", labels), _names("predictions", predictions)
    if len(truth) != len(found):
        raise ValueError(f"labels has {len(truth)} entries but predictions has {len(found)}")
    if not len(truth):
        raise ValueError("labels is empty: there is nothing to measure")
    if (truth.dtype.kind == "U") != (found.dtype.kind == "U"):
        raise ValueError("labels and predictions must be of one kind: both strings or both numbers")
    classes, inverse = np.unique(np.concatenate([truth, found]), return_inverse=True)
    places: NDArray[np.int32] = np.asarray(inverse, np.int32)
    return classes, places[:len(truth)], places[len(truth):]


def _positive(labels: Any, pos_label: Any) -> NDArray[np.uint8]:
    """1 where the label is the positive class."""
    names = _names("labels", labels)
    if pos_label is None:
        classes = np.unique(names)
        if len(classes) > 2:
            raise ValueError(f"labels names {len(classes)} classes: say which one is positive with pos_label")
        if names.dtype.kind == "U":
            raise ValueError("labels holds strings: say which one is positive with pos_label")
        pos_label = 1
    return np.ascontiguousarray(names == pos_label, np.uint8)


def average_precision_score(labels: ArrayLike, scores: ArrayLike, *, pos_label: Any = None, sample_weight: ArrayLike | None = None) -> float:
    """The sum of precision times the step in recall over a ranking's distinct scores.

    Parameters
    ----------
    labels : array of shape (n,)
        0 and 1, or class names with ``pos_label``.
    scores : array of shape (n,)
        The higher, the likelier to be positive.
    pos_label : optional
        The positive class; by default 1.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float
        0 where no row is positive.
    """
    positive = _positive(labels, pos_label)
    return _core.ranking_score("average_precision", positive, doubles("scores", scores, 1), ready_weights(sample_weight, len(positive)))


def roc_auc_score(labels: ArrayLike, scores: ArrayLike, *, average: str = "macro", multi_class: str = "ovr", pos_label: Any = None,
                  sample_weight: ArrayLike | None = None) -> float:
    """The chance that one of the class scores above one of the others, ties half (Hanley and McNeil 1982).

    Parameters
    ----------
    labels : array of shape (n,)
        0 and 1, or class names with ``pos_label``; with a matrix of scores class numbers from 0 up.
    scores : array of shape (n,) or (n, classes)
        The higher, the likelier.
    average : {"macro", "weighted", "micro"}, default "macro"
        Of several classes.
    multi_class : {"ovr", "ovo"}, default "ovr"
        Each class against the rest, or each pair among its own rows (Hand and Till 2001).
    pos_label : optional
        The positive class of two; by default 1.
    sample_weight : array of shape (n,), optional
        How much each row counts; of two classes only.

    Returns
    -------
    score : float
        NaN where a class has no label, or all of them.
    """
    choice("average", average, "macro", "weighted", "micro")
    choice("multi_class", multi_class, "ovr", "ovo")
    table = as_array("scores", scores)
    check_dimensions("scores", table, 1, 2)
    if table.ndim == 1:
        positive = _positive(labels, pos_label)
        return _core.ranking_score("roc_auc", positive, doubles("scores", table, 1), ready_weights(sample_weight, len(positive)))
    if sample_weight is not None:
        raise ValueError("sample_weight is for scores of two classes, one a row")
    return _core.roc_auc_of_classes(small_numbers("labels", labels), doubles("scores", table, 2), average, multi_class)


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
        With "binary", the class that is measured.
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
        With "binary", the class that is measured.
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
        With "binary", the class that is measured.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float, or ndarray with None
        0 where the class has no label.
    """
    return _one_of_three(1, labels, predictions, average, pos_label, sample_weight)


def _one_of_three(place: int, labels: Any, predictions: Any, average: str | None, pos_label: Any, sample_weight: Any) -> Any:
    """Of (precision, recall, f1)."""
    classes, truth, found = _numbered(labels, predictions)
    weights = ready_weights(sample_weight, len(truth))
    if average is None:
        return np.array([_core.class_scores(truth, found, len(classes), cls, weights)[place] for cls in range(len(classes))])
    if choice("average", average, "binary", "macro", "weighted", "micro") != "binary":
        return _core.average_scores(truth, found, len(classes), average, weights)[place]
    if len(classes) > 2:
        raise ValueError(f"labels and predictions name {len(classes)} classes: choose average=\"macro\", \"weighted\" or \"micro\"")
    (at,) = np.nonzero(classes == pos_label)
    if not len(at):
        if len(classes) == 2 or classes.dtype.kind == "U":
            raise ValueError(f"pos_label {pos_label!r} is none of the classes {classes.tolist()}")
        return 0.0
    return _core.class_scores(truth, found, len(classes), int(at[0]), weights)[place]


def _of_confusion(name: str, labels: Any, predictions: Any, sample_weight: Any) -> float:
    classes, truth, found = _numbered(labels, predictions)
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

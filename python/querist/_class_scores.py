"""Metrics of predicted classes under scikit-learn's names."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
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


def _one_of_three(place: int, labels: Any, predictions: Any, average: str | None, pos_label: Any, sample_weight: Any) -> Any:
    """Of (precision, recall, f1)."""
    classes, truth, found = numbered(labels, predictions)
    weights = ready_weights(sample_weight, len(truth))
    if average is None:
        return np.array([_core.class_scores(truth, found, len(classes), cls, weights)[place] for cls in range(len(classes))])
    if choice("average", average, "binary", "macro", "weighted", "micro") != "binary":
        return _core.average_scores(truth, found, len(classes), average, weights)[place]
    if len(classes) > 2:
        raise ValueError(f"labels and predictions name {len(classes)} classes: choose average=\"macro\", \"weighted\" or \"micro\"")
    known = classes.tolist()
    if pos_label not in known:
        if len(known) == 2:
            raise ValueError(f"pos_label {pos_label!r} is none of the classes {known}")
        return 0.0
    return _core.class_scores(truth, found, len(known), known.index(pos_label), weights)[place]


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

"""Metrics of rankings under scikit-learn's names."""
from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from . import _core
from ._arrays import as_array, check_dimensions, doubles, small_numbers
from ._class_names import positive_rows
from ._estimates import choice
from ._feature_rows import ready_weights


def average_precision_score(labels: ArrayLike, scores: ArrayLike, *, pos_label: Any = None, sample_weight: ArrayLike | None = None) -> float:
    """The sum of precision times the step in recall over a ranking's distinct scores.

    Parameters
    ----------
    labels : array of shape (n,)
        0 and 1, or class names with ``pos_label``.
    scores : array of shape (n,)
        The higher, the likelier to be positive.
    pos_label : optional
        The positive class; by default 1, which must be one of the labels unless all are of one class.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float
        0 where no row is positive.
    """
    positive = positive_rows(labels, pos_label, lambda known: 1)
    return _core.ranking_score("average_precision", positive, doubles("scores", scores, 1), ready_weights(sample_weight, len(positive)))


def roc_auc_score(labels: ArrayLike, scores: ArrayLike, *, average: str = "macro", multi_class: str = "ovr", pos_label: Any = None,
                  sample_weight: ArrayLike | None = None) -> float:
    """The chance that one of the class scores above one of the others, ties half (Hanley and McNeil 1982).

    Parameters
    ----------
    labels : array of shape (n,)
        Two class names, or several with ``pos_label``; with a matrix of scores class numbers from 0 up.
    scores : array of shape (n,) or (n, classes)
        The higher, the likelier.
    average : {"macro", "weighted", "micro"}, default "macro"
        Of several classes.
    multi_class : {"ovr", "ovo"}, default "ovr"
        Each class against the rest, or each pair among its own rows (Hand and Till 2001).
    pos_label : optional
        The positive class; by default the greater of the two.
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
        positive = positive_rows(labels, pos_label, lambda known: known[-1])
        return _core.ranking_score("roc_auc", positive, doubles("scores", table, 1), ready_weights(sample_weight, len(positive)))
    if sample_weight is not None:
        raise ValueError("sample_weight is for scores of two classes, one a row")
    return _core.roc_auc_of_classes(small_numbers("labels", labels), doubles("scores", table, 2), average, multi_class)

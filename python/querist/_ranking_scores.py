"""Metrics of rankings under scikit-learn's names."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import Array, as_array, check_dimensions, doubles
from ._class_names import column_numbers, positive_rows
from ._estimates import choice
from ._feature_rows import ready_weights


def average_precision_score(labels: ArrayLike, scores: ArrayLike, *, average: str = "macro", classes: ArrayLike | None = None,
                            pos_label: Any = None, sample_weight: ArrayLike | None = None) -> float:
    """The sum of precision times the step in recall over a ranking's distinct scores.

    Parameters
    ----------
    labels : array of shape (n,)
        0 and 1, or class names with ``pos_label``; with a matrix of scores as for ``roc_auc_score``.
    scores : array of shape (n,) or (n, classes)
        The higher, the likelier to be positive; three columns or more: each class against the rest.
    average : {"macro", "weighted", "micro"}, default "macro"
        Of several classes: alike, by their labels, or all cells as one ranking.
    classes : array of shape (classes,), optional
        The columns' class names, as for ``roc_auc_score``.
    pos_label : optional
        The positive class; by default 1, which must be one of the labels unless all are of one class.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float
        0 where no row is positive.
    """
    choice("average", average, "macro", "weighted", "micro")
    table = as_array("scores", scores)
    check_dimensions("scores", table, 1, 2)
    if table.ndim == 1:
        positive = positive_rows(labels, pos_label, lambda known: 1)
        weights = ready_weights(sample_weight, len(positive))
        return _core.ranking_score("average_precision", positive, doubles("scores", table, 1), weights)
    if table.shape[1] < 3:
        raise ValueError("scores of two classes are one dimension: those of the positive class")
    numbers, weights = _columns(labels, table, classes, pos_label, sample_weight)
    hits = np.ascontiguousarray(numbers[:, None] == np.arange(table.shape[1]), np.uint8)
    if average == "micro":
        each_cell = None if weights is None else np.repeat(weights, table.shape[1])
        return _core.ranking_score("average_precision", hits.ravel(), doubles("scores", table, 2).ravel(), each_cell)
    found = [_core.ranking_score("average_precision", np.ascontiguousarray(hits[:, k]), np.ascontiguousarray(table[:, k], np.float64), weights)
             for k in range(table.shape[1])]
    return float(np.average(found, weights=np.bincount(numbers, weights, table.shape[1]) if average == "weighted" else None))


def _columns(labels: Any, table: Array, classes: Any, pos_label: Any, sample_weight: Any
             ) -> tuple[NDArray[np.int32], NDArray[np.float64] | None]:
    """Of a matrix of scores: the column of each label's class, and the rows' weights."""
    if pos_label is not None:
        raise ValueError("pos_label is for scores of one dimension")
    numbers = column_numbers(labels, table.shape[1], classes)
    if len(numbers) != len(table):
        raise ValueError(f"labels has {len(numbers)} entries but scores has {len(table)} rows")
    return numbers, ready_weights(sample_weight, len(numbers))


def roc_auc_score(labels: ArrayLike, scores: ArrayLike, *, average: str = "macro", multi_class: str = "ovr", classes: ArrayLike | None = None,
                  pos_label: Any = None, sample_weight: ArrayLike | None = None) -> float:
    """The chance that one of the class scores above one of the others, ties half (Hanley and McNeil 1982).

    Parameters
    ----------
    labels : array of shape (n,)
        Two class names, or several with ``pos_label``. With a matrix of scores column numbers from 0 up, names that ``classes``
        holds, or strings that each column has one of: they stand for the columns in their sorted order.
    scores : array of shape (n,) or (n, classes)
        The higher, the likelier.
    average : {"macro", "weighted", "micro"}, default "macro"
        Of several classes: alike, by their labels, or all cells as one ranking.
    multi_class : {"ovr", "ovo"}, default "ovr"
        Each class against the rest, or each pair of those that have labels among its own rows (Hand and Till 2001).
    classes : array of shape (classes,), optional
        The columns' class names, ascending (``labels`` of scikit-learn): needed where a named class has no label.
    pos_label : optional
        The positive class; by default the greater of the two.
    sample_weight : array of shape (n,), optional
        How much each row counts; not with "ovo".

    Returns
    -------
    score : float
        NaN where all labels are of one class; of several classes with "macro" and "ovr" also where a class has no label.
    """
    choice("average", average, "macro", "weighted", "micro")
    choice("multi_class", multi_class, "ovr", "ovo")
    table = as_array("scores", scores)
    check_dimensions("scores", table, 1, 2)
    if table.ndim == 1:
        positive = positive_rows(labels, pos_label, lambda known: known[-1])
        return _core.ranking_score("roc_auc", positive, doubles("scores", table, 1), ready_weights(sample_weight, len(positive)))
    if sample_weight is not None and multi_class == "ovo":
        raise ValueError("sample_weight is not for multi_class=\"ovo\"")
    numbers, weights = _columns(labels, table, classes, pos_label, sample_weight)
    return _core.roc_auc_of_classes(numbers, doubles("scores", table, 2), average, multi_class, weights)

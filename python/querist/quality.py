"""Label quality with several annotators: which item to label again, which row anew."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import check_dimensions, doubles, small_numbers, whole_numbers

__all__ = ["Work", "active_lab", "choose_work"]


class Work(NamedTuple):
    """What to do next: another label of item ``row`` (``relabel``), or the first of unlabelled row ``row``."""

    relabel: bool
    row: int
    score: float


def _annotators(value: Any) -> NDArray[np.int64]:
    """Annotators by number; names of any kind are numbered in their sorted order."""
    array = np.asarray(value)
    check_dimensions("annotators", array, 1)
    if array.dtype.kind in "iu":
        return whole_numbers("annotators", array)
    return np.ascontiguousarray(np.unique(array, return_inverse=True)[1], dtype=np.int64)


def active_lab(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, probabilities: ArrayLike,
               unlabeled_probabilities: ArrayLike | None = None, *, temperature: float | None = None,
               as_cleanlab: bool = False) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much another label would help, for every item and every unlabelled row: the lowest scores gain most.

    Parameters
    ----------
    items, annotators, labels : arrays of shape (answers,)
        Who gave which item which class: rows of ``probabilities``, any names, class numbers from 0 up.
    probabilities : array of shape (items, classes)
        Of a model that did not learn from the row.
    unlabeled_probabilities : array of shape (n, classes), optional
        Of rows that nobody has labelled.
    temperature : float, optional
        By which the probabilities are made softer; by default found from the answers.
    as_cleanlab : bool, default False
        cleanlab 2.9 counts answers into wrong classes while it searches the temperature; True does as it does.

    Returns
    -------
    scores : ndarray of shape (items,)
    unlabeled_scores : ndarray of shape (n,)
        Comparable with ``scores``; empty without unlabelled rows.

    References
    ----------
    Goh and Mueller 2023, "ActiveLab".
    """
    unlabeled = None if unlabeled_probabilities is None else doubles("unlabeled_probabilities", unlabeled_probabilities, 2)
    found = _core.active_lab(whole_numbers("items", items), _annotators(annotators), small_numbers("labels", labels),
                             doubles("probabilities", probabilities, 2), unlabeled, temperature, as_cleanlab)
    return np.asarray(found["scores"]), np.asarray(found["unlabeled_scores"])


def choose_work(scores: ArrayLike, unlabeled_scores: ArrayLike, count: int) -> list[Work]:
    """The ``count`` lowest scores of both kinds together; ties go to labelling again, then to the lower row."""
    if count < 0:
        raise ValueError(f"count must not be negative, as {count} is")
    return [Work(*one) for one in _core.choose_work(doubles("scores", scores, 1),
                                                    doubles("unlabeled_scores", unlabeled_scores, 1), count)]

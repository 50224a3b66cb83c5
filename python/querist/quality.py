"""Label quality with several annotators: which item to label again, which row anew, and whom to ask."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import check_dimensions, doubles, small_numbers, whole_numbers

__all__ = ["Work", "active_lab", "choose_work", "whom_to_ask"]


class Work(NamedTuple):
    """What to do next: another label of item ``row`` (``relabel``), or the first of unlabelled row ``row``."""

    relabel: bool
    row: int
    score: float


def _annotators(value: Any, name: str = "annotators") -> tuple[NDArray[np.int64], list[Any]]:
    """Annotators by number, and the name of each number that is one; others are numbered in their names' sorted order."""
    array = np.asarray(value)
    check_dimensions(name, array, 1)
    if array.dtype.kind in "iu" or array.size == 0:
        return whole_numbers(name, array), []
    names, places = np.unique(array, return_inverse=True)
    return np.ascontiguousarray(places, dtype=np.int64), names.tolist()


def _available(value: ArrayLike | None, numbers: NDArray[np.int64], names: list[Any]) -> dict[int, Any]:
    """Who can be asked: each one's number and name; new names are numbered after the known ones."""
    if not names:
        return {number: number for number in np.unique(numbers if value is None else whole_numbers("available", value)).tolist()}
    array = np.asarray(names if value is None else value)
    check_dimensions("available", array, 1)
    if array.size and array.dtype.kind in "iu":
        raise ValueError("available must name annotators as annotators does, not number them")
    given = sorted(set(array.tolist()))
    places = {name: i for i, name in enumerate(names + [name for name in given if name not in names])}
    return {places[name]: name for name in given}


def _found(items: ArrayLike, annotators: NDArray[np.int64], labels: ArrayLike, probabilities: ArrayLike,
           unlabeled: NDArray[np.float64] | None, temperature: float | None, as_cleanlab: bool) -> dict[str, Any]:
    return _core.active_lab(whole_numbers("items", items), annotators, small_numbers("labels", labels),
                            doubles("probabilities", probabilities, 2), unlabeled, temperature, as_cleanlab)


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
    found = _found(items, _annotators(annotators)[0], labels, probabilities, unlabeled, temperature, as_cleanlab)
    return np.asarray(found["scores"]), np.asarray(found["unlabeled_scores"])


def choose_work(scores: ArrayLike, unlabeled_scores: ArrayLike, count: int) -> list[Work]:
    """The ``count`` lowest scores of both kinds together; ties go to labelling again, then to the lower row."""
    if count < 0:
        raise ValueError(f"count must not be negative, as {count} is")
    return [Work(*one) for one in _core.choose_work(doubles("scores", scores, 1),
                                                    doubles("unlabeled_scores", unlabeled_scores, 1), count)]


def whom_to_ask(work: Sequence[Work], items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, probabilities: ArrayLike, *,
                available: ArrayLike | None = None, temperature: float | None = None, as_cleanlab: bool = False) -> list[Any]:
    """For each piece of work the best of the available annotators: of greatest weight, and with no label of that item yet.

    Each piece is answered by itself, so that one annotator may be named for several. Ties go to the lower number, of names
    to the first in their sorted order.

    Parameters
    ----------
    work : sequence of Work
        What `choose_work` chose.
    items, annotators, labels, probabilities, temperature, as_cleanlab
        As `active_lab` takes them; it weighs the annotators.
    available : array of shape (n,), optional
        Who can be asked; by default all who gave an answer. One who gave none yet weighs the mean of those who did.

    Returns
    -------
    annotators : list
        One a piece of work, as named in ``annotators`` or ``available``; None where all have labelled the item.

    References
    ----------
    Goh and Mueller 2023, "ActiveLab"; the weights are those of Goh, Tkachenko and Mueller 2022, "CROWDLAB".
    """
    numbers, names = _annotators(annotators)
    found = _found(items, numbers, labels, probabilities, None, temperature, as_cleanlab)
    weights = np.asarray(found["annotator_weights"])
    by_number = _available(available, numbers, names)
    can_be_asked = np.array(sorted(by_number), np.int64)
    rows = whole_numbers("items", items)
    chosen = []
    for one in work:
        labelled = numbers[rows == one.row] if one.relabel else numbers[:0]
        number = _core.whom_to_ask(labelled.astype(np.int32), can_be_asked, weights)
        chosen.append(None if number is None else by_number[number])
    return chosen

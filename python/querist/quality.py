"""Label quality with several annotators: one label an item, how far they agree, which item to label again, and whom to ask."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import check_dimensions, doubles, small_numbers, whole_numbers
from ._class_names import numbered

__all__ = ["Consensus", "Work", "active_lab", "choose_work", "cohen_kappa", "crowdlab", "dawid_skene", "fleiss_kappa", "glad",
           "krippendorff_alpha", "mace", "majority_vote", "one_coin", "whom_to_ask"]


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


class Consensus(NamedTuple):
    """What a crowd's answers come to.

    ``probabilities`` (items, classes); ``labels`` (items,), the likeliest class, the lower one of a tie;
    ``annotator_quality`` (annotators,), how likely an answer of each is right (NaN of a number that nobody bears; names are
    in their sorted order).
    """

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int32]
    annotator_quality: NDArray[np.float64]


def _count(array: NDArray[Any]) -> int:
    return int(array.max()) + 1 if array.size else 0


def _aggregated(method: str, items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, classes: int | None,
                probabilities: NDArray[np.float64] | None, params: dict[str, Any]) -> Consensus:
    rows, given = whole_numbers("items", items), small_numbers("labels", labels)
    item_count = _count(rows) if probabilities is None else probabilities.shape[0]
    class_count = max(1, _count(given) if classes is None else int(classes))
    found = _core.aggregate(method, rows, _annotators(annotators)[0], given, item_count, class_count, probabilities, params)
    return Consensus(np.asarray(found["probabilities"]).reshape(item_count, class_count), np.asarray(found["labels"]),
                     np.asarray(found["annotator_quality"]))


def majority_vote(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, *, classes: int | None = None) -> Consensus:
    """The share of an item's answers that each class has.

    Parameters
    ----------
    items, annotators, labels : arrays of shape (answers,)
        Who gave which item which class: items numbered from 0 without gaps, any names, class numbers from 0 up.
    classes : int, optional
        How many there are; by default the highest label and one.

    Returns
    -------
    consensus : Consensus
    """
    return _aggregated("majority_vote", items, annotators, labels, classes, None, {})


def dawid_skene(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, *, classes: int | None = None, smoothing: float = 0.01,
                max_rounds: int = 1000, tolerance: float = 1e-6) -> Consensus:
    """Learns whom to believe about which class, from how annotators agree; for three answers an item or more.

    Parameters
    ----------
    items, annotators, labels, classes
        As `majority_vote` takes them.
    smoothing : float, default 0.01
        Added to every cell of an annotator's confusion matrix.
    max_rounds : int, default 1000
        Most rounds of guessing the truth and the annotators in turns.
    tolerance : float, default 1e-6
        The rounds end when no probability moves by more.

    Returns
    -------
    consensus : Consensus

    References
    ----------
    Dawid and Skene 1979.
    """
    return _aggregated("dawid_skene", items, annotators, labels, classes, None,
                       {"smoothing": smoothing, "max_rounds": max_rounds, "tolerance": tolerance})


def one_coin(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, *, classes: int | None = None, max_rounds: int = 1000,
             tolerance: float = 1e-6) -> Consensus:
    """Learns how often each annotator is right, whatever the class; for annotators with few answers.

    Parameters
    ----------
    items, annotators, labels, classes
        As `majority_vote` takes them.
    max_rounds : int, default 1000
        Most rounds of guessing the truth and the annotators in turns.
    tolerance : float, default 1e-6
        The rounds end when no probability moves by more.

    Returns
    -------
    consensus : Consensus

    References
    ----------
    Demartini, Difallah and Cudre-Mauroux 2012, with a uniform prior of the classes.
    """
    return _aggregated("one_coin", items, annotators, labels, classes, None, {"max_rounds": max_rounds, "tolerance": tolerance})


def glad(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, *, classes: int | None = None, max_rounds: int = 1000,
         tolerance: float = 1e-6) -> Consensus:
    """Learns how able each annotator and how easy each item is; where items differ in difficulty.

    Parameters
    ----------
    items, annotators, labels, classes
        As `majority_vote` takes them.
    max_rounds : int, default 1000
        Most rounds of guessing the truth and the annotators in turns.
    tolerance : float, default 1e-6
        The rounds end when no probability moves by more.

    Returns
    -------
    consensus : Consensus

    References
    ----------
    Whitehill, Ruvolo, Wu, Bergsma and Movellan 2009.
    """
    return _aggregated("glad", items, annotators, labels, classes, None, {"max_rounds": max_rounds, "tolerance": tolerance})


def mace(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, *, classes: int | None = None, smoothing: float = 0.01,
         restarts: int = 10, max_rounds: int = 1000, tolerance: float = 1e-6) -> Consensus:
    """Tells who knows the truth from who answers by habit; for crowds with spammers.

    Parameters
    ----------
    items, annotators, labels, classes
        As `majority_vote` takes them.
    smoothing : float, default 0.01
        Added to every count of an annotator.
    restarts : int, default 10
        Starts, of which the likeliest end is kept.
    max_rounds : int, default 1000
        Most rounds of guessing the truth and the annotators in turns.
    tolerance : float, default 1e-6
        The rounds end when no probability moves by more.

    Returns
    -------
    consensus : Consensus

    References
    ----------
    Hovy, Berg-Kirkpatrick, Vaswani and Hovy 2013.
    """
    return _aggregated("mace", items, annotators, labels, classes, None,
                       {"smoothing": smoothing, "restarts": restarts, "max_rounds": max_rounds, "tolerance": tolerance})


def crowdlab(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, probabilities: ArrayLike) -> Consensus:
    """Weighs a model's probabilities with the annotators' answers; for few answers an item beside a fair model.

    Parameters
    ----------
    items, annotators, labels : arrays of shape (answers,)
        Who gave which item which class: rows of ``probabilities``, any names, class numbers from 0 up.
    probabilities : array of shape (items, classes)
        Of a model that did not learn from the row.

    Returns
    -------
    consensus : Consensus
        As cleanlab's ``get_label_quality_multiannotator`` with its defaults.

    References
    ----------
    Goh, Tkachenko and Mueller 2022.
    """
    p = doubles("probabilities", probabilities, 2)
    return _aggregated("crowdlab", items, annotators, labels, p.shape[1], p, {})


def cohen_kappa(a: ArrayLike, b: ArrayLike) -> float:
    """Agreement beyond chance of two labellings of the same rows, by class names of any kind (Cohen 1960).

    1 where both give one and the same class to every row, which ``metrics.cohen_kappa_score`` takes as not defined.
    """
    _, first, second = numbered(a, b, "a", "b")
    return float(_core.cohen_kappa(first, second))


def _agreement(measure: str, items: ArrayLike, annotators: ArrayLike, labels: ArrayLike) -> float:
    rows, given = whole_numbers("items", items), small_numbers("labels", labels)
    return float(_core.crowd_agreement(measure, rows, _annotators(annotators)[0], given, _count(rows), _count(given)))


def fleiss_kappa(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike) -> float:
    """Agreement beyond chance where every item has equally many answers, two at least (Fleiss 1971)."""
    return _agreement("fleiss_kappa", items, annotators, labels)


def krippendorff_alpha(items: ArrayLike, annotators: ArrayLike, labels: ArrayLike) -> float:
    """Agreement beyond chance for any numbers of answers; items with one say nothing, and NaN if all have (Krippendorff 1970)."""
    return _agreement("krippendorff_alpha", items, annotators, labels)

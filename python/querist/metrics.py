"""Metrics with the interval that they may honestly claim: of chosen test labels, of a pool, at any look, without labels."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import as_array, check_dimensions, doubles, small_numbers, whole_numbers
from ._class_scores import (accuracy_score, balanced_accuracy_score, cohen_kappa_score, f1_score, matthews_corrcoef, precision_score,
                            recall_score)
from ._estimates import Estimate, Interval, Whole, checked_interval, flag, interval, number, seed_of, share, whole
from ._number_scores import interval_coverage, mean_absolute_error, mean_pinball_loss, r2_score, root_mean_squared_error
from ._paired_tests import TestResult, mcnemar, paired_bootstrap
from ._probability_scores import brier_score, expected_calibration_error, log_loss, probability_rows
from ._ranking_scores import average_precision_score, roc_auc_score

__all__ = ["Estimate", "Interval", "TestResult", "accuracy_score", "aulc", "average_precision_score", "balanced_accuracy_score",
           "betting_interval", "bootstrap_interval", "brier_score", "cbpe", "cohen_kappa_score", "draw_test_rows",
           "expected_calibration_error", "f1_score", "interval_coverage", "log_loss", "lure", "matthews_corrcoef", "mcnemar",
           "mean_absolute_error", "mean_pinball_loss", "neyman_allocation", "paired_bootstrap", "precision_score", "r2_score",
           "recall_p_value", "recall_score", "relevant_total", "roc_auc_score", "root_mean_squared_error", "strata_by_deviation",
           "stratified_estimate", "wilson_interval"]


def lure(losses: ArrayLike, propensities: ArrayLike, pool_size: Whole, *, confidence: float = 0.95) -> Estimate:
    """The mean loss over a pool from test labels that were chosen by their expected loss.

    Parameters
    ----------
    losses : array of shape (m,)
        Of the chosen rows, in the order of the draws.
    propensities : array of shape (m,)
        The chance of each among the rows that were left; see ``draw_test_rows``.
    pool_size : int
        Rows of the pool before the first draw.
    confidence : float, default 0.95
        Of the interval.

    Returns
    -------
    estimate : Estimate
        Unbiased. The interval is Student's with the variance of the estimator's martingale, cut off at 0 where no loss is
        negative. It is too narrow where few of the drawn rows have a loss, and has no width where none has: of 50 rows drawn
        uniformly at 2 % errors it holds the mean about six times in ten (nine in ten where the proposal knows the risk).

    References
    ----------
    Farquhar, Gal and Rainforth 2021.
    """
    return Estimate(*_core.lure(doubles("losses", losses, 1), doubles("propensities", propensities, 1),
                                whole("pool_size", pool_size), share("confidence", confidence)))


def draw_test_rows(expected_loss: ArrayLike, count: Whole, *, clip: float = 0.1,
                   seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows to label for a test, drawn without replacement with chance proportional to their expected loss.

    Parameters
    ----------
    expected_loss : array of shape (n,)
        Best the root of the expected squared loss, under another model than the one that is tested.
    count : int
        How many to draw.
    clip : float, default 0.1
        No row counts less than this share of the mean, so that no weight gets large.
    seed : int, default 0
        Of the draws.

    Returns
    -------
    rows : ndarray of int64
        In the order of the draws.
    propensities : ndarray of float64
        For ``lure``.
    """
    rows, propensities = _core.draw_test_rows(doubles("expected_loss", expected_loss, 1), whole("count", count),
                                                number("clip", clip), seed_of(seed))
    return np.asarray(rows), np.asarray(propensities)


def stratified_estimate(values: ArrayLike, strata: ArrayLike, sizes: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """The mean over a pool from values that were drawn uniformly within each stratum.

    Parameters
    ----------
    values : array of shape (m,)
        Such as losses; where all are 0 or 1 the interval combines Wilson's of the strata, else it is Student's.
    strata : array of shape (m,)
        The stratum of each value, from 0 up.
    sizes : array of shape (strata,)
        Rows of the pool in each stratum.
    confidence : float, default 0.95
        Of the interval.

    Returns
    -------
    estimate : Estimate
        The sum of the strata's means, weighted by size.

    References
    ----------
    Neyman 1934; Zou and Donner 2008; Satterthwaite 1946.
    """
    return Estimate(*_core.stratified_estimate(doubles("values", values, 1), small_numbers("strata", strata),
                                               whole_numbers("sizes", sizes), share("confidence", confidence)))


def neyman_allocation(sizes: ArrayLike, deviations: ArrayLike, count: Whole, *, at_least: Whole = 2) -> NDArray[np.int64]:
    """How many labels each stratum gets so that the variance of ``stratified_estimate`` is least.

    Parameters
    ----------
    sizes : array of shape (strata,)
        Rows of each stratum.
    deviations : array of shape (strata,)
        Expected standard deviation of the value within each.
    count : int
        Labels in all.
    at_least : int, default 2
        Labels that each stratum gets if it has so many rows.

    Returns
    -------
    labels : ndarray of int64
        The best allocation in whole numbers (Wright 2012).
    """
    return np.asarray(_core.neyman_allocation(whole_numbers("sizes", sizes), doubles("deviations", deviations, 1), whole("count", count),
                                              whole("at_least", at_least)))


def strata_by_deviation(deviations: ArrayLike, strata: Whole) -> NDArray[np.int32]:
    """Strata of rows in the order of their expected deviation, each with about an equal share of its sum.

    Parameters
    ----------
    deviations : array of shape (n,)
        For an error of chance p: sqrt(p * (1 - p)).
    strata : int
        How many; each gets two rows or more.

    Returns
    -------
    strata : ndarray of int32
        From 0 (the least deviation) up, one a row.
    """
    return np.asarray(_core.strata_by_deviation(doubles("deviations", deviations, 1), whole("strata", strata)))


def wilson_interval(successes: Whole, trials: Whole, *, confidence: float = 0.95) -> Interval:
    """A share of successes with Wilson's interval (Wilson 1927).

    Parameters
    ----------
    successes, trials : int
        With 0 <= successes <= trials and a trial.
    confidence : float, default 0.95
        Of the interval.

    Returns
    -------
    interval : Interval
        ``low, high``; its ``value`` is the share.
    """
    return interval(_core.wilson_interval(whole("successes", successes), whole("trials", trials), share("confidence", confidence)))


def _as_number(value: Any) -> float:
    """What a statistic returned."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "fiub":
        raise TypeError(f"statistic must return a number, not {value!r:.60}")
    return float(array.reshape(()))


def bootstrap_interval(values: Any, statistic: Callable[..., float] | None = None, *, groups: ArrayLike | None = None,
                       resamples: Whole = 2000, seed: int = 0, confidence: float = 0.95) -> Interval:
    """Any statistic with its BCa interval, over rows or over groups of rows (Efron 1987).

    Parameters
    ----------
    values : array of shape (n, ...), or a tuple of such arrays
        A tuple is drawn row by row together: labels and predictions, say.
    statistic : callable, optional
        From the array, or from each of the tuple's, to a number; by default the mean. NaN leaves a resample out.
    groups : array of shape (n,), optional
        Numbers of groups that are drawn together, such as documents.
    resamples : int, default 2000
        How many draws.
    seed : int, default 0
        Of the draws.
    confidence : float, default 0.95
        Of the interval.

    Returns
    -------
    interval : Interval
        ``low, high``; its ``value`` is the statistic of all rows. With a warning: no width, where every resample gives the
        same number (as from equal values: what the rows do not hold no resample knows); or ends that do not hold the value,
        where nearly all resamples lie on one side of it, as those of a calibration error do. The latter are percentiles
        (``method`` "bootstrap"), as BCa has no answer.
    """
    columns = [np.asarray(one) for one in (values if isinstance(values, tuple) else (values,))]
    if not columns or any(one.ndim == 0 or len(one) != len(columns[0]) for one in columns):
        raise ValueError("values must be arrays of one length")
    if statistic is None and len(columns) != 1:
        raise ValueError("statistic is needed where values are several arrays")
    if statistic is not None and not callable(statistic):
        raise TypeError(f"statistic must be a function of the values, not {type(statistic).__name__}")
    if statistic is None:
        columns = [as_array("values", columns[0])]
    chosen: Callable[..., float] = statistic or (lambda sample: float(np.mean(sample)))
    if len(columns[0]) and np.isnan(_as_number(chosen(*columns))):
        holds_nan = any(one.dtype.kind == "f" and np.isnan(one).any() for one in columns)
        raise ValueError("the statistic of all rows is not defined (NaN)" + (
            ": values hold a NaN; leave those rows out, or give a statistic that does, such as np.nanmean" if holds_nan else ""))
    rows = np.arange(len(columns[0]))

    def weighted(weights: NDArray[np.float64]) -> float:
        drawn = np.repeat(rows, weights.astype(np.int64))
        return _as_number(chosen(*(one[drawn] for one in columns)))

    numbers = None if groups is None else small_numbers("groups", groups)
    return checked_interval(_core.bootstrap_interval(len(rows), weighted, numbers, whole("resamples", resamples, 1), seed_of(seed),
                                                     share("confidence", confidence)))


def betting_interval(values: ArrayLike, *, pool_size: Whole | None = None, confidence: float = 0.95) -> Interval:
    """The mean of values in [0, 1] with an interval that stays right however often one looks and whenever one stops.

    Parameters
    ----------
    values : array of shape (n,)
        In the order of their draw.
    pool_size : int, optional
        Where they are drawn without replacement from a pool of so many, whose mean is asked for.
    confidence : float, default 0.95
        That the interval holds the mean at every number of values at once.

    Returns
    -------
    interval : Interval
        ``low, high``; its ``value`` is the mean.

    References
    ----------
    Waudby-Smith and Ramdas 2023.
    """
    pool = 0 if pool_size is None else whole("pool_size", pool_size)
    return interval(_core.betting_interval(doubles("values", values, 1), share("confidence", confidence), pool))


def recall_p_value(found_before: Whole, remaining: Whole, drawn: Whole, found_at_random: Whole, *, target_recall: float = 0.95) -> float:
    """The chance of a random part of a review that finds so little, if the recall were still below the target.

    Parameters
    ----------
    found_before, remaining : int
        Relevant items found in an order of one's own, and items that were left then.
    drawn, found_at_random : int
        Items of those read at random, and relevant ones among them.
    target_recall : float, default 0.95
        Stop where the answer is below 1 - confidence; valid for one number of draws that was fixed beforehand.

    Returns
    -------
    p_value : float

    References
    ----------
    Callaghan and Mueller-Hansen 2020.
    """
    return _core.recall_p_value(whole("found_before", found_before), whole("remaining", remaining), whole("drawn", drawn),
                                whole("found_at_random", found_at_random), share("target_recall", target_recall))


def relevant_total(known: ArrayLike, remaining: ArrayLike, relevant: ArrayLike, *, found: Whole, unread: Whole,
                   anytime: bool = False, confidence: float = 0.95) -> Estimate:
    """How many relevant items a pool has, from audit draws between picks of any kind.

    Parameters
    ----------
    known, remaining, relevant : arrays of shape (draws,)
        Before each uniform draw: relevant items known, items not yet read; and 1 where the drawn one was relevant.
    found, unread : int
        Relevant items known now, and items not read.
    anytime : bool, default False
        True: right at every look at once (Waudby-Smith and Ramdas 2020). False: for one look (Horvitz and Thompson 1952).
    confidence : float, default 0.95
        Of the interval.

    Returns
    -------
    estimate : Estimate
        ``found`` divided by it is the recall, by ``ci_high`` its lower bound.
    """
    flags = np.ascontiguousarray(as_array("relevant", relevant), dtype=np.int64)
    check_dimensions("relevant", flags, 1)
    return Estimate(*_core.relevant_total(whole_numbers("known", known), whole_numbers("remaining", remaining), flags,
                                          whole("found", found), whole("unread", unread), share("confidence", confidence),
                                          flag("anytime", anytime)))


def aulc(labels: ArrayLike, values: ArrayLike, *, log: bool = False) -> float:
    """Area under a learning curve over its range of labels.

    Parameters
    ----------
    labels : array of shape (points,)
        Label counts, rising, above 0.
    values : array of shape (points,)
        The metric at each.
    log : bool, default False
        Over the logarithm of the labels.

    Returns
    -------
    area : float
        In the metric's own unit; of one point its value.
    """
    return _core.aulc(doubles("labels", labels, 1), doubles("values", values, 1), flag("log", log))


def cbpe(probabilities: ArrayLike, predictions: ArrayLike | None = None, scores: ArrayLike | None = None, *, simulations: Whole = 500,
         seed: int = 0, confidence: float = 0.95) -> dict[str, Estimate]:
    """How good a model is where nobody has labelled, from its calibrated probabilities.

    Parameters
    ----------
    probabilities : array of shape (n, classes) or (n,)
        Calibrated; one dimension: the probability of class 1 of two.
    predictions : array of shape (n,), optional
        Predicted classes; by default the likeliest.
    scores : array of shape (n,), optional
        Of two classes, what rows are ranked by; by default the probability of class 1.
    simulations : int, default 500
        Draws of all labels, for the interval.
    seed : int, default 0
        Of those draws.
    confidence : float, default 0.95
        That the metric of the true labels lies in the interval, if the probabilities are right.

    Returns
    -------
    estimates : dict of str to Estimate
        accuracy, precision, recall, f1; of two classes also specificity, roc_auc, average_precision.
    """
    rows = probability_rows(probabilities)
    chosen = rows.argmax(1).astype(np.int32) if predictions is None else small_numbers("predictions", predictions)
    ranks = None if scores is None else doubles("scores", scores, 1)
    found = _core.cbpe(rows, chosen, ranks, whole("simulations", simulations, 1), seed_of(seed), share("confidence", confidence))
    return {name: Estimate(*one) for name, one in found.items()}

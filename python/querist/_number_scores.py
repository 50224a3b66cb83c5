"""Metrics of predicted numbers under scikit-learn's names."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._arrays import doubles
from ._estimates import Estimate, number, share
from ._feature_rows import ready_weights


def _numbers(name: str, targets: Any, predictions: Any, sample_weight: Any) -> float:
    truth, found = doubles("targets", targets, 1), doubles("predictions", predictions, 1)
    return _core.regression_score(name, truth, found, ready_weights(sample_weight, len(truth)))


def mean_absolute_error(targets: ArrayLike, predictions: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """How far predicted numbers lie from the true ones, on average.

    Parameters
    ----------
    targets, predictions : arrays of shape (n,)
        Numbers.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    error : float
    """
    return _numbers("mean_absolute_error", targets, predictions, sample_weight)


def root_mean_squared_error(targets: ArrayLike, predictions: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """The root of the mean squared distance of predicted numbers from the true ones.

    Parameters
    ----------
    targets, predictions : arrays of shape (n,)
        Numbers.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    error : float
    """
    return _numbers("root_mean_squared_error", targets, predictions, sample_weight)


def r2_score(targets: ArrayLike, predictions: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """The share of the targets' variance that the predictions explain.

    Parameters
    ----------
    targets, predictions : arrays of shape (n,)
        Numbers.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    score : float
        At most 1. Where the targets do not vary: 1 if all are met, else 0. NaN, with a warning, of one row.
    """
    if np.shape(targets) == (1,):
        warnings.warn("r2_score is not defined on one row", stacklevel=2)
        _numbers("r_squared", targets, predictions, sample_weight)  # Refuses what cannot be.
        return float("nan")
    return _numbers("r_squared", targets, predictions, sample_weight)


def mean_pinball_loss(targets: ArrayLike, predictions: ArrayLike, *, alpha: float = 0.5, sample_weight: ArrayLike | None = None) -> float:
    """The loss whose best prediction is a quantile (Koenker and Bassett 1978).

    Parameters
    ----------
    targets, predictions : arrays of shape (n,)
        Numbers.
    alpha : float, default 0.5
        Which quantile, 0 to 1: each unit too low costs ``alpha``, each too high 1 - ``alpha``.
    sample_weight : array of shape (n,), optional
        How much each row counts.

    Returns
    -------
    loss : float
    """
    truth, found = doubles("targets", targets, 1), doubles("predictions", predictions, 1)
    if not 0 <= number("alpha", alpha) <= 1:
        raise ValueError(f"alpha must lie between 0 and 1, both included, not {alpha}")
    return _core.pinball_loss(truth, found, number("alpha", alpha), ready_weights(sample_weight, len(truth)))


def interval_coverage(targets: ArrayLike, low: ArrayLike, high: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """The share of targets that lie in the interval predicted for them.

    Parameters
    ----------
    targets, low, high : arrays of shape (n,)
        Numbers, and the ends of each one's interval, both included.
    confidence : float, default 0.95
        Of Wilson's interval of the share.

    Returns
    -------
    coverage : Estimate
    """
    return Estimate(*_core.interval_coverage(doubles("targets", targets, 1), doubles("low", low, 1), doubles("high", high, 1),
                                             share("confidence", confidence)))

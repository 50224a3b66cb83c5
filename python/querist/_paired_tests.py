"""Tests of two models on the same rows."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import as_array, check_dimensions, doubles
from ._estimates import Interval, Whole, checked_interval, seed_of, share, whole


class TestResult(NamedTuple):
    """A test's statistic and its two-sided p-value."""

    statistic: float
    p_value: float


def _right(name: str, value: Any) -> NDArray[np.uint8]:
    array = as_array(name, value)
    check_dimensions(name, array, 1)
    if not np.all((array == 0) | (array == 1)):
        raise ValueError(f"{name} must hold 1 where the model is right and 0 where it is not")
    return np.ascontiguousarray(array, np.uint8)


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> TestResult:
    """Whether one of two models is right more often on the same rows: McNemar's exact test (McNemar 1947).

    Parameters
    ----------
    first_right, second_right : arrays of shape (n,)
        1 (or True) where the model is right.

    Returns
    -------
    result : TestResult
        ``(statistic, p_value)``: the smaller count of rows that only one of them got right, and the two-sided chance of so few.
    """
    first, second = _right("first_right", first_right), _right("second_right", second_right)
    if len(first) != len(second):
        raise ValueError(f"first_right has {len(first)} entries but second_right has {len(second)}")
    return TestResult(*_core.mcnemar(first, second))


def paired_bootstrap(a: ArrayLike, b: ArrayLike, *, resamples: Whole = 2000, seed: int = 0, confidence: float = 0.95) -> Interval:
    """The mean difference of two methods over the same rows, with the percentile bootstrap's interval (Efron 1979).

    Parameters
    ----------
    a, b : arrays of shape (n,)
        What each scored on each row (seed, data set); two rows or more.
    resamples : int, default 2000
        How many draws of the pairs.
    seed : int, default 0
        Of the draws.
    confidence : float, default 0.95
        Of the interval.

    Returns
    -------
    interval : Interval
        ``low, high`` of the mean of a - b, which is its ``value``. Without width, and with a warning, where all differences
        are the same.
    """
    first, second = doubles("a", a, 1), doubles("b", b, 1)
    for name, column in (("a", first), ("b", second)):
        if not np.all(np.isfinite(column)):
            raise ValueError(f"{name} holds a NaN or infinite number: leave that pair out")
    if len(first) == len(second) == 1:
        raise ValueError("a and b hold one pair: an interval needs two or more")
    return checked_interval(_core.paired_bootstrap(first, second, seed_of(seed), whole("resamples", resamples, 1),
                                                   share("confidence", confidence)))

"""Numbers with their intervals, and the numbers that callers give: whole ones, shares and seeds, each refused by name."""
from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable
from typing import Any, SupportsIndex

import numpy as np

Whole = SupportsIndex | float  # A float that is whole counts as such: 8.0.


class Estimate(float):
    """A number that carries its interval: it computes as a float does.

    Attributes
    ----------
    value : float
        The number itself.
    ci_low, ci_high : float
        The ends of its interval.
    method : str
        How the interval was made.
    """

    ci_low: float
    ci_high: float
    method: str

    def __new__(cls, value: float, ci_low: float, ci_high: float, method: str) -> Estimate:
        made = super().__new__(cls, value)
        made.ci_low, made.ci_high, made.method = ci_low, ci_high, method
        return made

    @property
    def value(self) -> float:
        return float(self)

    def __getnewargs__(self) -> tuple[float, float, float, str]:  # type: ignore[override]
        return self.value, self.ci_low, self.ci_high, self.method

    def __repr__(self) -> str:
        return f"Estimate({self.value!r}, ci_low={self.ci_low!r}, ci_high={self.ci_high!r}, method={self.method!r})"


class Interval(tuple[float, float]):
    """The two ends of an interval, to unpack as ``low, high``; it knows the number that it is around.

    Attributes
    ----------
    value : float
        The number that was estimated; ``float(interval)`` is the same.
    ci_low, ci_high : float
        The ends by name.
    method : str
        How the interval was made.
    """

    value: float
    method: str

    def __new__(cls, ends: Iterable[float], value: float, method: str) -> Interval:
        made = super().__new__(cls, ends)
        made.value, made.method = value, method
        return made

    @property
    def ci_low(self) -> float:
        return self[0]

    @property
    def ci_high(self) -> float:
        return self[1]

    def __float__(self) -> float:
        return self.value

    def __getnewargs__(self) -> tuple[tuple[float, float], float, str]:
        return (self[0], self[1]), self.value, self.method

    def __repr__(self) -> str:
        return f"Interval(ci_low={self[0]!r}, ci_high={self[1]!r}, value={self.value!r}, method={self.method!r})"


def interval(found: tuple[float, float, float, str]) -> Interval:
    """What the native module answers, as an interval."""
    value, low, high, method = found
    return Interval((low, high), value, method)


def checked_interval(found: tuple[float, float, float, str]) -> Interval:
    """The same of resamples, with a warning where the interval says less than it seems to."""
    value, low, high, _ = found
    rounding = 1e-12 * max(1.0, abs(value))
    if high - low <= rounding:
        warnings.warn("every resample gives the same number: the interval has no width, which does not mean that the value is certain",
                      stacklevel=3)
    elif not low - rounding <= value <= high + rounding:
        warnings.warn("the interval does not hold its value: the statistic is biased on resamples, which lie on one side of it", stacklevel=3)
    return interval(found)


def whole(name: str, value: Any, least: int = 0) -> int:
    """A whole number of at least ``least``; 8.0 is one, a flag or a text is none."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a whole number, not a flag")
    try:
        number = operator.index(value)
    except TypeError:
        if not isinstance(value, (float, np.floating)):
            raise TypeError(f"{name} must be a whole number, not {type(value).__name__}") from None
        if not float(value).is_integer():
            raise ValueError(f"{name} must be a whole number, not {value}") from None
        number = int(value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}, as {number} is not")
    if number >= 2**63:
        raise ValueError(f"{name} must be below 2**63, as {number} is not")
    return number


def seed_of(value: Any) -> int:
    """A seed: a whole number from 0 to 2**64 - 1."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"seed must be a whole number, not {type(value).__name__}") from None
    if not 0 <= number < 2**64:
        raise ValueError(f"seed must lie between 0 and 2**64 - 1, not {number}")
    return number


def number(name: str, value: Any) -> float:
    """A number of any type; a text or a flag is none."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}") from None
    except OverflowError:
        raise ValueError(f"{name} is too large a number") from None


def share(name: str, value: Any) -> float:
    """A number between 0 and 1, the ends excluded."""
    found = number(name, value)
    if not 0 < found < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {found}")
    return found


def choice(name: str, value: Any, *allowed: str) -> str:
    """One of the words."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be {' or '.join(map(repr, allowed))}, not {value!r}")
    return value


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return bool(value)

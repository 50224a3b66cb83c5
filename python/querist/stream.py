"""Active learning from a stream: each instance is asked about at once or never, within a budget."""
from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import doubles, floats, singles_or_doubles

__all__ = ["DensityBased", "FixedUncertainty", "Random", "RandomVariableUncertainty", "Split", "Stream", "VariableUncertainty",
           "strategies"]


def strategies() -> list[dict[str, Any]]:
    """The card of every stream strategy: name, summary, source and parameters."""
    return list(_core.stream_cards())


class Stream:
    """A running stream strategy. Decides as scikit-activeml does for the same probabilities and the same seed.

    Parameters
    ----------
    budget : float, default 0.1
        Share of the instances that may be asked about.
    seed : int, default 0
        Of what is drawn, from 0 to 2**32 - 1.
    **params
        Others of the strategy; ``querist.stream.strategies()`` lists them.
    """

    name: ClassVar[str] = ""

    def __init__(self, budget: float = 0.1, *, seed: int = 0, **params: float | str) -> None:
        if not self.name:
            raise TypeError("make one of the classes that name a strategy, as Split")
        if not 0 <= seed < 2**32:
            raise ValueError(f"seed must lie between 0 and 2**32 - 1, not {seed}")
        given = {"budget": float(budget), **{key: value for key, value in params.items() if value is not None}}
        self._stream = _core.Stream.make(self.name, given, seed)
        self.budget = float(budget)

    def query(self, x: ArrayLike) -> bool:
        """Whether to ask for the label of this instance.

        Parameters
        ----------
        x : array of shape (classes,)
            Its class probabilities. One that holds a NaN is never asked about and does not count.
        """
        return bool(self._stream.query(doubles("x", x, 1)))

    def query_many(self, x: ArrayLike) -> NDArray[np.bool_]:
        """The same for each row in turn: an array of shape (n,)."""
        return np.asarray(self._stream.query_many(doubles("x", x, 2)))

    @property
    def spent(self) -> float:
        """The share of instances asked about, as the strategy estimates it."""
        return float(self._stream.spent)

    @property
    def seen(self) -> int:
        """Instances that were decided about."""
        return int(self._stream.seen)

    @property
    def asked(self) -> int:
        """Instances that were asked about."""
        return int(self._stream.asked)

    def save(self) -> str:
        """The whole state as JSON text, for `load`."""
        return str(self._stream.save())

    @classmethod
    def load(cls, saved: str) -> Stream:
        """The stream that `save` wrote; it goes on as if it had never stopped."""
        inner = _core.Stream.load(saved)
        kind = {one.name: one for one in _KINDS}[inner.name]
        if not issubclass(kind, cls):
            raise ValueError(f"the text holds a stream of {inner.name}, not of {cls.name}")
        stream = kind.__new__(kind)
        stream._stream = inner
        stream.budget = float(inner.budget)
        return stream


class FixedUncertainty(Stream):
    """Asks where the likeliest class is less likely than a fixed bar (Zliobaite et al. 2014)."""

    name = "fixed_uncertainty"


class VariableUncertainty(Stream):
    """Asks below a bar that falls after each question and rises without one (Zliobaite et al. 2014)."""

    name = "variable_uncertainty"


class RandomVariableUncertainty(Stream):
    """The variable bar, disturbed by chance so that far changes are seen (Zliobaite et al. 2014)."""

    name = "random_variable_uncertainty"


class Split(Stream):
    """A share of the stream at random, the rest by the variable bar (Zliobaite et al. 2014)."""

    name = "split"


class Random(Stream):
    """Asks at random: the baseline."""

    name = "random"


class DensityBased(Stream):
    """Asks about uncertain instances in dense regions (Ienco, Zliobaite and Pfahringer 2014)."""

    name = "density_based"

    def query(self, x: ArrayLike, embedding: ArrayLike | None = None) -> bool:
        """Whether to ask for the label of this instance.

        Parameters
        ----------
        x : array of shape (classes,)
            Its class probabilities.
        embedding : array of shape (d,), optional
            Where it lies; by default its probabilities are where.
        """
        probabilities = doubles("x", x, 1)
        place = singles_or_doubles("embedding", probabilities if embedding is None else embedding, 1)
        return bool(self._stream.query(probabilities, place))

    def query_many(self, x: ArrayLike, embeddings: ArrayLike | None = None) -> NDArray[np.bool_]:
        """The same for each row in turn: an array of shape (n,)."""
        probabilities = doubles("x", x, 2)
        places = floats("embeddings", probabilities if embeddings is None else embeddings, 2)
        return np.asarray(self._stream.query_many(probabilities, places))


_KINDS = (FixedUncertainty, VariableUncertainty, RandomVariableUncertainty, Split, Random, DensityBased)

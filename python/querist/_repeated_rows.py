"""Equal rows as one: a row of weight 2 and the row twice become the same training data, in the same order, to the last bit."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import Array
from ._feature_rows import is_sparse

_BLOCK = 1 << 20  # Numbers that are hashed at once.
_MOST_REPEATS = 10  # Rows of whole weights are written out up to so many times the rows that there are.


def _factors(count: int, stream: int) -> NDArray[np.uint64]:
    return np.random.default_rng([20231, stream]).integers(0, 2**64, count, np.uint64, endpoint=False) | np.uint64(1)


def _bits(values: Array) -> Array:
    """The bits of numbers as unsigned ones; of float64 those of the float32 that learners read."""
    if values.dtype == np.float16:
        return np.ascontiguousarray(values).view(np.uint16)
    return np.ascontiguousarray(values, np.float32).view(np.uint32)


def _sums(rows: Any, stream: int) -> NDArray[np.uint64]:
    """A hash of each row (multilinear, Carter and Wegman 1979): equal rows have equal ones, whatever they are stored as."""
    factors = _factors(rows.shape[1], stream)
    if is_sparse(rows):
        with np.errstate(over="ignore"):
            parts = _bits(rows.data).astype(np.uint64) * factors[rows.indices]
            ends = np.concatenate([np.zeros(1, np.uint64), np.cumsum(parts, dtype=np.uint64)])
        return np.asarray(ends[rows.indptr[1:]] - ends[rows.indptr[:-1]], np.uint64)
    out = np.empty(rows.shape[0], np.uint64)
    step = max(1, _BLOCK // rows.shape[1])
    for begin in range(0, len(out), step):
        block = _bits(rows[begin:begin + step]).astype(np.uint64)
        block *= factors
        out[begin:begin + step] = block.sum(axis=1, dtype=np.uint64)
    return out


def _answer_table(answers: dict[str, Array]) -> Array:
    """Labels, targets or label sets as bits, one row each."""
    (column,) = answers.values()
    table = column.reshape(len(column), -1)
    return table.view(np.uint32) if table.dtype in (np.int32, np.float32) else _bits(table)


def _same_as_before(rows: Any, table: Array) -> NDArray[np.bool_]:
    """Whether each row equals the one before it, answer included."""
    same: NDArray[np.bool_] = np.asarray(np.all(table[1:] == table[:-1], axis=1))
    if is_sparse(rows):
        gaps = rows[1:] - rows[:-1]
        gaps.eliminate_zeros()
        return np.asarray(same & (np.diff(gaps.indptr) == 0))
    step = max(1, _BLOCK // rows.shape[1])
    for begin in range(0, len(same), step):
        end = min(begin + step, len(same))
        same[begin:end] &= np.all(rows[begin + 1:end + 1] == rows[begin:end], axis=1)
    return same


def _taken(answers: dict[str, Array], places: Any) -> dict[str, Array]:
    return {name: np.ascontiguousarray(value[places]) for name, value in answers.items()}


def canonical(rows: Any, answers: dict[str, Array], weights: NDArray[np.float64] | None, repeat: bool
              ) -> tuple[Any, dict[str, Array], NDArray[np.float64] | None]:
    """The training data with equal rows (and answers) as one of their summed weight, in an order that the content decides.

    repeat: the other way round: rows of whole weights written out that often, for learners that draw rows. Data without weights and
    without equal rows stay as they lie, without a copy.
    """
    if weights is not None and np.all(weights == 1):
        weights = None
    table = _answer_table(answers)
    with np.errstate(over="ignore"):
        keys = _sums(rows, 0) + (table.astype(np.uint64) * _factors(table.shape[1], 1)).sum(axis=1, dtype=np.uint64)
    order = np.argsort(keys, kind="stable")
    if weights is None and not np.any(keys[order[1:]] == keys[order[:-1]]):
        return rows, answers, None
    if repeat and weights is not None:
        counts = weights.astype(np.int64) if np.all(weights < 2**31) else np.zeros(0, np.int64)
        if not np.array_equal(counts, weights) or counts.sum() > _MOST_REPEATS * len(counts):
            return rows, answers, weights
        order = np.repeat(order, counts[order])
    sorted_rows, sorted_answers = rows[order], _taken(answers, order)
    if repeat:
        return sorted_rows, sorted_answers, None
    firsts = np.flatnonzero(np.concatenate([[True], ~_same_as_before(sorted_rows, _answer_table(sorted_answers))]))
    ordered = np.ones(len(order)) if weights is None else weights[order]
    if len(firsts) < len(order):
        sorted_rows, sorted_answers, ordered = sorted_rows[firsts], _taken(sorted_answers, firsts), np.add.reduceat(ordered, firsts)
    return sorted_rows, sorted_answers, ordered

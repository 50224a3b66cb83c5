"""One call of a strategy: arguments checked and prepared, the native module run, indices given back."""
from __future__ import annotations

import operator
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import Array, as_array, check_dimensions, features, floats, row_numbers, small_numbers, whole_numbers

Indices = NDArray[np.int64]
Utilities = NDArray[np.float64]
CARDS: dict[str, dict[str, Any]] = {card["name"]: card for card in _core.cards()}


def whole(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {type(value).__name__}") from None


def setting(name: str, value: Any) -> float | bool | str:
    """A parameter as the native module takes it; what range it may have, the card says there."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name} is no text: {value!a}") from None
        return value
    if isinstance(value, (bool, float)):
        return value
    try:
        return float(operator.index(value))
    except OverflowError:
        raise ValueError(f"{name} is too large a number") from None
    except TypeError:
        raise TypeError(f"{name} must be a number, a flag or a text, not {type(value).__name__}") from None


def _signals(task: str, given: dict[str, Any]) -> dict[str, Array]:
    """The arrays that a model and the features give, by the native module's names."""
    arrays: dict[str, Array] = {}
    probabilities, members = given["probabilities"], given["member_probabilities"]
    predictions, member_predictions = given["predictions"], given["member_predictions"]
    if task == "regression":  # What a regressor predicts is one number a row.
        predictions = probabilities if predictions is None else predictions
        member_predictions = members if member_predictions is None else member_predictions
        probabilities = members = None
    if probabilities is not None:
        arrays["probabilities"] = floats("probabilities", probabilities, 2)
    if members is not None:
        arrays["member_probabilities"] = floats("member_probabilities", members, 3)
    if predictions is not None:
        column = floats("predictions", predictions, 1, 2)
        if column.ndim == 2 and column.shape[1] != 1:
            raise ValueError(f"predictions must hold one number a row, not {column.shape[1]}")
        arrays["predictions"] = column.reshape(-1)
    if member_predictions is not None:
        table = floats("member_predictions", member_predictions, 2, 3)
        if table.ndim == 3 and table.shape[2] != 1:
            raise ValueError(f"member_predictions must hold one number a row, not {table.shape[2]}")
        arrays["member_predictions"] = table.reshape(table.shape[0], table.shape[1])
    if given["embeddings"] is not None:
        key, rows = features("embeddings", given["embeddings"])
        arrays[key] = rows
    return arrays


def _size(card: dict[str, Any], arrays: dict[str, Array], given: dict[str, Any]) -> int:
    for key in ("embeddings", "half_embeddings", "probabilities", "predictions"):
        if key in arrays:
            return int(arrays[key].shape[0])
    for key in ("member_probabilities", "member_predictions"):
        if key in arrays:
            return int(arrays[key].shape[1])
    for name in ("costs", "groups"):
        if given[name] is not None:
            return len(as_array(name, given[name]))
    if given["candidates"] is not None:  # random needs no more than the rows to draw from.
        rows = as_array("candidates", given["candidates"])
        return rows.size if rows.dtype.kind == "b" else int(whole_numbers("candidates", rows).max(initial=-1)) + 1
    needed = " and ".join(card["needs"]) or "candidates"
    raise ValueError(f"{card['name']} needs {needed}: there is nothing to choose from")


def _labels(task: str, value: Any, order: Indices, arrays: dict[str, Array]) -> int:
    """Puts the labels into the order of the sorted rows; answers how many classes they name."""
    if value is None:
        return 0
    if task == "regression" or (task == "any" and as_array("labels", value).dtype.kind == "f"):
        targets = floats("labels", value, 1)
        _same_length(targets, order)
        arrays["targets"] = np.ascontiguousarray(targets[order])
        return 0
    if task == "multi_label":
        matrix = floats("labels", value, 2)
        _same_length(matrix, order)
        arrays["label_matrix"] = np.ascontiguousarray(matrix[order])
        return int(matrix.shape[1])
    check_dimensions("labels", as_array("labels", value), 1)
    ids = small_numbers("labels", value)
    _same_length(ids, order)
    if ids.size and ids.min() < 0:
        raise ValueError(f"labels must be class numbers from 0 up, not {int(ids.min())}")
    arrays["labels"] = np.ascontiguousarray(ids[order])
    return int(ids.max(initial=-1)) + 1


def _same_length(labels: Array, order: Indices) -> None:
    if len(labels) != len(order):
        raise ValueError(f"labels has {len(labels)} entries but labeled has {len(order)}")


def _classes(arrays: dict[str, Array], named: int) -> int:
    if "probabilities" in arrays:
        return int(arrays["probabilities"].shape[1])
    if "member_probabilities" in arrays:
        return int(arrays["member_probabilities"].shape[2])
    return max(named, 1)


def run(name: str, batch_size: Any, given: dict[str, Any], seed: Any, return_utilities: bool,
        params: dict[str, Any]) -> Any:
    """Indices of the rows to label next; with ``return_utilities`` their utilities as well."""
    card = CARDS[name]
    batch = whole("batch_size", batch_size)
    number = whole("seed", seed)
    if batch < 0:
        raise ValueError(f"batch_size must not be negative, as {batch} is")
    if not 0 <= number < 2**64:
        raise ValueError(f"seed must lie between 0 and 2**64 - 1, not {number}")
    arrays = _signals(card["task"], given)
    size = _size(card, arrays, given)
    labeled = np.zeros(0, np.int64) if given["labeled"] is None else row_numbers("labeled", given["labeled"], size)
    if given["labels"] is not None and given["labeled"] is None:
        raise ValueError("labels needs labeled: the rows that have them")
    order = np.argsort(labeled, kind="stable")
    classes = _classes(arrays, _labels(card["task"], given["labels"], order, arrays))
    labeled = np.ascontiguousarray(labeled[order])
    if given["candidates"] is None:
        open_rows = np.ones(size, bool)
        open_rows[labeled] = False
        candidates = np.flatnonzero(open_rows).astype(np.int64)
    else:
        candidates = np.sort(row_numbers("candidates", given["candidates"], size))
    if given["costs"] is not None:
        arrays["costs"] = floats("costs", given["costs"], 1)
    if given["groups"] is not None:
        arrays["groups"] = small_numbers("groups", given["groups"])
    chosen = {key: setting(key, value) for key, value in params.items() if value is not None}
    if size == 0:
        return (np.zeros(0, np.int64), np.zeros(0)) if return_utilities else np.zeros(0, np.int64)
    indices, utilities = _core.select(name, min(batch, size), size, classes, candidates, labeled, arrays, number, chosen)
    return (indices, utilities) if return_utilities else indices


def top_k(utilities: ArrayLike, k: SupportsIndex) -> Indices:
    """Indices of the k largest utilities, largest first.

    Parameters
    ----------
    utilities : array of shape (n,)
        Of any numeric type; float32 and float64 are read as they lie. NaN stands for "not a candidate".
    k : int
        How many to find. Fewer come where fewer are candidates.

    Returns
    -------
    indices : ndarray of int64
        Ties go to the lower index.
    """
    values = as_array("utilities", utilities)
    check_dimensions("utilities", values, 1)
    if values.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        values = values.astype(np.float64)
    count = whole("k", k)
    if count < 0:
        raise ValueError(f"k must not be negative, as {count} is")
    return np.asarray(_core.top_k(np.ascontiguousarray(values), min(count, values.size)))


def strategies() -> list[dict[str, Any]]:
    """The card of every strategy: name, summary, source, family, task, the signals it needs, and its parameters."""
    return [dict(card) for card in CARDS.values()]

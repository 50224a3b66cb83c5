"""Feature rows as learners read them: dense float32 or float16, or scipy's sparse rows; no copy where type and order allow."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import Array, as_array


def is_sparse(X: Any) -> bool:
    """Whether X is one of scipy's sparse matrices or arrays; SciPy itself need not be there to tell."""
    return hasattr(X, "tocsr")


def _numbers(name: str, X: Any) -> Array:
    array = X if isinstance(X, np.ndarray) else None
    if array is None and not hasattr(X, "__dlpack__"):
        array = np.asarray(X)
    if array is not None and array.dtype.kind == "O" and not isinstance(X, np.ma.MaskedArray):
        return array.astype(np.float64)  # Numbers that came as objects; anything else says by itself what it is.
    if array is not None and array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} holds complex numbers")
    return as_array(name, X if array is None else array)


def checked_rows(name: str, X: Any) -> Any:
    """X as float32 or float16 in C order, or as canonical sparse rows of float32: what `native` hands on as it lies."""
    if is_sparse(X):
        rows = X.tocsr()
        if rows.dtype.kind not in "fiub":
            what = "Complex data not supported: " if rows.dtype.kind == "c" else ""
            raise ValueError(f"{what}{name} must hold numbers, not {rows.dtype}")
        _check_shape(name, rows.shape)
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        return rows
    array = _numbers(name, X)
    if array.ndim < 2:
        raise ValueError(f"Expected a 2D array, got a {array.ndim}D array instead. Reshape your data either using "
                         f"array.reshape(-1, 1) if {name} has a single feature or array.reshape(1, -1) if it is a single row.")
    if array.ndim > 2:
        raise ValueError(f"{name} must have 2 dimensions, not {array.ndim}")
    _check_shape(name, array.shape)
    if array.dtype == np.float16:
        return np.require(array, requirements=["C", "A"])
    with np.errstate(over="ignore"):
        return np.require(array, np.float32, ["C", "A"])


def _check_shape(name: str, shape: tuple[int, ...]) -> None:
    for count, what in zip(shape, ("sample(s)", "feature(s)"), strict=True):
        if count == 0:
            raise ValueError(f"{name}: found array with 0 {what} (shape={shape}) while a minimum of 1 is required.")


def native(rows: Any) -> dict[str, Any]:
    """Checked rows by the names of the native module."""
    if is_sparse(rows):
        with np.errstate(over="ignore"):
            values = np.ascontiguousarray(rows.data, np.float32)
        if rows.shape[1] > np.iinfo(np.int32).max:
            raise ValueError(f"sparse rows have {rows.shape[1]} columns: more than learners take")
        return {"offsets": np.ascontiguousarray(rows.indptr, np.int64), "columns": np.ascontiguousarray(rows.indices, np.int32),
                "values": values, "cols": int(rows.shape[1])}
    if rows.dtype == np.float16:
        return {"half": rows.view(np.uint16)}
    return {"dense": rows}


def sample_weights(value: Any, count: int) -> NDArray[np.float64] | None:
    """One weight a row, not negative, one of them positive; None where there are none."""
    if value is None:
        return None
    weights = np.asarray(as_array("sample_weight", value), np.float64)
    if weights.ndim == 0:
        weights = np.full(count, float(weights))
    if weights.shape != (count,):
        raise ValueError(f"sample_weight must have the shape ({count},), not {weights.shape}")
    if not np.all(np.isfinite(weights)) or np.any(weights < 0):
        raise ValueError("sample_weight must hold finite numbers that are not negative")
    if not np.any(weights > 0):
        raise ValueError("sample_weight must hold at least one weight that is not zero")
    return weights


def ready_weights(value: Any, count: int) -> NDArray[np.float64] | None:
    """The same as the native module takes them."""
    weights = sample_weights(value, count)
    return None if weights is None else np.ascontiguousarray(weights)

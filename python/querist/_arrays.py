"""Arrays as callers have them made into arrays as the native module reads them: no copy where type and order allow."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)


def _is_ready(value: Any, dtype: Any, dimensions: int) -> bool:
    """Whether the native module reads it as it stands: one instance a call of a stream leaves no time for more."""
    return type(value) is np.ndarray and value.dtype is dtype and value.ndim == dimensions and value.flags.carray


def as_array(name: str, value: Any) -> Array:
    """Anything that offers ``__array__`` or DLPack, or nested sequences, as a NumPy array."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost: fill it first")
    if hasattr(value, "tocsr"):
        raise TypeError(f"{name} is a sparse matrix, which is not read here: pass its toarray()")
    try:
        if not isinstance(value, np.ndarray) and not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
            value = np.from_dlpack(value)
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name} cannot be read as an array: {error}") from None
    except (BufferError, RuntimeError) as error:  # A tensor that asks for gradients, or lies on another device.
        raise TypeError(f"{name} cannot be read as an array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold numbers, not {array.dtype}")
    return array


def check_dimensions(name: str, array: Array, *allowed: int) -> None:
    if array.ndim not in allowed:
        wanted = " or ".join(str(count) for count in allowed)
        raise ValueError(f"{name} must have {wanted} dimension{'s' if wanted != '1' else ''}, not {array.ndim}")


def _in_order(array: Array, dtype: Any) -> Array:
    """C order and aligned, as the native module reads it; the array itself where it is so already."""
    return np.require(array, dtype=dtype, requirements=["C", "A"])


def floats(name: str, value: Any, *dimensions: int) -> Array:
    """float32 in C order; any other type or order is converted once."""
    array = as_array(name, value)
    check_dimensions(name, array, *dimensions)
    with np.errstate(over="ignore"):
        return _in_order(array, np.float32)


def features(name: str, value: Any) -> tuple[str, Array]:
    """Embeddings: float16 as its bits, else float32."""
    array = as_array(name, value)
    check_dimensions(name, array, 2)
    if array.shape[1] == 0:
        raise ValueError(f"{name} must have at least one column")
    if array.dtype == np.float16:
        return "half_embeddings", _in_order(array, np.float16).view(np.uint16)
    with np.errstate(over="ignore"):
        return "embeddings", _in_order(array, np.float32)


def whole_numbers(name: str, value: Any) -> NDArray[np.int64]:
    """One dimension of whole numbers, however they are typed."""
    array = as_array(name, value)
    if array.size == 0:
        array = np.zeros(array.shape, np.int64)
    check_dimensions(name, array, 1)
    if array.dtype.kind == "f":
        if not np.all(np.isfinite(array)) or np.any(array != np.floor(array)):
            raise ValueError(f"{name} must hold whole numbers")
    if array.dtype.kind == "b":
        raise TypeError(f"{name} must hold whole numbers, not flags")
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} holds a number that is too large")
    return np.ascontiguousarray(array, dtype=np.int64)


def row_numbers(name: str, value: Any, size: int) -> NDArray[np.int64]:
    """Row numbers, or a mask with one flag a row; without repeats, in the order given."""
    array = as_array(name, value)
    if array.dtype.kind == "b":
        if array.shape != (size,):
            raise ValueError(f"{name} as a mask must have {size} entries, not the shape {array.shape}")
        return np.flatnonzero(array).astype(np.int64)
    rows = whole_numbers(name, array)
    if rows.size and (rows.min() < 0 or rows.max() >= size):
        wrong = int(rows[(rows < 0) | (rows >= size)][0])
        raise ValueError(f"{name} names row {wrong}, but there are {size} rows")
    if np.unique(rows).size != rows.size:
        raise ValueError(f"{name} names a row twice")
    return rows


def small_numbers(name: str, value: Any) -> NDArray[np.int32]:
    """Whole numbers that fit into 32 bits."""
    numbers = whole_numbers(name, value)
    if numbers.size and (numbers.min() < -(2**31) or numbers.max() >= 2**31):
        raise ValueError(f"{name} holds a number beyond 32 bits")
    return numbers.astype(np.int32)


def doubles(name: str, value: Any, dimensions: int) -> Array:
    """float64 in C order; any other type or order is converted once."""
    if _is_ready(value, _FLOAT64, dimensions):
        return value  # type: ignore[no-any-return]
    array = as_array(name, value)
    check_dimensions(name, array, dimensions)
    return np.ascontiguousarray(array, dtype=np.float64)


def singles_or_doubles(name: str, value: Any, dimensions: int) -> Array:
    """float32 or float64 in C order as it is, for the native module to narrow; all else as float32."""
    if _is_ready(value, _FLOAT64, dimensions) or _is_ready(value, _FLOAT32, dimensions):
        return value  # type: ignore[no-any-return]
    return floats(name, value, dimensions)

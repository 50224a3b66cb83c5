"""Labels with gaps: which are missing, which classes the others name, and new ones written between them."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets

from ._arrays import Array


def _is_missing(value: Any, missing_label: Any) -> bool:
    try:
        return value is None or bool(value != value) or bool(value == missing_label)
    except TypeError:  # pandas.NA compares as neither.
        return True


def missing_mask(y: Array, missing_label: Any) -> NDArray[np.bool_]:
    """Which rows have no label: ``missing_label``, NaN or None; of a matrix those that lack every entry."""
    is_number = isinstance(missing_label, (int, float, np.number)) and not isinstance(missing_label, bool)
    if y.dtype.kind in "fiub":
        mask = np.isnan(y) if y.dtype.kind == "f" else np.zeros(y.shape, bool)
        if is_number:
            mask = mask | (y == missing_label)
    else:
        mask = np.array([_is_missing(value, missing_label) for value in y.ravel()], bool).reshape(y.shape)
    if mask.ndim == 1:
        return mask
    if np.any(mask.any(axis=1) != mask.all(axis=1)):
        raise ValueError("y holds a row of which only some labels are missing: give all of a row's labels or none")
    return np.asarray(mask.all(axis=1))


def known_labels(y: Array, mask: NDArray[np.bool_], regression: bool) -> Array:
    """The labels that are there, in the plainest type that holds them, checked to be classes or numbers."""
    known = y[~mask]
    if known.dtype.kind == "O":
        known = np.array(known.tolist()) if known.size else np.zeros(known.shape, np.int64)
    if regression:
        try:
            known = known.astype(np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"y must hold numbers for a regressor, not {known.dtype}") from None
    assert_all_finite(known, input_name="y")
    if not regression and known.size:
        if y.dtype.kind == "O" and len({isinstance(one, str) for one in y[~mask].ravel()}) > 1:
            raise ValueError("y mixes strings and numbers: labels must be of one kind")
        check_classification_targets(known)
    return known


def class_numbers(known: Array, classes: Array) -> NDArray[np.int64]:
    """Each label's place in the ascending ``classes``."""
    return np.searchsorted(classes, known).astype(np.int64)


def with_labels(y: Array, rows: NDArray[np.int64], labels: Any) -> Array:
    """A copy of ``y`` with new labels: of a wider type where they do not fit, so that no string is cut short."""
    given = np.asarray(labels)
    if given.shape[:1] != rows.shape or given.shape[1:] != y.shape[1:]:
        raise ValueError(f"labels must have the shape {rows.shape + y.shape[1:]}, not {given.shape}")
    if y.dtype.kind in "fiub" and given.dtype.kind in "fiub":
        wide = np.result_type(y.dtype, given.dtype)
    elif y.dtype.kind == given.dtype.kind == "U":
        wide = np.result_type(y.dtype, given.dtype)
    else:
        wide = np.dtype(object)
    taught = y.astype(wide)
    taught[rows] = given
    return taught

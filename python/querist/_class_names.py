"""Class names as callers have them, as numbers: which names occur, whose column is whose, and which class is the positive one."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import Array, check_dimensions


def class_names(name: str, value: Any) -> Array:
    """One class name a row: numbers or strings, also where they lie in an array of objects."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost: leave the masked rows out")
    array = np.asarray(value)
    if array.dtype.kind in "OT" and array.ndim == 1 and array.size:
        if any(all(isinstance(one, kinds) for one in array) for kinds in (str, (int, float, np.number, np.bool_))):
            array = np.array(array.tolist())
    if array.dtype.kind not in "fiubU":
        raise TypeError(f"{name} must hold class names (all numbers or all strings), not {array.dtype}")
    check_dimensions(name, array, 1)
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds a NaN or infinite number: leave rows without a label out")
    return array


def _check_kinds(first: str, one: Array, second: str, other: Array) -> None:
    if one.size and other.size and (one.dtype.kind == "U") != (other.dtype.kind == "U"):
        raise ValueError(f"{first} and {second} must be of one kind: both strings or both numbers")


def numbered(labels: Any, predictions: Any, first: str = "labels", second: str = "predictions"
             ) -> tuple[Array, NDArray[np.int32], NDArray[np.int32]]:
    """The class names that occur, ascending, and both columns as numbers of them."""
    truth, found = class_names(first, labels), class_names(second, predictions)
    if len(truth) != len(found):
        raise ValueError(f"{first} has {len(truth)} entries but {second} has {len(found)}")
    if not len(truth):
        raise ValueError(f"{first} is empty: there is nothing to measure")
    _check_kinds(first, truth, second, found)
    classes, inverse = np.unique(np.concatenate([truth, found]), return_inverse=True)
    places: NDArray[np.int32] = np.asarray(inverse, np.int32)
    return classes, places[:len(truth)], places[len(truth):]


def positive_rows(labels: Any, pos_label: Any, fallback: Any) -> NDArray[np.uint8]:
    """1 where the label is the positive class: ``pos_label``, or what ``fallback`` makes of the one or two names that occur.

    A positive class that no row has is refused where two others are there, as scikit-learn does: it is misspelt.
    """
    classes, places = np.unique(class_names("labels", labels), return_inverse=True)
    known = classes.tolist()
    if pos_label is None and known:
        if len(known) > 2:
            raise ValueError(f"labels names {len(known)} classes: say which one is positive with pos_label")
        pos_label = fallback(known)
    if pos_label in known:
        return np.ascontiguousarray(places == known.index(pos_label), np.uint8)
    if len(known) > 1:
        raise ValueError(f"pos_label {pos_label!r} is none of the classes {known}: say which one is positive")
    return np.zeros(len(places), np.uint8)


def column_numbers(labels: Any, columns: int, classes: Any) -> NDArray[np.int32]:
    """The column of each label's class.

    ``classes`` names the columns. Without it labels are the columns' numbers, or names of which each column has one: strings, or
    any two numbers. (Of more columns other numbers could not be told from column numbers once a class has no row.)
    """
    names = class_names("labels", labels)
    if names.dtype.kind == "f" and np.any(names != np.floor(names)):
        raise ValueError("labels must hold whole numbers or strings")
    if classes is not None:
        known = class_names("classes", classes)
        _check_kinds("classes", known, "labels", names)
        if len(known) != columns:
            raise ValueError(f"classes must name each of the {columns} columns, not {len(known)}")
        if np.any(known[1:] <= known[:-1]):
            raise ValueError("classes must ascend without repeats, and the columns must follow them")
    else:
        is_text = names.dtype.kind == "U"
        if not names.size or not is_text and names.min() >= 0 and names.max() < columns:
            return names.astype(np.int32)
        known = np.unique(names)
        if len(known) != columns or columns > 2 and not is_text:
            raise ValueError(f"labels names the classes {known[:10].tolist()}, but there are {columns} columns: name the columns' classes, "
                             "ascending, with classes")
    places = np.minimum(np.searchsorted(known, names), columns - 1)
    if np.any(wrong := known[places] != names):
        raise ValueError(f"labels holds {names[wrong][:1].tolist()[0]!r}, which is none of the classes {known[:10].tolist()}")
    return places.astype(np.int32)

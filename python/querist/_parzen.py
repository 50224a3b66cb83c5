"""Classifiers of Querist's own with scikit-learn's fit and predict_proba."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import check_dimensions, floats

__all__ = ["ParzenWindow"]


class ParzenWindow:
    """Parzen window classifier: each labelled row votes for its class by a Gaussian kernel (Chapelle 2005).

    Parameters
    ----------
    gamma : float, optional
        Width of the kernel exp(-gamma |x - y|^2); by default 1 / columns.
    classes : int or array, optional
        How many classes there are (numbered from 0), or their names in order; by default those of ``y``.

    Attributes
    ----------
    classes_ : ndarray
        The names of the classes, in the order of the probabilities' columns.
    """

    def __init__(self, gamma: float | None = None, classes: int | ArrayLike | None = None) -> None:
        self.gamma = gamma
        self.classes = classes

    def fit(self, X: ArrayLike, y: ArrayLike) -> ParzenWindow:
        """Keeps the labelled rows. X: (n, d), converted to float32 once; y: (n,) class names."""
        if self.gamma is not None and not (np.isfinite(self.gamma) and self.gamma > 0):
            raise ValueError(f"gamma must be positive and finite, not {self.gamma}")
        rows = floats("X", X, 2)
        if not np.all(np.isfinite(rows)):
            raise ValueError("X holds a NaN or infinite number")
        names = np.asarray(y)
        check_dimensions("y", names, 1)
        if len(names) != len(rows):
            raise ValueError(f"y has {len(names)} entries but X has {len(rows)} rows")
        self.classes_ = self._class_names(names)
        at = np.searchsorted(self.classes_, names)
        known = self.classes_[np.minimum(at, len(self.classes_) - 1)] == names
        if not np.all(known):
            raise ValueError(f"y holds {names[~known][0]!r}, which is none of the classes")
        self._rows, self._labels = rows, np.ascontiguousarray(at, dtype=np.int32)
        self.n_features_in_ = rows.shape[1]
        return self

    def _class_names(self, names: NDArray[Any]) -> NDArray[Any]:
        if self.classes is None:
            found = np.unique(names)
        elif isinstance(self.classes, (int, np.integer)):
            found = np.arange(self.classes)
        else:
            found = np.sort(np.asarray(self.classes))
        if found.size == 0:
            raise ValueError("there are no classes: pass labels or classes")
        return found

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Probabilities of shape (n, classes); uniform where no labelled row is near enough to count."""
        if not hasattr(self, "_rows"):
            raise ValueError("the model has not been fitted: call fit first")
        rows = floats("X", X, 2)
        return np.asarray(_core.parzen_probabilities(self._rows, self._labels, len(self.classes_), self.gamma or 0.0, rows))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likeliest class of each row; ties go to the first."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[np.argmax(probabilities, axis=1)])

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Accuracy on labelled rows."""
        return float(np.mean(self.predict(X) == np.asarray(y)))

"""What learners share that go on learning: scikit-learn's partial_fit around one native update."""
from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._arrays import Array
from ._feature_rows import checked_rows, native, sample_weights
from ._learner import Learner

Incremental = TypeVar("Incremental", bound="IncrementalLearner")


class IncrementalLearner(Learner):
    """A learner that goes on learning from further rows, exactly as if it had seen all of them at once."""

    def partial_fit(self: Incremental, X: Any, y: Any, classes: ArrayLike | None = None,
                    sample_weight: ArrayLike | None = None) -> Incremental:
        """Adds rows to what was learnt: the model is that of one ``fit`` on all rows in this order.

        ``variant="auto"`` of naive Bayes goes by the rows of the first call: where later ones may be negative, set
        ``variant="gaussian"`` from the start.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)
            Further rows.
        y : array-like of shape (n,)
            Their class names.
        classes : array-like of shape (classes,), optional
            Every class that will ever come; needed by the first call.
        sample_weight : array-like of shape (n,), optional
            A row of weight 0 is left out.

        Returns
        -------
        self
        """
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        if isinstance(getattr(self, "class_weight", None), dict):
            raise ValueError("class_weight as a dict is for fit: give partial_fit the rows' sample_weight")
        rows = checked_rows("X", X) if not hasattr(self, "_model") else self._checked(X)
        weights = sample_weights(sample_weight, rows.shape[0])
        values = self._column(y)
        if len(values) != rows.shape[0]:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: [{rows.shape[0]}, {len(values)}]")
        known = self._known_classes(classes)
        places = np.minimum(np.searchsorted(known, values), len(known) - 1)
        if not np.all(known[places] == values):
            raise ValueError(f"y names classes that are not among classes: {np.setdiff1d(values, known).tolist()}")
        answers = {"labels": places.astype(np.int32)}
        self._check_own(answers, self._settings())
        if weights is not None and not np.all(weights > 0):
            rows, answers, weights = self._without(weights == 0, rows, answers, weights)
        if not hasattr(self, "_model"):
            self._keep(self._train(rows, answers, known, weights, self._settings(), None), known, False, X, rows.shape[1])
            return self
        small = None if weights is None else weights.astype(np.float32)
        try:
            self._model = _core.update_model(self._model, native(rows), answers["labels"], small, len(known))
        except ValueError as error:
            raise ValueError(self._in_own_words(str(error))) from None
        return self

    def _known_classes(self, classes: Any) -> Array:
        if classes is None:
            if not hasattr(self, "_model"):
                raise ValueError("classes must be passed on the first call to partial_fit.")
            return self.classes_
        known = np.unique(self._column(classes))
        if hasattr(self, "_model") and not np.array_equal(known, self.classes_):
            raise ValueError(f"classes={classes!r} is not the same as on the last call to partial_fit, {self.classes_!r}")
        return known

"""Any classifier with fit and predict_proba as the function that trains for a pseudo-labeler."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import Array
from ._learner import Learner

Predictor = Callable[[Any], NDArray[np.float32]]


def _rows(given: Any) -> Any:
    """Rows as the native module gives them: an array, or the parts of a sparse matrix."""
    if isinstance(given, np.ndarray):
        return given
    from scipy.sparse import csr_matrix
    offsets, columns, values, width = given
    return csr_matrix((values, columns, offsets), shape=(len(offsets) - 1, width))


def _fresh(estimator: Any) -> Any:
    """An unfitted copy."""
    if isinstance(estimator, Learner):
        return type(estimator)(**estimator.get_params())
    try:
        from sklearn.base import clone
    except ImportError:
        from copy import deepcopy
        return deepcopy(estimator)
    return clone(estimator)


def _weight_argument(estimator: Any) -> str | None:
    """What fit calls the rows' weights: a pipeline's last step's, else its own; None where it takes none."""
    steps = getattr(estimator, "steps", None)
    if steps:
        inner = _weight_argument(steps[-1][1])
        return f"{steps[-1][0]}__{inner}" if inner else None
    import inspect  # Costs more than the rest of the module, and few calls need it.
    try:
        taken = inspect.signature(estimator.fit).parameters
    except (TypeError, ValueError):
        return None
    by_name = any(one.kind is one.VAR_KEYWORD for one in taken.values())
    return "sample_weight" if "sample_weight" in taken or by_name else None


def _constant(label: int, classes: int) -> Predictor:
    def predict(rows: Any) -> NDArray[np.float32]:
        out = np.zeros((_rows(rows).shape[0], classes), np.float32)
        out[:, label] = 1
        return out
    return predict


def trainer(estimator: Any, names: Array) -> Callable[[Any, Any, Any, int], Predictor]:
    """A function (rows, class ids, weights or None, number of classes) -> predictor. names: of the classes, by id."""
    argument = _weight_argument(estimator)

    def train(rows: Any, labels: Any, weights: Any, classes: int) -> Predictor:
        present = np.unique(labels)
        if len(present) == 1:  # Most classifiers refuse to learn one class.
            return _constant(int(present[0]), classes)
        if weights is not None and argument is None:
            raise ValueError(f"{type(estimator).__name__} takes no sample_weight, which pseudo-labels need: choose another estimator")
        more = {} if weights is None else {str(argument): weights}
        model = _fresh(estimator).fit(_rows(rows), names[labels], **more)
        columns = np.searchsorted(names, model.classes_)

        def predict(asked: Any) -> NDArray[np.float32]:
            found = np.asarray(model.predict_proba(_rows(asked)))
            out = np.zeros((len(found), classes), np.float32)
            out[:, columns] = found
            if not np.all(np.isfinite(out)):
                raise ValueError(f"{type(estimator).__name__} predicted probabilities that are not finite")
            return out
        return predict
    return train


def native_trainer(estimator: Any, names: Array) -> tuple[Any, dict[str, Any]]:
    """What the native module trains with: the name and parameters of a learner of its own, else a function."""
    if isinstance(estimator, str):
        return estimator, {}
    if isinstance(estimator, Learner):
        params = estimator._settings()
        by_columns = isinstance(getattr(estimator, "max_features", None), (str, float)) and estimator._learner == "forest"
        if not isinstance(params.get("class_weight"), dict) and not by_columns:
            if estimator._is_regressor:
                raise ValueError(f"{estimator!r} is a regressor: pseudo-labels are of classes")
            return estimator._learner, params
    if isinstance(estimator, type) or not hasattr(estimator, "fit") or not hasattr(estimator, "predict_proba"):
        raise ValueError(f"estimator must have fit and predict_proba, or be the name of a learner; {estimator!r} is neither")
    return trainer(estimator, names), {}

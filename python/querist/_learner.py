"""What the learners share: scikit-learn's conventions around one native training. scikit-learn itself need not be there."""
from __future__ import annotations

import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import Array
from ._feature_rows import checked_rows, native, sample_weights
from ._parameters import SPECIAL
from ._repeated_rows import canonical
from ._run import setting

Self = TypeVar("Self", bound="Learner")


def _sklearn_class(module: str, name: str, otherwise: Any) -> Any:
    """A class of scikit-learn's, if the program uses it: without it nobody could expect that very class."""
    loaded = sys.modules.get(module)
    return getattr(loaded, name, otherwise) if loaded else otherwise


def _look_for_xgboost() -> None:
    """Boosting opens the system's XGBoost, else the library that an installed wheel of xgboost brings along; nothing is imported."""
    try:
        found = importlib.util.find_spec("xgboost")
    except (ImportError, ValueError):
        return
    for folder in (found.submodule_search_locations if found else None) or ():
        path = os.path.join(folder, "lib", "libxgboost.so")
        if os.path.exists(path):
            _core.set_xgboost_fallback(path)
            return


def _member_tasks(expression: Any) -> tuple[str, ...]:
    """What the learner of a committee's members learns; its name may be followed by parameters in parentheses."""
    name = str(expression).partition("(")[0].strip() or "logistic_regression"
    return next((tuple(card["tasks"]) for card in _core.learner_cards() if card["name"] == name), ())


class _OfClassifiers:
    """Marks a method that regressors lack, so that hasattr tells of either; scikit-learn reads a method's name from it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> Callable[[Any], NDArray[np.float64]]:
        if instance is not None and instance._is_regressor:
            raise AttributeError(f"{type(instance).__name__} has no probabilities: its task is regression")
        return self._function.__get__(instance, owner)  # type: ignore[no-any-return]


class Learner:
    """A learner of Querist's own as a scikit-learn estimator; `querist.learners` has one class for each."""

    _learner: ClassVar[str]
    _tasks: ClassVar[tuple[str, ...]]
    _defaults: ClassVar[dict[str, Any]]  # Every parameter, in the order of the signature.
    _wire_names: ClassVar[dict[str, str]]  # Parameters that the cards name otherwise.

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in self._defaults}

    def set_params(self: Self, **params: Any) -> Self:
        """Changes parameters; the model stays until the next ``fit``."""
        for name, value in params.items():
            if name not in self._defaults:
                raise ValueError(f"Invalid parameter {name!r} for estimator {self!r}. "
                                 f"Valid parameters are: {sorted(self._defaults)!r}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [f"{name}={value!r}" for name, value in self.get_params().items()
                   if value is not self._defaults[name] and repr(value) != repr(self._defaults[name])]
        return f"{type(self).__name__}({', '.join(changed)})"

    @property
    def _is_regressor(self) -> bool:
        return "classification" not in self._tasks or getattr(self, "task", None) == "regression"

    @property
    def _takes_label_sets(self) -> bool:
        """Whether y may have several labels a row; a committee is what its members are."""
        tasks = self._tasks
        if self._learner == "committee":
            tasks = _member_tasks(self.learner)  # type: ignore[attr-defined]
        return "multi_label" in tasks and not self._is_regressor

    @property
    def _estimator_type(self) -> str:
        return "regressor" if self._is_regressor else "classifier"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags
        several = self._takes_label_sets and not self._weighs_single_classes(getattr(self, "class_weight", None))
        counts = getattr(self, "variant", "") in ("multinomial", "complement")  # As scikit-learn tags its own.
        return Tags(estimator_type=self._estimator_type,
                    target_tags=TargetTags(required=True, multi_output=several),
                    classifier_tags=None if self._is_regressor else ClassifierTags(multi_label=several, poor_score=counts),
                    regressor_tags=RegressorTags() if self._is_regressor else None,
                    input_tags=InputTags(sparse=True, positive_only=counts))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")

    def fit(self: Self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Trains on rows and their answers; other threads of Python run meanwhile.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)
            C-ordered float32 and float16, and CSR of float32, are read as they lie; others are converted once.
        y : array-like of shape (n,), or (n, labels) of 0 and 1 where the learner takes several labels a row
            Class names (numbers or strings); numbers for a regressor.
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as the row twice, a row of weight 0 is left out. Equal rows of one answer are taken as one of
            their weight (a forest's and a committee's are written out), for which they are copied once.

        Returns
        -------
        self
        """
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        rows = checked_rows("X", X)
        weights = sample_weights(sample_weight, rows.shape[0])
        answers, classes = self._answers(y, rows.shape[0])
        params = self._settings(rows.shape[1])
        if weights is not None and not np.all(weights > 0):
            rows, answers, weights = self._without(weights == 0, rows, answers, weights)
        self._check_own(answers, params)
        draws_rows = self._learner in ("forest", "committee")
        if self._learner not in ("naive_bayes", "gbdt"):  # Those read weights as repetitions as they are.
            rows, answers, weights = canonical(rows, answers, weights, draws_rows)
        if "labels" in answers and self._weighs_by_class(params.get("class_weight"), weights):
            weights = self._weighed(params.pop("class_weight"), answers["labels"], classes, weights)
            if not np.all(weights > 0):
                rows, answers, weights = self._without(weights == 0, rows, answers, weights)
        if self._learner == "committee":
            params.pop("class_weight", None)
        earlier = self._earlier(rows.shape[1], classes, params)
        if earlier is None or params.get("warm_rounds") != 0:
            earlier = self._train(rows, answers, classes, weights, params, earlier)
        self._keep(earlier, classes, "label_matrix" in answers, X, rows.shape[1])
        return self

    def _keep(self, model: Any, classes: Array | None, several: bool, X: Any, columns: int) -> None:
        """Everything that a fit sets: after its training, so that one that is refused leaves the model as it was."""
        self._model = model
        if "max_iter" in self._defaults:
            self.n_iter_ = model.iterations
        if classes is not None:
            self.classes_ = classes
        elif hasattr(self, "classes_"):
            del self.classes_
        self._several = several
        self.n_features_in_ = columns
        self._remember_names(X)

    def _check_own(self, answers: dict[str, Array], params: dict[str, Any]) -> None:
        """Refuses what the native module would take for something else, or for nothing."""
        by_class = params.get("class_weight")
        if by_class is not None and not isinstance(by_class, dict) and by_class not in ("balanced", "none"):
            raise ValueError(f"class_weight must be None, 'balanced' or a dict from class to weight, not {by_class!r}")
        if ("targets" in answers and by_class not in (None, "none")) or ("label_matrix" in answers and self._weighs_single_classes(by_class)):
            what = "numbers" if "targets" in answers else "several labels a row"
            raise ValueError(f"class_weight is for one class a row, not for {what}: leave it out, or give rows a sample_weight")
        warm = getattr(self, "warm_start", False)
        if not isinstance(warm, (bool, np.bool_)):
            raise ValueError(f"warm_start must be True or False, not {warm!r}")

    def _weighs_single_classes(self, by_class: Any) -> bool:
        """Whether class_weight is set and no meaning of it is one of several labels a row: logistic regression balances each label."""
        return by_class not in (None, "none") and not (self._learner == "logistic_regression" and by_class == "balanced")

    def _weighs_by_class(self, by_class: Any, weights: Array | None) -> bool:
        """Whether rows are weighed by their classes here: by name, and where the native learner would count rows, not weights."""
        if self._learner == "committee":
            return by_class not in (None, "none")
        return isinstance(by_class, dict) or (by_class == "balanced" and weights is not None and
                                              self._learner not in ("forest", "naive_bayes"))

    @staticmethod
    def _without(out: Array, rows: Any, answers: dict[str, Array], weights: Array) -> tuple[Any, dict[str, Array], Array]:
        return rows[~out], {name: value[~out] for name, value in answers.items()}, weights[~out]

    def _train(self, rows: Any, answers: dict[str, Array], classes: Array | None, weights: Array | None, params: dict[str, Any],
               earlier: Any) -> Any:
        if self._learner == "gbdt":
            _look_for_xgboost()
        small = None if weights is None else weights.astype(np.float32)
        try:
            return _core.train(self._learner, native(rows), self._task_of(answers), answers.get("labels"), answers.get("targets"),
                               answers.get("label_matrix"), small, 0 if classes is None else len(classes), params, self._seed(),
                               earlier)
        except ValueError as error:
            raise ValueError(self._in_own_words(str(error))) from None

    def _in_own_words(self, text: str) -> str:
        """A refusal of the native module with the parameters' names as they are here."""
        names = {wire: name for name, wire in self._wire_names.items()}
        names.update({"layers": "hidden_layer_sizes", "gamma_rule": "gamma"})
        if "naive Bayes of counts needs" in text:
            return f"Negative values in data passed to {type(self).__name__}: {text}"
        return re.sub(r"^\w+", lambda found: names.get(found[0], found[0]), text)

    def _earlier(self, columns: int, classes: Array | None, params: dict[str, Any]) -> Any:
        """The model to start from; of boosting sets how many rounds are added to it."""
        if not getattr(self, "warm_start", False) or not hasattr(self, "_model") or columns != self.n_features_in_:
            return None
        model = self._model
        before, now = (np.asarray(one) for one in (getattr(self, "classes_", None), classes))
        if not np.array_equal(before, now) or model.task != self._start_task():
            return None
        if self._learner == "gbdt":
            rounds = model.rounds
            if rounds == 0:  # Of one class.
                return None
            if self.n_estimators < rounds:  # type: ignore[attr-defined]
                raise ValueError(f"n_estimators must be at least the {rounds} of the model to start from (warm_start), "
                                 f"not {self.n_estimators}")  # type: ignore[attr-defined]
            params["warm_rounds"] = float(self.n_estimators - rounds)  # type: ignore[attr-defined]
        return model

    def _start_task(self) -> str:
        return "regression" if self._is_regressor else "classification"

    def _settings(self, columns: int = 1) -> dict[str, Any]:
        """The parameters as the native module takes them; None stands for "by rule"."""
        own: dict[str, Any] = {}
        for name in self._defaults:
            value = getattr(self, name)
            if name in ("task", "random_state", "warm_start") or value is None:
                continue
            if (self._learner, name) in SPECIAL:
                own.update(SPECIAL[self._learner, name](value, columns))
            else:
                own[self._wire_names.get(name, name)] = value if isinstance(value, dict) else setting(name, value)
        return own

    def _seed(self) -> int:
        state = getattr(self, "random_state", 0)
        if state is None:
            return int(np.random.randint(2**31))  # noqa: NPY002: scikit-learn's meaning of None.
        if isinstance(state, np.random.RandomState):
            return int(state.randint(2**31))
        if isinstance(state, np.random.Generator):
            return int(state.integers(2**31))
        if isinstance(state, (int, np.integer)) and 0 <= state < 2**64:
            return int(state)
        raise ValueError(f"random_state must be a number from 0 to 2**64 - 1, a RandomState, a Generator or None, not {state!r}")

    def _task_of(self, answers: dict[str, Array]) -> str:
        return "regression" if "targets" in answers else "multi_label" if "label_matrix" in answers else "classification"

    def _answers(self, y: Any, count: int) -> tuple[dict[str, Array], Array | None]:
        """y as the native module takes it, by name, and its classes; None of a regressor."""
        task = getattr(self, "task", None)
        if task is not None and task not in self._tasks:
            raise ValueError(f"task must be {' or '.join(self._tasks)}, not {task!r}")
        values = self._column(y)
        if len(values) != count:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: [{count}, {len(values)}]")
        if self._is_regressor:
            try:
                numbers = values.astype(np.float64)
            except (TypeError, ValueError):
                raise ValueError(f"y must hold numbers for a regressor, not {values.dtype}") from None
            with np.errstate(over="ignore"):
                targets = numbers.astype(np.float32)
            if not np.all(np.isfinite(targets)):
                raise ValueError("y holds a NaN or a number that is infinite or beyond float32")
            return {"targets": targets}, None
        if values.ndim == 2:
            if not np.all((values == 0) | (values == 1)):
                raise ValueError("y of several labels a row must hold 0 and 1 alone")
            return {"label_matrix": np.ascontiguousarray(values, np.float32)}, np.arange(values.shape[1])
        classes, places = np.unique(values, return_inverse=True)
        return {"labels": places.astype(np.int32)}, classes

    def _column(self, y: Any) -> Array:
        """y with one entry a row, or a matrix where several labels a row are allowed; class names are checked to be such."""
        if hasattr(y, "tocsr"):
            y = y.toarray()
        values = np.asarray(y)
        if values.ndim == 2 and values.shape[1] == 1:
            warnings.warn("A column-vector y was passed when a 1d array was expected. Please change the shape of y to "
                          "(n_samples,), for example using ravel().",
                          _sklearn_class("sklearn.exceptions", "DataConversionWarning", UserWarning), stacklevel=4)
            values = values.ravel()
        several = values.ndim == 2 and self._takes_label_sets
        if values.ndim != 1 and not several:
            raise ValueError(f"y should be a 1d array, got an array of shape {values.shape} instead.")
        if values.dtype.kind == "O" and len(values):
            if len({isinstance(one, str) for one in values.ravel()}) > 1:
                raise ValueError("y mixes strings and other values: labels must be of one kind")
            values = np.array(values.tolist())
        if self._is_regressor:
            return values
        if values.dtype.kind not in "fiubU":
            raise ValueError(f"Unknown label type: y must hold class names, not {values.dtype}")
        if values.dtype.kind == "f" and not np.all(np.isfinite(values)):
            raise ValueError("y holds a NaN or infinite number: leave rows without a label out")
        if values.dtype.kind == "f" and np.any(values != np.floor(values)):
            raise ValueError("Unknown label type: continuous. A classifier was expected to get class names; for numbers choose a "
                             "regressor, or task=\"regression\" where there is that parameter")
        return values

    def _weighed(self, by_class: Any, labels: Array, classes: Any, weights: Array | None) -> Array:
        """The rows' weights times their classes', "balanced" or given by name."""
        factors = np.ones(len(classes))
        if isinstance(by_class, dict):
            named = [name for name in by_class if np.any(classes == name)]
            for name in named:
                factors[classes == name] = by_class[name]
            if len(named) < min(len(classes), len(by_class)):  # As scikit-learn: names of no class pass where each class has its own.
                raise ValueError(f"The classes, {sorted(set(by_class) - set(named), key=str)}, are in class_weight but not in y, whose "
                                 f"classes are {classes.tolist()}")
        else:
            counts = np.bincount(labels, weights, len(classes))
            seen = counts > 0
            factors[seen] = counts.sum() / (np.count_nonzero(seen) * counts[seen])
        if not np.all(np.isfinite(factors)) or np.any(factors < 0):
            raise ValueError("class_weight must hold finite numbers that are not negative")
        weighed = factors[labels] if weights is None else weights * factors[labels]
        if not np.any(weighed > 0):
            raise ValueError("class_weight and sample_weight leave no row whose weight is not zero")
        return weighed

    def _remember_names(self, X: Any) -> None:
        names = self._names_of(X)
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    @staticmethod
    def _names_of(X: Any) -> Array | None:
        """Column names of a DataFrame, where all of them are strings."""
        columns = getattr(X, "columns", None)
        if columns is None or not all(isinstance(name, str) for name in columns):
            return None
        return np.asarray(list(columns), object)

    def _rows(self, X: Any) -> dict[str, Any]:
        if not hasattr(self, "_model"):
            error = _sklearn_class("sklearn.exceptions", "NotFittedError", ValueError)
            raise error(f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments first.")
        return native(self._checked(X))

    def _checked(self, X: Any) -> Any:
        """Rows of the columns that the model knows."""
        names, known = self._names_of(X), getattr(self, "feature_names_in_", None)
        if names is not None and known is not None and not np.array_equal(names, known):
            raise ValueError(f"The feature names should match those that were passed during fit: {list(known)}, not {list(names)}")
        rows = checked_rows("X", X)
        if rows.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {rows.shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                             "features as input")
        return rows

    @_OfClassifiers
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of ``classes_``, (n, classes); of several labels that of each label on its own."""
        rows = self._rows(X)
        return np.asarray(self._model.probabilities(rows), np.float64)

    def predict(self, X: Any) -> Array:
        """The likeliest class of each row (ties go to the first), the labels more likely than not, or a number."""
        rows = self._rows(X)
        if self._is_regressor:
            return np.asarray(self._model.predictions(rows), np.float64)
        found = np.asarray(self._model.probabilities(rows))
        return (found > 0.5).astype(np.int64) if self._several else np.asarray(self.classes_[np.argmax(found, axis=1)])

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy (every label of a row right, where there are several); R² of a regressor."""
        found, truth = self.predict(X), np.asarray(y)
        if truth.ndim == 2 and truth.shape[1] == 1:
            truth = truth.ravel()
        if truth.shape != found.shape:
            raise ValueError(f"y must have the shape {found.shape}, not {truth.shape}")
        weights = sample_weights(sample_weight, len(found))
        if not self._is_regressor:
            right = found == truth if truth.ndim == 1 else np.all(found == truth, axis=1)
            return float(np.average(right, weights=weights))
        numbers = truth.astype(np.float64)
        rest = np.average((numbers - found) ** 2, weights=weights)
        spread = np.average((numbers - np.average(numbers, weights=weights)) ** 2, weights=weights)
        return float(1 - rest / spread) if spread > 0 else float(rest == 0)


class CommitteeLearner(Learner):
    """A learner whose models are committees."""

    def member_probabilities(self, X: Any) -> NDArray[np.float64]:
        """What each member says, (members, n, classes), as committee strategies read it; of a regressor (members, n) numbers."""
        rows = self._rows(X)
        table = np.asarray(self._model.member_answers(rows), np.float64)
        return table if self._is_regressor else table.reshape(self._model.members, -1, table.shape[1])


class ProcessLearner(CommitteeLearner):
    """The Gaussian process: it knows how sure it is of a number."""

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The mean of the posterior at each row; with ``return_std`` its standard deviation too (of the function, without the noise)."""
        mean = super().predict(X)
        if not return_std:
            return mean
        return mean, np.std(self.member_probabilities(X), axis=0)  # The members' variance is exactly the posterior's.

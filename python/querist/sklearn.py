"""Active learning as scikit-learn estimators: `ActiveLearner` around any classifier, `QueryStrategy` for loops of one's own."""
from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_regressor
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _num_samples, check_consistent_length, check_is_fitted, column_or_1d, validate_data

from . import _signals
from ._arrays import Array, row_numbers
from ._labels import class_numbers, known_labels, missing_mask, with_labels
from ._query_strategy import MISSING_LABEL, QueryStrategy, SklearnClassifier, UncertaintySampling, labeled_indices, \
    unlabeled_indices
from ._run import run

__all__ = ["MISSING_LABEL", "ActiveLearner", "QueryStrategy", "SklearnClassifier", "UncertaintySampling", "labeled_indices",
           "unlabeled_indices"]


def _estimator_has(name: str) -> Callable[[Any], bool]:
    def check(self: Any) -> bool:
        getattr(getattr(self, "estimator_", None) or self.estimator, name)
        return True
    return check


def _rows_of(X: Any, rows: Any) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _indexable(X: Any) -> Any:
    """X as it came where its rows can be taken; else as an array."""
    if hasattr(X, "iloc"):
        return X
    return X.tocsr() if issparse(X) else np.asarray(X)


class ActiveLearner(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator that learns from the rows that are labelled and says which to label next.

    Parameters
    ----------
    estimator : estimator
        A classifier with ``predict_proba`` (or a regressor, for strategies of the task regression). A clone of it is fitted.
        It may be a Pipeline or a search.
    strategy : str, default "auto"
        A name from ``querist.select.strategies()``.
    batch_size : int, default 20
        Rows that ``query`` chooses.
    random_state : int, RandomState instance or None, default 0
        Of what strategies draw. The estimator has its own.
    strategy_params : dict, optional
        The strategy's own parameters, as in ``{"gamma": 0.5}``.
    missing_label : int, float, str or None, default -1
        What stands for "not labelled" in ``y``. NaN and None always do. Labels of a regressor are missing where they
        are NaN or None alone, since -1 is a number.
    embed : callable, optional
        Called with X once a fit, returns the features of shape (n, d) by which strategies tell rows apart. By default X
        itself. Sparse features are reduced by a TruncatedSVD to 64 components (no more than 64 columns: made dense). Where X
        holds texts or a mixed table and the estimator is a Pipeline, what the steps before its last make of X.

    Attributes
    ----------
    estimator_ : estimator
        Fitted on the labelled rows. Not there while no row is labelled. While all labels are one class, a DummyClassifier
        that predicts it.
    classes_ : ndarray
        The classes seen, ascending (classifiers only; empty while there are none). Of several labels a row, their numbers.
    n_features_in_ : int
        Columns of X, where X has columns.
    X_, y_ : array
        The pool of ``fit``, X by reference, and its labels as ``teach`` left them.

    Notes
    -----
    While there is no model (no label, or one class), strategies that read probabilities or a committee choose at random;
    ``auto``, and every strategy that needs no model, chooses from the embeddings. A strategy that reads a committee asks the
    members of a fitted ensemble (``estimators_``), whose probabilities of (members, n, classes) floats lie in memory at once.
    Two calls of ``query`` without ``teach`` between them answer the same. ``score`` leaves out rows without a label, so that
    cross-validation works on partly labelled data.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from querist.sklearn import ActiveLearner
    >>> X, truth = load_digits(return_X_y=True)
    >>> learner = ActiveLearner(LogisticRegression(max_iter=1000)).fit(X / 16, [-1] * len(X))
    >>> rows = learner.query()
    >>> learner.teach(rows, truth[rows]).predict(X[:1] / 16).shape
    (1,)
    """

    def __init__(self, estimator: Any, strategy: str = "auto", batch_size: int = 20, random_state: Any = 0, *,
                 strategy_params: dict[str, Any] | None = None, missing_label: Any = -1,
                 embed: Callable[[Any], Any] | None = None) -> None:
        self.estimator = estimator
        self.strategy = strategy
        self.batch_size = batch_size
        self.random_state = random_state
        self.strategy_params = strategy_params
        self.missing_label = missing_label
        self.embed = embed

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = copy.deepcopy(inner.classifier_tags)
        tags.regressor_tags = copy.deepcopy(inner.regressor_tags)
        tags.input_tags = copy.deepcopy(inner.input_tags)
        tags.input_tags.pairwise = False  # Rows of a square table cannot be taken without its columns.
        tags.target_tags = copy.deepcopy(inner.target_tags)
        tags.target_tags.required = True
        return tags

    def fit(self, X: Any, y: Any) -> ActiveLearner:
        """Takes the pool and fits the estimator on its labelled rows.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n, features), or texts of shape (n,)
            Every row, labelled or not.
        y : array-like of shape (n,), or (n, labels) of 0 and 1
            Labels, ``missing_label`` where there is none.

        Returns
        -------
        self : ActiveLearner
        """
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        card = _signals.card_of(self.strategy, self.strategy_params or {})
        targets = np.asarray(y)
        if targets.ndim != 2 or targets.shape[1] == 1:
            targets = column_or_1d(y, dtype=None, warn=True)
        check_consistent_length(X, targets)
        if _num_samples(X) == 0:
            raise ValueError(f"Found array with 0 sample(s) (shape={np.shape(X)}) while a minimum of 1 is required.")
        validate_data(self, X, skip_check_array=True, reset=True)
        pool = _indexable(X)
        self._check_task(card, targets)
        state = self.random_state
        self._seed = int(state) if isinstance(state, (int, np.integer)) else int(check_random_state(state).randint(2**31))
        self._refit(pool, targets)
        self.X_ = pool
        self._embeddings: Array | None = None
        return self

    def _check_task(self, card: dict[str, Any], y: Array) -> None:
        regression = is_regressor(self.estimator)
        task = "regression" if regression else "multi_label" if y.ndim == 2 else "classification"
        if card["task"] not in ("any", task):
            raise ValueError(f"{card['name']} is a strategy for {card['task']}, but {type(self.estimator).__name__} "
                             f"and y are of {task}: choose another strategy")
        needs, _ = _signals.signals_of(card, self.strategy_params or {})
        if "probabilities" in needs and not hasattr(self.estimator, "predict_proba"):
            _signals.refuse_signal(card["name"], "probabilities", self.estimator)
        self._task = task

    def _refit(self, pool: Any, y: Array) -> None:
        """Fits on the labelled rows of ``y``, then keeps both: an estimator that refuses them leaves all as it was."""
        regression = self._task == "regression"
        mask = missing_mask(y, None if regression else self.missing_label)
        known = known_labels(y, mask, regression)
        classes = np.arange(known.shape[1]) if known.ndim == 2 else np.unique(known)
        fitted = None
        if len(known):
            rows = pool if not mask.any() else _rows_of(pool, np.flatnonzero(~mask))
            model = clone(self.estimator)
            if self._task == "classification" and len(classes) == 1:
                model = DummyClassifier(strategy="most_frequent")
            fitted = model.fit(rows, known)
        if fitted is not None:
            self.estimator_ = fitted
        elif hasattr(self, "estimator_"):
            del self.estimator_
        if not regression:
            self.classes_ = classes
        self.y_ = y
        self._known = known
        self._labeled = np.flatnonzero(~mask).astype(np.int64)

    def teach(self, indices: Any, labels: Any) -> ActiveLearner:
        """Writes labels of rows of the pool and fits again.

        Parameters
        ----------
        indices : array of int of shape (m,)
            Rows of the X of ``fit``, as ``query`` gave them. A row that has a label gets the new one.
        labels : array-like of shape (m,), or (m, labels)
            Their labels; ``missing_label`` takes a row's label back.

        Returns
        -------
        self : ActiveLearner
        """
        check_is_fitted(self, "y_")
        rows = row_numbers("indices", indices, len(self.y_))
        self._refit(self.X_, with_labels(self.y_, rows, labels))
        return self

    def query(self, batch_size: int | None = None, *, candidates: Any = None, costs: Any = None, groups: Any = None,
              return_utilities: bool = False) -> Any:
        """Rows of the X of ``fit`` to label next.

        Parameters
        ----------
        batch_size : int, optional
            Instead of the learner's own.
        candidates : array of int, or a mask of shape (n,), optional
            Rows that may be chosen; by default every row without a label.
        costs : array of shape (n,), optional
            Price of each row's label, positive.
        groups : array of int of shape (n,), optional
            Group of each row, for strategies that use them.
        return_utilities : bool, default False
            Whether to return the utilities of the picks as well.

        Returns
        -------
        indices : ndarray of int64
            In the order picked; fewer than ``batch_size`` where fewer are left.
        utilities : ndarray of float64
            Only with ``return_utilities``.
        """
        check_is_fitted(self, "y_")
        params = self.strategy_params or {}
        card = _signals.card_of(self.strategy, params)
        self._check_task(card, self.y_)
        given: dict[str, Any] = dict.fromkeys(_signals.ARGUMENTS)
        given.update(candidates=candidates, costs=costs, groups=groups)
        if candidates is None:
            given["candidates"] = np.setdiff1d(np.arange(len(self.y_)), self._labeled)
        name = self._fill(card, params, given)
        size = self.batch_size if batch_size is None else batch_size
        seed = (self._seed + len(self._labeled)) % 2**64  # So that each turn of the loop draws anew.
        return run(name, size, given, seed, return_utilities, params if name == card["name"] else {})

    @property
    def _has_model(self) -> bool:
        return hasattr(self, "estimator_") and not (self._task == "classification" and len(self.classes_) < 2)

    def _fill(self, card: dict[str, Any], params: dict[str, Any], given: dict[str, Any]) -> str:
        """Puts the signals into ``given``; answers the strategy to run, which is random where there is no model for it."""
        needs, reads = _signals.signals_of(card, params)
        lacks = not self._has_model and needs & _signals.MODEL_SIGNALS or not len(self._labeled) and "labels" in needs
        if lacks and not _signals.works_without_model(card["name"]):
            given["embeddings"] = np.zeros((len(self.y_), 1), np.float32)  # Says only how many rows there are.
            return "random"
        if "embeddings" in needs | reads:
            given["embeddings"] = self._embedded(required="embeddings" in needs)
        if self._has_model:
            for signal in _signals.MODEL_SIGNALS & (needs | reads):
                value = self._model_signal(signal)
                if value is None and signal in needs:
                    _signals.refuse_signal(card["name"], signal, self.estimator)
                given[signal] = value
        given["labeled"] = self._labeled
        if self._task == "classification":
            given["labels"] = class_numbers(self._known, self.classes_)
        elif card["task"] == self._task or self._task == "regression":
            given["labels"] = self._known
        if all(given[key] is None for key in _signals.MODEL_SIGNALS | {"embeddings"}):
            given["embeddings"] = np.zeros((len(self.y_), 1), np.float32)
        return str(card["name"])

    def _embedded(self, required: bool) -> Array | None:
        if self._embeddings is None:
            table = _signals.embeddings(self.X_, self.embed, self.estimator, getattr(self, "estimator_", None))
            if table is not None and len(table) != len(self.y_):
                raise ValueError(f"embed returned {len(table)} rows for the {len(self.y_)} of X")
            self._embeddings = table
        if self._embeddings is None and required:
            _signals.refuse_signal(self.strategy, "embeddings", self.estimator)
        return self._embeddings

    def _model_signal(self, signal: str) -> Array | None:
        if signal == "predictions":
            return np.asarray(self.estimator_.predict(self.X_)) if self._task == "regression" else None
        if signal == "member_predictions":
            return _signals.member_predictions(self.estimator_, self.X_) if self._task == "regression" else None
        if self._task == "regression" or not hasattr(self.estimator_, "predict_proba"):
            return None
        if signal == "probabilities":
            return _signals.probabilities(self.estimator_, self.X_)
        return _signals.member_probabilities(self.estimator_, self.X_, self.classes_)

    def _ask(self, method: str, X: Any) -> Any:
        check_is_fitted(self, "y_")
        if not hasattr(self, "estimator_"):
            raise NotFittedError("no row is labelled yet, so there is nothing to predict from: call teach first")
        if hasattr(self, "n_features_in_") and isinstance(X, np.ndarray) and X.ndim == 1:
            raise ValueError("Expected a 2D array, got a 1D one. Reshape your data with X.reshape(-1, 1) if it has one feature, "
                             "or X.reshape(1, -1) if it is one row.")
        validate_data(self, X, skip_check_array=True, reset=False)
        return getattr(self.estimator_, method)(X)

    def predict(self, X: Any) -> Array:
        """Predicted labels of X."""
        answer: Array = self._ask("predict", X)
        return answer

    @available_if(_estimator_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:
        """Probabilities of ``classes_``."""
        return self._ask("predict_proba", X)

    @available_if(_estimator_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Any:
        """The estimator's own ``decision_function``."""
        return self._ask("decision_function", X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy (of a regressor R²) on the rows of X that have a label; NaN where none has."""
        truth = np.asarray(y)
        regression = is_regressor(self.estimator)
        mask = missing_mask(truth, None if regression else self.missing_label)
        if mask.all():
            return float("nan")
        keep: NDArray[np.int64] = np.flatnonzero(~mask)
        weight = None if sample_weight is None else np.asarray(sample_weight)[keep]
        measure = r2_score if regression else accuracy_score
        predicted = self.predict(X if not mask.any() else _rows_of(_indexable(X), keep))
        return float(measure(known_labels(truth, mask, regression), predicted, sample_weight=weight))

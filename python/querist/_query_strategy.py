"""Query strategies with scikit-activeml's conventions, so that a loop written for it moves over by its imports."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone, is_regressor
from sklearn.utils import check_array, check_consistent_length, check_random_state

from . import _signals
from ._arrays import Array, row_numbers
from ._labels import class_numbers, known_labels, missing_mask
from ._run import run

MISSING_LABEL = np.nan


def unlabeled_indices(y: Any, missing_label: Any = MISSING_LABEL) -> NDArray[np.int64]:
    """Rows of ``y`` that have no label."""
    return np.flatnonzero(missing_mask(np.asarray(y), missing_label)).astype(np.int64)


def labeled_indices(y: Any, missing_label: Any = MISSING_LABEL) -> NDArray[np.int64]:
    """Rows of ``y`` that have a label."""
    return np.flatnonzero(~missing_mask(np.asarray(y), missing_label)).astype(np.int64)


class SklearnClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that learns from the labelled rows and knows all classes before it has seen them.

    Parameters
    ----------
    estimator : estimator
        With ``predict_proba``.
    classes : array-like, optional
        All classes; by default those among the labels.
    missing_label : default NaN
        What stands for "not labelled".

    Notes
    -----
    Classes that are not among the labels have the probability 0. While fewer than two classes are labelled, probabilities are
    the classes' shares of the labels; all are equal while there are none.
    """

    def __init__(self, estimator: Any, classes: Any = None, missing_label: Any = MISSING_LABEL) -> None:
        self.estimator = estimator
        self.classes = classes
        self.missing_label = missing_label

    def fit(self, X: Any, y: Any) -> SklearnClassifier:
        """Fits a clone of the estimator on the rows of X whose label is there."""
        X, targets = check_array(X, accept_sparse="csr"), np.asarray(y)
        check_consistent_length(X, targets)
        mask = missing_mask(targets, self.missing_label)
        known = known_labels(targets, mask, regression=False)
        seen, counts = np.unique(known, return_counts=True)
        self.classes_ = seen if self.classes is None else np.unique(np.asarray(self.classes))
        if len(self.classes_) == 0:
            raise ValueError("no row is labelled and classes are not given: there is nothing to predict")
        if not np.all(np.isin(seen, self.classes_)):
            raise ValueError(f"y holds classes that are not among classes: {np.setdiff1d(seen, self.classes_)}")
        self.n_features_in_ = X.shape[1]
        self._shares = np.zeros(len(self.classes_))
        self._shares[class_numbers(seen, self.classes_)] = counts
        self.estimator_ = clone(self.estimator).fit(X[~mask], known) if len(seen) > 1 else None
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probabilities of ``classes_``."""
        X = check_array(X, accept_sparse="csr")
        if self.estimator_ is not None:
            return np.asarray(_signals.aligned([(self.estimator_, X)], self.classes_, False)[0])
        total = self._shares.sum()
        shares = self._shares / total if total else np.full(len(self._shares), 1 / len(self._shares))
        return np.tile(shares, (X.shape[0], 1))

    def predict(self, X: Any) -> Array:
        """The likeliest class of each row."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])


class QueryStrategy(BaseEstimator):  # type: ignore[misc]
    """One of Querist's strategies under scikit-activeml's signature.

    Parameters
    ----------
    name : str
        A name from ``querist.select.strategies()``.
    random_state : int, RandomState instance or None, default 0
    missing_label : default NaN
        What stands for "not labelled" in ``y``; NaN and None always do.
    **params
        The strategy's own parameters.
    """

    def __init__(self, name: str, random_state: Any = 0, missing_label: Any = MISSING_LABEL, **params: Any) -> None:
        self.name = name
        self.random_state = random_state
        self.missing_label = missing_label
        self.params = params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings, the strategy's own among them."""
        return {**super().get_params(deep), **self.params}

    def set_params(self, **params: Any) -> QueryStrategy:
        """Changes settings; one that is not the object's own must be the strategy's."""
        own = {key: value for key, value in params.items() if key in super(QueryStrategy, self).get_params(deep=False)}
        others = {key: value for key, value in params.items() if key not in own}
        _signals.card_of(own.get("name", getattr(self, "name", None)), others)
        for key, value in own.items():
            setattr(self, key, value)
        self.params = {**self.params, **others}
        return self

    def query(self, X: Any, y: Any, clf: Any = None, fit_clf: bool = True, ensemble: Any = None, candidates: Any = None,
              batch_size: int = 1, return_utilities: bool = False) -> Any:
        """Which candidates to label next.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Every row, labelled or not. These are also the embeddings.
        y : array-like of shape (n,)
            Labels, ``missing_label`` where there is none.
        clf : estimator, optional
            Of scikit-learn (fitted on the labelled rows) or of scikit-activeml (fitted on all). A regressor for strategies of
            the task regression.
        fit_clf : bool, default True
            Whether to fit clones of ``clf`` and ``ensemble`` first.
        ensemble : ensemble or sequence of estimators, optional
            The committee; by default the members of ``clf``.
        candidates : array of int of shape (m,), or features of shape (m, d), optional
            Rows of X that may be chosen, or rows beside X; by default every row without a label.
        batch_size : int, default 1
        return_utilities : bool, default False

        Returns
        -------
        query_indices : ndarray of int64 of shape (batch_size,)
            Rows of X; of ``candidates`` where these are features.
        utilities : ndarray of shape (batch_size, n), or (batch_size, m)
            Row b: the utilities when pick b was made, NaN for what could not be picked. Strategies whose picks depend on the
            picks before them know the pick's own utility alone: the others of its row are NaN as well.
        """
        X = check_array(X, accept_sparse="csr", dtype=None)
        targets = np.asarray(y)
        check_consistent_length(X, targets)
        card = _signals.card_of(self.name, self.params)
        regression = clf is not None and is_regressor(clf)
        mask = missing_mask(targets, self.missing_label)
        labeled = np.flatnonzero(~mask).astype(np.int64)
        known = known_labels(targets, mask, regression or card["task"] == "regression")
        beside = None if candidates is None or np.ndim(candidates) != 2 else check_array(candidates, accept_sparse="csr", dtype=X.dtype)
        pool = X if beside is None else vstack([X, beside], "csr") if issparse(X) else np.vstack([X, beside])
        if beside is not None:
            rows = np.arange(X.shape[0], pool.shape[0])
        elif candidates is None:
            rows = np.flatnonzero(mask)
        else:  # A labelled row may be named, but has nothing to be asked.
            rows = np.setdiff1d(row_numbers("candidates", candidates, X.shape[0]), labeled)
        given: dict[str, Any] = dict.fromkeys(_signals.ARGUMENTS)
        given.update(candidates=rows, labeled=labeled)
        if "embeddings" in set().union(*_signals.signals_of(card, self.params)):
            given["embeddings"] = _signals.embeddings(pool, None, None, None)
        else:  # Says only how many rows there are.
            given["embeddings"] = np.zeros((pool.shape[0], 1), np.float32)
        name = self._fill(card, given, pool, (X, targets, labeled, known), (clf, ensemble), fit_clf)
        seed = self._seed(len(labeled))
        params = self.params if name == self.name else {}
        picks, worth = run(name, batch_size, given, seed, True, params)
        start = 0 if beside is None else X.shape[0]
        if not return_utilities:
            return picks - start
        table = np.full((len(picks), pool.shape[0]), np.nan)
        table[np.arange(len(picks)), picks] = worth
        if card["family"] == "uncertainty" and name == self.name:
            every, values = run(name, len(rows), given, seed, True, params)
            if np.array_equal(every[:len(picks)], picks):  # The picks are the largest of fixed utilities.
                for turn in range(len(picks)):
                    table[turn, every[turn:]] = values[turn:]
        return picks - start, table[:, start:]

    def _seed(self, turn: int) -> int:
        state = self.random_state
        if isinstance(state, (int, np.integer)):
            return (int(state) + turn) % 2**64  # So that each turn of the loop draws anew.
        return int(check_random_state(state).randint(2**31))

    def _fill(self, card: dict[str, Any], given: dict[str, Any], pool: Any, known: tuple[Any, Array, Array, Array],
              models: tuple[Any, Any], fit: bool) -> str:
        """Puts the signals of the models into ``given``; answers the strategy to run: random where there is no label yet."""
        X, y, labeled, labels = known
        clf, ensemble = models
        needs, reads = _signals.signals_of(card, self.params)
        regression = card["task"] == "regression" or (clf is not None and is_regressor(clf))
        enough = len(labels) > 0 and (regression or labels.ndim == 2 or len(np.unique(labels)) > 1)
        if not enough and (needs & _signals.MODEL_SIGNALS or "labels" in needs):
            if not _signals.works_without_model(self.name):
                return "random"
        classes = np.unique(labels)

        def fitted(model: Any) -> Any:
            if not fit:
                return model
            takes_gaps = hasattr(model, "missing_label")
            return clone(model).fit(X, y) if takes_gaps else clone(model).fit(X[labeled], labels)

        if enough and clf is not None and (needs | reads) & _signals.MODEL_SIGNALS:
            clf = fitted(clf)
            if regression:
                given["predictions"] = clf.predict(pool)
            elif hasattr(clf, "predict_proba"):
                given["probabilities"] = _signals.probabilities(clf, pool)
                classes = np.asarray(clf.classes_) if labels.ndim == 1 else classes
        if enough and (needs | reads) & {"member_probabilities", "member_predictions"}:
            committee = ensemble if ensemble is not None else clf
            if isinstance(committee, Sequence):
                members = [(fitted(member), pool) for member in committee]
            else:
                members = fitted(committee) if ensemble is not None else committee
            if not regression and given["probabilities"] is None:  # They may know classes that no label names yet.
                known_to = [one for one, _ in members] if isinstance(members, list) else [members]
                named = [one.classes_ for one in known_to if isinstance(getattr(one, "classes_", None), np.ndarray)]
                classes = np.unique(np.concatenate([classes, *named]))
            self._ask_committee(given, members, pool, classes, regression)
        for signal in needs & _signals.MODEL_SIGNALS:
            if given[signal] is None and enough:
                source = ensemble if signal.startswith("member") and ensemble is not None else clf
                if source is None:
                    raise ValueError(f"{self.name} needs {signal}: pass {'ensemble' if 'member' in signal else 'clf'}")
                _signals.refuse_signal(self.name, signal, source)
        if regression or labels.ndim == 2:
            given["labels"] = labels if card["task"] != "any" or regression else None
        elif len(labels):
            given["labels"] = class_numbers(labels, classes)
        return self.name

    @staticmethod
    def _ask_committee(given: dict[str, Any], members: Any, pool: Any, classes: Array, regression: bool) -> None:
        if members is None:
            return
        if regression:
            given["member_predictions"] = (np.stack([np.asarray(one.predict(part)) for one, part in members])
                                           if isinstance(members, list) else _signals.member_predictions(members, pool))
        elif isinstance(members, list):
            if all(hasattr(one, "predict_proba") for one, _ in members):
                given["member_probabilities"] = _signals.aligned(members, classes, False)
        else:
            given["member_probabilities"] = _signals.member_probabilities(members, pool, classes)


class UncertaintySampling(QueryStrategy):
    """scikit-activeml's name for `least_confidence`, `margin` and `entropy`.

    Parameters
    ----------
    method : "least_confident", "margin_sampling" or "entropy", default "least_confident"
    missing_label : default NaN
    random_state : int, RandomState instance or None, default 0
    """

    _names = {"least_confident": "least_confidence", "margin_sampling": "margin", "entropy": "entropy"}

    def __init__(self, method: str = "least_confident", missing_label: Any = MISSING_LABEL, random_state: Any = 0) -> None:
        self.method = method
        self.missing_label = missing_label
        self.random_state = random_state

    @property
    def name(self) -> str:  # type: ignore[override]
        """The strategy that the method stands for."""
        if self.method not in self._names:
            raise ValueError(f"method must be one of {', '.join(self._names)}, not {self.method!r}")
        return self._names[self.method]

    @property
    def params(self) -> dict[str, Any]:  # type: ignore[override]
        """None of its own."""
        return {}

    def set_params(self, **params: Any) -> UncertaintySampling:
        """Changes settings."""
        BaseEstimator.set_params(self, **params)
        return self

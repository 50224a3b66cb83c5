"""What a fitted scikit-learn estimator can tell a strategy: probabilities, its committee, and embeddings of its input."""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import (BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier, StackingClassifier,
                              VotingClassifier)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import Pipeline

from ._arrays import Array
from ._learner import CommitteeLearner
from ._run import CARDS

MODEL_SIGNALS = {"probabilities", "member_probabilities", "predictions", "member_predictions"}
SVD_COMPONENTS = 64
ARGUMENTS = ("probabilities", "member_probabilities", "embeddings", "labeled", "labels", "candidates", "costs", "groups",
             "predictions", "member_predictions")
# Their estimators_ answer different questions, so they are no committee.
_DIVIDED = (OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier, ClassifierChain, MultiOutputClassifier,
            MultiOutputRegressor, RegressorChain)
# Their members learnt the places of the classes in classes_, not the classes.
_ENCODED = (BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier)


def card_of(name: Any, params: dict[str, Any]) -> dict[str, Any]:
    """The card of a strategy, whose parameters are checked to be its own."""
    if not isinstance(name, str) or name not in CARDS:
        raise ValueError(f"strategy {name!r} does not exist; there are {', '.join(sorted(CARDS))}")
    card = CARDS[name]
    known = [param["name"] for param in card["params"]]
    for key in params:
        if key not in known:
            raise ValueError(f"{name} has no parameter {key!r}; it has {', '.join(known) or 'none'}")
    return card


def signals_of(card: dict[str, Any], params: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The signals that a strategy cannot do without, and those that it may use as well.

    A strategy that runs others, which its parameters name, needs what they need.
    """
    needs = set(card["needs"])
    for param in card["params"]:
        value = params.get(param["name"]) or param["fallback"]
        if isinstance(value, str) and not param["choices"]:
            for word in re.findall(r"[a-z_]+", value):
                needs.update(CARDS[word]["needs"] if word in CARDS else ())
    return needs, set(card["reads"]) - needs


def works_without_model(name: str) -> bool:
    """Whether a strategy chooses from embeddings alone while there is no model."""
    card = CARDS[name]
    return bool(card["handles_no_model"]) or not MODEL_SIGNALS.intersection(card["needs"])


def _unwrapped(estimator: Any, X: Any) -> tuple[Any, Any]:
    """The predictor within pipelines and searches, and the input as it sees it."""
    while True:
        if isinstance(estimator, Pipeline):
            X = estimator[:-1].transform(X) if len(estimator.steps) > 1 else X
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return estimator, X


def _columns_of(X: Any, columns: Any) -> Any:
    return X if columns is None else X[:, columns]


def committee_of(estimator: Any, X: Any, method: str) -> tuple[Any, list[tuple[Any, Any]]] | None:
    """The ensemble itself and pairs (member, its input); None where it is no ensemble of members with ``method``."""
    ensemble, X = _unwrapped(estimator, X)
    members = getattr(ensemble, "estimators_", None)
    if members is None or isinstance(ensemble, _DIVIDED) or len(members) == 0:
        return None
    if isinstance(members, np.ndarray) and members.ndim > 1:
        return None  # The stages of gradient boosting: each only corrects the last.
    if not all(hasattr(member, method) for member in members):
        return None
    if hasattr(X, "to_numpy") and not hasattr(members[0], "feature_names_in_"):
        X = X.to_numpy()
    columns = getattr(ensemble, "estimators_features_", None)
    parts = [None] * len(members) if columns is None else columns
    return ensemble, [(member, _columns_of(X, part)) for member, part in zip(members, parts, strict=True)]


def aligned(members: Sequence[tuple[Any, Any]], classes: Array, encoded: bool | None = None) -> Array:
    """Probabilities (members, n, classes) in the order of ``classes``; zero for a class that a member never saw.

    encoded: whether members name classes by their place; None: so if any names one that ``classes`` lacks.
    """
    if encoded is None:
        encoded = any(not np.all(np.isin(member.classes_, classes)) for member, _ in members)
    names = np.arange(len(classes)) if encoded else classes
    table: Array | None = None
    for number, (member, X) in enumerate(members):
        answer = np.asarray(member.predict_proba(X))
        if table is None:
            table = np.zeros((len(members), answer.shape[0], len(classes)), np.float32)
        if not np.all(np.isin(member.classes_, names)):
            raise ValueError(f"member {number} of the committee predicts classes that the committee does not")
        table[number][:, np.searchsorted(names, member.classes_)] = answer
    assert table is not None
    return table


def member_probabilities(estimator: Any, X: Any, classes: Array) -> Array | None:
    """What each member of an ensemble predicts, (members, n, classes); None where it is no ensemble."""
    own, rows = _unwrapped(estimator, X)
    if isinstance(own, CommitteeLearner):
        return own.member_probabilities(rows)
    found = committee_of(estimator, X, "predict_proba")
    if found is None or any(isinstance(member.classes_, list) for member, _ in found[1]):
        return None
    ensemble, members = found
    return aligned(members, classes, True if isinstance(ensemble, _ENCODED) else None)


def member_predictions(estimator: Any, X: Any) -> Array | None:
    """What each member of an ensemble of regressors predicts, (members, n); None where it is no ensemble."""
    own, rows = _unwrapped(estimator, X)
    if isinstance(own, CommitteeLearner):
        return own.member_probabilities(rows)
    found = committee_of(estimator, X, "predict")
    if found is None:
        return None
    return np.stack([np.asarray(member.predict(part), np.float32).reshape(-1) for member, part in found[1]])


def probabilities(estimator: Any, X: Any) -> Array:
    """``predict_proba``; of several labels the probability of each, whether it comes as one array or one a label."""
    answer = estimator.predict_proba(X)
    if not isinstance(answer, list):
        return np.asarray(answer)
    columns = []
    for number, part in enumerate(answer):  # A label that was always or never there has one column.
        only = float(np.asarray(_unwrapped(estimator, X)[0].classes_[number]).ravel()[0])
        columns.append(part[:, 1] if part.shape[1] > 1 else np.full(len(part), only))
    return np.column_stack(columns)


def _numeric_matrix(X: Any) -> Array | None:
    """X as a dense matrix of numbers, sparse input by its 64 main directions; None where it is no such thing."""
    if issparse(X):
        wide = min(X.shape) > SVD_COMPONENTS
        reduced = TruncatedSVD(SVD_COMPONENTS, random_state=0).fit_transform(X) if wide else X.toarray()
        return np.asarray(reduced, np.float32)
    if not isinstance(X, np.ndarray):
        X = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
    if X.dtype.kind == "O":
        try:
            X = X.astype(np.float32)
        except (TypeError, ValueError):
            return None
    return X if X.ndim == 2 and X.dtype.kind in "fiub" and X.shape[1] else None


def embeddings(X: Any, embed: Callable[[Any], Any] | None, estimator: Any, fitted: Any) -> Array | None:
    """What ``embed`` makes of X; else X; else, of texts and mixed tables, what a pipeline's first steps make of it."""
    if embed is not None:
        table = _numeric_matrix(embed(X))
        if table is None:
            raise ValueError("embed must return a matrix of numbers with one row for each of X")
        return table
    table = _numeric_matrix(X)
    if table is None and isinstance(estimator, Pipeline) and len(estimator.steps) > 1:
        if isinstance(fitted, Pipeline):
            return _numeric_matrix(fitted[:-1].transform(X))
        return _numeric_matrix(clone(estimator[:-1]).fit_transform(X))
    return table


def refuse_signal(name: str, signal: str, estimator: Any) -> None:
    """Raises the ValueError that names the strategy, the signal, and why the estimator does not give it."""
    why = {"probabilities": "has no predict_proba",
           "member_probabilities": "is no ensemble whose estimators_ have predict_proba",
           "member_predictions": "is no ensemble whose estimators_ have predict",
           "embeddings": "is given an X that is no matrix of numbers: pass embed="}
    reason = why.get(signal, "does not give them")
    raise ValueError(f"{name} needs {signal}, but {type(estimator).__name__} {reason}")

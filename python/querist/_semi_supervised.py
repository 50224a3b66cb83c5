"""One call of a pseudo-labeler or of the gate: arguments checked and prepared, the native module run."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, SupportsIndex, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import Array
from ._feature_rows import checked_rows, is_sparse, native
from ._run import setting, whole
from ._trainer import native_trainer


class PseudoLabels(NamedTuple):
    """Labels of all rows, and what each counts in training: 1 if given, positive if found, 0 if there is none."""

    labels: NDArray[Any]
    weights: NDArray[np.float32]


class Decision(NamedTuple):
    """What the gate measured: of the given labels alone ("supervised"), then of each method."""

    chosen: str
    methods: tuple[str, ...]
    log_losses: NDArray[np.float64]
    gains: NDArray[np.float64]
    standard_errors: NDArray[np.float64]


def _is_missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value) or bool(value == -1)
    except TypeError:  # pandas.NA compares as neither.
        return True


def _missing(labels: Array) -> NDArray[np.bool_]:
    if labels.dtype.kind in "iub":
        return np.asarray(labels == -1)
    if labels.dtype.kind == "f":
        return np.asarray(np.isnan(labels) | (labels == -1))
    if labels.dtype.kind == "U":
        return np.zeros(labels.shape, bool)
    return np.array([_is_missing(one) for one in labels], bool)


class _World:
    """Partly labelled rows as the native module takes them, and how its answer is written into the labels."""

    def __init__(self, X: Any, labels: ArrayLike, views: dict[str, Any]) -> None:
        rows = checked_rows("X", X)
        count = rows.shape[0]
        self.labels = np.array(labels)
        if self.labels.dtype.kind == "U" and not hasattr(labels, "dtype"):
            self.labels = np.array(labels, object)  # So that -1 among strings stays a number.
        if self.labels.shape != (count,):
            raise ValueError(f"labels must have the shape ({count},), not {self.labels.shape}")
        if self.labels.dtype.kind not in "fiubUO":
            raise TypeError(f"labels must hold class names, not {self.labels.dtype}")
        self.missing = _missing(self.labels)
        known = self.labels[~self.missing]
        if known.dtype.kind == "O":
            if len({isinstance(one, str) for one in known}) > 1:
                raise ValueError("labels mixes strings and numbers: they must be of one kind")
            known = np.array(known.tolist()) if known.size else np.zeros(0, np.int64)
        if known.dtype.kind == "f" and (not np.all(np.isfinite(known)) or np.any(known != np.floor(known))):
            raise ValueError("labels must hold class names, not numbers that are not whole")
        self.names, ids = np.unique(known, return_inverse=True)
        self.given: dict[str, Any] = {
            "features": native(rows), "labels": ids.astype(np.int32), "classes": max(len(self.names), 1),
            "labeled": np.flatnonzero(~self.missing).astype(np.int64), "unlabeled": np.flatnonzero(self.missing).astype(np.int64)}
        self.given["geometry"] = self._geometry(rows, views)
        if views.get("second_view") is not None:
            self.given["second_view"] = native(self._of_the_same_rows("second_view", views["second_view"], count))
        elif "second_view" in views:
            raise ValueError("second_view is missing: two views of the rows are what co-training needs")

    @staticmethod
    def _of_the_same_rows(name: str, value: Any, count: int) -> Any:
        rows = checked_rows(name, value)
        if rows.shape[0] != count:
            raise ValueError(f"{name} has {rows.shape[0]} rows, X has {count}")
        return rows

    def _geometry(self, rows: Any, views: dict[str, Any]) -> dict[str, Any]:
        if views.get("geometry") is not None:
            dense = self._of_the_same_rows("geometry", views["geometry"], rows.shape[0])
        elif "geometry" in views and is_sparse(rows):
            raise ValueError("geometry is missing: X is sparse, and near neighbours are looked for among dense rows "
                             "(a TruncatedSVD of X, say)")
        else:
            dense = np.zeros((rows.shape[0], 1), np.float32) if is_sparse(rows) else rows
        if is_sparse(dense):
            raise ValueError("geometry must be dense")
        return native(dense)

    def answer(self, found: tuple[Any, Any, Any]) -> PseudoLabels:
        rows, ids, weights = found
        all_weights = np.where(self.missing, 0, 1).astype(np.float32)
        all_weights[rows] = weights
        labels = self.labels.copy()
        labels[rows] = self.names[ids] if len(ids) else labels[rows]
        return PseudoLabels(labels, all_weights)


def _seed(value: Any) -> int:
    seed = whole("seed", value)
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must lie between 0 and 2**64 - 1, not {seed}")
    return seed


def pseudo_label(name: str, X: Any, labels: ArrayLike, views: dict[str, Any], estimator: Any, seed: SupportsIndex,
                 params: dict[str, Any]) -> PseudoLabels:
    """Runs the pseudo-labeler of this name."""
    world = _World(X, labels, views)
    train, own = native_trainer(estimator, world.names)
    chosen = {key: setting(key, value) for key, value in params.items() if value is not None}
    return world.answer(_core.pseudo_label(name, world.given, train, own, chosen, _seed(seed)))


@overload
def gate(X: Any, labels: ArrayLike, *, methods: Sequence[str] = ..., estimator: Any = ..., second_view: Any = ...,
         geometry: ArrayLike | None = ..., folds: SupportsIndex = ..., seed: SupportsIndex = ...,
         return_decision: Literal[False] = False) -> PseudoLabels: ...


@overload
def gate(X: Any, labels: ArrayLike, *, methods: Sequence[str] = ..., estimator: Any = ..., second_view: Any = ...,
         geometry: ArrayLike | None = ..., folds: SupportsIndex = ..., seed: SupportsIndex = ...,
         return_decision: Literal[True]) -> tuple[PseudoLabels, Decision]: ...


def gate(X: Any, labels: ArrayLike, *, methods: Sequence[str] = ("self_training", "label_spreading"),
         estimator: Any = "logistic_regression", second_view: Any = None, geometry: ArrayLike | None = None,
         folds: SupportsIndex = 5, seed: SupportsIndex = 0, return_decision: bool = False) -> Any:
    """Pseudo-labels where they help by more than chance, else the given labels alone.

    Every labelled row is predicted by models that have not seen it, trained with and without each method's pseudo-labels. A method
    is taken where its gain in log loss is more than one standard error of that gain (of the paired differences); of several such the
    one of the least loss.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n, features)
        All rows, labelled or not.
    labels : array-like of shape (n,)
        Class names (numbers or strings); -1, NaN and None stand for "not labelled".
    methods : sequence of str, default ("self_training", "label_spreading")
        What to choose from; each may set parameters in parentheses, as in ``"self_training(rounds=5)"``.
    estimator : estimator or str, default 'logistic_regression'
        What is trained, by the methods and to measure them: a scikit-learn classifier with predict_proba, one of
        ``querist.learners``, or the name of a learner.
    second_view : array-like or sparse matrix of shape (n, columns), optional
        Other features of the same rows, for co_training.
    geometry : array-like of shape (n, columns), optional
        Dense features whose distances mean something, for label_spreading; by default X, which must be dense then.
    folds : int, default 5
        Parts of the labelled rows that are held out in turn.
    seed : int, default 0
        Of everything that is drawn.
    return_decision : bool, default False
        Whether to return what was measured as well.

    Returns
    -------
    labels : ndarray of shape (n,)
        As given, with labels for some of the rows that had none if a method was taken.
    weights : ndarray of float32 of shape (n,)
        For training: 1 where a label was given, positive where one was found, 0 where there is still none.
    decision : Decision
        Only with ``return_decision``, which gives ``((labels, weights), decision)``.
    """
    if isinstance(methods, str):
        methods = (methods,)
    cards = {card["name"]: card for card in _core.pseudo_labeler_cards()}
    used = [cards.get(method.partition("(")[0].strip(), {}) for method in methods]
    views: dict[str, Any] = {}
    if any(card.get("needs_second_view") for card in used):
        views["second_view"] = second_view
    if any(card.get("reads_geometry") for card in used):
        views["geometry"] = geometry
    world = _World(X, labels, views)
    train, own = native_trainer(estimator, world.names)
    chosen, found, scores = _core.gate(world.given, list(methods), train, own, whole("folds", folds), _seed(seed))
    answer = world.answer(found)
    if not return_decision:
        return answer
    table = np.array(scores, np.float64).reshape(-1, 3)
    names = ("supervised", *methods) if len(table) else ()
    return answer, Decision(chosen or "supervised", names, table[:, 0], table[:, 1], table[:, 2])


def pseudo_labelers() -> list[dict[str, Any]]:
    """The card of every method: name, summary, source, what it needs, and its parameters."""
    return [dict(card) for card in _core.pseudo_labeler_cards()]

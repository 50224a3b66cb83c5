"""Random arguments that a strategy accepts, made from its card alone."""
import numpy as np

import querist

CLASSES, MEMBERS, COLUMNS = 4, 3, 6
SIGNALS = ("probabilities", "member_probabilities", "embeddings", "predictions", "member_predictions")


def select(card, *arguments, **named):
    return getattr(querist.select, card["name"])(*arguments, **named)


def distributions(rng, *shape):
    """float32 rows that sum to one."""
    weights = rng.exponential(size=shape) + 1e-3
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


def signals(card, rng, n, classes=CLASSES, members=MEMBERS, columns=COLUMNS):
    """Every array that a model and the features could give for the card's task."""
    if card["task"] == "regression":
        return {"embeddings": rng.normal(size=(n, columns)).astype(np.float32),
                "predictions": rng.normal(size=n).astype(np.float32),
                "member_predictions": rng.normal(size=(members, n)).astype(np.float32)}
    separate = card["task"] == "multi_label"
    return {"embeddings": rng.normal(size=(n, columns)).astype(np.float32),
            "probabilities": rng.random((n, classes)).astype(np.float32) if separate else distributions(rng, n, classes),
            "member_probabilities": (rng.random((members, n, classes)).astype(np.float32) if separate
                                     else distributions(rng, members, n, classes))}


def labels(card, rng, count, classes=CLASSES):
    if card["task"] == "regression":
        return rng.normal(size=count).astype(np.float32)
    if card["task"] == "multi_label":
        return rng.integers(0, 2, (count, classes)).astype(np.float32)
    return rng.integers(0, classes, count)


def needed(card, given):
    """Of all signals those that the card names; all of them where it names none, for it may read any."""
    named = [name for name in card["needs"] if name in SIGNALS]
    return {name: array for name, array in given.items() if name in named or not named}


def arguments(card, rng, n=120, labelled=20, **sizes):
    """Arguments of a call, the first rows not all labelled so that both kinds lie mixed."""
    rows = np.sort(rng.permutation(n)[:labelled])
    return {**needed(card, signals(card, rng, n, **sizes)), "labeled": rows,
            "labels": labels(card, rng, labelled, sizes.get("classes", CLASSES))}


def open_rows(given, n):
    return np.setdiff1d(np.arange(n), given.get("labeled", []))


def check_selection(indices, utilities, candidates, wanted):
    """Distinct candidates, as many as there can be, with a number each."""
    assert indices.dtype == np.int64 and utilities.dtype == np.float64
    assert indices.shape == utilities.shape == (wanted,)
    assert np.unique(indices).size == wanted
    assert np.isin(indices, candidates).all()
    assert not np.isnan(utilities).any()

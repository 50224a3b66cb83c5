"""The Parzen window classifier against a plain loop, its class names, and wrong input."""
import numpy as np
import pytest

from querist.learners import ParzenWindow


def test_probabilities_are_the_votes_of_a_plain_loop():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)).astype(np.float32), rng.integers(0, 3, 30)
    queries = rng.normal(size=(50, 4)).astype(np.float32)
    votes = np.zeros((50, 3))
    for i, query in enumerate(queries.astype(np.float64)):
        for row, label in zip(X.astype(np.float64), y):
            votes[i, label] += np.exp(-0.5 * np.sum((query - row) ** 2))
    found = ParzenWindow(gamma=0.5).fit(X, y).predict_proba(queries)
    # float32 results of sums in double.
    np.testing.assert_allclose(found, votes / votes.sum(axis=1, keepdims=True), rtol=1e-6, atol=1e-7)


def test_names_far_queries_and_unseen_classes():
    model = ParzenWindow(classes=["b", "a", "c"]).fit([[0.0], [1.0]], ["a", "b"])
    assert list(model.classes_) == ["a", "b", "c"] and list(model.predict([[0.1]])) == ["a"]
    np.testing.assert_allclose(model.predict_proba([[1e9]]), [[1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)
    assert model.score([[0.0], [1.0]], ["a", "b"]) == 1.0
    assert ParzenWindow(classes=4).fit(np.zeros((0, 2)), np.zeros(0, int)).predict_proba([[0, 0]]).shape == (1, 4)


@pytest.mark.parametrize("call", [lambda: ParzenWindow(gamma=-1).fit([[0.0]], [0]), lambda: ParzenWindow().fit([[np.nan]], [0]),
                                  lambda: ParzenWindow().fit([[0.0]], [0, 1]), lambda: ParzenWindow(classes=1).fit([[0.0]], [1]),
                                  lambda: ParzenWindow().fit([[0.0]], [0]).predict_proba([[0.0, 1.0]]),
                                  lambda: ParzenWindow().predict_proba([[0.0]]), lambda: ParzenWindow().predict([[0.0]])])
def test_wrong_input_is_refused(call):
    with pytest.raises(ValueError):
        call()

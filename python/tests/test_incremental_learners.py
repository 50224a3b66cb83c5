"""Learners that go on: partial_fit against one fit of all rows, and warm starts."""
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.naive_bayes import GaussianNB, MultinomialNB

from querist.learners import GradientBoosting, LogisticRegression, NaiveBayes, RbfSvm


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X[:600] / 16).astype(np.float32), y[:600]


@pytest.mark.parametrize("variant, theirs", [("multinomial", MultinomialNB()), ("gaussian", GaussianNB()), ("complement", None)])
def test_naive_bayes_goes_on_learning_exactly(digits, variant, theirs):
    X, y = digits
    X = X + np.random.default_rng(0).random(X.shape, np.float32) * (variant == "gaussian")
    weights = np.random.default_rng(1).integers(0, 4, len(y))
    for given, by_class in ((None, None), (weights, None), (None, "balanced"), (weights, "balanced")):
        parts = NaiveBayes(variant=variant, class_weight=by_class)
        for begin in range(0, len(y), 150):
            part = slice(begin, begin + 150)
            parts.partial_fit(X[part], y[part], classes=range(10), sample_weight=None if given is None else given[part])
        whole = NaiveBayes(variant=variant, class_weight=by_class).fit(X, y, given)
        assert np.array_equal(parts.predict_proba(X), whole.predict_proba(X))
    if theirs is not None:
        for part in (slice(0, 150), slice(150, 600)):
            theirs.partial_fit(X[part].astype(float), y[part], classes=range(10))
        once = NaiveBayes(variant=variant).partial_fit(X[:150], y[:150], classes=range(10)).partial_fit(X[150:], y[150:])
        np.testing.assert_allclose(once.predict_proba(X), theirs.predict_proba(X.astype(float)), atol=1e-4)


def test_partial_fit_refuses_what_does_not_fit():
    X = np.eye(2)
    with pytest.raises(ValueError, match="first call"):
        NaiveBayes().partial_fit(X, [0, 1])
    model = NaiveBayes().partial_fit(X, ["a", "b"], classes=["b", "a", "c"])
    assert model.classes_.tolist() == ["a", "b", "c"] and model.predict_proba(X).shape == (2, 3)
    with pytest.raises(ValueError, match="not among classes"):
        model.partial_fit(X, ["a", "d"])
    with pytest.raises(ValueError, match="last call"):
        model.partial_fit(X, ["a", "b"], classes=["a", "b"])
    with pytest.raises(ValueError, match="3 features"):
        model.partial_fit(np.eye(3), ["a", "b", "c"])
    with pytest.raises(ValueError, match="Negative values in data.*take variant gaussian .variant auto goes by the first rows"):
        model.partial_fit(-X, ["a", "b"])
    assert model.fit(X, ["x", "y"]).classes_.tolist() == ["x", "y"]


def test_a_warm_start_goes_on_from_the_last_model(digits):
    X, y = digits
    head = LogisticRegression(C=1, warm_start=True, tol=1e-10)
    cold = head.fit(X, y).n_iter_
    wanted = head.predict_proba(X)
    assert head.fit(X, y).n_iter_ < cold
    np.testing.assert_allclose(head.predict_proba(X), wanted, atol=1e-4)
    margin = RbfSvm(warm_start=True, probabilities="decision", tol=1e-8).fit(X[:300], y[:300])
    np.testing.assert_allclose(margin.fit(X, y).predict_proba(X), RbfSvm(probabilities="decision", tol=1e-8).fit(X, y).predict_proba(X), atol=1e-3)
    trees = GradientBoosting(n_estimators=5, warm_start=True).fit(X, y)
    trees.set_params(n_estimators=12).fit(X, y)
    np.testing.assert_allclose(trees.predict_proba(X), GradientBoosting(n_estimators=12).fit(X, y).predict_proba(X), atol=1e-4)
    assert trees._model.rounds == 12
    with pytest.raises(ValueError, match="n_estimators must be at least the 12"):
        trees.set_params(n_estimators=3).fit(X, y)
    assert head.fit(X, np.where(y < 5, "low", "high")).score(X, np.where(y < 5, "low", "high")) > 0.8  # Other classes: afresh.

"""Pseudo-labels and the gate: what is returned, with whom it trains, and when it keeps out."""
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression as TheirLogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from querist import semi_supervised
from querist.learners import LogisticRegression, NaiveBayes, Ridge
from querist.semi_supervised import co_training, em_naive_bayes, gate, label_spreading, pseudo_labelers, self_training

NAMES = [card["name"] for card in pseudo_labelers()]


@pytest.fixture(scope="module")
def digits():
    """Ten labels a class of 900 rows."""
    X, truth = load_digits(return_X_y=True)
    X, truth = (X[:900] / 16).astype(np.float32), truth[:900]
    labels = np.full(900, -1)
    for digit in range(10):
        rows = np.flatnonzero(truth == digit)[:10]
        labels[rows] = digit
    return X, truth, labels


def run(name, X, labels, **more):
    views = {"second_view": np.asarray(X)[:, ::-1]} if name == "co_training" else {}
    return getattr(semi_supervised, name)(X, labels, **views, **more)


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_found_and_those_given_stay(digits, name):
    X, truth, labels = digits
    before = labels.copy()
    found, weights = run(name, X, labels)
    given = labels != -1
    assert found.shape == labels.shape and found.dtype == labels.dtype and weights.dtype == np.float32
    assert np.array_equal(found[given], labels[given]) and np.all(weights[given] == 1)
    assert np.array_equal(weights > 0, found != -1)
    more = (found != -1) & ~given
    assert more.sum() > 100
    assert np.mean(found[more] == truth[more]) > 0.6  # Chance is 0.1.
    assert np.array_equal(labels, before)
    again, same = run(name, X, labels)
    assert np.array_equal(found, again) and np.array_equal(weights, same)


@pytest.mark.parametrize("name", NAMES)
def test_class_names_and_every_way_to_say_not_labelled(digits, name):
    X, _, labels = digits
    wanted, weights = run(name, X, labels)
    words = [f"digit {one}" for one in range(10)]
    as_words = [words[one] if one >= 0 else None for one in labels]
    for given, back in ((as_words, lambda one: -1 if one is None else words.index(one)),
                        ([-1 if one is None else one for one in as_words], lambda one: -1 if one == -1 else words.index(one)),
                        (np.where(labels < 0, np.nan, labels), lambda one: -1 if np.isnan(one) else int(one)),
                        (labels * 7 + (labels >= 0), lambda one: -1 if one < 0 else (int(one) - 1) // 7)):
        if not isinstance(given, list) and given.dtype.kind == "i":
            given = np.where(labels < 0, -1, given)
        found = run(name, X, given)
        assert [back(one) for one in found.labels] == wanted.tolist()
        assert np.array_equal(found.weights, weights)


def test_what_is_found_makes_a_better_model(digits):
    X, truth, labels = digits
    few = np.where(np.cumsum(labels >= 0) <= 20, labels, -1)
    alone = LogisticRegression(C=1).fit(X[few >= 0], few[few >= 0]).score(X, truth)
    found, weights = label_spreading(X, few)
    told = found != -1
    assert LogisticRegression(C=1).fit(X[told], found[told], weights[told]).score(X, truth) > alone


def test_all_pseudo_labels_weigh_what_was_asked(digits):
    X, _, labels = digits
    for weight in (0.5, 2.0):
        _, weights = self_training(X, labels, weight=weight)
        assert weights[labels == -1].sum() == pytest.approx(weight * 100, rel=1e-4)  # 100 labels are given.


@pytest.mark.parametrize("name", ["self_training", "co_training", "consistency"])
def test_any_estimator_trains(digits, name):
    X, truth, labels = digits
    native = run(name, X, labels, estimator="logistic_regression(strength=1)")
    ours = run(name, X, labels, estimator=LogisticRegression(C=1))
    assert np.array_equal(native.labels, ours.labels) and np.array_equal(native.weights, ours.weights)
    theirs = run(name, X, labels, estimator=TheirLogisticRegression(C=1, tol=1e-8, max_iter=5000))
    both = (native.labels != -1) & (theirs.labels != -1)
    assert np.mean(native.labels[both] == theirs.labels[both]) > 0.98  # The same model but for float32.
    for estimator in (RandomForestClassifier(20, random_state=0), make_pipeline(StandardScaler(), TheirLogisticRegression(max_iter=500)),
                      LogisticRegression(C=1, class_weight={0: 2.0}), "naive_bayes"):
        found, _ = run(name, X, labels, estimator=estimator)
        told = (found != -1) & (labels == -1)
        assert np.mean(found[told] == truth[told]) > 0.7


def test_the_estimator_itself_is_not_fitted(digits):
    X, _, labels = digits
    for estimator in (TheirLogisticRegression(max_iter=500), LogisticRegression(C=1)):
        self_training(X, labels, estimator=estimator, rounds=1)
        assert not hasattr(estimator, "classes_")


def test_what_an_estimator_raises_arrives(digits):
    X, _, labels = digits

    class Failing:
        def fit(self, X, y, sample_weight=None):
            raise KeyError("a bug of its own")

        def predict_proba(self, X):
            return X

        def get_params(self, deep=True):
            return {}

    class Lying(Failing):
        classes_ = np.arange(10)

        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return np.full((len(X), 10), np.nan)

    with pytest.raises(KeyError, match="a bug of its own"):
        self_training(X, labels, estimator=Failing())
    with pytest.raises(ValueError, match="not finite"):
        self_training(X, labels, estimator=Lying())


@pytest.mark.parametrize("more, words", [
    ({"estimator": KNeighborsClassifier(3)}, "KNeighborsClassifier takes no sample_weight"), ({"estimator": Ridge()}, "regressor"),
    ({"estimator": "ridge"}, "ridge does not learn classification"), ({"estimator": "forrest"}, "forrest"), ({"estimator": 3}, "estimator"),
    ({"estimator": NaiveBayes}, "estimator"), ({"rounds": 0}, "rounds"), ({"share": 2.0}, "share"), ({"seed": -1}, "seed")])
def test_wrong_arguments_are_refused_by_name(digits, more, words):
    X, _, labels = digits
    with pytest.raises(ValueError, match=words):
        self_training(X, labels, **more)


def test_wrong_data_is_refused_by_name(digits):
    X, _, labels = digits
    with pytest.raises(ValueError, match="labels must have the shape"):
        self_training(X, labels[:-1])
    with pytest.raises(ValueError, match="NaN"):
        self_training(np.where(X == X[0], np.nan, X), labels)
    with pytest.raises(ValueError, match="whole"):
        self_training(X, labels + 0.5)
    with pytest.raises(ValueError, match="second_view"):
        co_training(X, labels, None)
    with pytest.raises(ValueError, match="second_view has 3 rows"):
        co_training(X, labels, X[:3])
    with pytest.raises(ValueError, match="geometry is missing"):
        label_spreading(csr_matrix(X), labels)
    with pytest.raises(ValueError, match="not negative"):
        em_naive_bayes(-X, labels)


def test_sparse_and_half_rows(digits):
    X, _, labels = digits
    for name in ("self_training", "em_naive_bayes"):
        wanted = run(name, X, labels, estimator="naive_bayes").labels
        for same in (csr_matrix(X), X.astype(np.float16)):
            assert np.mean(run(name, same, labels, estimator="naive_bayes").labels == wanted) > 0.98
    sparse = self_training(csr_matrix(X), labels, estimator=TheirLogisticRegression(max_iter=500))
    assert np.mean(sparse.labels == self_training(X, labels, estimator=TheirLogisticRegression(max_iter=500)).labels) > 0.98
    assert np.array_equal(label_spreading(csr_matrix(X), labels, geometry=X).labels, label_spreading(X, labels).labels)


def test_nothing_to_tell_labels_nothing(digits):
    X, truth, labels = digits
    for given in (np.full(900, -1), np.where(labels == 3, 3, -1), truth):
        for name in NAMES:
            found, weights = run(name, X, given)
            assert np.array_equal(found, given) and np.array_equal(weights, (given != -1).astype(np.float32))


def test_the_gate_takes_what_helps_and_says_what_it_measured(digits):
    X, _, labels = digits
    few = np.where(np.cumsum(labels >= 0) <= 30, labels, -1)
    (found, weights), decision = gate(X, few, methods=("self_training(rounds=2)", "label_spreading"), estimator="logistic_regression(strength=1)",
                                      return_decision=True)
    assert decision.methods == ("supervised", "self_training(rounds=2)", "label_spreading")
    np.testing.assert_allclose(decision.gains, decision.log_losses[0] - decision.log_losses, atol=1e-9)
    passed = [m for m in (1, 2) if decision.gains[m] > decision.standard_errors[m]]
    best = min(passed, key=lambda m: decision.log_losses[m]) if passed else 0
    assert decision.chosen == decision.methods[best].partition("(")[0]
    assert decision.chosen != "supervised"  # Few labels in clusters that lie apart.
    wanted = label_spreading(X, few) if best == 2 else self_training(X, few, rounds=2, estimator="logistic_regression(strength=1)")
    assert np.array_equal(found, wanted.labels) and np.array_equal(weights, wanted.weights)
    plain = gate(X, few, methods=("self_training(rounds=2)", "label_spreading"), estimator="logistic_regression(strength=1)")
    assert np.array_equal(plain.labels, found)


def test_the_gate_keeps_out_what_does_harm(digits):
    """Neighbours in a geometry that has nothing to do with the classes: what is spread there is noise."""
    X, _, labels = digits
    noise = np.random.default_rng(0).random((900, 8), np.float32)
    for estimator in (TheirLogisticRegression(max_iter=500), "logistic_regression(strength=1)"):
        (found, weights), decision = gate(X, labels, methods=["label_spreading(weight=5)"], geometry=noise, return_decision=True,
                                          estimator=estimator)
        assert decision.chosen == "supervised" and decision.gains[1] < 0
        assert np.array_equal(found, labels) and np.array_equal(weights, (labels >= 0).astype(np.float32))


def test_the_gate_without_anything_to_compare(digits):
    X, truth, labels = digits
    for given in (truth, np.full(900, -1), np.where(labels == 3, 3, -1)):
        (found, _), decision = gate(X, given, return_decision=True)
        assert decision.chosen == "supervised" and len(decision.methods) == 0 and np.array_equal(found, given)
    with pytest.raises(ValueError, match="folds"):
        gate(X, labels, folds=1)
    with pytest.raises(ValueError, match="self_teaching"):
        gate(X, labels, methods="self_teaching")
    with pytest.raises(ValueError, match="second_view"):
        gate(X, labels, methods="co_training")
    assert gate(X, labels, methods="co_training", second_view=X[:, ::-1], folds=2).labels.shape == (900,)

"""The learners under scikit-learn's own checks, its clone, searches, pipelines and cross-validation."""
import numpy as np
import pytest
from scipy.sparse import csr_matrix, issparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV, cross_val_predict, cross_val_score
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from querist._repeated_rows import canonical
from querist.learners import (Committee, Forest, GaussianProcess, GradientBoosting, LogisticRegression, NaiveBayes, NeuralHead, RbfSvm,
                              Ridge)

ESTIMATORS = [LogisticRegression(), LogisticRegression(C=1), NaiveBayes(), GradientBoosting(), GradientBoosting(task="regression"),
              Forest(n_estimators=20), Forest(n_estimators=20, task="regression"), NeuralHead(), NeuralHead(task="regression"), RbfSvm(), Ridge(),
              Ridge(alpha=1), GaussianProcess(), Committee(n_estimators=3), Committee(n_estimators=3, learner="ridge", task="regression")]
MEMBERS = ["rbf_svm", "forest(trees=5,min_weight_fraction_leaf=0.01)", "gbdt(rounds=5)", "naive_bayes"]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_a_row_of_weight_two_is_the_row_twice(estimator):
    """To the last bit where equal rows are taken as one, and within rounding where weights are added up."""
    rng = np.random.default_rng(0)
    X, y, weights = rng.random((40, 6)), rng.integers(0, 3, 40), rng.integers(0, 4, 40)
    order = rng.permutation(weights.sum())
    twice, answers = X.repeat(weights, axis=0)[order], y.repeat(weights)[order]
    for rows in (X, csr_matrix(X)):
        repeated = clone(estimator).fit(csr_matrix(twice) if issparse(rows) else twice, answers)
        weighed = clone(estimator).fit(rows, y, weights)
        for method in ("predict", "predict_proba"):
            if hasattr(estimator, method):
                found, wanted = getattr(weighed, method)(X), getattr(repeated, method)(X)
                if isinstance(estimator, (NaiveBayes, GradientBoosting)):
                    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
                else:
                    assert np.array_equal(found, wanted)


def test_balanced_weights_count_a_row_of_weight_two_twice():
    rng = np.random.default_rng(0)
    X, y, weights = rng.random((40, 6)), rng.integers(0, 3, 40), rng.integers(0, 4, 40)
    for estimator in (LogisticRegression(C=1, class_weight="balanced"), NeuralHead(class_weight="balanced"), Forest(class_weight="balanced"),
                      NaiveBayes(class_weight="balanced"), Committee(n_estimators=3, class_weight="balanced")):
        twice = clone(estimator).fit(X.repeat(weights, axis=0), y.repeat(weights)).predict_proba(X)
        np.testing.assert_allclose(clone(estimator).fit(X, y, weights).predict_proba(X), twice, rtol=1e-6)


def test_rows_are_taken_as_one_by_their_content_alone():
    """Against a dictionary: the same pairs of row and answer with the same sums, in one order whatever order they came in."""
    rng = np.random.default_rng(0)
    for trial in range(50):
        X = rng.integers(0, 2, (30, rng.integers(1, 4))).astype(np.float32)
        y, weights = rng.integers(0, 2, 30).astype(np.int32), rng.random(30)
        sums = {}
        for row, label, weight in zip(X.tolist(), y.tolist(), weights):
            sums[(*row, label)] = sums.get((*row, label), 0) + weight
        order = rng.permutation(30)
        first = canonical(X, {"labels": y}, weights, False)
        for rows, labels, found in (first, canonical(csr_matrix(X[order]), {"labels": y[order]}, weights[order], False)):
            dense = rows.toarray() if issparse(rows) else rows
            assert np.array_equal(dense, first[0]) and np.array_equal(labels["labels"], first[1]["labels"])
            np.testing.assert_allclose([sums[(*row, label)] for row, label in zip(dense.tolist(), labels["labels"].tolist())], found)
            assert len(found) == len(sums)
    X = rng.random((30, 4), np.float32)
    rows, labels, found = canonical(X, {"labels": y}, None, False)
    assert rows is X and found is None  # Nothing to take as one: no copy.


def expected_failures(estimator):
    """None of ours; one of the check's own: it hands negative numbers to what takes counts, which scikit-learn's have no class_weight for."""
    if getattr(estimator, "variant", "auto") in ("multinomial", "complement"):
        return {"check_class_weight_classifiers": "its data are negative"}
    return {}


@parametrize_with_checks([*ESTIMATORS, LogisticRegression(class_weight="balanced", warm_start=True), RbfSvm(warm_start=True),
                          GradientBoosting(warm_start=True), NaiveBayes(variant="gaussian"), NaiveBayes(variant="multinomial"),
                          NaiveBayes(variant="complement"), *[Committee(n_estimators=2, learner=member) for member in MEMBERS],
                          Committee(n_estimators=2, class_weight="balanced"), NeuralHead(class_weight="balanced", max_iter=20)],
                         expected_failed_checks=expected_failures)
def test_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:400] / 16, y[:400]


def test_the_kind_of_estimator_is_known():
    assert is_classifier(Forest()) and not is_regressor(Forest())
    assert is_regressor(Forest(task="regression")) and is_regressor(Ridge()) and is_classifier(NaiveBayes())


def test_clones_searches_pipelines_and_ensembles_take_them(digits):
    X, y = digits
    copied = clone(Forest(n_estimators=7, task="regression"))
    assert copied.get_params() == Forest(n_estimators=7, task="regression").get_params()
    search = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [1e-4, 1.0]}, cv=3)
    assert search.fit(X, y).best_params_ == {"logisticregression__C": 1.0}
    assert np.mean(cross_val_score(LogisticRegression(C=1), X, y, cv=3)) > 0.85
    assert cross_val_predict(NaiveBayes(), X, y, cv=3, method="predict_proba").shape == (400, 10)
    assert BaggingClassifier(NaiveBayes(), 3, random_state=0).fit(X, y).score(X, y) > 0.7
    voted = VotingClassifier([("a", NaiveBayes()), ("b", LogisticRegression(C=1))], voting="soft").fit(X, y)
    assert voted.score(X, y) > 0.85


def test_texts_through_a_pipeline():
    texts = ["good film", "bad film", "good plot", "bad plot", "good", "bad"] * 5
    names = ["plus", "minus"] * 15
    for learner in (NaiveBayes(), LogisticRegression(C=1), Forest(n_estimators=5)):
        assert make_pipeline(TfidfVectorizer(), learner).fit(texts, names).predict(["good good", "bad"]).tolist() == ["plus", "minus"]


CLASSIFIERS = [LogisticRegression(C=1), NaiveBayes(variant="gaussian"), Forest(n_estimators=10), GradientBoosting(n_estimators=10),
               RbfSvm(), NeuralHead(max_iter=20), Committee(n_estimators=2)]


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=repr)
def test_tools_that_ask_for_probabilities_get_them(estimator):
    """scikit-learn's tools go by the name of the bound method: scores, calibration, stacking, thresholds, importances and chains."""
    X, y = load_breast_cancer(return_X_y=True)
    X, y = StandardScaler().fit_transform(X)[:240], y[:240]
    assert estimator.predict_proba.__name__ == "predict_proba" and type(estimator).predict_proba.__qualname__ == "Learner.predict_proba"
    assert cross_val_score(clone(estimator), X, y, scoring="roc_auc", cv=3).min() > 0.95
    assert cross_val_score(clone(estimator), X, y, scoring="neg_log_loss", cv=3).max() < 0
    assert CalibratedClassifierCV(clone(estimator), cv=3).fit(X, y).score(X, y) > 0.9
    stacked = StackingClassifier([("a", clone(estimator))], LogisticRegression(C=1), cv=3).fit(X, y)
    assert roc_auc_score(y, stacked.predict_proba(X)[:, 1]) > 0.95
    tuned = TunedThresholdClassifierCV(clone(estimator), cv=3).fit(X, y)
    assert tuned.score(X, y) > 0.9 and 0 < tuned.best_threshold_ < 1
    model = clone(estimator).fit(X, y)
    found = permutation_importance(model, X, y, scoring="roc_auc", n_repeats=2, random_state=0, max_samples=60).importances_mean
    assert np.all(np.isfinite(found)) and np.any(found > 0)
    chain = ClassifierChain(clone(estimator), chain_method="predict_proba").fit(X, np.stack([y, 1 - y], 1))
    assert chain.predict_proba(X).shape == (240, 2)

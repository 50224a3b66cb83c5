"""Parameters of the learners: the cards' under the names that people know, translated, and refused by those names."""
import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression as TheirLogisticRegression
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.naive_bayes import MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.utils.class_weight import compute_class_weight

from querist import _core, learners
from querist.learners import Committee, Forest, GradientBoosting, LogisticRegression, NeuralHead, NaiveBayes, RbfSvm, Ridge

CARDS = _core.learner_cards()
# Parameters that are part of another one, or of another type, in Python.
OTHERWISE = {"hidden": (128,), "layers": None, "gamma": "auto", "gamma_rule": None, "warm_rounds": None}


def test_parameters_are_those_of_the_cards_under_the_names_that_people_know():
    for name in learners.__all__:
        if name == "ParzenWindow":
            continue
        estimator = getattr(learners, name)()
        (card,) = [card for card in CARDS if card["name"] == estimator._learner]
        known = {wire: own for own, wire in estimator._wire_names.items()}
        wanted = [known.get(param["name"], param["name"]) for param in card["params"] if OTHERWISE.get(param["name"], 0) is not None]
        wanted += ["class_weight"] if name == "Committee" else []  # In projects a setting of the members' own.
        assert [key for key in estimator.get_params() if key not in ("task", "random_state", "warm_start")] == wanted
        for param in card["params"]:
            default = None if param["automatic"] or param["fallback"] == "none" else param["fallback"]
            default = OTHERWISE.get(param["name"], default)
            if default is not None:
                assert getattr(estimator, known.get(param["name"], param["name"])) == default


def test_parameters_have_the_names_of_scikit_learn_and_xgboost():
    """Every parameter that is theirs too is called as there, so that a search over them takes our learners."""
    shared = {LogisticRegression: (TheirLogisticRegression, {"C", "max_iter", "tol", "class_weight", "warm_start", "random_state"}),
              Forest: (RandomForestClassifier, {"n_estimators", "min_samples_leaf", "min_weight_fraction_leaf", "max_features", "max_depth",
                                                "bootstrap", "class_weight", "random_state"}),
              NeuralHead: (MLPClassifier, {"hidden_layer_sizes", "learning_rate_init", "batch_size", "max_iter", "n_iter_no_change",
                                           "validation_fraction", "random_state"}),
              RbfSvm: (SVC, {"C", "gamma", "tol", "cache_size", "class_weight", "random_state"}),
              NaiveBayes: (MultinomialNB, {"alpha"}), Ridge: (TheirRidge, {"alpha", "random_state"}),
              Committee: (BaggingClassifier, {"n_estimators", "max_features", "random_state"})}
    for ours, (theirs, names) in shared.items():
        assert names <= set(ours().get_params()) and names <= set(theirs().get_params())
    assert {"n_estimators", "learning_rate", "max_depth", "min_child_weight", "reg_lambda", "subsample",
            "colsample_bytree"} <= set(GradientBoosting().get_params())


@pytest.mark.parametrize("call, words", [
    (lambda X, y: LogisticRegression(C=-1).fit(X, y), "^C must"), (lambda X, y: LogisticRegression(C="1").fit(X, y), "^C must be a number"),
    (lambda X, y: LogisticRegression(max_iter=0).fit(X, y), "^max_iter"), (lambda X, y: NaiveBayes(alpha=-1).fit(X, y), "^alpha"),
    (lambda X, y: NeuralHead(hidden_layer_sizes=(3, 4)).fit(X, y), "one size"), (lambda X, y: NeuralHead(hidden_layer_sizes=()).fit(X, y), "one layer"),
    (lambda X, y: NeuralHead(hidden_layer_sizes=(0,)).fit(X, y), "^hidden_layer_sizes"), (lambda X, y: RbfSvm(gamma="wide").fit(X, y), "^gamma"),
    (lambda X, y: Forest(max_features="all").fit(X, y), "max_features"), (lambda X, y: Forest(max_features=1.5).fit(X, y), "max_features"),
    (lambda X, y: Forest(n_estimators="3").fit(X, y), "^n_estimators must be an? integer")])
def test_a_refusal_names_the_parameter_as_the_caller_does(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call(np.eye(4), [0, 1, 0, 1])


def test_columns_drawn_are_a_number_a_share_or_a_rule():
    X, y = np.random.default_rng(0).random((100, 64)), np.arange(100) % 3
    wanted = Forest(n_estimators=3, max_features=8).fit(X, y).predict_proba(X)
    for same in ("sqrt", 0.125, None):
        assert np.array_equal(Forest(n_estimators=3, max_features=same).fit(X, y).predict_proba(X), wanted)
    assert not np.array_equal(Forest(n_estimators=3, max_features="log2").fit(X, y).predict_proba(X), wanted)


def test_class_weights_reach_the_members_of_a_committee():
    """As weights of the rows: a class that counts twenty times is the likelier one; balanced is the dict of its own weights."""
    rng = np.random.default_rng(0)
    X, y = rng.random((80, 3)), np.array(["common", "rare"])[(rng.random(80) < 0.2).astype(int)]
    counts = {name: int(np.sum(y == name)) for name in ("common", "rare")}
    for member in ("logistic_regression(strength=1)", "rbf_svm(probabilities=decision)", "naive_bayes", "neural_head(max_epochs=5)"):
        plain, heavy = (Committee(learner=member, n_estimators=3, class_weight=weight).fit(X, y).predict_proba(X)[:, 1].mean()
                        for weight in (None, {"rare": 20}))
        assert heavy > plain
        balanced, own = (Committee(learner=member, n_estimators=3, class_weight=weight).fit(X, y).predict_proba(X)
                         for weight in ("balanced", {name: 40 / count for name, count in counts.items()}))
        np.testing.assert_allclose(balanced, own, atol=1e-6)


@pytest.mark.parametrize("estimator", [LogisticRegression(C=1), NaiveBayes(), Forest(n_estimators=2), Committee(n_estimators=2)], ids=repr)
def test_class_weights_that_name_no_class_are_refused_as_scikit_learn_does(estimator):
    X, y = np.random.default_rng(0).random((20, 3)), np.array(["no", "yes"] * 10)
    for weights in ({"YES": 5}, {"no": 1, "YES": 5}, {"yes": 2}, {"no": 1, "yes": 2, "maybe": 3}, {}):
        try:
            compute_class_weight(weights, classes=np.unique(y), y=y)
        except ValueError as error:
            assert "are not in class_weight" in str(error)
            with pytest.raises(ValueError, match=r"\['YES'\], are in class_weight but not in y"):
                estimator.set_params(class_weight=weights).fit(X, y)
        else:
            estimator.set_params(class_weight=weights).fit(X, y)


@pytest.mark.parametrize("call, words", [
    (lambda X, y, Y: LogisticRegression(C=1, class_weight={0: 1, 1: 3}).fit(X, Y), "not for several labels a row"),
    (lambda X, y, Y: NeuralHead(class_weight="balanced").fit(X, Y), "not for several labels a row"),
    (lambda X, y, Y: Committee(class_weight="balanced").fit(X, Y), "not for several labels a row"),
    (lambda X, y, Y: Forest(task="regression", class_weight={0: 1}).fit(X, y), "not for numbers"),
    (lambda X, y, Y: Forest(class_weight="subsample").fit(X, y), "class_weight must be None, 'balanced' or a dict"),
    (lambda X, y, Y: LogisticRegression(warm_start="yes").fit(X, y), "warm_start must be True or False, not 'yes'"),
])
def test_what_would_be_ignored_is_refused(call, words):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=words):
        call(rng.random((20, 3)), np.arange(20) % 2, rng.integers(0, 2, (20, 3)))


def test_logistic_regression_balances_each_of_several_labels():
    rng = np.random.default_rng(0)
    X, Y = rng.random((60, 3)), (rng.random((60, 2)) < [0.1, 0.5]).astype(int)
    weights = rng.integers(1, 3, 60)
    found = LogisticRegression(C=1, class_weight="balanced").fit(X, Y).predict_proba(X)
    for label in (0, 1):
        alone = LogisticRegression(C=1, class_weight="balanced").fit(X, Y[:, label]).predict_proba(X)[:, 1]
        np.testing.assert_allclose(found[:, label], alone, atol=1e-3)
    assert LogisticRegression(C=1, class_weight="balanced").fit(X, Y, weights).predict_proba(X).shape == (60, 2)

"""ActiveLearner: a scikit-learn estimator, and what it hands to strategies."""
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.ensemble import (AdaBoostClassifier, BaggingClassifier, BaggingRegressor, GradientBoostingClassifier,
                              RandomForestClassifier, RandomForestRegressor, VotingClassifier)
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from querist import _signals, select
from querist.sklearn import ActiveLearner

CARDS = {card["name"]: card for card in select.strategies()}
NAN = {"check_supervised_y_no_nan": "NaN in y stands for a row without a label"}
MINUS_ONE = {"check_classifiers_classes": "the check names a class -1, which stands for no label by default"}


def logistic():
    return LogisticRegression(max_iter=500)


def expected_failures(estimator):
    takes_minus_one = estimator.missing_label != -1 or not hasattr(estimator, "predict_proba")
    return NAN if takes_minus_one else {**NAN, **MINUS_ONE}


@parametrize_with_checks([ActiveLearner(LogisticRegression()), ActiveLearner(LogisticRegression(), missing_label=None),
                          ActiveLearner(LinearRegression(), strategy="k_center")],
                         expected_failed_checks=expected_failures)
def test_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    X, truth = load_digits(return_X_y=True)
    return X[:400] / 16, truth[:400]


def partly(truth, count, missing=-1):
    y = np.full(len(truth), missing)
    y[:count] = truth[:count]
    return y


def test_a_loop_spends_its_labels_on_new_rows_and_learns(digits):
    X, truth = digits
    learner = ActiveLearner(logistic(), batch_size=10).fit(X, np.full(len(X), -1))
    seen = set()
    for _ in range(6):
        rows = learner.query()
        assert rows.dtype == np.int64 and len(rows) == 10 and not seen.intersection(rows)
        seen.update(rows.tolist())
        assert learner.teach(rows, truth[rows]) is learner
    assert np.array_equal(learner.classes_, np.arange(10))
    assert learner.n_features_in_ == 64
    assert learner.score(X, truth) > 0.8  # Chance is 0.1; a learner that mixes up rows and labels stays there.
    assert learner.predict_proba(X[:3]).shape == (3, 10)


def test_the_model_and_the_picks_are_those_of_the_plain_calls(digits):
    X, truth = digits
    learner = ActiveLearner(logistic(), "margin", 7).fit(X, partly(truth, 60))
    model = logistic().fit(X[:60], truth[:60])
    assert np.array_equal(learner.predict(X), model.predict(X))
    wanted = select.margin(7, probabilities=model.predict_proba(X), labeled=np.arange(60))
    assert np.array_equal(learner.query(), wanted)
    assert np.array_equal(learner.query(), wanted)  # Asking changes nothing.


def test_labels_reach_the_strategy_in_the_order_of_the_classes(digits):
    X, truth = digits
    y = partly(truth, 80)
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    strings = np.where(y >= 0, names[y], "")
    learner = ActiveLearner(logistic(), missing_label="").fit(X, strings)
    classes = np.unique(names)
    ids = np.searchsorted(classes, names[truth[:80]])
    wanted = select.auto(20, probabilities=learner.predict_proba(X), embeddings=X, labeled=np.arange(80), labels=ids)
    assert np.array_equal(learner.classes_, classes)
    assert np.array_equal(learner.query(), wanted)


@pytest.mark.parametrize("labels, missing", [
    (np.array([0.0, np.nan, 1.0, np.nan, 1.0, 0.0]), -1),
    (np.array([0, None, 1, None, 1, 0], object), -1),
    (["a", None, "b", None, "b", "a"], -1),
    (["a", "", "b", "", "b", "a"], ""),
    ([5, 9, 7, 9, 7, 5], 9),
    ([1, -1, 0, -1, 0, 1], -1),
])
def test_every_way_to_say_not_labelled(labels, missing):
    X = np.array([[0.0], [0.1], [1.0], [0.9], [1.1], [0.2]])
    learner = ActiveLearner(GaussianNB(), "margin", missing_label=missing).fit(X, labels)
    assert sorted(learner.query()) == [1, 3]
    assert len(learner.classes_) == 2
    assert learner.score(X, labels) == 1.0


def test_a_longer_string_is_taught_whole():
    X = np.arange(6.0).reshape(-1, 1)
    learner = ActiveLearner(GaussianNB(), missing_label="").fit(X, ["a", "a", "b", "b", "", ""])
    learner.teach([4, 5], ["elephant", "elephant"])
    assert learner.classes_.tolist() == ["a", "b", "elephant"]


def test_strings_may_be_taught_where_numbers_stood_for_nothing():
    X = np.arange(4.0).reshape(-1, 1)
    learner = ActiveLearner(GaussianNB()).fit(X, [-1] * 4).teach([0, 1, 2, 3], ["a", "a", "b", "b"])
    assert learner.predict(X).tolist() == ["a", "a", "b", "b"]


def test_a_label_can_be_taken_back_and_corrected(digits):
    X, truth = digits
    learner = ActiveLearner(logistic(), "margin").fit(X, partly(truth, 50))
    learner.teach([3], [-1])
    assert learner.y_[3] == -1 and 3 in learner.query(len(X))
    learner.teach([3], [truth[3]])
    assert np.array_equal(learner.y_, partly(truth, 50))


def test_a_refused_lesson_leaves_the_learner_as_it_was(digits):
    X, truth = digits
    learner = ActiveLearner(logistic(), "margin").fit(X, partly(truth, 50))
    before = learner.query()
    for rows, labels in (([1], ["cat"]), ([400], [1]), ([1, 1], [0, 0]), ([1, 2], [0])):
        with pytest.raises(ValueError):
            learner.teach(rows, labels)
    assert np.array_equal(learner.query(), before)
    assert np.array_equal(learner.y_, partly(truth, 50))


def test_fit_does_not_write_into_the_callers_labels(digits):
    X, truth = digits
    y = partly(truth, 30)
    ActiveLearner(logistic()).fit(X, y).teach([100], [truth[100]])
    assert np.array_equal(y, partly(truth, 30))


@pytest.mark.parametrize("count", [0, 1])
def test_the_cold_start_covers_the_pool_or_draws(digits, count):
    X, truth = digits
    for name, card in CARDS.items():
        if card["task"] in ("regression", "multi_label"):
            continue
        learner = ActiveLearner(RandomForestClassifier(5, random_state=0), name, 5).fit(X, partly(truth, count))
        rows = learner.query()
        assert len(set(rows.tolist())) == 5 and rows.min() >= count, name
    covered = ActiveLearner(logistic(), "auto", 5).fit(X, partly(truth, 0)).query()
    assert np.array_equal(covered, select.auto(5, embeddings=X))


def test_draws_differ_from_turn_to_turn_and_follow_the_seed(digits):
    X, truth = digits

    def draws(seed):
        learner = ActiveLearner(logistic(), "random", 10, seed).fit(X, partly(truth, 20))
        first = learner.query()
        return first, learner.teach([300], [truth[300]]).query()

    first, second = draws(1)
    again, _ = draws(1)
    other, _ = draws(2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second) and not np.array_equal(first, other)
    drawn = ActiveLearner(logistic(), "random", 10, np.random.RandomState(1)).fit(X, partly(truth, 20))
    assert len(drawn.query()) == 10


def test_nothing_labelled_predicts_nothing_and_one_class_itself(digits):
    X, truth = digits
    learner = ActiveLearner(logistic()).fit(X, partly(truth, 0))
    with pytest.raises(NotFittedError, match="labelled"):
        learner.predict(X)
    assert len(learner.classes_) == 0
    learner.teach([7], [4])
    assert set(learner.predict(X)) == {4} and np.all(learner.predict_proba(X) == 1)
    learner.teach([7], [-1])
    with pytest.raises(NotFittedError):
        learner.predict(X)
    with pytest.raises(NotFittedError):
        ActiveLearner(logistic()).query()


def test_nothing_left_to_ask(digits):
    X, truth = digits
    rows = ActiveLearner(logistic(), "margin").fit(X, truth).query()
    assert rows.dtype == np.int64 and len(rows) == 0


def forests():
    return [RandomForestClassifier(8, random_state=0), BaggingClassifier(GaussianNB(), 8, max_features=0.5, random_state=0),
            VotingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier(max_depth=3))], voting="soft"),
            VotingClassifier([("a", GaussianNB()), ("b", RandomForestClassifier(4, random_state=0))], voting="soft"),
            VotingClassifier([(name, RandomForestClassifier(4, random_state=0)) for name in "ab"], voting="soft"),
            AdaBoostClassifier(n_estimators=5, random_state=0)]


@pytest.mark.parametrize("ensemble", forests(), ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("shift", [0, 1, 100])
def test_members_are_aligned_with_the_classes(digits, ensemble, shift):
    """Classes 1 … 10 look like places 0 … 9 of classes: members that learnt places must not be read as if they had not."""
    X, truth = digits
    model = clone(ensemble).fit(X, truth + shift)
    table = _signals.member_probabilities(model, X, model.classes_)
    assert table.shape == (len(model.estimators_), len(X), 10)
    np.testing.assert_allclose(table.sum(axis=2), 1, atol=1e-5)
    if not isinstance(ensemble, AdaBoostClassifier):  # Its vote is weighted, so the mean is another number.
        np.testing.assert_allclose(table.mean(axis=0), model.predict_proba(X), atol=1e-5)
    assert np.mean(model.classes_[table.mean(axis=0).argmax(axis=1)] == truth + shift) > 0.3  # Chance: 0.1.


def test_members_that_missed_a_class_give_it_nothing():
    X = np.arange(20.0).reshape(-1, 1)
    y = np.array(["common"] * 19 + ["rare"])
    model = BaggingClassifier(KNeighborsClassifier(1), 12, max_samples=0.5, random_state=0).fit(X, y)
    assert {len(member.classes_) for member in model.estimators_} == {1, 2}
    table = _signals.member_probabilities(model, X, model.classes_)
    np.testing.assert_allclose(table.mean(axis=0), model.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: make_pipeline(StandardScaler(), e),
                                  lambda e: GridSearchCV(e, {"max_depth": [3, 5]}, cv=2)])
def test_committee_strategies_ask_the_members_of_an_ensemble(digits, wrap):
    X, truth = digits
    estimator = wrap(RandomForestClassifier(10, random_state=0))
    learner = ActiveLearner(estimator, "batch_bald", 4).fit(X, partly(truth, 80))
    assert len(set(learner.query().tolist())) == 4
    inner, seen = _signals._unwrapped(learner.estimator_, X)
    table = np.stack([tree.predict_proba(seen) for tree in inner.estimators_])
    assert np.array_equal(learner.query(), select.batch_bald(4, member_probabilities=table, labeled=np.arange(80), seed=80))


@pytest.mark.parametrize("estimator", [GaussianNB(), GradientBoostingClassifier(n_estimators=3),
                                       OneVsRestClassifier(GaussianNB())], ids=lambda one: type(one).__name__)
def test_no_committee_is_refused_by_name(digits, estimator):
    X, truth = digits
    learner = ActiveLearner(estimator, "batch_bald").fit(X, partly(truth, 80))
    with pytest.raises(ValueError, match=f"batch_bald needs member_probabilities, but {type(estimator).__name__}"):
        learner.query()


def test_what_an_estimator_cannot_give_is_refused_by_name(digits):
    X, truth = digits
    with pytest.raises(ValueError, match="margin needs probabilities, but LinearSVC has no predict_proba"):
        ActiveLearner(LinearSVC(), "margin").fit(X, truth)
    assert len(ActiveLearner(LinearSVC(), "k_center").fit(X, partly(truth, 30)).query()) == 20
    with pytest.raises(ValueError, match="committee_variance is a strategy for regression"):
        ActiveLearner(logistic(), "committee_variance").fit(X, truth)
    with pytest.raises(ValueError, match="auto is a strategy for classification"):
        ActiveLearner(LinearRegression()).fit(X, truth)
    with pytest.raises(ValueError, match="'marginal' does not exist"):
        ActiveLearner(logistic(), "marginal").fit(X, truth)
    with pytest.raises(ValueError, match="margin has no parameter 'gamma'"):
        ActiveLearner(logistic(), "margin", strategy_params={"gamma": 1}).fit(X, truth)
    with pytest.raises(ValueError, match="compose needs member_probabilities"):
        ActiveLearner(logistic(), "compose", strategy_params={"filter": "batch_bald"}).fit(X, partly(truth, 60)).query()


def test_parameters_reach_the_strategy(digits):
    X, truth = digits
    learner = ActiveLearner(logistic(), "compose", 5, strategy_params={"filter": "entropy", "choose": "k_means", "keep": 4})
    learner.fit(X, partly(truth, 60))
    wanted = select.compose(5, probabilities=learner.predict_proba(X), embeddings=X, labeled=np.arange(60), labels=truth[:60],
                            filter="entropy", choose="k_means", keep=4, seed=60)
    assert np.array_equal(learner.query(), wanted)


def test_costs_candidates_and_utilities_are_passed_on(digits):
    X, truth = digits
    learner = ActiveLearner(logistic(), "entropy", 5).fit(X, partly(truth, 60))
    costs = np.linspace(1, 9, len(X))
    probabilities = learner.predict_proba(X)
    wanted = select.entropy(3, probabilities=probabilities, labeled=np.arange(60), candidates=[70, 80, 90, 100], costs=costs,
                            return_utilities=True)
    got = learner.query(3, candidates=[70, 80, 90, 100], costs=costs, return_utilities=True)
    np.testing.assert_array_equal(got[0], wanted[0])
    np.testing.assert_array_equal(got[1], wanted[1])


def test_sparse_features_are_reduced_for_strategies_and_kept_for_the_estimator():
    draw = np.random.default_rng(0)
    X = csr_matrix(draw.poisson(0.2, (150, 300)).astype(float))
    truth = draw.integers(0, 3, 150)
    learner = ActiveLearner(MultinomialNB(), "k_center", 5).fit(X, partly(truth, 30))
    rows = learner.query()
    assert len(set(rows.tolist())) == 5
    assert learner._embedded(True).shape == (150, 64)
    assert np.array_equal(learner.teach(rows, truth[rows]).predict(X),
                          MultinomialNB().fit(X[learner._labeled], learner._known).predict(X))
    narrow = ActiveLearner(MultinomialNB(), "k_center", 5).fit(X[:, :10], partly(truth, 30))
    assert np.array_equal(narrow.query(), select.k_center(5, embeddings=X[:, :10].toarray(), labeled=np.arange(30)))


def test_embed_gives_the_features_once_a_fit(digits):
    X, truth = digits
    calls = []

    def embed(rows):
        calls.append(len(rows))
        return rows[:, :8].astype(np.float16)

    learner = ActiveLearner(logistic(), "k_center", 5, embed=embed).fit(X, partly(truth, 30))
    wanted = select.k_center(5, embeddings=X[:, :8].astype(np.float16), labeled=np.arange(30))
    assert np.array_equal(learner.query(), wanted)
    learner.query()
    assert calls == [len(X)]
    with pytest.raises(ValueError, match="embed returned 3 rows for the 400"):
        ActiveLearner(logistic(), "k_center", embed=lambda rows: np.ones((3, 2))).fit(X, truth * 0 - 1).query()


TEXTS = [f"{subject} {verb} {thing}" for subject in ("cat", "dog", "bank", "fund")
         for verb in ("eats", "buys", "sells") for thing in ("fish", "bones", "bonds", "gold")]


@pytest.mark.parametrize("count", [0, 30])
def test_texts_are_told_apart_by_what_a_pipeline_makes_of_them(count):
    truth = np.array([int(text.startswith(("bank", "fund"))) for text in TEXTS])
    learner = ActiveLearner(make_pipeline(TfidfVectorizer(), logistic()), batch_size=6).fit(TEXTS, partly(truth, count))
    rows = learner.query()
    assert len(set(rows.tolist())) == 6
    learner.teach(rows, truth[rows])
    assert set(learner.predict(TEXTS)) <= {0, 1}
    with pytest.raises(ValueError, match="k_center needs embeddings, but .* pass embed="):
        ActiveLearner(KNeighborsClassifier(), "k_center").fit(TEXTS, [-1] * len(TEXTS)).query()


def test_as_the_last_step_of_a_pipeline_and_in_a_search(digits):
    X, truth = digits
    y = partly(truth, 120)
    pipeline = make_pipeline(StandardScaler(), ActiveLearner(logistic())).fit(X, y)
    assert pipeline.score(X, truth) > 0.8
    search = GridSearchCV(ActiveLearner(logistic()), {"estimator__C": [1e-6, 1.0], "strategy": ["margin", "entropy"]}, cv=3)
    search.fit(X, y)
    assert search.best_params_["estimator__C"] == 1.0 and search.best_score_ > 0.6
    assert len(search.best_estimator_.query()) == 20


def test_score_leaves_out_rows_without_a_label(digits):
    X, truth = digits
    y = partly(truth, 100)
    learner = ActiveLearner(logistic()).fit(X, y)
    assert learner.score(X, y) == learner.score(X[:100], truth[:100])
    assert np.isnan(learner.score(X[100:], y[100:]))
    weight = np.r_[np.ones(50), np.zeros(350)]
    assert learner.score(X, truth, weight) == learner.score(X[:50], truth[:50])


def test_clones_and_settings(digits):
    learner = ActiveLearner(logistic(), "margin", 5, 3, strategy_params={"a": 1}, missing_label=None, embed=len)
    copied = clone(learner)
    assert copied.get_params()["strategy_params"] == {"a": 1} and copied.embed is len
    learner.set_params(estimator__C=7, strategy="entropy")
    assert learner.estimator.C == 7 and learner.strategy == "entropy"


def test_regressors_choose_by_their_committee():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(120, 3))
    y = X[:, 0] - 1.0
    gaps = np.where(np.arange(120) < 40, y, np.nan)
    gaps[0] = -1.0  # A number like any other.
    for forest in (RandomForestRegressor(6, random_state=0), BaggingRegressor(n_estimators=6, max_features=2, random_state=0)):
        learner = ActiveLearner(forest, "committee_variance", 4).fit(X, gaps)
        parts = getattr(learner.estimator_, "estimators_features_", [slice(None)] * 6)
        table = np.stack([m.predict(X[:, part]) for m, part in zip(learner.estimator_.estimators_, parts, strict=True)])
        assert np.array_equal(learner.query(), select.committee_variance(4, member_predictions=table, labeled=np.arange(40)))
        assert learner.score(X, gaps) > 0.8
    with pytest.raises(ValueError, match="committee_variance needs member_predictions, but LinearRegression"):
        ActiveLearner(LinearRegression(), "committee_variance").fit(X, gaps).query()


def test_several_labels_a_row():
    X, truth = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    y = np.where(np.arange(80)[:, None] < 40, truth, -1)
    for estimator in (OneVsRestClassifier(logistic()), RandomForestClassifier(5, random_state=0)):
        learner = ActiveLearner(estimator, "k_center", 5).fit(X, y)
        assert len(learner.query()) == 5
        assert _signals.probabilities(learner.estimator_, X).shape == (80, 3)
        learner.teach([50], truth[[50]])
        assert np.array_equal(learner.y_[50], truth[50])
    with pytest.raises(ValueError, match="margin is a strategy for classification"):
        ActiveLearner(OneVsRestClassifier(logistic()), "margin").fit(X, y)
    with pytest.raises(ValueError, match="only some labels"):
        ActiveLearner(OneVsRestClassifier(logistic()), "k_center").fit(X, np.where(np.arange(3) == 1, -1, truth))


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card["task"] == "multi_label"])
def test_multi_label_strategies_run(name):
    X, truth = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    y = np.where(np.arange(80)[:, None] < 40, truth, -1)
    assert len(ActiveLearner(OneVsRestClassifier(logistic()), name, 5).fit(X, y).query()) == 5


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card["task"] in ("any", "classification")])
def test_every_strategy_runs_on_a_forest(digits, name):
    X, truth = digits
    learner = ActiveLearner(RandomForestClassifier(10, random_state=0), name, 6).fit(X, partly(truth, 60))
    rows = learner.query()
    assert len(set(rows.tolist())) == 6 and rows.min() >= 60


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card["task"] in ("any", "regression")])
def test_every_strategy_runs_on_a_forest_of_regressors(name):
    X = np.random.default_rng(0).normal(size=(90, 3))
    learner = ActiveLearner(RandomForestRegressor(6, random_state=0), name, 4,
                            strategy_params={"filter": "random"} if name == "compose" else None)
    rows = learner.fit(X, np.where(np.arange(90) < 30, X[:, 0], np.nan)).query()
    assert len(set(rows.tolist())) == 4 and rows.min() >= 30

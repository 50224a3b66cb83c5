"""QueryStrategy: scikit-activeml's conventions, by which a loop moves over."""
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from querist import select
from querist.sklearn import QueryStrategy, SklearnClassifier, UncertaintySampling


def logistic():
    return LogisticRegression(max_iter=500)


# A loop as scikit-activeml's documentation writes it; with that package the two import lines read
# "from skactiveml.classifier import SklearnClassifier" and "from skactiveml.pool import UncertaintySampling" (and utils).
LOOP = """
import numpy as np
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from querist.sklearn import SklearnClassifier, UncertaintySampling
from querist.sklearn import MISSING_LABEL, unlabeled_indices

X, y_true = make_blobs(n_samples=200, centers=4, random_state=0)
y = np.full(shape=y_true.shape, fill_value=MISSING_LABEL)
y[:10] = y_true[:10]
clf = SklearnClassifier(LogisticRegression(), classes=np.unique(y_true))
qs = UncertaintySampling(method=METHOD, random_state=42)
queried = []
for _ in range(20):
    query_idx = qs.query(X=X, y=y, clf=clf)
    y[query_idx] = y_true[query_idx]
    queried.append(int(query_idx[0]))
clf.fit(X, y)
accuracy = np.mean(clf.predict(X) == y_true)
unlabeled = len(unlabeled_indices(y))
"""
# What scikit-activeml 1.0.1 asked about in the same loop.
PEER = {"least_confident": [179, 130, 83, 113, 119, 34, 73, 28, 92, 159, 36, 55, 116, 171, 118, 40, 163, 85, 177, 131],
        "margin_sampling": [116, 36, 83, 183, 113, 170, 91, 21, 58, 104, 124, 118, 75, 19, 180, 132, 28, 177, 93, 30],
        "entropy": [119, 116, 28, 130, 179, 83, 113, 73, 95, 180, 159, 19, 124, 148, 187, 132, 55, 163, 93, 171]}


@pytest.mark.parametrize("method", PEER)
def test_a_loop_for_scikit_activeml_moves_over_by_its_imports(method):
    space = {"METHOD": method}
    exec(LOOP, space)
    assert space["unlabeled"] == 170 and len(set(space["queried"])) == 20
    assert space["queried"] == PEER[method]


@pytest.fixture()
def blobs():
    draw = np.random.default_rng(1)
    X = draw.normal(size=(60, 2))
    truth = (X[:, 0] > 0).astype(float)
    return X, truth, np.where(np.arange(60) < 12, truth, np.nan)


def test_utilities_have_a_row_for_every_pick(blobs):
    X, _, y = blobs
    picks, table = QueryStrategy("margin").query(X, y, clf=GaussianNB(), batch_size=4, return_utilities=True)
    assert table.shape == (4, 60) and np.array_equal(np.nanargmax(table, axis=1), picks)
    assert np.all(np.isnan(table[:, :12])) and np.isnan(table[3, picks[0]])
    assert np.isnan(table).sum(axis=1).tolist() == [12, 13, 14, 15]
    ordered = np.sort(GaussianNB().fit(X[:12], y[:12]).predict_proba(X), axis=1)
    gap = ordered[:, -1] - ordered[:, -2]
    np.testing.assert_allclose(table[0, 12:], 1 - gap[12:], atol=1e-6)  # The utilities come from float32 probabilities.
    picks, table = QueryStrategy("k_center").query(X, y, batch_size=4, return_utilities=True)
    assert np.isfinite(table).sum() == 4 and np.array_equal(np.nanargmax(table, axis=1), picks)


def test_candidates_may_be_rows_or_features_beside_the_pool(blobs):
    X, _, y = blobs
    strategy = QueryStrategy("margin")
    assert set(strategy.query(X, y, clf=GaussianNB(), candidates=[20, 30, 40], batch_size=2)) <= {20, 30, 40}
    beside = np.array([[5.0, 0], [0.0, 0], [-5.0, 0]])
    picks, table = strategy.query(X, y, clf=GaussianNB(), candidates=beside, return_utilities=True)
    assert picks.tolist() == [1] and table.shape == (1, 3)


def test_sparse_features_serve_as_dense_ones_do(blobs):
    X, _, y = blobs
    for name in ("margin", "k_center", "uherding"):
        for candidates in (None, X[:20] + 0.1):
            picks = [QueryStrategy(name).query(rows, y, clf=logistic(), batch_size=3, candidates=candidates)
                     for rows in (X, csr_matrix(X))]
            assert np.array_equal(picks[0], picks[1]), name


def test_fitted_models_and_committees(blobs):
    X, _, y = blobs
    model = GaussianNB().fit(X[:12], y[:12])
    strategy = QueryStrategy("margin")
    assert np.array_equal(strategy.query(X, y, clf=model, fit_clf=False), strategy.query(X, y, clf=GaussianNB()))
    committee = [GaussianNB(), DecisionTreeClassifier(max_depth=1), SklearnClassifier(logistic(), classes=[0, 1])]
    tables = np.stack([one.fit(X[:12], y[:12]).predict_proba(X) for one in map(clone, committee)])
    wanted = select.batch_bald(3, member_probabilities=tables, labeled=np.arange(12), seed=12)
    assert np.array_equal(QueryStrategy("batch_bald").query(X, y, ensemble=committee, batch_size=3), wanted)
    forest = RandomForestClassifier(5, random_state=0)
    assert np.array_equal(QueryStrategy("batch_bald").query(X, y, ensemble=forest),
                          QueryStrategy("batch_bald").query(X, y, clf=forest))
    knowing = [SklearnClassifier(GaussianNB(), classes=[0, 1, 2]), GaussianNB()]
    assert len(QueryStrategy("batch_bald").query(X, y, ensemble=knowing)) == 1
    assert len(QueryStrategy("batch_bald").query(X, y, clf=knowing[0], ensemble=knowing)) == 1
    with pytest.raises(ValueError, match="batch_bald needs member_probabilities: pass ensemble"):
        QueryStrategy("batch_bald").query(X, y)
    with pytest.raises(ValueError, match="margin needs probabilities: pass clf"):
        strategy.query(X, y)
    with pytest.raises(ValueError, match="margin needs probabilities, but LinearSVC"):
        strategy.query(X, y, clf=LinearSVC())


def test_a_regressor_may_be_the_model(blobs):
    X, _, y = blobs
    gaps = np.where(np.isnan(y), np.nan, X[:, 0])
    picks = QueryStrategy("committee_variance").query(X, gaps, ensemble=[LinearRegression(), RandomForestRegressor(3)])
    assert len(picks) == 1 and picks[0] >= 12


def test_the_labels_are_left_as_they_are(blobs):
    X, truth, _ = blobs
    y = np.array([int(one) for one in truth], object)
    y[12:] = None
    kept = y.copy()
    QueryStrategy("margin", missing_label=None).query(X, y, clf=GaussianNB())
    assert np.array_equal(y, kept)


def test_nothing_labelled_draws_and_follows_the_seed(blobs):
    X, _, _ = blobs
    y = np.full(60, np.nan)
    classifier = SklearnClassifier(logistic(), classes=[0, 1])
    draws = [int(QueryStrategy("margin", seed).query(X, y, clf=classifier)[0]) for seed in range(8)]
    assert len(set(draws)) > 1
    assert draws[3] == int(QueryStrategy("margin", 3).query(X, y, clf=classifier)[0])


def test_settings_of_a_strategy():
    strategy = QueryStrategy("k_means", 3, max_iterations=7)
    copied = clone(strategy)
    assert copied.get_params() == {"name": "k_means", "random_state": 3, "missing_label": copied.missing_label,
                                   "max_iterations": 7}
    assert copied.set_params(max_iterations=9, random_state=1).get_params()["max_iterations"] == 9
    with pytest.raises(ValueError, match="no parameter 'gamma'"):
        copied.set_params(gamma=1)
    assert clone(UncertaintySampling("entropy")).method == "entropy"
    with pytest.raises(ValueError, match="method must be one of"):
        UncertaintySampling("other").query(np.zeros((3, 1)), [0, 1, np.nan])


def test_a_classifier_knows_all_classes_from_the_start():
    X = np.arange(8.0).reshape(-1, 1)
    gaps = np.full(8, np.nan)
    classifier = SklearnClassifier(logistic(), classes=[0, 1, 2])
    np.testing.assert_allclose(classifier.fit(X, gaps).predict_proba(X), 1 / 3)
    gaps[0] = 1
    assert np.all(classifier.fit(X, gaps).predict(X) == 1)
    gaps[7] = 2
    table = classifier.fit(X, gaps).predict_proba(X)
    assert table.shape == (8, 3) and np.all(table[:, 0] == 0) and classifier.predict(X)[7] == 2
    with pytest.raises(ValueError, match="not among classes"):
        SklearnClassifier(logistic(), classes=[0]).fit(X, gaps)

"""Strategies on kernels: QUIRE, expected error reduction, Parzen uncertainty, MaxHerding, ProbCover, information density."""
import numpy as np
from workload import Workload, close, partly_labeled, rows, scaled


class Quire(Workload):
    name, shape, peer_name, goal = "quire", "1,200 x 16, L = 20", "scikit-activeml", 100

    def data(self, scale):
        n = scaled(1200, scale, 60)
        return {"x": rows(n, 16), "y": partly_labeled(n, 20), "gamma": 1 / 16}

    def peer(self, d):
        from skactiveml.pool import Quire as Peer
        _, utilities = Peer(classes=[0, 1], metric_dict={"gamma": d["gamma"]}, random_state=0).query(
            d["x"], d["y"], batch_size=1, return_utilities=True)
        return {"utilities": utilities[0][20:]}

    def ours(self, d):
        import querist
        n = len(d["x"]) - 20
        indices, utilities = querist.select.quire(n, embeddings=d["x"], labeled=np.arange(20), labels=np.arange(20) % 2,
                                                  gamma=d["gamma"], return_utilities=True)
        return {"utilities": utilities[np.argsort(indices)]}

    def same(self, theirs, ours):
        return close(theirs["utilities"], ours["utilities"], 1e-9)


class QuireOfAlipy(Quire):
    """ALiPy's, after libact's, which names one row and no utilities. Its inverse of L_aa leaves out the kernel between labelled
    rows, and its downdate takes a scalar for the outer product, so that it ranks by other numbers than Huang, Jin and Zhou's,
    to which scikit-activeml's and ours agree. collections.Iterable, which it asks for, left Python with 3.10.

    libact 0.1.6 itself is no row: its build needs Cython, numpy.distutils (gone from NumPy's setups of today) and LAPACKE's headers.
    Without its C parts (LIBACT_BUILD_HINTSVM=0, LIBACT_BUILD_VARIANCE_REDUCTION=0) it can be built, but that release has no
    information density over pairs: DensityWeightedMeta compares each row with the centre of its k-means cluster alone, which is
    another quantity, and its InformationDensity came after the last release.
    """
    name, shape, peer_name = "quire_alipy", "1,200 x 16, L = 20, b = 1", "ALiPy"

    def peer(self, d):
        import collections
        import collections.abc
        collections.Iterable = collections.abc.Iterable
        from alipy.query_strategy.query_labels import QueryInstanceQUIRE
        n = len(d["x"])
        strategy = QueryInstanceQUIRE(d["x"], np.arange(n) % 2 * 2 - 1, np.arange(n), gamma=d["gamma"])
        return {"indices": np.array(strategy.select(np.arange(20), np.arange(20, n)))}

    def ours(self, d):
        import querist
        return {"indices": querist.select.quire(1, embeddings=d["x"], labeled=np.arange(20), labels=np.arange(20) % 2,
                                                gamma=d["gamma"])}

    def same(self, theirs, ours):
        return Workload.same(self, theirs, ours) or "not comparable: its inverses are approximate"


class ExpectedErrorReduction(Workload):
    name, shape, peer_name, goal = "expected_error_reduction", "n = 1k, C = 4, Parzen", "scikit-activeml", 1000
    labeled = 50

    def data(self, scale):
        n = scaled(1000, scale, 120)
        return {"x": rows(n, 8), "y": partly_labeled(n, self.labeled, 4), "gamma": 0.2}

    def peer(self, d):
        from skactiveml.classifier import ParzenWindowClassifier
        from skactiveml.pool import MonteCarloEER
        classifier = ParzenWindowClassifier(classes=[0, 1, 2, 3], metric_dict={"gamma": d["gamma"]})
        _, utilities = MonteCarloEER(random_state=0).query(d["x"], d["y"], classifier, batch_size=1, return_utilities=True)
        return {"utilities": utilities[0][self.labeled:]}

    def ours(self, d):
        import querist
        indices, utilities = querist.select.expected_error_reduction(
            len(d["x"]) - self.labeled, embeddings=d["x"], labeled=np.arange(self.labeled),
            labels=np.arange(self.labeled) % 4, learner="parzen", gamma=d["gamma"], return_utilities=True)
        return {"utilities": utilities[np.argsort(indices)]}

    def same(self, theirs, ours):
        return close(theirs["utilities"], ours["utilities"], 1e-9)


class ParzenUncertainty(Workload):
    name, shape, peer_name, goal = "parzen_uncertainty", "30k x 64, L = 100, b = 20", "scikit-activeml", 100

    def data(self, scale):
        n = scaled(30_000, scale, 200)
        return {"x": rows(n, 64), "y": partly_labeled(n, 100, 4), "gamma": 0.01}

    def peer(self, d):
        from skactiveml.classifier import ParzenWindowClassifier
        from skactiveml.pool import UncertaintySampling
        classifier = ParzenWindowClassifier(classes=[0, 1, 2, 3], metric_dict={"gamma": d["gamma"]})
        return {"indices": UncertaintySampling(method="margin_sampling", random_state=0).query(
            d["x"], d["y"], classifier, batch_size=20)}

    def ours(self, d):
        import querist
        labeled = np.arange(100)
        model = querist.learners.ParzenWindow(gamma=d["gamma"], classes=4).fit(d["x"][:100], labeled % 4)
        return {"indices": querist.select.margin(20, probabilities=model.predict_proba(d["x"]), labeled=labeled)}


class MaxHerding(Workload):
    name, shape, peer_name, goal = "max_herding", "10k x 128, b = 50", "scikit-activeml", 100

    def data(self, scale):
        n = scaled(10_000, scale, 100)
        return {"x": rows(n, 128), "b": min(50, n // 2)}

    def peer(self, d):
        from skactiveml.pool import MaxHerding as Peer
        return {"indices": Peer(random_state=0).query(d["x"], np.full(len(d["x"]), np.nan), batch_size=d["b"])}

    def ours(self, d):
        import querist
        unit = d["x"] / np.linalg.norm(d["x"], axis=1, keepdims=True)
        return {"indices": querist.select.max_herding(d["b"], embeddings=unit, gamma=1 / 128, max_targets=0, max_candidates=0)}


class ProbCover(Workload):
    name, shape, peer_name, goal = "prob_cover", "16k x 64, b = 20", "scikit-activeml", 50
    delta = 9.0

    def data(self, scale):
        n = scaled(16_000, scale, 100)
        return {"x": rows(n, 64), "b": 20}

    def peer(self, d):
        from skactiveml.pool import ProbCover as Peer
        return {"indices": Peer(n_classes=2, deltas=[self.delta], random_state=0).query(
            d["x"], np.full(len(d["x"]), np.nan), batch_size=d["b"])}

    def ours(self, d):
        import querist
        return {"indices": querist.select.prob_cover(d["b"], embeddings=d["x"], delta=self.delta)}

    def same(self, theirs, ours):
        return super().same(theirs, ours) or "ties are drawn by the peer"


class InformationDensity(Workload):
    name, shape, peer_name, goal, most_mb = "information_density", "20k x 128", "modAL", 50, 100

    def data(self, scale):
        return {"x": rows(scaled(20_000, scale, 100), 128)}

    def peer(self, d):
        from modAL.density import information_density
        return {"utilities": information_density(d["x"], "euclidean")}

    def ours(self, d):
        import querist
        indices, utilities = querist.select.information_density(len(d["x"]), embeddings=d["x"], return_utilities=True)
        return {"utilities": utilities[np.argsort(indices)]}


WORKLOADS = [Quire(), QuireOfAlipy(), ExpectedErrorReduction(), ParzenUncertainty(), MaxHerding(), ProbCover(), InformationDensity()]

"""Strategies that follow distances: ranked batch, k-center, GSx, BADGE, cluster strategies."""
import types

import numpy as np
from workload import Workload, partly_labeled, probabilities, rows, scaled


class RankedBatch(Workload):
    name, shape, peer_name, goal = "ranked_batch", "50k x 128, L = 1k, b = 50", "modAL", 100

    def data(self, scale):
        n, labeled = scaled(50_000, scale), scaled(1000, scale, 10)
        return {"x": rows(labeled + n, 128), "labeled": labeled, "p": probabilities(labeled + n, 5), "b": min(50, n)}

    def peer(self, d):
        from modAL.batch import ranked_batch
        learner = types.SimpleNamespace(on_transformed=False, X_training=d["x"][:d["labeled"]])
        pool = d["x"][d["labeled"]:]
        uncertainty = 1 - d["p"][d["labeled"]:].max(axis=1)
        picked, _ = ranked_batch(learner, pool, uncertainty, d["b"], "euclidean", 1)
        return {"indices": picked + d["labeled"]}

    def ours(self, d):
        import querist
        return {"indices": querist.select.ranked_batch(d["b"], embeddings=d["x"], probabilities=d["p"],
                                                       labeled=np.arange(d["labeled"]))}


class KCenter(Workload):
    name, shape, peer_name, goal = "k_center", "100k x 128, L = 1k, b = 200", "scikit-activeml", 10

    def data(self, scale):
        n, labeled = scaled(100_000, scale), scaled(1000, scale, 10)
        return {"x": rows(n, 128), "labeled": labeled, "y": partly_labeled(n, labeled), "b": min(200, n - labeled)}

    def peer(self, d):
        from skactiveml.pool import CoreSet
        return {"indices": CoreSet(random_state=0).query(d["x"], d["y"], batch_size=d["b"])}

    def ours(self, d):
        import querist
        return {"indices": querist.select.k_center(d["b"], embeddings=d["x"], labeled=np.arange(d["labeled"]))}


class GreedySamplingX(Workload):
    name, shape, peer_name, goal, most_mb = "gsx", "10k x 64, L = 200, b = 200", "scikit-activeml", 500, 50

    def data(self, scale):
        n, labeled = scaled(10_000, scale), scaled(200, scale, 10)
        return {"x": rows(n, 64), "labeled": labeled, "y": partly_labeled(n, labeled), "b": min(200, n - labeled)}

    def peer(self, d):
        from skactiveml.pool import GreedySamplingX as Peer
        return {"indices": Peer(random_state=0).query(d["x"], d["y"], batch_size=d["b"])}

    def ours(self, d):
        import querist
        return {"indices": querist.select.gsx(d["b"], embeddings=d["x"], labeled=np.arange(d["labeled"]))}


def linear_classifier(weights):
    """A classifier of scikit-activeml's kind with a fixed linear head."""
    from skactiveml.base import SkactivemlClassifier

    class Linear(SkactivemlClassifier):
        def __init__(self):
            super().__init__(classes=list(range(weights.shape[1])))

        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return softmax(X @ weights)

    return Linear()


def softmax(scores):
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


class Badge(Workload):
    """NumPy's factorised form is the yardstick; draws differ between generators, so the sequences cannot be compared."""
    name, shape, peer_name, goal, yardstick = "badge", "20k x 128, C = 20, b = 50", "scikit-activeml", 5, "plain"

    def data(self, scale):
        n = scaled(20_000, scale)
        x = rows(n, 128)
        weights = rows(128, 20, 3) / 8
        return {"x": x, "weights": weights, "p": softmax(x @ weights), "y": partly_labeled(n, 10, 20), "b": min(50, n - 10)}

    def peer(self, d):
        from skactiveml.pool import Badge as Peer
        return {"indices": Peer(random_state=0).query(d["x"], d["y"], linear_classifier(d["weights"]), fit_clf=False,
                                                      batch_size=d["b"])}

    def plain(self, d):
        x, rng = d["x"][10:], np.random.default_rng(0)
        q = -d["p"][10:].copy()
        q[np.arange(len(q)), d["p"][10:].argmax(axis=1)] += 1
        norms = (q * q).sum(axis=1) * (x * x).sum(axis=1)
        pick = int(norms.argmax())
        picks, nearest = [pick], None
        for _ in range(d["b"] - 1):
            squared = np.maximum(norms + norms[pick] - 2 * (x @ x[pick]) * (q @ q[pick]), 0)
            nearest = squared if nearest is None else np.minimum(nearest, squared)
            nearest[picks] = 0
            totals = np.cumsum(nearest)
            pick = int(np.searchsorted(totals, rng.random() * totals[-1], side="right"))
            picks.append(pick)
        return {"indices": np.array(picks) + 10}

    def ours(self, d):
        import querist
        return {"indices": querist.select.badge(d["b"], embeddings=d["x"], probabilities=d["p"], labeled=np.arange(10))}

    def same(self, theirs, ours):
        first = theirs["indices"][0] == ours["indices"][0]
        distinct = len(np.unique(ours["indices"])) == len(ours["indices"])
        return "same first pick; later ones are drawn" if first and distinct else ""


class TypiClust(Workload):
    """The peer clusters by scikit-learn's k-means with another start, so the sequences differ."""
    name, shape, peer_name = "typiclust", "30k x 64, b = 200", "scikit-activeml"

    def data(self, scale):
        n = scaled(30_000, scale, 400)
        centers = rows(50, 64, 5) * 2
        return {"x": rows(n, 64) + centers[np.arange(n) % 50], "y": partly_labeled(n, 10), "b": min(200, n // 40)}

    def peer(self, d):
        from skactiveml.pool import TypiClust as Peer
        return {"indices": Peer(random_state=0).query(d["x"], d["y"], batch_size=d["b"])}

    def ours(self, d):
        import querist
        return {"indices": querist.select.typiclust(d["b"], embeddings=d["x"], labeled=np.arange(10))}

    def same(self, theirs, ours):
        return "not comparable: another start of k-means"


class Clue(TypiClust):
    name, shape = "clue", "30k x 64, C = 5, b = 100"

    def data(self, scale):
        data = super().data(scale)
        weights = rows(64, 5, 3) / 8
        return {**data, "weights": weights, "p": softmax(data["x"] @ weights), "b": min(100, len(data["x"]) // 40)}

    def peer(self, d):
        from skactiveml.pool import Clue as Peer
        return {"indices": Peer(random_state=0).query(d["x"], d["y"], linear_classifier(d["weights"]), fit_estimator=False,
                                                      batch_size=d["b"])}

    def ours(self, d):
        import querist
        return {"indices": querist.select.clue(d["b"], embeddings=d["x"], probabilities=d["p"], labeled=np.arange(10))}


class ClusterMargin(Clue):
    name, shape, peer_name = "cluster_margin", "30k x 64, C = 5, b = 100", None

    def ours(self, d):
        import querist
        return {"indices": querist.select.cluster_margin(d["b"], embeddings=d["x"], probabilities=d["p"], labeled=np.arange(10))}


class Lcmd(KCenter):
    name, shape, peer_name, goal = "lcmd", "100k x 128, L = 1k, b = 200", None, None

    def ours(self, d):
        import querist
        return {"indices": querist.select.lcmd(d["b"], embeddings=d["x"], labeled=np.arange(d["labeled"]))}


WORKLOADS = [RankedBatch(), KCenter(), GreedySamplingX(), Badge(), TypiClust(), Clue(), ClusterMargin(), Lcmd()]

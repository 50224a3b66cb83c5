"""Where a peer is good: uncertainty of given probabilities, partitions, k-means, a single distance step; whatever the ratio is."""
import numpy as np
from workload import Workload, close, probabilities, rows, scaled


class LeastConfidence(Workload):
    """The peer's scores of a given matrix, then NumPy's partition: simple_batch, with which it would pick, takes seconds (top_k)."""
    name, shape, peer_name, yardstick = "least_confidence", "1M x 10, b = 100", "scikit-activeml", "plain"
    strategy, method = "least_confidence", "least_confident"
    size = 1_000_000

    def data(self, scale):
        n = scaled(self.size, scale, 1000)
        return {"p": probabilities(n, 10), "b": min(100, n // 10)}

    def best(self, u, b):
        kept = np.argpartition(-u, b)[:b]
        order = np.lexsort((kept, -u[kept]))
        return {"indices": kept[order], "utilities": u[kept[order]]}

    def peer(self, d):
        from skactiveml.pool import uncertainty_scores
        return self.best(uncertainty_scores(d["p"], method=self.method), d["b"])

    def plain(self, d):
        return self.best(1 - d["p"].max(axis=1), d["b"])

    def ours(self, d):
        import querist
        indices, utilities = getattr(querist.select, self.strategy)(d["b"], probabilities=d["p"], return_utilities=True)
        return {"indices": indices, "utilities": utilities}

    def same(self, theirs, ours):
        picks = "same sequence" if np.array_equal(theirs["indices"], ours["indices"]) else "ties of float32"
        return f"{picks}, {close(theirs['utilities'], ours['utilities'], 1e-5)}"


class Margin(LeastConfidence):
    name = strategy = "margin"
    method = "margin_sampling"

    def plain(self, d):
        two = np.partition(d["p"], (-2, -1), axis=1)
        return self.best(1 - (two[:, -1] - two[:, -2]), d["b"])


class Entropy(LeastConfidence):
    name = strategy = method = "entropy"

    def plain(self, d):
        p = d["p"]
        return self.best(-(p * np.log(np.maximum(p, 1e-300))).sum(axis=1), d["b"])


class SmallMargin(Margin):
    """What a call costs: a pool so small that checks and bindings are most of it."""
    name, shape, size = "margin_small", "1k x 10, b = 100", 1000


class SmallTopK(Workload):
    name, shape, peer_name, yardstick = "top_k_small", "1k, b = 10", "NumPy", "plain"

    def data(self, scale):
        return {"u": np.random.default_rng(0).random(1000), "b": 10}

    def plain(self, d):
        kept = np.argpartition(-d["u"], d["b"])[:d["b"]]
        return {"indices": kept[np.argsort(-d["u"][kept], kind="stable")]}

    peer = plain

    def ours(self, d):
        import querist
        return {"indices": querist.select.top_k(d["u"], d["b"])}


class DistanceStep(Workload):
    """One step of k-center: from every row to one labelled row, and the farthest. A product with a vector is as fast as memory."""
    name, shape, peer_name, yardstick, labeled = "k_center_step", "100k x 128, L = 1, b = 1", "scikit-learn", "plain", 1

    def data(self, scale):
        n = scaled(100_000, scale, 2000)
        return {"x": rows(n, 128), "labeled": self.labeled}

    def peer(self, d):
        from sklearn.metrics import pairwise_distances_argmin_min
        _, nearest = pairwise_distances_argmin_min(d["x"], d["x"][:d["labeled"]])
        return {"indices": np.array([nearest.argmax()])}

    def plain(self, d):
        x, centers = d["x"], d["x"][:d["labeled"]]
        squared = np.einsum("ij,ij->i", x, x)[:, None] + (centers * centers).sum(axis=1) - 2 * (x @ centers.T)
        return {"indices": np.array([squared.min(axis=1).argmax()])}

    def ours(self, d):
        import querist
        return {"indices": querist.select.k_center(1, embeddings=d["x"], labeled=np.arange(d["labeled"]))}


class DistanceStepFloat32(DistanceStep):
    """The same on float32 on both sides, which nobody has to convert."""
    name, shape = "k_center_step_float32", "100k x 128 float32, L = 1, b = 1"

    def data(self, scale):
        data = super().data(scale)
        return {**data, "x": data["x"].astype(np.float32)}


class NearestLabeled(DistanceStep):
    name, shape, labeled, yardstick = "k_center_labeled", "100k x 128, L = 1k, b = 1", 1000, "peer"


class KMeans(Workload):
    """Both cluster from a start of their own and pick the row nearest to each centre; the spread is what is left of the squares."""
    name, shape, peer_name, clusters, size = "k_means", "50k x 64, b = 100", "scikit-learn", 100, 50_000

    def points(self, n):
        centers = rows(self.clusters, 64, 5) * 2
        return rows(n, 64) + centers[np.arange(n) % self.clusters]

    def data(self, scale):
        n = scaled(self.size, scale, 2000)
        return {"x": self.points(n)}

    def cluster(self, x):
        from sklearn.cluster import KMeans as Peer
        return Peer(self.clusters, n_init=1, random_state=0).fit(x).cluster_centers_

    def peer(self, d):
        from sklearn.metrics import pairwise_distances_argmin
        return {"indices": np.unique(pairwise_distances_argmin(self.cluster(d["x"]), d["x"])), "n": len(d["x"])}

    def ours(self, d):
        import querist
        return {"indices": querist.select.k_means(self.clusters, embeddings=d["x"]), "n": len(d["x"])}

    def same(self, theirs, ours):
        from sklearn.metrics import pairwise_distances_argmin_min
        x = self.points(int(ours["n"]))
        spread = [np.square(pairwise_distances_argmin_min(x, x[picks])[1]).mean() for picks in (theirs["indices"], ours["indices"])]
        return f"another start; spread about the picks {spread[1] / spread[0]:.3f} times the peer's"


class MiniBatchKMeans(KMeans):
    name, shape, size = "k_means_mini_batch", "200k x 64, b = 100", 200_000

    def cluster(self, x):
        from sklearn.cluster import MiniBatchKMeans as Peer
        return Peer(self.clusters, random_state=0).fit(x).cluster_centers_


WORKLOADS = [LeastConfidence(), Margin(), Entropy(), SmallMargin(), SmallTopK(), DistanceStep(), DistanceStepFloat32(), NearestLabeled(),
             KMeans(), MiniBatchKMeans()]

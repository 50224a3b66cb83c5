"""Strategies on probabilities: BatchBALD, EPIG, expected average precision, the k largest of a million."""
import numpy as np
from workload import Workload, close, probabilities, scaled


def committee(members, n, classes):
    return np.stack([probabilities(n, classes, seed) for seed in range(members)])


class BatchBald(Workload):
    name, shape, peer_name, goal, most_mb = "batch_bald", "5k, K = 20, C = 10, b = 5", "scikit-activeml", 50, 200

    def data(self, scale):
        n = scaled(5000, scale)
        return {"members": committee(20, n, 10), "b": 5}

    def peer(self, d):
        from skactiveml.pool import batch_bald
        return {"indices": np.nanargmax(batch_bald(d["members"], batch_size=d["b"], n_MC_samples=10_000, random_state=0), axis=1)}

    def ours(self, d):
        import querist
        return {"indices": querist.select.batch_bald(d["b"], member_probabilities=d["members"])}


class Epig(Workload):
    name, shape = "epig", "5k, K = 20, C = 10, 500 targets"

    def data(self, scale):
        return {"members": committee(20, scaled(5000, scale), 10)}

    def ours(self, d):
        import querist
        return {"indices": querist.select.epig(20, member_probabilities=d["members"])}


class ExpectedAveragePrecision(Workload):
    name, shape, peer_name, goal = "expected_average_precision", "n = 200, C = 3", "scikit-activeml", 200

    def data(self, scale):
        return {"p": probabilities(scaled(200, scale, 20), 3)}

    def peer(self, d):
        from skactiveml.pool import expected_average_precision
        return {"utilities": expected_average_precision([0, 1, 2], d["p"])}

    def ours(self, d):
        import querist
        indices, utilities = querist.select.expected_average_precision(len(d["p"]), probabilities=d["p"], return_utilities=True)
        return {"utilities": utilities[np.argsort(indices)]}

    def same(self, theirs, ours):
        return close(theirs["utilities"], ours["utilities"], 1e-10)


class TopK(Workload):
    """NumPy's partition is the yardstick."""
    name, shape, peer_name, goal, yardstick = "top_k", "1M, b = 300", "scikit-activeml", 2, "plain"

    def data(self, scale):
        return {"u": np.random.default_rng(0).random(scaled(1_000_000, scale, 1000)), "b": 300}

    def peer(self, d):
        from skactiveml.utils import simple_batch
        return {"indices": simple_batch(d["u"], random_state=0, batch_size=d["b"])}

    def plain(self, d):
        kept = np.argpartition(-d["u"], d["b"])[:d["b"]]
        return {"indices": kept[np.argsort(-d["u"][kept], kind="stable")]}

    def ours(self, d):
        import querist
        return {"indices": querist.select.top_k(d["u"], d["b"])}


WORKLOADS = [BatchBald(), Epig(), ExpectedAveragePrecision(), TopK()]

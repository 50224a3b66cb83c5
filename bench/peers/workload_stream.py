"""Stream strategies, one instance a call on both sides, with the classifier's probabilities given."""
import numpy as np
from workload import Workload, probabilities, scaled


def given_probabilities(rows):
    """A classifier of scikit-activeml's kind that answers each call with the next row."""
    from skactiveml.base import SkactivemlClassifier

    class Given(SkactivemlClassifier):
        def __init__(self):
            super().__init__(classes=list(range(rows.shape[1])))

        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return rows[X[:, -1].astype(int)]  # The last column says which row it is.

    return Given()


class OneAtATime(Workload):
    """Decisions are equal bit by bit for the same seed. The peer runs a share of the instances; its seconds are told for all."""
    shape, peer_name, goal, share = "100k instances, C = 3", "scikit-activeml", 200, 10
    kind = ""        # Our class.
    reads_places = False

    def data(self, scale):
        n = scaled(100_000, scale, 200)
        return {"p": probabilities(n, 3), "x": np.random.default_rng(2).normal(size=(n, 10)).astype(np.float32).astype(float)}

    def strategy(self):
        raise NotImplementedError

    def peer(self, d):
        strategy, classifier, asked = self.strategy(), given_probabilities(d["p"]), []
        n = len(d["p"]) // self.share
        rows = np.column_stack([d["x"][:n], np.zeros(n)]) if self.reads_places else np.zeros((n, 1))
        rows[:, -1] = np.arange(n)
        for i in range(n):
            candidate = rows[i:i + 1]
            chosen = strategy.query(candidate, classifier)
            strategy.update(candidate, chosen)
            asked.append(len(chosen) > 0)
        return {"indices": np.flatnonzero(asked)}

    def ours(self, d):
        import querist
        stream = getattr(querist.stream, self.kind)(seed=1)
        asked = [stream.query(row) for row in d["p"]]
        return {"indices": np.flatnonzero(asked[:len(asked) // self.share])}


class Split(OneAtATime):
    name, kind = "split", "Split"

    def strategy(self):
        from skactiveml.stream import Split as Peer
        return Peer(random_state=1)


class FixedUncertainty(OneAtATime):
    name, kind = "fixed_uncertainty", "FixedUncertainty"

    def strategy(self):
        from skactiveml.stream import FixedUncertainty as Peer
        return Peer(classes=[0, 1, 2], random_state=1)


class VariableUncertainty(OneAtATime):
    name, kind = "variable_uncertainty", "VariableUncertainty"

    def strategy(self):
        from skactiveml.stream import VariableUncertainty as Peer
        return Peer(random_state=1)


class RandomVariableUncertainty(OneAtATime):
    name, kind = "random_variable_uncertainty", "RandomVariableUncertainty"

    def strategy(self):
        from skactiveml.stream import RandomVariableUncertainty as Peer
        return Peer(random_state=1)


class DensityBased(OneAtATime):
    """StreamDensityBasedAL, whose rule it is; the four CognitiveDualQueryStrategy of the peer keep another kind of window."""
    name, kind, reads_places, share = "density_based", "DensityBased", True, 20
    shape = "100k instances, d = 10, C = 3, window 100"

    def strategy(self):
        from skactiveml.stream import StreamDensityBasedAL

        def distances(window, candidates):  # The last column is the row's number, not a place.
            from sklearn.metrics import pairwise_distances
            return pairwise_distances(np.asarray(window)[:, :-1], np.asarray(candidates)[:, :-1])

        return StreamDensityBasedAL(dist_func=distances, random_state=1)

    def ours(self, d):
        import querist
        stream = querist.stream.DensityBased(seed=1)
        asked = [stream.query(p, x) for p, x in zip(d["p"], d["x"])]
        return {"indices": np.flatnonzero(asked[:len(asked) // self.share])}


class ManyAtOnce(Split):
    """The same decisions of a stream that arrives in one array: querist's query_many, which the peer's query has not."""
    name, shape = "split_query_many", "100k instances, C = 3, one array"

    def ours(self, d):
        import querist
        asked = querist.stream.Split(seed=1).query_many(d["p"])
        return {"indices": np.flatnonzero(asked[:len(asked) // self.share])}


WORKLOADS = [Split(), ManyAtOnce(), FixedUncertainty(), VariableUncertainty(), RandomVariableUncertainty(), DensityBased()]

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


class Split(Workload):
    """Decisions are equal bit by bit for the same seed. The peer runs a tenth of the instances; both are told per 100k."""
    name, shape, peer_name, goal = "split", "100k instances", "scikit-activeml", 200
    share = 10

    def data(self, scale):
        n = scaled(100_000, scale, 200)
        return {"p": probabilities(n, 3), "x": np.random.default_rng(2).normal(size=(n, 10)).astype(np.float32).astype(float)}

    def strategy(self):
        from skactiveml.stream import Split as Peer
        return Peer(random_state=1)

    def peer(self, d):
        strategy, classifier, asked = self.strategy(), given_probabilities(d["p"]), []
        for i in range(len(d["p"]) // self.share):
            candidate = np.array([[i]], float)
            chosen = strategy.query(candidate, classifier)
            strategy.update(candidate, chosen)
            asked.append(len(chosen) > 0)
        return {"indices": np.flatnonzero(asked)}

    def ours(self, d):
        import querist
        stream = querist.stream.Split(seed=1)
        asked = [stream.query(row) for row in d["p"]]
        return {"indices": np.flatnonzero(asked[:len(asked) // self.share])}


WORKLOADS = [Split()]

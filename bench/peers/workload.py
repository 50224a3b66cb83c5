"""What a comparison is made of, and the ways in which two answers can be equal."""
import numpy as np


class Workload:
    """A comparison. Subclasses give name, peer_name, goal and shape, data(scale), peer(data), ours(data), perhaps plain(data)."""
    name = shape = ""
    peer_name = None  # None: no peer has it.
    goal = None       # Times fewer CPU seconds than the yardstick.
    yardstick = "peer"
    most_mb = None    # A goal for the peak memory of our side.
    share = 1         # The peer does one of so many parts of the work; its CPU seconds are told for all of it.

    def data(self, scale):
        raise NotImplementedError

    def same(self, theirs, ours):
        """What is equal of the two answers, in words; empty when nothing is."""
        if "utilities" in theirs and "utilities" in ours:
            return close(theirs["utilities"], ours["utilities"], 1e-5)
        if np.array_equal(theirs["indices"], ours["indices"]):
            return "same sequence"
        at = next(i for i, pair in enumerate(zip(theirs["indices"], ours["indices"])) if pair[0] != pair[1])
        return f"same up to pick {at}" if at else ""


def close(theirs, ours, tolerance):
    scale = np.max(np.abs(theirs)) or 1.0
    error = float(np.max(np.abs(theirs - ours)) / scale)
    return f"utilities within {error:.0e}" if error <= tolerance else ""


def rows(n, d, seed=0):
    """Normal rows whose float64 values are float32 values, so that both sides see the same numbers."""
    return np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32).astype(np.float64)


def probabilities(n, classes, seed=1):
    drawn = np.random.default_rng(seed).dirichlet(np.ones(classes), n).astype(np.float32)
    return (drawn / drawn.sum(axis=1, keepdims=True)).astype(np.float32).astype(np.float64)


def scaled(n, scale, least=40):
    return max(least, int(n * scale))


def partly_labeled(n, labeled, classes=2):
    """y as scikit-activeml wants it: class numbers of the first rows, NaN for the rest."""
    y = np.full(n, np.nan)
    y[:labeled] = np.arange(labeled) % classes
    return y

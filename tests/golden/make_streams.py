"""Makes streams.json with scikit-activeml and NumPy: a stream of instances and what was asked about, one at a time.

Run in an environment of its own: pip install scikit-activeml==1.0.1; python make_streams.py
"""
import json
import pathlib

import numpy as np
import skactiveml
from skactiveml.base import SkactivemlClassifier
from skactiveml.stream import (
    FixedUncertainty, RandomVariableUncertainty, Split, StreamDensityBasedAL, StreamRandomSampling, VariableUncertainty)
from skactiveml.stream.budgetmanager import (
    BalancedIncrementalQuantileFilter, DensityBasedSplitBudgetManager, FixedUncertaintyBudgetManager,
    RandomVariableUncertaintyBudgetManager, SplitBudgetManager, VariableUncertaintyBudgetManager)

SIZE = 1200


class Given(SkactivemlClassifier):
    """A classifier whose answer is given."""

    def fit(self, X, y, sample_weight=None):
        return self

    def predict_proba(self, X):
        return self.probabilities


def draw(rng):
    """Probabilities that become surer and then jump, embeddings about moving centres with repeats; few digits, exact in float32."""
    probabilities = []
    for i in range(SIZE):
        sure = 0.2 + 2.5 * ((i % 500) / 500)
        p = rng.dirichlet(np.array([1, 1, 1]) / sure)
        p = np.round(p, 3)
        probabilities.append([p[0], p[1], round(1 - p[0] - p[1], 3)])
    probabilities = np.abs(np.array(probabilities))
    centres = rng.normal(size=(3, 4)) * 2
    embeddings = centres[rng.integers(0, 3, SIZE)] + rng.normal(size=(SIZE, 4)) + np.arange(SIZE)[:, None] / 400
    embeddings = np.round(embeddings * 64) / 64
    for i in range(50, SIZE, 37):
        embeddings[i] = embeddings[i - 7]
    return probabilities, embeddings


def run(strategy, probabilities, embeddings, with_utilities=False):
    given = Given(classes=list(range(probabilities.shape[1])))
    text = ""
    for p, x in zip(probabilities, embeddings):
        given.probabilities = p[None]
        if isinstance(strategy, StreamRandomSampling):
            asked = strategy.query(x[None])
            strategy.update(x[None], asked)
        else:
            asked, utilities = strategy.query(x[None], given, return_utilities=True)
            extra = {"budget_manager_param_dict": {"utilities": utilities}} if with_utilities else {}
            strategy.update(x[None], asked, **extra)
        text += str(len(asked))
    return text


def cases():
    """(our strategy, our params, seed, theirs, whether its budget manager wants utilities)."""
    for budget in (0.1, 0.4):
        for window in (100, 20):
            manager = FixedUncertaintyBudgetManager([0, 1, 2], w=window, budget=budget)
            yield "fixed_uncertainty", {"budget": budget, "window": window}, 0, FixedUncertainty([0, 1, 2], manager), False
            for s in (0.01, 0.2):
                manager = VariableUncertaintyBudgetManager(s=s, w=window, budget=budget)
                yield "variable_uncertainty", {"budget": budget, "window": window, "s": s}, 0, VariableUncertainty(manager), False
        for tolerance in (50, 7.5):
            params = {"budget": budget, "budget_manager": "balanced_incremental_quantile", "window": 30, "tolerance": tolerance}
            manager = BalancedIncrementalQuantileFilter(w=30, w_tol=tolerance, budget=budget)
            yield "fixed_uncertainty", params, 0, FixedUncertainty([0, 1, 2], manager), True
            yield "density_based", params | {"density_window": 15}, 0, StreamDensityBasedAL(window_size=15, budget_manager=manager), True
    # Seeds of a strategy and of its own budget manager: the second is drawn from the first.
    for seed in (0, 7, 2**32 - 1):
        for budget in (0.1, 0.3):
            of_seed = {"budget": budget, "random_state": seed}
            yield "random", {"budget": budget}, seed, StreamRandomSampling(**of_seed), False
            yield "split", {"budget": budget}, seed, Split(**of_seed), False
            yield "random_variable_uncertainty", {"budget": budget}, seed, RandomVariableUncertainty(**of_seed), False
            yield "density_based", {"budget": budget}, seed, StreamDensityBasedAL(**of_seed), False
    # Other settings, with the seed that the strategy would have drawn.
    drawn = np.random.RandomState(5).randint(2**31 - 1)
    manager = SplitBudgetManager(v=0.5, theta=0.6, s=0.05, random_state=drawn, w=50, budget=0.2)
    yield "split", {"v": 0.5, "theta": 0.6, "s": 0.05, "window": 50, "budget": 0.2}, 5, Split(manager), False
    manager = RandomVariableUncertaintyBudgetManager(delta=0.3, theta=0.8, s=0.1, random_state=drawn, w=40, budget=0.2)
    params = {"delta": 0.3, "theta": 0.8, "s": 0.1, "window": 40, "budget": 0.2}
    yield "random_variable_uncertainty", params, 5, RandomVariableUncertainty(manager), False
    manager = DensityBasedSplitBudgetManager(theta=0.5, s=0.05, delta=0.4, random_state=drawn, budget=0.2)
    params = {"delta": 0.4, "theta": 0.5, "s": 0.05, "density_window": 25, "budget": 0.2}
    yield "density_based", params, 5, StreamDensityBasedAL(window_size=25, budget_manager=manager), False


def draws(seed):
    """Of NumPy's legacy generator: uniforms, normals each from a fresh pair, and a bounded integer."""
    random = np.random.RandomState(seed)
    out = {"seed": seed, "bounded": int(np.random.RandomState(seed).randint(2**31 - 1)), "uniform": [], "normal": []}
    for i in range(2000):
        state = random.get_state()
        normal = random.normal()
        random.set_state(state)
        uniform = random.random_sample()
        if i % 250 < 3:
            out["normal"].append(normal)
            out["uniform"].append(uniform)
    return out


def main():
    probabilities, embeddings = draw(np.random.default_rng(11))
    out = {"versions": {"scikit-activeml": skactiveml.__version__, "numpy": np.__version__},
           "random": [draws(seed) for seed in (0, 1, 42, 2**32 - 1)],
           "probabilities": probabilities.ravel().tolist(), "embeddings": embeddings.ravel().tolist(), "cases": []}
    for strategy, params, seed, theirs, with_utilities in cases():
        asked = run(theirs, probabilities, embeddings, with_utilities)
        out["cases"].append({"strategy": strategy, "params": params, "seed": seed, "asked": asked})
        print(strategy, params, seed, asked.count("1"))
    path = pathlib.Path(__file__).parent / "streams.json"
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

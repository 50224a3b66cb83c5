"""Makes coverage.json with scikit-activeml and modAL: small unit rows, labelled rows, and their picks.

Run in an environment of its own: pip install scikit-activeml modAL-python; python make_coverage.py
"""
import json
import pathlib
from importlib.metadata import version

import numpy as np
import skactiveml.pool._max_herding as max_herding_module
import skactiveml.pool._prob_cover as prob_cover_module
from modAL.density import information_density
from skactiveml.pool import MaxHerding, ProbCover


def first_argmax(values, **_):
    """Ties go to the lower row, where scikit-activeml draws."""
    return np.array([np.nanargmax(values)])


def main():
    max_herding_module.rand_argmax = first_argmax
    prob_cover_module.rand_argmax = first_argmax
    rng = np.random.default_rng(11)
    out = {"versions": {name: version(name) for name in ("scikit-activeml", "modAL-python")}, "cases": []}
    for n, d, labeled, batch, gamma, delta in [
        (60, 8, 0, 20, 0.125, 0.9),
        (60, 8, 6, 20, 2.0, 0.7),
        (45, 3, 4, 15, 10.0, 0.4),
        (80, 16, 10, 30, 0.0625, 1.1),
    ]:
        x = rng.normal(size=(n, d)).astype(np.float32)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        wide = x.astype(np.float64)
        y = np.full(n, np.nan)
        y[:labeled] = 0
        herding = MaxHerding(normalize_samples=False, metric="rbf", metric_dict={"gamma": gamma}, random_state=0)
        picks, utilities = herding.query(wide, y, batch_size=batch, return_utilities=True)
        cover = ProbCover(deltas=[delta], random_state=0).query(wide, y, batch_size=batch)
        out["cases"].append({
            "cols": d,
            "x": [float(v) for v in x.ravel()],
            "labeled": labeled,
            "gamma": gamma,
            "delta": delta,
            "max_herding": picks.tolist(),
            # A mean over the candidates there, a sum here.
            "gains": (utilities[np.arange(batch), picks] * (n - labeled)).tolist(),
            "prob_cover": cover.tolist(),
            "information_density": information_density(wide, "euclidean").tolist(),
        })
    path = pathlib.Path(__file__).with_name("coverage.json")
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

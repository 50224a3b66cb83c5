"""Parameters of learners that scikit-learn says otherwise than the learners' cards: translated for the native module."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._run import setting

Settings = dict[str, Any]


def hidden_layers(value: Any, columns: int) -> Settings:
    """(64, 64), [64, 64] or 64 as units and layers: all layers are of one size."""
    sizes = [value] if isinstance(value, (int, np.integer)) else value
    if not isinstance(sizes, (tuple, list, np.ndarray)) or len(sizes) == 0:
        raise ValueError(f"hidden_layer_sizes must name the units of one layer or more, such as (128,), not {value!r}")
    if any(one != sizes[0] for one in sizes):
        raise ValueError(f"hidden_layer_sizes must name layers of one size, such as (64, 64), not {value!r}")
    return {"hidden": setting("hidden_layer_sizes", sizes[0]), "layers": float(len(sizes))}


def kernel_width(value: Any, columns: int) -> Settings:
    """A number, or a rule by its name."""
    return {"gamma_rule": value} if isinstance(value, str) else {"gamma": setting("gamma", value)}


def columns_drawn(value: Any, columns: int) -> Settings:
    """How many columns a split draws: a number, a share of them, "sqrt" or "log2"."""
    if isinstance(value, str):
        rules: dict[str, float] = {"sqrt": columns ** 0.5, "log2": float(np.log2(columns))}
        if value not in rules:
            raise ValueError(f"max_features must be a number, a share, 'sqrt', 'log2' or None, not {value!r}")
        return {"max_features": float(max(1, int(rules[value])))}
    if isinstance(value, (float, np.floating)):
        if not 0 < value <= 1:
            raise ValueError(f"max_features as a share must lie above 0 and not above 1, not {value}")
        return {"max_features": float(max(1, int(value * columns)))}
    return {"max_features": setting("max_features", value)}


# By learner and parameter: what the native module takes instead, of the value and the number of columns.
SPECIAL: dict[tuple[str, str], Callable[[Any, int], Settings]] = {
    ("neural_head", "hidden_layer_sizes"): hidden_layers,
    ("rbf_svm", "gamma"): kernel_width,
    ("forest", "max_features"): columns_drawn,
}

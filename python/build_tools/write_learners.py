"""Writes querist/learners.py from the cards of the built module: one scikit-learn estimator a learner, with a numpydoc text."""
import pathlib
import re
import sys

from cards import as_docstring, bounds, fallback, python_type, references, wrapped

HEAD = '''"""Querist's own learners as scikit-learn estimators. Written by the build from the learners' cards.

They need NumPy alone: scikit-learn's searches, pipelines and `clone` take them where it is installed.
"""
from __future__ import annotations

from typing import Any, ClassVar, Literal

from ._incremental_learner import IncrementalLearner as _IncrementalLearner
from ._learner import CommitteeLearner as _CommitteeLearner
from ._learner import Learner as _Learner
from ._learner import ProcessLearner as _ProcessLearner
from ._parzen import ParzenWindow

'''
# Names that people know better than the wire name.
NAMES = {"gbdt": "GradientBoosting"}
TASK = ["task : one of ['classification', 'regression'], default 'classification'",
        "    What is learnt: class names (or several labels a row, where the learner takes them), or numbers."]
# Parameters that have a name elsewhere keep it there: scikit-learn's, and XGBoost's of boosting. In projects and on the command
# line they have those of the cards.
RENAMED = {
    "committee": {"members": "n_estimators", "column_share": "max_features"},
    "forest": {"trees": "n_estimators", "min_leaf_rows": "min_samples_leaf"},
    "gbdt": {"rounds": "n_estimators"},
    "logistic_regression": {"strength": "C", "max_iterations": "max_iter", "tolerance": "tol"},
    "naive_bayes": {"smoothing": "alpha", "variance_smoothing": "var_smoothing"},
    "neural_head": {"hidden": "hidden_layer_sizes", "learning_rate": "learning_rate_init", "max_epochs": "max_iter",
                    "patience": "n_iter_no_change", "held_out": "validation_fraction"},
    "rbf_svm": {"tolerance": "tol", "cache_mb": "cache_size"},
}
# Those that are part of another one here.
LEFT_OUT = {("neural_head", "layers"), ("rbf_svm", "gamma_rule"), ("gbdt", "warm_rounds")}
# Those of another type here: annotation, default, text.
RETYPED = {
    ("neural_head", "hidden_layer_sizes"): ("tuple[int, ...] | list[int] | int", "(128,)", "Units of each hidden layer, all of one size."),
    ("rbf_svm", "gamma"): ("float | Literal['auto', 'scale']", "'auto'",
                           "Width of the Gaussian kernel, or its rule: by the number of features (auto), by their variance too (scale)."),
    ("forest", "max_features"): ("int | float | Literal['sqrt', 'log2'] | None", "None",
                                 "Columns drawn for each split: their number, a share, or a rule. None: the square root of their "
                                 "number, for numbers a third."),
}
WARM = {
    "logistic_regression": "Start from the model of the last ``fit``: its weights, and its C where that is chosen.",
    "rbf_svm": "Start from the support vectors of the last ``fit``.",
    "gbdt": "Keep the trees of the last ``fit`` and add those by which ``n_estimators`` has grown since.",
}
BY_CLASS = ("class_weight", "None", "Literal['none', 'balanced'] | dict[Any, float] | None",
            ["class_weight : one of ['none', 'balanced'], default None", wrapped(
                "Weigh classes equally (balanced) or as they come (none): the rows that members are trained on bear their class's weight. A dict "
                "gives each class its own weight.", "    ")])
BASES = {"naive_bayes": "_IncrementalLearner", "gaussian_process": "_ProcessLearner"}
NOTES = {
    "gbdt": "XGBoost is opened by the first training and is not in the wheel: libxgboost.so.0 of the system, else the library of an installed "
            "``xgboost`` wheel. Without either ``fit`` raises a RuntimeError that says so. Models predict without it.",
    "naive_bayes": "The variants multinomial and complement count: X holds counts of words, or weights such as tf-idf, at least 0. Numbers that "
                   "are no counts (lengths, pixels less their mean) want ``variant=\"gaussian\"``. With ``variant=\"auto\"`` the rows of the first "
                   "``partial_fit`` decide: where later ones may be negative, say ``variant=\"gaussian\"`` from the start.",
}


def class_name(card):
    return NAMES.get(card["name"], "".join(word.capitalize() for word in card["name"].split("_")))


def has_task(card):
    return "classification" in card["tasks"] and "regression" in card["tasks"]


def parameters(card):
    """The card's parameters as the estimator has them: name, default, annotation, what the docstring says."""
    renamed = RENAMED.get(card["name"], {})
    rows = []
    for param in card["params"]:
        if (card["name"], param["name"]) in LEFT_OUT:
            continue
        name = renamed.get(param["name"], param["name"])
        kind, value = python_type(param), default(param)
        text = re.sub(r"\b(" + "|".join([*renamed, "$^"]) + r")\b(?! of)", lambda found: renamed[found[0]], param["help"]) + bounds(param)
        if param["name"] == "class_weight":
            text += " A dict gives each class its own weight."
        if param["automatic"]:
            text += " None: by that rule, as 0."
        annotated = kind + (" | dict[Any, float]" if param["name"] == "class_weight" else "") + (" | None" if value == "None" else "")
        if (card["name"], name) in RETYPED:
            annotated, value, text = RETYPED[card["name"], name]
            kind = annotated
        rows.append((name, value, annotated, [f"{name} : {kind.replace('Literal', 'one of ')}, default {value}", wrapped(text, "    ")]))
    if card["name"] == "committee":  # Its card leaves that to the members' own parameters.
        rows.append(BY_CLASS)
    if card["name"] in WARM:
        rows.append(("warm_start", "False", "bool", ["warm_start : bool, default False", wrapped(
            WARM[card["name"]] + " Where the classes or the columns are others, training starts afresh.", "    ")]))
    return rows


def default(param):
    """A choice of none is Python's None."""
    return "None" if "none" in param["choices"] and param["fallback"] == "none" else fallback(param)


def docstring(card):
    lines = [card["summary"], "", "Parameters", "----------"]
    lines += TASK if has_task(card) else []
    for _, _, _, described in parameters(card):
        lines += described
    lines += ["random_state : int, RandomState, Generator or None, default 0", "    Of everything that is drawn.",
              "", "Attributes", "----------"]
    if "classification" in card["tasks"]:
        lines += ["classes_ : ndarray", "    The class names in the order of the probabilities; not of a regressor."]
    lines += ["n_features_in_ : int", "    Columns of the X of ``fit``.",
              "feature_names_in_ : ndarray of str", "    Their names, where X was a DataFrame."]
    if "max_iter" in RENAMED.get(card["name"], {}).values():
        lines += ["n_iter_ : int", "    Steps or passes that the last ``fit`` took."]
    if card["name"] in NOTES:
        lines += ["", "Notes", "-----", wrapped(NOTES[card["name"]], "")]
    return as_docstring(lines + references(card))


def estimator(card):
    shared = ['task: Literal["classification", "regression"] = "classification"'] if has_task(card) else []
    pairs = [("task", "'classification'")] if has_task(card) else []
    own = parameters(card)
    pairs += [(name, value) for name, value, _, _ in own] + [("random_state", "0")]
    arguments = ["self", "*", *shared, *[f"{name}: {kind} = {value}" for name, value, kind, _ in own], "random_state: Any = 0"]
    base = BASES.get(card["name"], "_CommitteeLearner" if card["gives_members"] else "_Learner")
    wire = {new: old for old, new in RENAMED.get(card["name"], {}).items()}
    lines = [f"class {class_name(card)}({base}):", docstring(card), "",
             f"    _learner: ClassVar[str] = {card['name']!r}",
             f"    _tasks: ClassVar[tuple[str, ...]] = {tuple(card['tasks'])!r}",
             f"    _defaults: ClassVar[dict[str, Any]] = {{{', '.join(f'{name!r}: {value}' for name, value in pairs)}}}",
             f"    _wire_names: ClassVar[dict[str, str]] = {wire!r}", "",
             f"    def __init__({', '.join(arguments)}) -> None:", *[f"        self.{name} = {name}" for name, _ in pairs]]
    return "\n".join(lines) + "\n"


def main():
    sys.path.insert(0, sys.argv[1])
    import _core
    cards = _core.learner_cards()
    names = sorted([class_name(card) for card in cards] + ["ParzenWindow"])
    text = HEAD + f"__all__ = {names!r}\n\n\n" + "\n\n".join(estimator(card) for card in cards)
    pathlib.Path(sys.argv[2]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

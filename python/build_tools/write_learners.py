"""Writes querist/learners.py from the cards of the built module: one scikit-learn estimator a learner, with a numpydoc text."""
import pathlib
import sys

from cards import as_docstring, bounds, fallback, python_type, references, wrapped

HEAD = '''"""Querist's own learners as scikit-learn estimators. Written by the build from the learners' cards.

They need NumPy alone: scikit-learn's searches, pipelines and `clone` take them where it is installed.
"""
from __future__ import annotations

from typing import Any, ClassVar, Literal

from ._learner import CommitteeLearner as _CommitteeLearner
from ._learner import Learner as _Learner
from ._parzen import ParzenWindow

'''
# Names that people know better than the wire name.
NAMES = {"gbdt": "GradientBoosting"}
TASK = ["task : one of ['classification', 'regression'], default 'classification'",
        "    What is learnt: class names (or several labels a row, where the learner takes them), or numbers."]


def class_name(card):
    return NAMES.get(card["name"], "".join(word.capitalize() for word in card["name"].split("_")))


def has_task(card):
    return "classification" in card["tasks"] and "regression" in card["tasks"]


def default(param):
    """A choice of none is Python's None."""
    return "None" if "none" in param["choices"] and param["fallback"] == "none" else fallback(param)


def annotation(param):
    kind = python_type(param)
    if param["name"] == "class_weight":
        kind += " | dict[Any, float]"
    return f"{kind} | None" if default(param) == "None" else kind


def described(param):
    more = " A dict gives each class its own weight." if param["name"] == "class_weight" else ""
    if param["automatic"]:
        more = " None: by that rule, as 0."
    kind = python_type(param).replace("Literal", "one of ")
    return [f"{param['name']} : {kind}, default {default(param)}", wrapped(param["help"] + bounds(param) + more, "    ")]


def docstring(card):
    lines = [card["summary"], "", "Parameters", "----------"]
    lines += TASK if has_task(card) else []
    for param in card["params"]:
        lines += described(param)
    lines += ["random_state : int, RandomState, Generator or None, default 0", "    Of everything that is drawn.",
              "", "Attributes", "----------"]
    if "classification" in card["tasks"]:
        lines += ["classes_ : ndarray", "    The class names in the order of the probabilities; not of a regressor."]
    lines += ["n_features_in_ : int", "    Columns of the X of ``fit``.",
              "feature_names_in_ : ndarray of str", "    Their names, where X was a DataFrame."]
    if card["name"] == "gbdt":
        lines += ["", "Notes", "-----", wrapped("XGBoost (libxgboost.so.0) is opened by the first training and is not in the wheel: where it "
                                                "is not installed, ``fit`` raises a RuntimeError that says so. Models predict without it.", "")]
    return as_docstring(lines + references(card))


def estimator(card):
    shared = ['task: Literal["classification", "regression"] = "classification"'] if has_task(card) else []
    pairs = [("task", "'classification'")] if has_task(card) else []
    pairs += [(param["name"], default(param)) for param in card["params"]] + [("random_state", "0")]
    arguments = ["self", "*", *shared, *[f"{p['name']}: {annotation(p)} = {default(p)}" for p in card["params"]], "random_state: Any = 0"]
    base = "_CommitteeLearner" if card["gives_members"] else "_Learner"
    lines = [f"class {class_name(card)}({base}):", docstring(card), "",
             f"    _learner: ClassVar[str] = {card['name']!r}",
             f"    _tasks: ClassVar[tuple[str, ...]] = {tuple(card['tasks'])!r}",
             f"    _defaults: ClassVar[dict[str, Any]] = {{{', '.join(f'{name!r}: {value}' for name, value in pairs)}}}", "",
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

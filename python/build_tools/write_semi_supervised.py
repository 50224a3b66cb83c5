"""Writes querist/semi_supervised.py from the cards of the built module: one typed function a pseudo-labeler."""
import pathlib
import sys

from cards import as_docstring, fallback, param_lines, python_type, references, wrapped

HEAD = '''"""Semi-supervised learning: labels for rows that nobody labelled. Written by the build from the pseudo-labelers' cards.

Pseudo-labels are for training alone: never measure, calibrate or stop by them. `gate` says whether they help at all.
"""
from __future__ import annotations

from typing import Any, Literal, SupportsIndex

from numpy.typing import ArrayLike

from ._semi_supervised import Decision, PseudoLabels, gate, pseudo_label as _pseudo_label, pseudo_labelers

'''


def docstring(card):
    lines = [card["summary"], "", "Parameters", "----------",
             "X : array-like or sparse matrix of shape (n, features)", "    All rows, labelled or not.",
             "labels : array-like of shape (n,)", "    Class names (numbers or strings); -1, NaN and None stand for \"not labelled\"."]
    if card["needs_second_view"]:
        lines += ["second_view : array-like or sparse matrix of shape (n, columns)", "    Other features of the same rows."]
    if card["reads_geometry"]:
        lines += ["geometry : array-like of shape (n, columns), optional",
                  "    Dense features whose distances mean something; by default X, which must be dense then."]
    asked = "What is trained: a scikit-learn classifier with predict_proba (its clones are fitted on float32 rows), one of ``querist.learners``, " \
            "or the name of a learner, which may set parameters in parentheses."
    if not card["trains"]:
        asked = "Not asked: this method trains nothing. It is here so that methods can take each other's place."
    lines += ["estimator : estimator or str, default 'logistic_regression'", wrapped(asked, "    "),
              "seed : int, default 0", "    Of everything that is drawn."]
    for param in card["params"]:
        lines += param_lines(param)
    lines += ["", "Returns", "-------", "labels : ndarray of shape (n,)",
              wrapped("As given, with labels for some of the rows that had none; of the others they are as they were.", "    "),
              "weights : ndarray of float32 of shape (n,)",
              wrapped("For training: 1 where a label was given, positive where one was found, 0 where there is still none.", "    "),
              "", "Raises", "------", "ValueError", "    Wrong shapes, numbers that are not finite, or an estimator that takes no sample_weight."]
    return as_docstring(lines + references(card))


def function(card):
    arguments = ["X: Any", "labels: ArrayLike", *(["second_view: Any"] if card["needs_second_view"] else []), "*",
                 *(["geometry: ArrayLike | None = None"] if card["reads_geometry"] else []),
                 'estimator: Any = "logistic_regression"', "seed: SupportsIndex = 0",
                 *[f"{p['name']}: {python_type(p)} = {fallback(p)}" for p in card["params"]]]
    views = [name for name, there in (("second_view", card["needs_second_view"]), ("geometry", card["reads_geometry"])) if there]
    given = ", ".join(f'"{name}": {name}' for name in views)
    params = ", ".join(f'"{p["name"]}": {p["name"]}' for p in card["params"])
    return (f"def {card['name']}({', '.join(arguments)}) -> PseudoLabels:\n{docstring(card)}\n"
            f'    return _pseudo_label("{card["name"]}", X, labels, {{{given}}}, estimator, seed, {{{params}}})\n')


def main():
    sys.path.insert(0, sys.argv[1])
    import _core
    cards = _core.pseudo_labeler_cards()
    names = sorted([card["name"] for card in cards] + ["Decision", "PseudoLabels", "gate", "pseudo_labelers"])
    text = HEAD + f"__all__ = {names!r}\n\n\n" + "\n\n".join(function(card) for card in cards)
    pathlib.Path(sys.argv[2]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

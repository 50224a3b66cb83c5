"""Writes querist/select.py from the cards of the built module: one typed function a strategy, with a numpydoc text."""
import pathlib
import sys

from cards import as_docstring, fallback, param_lines, python_type, references, wrapped

HEAD = '''"""Query strategies: which rows to label next. Written by the build from the strategies' cards."""
from __future__ import annotations

from typing import Any, Literal, SupportsIndex, overload

from numpy.typing import ArrayLike

from ._run import Indices, Utilities, run as _run, strategies, top_k

'''
SIGNALS = {
    "probabilities": "array of shape (n, classes)\nClass probabilities of every row; each row sums to 1 within 0.001.",
    "member_probabilities": "array of shape (members, n, classes)\nThe probabilities of each member of a committee.",
    "embeddings": "array of shape (n, d)\nFeatures of every row. C-ordered float32 and float16 are read as they lie; others are "
                  "converted to float32 once.",
    "labeled": "array of int, or a mask of shape (n,)\nRows that are labelled already.",
    "labels": "array of shape (m,)\nWhat they were labelled: class numbers from 0 up.",
    "candidates": "array of int, or a mask of shape (n,)\nRows that may be chosen; by default every row not in ``labeled``.",
    "costs": "array of shape (n,)\nPositive prices: utility per cost is what counts then.",
    "groups": "array of int of shape (n,)\nGroup of every row, for strategies that use them.",
    "predictions": "array of shape (n,)\nPredicted numbers of a regressor.",
    "member_predictions": "array of shape (members, n)\nPredicted numbers of each member of a committee.",
}
TASKS = {"multi_label": {"probabilities": "array of shape (n, labels)\nProbability of each label on its own, from 0 to 1.",
                         "labels": "array of shape (m, labels)\nWhich labels each labelled row has: 0 or 1."},
         "regression": {"labels": "array of shape (m,)\nThe numbers that the labelled rows have.",
                        "probabilities": "array of shape (n,) or (n, 1)\nAnother name for ``predictions``.",
                        "member_probabilities": "array of shape (members, n)\nAnother name for ``member_predictions``."}}
ARGUMENTS = ["probabilities", "member_probabilities", "embeddings", "labeled", "labels", "candidates", "costs", "groups"]
MORE = ["predictions", "member_predictions"]


def docstring(card):
    described = {**SIGNALS, **TASKS.get(card["task"], {})}
    lines = [card["summary"], "", "Parameters", "----------", "batch_size : int",
             "    Rows to choose; fewer come where fewer are candidates."]
    for name in ARGUMENTS + (MORE if card["task"] == "regression" else []):
        kind, text = described[name].split("\n")
        needed = " Needed." if name in card["needs"] else ""
        lines += [f"{name} : {kind}, optional", wrapped(text + needed, "    ")]
    lines += ["seed : int, default 0", "    Of everything that is drawn.", "return_utilities : bool, default False",
              "    Whether to return the utilities of the picks as well."]
    for param in card["params"]:
        lines += param_lines(param)
    lines += ["", "Returns", "-------", "indices : ndarray of int64", "    Row numbers in the order picked.",
              "utilities : ndarray of float64", "    Only with ``return_utilities``: one a pick, larger is more wanted.",
              "", "Raises", "------", "ValueError", "    Wrong shapes, ranges or rows, numbers that are infinite or beyond 2**50, or a signal that is missing.",
              "TypeError", "    Arguments that hold no numbers.",
              "", "Notes", "-----", "A row that holds a NaN in a signal that is read, or in its cost, is no candidate. Ties go to the lower row."]
    return as_docstring(lines + references(card))


def function(card):
    shared = [f"{name}: ArrayLike | None = None" for name in ARGUMENTS + MORE]
    own = [f"{p['name']}: {python_type(p)} | None = {fallback(p)}" for p in card["params"]]
    pieces = []
    for kind, answer in (("Literal[False] = False", "Indices"), ("Literal[True]", "tuple[Indices, Utilities]")):
        every = ["batch_size: SupportsIndex", "*", *shared, "seed: SupportsIndex = 0", f"return_utilities: {kind}", *own]
        pieces.append(f"@overload\ndef {card['name']}({', '.join(every)}) -> {answer}: ...\n")
    every = ["batch_size: SupportsIndex", "*", *shared, "seed: SupportsIndex = 0", "return_utilities: bool = False", *own]
    head = f"def {card['name']}({', '.join(every)}) -> Any:\n"
    given = ", ".join(f'"{name}": {name}' for name in ARGUMENTS + MORE)
    params = ", ".join(f'"{p["name"]}": {p["name"]}' for p in card["params"])
    call = f'    return _run("{card["name"]}", batch_size, {{{given}}}, seed, return_utilities, {{{params}}})\n'
    return "\n".join(pieces) + "\n\n" + head + docstring(card) + "\n" + call


def main():
    sys.path.insert(0, sys.argv[1])
    import _core
    cards = _core.cards()
    names = sorted([card["name"] for card in cards] + ["strategies", "top_k"])
    text = HEAD + f"__all__ = {names!r}\n\n\n" + "\n\n".join(function(card) for card in cards)
    pathlib.Path(sys.argv[2]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Draws what each query strategy picks on two-dimensional data, and writes the page that shows the pictures by family.

Needs the querist package, scikit-learn and Matplotlib: python docs/gallery/make.py
"""
import html
import inspect
import pathlib
import re
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.tree import DecisionTreeRegressor

from querist import select

HERE = pathlib.Path(__file__).resolve().parent
ROWS, LABELED, PICKS, MEMBERS = 300, 9, 10, 12
MOST_BYTES = 40_000
FAMILIES = {"baseline": "To compare with.", "uncertainty": "Where the model is least sure.",
            "committee": "Where several models disagree.", "coverage": "What stands for the rest, whatever the model says.",
            "hybrid": "Uncertain and spread out at once.", "expected change": "What would change the model most.",
            "regression": "For models that predict a number.", "multi_label": "For examples with any number of labels."}
COLOURS = np.array(["#4477aa", "#ccbb44", "#228833"])
PICK, FADED = "#cc3311", "#bbbbbb"


def curved(estimator):
    """Boundaries that bend: the estimator sees squares and products too."""
    return make_pipeline(PolynomialFeatures(2), estimator)


def points(draw):
    """Three clumps of unequal size and width, and a few points far from all."""
    parts = [draw.normal((-1.6, 0.7), (0.55, 0.55), (130, 2)), draw.normal((1.3, 1.0), (0.8, 0.45), (95, 2)),
             draw.normal((0.3, -1.4), (0.6, 0.35), (65, 2)), draw.uniform(-3.2, 3.2, (10, 2))]
    X = np.concatenate(parts).astype(np.float32)
    centres = np.array([(-1.6, 0.7), (1.3, 1.0), (0.3, -1.4)])
    classes = np.argmin(((X[:, None] - centres) ** 2).sum(axis=2), axis=1)
    return X, classes


def some_of_each(draw, classes):
    """A few labelled rows of each class."""
    rows = [draw.choice(np.flatnonzero(classes == one), LABELED // 3, replace=False) for one in range(3)]
    return np.sort(np.concatenate(rows))


def classification(X, classes, labeled):
    labels = classes[labeled]
    model = curved(LogisticRegression(max_iter=2000)).fit(X[labeled], labels)
    committee = []
    for seed in range(MEMBERS):  # Each member sees one row of each class and a draw of the others.
        draw = np.random.default_rng(seed)
        sample = np.concatenate([draw.choice(np.flatnonzero(labels == one), 2) for one in range(3)])
        committee.append(curved(LogisticRegression(C=10, max_iter=2000)).fit(X[labeled][sample], labels[sample]))
    return {"probabilities": model.predict_proba(X), "labels": labels,
            "member_probabilities": np.stack([member.predict_proba(X) for member in committee])}


def several_labels(X, labeled):
    """Each half plane is a label of its own, so a point has none to three."""
    truth = np.column_stack([X[:, 0] < 0, X[:, 1] > 0, X @ (1, 1) > 0.5]).astype(int)
    for column in truth[labeled].T:
        if column.min() == column.max():
            raise RuntimeError("a label that all labelled rows share teaches nothing: draw other rows")
    model = OneVsRestClassifier(LogisticRegression(max_iter=2000)).fit(X[labeled], truth[labeled])
    bags = [BaggingClassifier(LogisticRegression(max_iter=2000), MEMBERS, random_state=0).fit(X[labeled], column)
            for column in truth[labeled].T]
    members = np.zeros((MEMBERS, len(X), truth.shape[1]))
    for number, bag in enumerate(bags):
        for m, member in enumerate(bag.estimators_):
            if 1 in member.classes_:
                members[m, :, number] = member.predict_proba(X)[:, list(member.classes_).index(1)]
    return {"probabilities": model.predict_proba(X), "labels": truth[labeled], "member_probabilities": members}


def regression(X, labeled):
    truth = np.sin(1.5 * X[:, 0]) + 0.5 * X[:, 1]
    model = GaussianProcessRegressor(RBF(1.0) + WhiteKernel(1e-3), optimizer=None).fit(X[labeled], truth[labeled])
    bag = BaggingRegressor(DecisionTreeRegressor(max_depth=3), MEMBERS, random_state=0).fit(X[labeled], truth[labeled])
    return {"predictions": model.predict(X), "labels": truth[labeled],
            "member_predictions": np.stack([member.predict(X) for member in bag.estimators_])}


class Scene:
    """The data, and for every task the signals that a strategy may ask for."""

    def __init__(self):
        draw = np.random.default_rng(3)
        self.X, self.classes = points(draw)
        self.labeled = some_of_each(draw, self.classes)
        shared = {"embeddings": self.X}
        self.signals = {"classification": {**shared, **classification(self.X, self.classes, self.labeled)},
                        "multi_label": {**shared, **several_labels(self.X, self.labeled)},
                        "regression": {**shared, **regression(self.X, self.labeled)}}
        self.signals["any"] = self.signals["classification"]

    def pick(self, card):
        """Rows that the strategy picks; ValueError where a signal that it needs is not in the scene."""
        signals = self.signals[card["task"]]
        missing = [one for one in card["needs"] if one not in signals]
        if missing:
            raise ValueError(f"the scene has no {' and no '.join(missing)} for the task {card['task']}")
        call = getattr(select, card["name"])
        known = inspect.signature(call).parameters
        return call(PICKS, labeled=self.labeled, seed=0, **{key: one for key, one in signals.items() if key in known})

    def shade(self, axes, task):
        """What the model believes, behind the points: the chance of the likeliest class, or the predicted number."""
        side = np.linspace(-3.4, 3.4, 60)
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype(np.float32)
        labels = self.signals[task]["labels"]
        if task == "regression":
            model = GaussianProcessRegressor(RBF(1.0) + WhiteKernel(1e-3), optimizer=None).fit(self.X[self.labeled], labels)
            value, levels = model.predict(grid), 8
        elif task == "multi_label":
            model = OneVsRestClassifier(LogisticRegression(max_iter=2000)).fit(self.X[self.labeled], labels)
            value, levels = np.abs(2 * model.predict_proba(grid) - 1).min(axis=1), [0, 0.2, 0.4, 0.6, 0.8, 1]
        else:
            table = curved(LogisticRegression(max_iter=2000)).fit(self.X[self.labeled], labels).predict_proba(grid)
            value, levels = table.max(axis=1), [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01]
        axes.contourf(side, side, value.reshape(60, 60), levels=levels, cmap="Greys_r", alpha=0.25, antialiased=True)


def draw(scene, card, picks, path):
    task = "classification" if card["task"] == "any" else card["task"]
    figure, axes = plt.subplots(figsize=(3.6, 3.6), dpi=100)
    scene.shade(axes, task)
    axes.scatter(*scene.X.T, s=7, c=FADED if task != "classification" else COLOURS[scene.classes], alpha=0.55, linewidths=0)
    axes.scatter(*scene.X[scene.labeled].T, s=34, c="black", marker="s", linewidths=0)
    axes.scatter(*scene.X[picks].T, s=60, facecolors="none", edgecolors=PICK, linewidths=1.4)
    for order, row in enumerate(picks, 1):
        axes.annotate(str(order), scene.X[row], xytext=(4, 4), textcoords="offset points", fontsize=7, color=PICK)
    axes.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), xticks=[], yticks=[], aspect="equal")
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.99)
    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    plt.close(figure)
    image.quantize(48, dither=Image.Dither.NONE).save(path, optimize=True)  # A quarter of the bytes.
    if path.stat().st_size >= MOST_BYTES:
        raise RuntimeError(f"{path.name} has {path.stat().st_size} bytes, more than {MOST_BYTES}")


def section(card):
    picture = f"![What {card['name']} picks]({card['name']}.png)"
    facts = [f"Needs {', '.join(card['needs'])}." if card["needs"] else "Needs nothing.",
             f"Source: {card['source']}." if card["source"] else ""]
    return f"### `{card['name']}`\n\n{html.escape(card['summary'], quote=False)} {' '.join(facts).strip()}\n\n{picture}\n"


def page(drawn, left_out):
    text = ["# What each strategy picks\n",
            f"{ROWS} points of three classes, {LABELED} of them labelled (black squares), and the {PICKS} that the strategy picks "
            "next (red rings, numbered in the order picked). Darker: the model is less sure there; for a regression, it predicts "
            "a lower number. Two dimensions show a strategy's habit, not its worth: for that there are learning curves.\n",
            "Written by `python docs/gallery/make.py`.\n"]
    families = sorted({card["family"] for card in drawn}, key=lambda one: (list(FAMILIES).index(one) if one in FAMILIES else 99, one))
    for family in families:
        text.append(f"## {family.replace('_', ' ').capitalize()}\n")
        if family in FAMILIES:
            text.append(f"{FAMILIES[family]}\n")
        text += [section(card) for card in drawn if card["family"] == family]
    if left_out:
        text.append("## Not drawn\n")
        text += [f"- `{card['name']}`: {reason}" for card, reason in left_out]
        text.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(text))


def main():
    scene = Scene()
    drawn, left_out = [], []
    for old in HERE.glob("*.png"):
        old.unlink()
    for card in select.strategies():
        try:
            picks = scene.pick(card)
        except ValueError as error:
            left_out.append((card, str(error)))
            continue
        draw(scene, card, picks, HERE / f"{card['name']}.png")
        drawn.append(card)
    (HERE / "README.md").write_text(page(drawn, left_out), encoding="utf-8")
    print(f"{len(drawn)} drawn, {len(left_out)} not: {', '.join(card['name'] for card, _ in left_out) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Active testing: LURE and stratified estimates against as many labels drawn at random; bench/curves/results/lure.md and .json.

A model learns from few labels of a pool; the rest is the pool of the test. What is estimated is its error there, from 50, 100
or 200 test labels. The expected error of a row comes from a surrogate: the mean of a linear model's probabilities and a
forest's that learnt from the same few labels, at the temperature that suits their out-of-fold answers. Rows are drawn by the root of it (LURE) or by strata of its deviation (Neyman).

Run with the package installed beside scikit-learn: python bench/curves/lure.py --data FOLDER, where FOLDER holds mnist,
agnews-7600 and cifar10-human.
"""
import argparse
import gzip
import json
import pathlib

import numpy as np
from scipy import optimize, special
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from querist import metrics

RESULTS = pathlib.Path(__file__).resolve().parent / "results"
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")  # Debian's package dataset-fashion-mnist.
BUDGETS = (50, 100, 200)
STRATA = 8


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def fashion(_):
    return mnist(FASHION, "")


def mnist(folder, inner="mnist"):
    pixels = np.frombuffer(gzip.decompress((folder / inner / "train-images-idx3-ubyte.gz").read_bytes())[16:], np.uint8).reshape(-1, 784)
    labels = np.frombuffer(gzip.decompress((folder / inner / "train-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
    x = pixels[:15_000].astype(np.float32) / 255
    return unit(PCA(64, random_state=0).fit_transform(x)), labels[:15_000].astype(int)


def agnews(folder):
    rows = [json.loads(line) for line in gzip.open(folder / "agnews-7600/data.jsonl.gz", "rt")]
    labels = np.unique([row["label"] for row in rows], return_inverse=True)[1]
    return unit(np.load(folder / "agnews-7600/embeddings_minilm.npy").astype(np.float32)), labels


def cifar10(folder):
    table = np.loadtxt(gzip.open(folder / "cifar10-human/test-labels.csv.gz", "rt"), delimiter=",", skiprows=1, dtype=int)
    return unit(np.load(folder / "cifar10-human/embeddings_efficientnet-lite0.npy").astype(np.float32)), table[:, 1]


# The set, and its labels for training: such that the error comes near the .235 of the research notes' table.
SETS = {"Fashion-MNIST, PCA-64": (fashion, 350), "MNIST, PCA-64": (mnist, 150), "AG News, MiniLM": (agnews, 80), "CIFAR-10, EfficientNet-Lite0": (cifar10, 600)}


def surrogate(x, y, asked, classes):
    """The mean of a linear model's and a forest's probabilities."""
    p = np.zeros((len(asked), classes))
    for one in (LogisticRegression(C=20, max_iter=3000), RandomForestClassifier(300, random_state=0)):
        one.fit(x, y)
        p[:, one.classes_] += one.predict_proba(asked) / 2
    return np.log(np.clip(p, 1e-3, 1))


def coolest(logits, y):
    """The temperature at which out-of-fold log loss is least: the mean of two models is not sure enough."""
    def loss(u):
        z = logits * np.exp(-u)
        return float(np.mean(special.logsumexp(z, axis=1) - z[np.arange(len(y)), y]))
    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def world(load, labels, folder):
    """The losses of every pool row, and the surrogate's expectation of them."""
    x, y = load(folder)
    if x.shape[1] > 64:
        x = unit(PCA(64, random_state=0).fit_transform(x))
    order = np.random.default_rng(1).permutation(len(y))
    train = order[:labels]
    pool = np.sort(order[labels:])
    model = LogisticRegression(C=20, max_iter=3000).fit(x[train], y[train])
    classes = int(y.max()) + 1
    out_of_fold = np.zeros((labels, classes))
    for rest, held in KFold(10, shuffle=True, random_state=0).split(train):
        out_of_fold[held] = surrogate(x[train[rest]], y[train[rest]], x[train[held]], classes)
    temperature = coolest(out_of_fold, y[train])
    expected = special.softmax(surrogate(x[train], y[train], x[pool], classes) / temperature, axis=1)
    guess = model.predict(x[pool])
    return (guess != y[pool]).astype(float), 1 - expected[np.arange(len(pool)), guess]


def trial(losses, risk, strata, budget, seed):
    """The three estimates and the plain mean of actively chosen losses."""
    n = len(losses)
    rng = np.random.default_rng(seed)
    plain = losses[rng.choice(n, budget, replace=False)]
    rows, propensities = metrics.draw_test_rows(np.sqrt(risk), budget, seed=seed)
    sizes = np.bincount(strata)
    deviations = [np.sqrt(risk[strata == h] * (1 - risk[strata == h])).mean() for h in range(len(sizes))]
    labels = metrics.neyman_allocation(sizes, deviations, budget)
    drawn = np.concatenate([rng.choice(np.flatnonzero(strata == h), labels[h], replace=False) for h in range(len(sizes))])
    return {"iid": metrics.wilson_interval(int(plain.sum()), budget), "lure": metrics.lure(losses[rows], propensities, n),
            "stratified": metrics.stratified_estimate(losses[drawn], strata[drawn], sizes), "naive": metrics.Estimate(losses[rows].mean(), 0, 1, "")}


def measure(name, folder, trials):
    losses, risk = world(*SETS[name], folder)
    truth = losses.mean()
    strata = metrics.strata_by_deviation(np.sqrt(risk * (1 - risk)), STRATA)
    out = {"name": name, "rows": len(losses), "error": truth, "surrogate_error": float(risk.mean()), "trials": trials, "budgets": {}}
    for budget in BUDGETS:
        found = [trial(losses, risk, strata, budget, seed) for seed in range(trials)]
        figures = {}
        for kind in ("iid", "lure", "stratified", "naive"):
            values = np.array([one[kind].value for one in found])
            figures[kind] = {"rmse": float(np.sqrt(np.mean((values - truth) ** 2))), "bias": float(values.mean() - truth),
                             "bias_se": float(values.std(ddof=1) / np.sqrt(trials)),
                             "coverage": float(np.mean([one[kind].ci_low <= truth <= one[kind].ci_high for one in found])),
                             "width": float(np.mean([one[kind].ci_high - one[kind].ci_low for one in found]))}
        # Known in closed form: no need to divide by a root that is itself uncertain.
        figures["iid"]["exact_rmse"] = float(np.sqrt(truth * (1 - truth) / budget * (len(losses) - budget) / (len(losses) - 1)))
        out["budgets"][str(budget)] = figures
    return out


def as_many(one, rmse):
    """How many labels drawn at random without replacement have that root mean squared error."""
    variance, n = one["error"] * (1 - one["error"]), one["rows"]
    return n * variance / (rmse**2 * (n - 1) + variance)


def table(worlds):
    lines = ["| set (error) | M | i.i.d. RMSE, exact | measured | LURE RMSE | of i.i.d. | worth | bias | stratified RMSE | of i.i.d. | worth | bias | naive bias |",
             "|" + "---|" * 13]
    for one in worlds:
        for budget, figures in one["budgets"].items():
            cells = []
            for kind in ("lure", "stratified"):
                ratio = figures[kind]["rmse"] / figures["iid"]["exact_rmse"]
                cells += [f"{figures[kind]['rmse']:.4f}", f"{ratio:.3f}", f"{as_many(one, figures[kind]['rmse']):.0f}",
                          f"{100 * figures[kind]['bias']:+.2f}±{100 * figures[kind]['bias_se']:.2f} pt"]
            lines.append(f"| {one['name']} ({one['error']:.4f}) | {budget} | {figures['iid']['exact_rmse']:.4f} | {figures['iid']['rmse']:.4f} | " + " | ".join(cells) +
                         f" | {100 * figures['naive']['bias']:+.1f} pt |")
    lines += ["", "| set | M | i.i.d. coverage (width) | LURE coverage (width) | stratified coverage (width) |", "|" + "---|" * 5]
    for one in worlds:
        for budget, figures in one["budgets"].items():
            cells = [f"{figures[kind]['coverage']:.3f} ({figures[kind]['width']:.3f})" for kind in ("iid", "lure", "stratified")]
            lines.append(f"| {one['name']} | {budget} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdict(worlds):
    lines = ["| set | bias below 0.5 point at M = 100 and 200 (LURE; stratified) | RMSE at M = 200 at most 0.86 of i.i.d. (LURE; stratified) |",
             "|" + "---|" * 3]
    for one in worlds:
        cells = []
        for kind in ("lure", "stratified"):
            bias = all(abs(one["budgets"][str(m)][kind]["bias"]) < 0.005 for m in (100, 200))
            last = one["budgets"]["200"]
            cells.append(("yes" if bias else "no", "yes" if last[kind]["rmse"] <= 0.86 * last["iid"]["exact_rmse"] else "no"))
        lines.append(f"| {one['name']} | {cells[0][0]}; {cells[1][0]} | {cells[0][1]}; {cells[1][1]} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--sets", help="separated by semicolons; others keep their stored figures")
    given = parser.parse_args()
    kept = {one["name"]: one for one in json.loads((RESULTS / "lure.json").read_text())} if given.sets is not None else {}
    for name in SETS if given.sets is None else filter(None, given.sets.split(";")):
        if SETS[name][0] is not fashion or FASHION.exists():
            kept[name] = measure(name, given.data, given.trials)
    worlds = json.loads(json.dumps([kept[name] for name in SETS if name in kept]))  # Budgets are texts, as stored.
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "lure.json").write_text(json.dumps(worlds, indent=1) + "\n")
    body = ["# Active testing", "",
            f"Written by `python bench/curves/lure.py --data FOLDER`: {given.trials} trials of each, the same labelled pool and model; "
            "\"of i.i.d.\" divides by the exact RMSE of as many labels drawn at random; \"worth\" is how many labels drawn at random have that RMSE, exactly too; ± is one standard error over the trials.", "", table(worlds), "",
            "Acceptance (bias below half a point at M >= 100, RMSE at most 0.86 of i.i.d. at M = 200):", "", verdict(worlds), ""]
    (RESULTS / "lure.md").write_text("\n".join(body))
    print("\n".join(body))


main()

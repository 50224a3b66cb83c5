"""Training time of logistic regression and gbdt beside scikit-learn and XGBoost; bench/curves/results/training_time.md and .json.

The same rows, the same C, the same trees (100 rounds of depth 6, learning rate 0.1, histograms): processor and wall seconds of `fit` alone, the least of
several runs in one process a side, and the accuracy on rows that were not trained on. Each on one thread and on two (wide trees on one). Querist's
boosting stays on one thread, so that threads never change a tree; on a busy machine the peers' second thread costs much processor time in waiting.

Run: python bench/curves/training_time.py --data FOLDER --python INTERPRETER (with scikit-learn, xgboost and the wheel of `make python`).
"""
import argparse
import csv
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from machine import machine  # noqa: E402

RESULTS = ROOT / "bench/curves/results"
TEST_ROWS = 2_500
LINEAR, TREES = ("querist", "scikit-learn"), ("querist", "XGBoost", "scikit-learn")
NAMES = {"linear": "logistic regression", "trees": "gbdt"}
# Set, rows to train on, learner.
CASES = [("agnews embeddings", 300, "linear"), ("agnews embeddings", 3000, "linear"), ("agnews tf-idf", 300, "linear"),
         ("agnews tf-idf", 3000, "linear"), ("clinc150 tf-idf", 3000, "linear"), ("letter", 3000, "linear"), ("letter", 10_000, "linear"),
         ("adult", 300, "linear"), ("adult", 3000, "linear"), ("adult", 10_000, "linear"), ("wide", 10_000, "linear"),
         ("agnews embeddings", 300, "trees"), ("letter", 3000, "trees"), ("adult", 300, "trees"), ("adult", 3000, "trees"),
         ("adult", 10_000, "trees"), ("wide", 10_000, "trees")]


def lines_of(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def table_of(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def numbers_of(rows):
    """Numbers to mean 0 and deviation 1; what is none, one column a value."""
    import numpy as np
    parts = []
    for column in rows[0]:
        if column in ("id", "label", "split"):
            continue
        cells = [row[column] for row in rows]
        if all(is_number(cell) for cell in cells):
            values = np.array(cells, dtype=np.float64)[:, None]
            parts.append((values - values.mean()) / (values.std() or 1))
        else:
            parts.append((np.array(cells)[:, None] == np.unique(cells)[None, :]).astype(np.float64))
    return np.hstack(parts).astype(np.float32)


def load(name, data):
    import numpy as np
    from sklearn.datasets import make_classification
    from sklearn.feature_extraction.text import TfidfVectorizer
    if name == "wide":
        return make_classification(13_000, 100, n_informative=40, n_classes=10, class_sep=2, random_state=0)
    if name in ("letter", "adult"):
        rows = table_of(data / name / "data.csv.gz")
        return numbers_of(rows), [row["label"] for row in rows]
    folder = data / {"agnews": "agnews-7600", "clinc150": "clinc150"}[name.split()[0]]
    rows = lines_of(folder / "data.jsonl.gz")
    known = [i for i, row in enumerate(rows) if row["label"] != "oos"]
    labels = [rows[i]["label"] for i in known]
    if name.endswith("embeddings"):
        return np.load(folder / "embeddings_minilm.npy")[known].astype(np.float32), labels
    return TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32).fit_transform([rows[i]["text"] for i in known]), labels


def estimator(side, learner, threads):
    if side == "querist":
        from querist import learners
        return learners.LogisticRegression(C=1.0) if learner == "linear" else learners.GradientBoosting()
    if side == "XGBoost":
        from xgboost import XGBClassifier
        return XGBClassifier(n_estimators=100, learning_rate=0.1, max_depth=6, tree_method="hist", n_jobs=threads)
    if learner == "linear":
        from sklearn.linear_model import LogisticRegression
        return LogisticRegression(C=1.0, max_iter=1000)
    from sklearn.ensemble import HistGradientBoostingClassifier
    return HistGradientBoostingClassifier(max_iter=100, learning_rate=0.1, max_depth=6, max_leaf_nodes=64, min_samples_leaf=1,
                                          l2_regularization=1.0, early_stopping=False)


def measure(side, learner, path, rows, threads):
    """In a process of its own: prints one line of JSON."""
    import pickle
    import warnings
    warnings.simplefilter("ignore")
    with open(path, "rb") as file:
        x, y = pickle.load(file)
    if side == "querist":
        import querist
        if hasattr(querist, "set_threads"):
            querist.set_threads(threads)
    best = None
    begun = time.monotonic()
    for _ in range(5):
        model = estimator(side, learner, threads)
        cpu, wall = time.process_time(), time.perf_counter()
        model.fit(x[:rows], y[:rows])
        run = (time.process_time() - cpu, time.perf_counter() - wall)
        best = run if best is None else min(best, run)
        if time.monotonic() - begun > 10:
            break
    right = (model.predict(x[-TEST_ROWS:]) == y[-TEST_ROWS:]).mean()
    print(json.dumps({"cpu_s": best[0], "wall_s": best[1], "accuracy": float(right)}))


def compare(python, name, rows, learner, path):
    result = {"set": name, "rows": rows, "learner": learner, "runs": []}
    for threads in (1,) if (name, learner) == ("wide", "trees") else (1, 2):
        for side in LINEAR if learner == "linear" else TREES:
            environment = {**os.environ, **{f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "QUERIST")}}
            done = subprocess.run([python, __file__, "--measure", side, learner, path, str(rows), str(threads)], stdout=subprocess.PIPE,
                                  text=True, check=True, env=environment)
            result["runs"].append({"side": side, "threads": threads, **json.loads(done.stdout.splitlines()[-1])})
            print(name, rows, learner, result["runs"][-1], file=sys.stderr, flush=True)
    return result


def report(results):
    lines = ["# Training time", "", __doc__.split("\n\n")[1].replace("\n", " "), "",
             "| learner | set | rows | threads | by | CPU | wall | accuracy | CPU of the peer / Querist's |", "|---|---|---|---|---|---|---|---|---|"]
    for result in results:
        for threads in (1, 2):
            runs = [run for run in result["runs"] if run["threads"] == threads]
            own = next((run for run in runs if run["side"] == "querist"), None)
            for run in runs:
                ratio = "" if run is own else f"{run['cpu_s'] / own['cpu_s']:.1f}"
                lines.append(f"| {NAMES[result['learner']]} | {result['set']} | {result['rows']} | {threads} | {run['side']} | {run['cpu_s']:.4f} s | "
                             f"{run['wall_s']:.4f} s | {run['accuracy']:.4f} | {ratio} |")
    machines = sorted({result["machine"] for result in results if "machine" in result})
    if machines:
        lines += ["", f"Machine: {'; '.join(machines)}."]
    return "\n".join(lines) + "\n"


def here():
    """The machine in a line."""
    about = machine()
    return f"{about['model']}, {about['cores']} cores ({' '.join(about['flags'])})"


def prepare(name, data, folder):
    import pickle

    import numpy as np
    x, y = load(name, data)
    order = np.random.default_rng(0).permutation(x.shape[0])
    path = folder / (name.replace(" ", "-") + ".pickle")
    with open(path, "wb") as file:
        pickle.dump((x[order] if hasattr(x, "tocsr") else np.ascontiguousarray(x[order], dtype=np.float32),
                     np.unique(y, return_inverse=True)[1][order]), file)
    return path


def main():
    if sys.argv[1:2] == ["--measure"]:
        side, learner, path, rows, threads = sys.argv[2:]
        return measure(side, learner, path, int(rows), int(threads))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("QUERIST_DATA", ROOT / "../shared/data"))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--only", default="", help="a part of a set's name or a learner (linear, trees); others keep their stored figures")
    arguments = parser.parse_args()
    stored = RESULTS / "training_time.json"
    results = json.loads(stored.read_text()) if arguments.only and stored.exists() else []
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, rows, learner in CASES:
            if arguments.only not in f"{name} {learner}":
                continue
            if name not in paths:
                paths[name] = prepare(name, arguments.data.resolve(), pathlib.Path(folder))
            case = {"machine": here()} | compare(arguments.python, name, rows, learner, paths[name])
            results = [other for other in results if any(other[key] != case[key] for key in ("set", "rows", "learner"))] + [case]
    results.sort(key=lambda case: CASES.index((case["set"], case["rows"], case["learner"])))
    stored.write_text(json.dumps(results, indent=1))
    RESULTS.joinpath("training_time.md").write_text(report(results))
    print(report(results))


if __name__ == "__main__":
    main()

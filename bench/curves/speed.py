"""One simulation beside the same loop in scikit-activeml and scikit-learn; bench/curves/results/speed.md and .json.

A pool of 5,000 rows of 384 numbers (AG News, sentence embeddings), 2,600 rows to test on, 20 labels to begin with, batches of 20
by margin up to 300, logistic regression at C = 1, five seeds; processor seconds of everything on one thread, the least of five
runs of each, taken in turn. scikit-learn's solver stops with 2e-7 to 7e-6 of loss a label left to gain on these rows (against its own fit to 1e-10);
tolerance=1e-6 with at most
about 5e-7, the default 1e-7 with a tenth of that. The loop is from the data in memory to the last model, Querist's featurizer included; the process is Querist's whole, with its start and the
reading of the file. The peer's process is not given: most of it are imports.

The second table is of the same machine and rounds with both sides held to AVX2: Querist's kernels by QUERIST_VECTORS, NumPy by
NPY_DISABLE_CPU_FEATURES, the OpenBLAS of each by its Haswell kernels, the C library by a tunable; scikit-learn's own code knows nothing wider.
Clock, caches and memory are still this machine's, so it tells what the wider vectors bring, not what an older machine takes.

Where the processor has no AVX-512 there is nothing to hold: that machine's one table goes to speed_avx2.md and .json.

Run: python bench/curves/speed.py --data FOLDER (with agnews-7600 in it), after `make python` and `make`.
"""
import argparse
import gzip
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench/curves/results"
SEEDS, START, BATCH, BUDGET, POOL = 5, 20, 20, 300, 5000
ROUNDS = 5
OURS = (("fixed", "logistic_regression(strength=1, tolerance=1e-6)", "querist simulate, C = 1, scikit-learn's tolerance"),
        ("default", "logistic_regression(strength=1)", "querist simulate, C = 1, the default tolerance"),
        ("searched", "logistic_regression", "querist simulate, C searched after every batch"))
sys.path[:0] = [str(ROOT / "bench/peers"), str(ROOT / "bench")]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
MODES = {"native": {}, "avx2": {"QUERIST_VECTORS": "avx2", "OPENBLAS_CORETYPE": "Haswell",
                                "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512CD,-AVX512DQ"}}

PEER = """
import json, sys, time, warnings
import numpy as np
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import UncertaintySampling
from sklearn.linear_model import LogisticRegression
warnings.simplefilter("ignore")
data = np.load(sys.argv[1])
X, y, seeds, start, batch, budget, pool = (*(data[k] for k in ("X", "y")), *map(int, sys.argv[2:]))
before, finals = time.process_time(), []
for seed in range(seeds):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    train, test = order[:pool], order[pool:]
    labels = np.full(pool, np.nan)
    first = rng.choice(pool, start, replace=False)
    labels[first] = y[train[first]]
    strategy = UncertaintySampling(method="margin_sampling", random_state=seed)
    while True:
        model = SklearnClassifier(LogisticRegression(max_iter=1000), classes=range(4)).fit(X[train], labels)
        accuracy = float(np.mean(model.predict(X[test]) == y[test]))
        if np.isfinite(labels).sum() >= budget:
            break
        picked = strategy.query(X[train], labels, model, fit_clf=False, batch_size=batch)
        labels[picked] = y[train[picked]]
    finals.append(accuracy)
print(json.dumps({"cpu_s": time.process_time() - before, "final_accuracy": float(np.mean(finals))}))
"""


def peer(python, features, labels, folder, mode):
    import numpy as np
    np.savez(folder / "data.npz", X=features, y=labels)
    numbers = [str(n) for n in (SEEDS, START, BATCH, BUDGET, POOL)]
    done = subprocess.run([python, "-c", PEER, folder / "data.npz", *numbers], stdout=subprocess.PIPE, text=True, check=True,
                          env={**os.environ, **ONE_THREAD, **MODES[mode]})
    return json.loads(done.stdout)


def ours(data, rows, learner, folder, mode):
    out = folder / "ours.json"
    command = ["taskset", "-c", "0", ROOT / "build/querist", "simulate", data / "agnews-7600/data.jsonl.gz", "--embeddings",
               data / "agnews-7600/embeddings_minilm.npy", "--label", "label", "--test-fraction", str(1 - POOL / rows),
               "--strategies", "margin", "--learner", learner, "--initial", str(START), "--batch-size", str(BATCH),
               "--budget", str(BUDGET), "--seeds", str(SEEDS), "--threads", "1", "--out", out]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, **ONE_THREAD, **MODES[mode]})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = json.loads(out.read_text())
    summary = result["summary"][0]
    return {"loop_s": result["timing"]["cpu_seconds"], "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "final_accuracy": summary["final_accuracy_mean"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=pathlib.Path, help="an interpreter that has the peers; else their environment is made")
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("QUERIST_DATA", ROOT / "../shared/data"))
    arguments = parser.parse_args()
    python = arguments.python
    if not python:
        from run import python_of_peers
        python = python_of_peers()
    if pathlib.Path(sys.prefix) != python.parents[1]:  # NumPy and the peers are there.
        os.execv(python, [str(python), *sys.argv])
    import numpy as np
    from machine import machine
    from numpy._core._multiarray_umath import __cpu_dispatch__ as dispatched
    about = machine()
    is_wide = "avx512f" in about["flags"]
    if is_wide:
        MODES["avx2"]["NPY_DISABLE_CPU_FEATURES"] = " ".join(name for name in dispatched if name == "X86_V4" or name.startswith("AVX512"))
    else:
        del MODES["avx2"]
    data = arguments.data.resolve()
    features = np.load(data / "agnews-7600/embeddings_minilm.npy").astype(np.float32)
    with gzip.open(data / "agnews-7600/data.jsonl.gz", "rt") as lines:
        names = [json.loads(line)["label"] for line in lines]
    labels = np.unique(names, return_inverse=True)[1]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rounds = [{mode: {"peer": peer(python, features, labels, folder, mode),
                          **{key: ours(data, len(names), learner, folder, mode) for key, learner, _ in OURS}} for mode in MODES}
                  for _ in range(ROUNDS)]
    result = {"machine": about, "load": os.getloadavg()[0], "rounds": rounds}
    for mode in MODES:
        result[mode] = {"peer": min((run[mode]["peer"] for run in rounds), key=lambda run: run["cpu_s"])}
        result[mode] |= {key: min((run[mode][key] for run in rounds), key=lambda run: run["loop_s"]) for key, *_ in OURS}
    stem = "speed" if is_wide else "speed_avx2"
    RESULTS.joinpath(f"{stem}.json").write_text(json.dumps(result, indent=1))
    write(result, stem)


def table(best, rounds):
    theirs = best["peer"]
    lines = ["| loop | CPU of the loop | CPU of the process | final accuracy | times as fast (loop) | in each round |", "|---|---|---|---|---|---|",
             f"| scikit-activeml and scikit-learn | {theirs['cpu_s']:.2f} s | | {theirs['final_accuracy']:.4f} | 1 | |"]
    for key, _, name in OURS:
        run = best[key]
        ratios = sorted(one["peer"]["cpu_s"] / one[key]["loop_s"] for one in rounds)
        lines.append(f"| {name} | {run['loop_s']:.3f} s | {run['cpu_s']:.2f} s | {run['final_accuracy']:.4f} | "
                     f"{theirs['cpu_s'] / run['loop_s']:.1f} | {ratios[0]:.1f} to {ratios[-1]:.1f} |")
    return lines


def write(result, stem):
    about = [part.replace("\n", " ") for part in __doc__.split("\n\n")]
    lines = ["# One simulation beside the same loop in Python", "", about[1], "",
             *table(result["native"], [run["native"] for run in result["rounds"]])]
    if "avx2" in result:
        lines += ["", "## Held to AVX2", "", about[2], "", *table(result["avx2"], [run["avx2"] for run in result["rounds"]])]
    else:
        lines += ["", "The processor knows AVX2 and nothing wider."]
    lines += ["", "Splits differ between the two sides, so their accuracies differ by chance. "
              f"The machine's load was {result['load']:.0f} on {result['machine']['cores']} cores."]
    RESULTS.joinpath(f"{stem}.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

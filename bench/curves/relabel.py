"""Another answer to a labelled example, or the first to a new one: what `relabel` gains at the same number of answers bought; bench/curves/results/relabel.md and .json.

Projects on a server, answered by five simulated annotators who err: sentence vectors of three text sets, a pool and test rows drawn
by the seed, the strategy auto in batches of 20, no audit. An annotator's answer to an example is drawn by seed, example and annotator,
so that all arms buy from the same people. A wrong answer is any other class. Arms: always new labels; `relabel=auto`; the same with
labels by `consensus=dawid_skene`. Each is measured on the test rows after 200 and 400 answers.

python bench/curves/relabel.py --data FOLDER, with NumPy and SciPy; FOLDER holds agnews-7600, trec6 and sms-spam.
"""
import argparse
import csv
import gzip
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.request

import numpy as np
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench/curves/results"
SETS = {"AG News": "agnews-7600", "TREC-6": "trec6", "SMS": "sms-spam"}
POOL, TEST, BUDGET, EVERY = 1500, 1500, 400, 200
NOISE = {"mild": (0.95, 0.9, 0.85, 0.8, 0.75), "heavy": (0.8, 0.7, 0.65, 0.6, 0.5)}
ARMS = {"new labels": {"relabel": "off"}, "relabel": {"relabel": "auto"},
        "relabel, dawid_skene": {"relabel": "auto", "consensus": "dawid_skene"}}
SETTINGS = {"strategy": "auto", "batch_size": 20, "audit_share": 0, "guard": False, "calibration": "none"}


class Server:
    def __init__(self, binary, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([binary, "serve", "--port", str(port), "--data-dir", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                self.ask("GET", "/v2/health/ready")
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server does not start")

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=120) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def close(self):
        self.process.terminate()
        self.process.wait()


def read(folder, seed):
    """Pool and test rows of one draw: vectors and class names."""
    rows = [json.loads(line) for line in gzip.open(folder / "data.jsonl.gz", "rt")]
    x = np.load(folder / "embeddings_minilm.npy")
    order = np.random.default_rng(seed).permutation(len(rows))[:POOL + TEST]
    return x[order], [rows[i]["label"] for i in order]


def make(args, folder, project, x, classes):
    np.save(folder / "rows.npy", x[:POOL])
    with open(folder / "rows.csv", "w", newline="") as out:
        csv.writer(out).writerows([["id"], *([i] for i in range(POOL))])
    subprocess.run([args.querist, "import", folder / "rows.csv", "--embeddings", folder / "rows.npy", "--id", "id", "--classes", ",".join(classes),
                    "--project", project, "--data-dir", folder / "data"], check=True, capture_output=True)


def answer(truth, classes, accuracy, seed, row, annotator):
    rng = np.random.default_rng([seed, row, annotator])
    if rng.random() < accuracy:
        return truth
    return str(rng.choice([name for name in classes if name != truth]))


def measured(server, project, x, truth):
    newest = max(model["version"] for model in server.ask("GET", f"/api/v1/projects/{project}/models?limit=1000")["items"])
    right = 0
    for start in range(POOL, POOL + TEST, 250):
        part = x[start:start + 250].astype(float)
        body = {"inputs": [{"name": "embedding", "shape": list(part.shape), "datatype": "FP32", "data": part.ravel().tolist()}]}
        outputs = server.ask("POST", f"/v2/models/{project}/versions/{newest}/infer", body)["outputs"]
        said = next(one["data"] for one in outputs if one["name"] == "label")
        right += sum(a == b for a, b in zip(said, truth[start:start + 250]))
    return right / TEST


def run(server, project, settings, x, truth, classes, accuracies, seed):
    path = f"/api/v1/projects/{project}"
    server.ask("PATCH", path, {"settings": SETTINGS | settings | {"seed": seed}})
    bought, again, idle, curve, seen, batches = 0, 0, 0, [], set(), set()
    while len(curve) < BUDGET // EVERY:
        before = bought
        for annotator, accuracy in enumerate(accuracies):
            body = {"count": 4, "annotator": f"annotator {annotator}"}
            for item in server.ask("POST", path + "/leases", body)["items"]:
                if item["selection_id"] not in batches and bought >= EVERY * (len(curve) + 1):
                    curve.append(measured(server, project, x, truth))  # The first of a new batch: the model knows all before.
                batches.add(item["selection_id"])
                row = int(item["example"]["external_id"])
                again += row in seen
                seen.add(row)
                value = answer(truth[row], classes, accuracy, seed, row, annotator)
                server.ask("POST", path + "/annotations", {"example_id": item["example"]["id"], "lease_id": item["lease_id"], "value": value})
                bought += 1
        idle = idle + 1 if bought == before else 0
        if idle > 3000:
            raise SystemExit(f"{project} gets no more work after {bought} answers")
        if idle:
            time.sleep(0.02)
    return {"accuracy": curve, "again": again}


def measure(args):
    """All runs: those that are stored and those that are missing."""
    stored = args.out / "relabel.json"
    runs = json.loads(stored.read_text()) if stored.exists() else []
    done = {(run["set"], run["seed"]) for run in runs}
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        folder = pathlib.Path(folder)
        for seed in range(args.first_seed, args.first_seed + args.seeds):
            for name, source in SETS.items():
                if (name, seed) in done or (args.set and name != args.set):
                    continue
                x, truth = read(args.data / source, seed)
                classes = sorted(set(truth))
                jobs = [(noise, arm) for noise in NOISE for arm in ARMS]
                for k in range(len(jobs)):
                    make(args, folder, f"p{k}", x, classes)
                server = Server(args.querist, folder / "data")
                try:
                    for k, (noise, arm) in enumerate(jobs):
                        found = run(server, f"p{k}", ARMS[arm], x, truth, classes, NOISE[noise], seed)
                        runs.append({"set": name, "seed": seed, "noise": noise, "arm": arm, **found})
                        print(name, seed, noise, arm, [round(v, 3) for v in found["accuracy"]], found["again"], flush=True)
                finally:
                    server.close()
                    subprocess.run(["rm", "-rf", folder / "data"], check=True)
                stored.write_text(json.dumps(runs) + "\n")
    return runs


def points(ours, theirs):
    """Mean difference in points with the half-width of its 95 % range over the paired seeds."""
    differences = 100 * (np.array(ours) - np.array(theirs))
    half = stats.t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / len(differences) ** 0.5
    return float(differences.mean()), float(half)


def of(runs, name, noise, arm, at):
    chosen = sorted((r["seed"], r["accuracy"][at]) for r in runs if (r["set"], r["noise"], r["arm"]) == (name, noise, arm))
    return [value for _, value in chosen]


def table(runs, at):
    base, *others = ARMS
    lines = [f"| set | annotators | {base} | " + " | ".join(f"{arm}: difference in points" for arm in others) + " | answers to labelled examples |",
             "|---|---|---|" + "---|" * len(others) + "---|"]
    for name in SETS:
        for noise in NOISE:
            plain = of(runs, name, noise, base, at)
            cells = ["{:+.1f} ± {:.1f}".format(*points(of(runs, name, noise, arm, at), plain)) for arm in others]
            again = np.mean([r["again"] for r in runs if (r["set"], r["noise"], r["arm"]) == (name, noise, "relabel")])
            lines.append(f"| {name} | {noise} | {100 * np.mean(plain):.1f} | " + " | ".join(cells) + f" | {again:.0f} of {BUDGET} |")
    return "\n".join(lines)


def verdict(runs, at):
    """By arm the mean over the cells, with two tests of it: over the seeds' means, which pairs of a seed share, and over all pairs."""
    base, *others = ARMS
    said = []
    for arm in others:
        gaps = np.array([100 * (np.array(of(runs, name, noise, arm, at)) - np.array(of(runs, name, noise, base, at))) for name in SETS for noise in NOISE])
        cells = [points(of(runs, name, noise, arm, at), of(runs, name, noise, base, at)) for name in SETS for noise in NOISE]
        better, worse = sum(mean > half for mean, half in cells), sum(mean < -half for mean, half in cells)
        said.append(f"- `{arm}`: {gaps.mean():+.2f} points in the mean of {len(cells)} cells (p {stats.ttest_1samp(gaps.mean(axis=0), 0).pvalue:.3f} over the {gaps.shape[1]} seeds' means, "
                    f"{stats.ttest_1samp(gaps.ravel(), 0).pvalue:.3f} over all {gaps.size} pairs; Student's t); the range lies above zero in {better} and below zero in {worse}.")
    return "\n".join(said)


def report(runs):
    seeds = sorted({run["seed"] for run in runs})
    people = "; ".join(f"{noise}: right {', '.join(str(round(100 * a)) for a in rates)} of 100 times" for noise, rates in NOISE.items())
    tables = "\n\n".join(f"## After {EVERY * (at + 1)} answers\n\n{table(runs, at)}" for at in range(BUDGET // EVERY))
    verdicts = "\n\n".join(f"After {EVERY * (at + 1)} answers:\n\n{verdict(runs, at)}" for at in range(BUDGET // EVERY))
    return f"""# Answers to labelled examples, or to new ones

Five annotators ({people}), the same number of answers bought. Test accuracy in percent, then paired differences to it with the 95 %
range over {len(seeds)} seeds ({seeds[0]} to {seeds[-1]}; Student's t). Sentence vectors (MiniLM), a pool of {POOL:,} rows, logistic regression, `auto` in batches of
20, no audit labels.

{verdicts}

{tables}

Written by `python bench/curves/relabel.py --data FOLDER`.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("QUERIST_DATA", ROOT / "../shared/data"))
    parser.add_argument("--querist", type=pathlib.Path, default=ROOT / "build/querist")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--scratch", type=pathlib.Path, help="folder for the projects; one in memory spares the disk")
    parser.add_argument("--set", choices=SETS, help="measure this one alone")
    parser.add_argument("--stored", action="store_true", help="write the report of the stored runs")
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    args = parser.parse_args()
    args.data = pathlib.Path(args.data).resolve()
    runs = json.loads((args.out / "relabel.json").read_text()) if args.stored else measure(args)
    (args.out / "relabel.md").write_text(report(runs))
    print(report(runs))


main()

"""Querist beside its peers: pinned peers in an environment of their own, both sides in one run, one table (make peers)."""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "bench/peers"
ENVIRONMENT = ROOT / ".toolchain/peers"
sys.path[:0] = [str(ROOT / "bench"), str(HERE)]

from machine import machine  # noqa: E402


def python_of_peers():
    """The environment's interpreter, with the pinned peers and the newest wheel installed."""
    python = ENVIRONMENT / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    wheels = sorted((ROOT / "dist").glob("querist-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        sys.exit("there is no wheel in dist/: run make python first")
    stamp = ENVIRONMENT / "installed"
    wanted = (HERE / "requirements.txt").read_text() + f"{wheels[-1].name} {wheels[-1].stat().st_mtime_ns}"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the peers", file=sys.stderr, flush=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(pip + ["-r", HERE / "requirements.txt"], check=True)
        subprocess.run(pip + ["--force-reinstall", "--no-deps", wheels[-1]], check=True)
        stamp.write_text(wanted)
    return python


def measured(python, workload, side, scale, threads, folder, avx2):
    answer = folder / f"{workload}-{side}-{threads}.npz"
    environment = {**os.environ, **{f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}}
    if avx2:
        environment |= {"OPENBLAS_CORETYPE": "Haswell", "QUERIST_VECTORS": "avx2"}
    print(f"  {workload}: {side}, {threads} thread{'s' * (threads > 1)}", file=sys.stderr, flush=True)
    done = subprocess.run([python, HERE / "measure.py", workload, side, "--scale", str(scale), "--threads", str(threads),
                           "--answer", answer], stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{workload}: {side} ended with {done.returncode}")
    return {**json.loads(done.stdout), "answer": answer}


def compare(python, workload, scale, folder, avx2):
    import numpy as np
    sides = (["peer"] if workload.peer_name else []) + (["plain"] if hasattr(workload, "plain") else []) + ["ours"]
    runs = {side: measured(python, workload.name, side, scale, 1, folder, avx2) for side in sides}
    runs["two_threads"] = measured(python, workload.name, "ours", scale, 2, folder, avx2)
    answers = {side: dict(np.load(run.pop("answer"))) for side, run in runs.items()}
    row = {"workload": workload.name, "shape": workload.shape, "peer": workload.peer_name, "goal": workload.goal,
           "yardstick": workload.yardstick, "most_mb": workload.most_mb, "scale": scale, "runs": runs, "equality": ""}
    if workload.peer_name:
        row["equality"] = workload.same(answers["peer"], answers["ours"]) or "differs"
        row["ratio"] = runs[workload.yardstick]["cpu_s"] / runs["ours"]["cpu_s"]
    row["threads_agree"] = all(np.array_equal(answers["two_threads"][key], value) for key, value in answers["ours"].items())
    return row


def is_met(row):
    small = not row["most_mb"] or row["runs"]["ours"]["peak_mb"] <= row["most_mb"]
    return row["ratio"] >= row["goal"] and small


def seconds(value):
    return f"{value:.1f} s" if value >= 1 else f"{value * 1e3:.2f} ms"


def figures(run):
    return f"{seconds(run['cpu_s'])}, {run['peak_mb']:.0f} MB" if run else ""


def table(rows):
    lines = ["| workload | peer | its CPU and peak | NumPy's | ours | ours on two threads, wall | ratio | goal | met | equality |",
             "|" + "---|" * 10]
    for row in rows:
        runs = row["runs"]
        cells = [f"{row['workload']}, {row['shape']}", row["peer"] or "none has it", figures(runs.get("peer")),
                 figures(runs.get("plain")), figures(runs["ours"]), seconds(runs["two_threads"]["wall_s"]),
                 f"{row['ratio']:,.1f}" if row["peer"] else "",
                 (f"{row['goal']:,}" + (f" of NumPy" if row["yardstick"] == "plain" else "")) if row["goal"] else "",
                 ("yes" if is_met(row) else "no") if row["goal"] else "",
                 row["equality"] + ("" if row["threads_agree"] else "; TWO THREADS DIFFER")]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", help="names; none: all of them")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows, to try the comparison itself")
    parser.add_argument("--avx2", action="store_true", help="no wider vectors than AVX2 on either side")
    options = parser.parse_args()
    python = python_of_peers()
    if pathlib.Path(sys.prefix) != ENVIRONMENT:
        os.execv(python, [str(python), __file__, *sys.argv[1:]])  # The comparison needs NumPy as well.
    import workloads
    names = options.workloads or list(workloads.ALL)
    with tempfile.TemporaryDirectory(prefix="querist-peers-") as folder:
        rows = [compare(python, workloads.ALL[name], options.scale, pathlib.Path(folder), options.avx2) for name in names]
    lines = table(rows)
    print("\n".join(lines))
    if options.workloads or options.scale != 1:
        return  # Only a whole run at full size is kept.
    results = {"taken": datetime.date.today().isoformat(), "machine": machine(), "vectors": "avx2" if options.avx2 else "widest",
               "peers": (HERE / "requirements.txt").read_text().splitlines()[1:], "rows": rows}
    (ROOT / "bench/results/peers.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "RESULTS.md").write_text("\n".join(report(results, lines)))


def report(results, lines):
    loads = [run["load"] for row in results["rows"] for run in row["runs"].values()]
    return ["# Beside the peers", "",
            "Written by `make peers`: each side in a process of its own, one thread, the same float64 arrays; CPU seconds of the call "
            "(the median of repeated calls where it is short) and the growth of its peak memory. The ratio is the yardstick's CPU "
            "seconds over ours: the peer's, or NumPy's where the goal says so.", "",
            f"{results['taken']}, {results['machine']['model']}, {results['machine']['cores']} cores, vectors: {results['vectors']}, "
            f"load {min(loads):.1f} to {max(loads):.1f}. Peers: {', '.join(results['peers'])}.", "", *lines, ""]


if __name__ == "__main__":
    main()

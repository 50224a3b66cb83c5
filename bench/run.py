"""Runs every benchmark; JSON under bench/results/, the table in bench/RESULTS.md with the machine's description."""
import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from machine import machine
from million.report import million_section

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench/results"
TABLE = ROOT / "bench/RESULTS.md"
# Rows of the pool: most milliseconds (p99) to the next query by margin and by auto, on two idle AVX2 cores.
LOOP_GOALS = {100_000: (30, 40), 1_000_000: (200, 300)}
IMPORT_GOAL_S = 60
PAGE_GOALS_MS = {"first paint": 100, "next item after a key": 50}
PAIRS = {"linear_probabilities": ("fused", "plain"), "row_dots": ("wide", "plain"), "coverage": ("engine", "plain"),
         "exponentiate": ("wide", "plain"), "nearest_centers": ("filtered", "float32")}


def run(command, **variables):
    print("  " + " ".join(str(part) for part in command), file=sys.stderr, flush=True)
    environment = {**os.environ, **variables}
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}")
    return json.loads(done.stdout)


def bench_loop(rows, arrivals, avx2):
    with tempfile.TemporaryDirectory(prefix="querist-bench-") as folder:
        command = [ROOT / "build/bench_loop", "--rows", rows, "--arrivals", arrivals, "--folder", folder]
        if not avx2:
            return run(command)
        return run(command + ["--avx2"], OPENBLAS_CORETYPE="Haswell")


def bench_import(rows):
    return run([sys.executable, ROOT / "bench/import/import.py", "--rows", rows])


def bench_million(rows, *flags):
    with tempfile.TemporaryDirectory(prefix="querist-bench-", dir=disk_folder()) as folder:
        command = [ROOT / "build/bench_million", "--rows", rows, "--folder", folder, *flags]
        return run(command, **({"OPENBLAS_CORETYPE": "Haswell"} if "--avx2" in flags else {}))


def disk_folder():
    """The temporary folder, unless it lies in memory and /var/tmp does not."""
    in_memory = subprocess.run(["stat", "-fc", "%T", tempfile.gettempdir()], capture_output=True, text=True).stdout.strip() == "tmpfs"
    return "/var/tmp" if in_memory else None


def bench_million_all(rows):
    return {"date": datetime.date.today().isoformat(), "machine": machine(),
            "timed": [bench_million(rows, "--avx2"), bench_million(rows)], "lost": bench_million(rows, "--loss")}


def bench_kernels(seconds):
    return run([ROOT / "build/bench_kernels", "--benchmark_format=json", f"--benchmark_min_time={seconds}"])


def loop_table(runs):
    lines = ["| rows | vectors | strategy | p50 wall | p99 wall | p50 CPU | p99 CPU | goal p99 wall | met | load |", "|" + "---|" * 10]
    for loop in runs:
        for strategy, goal in zip(("margin", "auto"), LOOP_GOALS.get(loop["rows"], (None, None))):
            part = loop[f"loop_{strategy}"]
            figures = " | ".join(f"{part[key]:.1f} ms" for key in ("wall_p50_ms", "wall_p99_ms", "cpu_p50_ms", "cpu_p99_ms"))
            judged = f"{goal} ms | {'yes' if part['wall_p99_ms'] < goal else 'no'}" if goal else "none | "
            lines.append(f"| {loop['rows']:,} | {loop['vectors']} | {strategy} | {figures} | {judged} | "
                         f"{loop['load_before']:.1f} to {loop['load_after']:.1f} |")
    lines += ["", "Where the processor time of an arrival goes (p50), beside the floor of reading the features once:", "",
              "| rows | vectors | refit | rescore | margin | auto | bytes | at the measured | floor | flops of the scores |",
              "|" + "---|" * 10]
    for loop in runs:
        parts = " | ".join(f"{loop[part]['cpu_p50_ms']:.1f} ms" for part in ("refit", "rescore", "select_margin", "select_auto"))
        floor = loop["floor"]
        lines.append(f"| {loop['rows']:,} | {loop['vectors']} | {parts} | {floor['bytes'] / 1e6:.0f} MB | "
                     f"{loop['read_gb_per_s']:.1f} GB/s | {floor['bytes_ms']:.1f} ms | {floor['flops'] / 1e9:.2f} G |")
    return lines


def import_table(result):
    whole, killed = result["whole"], result["killed"]
    return ["| texts | wall | CPU | peak memory | goal wall | load |", "|---|---|---|---|---|---|",
            f"| {result['rows']:,} | {whole['wall_s']:.1f} s | {whole['cpu_s']:.1f} s | {whole['peak_rss_mb']:.0f} MB | "
            f"{IMPORT_GOAL_S} s for 1,000,000 | {whole['load_before']:.1f} to {whole['load_after']:.1f} |", "",
            f"Killed (SIGKILL) with {killed['stored_when_killed']:,} rows stored and run again: resumed after row "
            f"{killed['resumed_after']:,}, {killed['examples']:,} examples in the end, {killed['lost']} lost, "
            f"{killed['duplicated']} twice."]


def bench_page():
    node = ROOT / ".toolchain/node-bin"
    return run([node / "node", ROOT / "bench/page/page.mjs"], PATH=f"{node}:{os.environ['PATH']}")


def page_section(about, result):
    """The page's own figures; about: the machine that they were taken on."""
    paint, key = PAGE_GOALS_MS.values()
    lines = ["## The page", "",
             f"Taken on {about['model']}, {about['cores']} cores ({' '.join(about['flags'])}), at a load of {result['load_before']:.1f} to "
             f"{result['load_after']:.1f}. Debian's Chromium without a graphics card, on the cores of the server; milliseconds of the browser's clock from "
             "the request to the first paint, eight loads a view, and from a key to the next item with the server away.", "",
             "| what | first load | fastest | median | slowest | goal | median within |", "|---|---|---|---|---|---|---|"]
    rows = [(f"first paint, {view}", times, paint) for view, times in result["first_paint_ms"].items()]
    for what, times, goal in [*rows, ("next item after a key", result["key_ms"], key)]:
        middle = statistics.median(times)
        lines.append(f"| {what} | {times[0]:.0f} ms | {min(times):.0f} ms | {middle:.0f} ms | {max(times):.0f} ms | {goal} ms | {'yes' if middle < goal else 'no'} |")
    return lines


def kernel_table(result):
    times = {entry["name"]: entry["cpu_time"] for entry in result["benchmarks"]}
    lines = ["| kernel | features | kernel, CPU | plain loop, CPU | times as fast |", "|---|---|---|---|---|"]
    for name, (fast, plain) in PAIRS.items():
        for suffix, kind in (("", "float32"), ("/half:0", "float32"), ("/half:1", "float16")):
            ours, theirs = times.get(f"{name}_{fast}{suffix}"), times.get(f"{name}_{plain}{suffix}")
            if ours is not None:
                lines.append(f"| {name} | {kind} | {ours / 1e6:.3f} ms | {theirs / 1e6:.3f} ms | {theirs / ours:.1f} |")
    return lines


def write_table(results, quick):
    about = results["machine"]
    lines = ["# Results", "", f"Written by `make bench` on {results['date']}{' with --quick: small sizes' if quick else ''}.", "",
             f"Machine: {about['model']}, {about['cores']} cores, {about['memory_gb']} GB, L2 {about['l2']}, L3 {about['l3']}, "
             f"{' '.join(about['flags'])}. Load average before the first run {about['load']:.1f}: that is other work on the same "
             "machine, and wall times hold the waiting for it; processor time, over all threads, is the steadier figure. The "
             "goals are for two idle AVX2 cores.", "",
             "## The live loop", "",
             "From a label's arrival to the next query: warm refit of the head at a fixed strength, probabilities of every row, a "
             f"batch of 10. Rows of 384 float16 features in a mapped file, 10 classes, 2,000 labels, {results['arrivals']} arrivals "
             "a row; the 99th of 100 is the slowest of so few. AVX3 is Highway's name for AVX-512.", "",
             *loop_table(results["loop"]), "", "## Import", "",
             "`querist import` of short texts (about 60 characters) from CSV, features included.", "",
             *import_table(results["import"]), "", "## Kernels", "",
             "Against the plain loop compiled with the same flags, both on one thread in one run; on float16 the plain loop converts in "
             "software. nearest_centers is our own float32 kernel without and with its filter in bfloat16, where the processor has "
             "instructions for it.", "",
             *kernel_table(results["kernels"]), "", *million_section(results["million"]), "",
             *page_section(about, results["page"]), ""]
    TABLE.write_text("\n".join(lines), encoding="utf-8")


def replace_section(section):
    """Puts a section in the place of the one with its heading, or last; the others keep their figures."""
    parts = TABLE.read_text(encoding="utf-8").split("\n## ")
    others = [part.rstrip("\n") for part in parts if not part.startswith(section[0].removeprefix("## ") + "\n")]
    TABLE.write_text("\n\n## ".join(others) + "\n\n" + "\n".join(section) + "\n", encoding="utf-8")


def store(name, about, result):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": about, name: result}, indent=1), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run, not how fast it is")
    parser.add_argument("--only", choices=["million", "page"], help="one part alone; the other sections keep their figures")
    parser.add_argument("--rows", type=int, help="rows of the part million, at least 60,000; default 1,000,000")
    options = parser.parse_args()
    quick = options.quick
    million_rows = options.rows or (100_000 if quick else 1_000_000)
    if options.only == "page":
        about, result = machine(), bench_page()
        store("page", about, result)
        return replace_section(page_section(about, result))
    if options.only:
        result = bench_million_all(million_rows)
        store("million", result["machine"], result)
        return replace_section(million_section(result))
    arrivals = 5 if quick else 40
    about = {**machine(), "load": os.getloadavg()[0]}
    results = {"date": datetime.date.today().isoformat(), "machine": about, "arrivals": arrivals}
    sizes = [10_000] if quick else [100_000, 1_000_000]
    results["loop"] = [bench_loop(rows, arrivals, avx2) for rows in sizes for avx2 in (True, False)]
    results["import"] = bench_import(30_000 if quick else 1_000_000)
    results["kernels"] = bench_kernels(0.02 if quick else 0.5)
    results["million"] = bench_million_all(million_rows)
    results["page"] = bench_page()
    for name in ("loop", "import", "kernels", "million", "page"):
        store(name, about, results[name])
    write_table(results, quick)
    print(TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

"""Runs one side of one workload in this process and prints its CPU seconds, wall seconds and peak memory as JSON."""
import argparse
import json
import os
import pathlib
import time
import warnings

import numpy as np

import workloads


def peak_mb():
    """The most memory since reset_peak(), in MB."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def reset_peak():
    pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_mb()


def measure(call, least_seconds):
    """The median of repeated calls that together take at least this many seconds, and the first answer."""
    before = reset_peak()
    cpu, wall, answer = [], [], None
    while answer is None or (sum(wall) < least_seconds and len(wall) < 200):
        started_cpu, started = time.process_time(), time.perf_counter()
        result = call()
        cpu.append(time.process_time() - started_cpu)
        wall.append(time.perf_counter() - started)
        if answer is None:
            answer = result
            peak = peak_mb() - before
    return {"cpu_s": float(np.median(cpu)), "wall_s": float(np.median(wall)), "calls": len(cpu), "peak_mb": peak}, answer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("workload")
    parser.add_argument("side")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--answer", type=pathlib.Path, required=True)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    workload = workloads.ALL[options.workload]
    if options.side == "ours":
        import querist
        querist.set_threads(options.threads)
    small, whole = workload.data(min(0.02, options.scale)), workload.data(options.scale)
    call = getattr(workload, options.side)
    call(small)  # Loads what is loaded once.
    share = workload.share if options.side == "peer" else 1
    figures, answer = measure(lambda: call(whole), 0.3 if options.side != "peer" else 0)
    figures["cpu_s"] *= share
    figures["wall_s"] *= share
    np.savez(options.answer, **answer)
    print(json.dumps({**figures, "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()

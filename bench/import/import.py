"""Imports short texts with `querist import`: time, processor time, peak memory, and what a kill half-way costs."""
import argparse
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
QUERIST = ROOT / "build/querist"
WORDS_SEED = 5


def write_texts(path, rows):
    """Texts of about 60 letters over a vocabulary with the skew of a language; each row ends with its own number."""
    draw = random.Random(WORDS_SEED)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(draw.choices(letters, weights=range(26, 0, -1), k=draw.randint(2, 9))) for _ in range(30_000)]
    cumulative, total = [], 0.0
    for rank in range(len(words)):
        total += 1 / (rank + 10)
        cumulative.append(total)
    with open(path, "w", encoding="utf-8") as out:
        out.write("text\n")
        for first in range(0, rows, 10_000):
            count = min(10_000, rows - first)
            drawn = draw.choices(words, cum_weights=cumulative, k=count * 8)
            for i in range(count):
                out.write(" ".join(drawn[8 * i:8 * i + 8]) + f" {first + i}\n")


def command(data, csv):
    return [str(QUERIST), "import", str(csv), "--data-dir", str(data), "--project", "bench", "--text", "text", "--json"]


def finish(process):
    """Waits for a child; its exit status and what it used."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def count(data):
    out = subprocess.run([str(QUERIST), "status", "--data-dir", str(data), "--project", "bench", "--json"], capture_output=True,
                         text=True, check=True).stdout
    return json.loads(out)["counts"]["examples"]


def ask(data, query):
    """One row from the database, read beside the running import; zeros before there is one."""
    try:
        with sqlite3.connect(f"file:{data}/querist.db?mode=ro", uri=True, timeout=5) as base:
            return base.execute(query).fetchone()
    except sqlite3.OperationalError:
        return 0, 0


def stored(data):
    return (ask(data, "SELECT max(row) FROM examples")[0] or -1) + 1


def whole(folder, csv, rows):
    data = folder / "whole"
    load = os.getloadavg()[0]
    began = time.monotonic()
    process = subprocess.Popen(command(data, csv), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    report = json.loads(process.stdout.read())
    status, usage = finish(process)
    wall = time.monotonic() - began
    assert status == 0 and report["accepted"] == rows and count(data) == rows, report
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_rss_mb": usage.ru_maxrss / 1024,
            "load_before": load, "load_after": os.getloadavg()[0]}


def killed(folder, csv, rows):
    """Kills the import with SIGKILL once about half the rows are stored, then imports again."""
    data = folder / "killed"
    process = subprocess.Popen(command(data, csv), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and stored(data) < rows * 0.4:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL, f"the import ended with {process.returncode} before it could be killed"
    kept = stored(data)
    again = subprocess.run(command(data, csv), capture_output=True, text=True, check=True)
    report = json.loads(again.stdout)
    total, distinct = ask(data, "SELECT count(*), count(DISTINCT content_hash) FROM examples")
    return {"stored_when_killed": kept, "resumed_after": report["resumed_after"], "accepted_after": report["accepted"],
            "duplicates_after": report["duplicates"], "examples": count(data), "lost": rows - total,
            "duplicated": total - distinct}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="querist-bench-") as name:
        folder = pathlib.Path(name)
        csv = folder / "texts.csv"
        write_texts(csv, rows)
        result = {"rows": rows, "csv_mb": csv.stat().st_size / 1e6, "whole": whole(folder, csv, rows),
                  "killed": killed(folder, csv, rows)}
    print(json.dumps(result))
    return 0 if result["killed"]["lost"] == result["killed"]["duplicated"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

"""Runs every test of every kind and ends with one line: N passed, N failed."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALONE = {"browser", "crash", "hostile", "python"}  # They watch a clock as a person would, so nothing else runs beside them.
NODE = ROOT / ".toolchain/node-bin"
ENV = {**os.environ, "PATH": f"{NODE}:{os.environ['PATH']}"}


def run(name, command, cwd=ROOT, timeout=1500):
    """One suite: its name, counts and output. A suite that dies without a summary counts as one failure."""
    started = time.monotonic()
    try:
        done = subprocess.run(command, cwd=cwd, env=ENV, capture_output=True, text=True, errors="replace",
                              timeout=timeout, stdin=subprocess.DEVNULL)
        output, status = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as error:
        output, status = f"{error.stdout or ''}\nstopped after {timeout} s", 124
    passed, failed = count(output)
    if status != 0 and failed == 0:
        failed = 1
    if status == 0 and passed == 0:
        failed, output = 1, output + "\nthe suite ran no test"
    return name, passed, failed, time.monotonic() - started, output


def count(output):
    """Reads the summaries of GoogleTest, of node's runners and of our own plain line."""
    passed = failed = 0
    for pattern, good in ((r"\[  PASSED  \] (\d+) test", True), (r"\[  FAILED  \] (\d+) test", False),
                          (r"^# pass (\d+)", True), (r"^# fail (\d+)", False),
                          (r"^ℹ pass (\d+)", True), (r"^ℹ fail (\d+)", False),
                          (r"^\s*Tests .*?(\d+) passed", True), (r"^\s*Tests .*?(\d+) failed", False),
                          (r"^(\d+) passed, \d+ failed", True), (r"^\d+ passed, (\d+) failed", False)):
        total = sum(int(found) for found in re.findall(pattern, re.sub(r"\x1b\[[0-9;]*m", "", output), re.M))
        passed, failed = (passed + total, failed) if good else (passed, failed + total)
    return passed, failed


def suites():
    """Every suite there is, found by where its files lie."""
    for binary in sorted((ROOT / "build").glob("*_test")):
        yield binary.name, [str(binary), "--gtest_brief=1"], ROOT
    yield "house", ["/usr/bin/python3", "tests/house_test.py"], ROOT
    for script in sorted((ROOT / "tests").glob("*/run.py")):
        yield script.parent.name, ["/usr/bin/python3", str(script)], ROOT
    if (ROOT / "web/package.json").exists():
        yield "web", ["npm", "test", "--silent"], ROOT / "web"


def results(workers, group):
    """The results of suites as they end, so many at a time."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, *suite) for suite in group]):
            yield done.result()


def main():
    wanted = sys.argv[1:]
    passed = failed = 0
    chosen = [suite for suite in suites() if not wanted or suite[0] in wanted]
    for workers, group in ((2, [s for s in chosen if s[0] not in ALONE]), (1, [s for s in chosen if s[0] in ALONE])):
        for name, good, bad, seconds, output in results(workers, group):
            passed, failed = passed + good, failed + bad
            print(f"{'ok    ' if bad == 0 else 'FAILED'} {name}: {good} passed, {bad} failed ({seconds:.1f} s)", flush=True)
            if bad:
                print("\n".join(output.splitlines()[-120:]), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

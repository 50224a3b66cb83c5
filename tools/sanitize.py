"""Builds the unit tests under AddressSanitizer with UBSan and under ThreadSanitizer, and runs them. Ends with N passed, N failed.

Takes the presets to run (asan-ubsan, tsan), else both. A cold build of one takes about a quarter of an hour on two cores."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = {"asan-ubsan": "build-asan", "tsan": "build-tsan"}
# The tests of kills fork while threads run, which ThreadSanitizer refuses unless told.
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1", "UBSAN_OPTIONS": "print_stacktrace=1",
           "TSAN_OPTIONS": f"die_after_fork=0:suppressions={ROOT}/tools/tsan_suppressions.txt", "OMP_NUM_THREADS": "1"}


def run(preset):
    build = ROOT / FOLDERS[preset]
    subprocess.run(["cmake", "--preset", preset, "-DQUERIST_PAGE=OFF"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    listed = subprocess.run(["ninja", "-C", str(build), "-t", "targets", "all"], capture_output=True, text=True, check=True).stdout
    tests = sorted(set(re.findall(r"^(\w+_test): CXX_EXECUTABLE", listed, re.M)))
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    subprocess.run(["ninja", "-C", str(build), *quiet, *tests], check=True)
    passed = failed = 0
    for test in tests:
        done = subprocess.run([str(build / test), "--gtest_brief=1"], capture_output=True, text=True, errors="replace",
                              env={**os.environ, **OPTIONS}, stdin=subprocess.DEVNULL, timeout=1800)
        good = sum(map(int, re.findall(r"\[  PASSED  \] (\d+) test", done.stdout)))
        bad = sum(map(int, re.findall(r"\[  FAILED  \] (\d+) test", done.stdout))) or (1 if done.returncode else 0)
        passed, failed = passed + good, failed + bad
        print(f"{'ok    ' if bad == 0 else 'FAILED'} {preset} {test}: {good} passed, {bad} failed", flush=True)
        if bad:
            print("\n".join((done.stdout + done.stderr).splitlines()[:80]), flush=True)
    return passed, failed


def main():
    presets = sys.argv[1:] or list(FOLDERS)
    if not set(presets) <= set(FOLDERS):
        sys.exit(f"usage: tools/sanitize.py [{'] ['.join(FOLDERS)}]")
    results = [run(preset) for preset in presets]
    passed, failed = sum(good for good, _ in results), sum(bad for _, bad in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the browser tests against the real binary on a data folder of its own, in Debian's Chromium."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    folder = tempfile.mkdtemp(prefix="querist-browser-")
    node = ROOT / ".toolchain/node-bin"
    start = f"exec {ROOT}/build/querist serve --port {{port}} --data-dir {folder}/$$"
    env = {**os.environ, "PATH": f"{node}:{os.environ['PATH']}", "QUERIST_START": start}
    tests = sorted(str(path) for path in (ROOT / "tests/browser").glob("*.test.mjs"))
    done = subprocess.run(["node", "--test", "--test-concurrency=1", *tests], cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
    shutil.rmtree(folder, ignore_errors=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

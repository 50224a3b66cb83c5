#!/usr/bin/python3
"""Runs hostile tests against the real binary: full and read-only disks, damaged files, wrong requests, swaps under load.

As root on Linux it runs itself again in a mount namespace of its own, so that the small file systems it mounts are seen by
nobody else and are gone when it ends. `run.py NAME…` runs the tests whose names hold one of the words.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import damage
import disk
import wire
import stopping
import swap
from server import BINARY, Failed

NAMESPACE = "QUERIST_HOSTILE_NAMESPACE"


def enter_namespace():
    """Runs this script in its own mount namespace where that is allowed; comes back where it is not."""
    probe = subprocess.run(["unshare", "--mount", "true"], capture_output=True)
    if os.environ.get(NAMESPACE) or probe.returncode != 0:
        return
    os.environ[NAMESPACE] = "yes"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])


def main():
    enter_namespace()
    if not BINARY.exists():
        sys.exit(f"there is no {BINARY}; build it first (make build)")
    wanted = sys.argv[1:]
    can_mount = os.environ.get(NAMESPACE) == "yes"
    tests = [test for module in (disk, damage, wire, stopping, swap) for test in module.tests(can_mount)]
    failed = ran = 0
    for test in tests:
        if wanted and not any(word in test.__name__ for word in wanted):
            continue
        ran += 1
        folder = pathlib.Path(tempfile.mkdtemp(prefix="querist-hostile-"))
        started, problem = time.monotonic(), None
        try:
            test(folder)
        except (Failed, OSError, subprocess.SubprocessError, KeyError, TypeError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        print(f"{'FAILED' if problem else 'ok    '} {test.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
        if problem:
            failed += 1
            logs = "\n".join(log.read_text(errors="replace")[-1500:] for log in folder.glob("**/*.log"))
            print(f"  {problem}\n--- the server's log\n{logs}", flush=True)
        disk.unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{ran - failed} passed, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())

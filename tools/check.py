"""The checks that run nothing: house rules and format, clang-tidy, and the page's types and laws. Ends with N passed, N failed."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NODE = ROOT / ".toolchain/node-bin"
# Debian's clang-tidy 14 knows _Float16 only for processors that compute in it.
EXTRA = {"src/base/matrix.cpp": ["--extra-arg=-mavx512fp16"]}
STAMPS = ROOT / "build/tidy"  # One file a source that was found clean, named by all that it reads.


def headers_of(build):
    """The project's own files that each object was compiled from, as the build wrote them down."""
    listed = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found, target = {}, None
    for line in listed.splitlines():
        if line and not line.startswith(" "):
            target = (build / line.split(":")[0]).resolve()
            found[target] = []
        elif line.strip():
            path = (build / line.strip()).resolve()
            if path.is_relative_to(ROOT):
                found[target].append(path)
    return found


def object_of(build, entry):
    """Where a compile command writes; CMake 3.25 tells it by the command alone."""
    words = shlex.split(entry["command"])
    return (build / words[words.index("-o") + 1]).resolve()


def key_of(source, reads):
    """Changes when the source, a header it reads or the list of checks does."""
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    for path in sorted({source, *reads}):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def tidy(source, stamp):
    """What clang-tidy says against one source; nothing where it is clean."""
    if stamp.exists():
        return ""
    extra = EXTRA.get(str(source.relative_to(ROOT)), [])
    done = subprocess.run(["clang-tidy", "-p", str(ROOT / "build"), "--quiet", *extra, str(source)], capture_output=True, text=True)
    if done.returncode == 0:
        stamp.touch()
        return ""
    return done.stdout + done.stderr


def check_tidy():
    build = ROOT / "build"
    reads = headers_of(build)
    STAMPS.mkdir(exist_ok=True)
    tasks = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if not source.is_relative_to(ROOT / "src"):
            continue
        tasks.append((source, STAMPS / key_of(source, [path for path in reads[object_of(build, entry)] if path.exists()])))
    problems = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done, (source, said) in enumerate(zip([task[0] for task in tasks], pool.map(lambda task: tidy(*task), tasks)), 1):
            if sys.stderr.isatty():
                print(f"\rclang-tidy {done} of {len(tasks)}", end="\n" if done == len(tasks) else "", file=sys.stderr, flush=True)
            if said:
                problems += 1
                print(f"clang-tidy: {source.relative_to(ROOT)}\n{said}")
    return len(tasks) - problems, problems


def check_page():
    done = subprocess.run(["npm", "run", "--silent", "check"], cwd=ROOT / "web", capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{NODE}:{os.environ['PATH']}"})
    if done.returncode:
        print(done.stdout + done.stderr)
    return (1, 0) if done.returncode == 0 else (0, 1)


def check_house():
    done = subprocess.run([sys.executable, str(ROOT / "tests/house_test.py")], capture_output=True, text=True)
    *said, summary = done.stdout.splitlines() or ["0 passed, 1 failed"]
    print("\n".join([*said, done.stderr]).strip(), end="\n" if said or done.stderr else "")
    passed, _, failed, _ = summary.split()
    return int(passed), int(failed)


def main():
    passed = failed = 0
    for check in (check_house, check_tidy, check_page):
        good, bad = check()
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

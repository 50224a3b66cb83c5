#!/usr/bin/python3
"""The Python package: builds the wheel where its sources changed, installs it beside pytest and mypy, and runs python/tests."""
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HOME = ROOT / ".toolchain/python-tests"
PYTHON = HOME / "bin/python"
NUMPY = "numpy==2.4.6"
WANTED = ["pytest==9.2.0", "mypy==2.4.1", NUMPY, "scikit-learn==1.9.1"]


def call(*command):
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        print((done.stdout + done.stderr)[-6000:])
        print(f"failed: {' '.join(map(str, command))}\n0 passed, 1 failed")
        sys.exit(1)


def pip(*arguments):
    call(PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)


def is_noted(name, text):
    note = HOME / name
    return note.exists() and note.read_text() == text


def install_tools():
    """Once, and again where a pin changes; the only step that needs a connection. NumPy's wheel is kept for the clean install."""
    if is_noted("installed", "\n".join(WANTED)):
        return
    shutil.rmtree(HOME, ignore_errors=True)
    call(ROOT / ".toolchain/python/bin/python", "-m", "venv", HOME)
    pip("install", *WANTED)
    pip("download", "--no-deps", "--dest", HOME / "wheels", NUMPY)
    (HOME / "installed").write_text("\n".join(WANTED))


def install_wheel():
    (wheel,) = (ROOT / "dist").glob("querist-*.whl")
    state = f"{wheel.name} {wheel.stat().st_mtime_ns} {wheel.stat().st_size}"
    if not is_noted("querist", state):
        pip("install", "--no-deps", "--no-index", "--force-reinstall", wheel)
        (HOME / "querist").write_text(state)


def main():
    call("bash", "tools/python.sh")
    install_tools()
    install_wheel()
    report = HOME / "report.xml"
    report.unlink(missing_ok=True)
    done = subprocess.run([PYTHON, "-X", "faulthandler", "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}",
                           "python/tests", *sys.argv[1:]], cwd=ROOT, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        print(done.stdout[-20000:] + done.stderr[-4000:])
    if not report.exists():  # The interpreter died.
        print("0 passed, 1 failed")
        return 1
    suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
    total = int(suite.get("tests"))
    left_out = [(case, one) for case in suite for one in case.findall("skipped")]
    skipped = [(case, one) for case, one in left_out if one.get("type") != "pytest.xfail"]
    # scikit-learn's own checks say which of them do not apply. Any other test that does not run does not pass.
    own = [case for case, one in skipped if "test_sklearn" not in case.get("classname", "")]
    for case, one in skipped:
        print(f"not run: {case.get('name')}: {one.get('message')}")
    total -= len(skipped) - len(own)
    failed = int(suite.get("failures")) + int(suite.get("errors")) + len(own)
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())

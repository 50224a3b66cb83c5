"""Types: mypy in strict mode over a program and over the installed package, and stubs that match the module."""
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent


def mypy(*arguments, folder):
    done = subprocess.run([sys.executable, "-m", *map(str, arguments)], capture_output=True, text=True, timeout=600, cwd=folder)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


def strict(cache, *what):
    return mypy("mypy", "--strict", "--config-file", HERE.parent / "pyproject.toml", "--cache-dir", cache / "cache", *what, folder=cache)


def test_a_typed_program_is_right_and_runs(cache):
    status, output = strict(cache, HERE / "typed_program.py")
    assert status == 0, output
    subprocess.run([sys.executable, str(HERE / "typed_program.py")], check=True, timeout=60)


def test_wrong_uses_are_found(cache):
    lines = (HERE / "mistyped_program.py").read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    _, output = strict(cache, HERE / "mistyped_program.py")
    assert {int(number) for number in re.findall(r"mistyped_program\.py:(\d+): error", output)} == wrong, output


def test_the_installed_package_is_strictly_typed(cache):
    status, output = strict(cache, "-p", "querist")
    assert status == 0, output


def test_the_stubs_match_the_module(cache):
    status, output = mypy("mypy.stubtest", "querist", "--allowlist", HERE / "stubtest_allowlist.txt",
                          "--mypy-config-file", HERE.parent / "pyproject.toml", folder=cache)
    assert status == 0, output

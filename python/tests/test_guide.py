"""The guide for Python runs top to bottom, and prints what the page shows."""
import contextlib
import io
import pathlib
import re

import pytest

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs/guide/python.md"
# Other releases of scikit-learn fit a little differently. Accuracies along a curve then move in the second decimal.
TOLERANCE = 0.03
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.M | re.S)
DECIMAL = re.compile(r"[+-]?\d+\.\d+")


def blocks():
    return BLOCK.findall(GUIDE.read_text(encoding="utf-8"))


def run(code, space):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, str(GUIDE), "exec"), space)
    return out.getvalue()


def words(text):
    """What does not move: everything but decimals. Lines are sorted, as a ranking's neighbours may change places."""
    return sorted(DECIMAL.sub("#", line).split() for line in text.splitlines())


def test_every_block_runs_and_prints_what_the_page_shows():
    space = {}
    found = blocks()
    assert len(found) > 8
    for code, shown in found:
        printed = run(code, space)
        if not shown:
            continue
        assert words(printed) == words(shown)
        for line, wanted in zip(sorted(printed.splitlines()), sorted(shown.splitlines()), strict=True):
            numbers = [float(one) for one in DECIMAL.findall(line)]
            assert numbers == pytest.approx([float(one) for one in DECIMAL.findall(wanted)], abs=TOLERANCE), line
    space["folder"].cleanup()

"""Ctrl-C: a call stops within 0.2 s, and the next one works."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import querist
from worlds import CLASSES, MEMBERS, distributions, labels, needed, select

LIMIT = 0.2  # Seconds from the signal to the exception, as the documentation promises.
SENT_AFTER = 0.1
# Strategies that do not stop in time yet, and why.
LATE = {}


class Stopped(Exception):
    """Raised by the handler, as a timeout library does."""


def stop(signal_number, frame):
    raise Stopped


def big_pool(card, n=100_000, columns=128):
    """Made in float32 from the start: of a size that no strategy answers at once."""
    rng = np.random.default_rng(3)
    given = {"embeddings": rng.standard_normal((n, columns), np.float32)}
    if card["task"] == "regression":
        given |= {"predictions": rng.standard_normal(n, np.float32), "member_predictions": rng.standard_normal((MEMBERS, n), np.float32)}
    else:
        given |= {"probabilities": distributions(rng, n, CLASSES), "member_probabilities": distributions(rng, MEMBERS, n, CLASSES)}
    rows = np.arange(0, 2000, 4)
    return {**needed(card, given), "labeled": rows, "labels": labels(card, rng, rows.size)}


def test_every_strategy_stops_in_time(card):
    """A call that is over before the signal comes has nothing to stop."""
    given = big_pool(card)
    old = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, SENT_AFTER)
        started = time.monotonic()
        try:
            select(card, 3000, **given)
            ended = time.monotonic()
            time.sleep(SENT_AFTER * 2)
            assert ended - started < SENT_AFTER + LIMIT
        except Stopped:
            took = time.monotonic() - started - SENT_AFTER
            assert took < LIMIT or card["name"] in LATE, f"stopped {took:.2f} s after the signal"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    small = {name: value for name, value in given.items() if name not in ("labeled", "labels")}
    small = {name: value[:, :50] if name.startswith("member") else value[:50] for name, value in small.items()}
    if "labels" not in card["needs"]:
        assert select(card, 3, **small).size == 3


@pytest.mark.parametrize("name", ["k_center", "margin"])
def test_ctrl_c_stops_a_call(name):
    """A whole interpreter, as a person stops it: it says when a call is under way, and how it ended."""
    process = subprocess.Popen([sys.executable, str(pathlib.Path(__file__).with_name("endless_calls.py")), name],
                               stdout=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # Background jobs of a shell ignore it.
    try:
        assert process.stdout.readline() == "calling\n"
        time.sleep(0.3)
        sent = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        took = time.monotonic() - sent
        assert process.stdout.readline() == "works again\n"
        assert process.wait(60) == 0
        assert took < LIMIT
    finally:
        process.kill()
        process.stdout.close()


def test_a_handler_that_does_not_raise_stops_nothing(rng):
    rows = rng.standard_normal((40_000, 64), np.float32)
    called = []
    old = signal.signal(signal.SIGALRM, lambda *_: called.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        assert querist.select.k_center(2000, embeddings=rows).size == 2000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert called

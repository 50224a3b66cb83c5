"""Threads: one answer on any number of them, calls side by side, the interpreter lock given back, and forks that go on working."""
import concurrent.futures
import multiprocessing
import threading
import time

import numpy as np

import querist
from worlds import arguments, select

N = 3000
STRATEGIES = {card["name"]: card for card in querist.select.strategies()}


def test_one_thread_and_two_give_the_same_answer(card, rng):
    given = arguments(card, rng, N, columns=20)
    answers = []
    try:
        for count in (1, 2, 5):
            querist.set_threads(count)
            answers.append(select(card, 20, **given, return_utilities=True))
    finally:
        querist.set_threads(0)
    for indices, utilities in answers[1:]:
        assert (indices == answers[0][0]).all() and (utilities == answers[0][1]).all()


def test_calls_side_by_side_give_their_own_answers(card, rng):
    given = [arguments(card, rng, 400) for _ in range(4)]
    alone = [select(card, 8, **one) for one in given]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: select(card, 8, **one), given * 3))
    for i, indices in enumerate(together):
        assert (indices == alone[i % 4]).all()


def test_the_interpreter_lock_is_given_back(rng):
    """This thread wakes again and again while the other one is inside one call; with the lock held it would wake once."""
    rows = rng.normal(size=(60_000, 64)).astype(np.float32)
    inside, done, woken = threading.Event(), threading.Event(), 0

    def work():
        inside.set()
        querist.select.k_center(1500, embeddings=rows)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    while not done.is_set():
        time.sleep(0.002)
        woken += 1
    thread.join()
    assert woken >= 20


def in_child(name, given, answers):
    answers.put(select(STRATEGIES[name], 20, **given))


def test_a_forked_child_goes_on_working(card, rng):
    """The parent has used threads before it forks, as a data loader's has."""
    given = arguments(card, rng, 1000, columns=20)
    here = select(card, 20, **given)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    children = [context.Process(target=in_child, args=(card["name"], given, answers)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        alive = child.is_alive()
        if alive:
            child.kill()
        assert not alive and child.exitcode == 0
        assert (answers.get() == here).all()
    assert (select(card, 20, **given) == here).all()

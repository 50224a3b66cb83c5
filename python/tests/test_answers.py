"""What comes back: indices with or without utilities, the k largest, and cards that say what there is."""
import numpy as np
import pytest

import querist
from worlds import arguments, check_selection, open_rows, select

N = 90


def test_utilities_come_only_when_asked_for(card, rng):
    given = arguments(card, rng, N)
    plain = select(card, 9, **given)
    answer = select(card, 9, **given, return_utilities=True)
    assert isinstance(plain, np.ndarray) and isinstance(answer, tuple)
    assert (plain == answer[0]).all()
    check_selection(*answer, open_rows(given, N), 9)
    assert answer[0].flags.writeable and answer[0].flags.c_contiguous  # The caller's own array.


def test_one_seed_gives_one_answer(card, rng):
    given = arguments(card, rng, N)
    assert (select(card, 9, **given, seed=5) == select(card, 9, **given, seed=5)).all()


def test_only_candidates_are_chosen(card, rng):
    given = arguments(card, rng, N)
    some = open_rows(given, N)[::3]
    check_selection(*select(card, 9, **given, candidates=some, return_utilities=True), some, 9)


def test_equal_costs_change_nothing(card, rng):
    given = arguments(card, rng, N)
    assert (select(card, 9, **given) == select(card, 9, **given, costs=np.ones(N))).all()


def test_duplicates_of_one_row_are_chosen_all_the_same(card, rng):
    given = arguments(card, rng, N)
    for name in given:
        if name not in ("labeled", "labels"):
            view = np.moveaxis(given[name], 1, 0) if name.startswith("member") else given[name]
            view[...] = view[:1].copy()
    check_selection(*select(card, 9, **given, return_utilities=True), open_rows(given, N), 9)


def plain_top_k(values, k):
    """By a stable sort of the numbers that are there."""
    values = np.asarray(values, np.float64)
    rows = np.flatnonzero(~np.isnan(values))
    return rows[np.argsort(-values[rows], kind="stable")][:k]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", "bool"])
def test_top_k_is_a_stable_sort(rng, dtype):
    for n in (0, 1, 2, 3, 31, 32, 33, 100, 1000, 70_000):
        values = rng.integers(-20, 20, n).astype(dtype)  # Full of ties.
        if np.dtype(dtype).kind == "f" and n:
            values[rng.integers(n, size=n // 4)] = np.nan
            values[rng.integers(n, size=2)] = (np.inf, -np.inf)
        for k in {0, 1, 2, n // 3, max(n - 1, 0), n, n + 5}:
            answer = querist.select.top_k(values, k)
            assert answer.dtype == np.int64
            np.testing.assert_array_equal(answer, plain_top_k(values, k))


def test_top_k_reads_any_order_and_refuses_what_it_must(rng):
    values = rng.normal(size=200)
    np.testing.assert_array_equal(querist.select.top_k(values[::-2], 5), plain_top_k(values[::-2], 5))
    np.testing.assert_array_equal(querist.select.top_k(values.astype(">f4"), 5), plain_top_k(values.astype("f4"), 5))
    np.testing.assert_array_equal(querist.select.top_k(list(values), 2**70), plain_top_k(values, 200))
    assert querist.select.top_k(np.full(4, np.nan), 2).size == 0
    for bad in (np.ones((2, 2)), 1.0):
        with pytest.raises(ValueError, match="utilities must have 1 dimension"):
            querist.select.top_k(bad, 1)
    with pytest.raises(TypeError, match="utilities must hold numbers"):
        querist.select.top_k(["a"], 1)
    with pytest.raises(ValueError, match="k must not be negative"):
        querist.select.top_k(values, -1)
    with pytest.raises(TypeError, match="k must be a whole number"):
        querist.select.top_k(values, 1.5)


def test_cards_cannot_be_changed_from_outside():
    querist.select.strategies()[0]["name"] = "changed"
    assert querist.select.strategies()[0]["name"] != "changed"
    assert querist.select.strategies()[0].keys() == {"name", "summary", "source", "family", "task", "needs",
                                                       "reads", "handles_no_model", "params"}

"""Bad input, for every strategy: each gives an error that names the argument, or the documented answer."""
import numpy as np
import pytest

import querist
from worlds import SIGNALS, arguments, check_selection, needed, open_rows, select, signals

N = 60


def given_signals(given):
    return [name for name in SIGNALS if name in given]


def refused(card, error, match, batch_size=5, **named):
    with pytest.raises(error, match=match):
        select(card, batch_size, **named)


def test_wrong_dimensions_are_refused(card, rng):
    given = arguments(card, rng, N)
    for name in given_signals(given):
        for bad in (np.float32(1), given[name][..., None, None], given[name].ravel()[:7][None, None, None]):
            refused(card, ValueError, f"{name} must have", **{**given, name: bad})


def test_wrong_types_are_refused(card, rng):
    given = arguments(card, rng, N)
    for name in given_signals(given):
        array = given[name]
        for bad in (array.astype(object), array.astype(str), array.astype(complex), array.astype("datetime64[s]"),
                    np.ma.masked_array(array), np.zeros(array.shape, [("x", "f4")])):
            refused(card, TypeError, name, **{**given, name: bad})
        refused(card, ValueError, name, **{**given, name: [[1.0, 2.0], [3.0]]})
        refused(card, TypeError, name, **{**given, name: "rows"})
        refused(card, TypeError, name, **{**given, name: {"a": 1}})


def test_wrong_lengths_are_refused(card, rng):
    given = arguments(card, rng, N)
    for name in ("costs", "groups"):
        for size in (1, N - 1, N + 1):
            refused(card, ValueError, name if given_signals(given) else ".", **{**given, name: np.ones(size, int)})
        refused(card, ValueError, name, **{**given, name: np.ones((N, 1), int)})
    names = given_signals(given)
    for name in names[1:]:
        axis = 1 if name.startswith("member") else 0
        short = np.take(given[name], np.arange(N - 1), axis=axis)
        refused(card, ValueError, ".", **{**given, name: short})


def test_no_columns_or_members_are_refused(card, rng):
    given = arguments(card, rng, N)
    for name in numbers_that_count(card, given):
        if given[name].ndim > 1:
            refused(card, ValueError, ".", **{**given, name: given[name][..., :0]})
        if given[name].ndim == 3:
            refused(card, ValueError, ".", **{**given, name: given[name][:0]})


def numbers_that_count(card, given):
    """Signals that the card says it reads; compose names none and reads what its parts do."""
    return [name for name in given_signals(given) if name in card["needs"]]


def spoiled(given, name, row, value):
    changed = given[name].copy()
    view = np.moveaxis(changed, 1, 0) if name.startswith("member") else changed
    view[row] = value
    return {**given, name: changed}


def test_a_row_with_nan_is_never_picked(card, rng):
    given = arguments(card, rng, N)
    candidates = open_rows(given, N)
    bad = candidates[3]
    for name in numbers_that_count(card, given):
        indices, utilities = select(card, N, **spoiled(given, name, bad, np.nan), return_utilities=True)
        check_selection(indices, utilities, np.setdiff1d(candidates, bad), candidates.size - 1)
        refused(card, ValueError, "labelled row|labeled|NaN", **spoiled(given, name, given["labeled"][2], np.nan))
    costs = np.ones(N)
    costs[bad] = np.nan
    assert bad not in select(card, N, **given, costs=costs)


def test_every_row_nan_gives_nothing(card, rng):
    given = needed(card, signals(card, rng, N))
    for name in numbers_that_count(card, given):
        if "labels" in card["needs"]:
            continue  # The labelled rows would hold NaNs, which is refused above.
        indices, utilities = select(card, 5, **{**given, name: np.full_like(given[name], np.nan)}, return_utilities=True)
        check_selection(indices, utilities, [], 0)


def test_infinity_is_refused(card, rng):
    given = arguments(card, rng, N)
    for name in numbers_that_count(card, given):
        for value in (np.inf, -np.inf):
            refused(card, ValueError, name, **spoiled(given, name, 7, value))
        wide = {**given, name: spoiled(given, name, 7, 0)[name].astype(np.float64)}
        refused(card, ValueError, name, **spoiled(wide, name, 7, 1e300))  # Beyond float32.


def test_what_is_no_probability_is_refused(card, rng):
    given = arguments(card, rng, N)
    for name in numbers_that_count(card, given):
        if "probabilities" not in name:
            continue
        refused(card, ValueError, f"row 7 of {name}.*from 0 to 1", **spoiled(given, name, 7, -0.25))
        refused(card, ValueError, f"row 7 of {name}.*from 0 to 1", **spoiled(given, name, 7, 1.25))
        if card["task"] != "multi_label":
            refused(card, ValueError, "sum to 1 .within 0.001.", **spoiled(given, name, 7, 0.2505))
            assert select(card, 5, **spoiled(given, name, 7, 0.2502)).size == 5  # 1.0008: within the tolerance.
            refused(card, ValueError, "sum to 1", **spoiled(given, name, 7, 0.0))


def test_labelled_rows_that_are_none_are_refused(card, rng):
    given = arguments(card, rng, N)
    rows = given["labeled"]
    for bad in (np.append(rows[:-1], N), np.append(rows[:-1], -1), np.append(rows[:-1], rows[0]), rows + 0.5, rows[:, None],
                np.append(rows[:-1], 2**62), np.append(rows[:-1].astype(float), np.nan), rows.astype(np.uint64) + 2**63):
        if given_signals(given):
            refused(card, ValueError, "labeled", **{**given, "labeled": bad})
    for bad in (rows.astype(str), rows.astype(complex), rows.astype(object)):
        refused(card, TypeError, "labeled", **{**given, "labeled": bad})
    refused(card, ValueError, "labeled as a mask", **{**given, "labeled": np.ones(N + 1, bool)})


def test_labels_that_are_none_are_refused(card, rng):
    given = arguments(card, rng, N)
    values = given["labels"]
    refused(card, ValueError, "labels", **{**given, "labels": values[:-1]})
    refused(card, ValueError, "labels", **{**given, "labels": np.float32(1)})
    refused(card, TypeError, "labels", **{**given, "labels": values.astype(str)})
    refused(card, ValueError, "labels needs labeled", **{**given, "labeled": None})
    low, high, part = values.copy(), values.copy(), values.astype(float)
    low[0], high[0], part[0] = -1, 2**40 if values.dtype.kind == "i" else np.inf, 0.5
    refused(card, ValueError, "labels", **{**given, "labels": high})
    if card["task"] != "regression":
        refused(card, ValueError, "labels", **{**given, "labels": low})
        if card["task"] != "any":
            refused(card, ValueError, "labels", **{**given, "labels": part})
    if card["task"] == "classification" and {"probabilities", "member_probabilities"} & set(given):
        high[0] = 4
        refused(card, ValueError, "labels holds class 4, but there are 4 classes", **{**given, "labels": high})


def test_candidates_that_are_none_are_refused(card, rng):
    given = arguments(card, rng, N)
    rows = open_rows(given, N)
    for bad in ([*rows, rows[0]], [*rows, -1], [*rows, 2**62], rows + 0.5, [[1, 2]]):
        refused(card, ValueError, "candidates", **{**given, "candidates": bad})
    if given_signals(given):
        refused(card, ValueError, "candidates", **{**given, "candidates": [*rows, N]})
        refused(card, ValueError, "both labeled and a candidate", **{**given, "candidates": given["labeled"][:3]})
    refused(card, TypeError, "candidates", **{**given, "candidates": ["a"]})


def test_costs_and_groups_that_are_none_are_refused(card, rng):
    given = arguments(card, rng, N)
    for bad in (0, -1, np.inf):
        costs = np.ones(N)
        costs[4] = bad
        refused(card, ValueError, "costs", **given, costs=costs)
    refused(card, TypeError, "costs", **given, costs=["a"] * N)
    refused(card, ValueError, "groups", **given, groups=np.full(N, 0.5))
    refused(card, ValueError, "groups", **given, groups=np.full(N, 2**40))
    refused(card, TypeError, "groups", **given, groups=["a"] * N)


def test_batch_sizes(card, rng):
    given = arguments(card, rng, N)
    candidates = open_rows(given, N)
    for size, wanted in ((0, 0), (1, 1), (np.int8(5), 5), (N, candidates.size), (10**6, candidates.size), (2**80, candidates.size)):
        check_selection(*select(card, size, **given, return_utilities=True), candidates, wanted)
    for bad in (-1, -(2**80)):
        refused(card, ValueError, "batch_size must not be negative", bad, **given)
    for bad in (1.0, "3", None, [3], np.array([3, 4]), np.float32(2)):
        refused(card, TypeError, "batch_size must be a whole number", bad, **given)


def test_seeds(card, rng):
    given = arguments(card, rng, N)
    for seed in (0, 2**64 - 1, np.uint64(2**64 - 1)):
        assert select(card, 3, **given, seed=seed).size == 3
    for bad in (-1, 2**64):
        refused(card, ValueError, "seed must lie", seed=bad, **given)
    for bad in (1.5, "1", None):
        refused(card, TypeError, "seed must be a whole number", seed=bad, **given)


def test_no_candidates_give_nothing(card, rng):
    given = arguments(card, rng, N)
    for none in ([], np.zeros(N, bool)):
        check_selection(*select(card, 5, **given, candidates=none, return_utilities=True), [], 0)


def test_empty_arrays_give_nothing(card, rng):
    empty = needed(card, signals(card, rng, 0))
    labels = {"labeled": [], "labels": np.zeros((0, 4)) if card["task"] == "multi_label" else []}
    check_selection(*select(card, 5, **empty, candidates=[], return_utilities=True), [], 0)
    check_selection(*select(card, 5, **empty, **labels, return_utilities=True), [], 0)


def test_nothing_to_choose_from_is_refused(card):
    refused(card, ValueError, "needs")
    refused(card, TypeError, "unexpected keyword argument", nothing=1)
    with pytest.raises(TypeError, match="positional"):
        select(card, 5, np.ones((3, 2)))


def test_a_missing_signal_is_named(card, rng):
    given = arguments(card, rng, N)
    for name in numbers_that_count(card, given):
        if len(numbers_that_count(card, given)) < 2:
            continue
        rest = {key: value for key, value in given.items() if key != name}
        try:
            assert select(card, 5, **rest).size == 5  # Strategies that also choose before there is a model.
            assert "probabilities" in name or "predictions" in name
        except ValueError as error:
            assert name in str(error)


def wrong_values(param):
    if param["type"] in ("number", "integer"):
        yield from ((float("nan"), ValueError), ("1", (TypeError, ValueError)), (True, (TypeError, ValueError)))
        for end, step in (("min", -1), ("max", 1)):
            if np.isfinite(param[end]):
                yield param[end] + step * max(1.0, abs(param[end])), ValueError
                yield step * 10**400, (ValueError, TypeError)
        if param["type"] == "integer":
            yield param["fallback"] + 0.5, ValueError
    elif param["type"] == "flag":
        yield from ((1, (TypeError, ValueError)), ("yes", (TypeError, ValueError)))
    else:
        yield from ((1, (TypeError, ValueError)), (True, (TypeError, ValueError)), ("no such thing (", ValueError))
        yield "\ud800", ValueError
    for value in ([1], {}, object(), 1j, np.ones(3), b"x"):
        yield value, TypeError


def test_parameters_out_of_range_are_named(card, rng):
    given = arguments(card, rng, N)
    for param in card["params"]:
        for value, error in wrong_values(param):
            with pytest.raises(error) as caught:
                select(card, 5, **given, **{param["name"]: value})
            assert param["name"] in str(caught.value) or param["type"] == "text", (param, value, caught.value)


def test_none_is_the_parameters_default(card, rng):
    given = arguments(card, rng, N)
    plain = select(card, 5, **given)
    nothing = {param["name"]: None for param in card["params"]}
    for name in ("costs", "groups", "candidates", "predictions", "member_predictions"):
        nothing.setdefault(name, None)
    assert (plain == select(card, 5, **{**nothing, **given})).all()
    scalars = {"number": np.float64, "integer": np.int64, "flag": np.bool_, "choice": np.str_, "text": np.str_}
    own = {p["name"]: scalars[p["type"]](p["fallback"]) for p in card["params"] if not p["automatic"]}
    assert (plain == select(card, 5, **given, **own)).all()


def test_the_package_says_which_strategies_there_are():
    with pytest.raises(AttributeError):
        querist.select.nothing
    for count in (-1, 10**9, 1.5, "2", None):
        with pytest.raises((ValueError, TypeError)):
            querist.set_threads(count)

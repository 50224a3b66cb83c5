"""Every function driven with random shapes, types, strides and values: a valid selection or a named error, never a crash."""
import time

import numpy as np
import pytest

from worlds import SIGNALS, check_selection, labels, needed, select, signals

SECONDS = 10
DTYPES = "float16 float32 float64 >f4 >f8 longdouble int8 uint8 int32 uint64 bool complex64 object U3 S3 datetime64[s]".split()
VALUES = (np.nan, np.inf, -np.inf, 0, -0.0, 1, -1, 1e-45, 3e38, 1e300, 65504, 0.999)
SCALARS = (0, 1, -1, 3, 2.5, 1e9, 1e-9, 10**30, float("nan"), float("inf"), True, False, "", "margin", "x(", "none", b"x", [], {}, object(),
           np.float32(2), np.int64(3), np.array(4), np.array([1, 2]), 1j)


class Fuzz:
    """Draws the arguments of one call; most stay as they should be, so that calls get past the checks."""

    def __init__(self, card, seed):
        self.card, self.rng = card, np.random.default_rng(seed)

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, values):
        return values[int(self.rng.integers(len(values)))]

    def call(self):
        rng = self.rng
        n = self.pick((0, 1, 2, 3, 17, 64, 150))
        sizes = {"classes": self.pick((1, 2, 5, 33)), "members": self.pick((1, 2, 7)), "columns": self.pick((1, 2, 8, 65))}
        given = signals(self.card, rng, n, **sizes)
        given = needed(self.card, given) if self.chance(0.7) else {k: v for k, v in given.items() if self.chance(0.7)}
        count = int(rng.integers(0, n + 1)) if self.chance(0.7) else 0
        rows = rng.permutation(n)[:count]
        if self.chance(0.8):
            given["labeled"] = rows
            given["labels"] = labels(self.card, rng, count, sizes["classes"])
        if self.chance(0.3):
            given["candidates"] = rng.permutation(np.setdiff1d(np.arange(n), rows))
        if self.chance(0.3):
            given["costs"] = rng.random(n) + 0.01
        if self.chance(0.3):
            given["groups"] = rng.integers(-3, 3, n)
        for name in list(given):
            if self.chance(0.25):
                given[name] = self.spoil(np.asarray(given[name]))
        return self.pick((0, 1, 2, 5, 40, 10**6)), {**given, **self.params(), "seed": int(rng.integers(2**63))}

    def spoil(self, array):
        for _ in range(self.pick((1, 1, 2))):
            array = self.pick((self.other_type, self.other_order, self.other_values, self.other_shape, self.alike))(array)
        return self.pick((None, 3, "x")) if self.chance(0.03) else array

    def other_type(self, array):
        try:
            with np.errstate(all="ignore"):
                return array.astype(self.pick(DTYPES))
        except (TypeError, ValueError, RuntimeError):  # NumPy itself knows no such conversion.
            return array

    def other_order(self, array):
        if array.ndim == 0:
            return array
        axis = int(self.rng.integers(array.ndim))
        return self.pick((np.asfortranarray, lambda a: np.flip(a, axis), lambda a: np.repeat(a, 2, axis)[
            tuple(slice(None, None, 2 if i == axis else 1) for i in range(a.ndim))], lambda a: np.broadcast_to(a[..., :1], a.shape)))(array)

    def other_values(self, array):
        copy = np.array(array)
        if copy.size and copy.dtype.kind in "fiu":
            at = self.rng.integers(copy.size, size=self.pick((1, 1, 5)))
            with np.errstate(all="ignore"):
                copy.flat[at] = np.asarray(self.pick(VALUES)).astype(copy.dtype)
        return copy

    def other_shape(self, array):
        if array.ndim == 0:
            return array
        axis = int(self.rng.integers(array.ndim))
        return self.pick((lambda a: a[None], lambda a: a[..., None], lambda a: a.ravel(), lambda a: np.take(a, range(a.shape[axis] // 2), axis),
                          lambda a: np.concatenate([a, a], axis), lambda a: a[..., :0], lambda a: a.T, lambda a: np.array(a.flat[0]) if a.size else a))(array)

    def alike(self, array):
        """Duplicates of one row, all zero, or almost all equal."""
        copy = np.array(array)
        if copy.ndim and len(copy):
            copy[...] = self.pick((copy[:1], np.zeros_like(copy[:1])))
        return copy

    def params(self):
        drawn = {}
        for spec in self.card["params"]:
            if self.chance(0.6):
                continue
            if self.chance(0.3):
                drawn[spec["name"]] = self.pick(SCALARS)
            elif spec["choices"]:
                drawn[spec["name"]] = self.pick(spec["choices"])
            elif spec["type"] in ("number", "integer"):
                low, high = max(spec["min"], -1e3), min(spec["max"], 1e3)
                value = self.pick((low, high, low + (high - low) * self.rng.random() ** 4))
                drawn[spec["name"]] = int(value) if spec["type"] == "integer" else float(value)
            elif spec["type"] == "flag":
                drawn[spec["name"]] = self.chance(0.5)
            else:
                drawn[spec["name"]] = self.pick(("margin", "k_center", "entropy", "random", "margin:1, random:0.5", "compose", ""))
        return drawn


def expected_candidates(given):
    """The rows that a call could have chosen, as far as the arguments say."""
    if given.get("candidates") is not None:
        rows = np.asarray(given["candidates"])
        return np.flatnonzero(rows) if rows.dtype.kind == "b" else rows
    size = max((np.asarray(given[name]).shape[1 if name.startswith("member") else 0] for name in SIGNALS if given.get(name) is not None),
               default=0)
    size = max([size, *(len(given[name]) for name in ("costs", "groups") if given.get(name) is not None)])
    rows = np.asarray([] if given.get("labeled") is None else given["labeled"])
    return np.setdiff1d(np.arange(size), np.flatnonzero(rows) if rows.dtype.kind == "b" else rows)


@pytest.mark.filterwarnings("ignore")
def test_random_calls_are_answered_or_refused(card, request):
    count = len(request.session.items and [item for item in request.session.items if item.name.startswith("test_random_calls")])
    deadline = time.monotonic() + SECONDS / count
    answered = refused = seed = 0
    while seed < 25 or time.monotonic() < deadline:
        seed += 1
        batch_size, given = Fuzz(card, seed).call()
        try:
            indices, utilities = select(card, batch_size, **given, return_utilities=True)
        except (ValueError, TypeError) as error:
            assert str(error), seed
            assert "incompatible function arguments" not in str(error), (seed, error)  # The binding's own words name nothing.
            refused += 1
            continue
        try:
            check_selection(indices, utilities, expected_candidates(given), indices.size)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
        assert indices.size <= batch_size
        answered += 1
    assert answered and refused, (answered, refused)

"""Arrays in any order, of any kind: the same answer as plain ones, and no copy where none is needed."""
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import querist
from worlds import SIGNALS, arguments, select, signals

N = 80


def strided(array):
    wide = np.zeros((*array.shape[:-1], array.shape[-1] * 2), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def backwards(array):
    return np.ascontiguousarray(array[::-1])[::-1]


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def swapped(array):
    return array.astype(array.dtype.newbyteorder())


def unaligned(array):
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


class Interface:
    """Any object with ``__array__``."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype)


class Tensor:
    """A tensor of another library: DLPack and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


KINDS = {"strided": strided, "fortran": np.asfortranarray, "backwards": backwards, "read-only": read_only, "swapped": swapped,
         "unaligned": unaligned, "array": Interface, "dlpack": Tensor, "list": lambda array: array.tolist(),
         "double": lambda array: array.astype(np.float64), "longdouble": lambda array: array.astype(np.longdouble),
         "tuple": lambda array: tuple(array), "matrix": lambda array: array.view(type("Sub", (np.ndarray,), {}))}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_gives_the_same_answer(card, rng, kind):
    given = arguments(card, rng, N)
    plain = select(card, 7, **given, return_utilities=True)
    other = {name: KINDS[kind](value) if name in SIGNALS else value for name, value in given.items()}
    answer = select(card, 7, **other, return_utilities=True)
    assert (plain[0] == answer[0]).all() and (plain[1] == answer[1]).all()


def test_memory_mapped_arrays_give_the_same_answer(card, rng, tmp_path):
    given = arguments(card, rng, N)
    mapped = {}
    for name, value in given.items():
        np.save(tmp_path / f"{name}.npy", value)
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    assert (select(card, 7, **given) == select(card, 7, **mapped)).all()


def test_rows_and_labels_in_any_order_and_type_give_the_same_answer(card, rng):
    given = arguments(card, rng, N)
    plain = select(card, 7, **given)
    order = rng.permutation(given["labeled"].size)
    mask = np.zeros(N, bool)
    mask[given["labeled"]] = True
    shuffled = {"labeled": given["labeled"][order], "labels": given["labels"][order]}
    for changed in (shuffled, {"labeled": mask}, {"labeled": given["labeled"].astype(np.uint8)},
                    {"labeled": given["labeled"].astype(float)}, {"labeled": given["labeled"].tolist()},
                    {"labels": strided(given["labels"])}, {"candidates": ~mask}, {"candidates": rng.permutation(np.flatnonzero(~mask))}):
        if "member" in "".join(given) or any(name in given for name in SIGNALS):
            assert (plain == select(card, 7, **{**given, **changed})).all()


def test_the_arrays_are_not_changed(card, rng):
    given = arguments(card, rng, N)
    before = {name: np.array(value) for name, value in given.items()}
    select(card, 7, **given)
    for name, value in given.items():
        assert (before[name] == value).all()


def test_half_rows_answer_as_the_same_rows_in_float32(card, rng):
    given = arguments(card, rng, N)
    if "embeddings" not in given:
        return
    half = given["embeddings"].astype(np.float16)
    narrow = select(card, 7, **{**given, "embeddings": half}, return_utilities=True)
    wide = select(card, 7, **{**given, "embeddings": half.astype(np.float32)}, return_utilities=True)
    assert (narrow[0] == wide[0]).all()
    np.testing.assert_allclose(narrow[1], wide[1], rtol=1e-4, atol=1e-5)  # Sums of float32 in another order.


def test_a_tensor_elsewhere_is_refused(rng):
    class Elsewhere(Tensor):
        def __dlpack__(self, **options):
            raise BufferError("it lies on a GPU")

    with pytest.raises(TypeError, match="embeddings cannot be read.*GPU"):
        querist.select.k_center(3, embeddings=Elsewhere(np.ones((5, 2), np.float32)))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("name", ["k_center", "margin"])
def test_two_hundred_megabytes_are_not_copied(tmp_path, dtype, name):
    """Anonymous memory is counted, in a process of its own: the pages of the mapped file are no copy."""
    if name == "margin" and dtype == "float16":
        return  # Probabilities are converted to float32, as the text says.
    signal = "embeddings" if name == "k_center" else "probabilities"
    rows = 100_000_000 // (128 * np.dtype(dtype).itemsize) * 2
    array = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", dtype, (rows, 128))
    for begin in range(0, rows, 4096):
        array[begin:begin + 4096] = np.float32(1 / 128)
    array.flush()
    assert array.nbytes >= 199_000_000
    done = subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("measure_memory.py")), str(tmp_path / "a.npy"),
                           name, signal], capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) < 60_000_000  # Some numbers a row and the stacks of threads; a copy would be 200 MB.

"""The functions of single tensors on memory that is not PyTorch's; PyTorch is not imported by them."""

import array
import ctypes
import doctest
import mmap
import subprocess
import sys

import pytest

import weight_init
from weight_init import _arrays, _functions

SHAPE = (6, 5, 4)


def expected(letter, elements):
    return weight_init.normal_(array.array(letter, [0] * elements), seed=7, name="w").tobytes()


@pytest.mark.parametrize("letter", "fd")
def test_the_buffer_protocol(letter):
    size = array.array(letter).itemsize
    values = expected(letter, 12)
    for memory in (array.array(letter, [0] * 12), memoryview(array.array(letter, [0] * 12)),
                   memoryview(bytearray(12 * size)).cast(letter), memoryview(mmap.mmap(-1, 12 * size)).cast("B").cast(letter),
                   (dict(f=ctypes.c_float, d=ctypes.c_double)[letter] * 12)()):
        assert weight_init.normal_(memory, seed=7, name="w") is memory
        assert memoryview(memory).tobytes() == values
    matrix = memoryview(bytearray(12 * size)).cast(letter, (3, 4))
    assert weight_init.xavier_normal_(matrix, seed=7, name="w").tobytes() != values
    assert len(weight_init.normal_(array.array(letter), seed=7, name="w")) == 0


@pytest.mark.parametrize("memory, message", [
    (b"12345678", "elements of the format 'B' hold no samples"),
    (memoryview(b"12345678").cast("f"), "'w' is read-only"),
    (memoryview(bytearray(32)).cast("f")[::2], "gaps"),
    (array.array("i", [1]), "hold no samples"),
    ([1.0], "'w' is a list: expected a tensor"), (None, "is a NoneType"), (3.0, "is a float"), ("text", "is a str"),
])
def test_what_cannot_be_written(memory, message):
    with pytest.raises(weight_init.ModelError, match=message):
        weight_init.normal_(memory, seed=7, name="w")


def test_arrays_of_numpy():
    np = pytest.importorskip("numpy")
    whole = weight_init.normal_(np.zeros(SHAPE, np.float32), seed=7, name="w")
    assert whole.tobytes() == expected("f", 120)
    transposed = weight_init.normal_(np.zeros(SHAPE[::-1], np.float32).T, seed=7, name="w")
    assert not transposed.flags.c_contiguous and np.array_equal(transposed, whole)
    outer = np.full((6, 10, 4), 9, np.float32)
    weight_init.normal_(outer[:, 1:10:2], seed=7, name="w")
    assert np.array_equal(outer[:, 1:10:2], whole) and (outer[:, ::2] == 9).all()
    half = weight_init.normal_(np.zeros(SHAPE, np.float16), seed=7, name="w")
    assert np.array_equal(half, whole.astype(np.float16))
    assert weight_init.normal_(np.zeros(SHAPE), seed=7, name="w").tobytes() == expected("d", 120)
    assert weight_init.constant_(np.zeros(()), 0.5) == 0.5
    for memory, message in [
        (np.zeros(4, np.int32), "hold no samples"), (np.zeros(4, ">f4"), "hold no samples"), (np.zeros(4)[::-1], "negative"),
        (np.broadcast_to(np.zeros(1), (4,)), "read-only"), (np.zeros(4, "f4,f4"), "hold no samples"),
        (np.zeros(4, "f4,i1")["f0"], "in steps of"), (np.array([None]), "hold no samples"),
    ]:
        with pytest.raises(weight_init.ModelError, match=message):
            weight_init.normal_(memory, seed=7, name="w")
    frozen = np.zeros(4)
    frozen.flags.writeable = False
    with pytest.raises(weight_init.ModelError, match="'w' is read-only"):
        weight_init.normal_(frozen, seed=7, name="w")
    overlapping = np.lib.stride_tricks.as_strided(np.zeros(8), (4, 4), (8, 8))
    with pytest.raises(weight_init.ModelError, match="several of its elements"):
        weight_init.normal_(overlapping, seed=7, name="w")


def test_bfloat16_of_ml_dtypes():
    np, ml_dtypes = pytest.importorskip("numpy"), pytest.importorskip("ml_dtypes")
    ours = weight_init.normal_(np.zeros(SHAPE, ml_dtypes.bfloat16), seed=7, name="w")
    wide = weight_init.normal_(np.zeros(SHAPE, np.float32), seed=7, name="w")
    assert np.array_equal(ours, wide.astype(ml_dtypes.bfloat16))


class Exported:
    """Memory that speaks DLPack alone."""

    def __init__(self, array, versioned=True):
        self.array, self.versioned = array, versioned

    def __dlpack__(self, **options):
        if not self.versioned and options:
            raise TypeError("unexpected argument")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("versioned", [True, False])
def test_dlpack(versioned):
    np = pytest.importorskip("numpy")
    whole = weight_init.normal_(np.zeros(SHAPE, np.float32), seed=7, name="w")
    for memory in (np.zeros(SHAPE, np.float32), np.zeros(SHAPE[::-1], np.float32).T, np.zeros((6, 10, 4), np.float32)[:, ::2]):
        weight_init.normal_(Exported(memory, versioned), seed=7, name="w")
        assert np.array_equal(memory, whole)
    with pytest.raises(weight_init.ModelError, match="DLPack's type 0 with 64 bits"):
        weight_init.normal_(Exported(np.zeros(3, np.int64), versioned), seed=7, name="w")
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    with pytest.raises((weight_init.ModelError, BufferError), match="read-?only"):
        weight_init.normal_(Exported(frozen, versioned), seed=7, name="w")


def test_memory_of_a_device_is_refused():
    class Remote:
        def __dlpack_device__(self):
            return 2, 0

        def __dlpack__(self, **options):
            raise AssertionError("not to be asked for")

    with pytest.raises(weight_init.ModelError, match="lies on a device"):
        weight_init.normal_(Remote(), seed=7, name="w")


def test_no_framework_is_imported():
    code = ("import array, sys; from weight_init.nn import init; init.kaiming_normal_(memoryview(bytearray(64)).cast('f', (4, 4)), "
            "seed=1, name='w'); sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'jax')))")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_examples_of_docstrings():
    done = doctest.testmod(_functions)
    assert done.failed == 0 and done.attempted >= 3
    assert set(_arrays.SIZES) == {"float16", "bfloat16", "float32", "float64"}

"""Where arrays that are not PyTorch's lie: NumPy's, and whatever has DLPack or the buffer protocol."""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from .errors import ModelError

#: Name, address, strides in elements, ranges of each dimension, address and bytes of the storage.
Target = tuple[str, int, Sequence[int], Optional[Sequence[Sequence[tuple[int, int]]]], int, int]


class Array(NamedTuple):
    """Writable memory on this machine, and what keeps it there."""

    address: int
    shape: tuple[int, ...]
    #: In elements.
    strides: tuple[int, ...]
    dtype: str
    owner: Any

    def target(self, name: str, segments: Sequence[Sequence[tuple[int, int]]] | None = None) -> Target:
        reach = sum((dim - 1) * stride for dim, stride in zip(self.shape, self.strides)) + 1
        elements = 0 if 0 in self.shape else max(reach, 0)
        return name, self.address, self.strides, segments, self.address, elements * SIZES[self.dtype]


SIZES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}
# By the letters of the buffer protocol and of NumPy's type strings.
LETTERS = {"e": "float16", "f": "float32", "d": "float64"}
NUMPY = {"f2": "float16", "f4": "float32", "f8": "float64"}


def array(name: str, value: Any) -> Array:
    """The memory of ``value``, which is to be written; a :class:`ModelError` says why it cannot be."""
    if is_of_jax(value):
        raise ModelError(f"'{name}' is an array of JAX, which is never written: weight_init.jax makes new ones")
    found = of_numpy(name, value) or of_buffer(name, value) or of_dlpack(name, value)
    if found is None:
        kind = type(value).__name__
        raise ModelError(f"'{name}' is a {kind}: expected a tensor, or an array with DLPack or the buffer protocol")
    return found


def is_of_jax(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in ("jax", "jaxlib")


def of_numpy(name: str, value: Any) -> Array | None:
    """By ``__array_interface__``, which other libraries have, too."""
    interface = getattr(value, "__array_interface__", None)
    if not isinstance(interface, dict) or not isinstance(interface.get("data"), tuple):
        return None
    typestr, shape = str(interface["typestr"]), tuple(interface["shape"])
    # Types that NumPy does not know itself, as ml_dtypes' bfloat16, are bytes of their own kind to it.
    dtype = NUMPY.get(typestr[1:], str(getattr(value, "dtype", typestr)))
    if dtype not in SIZES or typestr[0] == big_endian():
        raise ModelError(f"'{name}': elements of type {dtype} hold no samples")
    address, is_read_only = interface["data"]
    check_writable(name, is_read_only)
    size = SIZES[dtype]
    strides = interface.get("strides")
    in_elements = row_major(shape) if strides is None else elements_of(name, strides, size)
    return Array(address, shape, in_elements, dtype, value)


def of_buffer(name: str, value: Any) -> Array | None:
    try:
        view = memoryview(value)
    except TypeError:
        return None
    dtype = LETTERS.get(view.format.lstrip("@=<"))
    if dtype is None or view.ndim == 0:
        raise ModelError(f"'{name}': elements of the format {view.format!r} hold no samples")
    check_writable(name, view.readonly)
    shape = tuple(view.shape or ())
    if 0 in shape:
        return Array(0, shape, row_major(shape), dtype, view)
    if not view.c_contiguous:
        raise ModelError(f"'{name}' is a buffer with gaps: give it as an array of NumPy")
    address = ctypes.addressof(ctypes.c_char.from_buffer(view))
    return Array(address, shape, row_major(shape), dtype, view)


def of_dlpack(name: str, value: Any) -> Array | None:
    """By the structures of https://dmlc.github.io/dlpack/latest/c_api.html, versions 0 and 1."""
    if not hasattr(value, "__dlpack__"):
        return None
    kind, _ = value.__dlpack_device__()
    if int(kind) not in (CPU, CUDA_HOST):
        raise ModelError(f"'{name}' lies on a device, where only tensors of PyTorch are written")
    try:
        capsule = value.__dlpack__(max_version=(1, 0))
    except TypeError:  # older than version 1
        capsule = value.__dlpack__()
    if capsule_is(capsule, b"dltensor_versioned"):
        versioned = ctypes.cast(capsule_pointer(capsule, b"dltensor_versioned"), ctypes.POINTER(Versioned)).contents
        if versioned.major != 1:
            raise ModelError(f"'{name}' has version {versioned.major} of DLPack; 0 and 1 are known")
        check_writable(name, bool(versioned.flags & READ_ONLY))
        tensor = versioned.tensor
    else:
        tensor = ctypes.cast(capsule_pointer(capsule, b"dltensor"), ctypes.POINTER(Tensor)).contents
    dtype = DLPACK.get((tensor.code, tensor.bits)) if tensor.lanes == 1 else None
    if dtype is None:
        raise ModelError(f"'{name}': elements of DLPack's type {tensor.code} with {tensor.bits} bits hold no samples")
    shape = tuple(tensor.shape[: tensor.ndim])
    strides = tuple(tensor.strides[: tensor.ndim]) if tensor.strides else row_major(shape)
    # The capsule is not consumed: the memory lives as long as it and its owner do.
    return Array((tensor.data or 0) + tensor.byte_offset, shape, strides, dtype, (capsule, value))


CPU, CUDA_HOST, READ_ONLY = 1, 3, 1
DLPACK = {(2, 16): "float16", (2, 32): "float32", (2, 64): "float64", (4, 16): "bfloat16"}


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("manager", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


def capsule_is(capsule: Any, kind: bytes) -> bool:
    check = ctypes.pythonapi.PyCapsule_IsValid
    check.restype, check.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]
    return bool(check(capsule, kind))


def capsule_pointer(capsule: Any, kind: bytes) -> Any:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, kind)


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(math.prod(shape[dim + 1 :]) for dim in range(len(shape)))


def elements_of(name: str, strides: Sequence[int], size: int) -> tuple[int, ...]:
    if any(stride % size for stride in strides):
        raise ModelError(f"'{name}' has elements of {size} bytes in steps of {tuple(strides)} bytes")
    return tuple(stride // size for stride in strides)


def big_endian() -> str:
    return ">" if sys.byteorder == "little" else "<"


def check_writable(name: str, is_read_only: bool) -> None:
    if is_read_only:
        raise ModelError(f"'{name}' is read-only")

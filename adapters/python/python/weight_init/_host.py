"""New arrays in memory of this machine, for frameworks whose arrays are never written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Optional

import numpy as np

from . import _rules, _weight_init
from ._seed import checked_seed, checked_threads
from .errors import InitCfgError

#: Where the inputs and outputs of a kernel are: ``"in_out"``, JAX's and Keras's ``[in, out]`` and ``HWIO``, or ``"out_in"``,
#: PyTorch's ``[out, in]`` and ``OIHW``.
Layout = Literal["in_out", "out_in"]

#: The range of each dimension that is wanted: first index and number.
Block = Optional[Sequence[tuple[int, int]]]


class Rule:
    """An initializer with its arguments, checked."""

    def __init__(self, type: str, arguments: Mapping[str, Any], layout: str) -> None:
        if layout not in ("in_out", "out_in"):
            raise ValueError(f"layout={layout!r} is no choice; allowed are 'in_out', 'out_in'")
        for key in ("layer", "bias", "bias_prob", "override", "params"):
            if key in arguments:
                raise InitCfgError(f"'{key}' says which parameters of a model a rule writes; here one array is made")
        self.text = _rules.one(type, arguments)
        self.in_out = layout == "in_out"
        # What is wrong is said here and not in the middle of a compiled function.
        self.check((1, 1), "float32")

    def check(self, shape: Sequence[int], dtype: str) -> None:
        """Raises what :meth:`filled` would for this shape."""
        one = [(0, min(dim, 1)) for dim in shape]
        self.filled(shape, dtype, seed=0, name="", block=one)

    def filled(
        self, shape: Sequence[int], dtype: str, *, seed: int, name: str, block: Block = None, threads: int | None = None
    ) -> np.ndarray[Any, Any]:
        """The array of that name, or a block of it."""
        out = np.empty(shape if block is None else [n for _, n in block], dtype=numpy_type(dtype))
        segments = None if block is None else [[part] for part in block]
        strides = tuple(stride // out.itemsize for stride in out.strides)
        address = out.ctypes.data
        _weight_init.fill_tensor(
            (name, address, strides, segments, address, out.nbytes),
            rule=self.text,
            shape=list(shape),
            in_out=self.in_out,
            dtype=dtype,
            seed=checked_seed(seed),
            threads=checked_threads(threads),
        )
        return out


def numpy_type(dtype: str) -> Any:
    """NumPy's type of that name; bfloat16 is of ml_dtypes, which JAX and Keras bring."""
    if dtype == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return np.dtype(dtype)

"""Initializers of single tensors, with the names and arguments of ``torch.nn.init``.

Each takes ``seed`` and ``name`` beside them: the values are those of the parameter of that name in a model that is initialized
with that seed. They write a tensor of PyTorch, of which a DTensor gets its shard, an array of NumPy, and any other writable
memory of floats that has DLPack or the buffer protocol; its first dimension counts outputs, its second inputs. PyTorch is not
imported by them.
"""

from __future__ import annotations

import math
import sys
from typing import Any, Literal, TypeVar

from . import _arrays, _rules, _weight_init
from ._seed import checked_seed, checked_threads

__all__ = [
    "bias_init_with_prob", "caffe2_xavier_", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_",
    "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]

Mode = Literal["fan_in", "fan_out"]
#: A tensor of PyTorch, an array of NumPy, or other memory of floats.
T = TypeVar("T")


def normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> T:
    """Fills a tensor in place from N(mean, std²).

    >>> import array, weight_init
    >>> weight = weight_init.normal_(array.array("f", [0] * 4), std=0.02, seed=42, name="fc.weight")
    >>> again = weight_init.normal_(array.array("f", [0] * 4), std=0.02, seed=42, name="fc.weight")
    >>> weight == again
    True
    """
    return _fill(tensor, "Normal", {"mean": mean, "std": std}, seed, name, threads)


def uniform_(
    tensor: T, a: float = 0.0, b: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> T:
    """Fills a tensor in place from U(a, b)."""
    return _fill(tensor, "Uniform", {"a": a, "b": b}, seed, name, threads)


def trunc_normal_(
    tensor: T,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    seed: int,
    name: str,
    threads: int | None = None,
) -> T:
    """Fills a tensor in place from N(mean, std²) within [a, b]; as in PyTorch, the bounds are values, not multiples of std."""
    return _fill(tensor, "TruncNormal", {"mean": mean, "std": std, "a": a, "b": b}, seed, name, threads)


def constant_(tensor: T, val: float, *, threads: int | None = None) -> T:
    """Fills a tensor in place with one number, which its element type must be able to express."""
    return _fill(tensor, "Constant", {"val": val}, 0, "", threads)


def ones_(tensor: T, *, threads: int | None = None) -> T:
    """Fills a tensor in place with ones."""
    return constant_(tensor, 1.0, threads=threads)


def zeros_(tensor: T, *, threads: int | None = None) -> T:
    """Fills a tensor in place with zeros."""
    return constant_(tensor, 0.0, threads=threads)


def xavier_uniform_(
    tensor: T, gain: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> T:
    """Fills a tensor of two or more dimensions in place from U(-x, x), x = gain · √(6 / (fan_in + fan_out)).

    Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """
    return _fill(tensor, "Xavier", {"gain": gain, "distribution": "uniform"}, seed, name, threads)


def xavier_normal_(
    tensor: T, gain: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> T:
    """Fills a tensor of two or more dimensions in place from N(0, std²), std = gain · √(2 / (fan_in + fan_out))."""
    return _fill(tensor, "Xavier", {"gain": gain, "distribution": "normal"}, seed, name, threads)


def kaiming_uniform_(
    tensor: T,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    seed: int,
    name: str,
    threads: int | None = None,
) -> T:
    """Fills a tensor of two or more dimensions in place from U(-x, x), x = gain · √(3 / fan).

    He et al. 2015, https://arxiv.org/abs/1502.01852
    """
    arguments = {"a": a, "mode": mode, "nonlinearity": nonlinearity, "distribution": "uniform"}
    return _fill(tensor, "Kaiming", arguments, seed, name, threads)


def kaiming_normal_(
    tensor: T,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    seed: int,
    name: str,
    threads: int | None = None,
) -> T:
    """Fills a tensor of two or more dimensions in place from N(0, std²), std = gain / √fan."""
    arguments = {"a": a, "mode": mode, "nonlinearity": nonlinearity, "distribution": "normal"}
    return _fill(tensor, "Kaiming", arguments, seed, name, threads)


def orthogonal_(
    tensor: T, gain: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> T:
    """Fills a tensor of two or more dimensions in place with orthogonal rows, or columns where these are fewer, of length ``gain``.

    The tensor is taken as a matrix of its first dimension and all others. Saxe et al. 2014, https://arxiv.org/abs/1312.6120
    """
    return _fill(tensor, "Orthogonal", {"gain": gain}, seed, name, threads)


def sparse_(
    tensor: T, sparsity: float, std: float = 0.01, *, seed: int, name: str, threads: int | None = None
) -> T:
    """Fills a matrix in place from N(0, std²), with a share ``sparsity`` of zeros in each column, rounded up.

    Martens 2010, https://icml.cc/Conferences/2010/papers/458.pdf
    """
    return _fill(tensor, "Sparse", {"sparsity": sparsity, "std": std}, seed, name, threads)


def eye_(tensor: T, *, threads: int | None = None) -> T:
    """Fills a matrix in place with ones on the diagonal and zeros beside it."""
    return _fill(tensor, "Eye", {}, 0, "", threads)


def dirac_(tensor: T, groups: int = 1, *, threads: int | None = None) -> T:
    """Fills the weight of a convolution in place so that each group of channels passes its first inputs on as they are."""
    return _fill(tensor, "Dirac", {"groups": groups}, 0, "", threads)


def caffe2_xavier_(tensor: T, *, seed: int, name: str, threads: int | None = None) -> T:
    """Fills a tensor in place as mmengine's ``caffe2_xavier_init`` does: from U(-x, x), x = √(3 / fan_in)."""
    return _fill(tensor, "Caffe2Xavier", {}, seed, name, threads)


def bias_init_with_prob(prior_prob: float) -> float:
    """The bias at which a sigmoid gives ``prior_prob``, as mmengine's function of this name: -log((1 - p) / p)."""
    return float(-math.log((1 - prior_prob) / prior_prob))


def _fill(tensor: T, type: str, arguments: dict[str, Any], seed: int, name: str, threads: int | None) -> T:
    options: dict[str, Any] = {"rule": _rules.one(type, arguments), "in_out": False}
    options |= {"seed": checked_seed(seed), "threads": checked_threads(threads)}
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(tensor, torch.Tensor):
        from ._memory import fill_tensor

        fill_tensor(name, tensor, options)
    else:
        array = _arrays.array(name, tensor)
        _weight_init.fill_tensor(array.target(name), shape=list(array.shape), dtype=array.dtype, **options)
    return tensor

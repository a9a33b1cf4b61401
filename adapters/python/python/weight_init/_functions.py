"""Initializers of single tensors, with the names and arguments of ``torch.nn.init``.

Each takes ``seed`` and ``name`` beside them: the values are those of the parameter of that name in a model that is initialized
with that seed. A DTensor gets its shard of them.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch

from . import _describe, _rules, _weight_init
from ._memory import check, increment_versions, is_reachable, target
from ._seed import checked_seed, checked_threads
from ._shards import local_shard

__all__ = [
    "bias_init_with_prob", "caffe2_xavier_", "constant_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
    "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]

Mode = Literal["fan_in", "fan_out"]


def normal_(
    tensor: torch.Tensor, mean: float = 0.0, std: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> torch.Tensor:
    """Fills a tensor in place from N(mean, std²).

    >>> import torch, weight_init
    >>> weight = weight_init.normal_(torch.empty(3, 4), std=0.02, seed=42, name="fc.weight")
    >>> rows = weight_init.normal_(torch.empty(3, 4), std=0.02, seed=42, name="fc.weight")
    >>> torch.equal(weight, rows)
    True
    """
    return _fill(tensor, {"type": "Normal", "mean": mean, "std": std}, seed, name, threads)


def uniform_(
    tensor: torch.Tensor, a: float = 0.0, b: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> torch.Tensor:
    """Fills a tensor in place from U(a, b)."""
    return _fill(tensor, {"type": "Uniform", "a": a, "b": b}, seed, name, threads)


def trunc_normal_(
    tensor: torch.Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    seed: int,
    name: str,
    threads: int | None = None,
) -> torch.Tensor:
    """Fills a tensor in place from N(mean, std²) within [a, b]; as in PyTorch, the bounds are values, not multiples of std."""
    return _fill(tensor, {"type": "TruncNormal", "mean": mean, "std": std, "a": a, "b": b}, seed, name, threads)


def constant_(tensor: torch.Tensor, val: float, *, threads: int | None = None) -> torch.Tensor:
    """Fills a tensor in place with one number, which its element type must be able to express."""
    return _fill(tensor, {"type": "Constant", "val": val}, 0, "", threads)


def ones_(tensor: torch.Tensor, *, threads: int | None = None) -> torch.Tensor:
    """Fills a tensor in place with ones."""
    return constant_(tensor, 1.0, threads=threads)


def zeros_(tensor: torch.Tensor, *, threads: int | None = None) -> torch.Tensor:
    """Fills a tensor in place with zeros."""
    return constant_(tensor, 0.0, threads=threads)


def xavier_uniform_(
    tensor: torch.Tensor, gain: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> torch.Tensor:
    """Fills a tensor of two or more dimensions in place from U(-x, x), x = gain · √(6 / (fan_in + fan_out)).

    Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """
    return _fill(tensor, {"type": "Xavier", "gain": gain, "distribution": "uniform"}, seed, name, threads)


def xavier_normal_(
    tensor: torch.Tensor, gain: float = 1.0, *, seed: int, name: str, threads: int | None = None
) -> torch.Tensor:
    """Fills a tensor of two or more dimensions in place from N(0, std²), std = gain · √(2 / (fan_in + fan_out))."""
    return _fill(tensor, {"type": "Xavier", "gain": gain, "distribution": "normal"}, seed, name, threads)


def kaiming_uniform_(
    tensor: torch.Tensor,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    seed: int,
    name: str,
    threads: int | None = None,
) -> torch.Tensor:
    """Fills a tensor of two or more dimensions in place from U(-x, x), x = gain · √(3 / fan).

    He et al. 2015, https://arxiv.org/abs/1502.01852
    """
    rule = {"type": "Kaiming", "a": a, "mode": mode, "nonlinearity": nonlinearity, "distribution": "uniform"}
    return _fill(tensor, rule, seed, name, threads)


def kaiming_normal_(
    tensor: torch.Tensor,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    seed: int,
    name: str,
    threads: int | None = None,
) -> torch.Tensor:
    """Fills a tensor of two or more dimensions in place from N(0, std²), std = gain / √fan."""
    rule = {"type": "Kaiming", "a": a, "mode": mode, "nonlinearity": nonlinearity, "distribution": "normal"}
    return _fill(tensor, rule, seed, name, threads)


def caffe2_xavier_(tensor: torch.Tensor, *, seed: int, name: str, threads: int | None = None) -> torch.Tensor:
    """Fills a tensor in place as mmengine's ``caffe2_xavier_init`` does: from U(-x, x), x = √(3 / fan_in)."""
    return _fill(tensor, {"type": "Caffe2Xavier"}, seed, name, threads)


def bias_init_with_prob(prior_prob: float) -> float:
    """The bias at which a sigmoid gives ``prior_prob``, as mmengine's function of this name: -log((1 - p) / p)."""
    return float(-math.log((1 - prior_prob) / prior_prob))


def _fill(tensor: torch.Tensor, rule: dict[str, Any], seed: int, name: str, threads: int | None) -> torch.Tensor:
    local, segments = local_shard(name, tensor)
    check(name, tensor, local)
    memory = local if is_reachable(local) else torch.empty(local.shape, dtype=local.dtype)
    _weight_init.fill_tensor(
        target(name, memory, segments),
        rule=_rules.dumps(_describe.init_cfg({**rule, "layer": []})),
        shape=list(tensor.shape),
        dtype=_describe.dtype(local),
        seed=checked_seed(seed),
        threads=checked_threads(threads),
    )
    if memory is local:
        increment_versions([local])
    else:
        with torch.no_grad():
            local.copy_(memory)
    return tensor

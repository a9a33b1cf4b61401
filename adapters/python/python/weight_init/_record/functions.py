"""Functions of ``torch.nn.init`` that draw by rejection or by linear algebra: they are taken by name, with their arguments.

Their code objects are exchanged while a model is recorded, so that they are found wherever a module has imported them.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any, Iterator, Optional

import torch

from .places import defaults, written
from .values import Constant, Normal, Orthogonal, Sparse, TruncNormal, Value

# What receives the calls: tensor, value, the call in words.
Receiver = Callable[[torch.Tensor, Value, str], None]

_receiver: Optional[Receiver] = None
_signatures: dict[str, inspect.Signature] = {}
_defaults: dict[str, dict[str, Any]] = {}


def trunc_normal(mean: float, std: float, a: float, b: float) -> Value:
    mean, std, a, b = map(float, (mean, std, a, b))
    if std == 0:
        return Constant(mean)
    if a == -math.inf and b == math.inf:
        return Normal(mean, std)
    return TruncNormal(mean, std, a, b)


def orthogonal(gain: float) -> Value:
    return Orthogonal(abs(float(gain)))


def sparse(sparsity: float, std: float) -> Value:
    return Sparse(float(sparsity), float(std))


NAMED: dict[str, Callable[..., Value]] = {
    "trunc_normal_": trunc_normal,
    "orthogonal_": orthogonal,
    "sparse_": sparse,
}


def called(name: str, args: tuple, kwargs: dict[str, Any]) -> torch.Tensor:
    """What stands in the place of a function's code."""
    bound = _signatures[name].bind(*args, **kwargs)
    bound.apply_defaults()
    arguments = dict(bound.arguments)
    tensor = arguments.pop("tensor")
    arguments.pop("generator", None)
    if _receiver is not None:
        call = written(name, _defaults[name], arguments)
        _receiver(tensor, NAMED[name](**arguments), call)
    return tensor


def stand_in(name: str) -> CodeType:
    scope: dict[str, Any] = {}
    source = (
        f"def {name}(*args, **kwargs):\n"
        f"    from weight_init._record.functions import called\n"
        f"    return called({name!r}, args, kwargs)\n"
    )
    exec(compile(source, __file__, "exec"), scope)
    return scope[name].__code__


@contextmanager
def exchanged(receiver: Receiver) -> Iterator[None]:
    """Lets the receiver hear of the calls; the functions write nothing meanwhile."""
    global _receiver
    kept: list[tuple[FunctionType, CodeType]] = []
    before, _receiver = _receiver, receiver
    try:
        if before is None:
            for name in NAMED:
                function = getattr(torch.nn.init, name)
                _signatures[name] = inspect.signature(function)
                _defaults[name] = defaults(function)
                kept.append((function, function.__code__))
                function.__code__ = stand_in(name)
        yield
    finally:
        _receiver = before
        for function, code in kept:
            function.__code__ = code


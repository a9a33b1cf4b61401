"""What each operation of PyTorch makes of values that are known by kind alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import torch

from .memory import Memory
from .values import (
    FUNCTIONS, Constant, Known, Never, Norm, Normal, Uniform, Unknown, Value, affine, clamp, function, inverse_error, mapped, name,
)
from .values import total as sum_of

# Operations that make memory without writing into it.
EMPTY = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "empty_permuted"}
# Operations that make a tensor of one number.
CONSTANT = {
    "zeros": 0.0, "zeros_like": 0.0, "new_zeros": 0.0, "ones": 1.0, "ones_like": 1.0, "new_ones": 1.0,
    "full": None, "full_like": None, "new_full": None,
}
# Operations that draw.
RANDOM = {
    "rand", "rand_like", "randn", "randn_like", "randint", "randint_like", "randperm", "normal", "bernoulli", "multinomial",
    "uniform", "log_normal", "exponential", "cauchy", "geometric", "random", "poisson", "binomial", "_standard_gamma",
    "normal_functional", "native_dropout", "dropout", "_sample_dirichlet", "rrelu_with_noise",
}
# Operations that copy.
COPY = {"clone", "_to_copy", "copy", "contiguous", "lift_fresh_copy", "alias_copy", "view_copy", "detach_copy"}

# Operations in place that change where a tensor looks, not what is there.
SHAPE = {"set", "resize", "t", "transpose", "swapaxes", "swapdims", "squeeze", "unsqueeze", "as_strided", "rename", "requires_grad"}


class Arguments:
    """Arguments of an operation by name."""

    def __init__(self, func: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        self.of = {schema.name: value for schema, value in zip(func._schema.arguments, args)}
        self.of.update(kwargs)
        self.defaults = {schema.name: schema.default_value for schema in func._schema.arguments}

    def get(self, key: str, default: Any = None) -> Any:
        value = self.of.get(key, self.defaults.get(key))
        return default if value is None else value


def drawn(operation: str, given: Arguments, memory: Memory) -> Value:
    """What an operation draws."""
    if operation in ("rand", "rand_like"):
        return Uniform(0.0, 1.0)
    if operation in ("randn", "randn_like"):
        return Normal(0.0, 1.0)
    if operation == "uniform":
        low, high = float(given.get("from", 0.0)), float(given.get("to", 1.0))
        return Uniform(low, high) if low < high else Constant(low)
    if operation in ("normal", "normal_functional"):
        mean, std = number(given.get("mean", 0.0), memory), number(given.get("std", 1.0), memory)
        if mean is not None and std is not None:
            return Normal(mean, std) if std > 0 else Constant(mean)
    if operation == "log_normal":
        return mapped(Normal(float(given.get("mean", 1.0)), float(given.get("std", 2.0))), "exp")
    if operation == "exponential":
        # The inverse CDF: −ln(1 − u)/λ.
        return mapped(Uniform(-1.0, 0.0), "log1p", ("mul", -1.0 / float(given.get("lambd", 1.0))))
    return Unknown(f"{operation}()")


def number(x: Any, memory: Memory) -> Optional[float]:
    """A number, or that of a tensor of one and the same."""
    if isinstance(x, (bool, int, float)):
        return float(x)
    if not isinstance(x, torch.Tensor) or x.is_complex():
        return None
    value = memory.get(x)
    if isinstance(value, Constant):
        return value.val
    if isinstance(value, Known) and not x.is_meta and x.numel() == 1:
        memory.fill(x)
        return float(x.detach().reshape(-1)[0].item())
    return None


def result(operation: str, given: Arguments, tensors: list[torch.Tensor], memory: Memory) -> Value:
    """What an operation makes of its tensors, at least one of which is not known."""
    rule = RULES.get(operation)
    if rule is not None:
        value = rule(given, memory)
        if value is not None:
            return value
    if operation in FUNCTIONS:
        return function(operation, memory.get(tensors[0]))
    kinds = list(dict.fromkeys(name(memory.get(t)) for t in tensors if not isinstance(memory.get(t), (Known, Constant))))
    return Unknown(short(f"{operation} of {kinds[0] if kinds else 'computed values'}"))


def short(text: str) -> str:
    """Where an operation follows an operation, the first ones tell what it is about."""
    parts = text.split(" of ")
    return text if len(parts) <= 5 else " of ".join([parts[0], "...", *parts[-3:]])


def product(given: Arguments, memory: Memory) -> Optional[Value]:
    a, b = given.get("self"), given.get("other")
    for x, y in ((a, b), (b, a)):
        factor = number(y, memory)
        if factor is not None and isinstance(x, torch.Tensor):
            return affine(memory.get(x), factor, 0.0)
    return None


def quotient(given: Arguments, memory: Memory) -> Optional[Value]:
    divisor = number(given.get("other"), memory)
    if divisor is None or divisor == 0 or given.get("rounding_mode") is not None:
        return None
    return affine(memory.get(given.get("self")), 1.0 / divisor, 0.0)


def total(sign: float) -> Callable[[Arguments, Memory], Optional[Value]]:
    def rule(given: Arguments, memory: Memory) -> Optional[Value]:
        a, b = given.get("self"), given.get("other")
        scale = sign * float(given.get("alpha", 1))
        term = number(b, memory)
        if term is not None and isinstance(a, torch.Tensor):
            return affine(memory.get(a), 1.0, scale * term)
        term = number(a, memory)
        if term is not None and isinstance(b, torch.Tensor):
            return affine(memory.get(b), scale, term)
        if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
            found = sum_of(memory.get(a), affine(memory.get(b), scale, 0.0))
            return None if isinstance(found, Unknown) else found
        return None

    return rule


def reversed_difference(given: Arguments, memory: Memory) -> Optional[Value]:
    minuend = number(given.get("other"), memory)
    if minuend is None:
        return None
    return affine(memory.get(given.get("self")), -float(given.get("alpha", 1)), minuend)


def cut(given: Arguments, memory: Memory) -> Optional[Value]:
    low, high = given.get("min"), given.get("max")
    bounds = [None if x is None else number(x, memory) for x in (low, high)]
    if (low is not None and bounds[0] is None) or (high is not None and bounds[1] is None):
        return None
    return clamp(memory.get(given.get("self")), *bounds)


def copied(given: Arguments, memory: Memory) -> Value:
    source = given.get("src", given.get("self"))
    return repeated(memory.get(source), source)


def repeated(value: Value, source: torch.Tensor) -> Value:
    """What a tensor holds that may show one element many times."""
    is_random = not isinstance(value, (Constant, Known, Never, Unknown))
    if is_random and any(s == 0 and n > 1 for n, s in zip(source.size(), source.stride())):
        return Unknown(f"{name(value)}, repeated")
    return value


def power(given: Arguments, memory: Memory) -> Optional[Value]:
    base, exponent = given.get("self"), given.get("exponent")
    x, n = number(base, memory), number(exponent, memory)
    if x is not None and n is not None and (x > 0 or n == int(n) and x != 0):
        return Constant(float(x**n))
    return None




def norm(given: Arguments, memory: Memory) -> Optional[Value]:
    source = given.get("self")
    storage = memory.of(source)
    all_of_it = source.numel() * source.element_size() == source.untyped_storage().nbytes()
    if float(given.get("p", given.get("ord", 2))) != 2 or not storage.is_plain or not all_of_it:
        return None
    return Norm(source.untyped_storage()._cdata, storage.writes[0])


RULES: dict[str, Callable[[Arguments, Memory], Optional[Value]]] = {
    "mul": product, "div": quotient, "add": total(1.0), "sub": total(-1.0), "rsub": reversed_difference,
    "clamp": cut, "clamp_min": cut, "clamp_max": cut,
    "erfinv": lambda given, memory: inverse_error(memory.get(given.get("self"))),
    "pow": power, "norm": norm, "linalg_vector_norm": norm,
}
RULES.update(dict.fromkeys(COPY, copied))

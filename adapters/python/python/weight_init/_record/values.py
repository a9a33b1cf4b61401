"""What a tensor holds, without its memory: distributions, constants, and the arithmetic that keeps their kind."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, Union


@dataclass(frozen=True)
class Never:
    """Memory that nothing was written into."""


@dataclass(frozen=True)
class Known:
    """Computed without random values: the memory itself holds it."""


@dataclass(frozen=True)
class Constant:
    val: float


@dataclass(frozen=True)
class Uniform:
    a: float
    b: float


@dataclass(frozen=True)
class Normal:
    mean: float
    std: float


@dataclass(frozen=True)
class TruncNormal:
    mean: float
    std: float
    a: float
    b: float


@dataclass(frozen=True)
class Orthogonal:
    """Rows, or columns where these are fewer, that are orthogonal and of length ``gain``: Haar's distribution."""

    gain: float


@dataclass(frozen=True)
class Sparse:
    """Normal values of mean 0, of which each column has a share of zeros."""

    sparsity: float
    std: float


@dataclass(frozen=True)
class InverseError:
    """``shift + scale * erfinv(u)`` with u uniform in [low, high]: a truncated normal on its way."""

    low: float
    high: float
    scale: float
    shift: float


@dataclass(frozen=True)
class Mapped:
    """Functions of single elements of a draw, in order: names, or names with an operand.

    Values of one ``draw`` are functions of the same numbers.
    """

    of: Union[Uniform, Normal, TruncNormal]
    steps: tuple[Union[str, tuple[str, float]], ...]
    draw: object = field(compare=False)


@dataclass(frozen=True)
class Norm:
    """L2 norms of slices of what is in another storage, as it was after a write."""

    storage: int
    write: Any = field(compare=False)


@dataclass(frozen=True)
class Unknown:
    """Random values, or values that were not computed, of a kind without a name; ``what`` says how they came about."""

    what: str


Value = Union[Never, Known, Constant, Uniform, Normal, TruncNormal, Orthogonal, Sparse, InverseError, Mapped, Norm, Unknown]
DETERMINISTIC = (Known, Constant)


def affine(value: Value, mul: float, add: float) -> Value:
    """``mul * value + add``, element by element."""
    if isinstance(value, Constant):
        return Constant(value.val * mul + add)
    if mul == 0 and not isinstance(value, (Known, Never, Unknown)):
        return Constant(add)
    if isinstance(value, Uniform):
        return Uniform(*sorted((value.a * mul + add, value.b * mul + add)))
    if isinstance(value, Normal):
        return Normal(value.mean * mul + add, value.std * abs(mul))
    if isinstance(value, TruncNormal):
        bounds = sorted((value.a * mul + add, value.b * mul + add))
        return TruncNormal(value.mean * mul + add, value.std * abs(mul), *bounds)
    if isinstance(value, InverseError):
        return InverseError(value.low, value.high, value.scale * mul, value.shift * mul + add)
    # The negative of either has the same distribution.
    if isinstance(value, Orthogonal) and add == 0:
        return Orthogonal(value.gain * abs(mul))
    if isinstance(value, Sparse) and add == 0:
        return Sparse(value.sparsity, value.std * abs(mul))
    if isinstance(value, Mapped):
        steps = [("mul", mul)] * (mul != 1.0) + [("add", add)] * (add != 0.0)
        return mapped(value, *steps) if steps else value
    return Unknown(f"{name(value)}, scaled and shifted")


def inverse_error(value: Value) -> Value:
    if isinstance(value, Uniform) and -1 <= value.a < value.b <= 1:
        return InverseError(value.a, value.b, 1.0, 0.0)
    return Unknown(f"erfinv of {name(value)}")


def clamp(value: Value, low: float | None, high: float | None) -> Value:
    """The value within [low, high]."""
    low = -math.inf if low is None else low
    high = math.inf if high is None else high
    if isinstance(value, Constant):
        return Constant(min(max(value.val, low), high))
    if isinstance(value, (Uniform, TruncNormal)) and low <= value.a and value.b <= high:
        return value
    if isinstance(value, InverseError):
        whole = truncated_normal(value)
        # By rounding alone a sample lies beyond the bound that is then cut to.
        if mass(whole, whole.a, low) < NOTHING and mass(whole, high, whole.b) < NOTHING:
            return TruncNormal(whole.mean, whole.std, max(low, whole.a), min(high, whole.b))
    if isinstance(value, Normal) and mass(value, -math.inf, low) + mass(value, high, math.inf) < NOTHING:
        return value
    if isinstance(value, DRAWN):
        bounds = [("clamp_min", low)] * (low > -math.inf) + [("clamp_max", high)] * (high < math.inf)
        return mapped(value, *bounds)
    return Unknown(f"{name(value)}, cut to [{low:g}, {high:g}]")


# Functions of single elements over a draw, at most.
MOST_STEPS = 16
DRAWN = (Uniform, Normal, TruncNormal, InverseError, Mapped)
# ln(eˣ − 1) = x + ln(−(e⁻ˣ − 1)), as code writes it that is to keep its digits.
INVERSE_OF_SOFTPLUS = (("mul", -1.0), "expm1", ("mul", -1.0), "log")


def mapped(value: Value, *steps: Union[str, tuple[str, float]]) -> Value:
    """Functions of a draw's elements."""
    value = settled(value)
    before, draw, of = (value.steps, value.draw, value.of) if isinstance(value, Mapped) else ((), object(), value)
    found = (*before, *steps)
    if found[-2:] == ("expm1", "log"):
        found = (*found[:-2], "softplus_inverse")
    if len(found) > MOST_STEPS or not isinstance(of, (Uniform, Normal, TruncNormal)):
        return Unknown(f"functions of {name(of)}")
    return Mapped(of, found, draw)


def total(a: Value, b: Value) -> Value:
    """The sum of two values that are not numbers."""
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Mapped) and isinstance(y, Mapped) and x.draw is y.draw and y.steps == x.steps + INVERSE_OF_SOFTPLUS:
            return mapped(x, "softplus_inverse")
    return Unknown(f"the sum of {name(a)} and {name(b)}")


# A probability that no weight is large enough to show.
NOTHING = 1e-9


def mass(value: Normal | TruncNormal, low: float, high: float) -> float:
    """The probability that the normal distribution gives to the values from ``low`` to ``high``."""
    if value.std == 0 or low >= high:
        return 0.0
    below = [0.5 * math.erfc((value.mean - x) / value.std / math.sqrt(2)) for x in (low, high)]
    return below[1] - below[0]


def truncated_normal(value: InverseError) -> TruncNormal:
    """The inverse CDF of a normal distribution between two of its quantiles."""
    mean, std = value.shift, abs(value.scale) / math.sqrt(2)
    bounds = sorted(value.shift + value.scale * erfinv(x) for x in (value.low, value.high))
    return TruncNormal(mean, std, *bounds)


def erfinv(x: float) -> float:
    if x <= -1:
        return -math.inf
    if x >= 1:
        return math.inf
    return NormalDist().inv_cdf((1 + x) / 2) / math.sqrt(2)


def settled(value: Value) -> Value:
    """The value as it is told at the end."""
    if isinstance(value, InverseError):
        value = truncated_normal(value)
    if isinstance(value, TruncNormal) and value.a == -math.inf and value.b == math.inf:
        return Normal(value.mean, value.std)
    return value


# Functions of single elements, of constants computed at once.
FUNCTIONS: dict[str, Any] = {
    "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "neg": lambda x: -x, "abs": abs, "tanh": math.tanh,
    "log1p": math.log1p, "expm1": math.expm1, "rsqrt": lambda x: 1 / math.sqrt(x), "reciprocal": lambda x: 1 / x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "floor": math.floor, "ceil": math.ceil, "round": round,
}


def function(operation: str, value: Value) -> Value:
    """A function of single elements."""
    if operation == "neg" and not isinstance(value, (Known, Never, Unknown)):
        return affine(value, -1.0, 0.0)
    if isinstance(value, Constant) and operation in FUNCTIONS:
        try:
            return Constant(float(FUNCTIONS[operation](value.val)))
        except (ValueError, ZeroDivisionError, OverflowError):
            pass
    if isinstance(value, DRAWN) and operation in STEPS:
        return mapped(value, operation)
    return Unknown(f"{operation} of {name(value)}")


# Functions that have the same name in a description.
STEPS = {"abs", "exp", "expm1", "log", "log1p", "reciprocal", "sqrt"}


def name(value: Value) -> str:
    """A value in a sentence."""
    if isinstance(value, Unknown):
        return value.what
    return {
        Never: "memory that nothing was written into", Known: "computed values", Constant: "a constant",
        Uniform: "uniform values", Normal: "normal values", TruncNormal: "truncated normal values",
        Orthogonal: "an orthogonal matrix", Sparse: "sparse normal values",
        InverseError: "truncated normal values", Mapped: "functions of a draw", Norm: "norms",
    }[type(value)]

"""Initializers written in Python, by name in an init_cfg."""

from __future__ import annotations

import inspect
import math
import typing
import weakref
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Optional, TypeVar, Union, overload

from . import _rules, _weight_init
from .errors import InitCfgError

__all__ = ["Fans", "register"]

F = TypeVar("F", bound=Callable[..., dict[str, Any]])

# What a function may ask for beside its arguments.
OF_THE_PARAMETER = ("shape", "fans")
# Keys that a rule has for itself.
OF_A_RULE = {
    "type", "name", "layer", "params", "override", "bias", "bias_prob", "checkpoint", "prefix", "map_location", "_scope_", "key", "extend",
}
KINDS = {float: "number", int: "count", bool: "flag"}
MOST_ARGUMENTS = 4

# What registered functions are called, for rules that have one as their type.
NAMES: weakref.WeakKeyDictionary[Callable[..., Any], str] = weakref.WeakKeyDictionary()


class Fans(NamedTuple):
    """Connections of one unit, as PyTorch counts them: channels times the receptive field."""

    fan_in: int
    fan_out: int


@overload
def register(function: F, *, name: Optional[str] = None) -> F: ...
@overload
def register(function: None = None, *, name: Optional[str] = None) -> Callable[[F], F]: ...
def register(function: Optional[F] = None, *, name: Optional[str] = None) -> Union[F, Callable[[F], F]]:
    """Makes a function an initializer, by its name in an init_cfg: a decorator.

    The function returns a rule's ``type`` and arguments, of a built-in initializer, by what it is given: its arguments, which a rule
    may set, and the parameter's ``shape`` (a tuple) and ``fans`` (a :class:`Fans`), if it asks for them. It is called once for
    each set of arguments and each shape, so it must give the same answer each time.

    Arguments have a type, ``float``, ``int`` (from 0), ``bool`` or ``Literal`` of names, by annotation or by the default; four at
    most. The name is the function's own, unless ``name`` says otherwise; one that is registered again is replaced.

    >>> import torch, weight_init
    >>> @weight_init.register
    ... def Lecun(fans, scale: float = 1.0):
    ...     return dict(type="Normal", std=(scale / fans.fan_in) ** 0.5)
    >>> net = torch.nn.Linear(100, 1000)
    >>> report = weight_init.init_(net, dict(type="Lecun", scale=4, layer="Linear"), seed=42)
    >>> round(net.weight.std().item(), 2)
    0.2

    :raises InitCfgError: arguments without a type, of a kind or name that no argument has, or more than four.
    """
    if function is None:
        return lambda function: register(function, name=name)
    known_as = str(name or getattr(function, "__name__", ""))
    if not known_as.isidentifier():
        raise InitCfgError(f"an initializer needs a name as a function has, not {known_as!r}")
    arguments, asks = declared(known_as, function)
    names = [argument[0] for argument in arguments]

    def called(values: list[Any], shape: list[int], fans: Optional[tuple[int, int]]) -> str:
        given: dict[str, Any] = dict(zip(names, values))
        if "shape" in asks:
            given["shape"] = tuple(shape)
        if fans is not None:
            given["fans"] = Fans(*fans)
        found = function(**given)
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise TypeError(f"it must return a dict such as dict(type='Normal', std=0.02), not {found!r}")
        return _rules.initializer(found)

    doc = (inspect.getdoc(function) or "").splitlines()
    _weight_init.register_initializer(known_as, doc, arguments, "fans" in asks, called)
    NAMES[function] = known_as
    return function


def declared(name: str, function: Callable[..., Any]) -> tuple[list[tuple[str, str, list[str], Any]], set[str]]:
    """The arguments that a rule may set, each with its kind, the names of a choice and the default; and what else is asked for."""
    try:
        hints = typing.get_type_hints(function)
    except Exception as error:
        raise InitCfgError(f"the types of {name}'s arguments are not known: {error}") from error
    arguments, asks = [], set()
    for key, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise InitCfgError(f"the argument '{key}' of {name} must be one that can be given by name")
        if key in OF_THE_PARAMETER:
            asks.add(key)
            continue
        if key in OF_A_RULE:
            raise InitCfgError(f"the argument '{key}' of {name} has the name of a key that every rule has")
        arguments.append(argument(name, key, hints.get(key), parameter.default))
    if len(arguments) > MOST_ARGUMENTS:
        raise InitCfgError(f"{name} has {len(arguments)} arguments, more than {MOST_ARGUMENTS}")
    return arguments, asks


def argument(name: str, key: str, hint: Any, default: Any) -> tuple[str, str, list[str], Any]:
    is_needed = default is inspect.Parameter.empty
    given = None if is_needed else default
    names = list(typing.get_args(hint)) if typing.get_origin(hint) is Literal else []
    if names and all(isinstance(it, str) for it in names):
        kind = "choice"
        fits = is_needed or given in names
    else:
        kind = KINDS.get(type(given) if hint is None else hint, "")
        if not kind:
            raise InitCfgError(f"the argument '{key}' of {name} needs a type: float, int, bool or Literal of names")
        fits = is_needed or is_a(kind, given)
    if not fits:
        raise InitCfgError(f"the default of the argument '{key}' of {name} is {given!r}, which is none of its type")
    return key, kind, names, float(given) if kind == "number" and given is not None else given


def is_a(kind: str, x: Any) -> bool:
    """Whether a default is of a kind."""
    if isinstance(x, bool) or kind == "flag":
        return isinstance(x, bool) and kind == "flag"
    if kind == "count":
        return isinstance(x, int) and 0 <= x < 1 << 64
    return isinstance(x, (int, float)) and math.isfinite(x)

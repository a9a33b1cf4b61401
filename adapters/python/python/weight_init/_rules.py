"""An init_cfg of Python as the text that the engine reads."""

from __future__ import annotations

import json
import math
import os
import pathlib
import types
from collections.abc import Mapping
from typing import Any

from .errors import InitCfgError


def one(type: str, arguments: Mapping[str, Any]) -> str:
    """A rule for a single array, whose class does not matter."""
    return initializer({"type": type, "layer": [], **arguments})


def initializer(rule: Mapping[str, Any]) -> str:
    """A rule's type and arguments."""
    infinite = {key: str(x) for key, x in rule.items() if isinstance(x, float) and math.isinf(x)}
    try:
        return dumps({**rule, **infinite})
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InitCfgError(f"an initializer that is no data: {error}") from None


def text(init_cfg: Any) -> str | os.PathLike[str] | None:
    """JSON with one rule in a line, so that errors show it; a path to a file of rules stays one."""
    if init_cfg is None or isinstance(init_cfg, os.PathLike):
        return init_cfg
    if isinstance(init_cfg, str):
        return pathlib.Path(init_cfg)
    if not isinstance(init_cfg, (dict, list, tuple)):
        raise InitCfgError(f"an init_cfg is a dict, a list of dicts or the path of a file, not {type(init_cfg).__name__}")
    from . import _describe  # brings PyTorch

    try:
        rules = _describe.init_cfg(named(init_cfg))
        if isinstance(rules, dict):
            return dumps(rules)
        return "[" + ",\n ".join(dumps(rule) for rule in rules) + "]"
    except (TypeError, ValueError, OverflowError) as error:
        raise InitCfgError(f"an init_cfg that is no data: {error}") from error
    except RecursionError:
        raise InitCfgError("an init_cfg that is nested too deep, or that contains itself") from None


def named(value: Any) -> Any:
    """A function that is registered by its name."""
    if isinstance(value, dict):
        return {key: named(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [named(item) for item in value]
    if isinstance(value, types.FunctionType):
        from ._register import NAMES

        return NAMES.get(value, value)
    return value


def dumps(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, default=plain)


def plain(value: Any) -> Any:
    """NumPy's numbers as Python's, and paths as text."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()
    raise TypeError(f"{type(value).__name__} is no number, text, list or dict")

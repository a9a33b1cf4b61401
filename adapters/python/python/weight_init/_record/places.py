"""Which code of a model does something: the method, and the function that it calls for it."""

from __future__ import annotations

import inspect
import os
import sys
from types import CodeType, FrameType
from typing import Any, Optional

import torch

OWN = os.path.dirname(__file__) + os.sep
TORCH = os.path.dirname(torch.__file__) + os.sep
INIT = os.path.join(TORCH, "nn", "init.py")

# Frames looked at, at most: the place is near.
DEPTH = 60


def place(call: str) -> str:
    """``VisionTransformer.__init__, trunc_normal_(std=0.02)``; ``call`` is told where no function of an initializer's kind did it."""
    frame: Optional[FrameType] = sys._getframe(1)
    where = None
    steps = 0
    while frame is not None and steps < DEPTH:
        code = frame.f_code
        file = code.co_filename
        if file.startswith(OWN):
            frame = frame.f_back
            continue
        steps += 1
        method = is_method(frame, code)
        if method:
            return f"{qualified(frame, code)}, {call}"
        if not file.startswith(TORCH) or file == INIT:
            if where is None and is_initializer(code.co_name):
                call = called(frame, code) or call
            elif where is None and not code.co_name.startswith("<"):
                where = qualified(frame, code)
        frame = frame.f_back
    return f"{where}, {call}" if where else call


def is_method(frame: FrameType, code: CodeType) -> bool:
    """Whether a layer's own method runs."""
    if code.co_argcount == 0 or code.co_varnames[0] != "self" or code.co_name in ("apply", "_apply", "__call__"):
        return False
    return isinstance(frame.f_locals.get("self"), torch.nn.Module)


def is_initializer(name: str) -> bool:
    return name.endswith("_") and not name.startswith("__")


def qualified(frame: FrameType, code: CodeType) -> str:
    name = getattr(code, "co_qualname", None)
    if name is None:
        owner = frame.f_locals.get("self") if code.co_varnames[:1] == ("self",) else None
        name = f"{type(owner).__name__}.{code.co_name}" if owner is not None else code.co_name
    return name.replace(".<locals>", "")


def called(frame: FrameType, code: CodeType) -> Optional[str]:
    """A call as its frame shows it, with the arguments that are not its defaults."""
    if code.co_flags & inspect.CO_VARARGS:
        return None
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    function = frame.f_globals.get(code.co_name)
    arguments = {name: frame.f_locals.get(name) for name in names}
    return written(code.co_name, defaults(function), arguments)


def defaults(function: Any) -> dict[str, Any]:
    """The defaults of a function's arguments."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    return {key: parameter.default for key, parameter in parameters.items()}


def written(name: str, usual: dict[str, Any], arguments: dict[str, Any]) -> str:
    """A call in words, without the arguments that are as usual."""
    shown = [
        f"{key}={show(value)}"
        for key, value in arguments.items()
        if isinstance(value, (int, float, str)) and not (key in usual and value == usual[key])
    ]
    return f"{name}({', '.join(shown)})"


def show(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def site() -> str:
    """The file and line of the model's code, for what cannot be told by name."""
    frame: Optional[FrameType] = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(OWN) and not file.startswith(TORCH):
            return f"{os.path.basename(file)}:{frame.f_lineno}"
        frame = frame.f_back
    return "?"

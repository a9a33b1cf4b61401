"""A model's own initialization, recorded anew from a live model: what ``own=True`` asks for.

The code runs on a stand-in, a copy of the modules whose tensors hold nothing, so that the model itself is not touched and no
random number of PyTorch's is drawn.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ._live import Live, unwrapped
from ._record import Recorder
from ._record.description import finish, is_of_mmengine
from ._record.own_init import initialized, quiet
from ._record.stand_ins import NOTHING
from .errors import ModelError

# Methods that write a module's own parameters, and those of a whole model; without arguments.
OF_A_LAYER = ("reset_parameters", "_reset_parameters")
OF_A_MODEL = ("initialize_weights", "init_weights")
# A method that a model applies to each of its modules.
APPLIED = "_init_weights"


def lay_over(live: Live, *, keeps: bool) -> None:
    """Puts what the model's own code writes into a live model's description, as what tensors hold where no rule writes.

    With ``keeps``, tensors that the code leaves alone are left alone: ``live.rewritten`` names the others.
    """
    found = {name: node for name, node in tensors(recorded(live.root), "") if is_written(node)}
    for name, node in tensors(live.description, ""):
        if name in found:
            node.pop("value", None)
            node.update({key: found[name][key] for key in ("constructor", "parts", "value", "by") if key in found[name]})
            live.held.discard(name)
        elif keeps and name not in live.held:
            # Never written: it stands for what is there.
            node.pop("value", None)
            node["constructor"] = {"type": "Constant", "val": 0}
    settle(live.description)
    if keeps:
        live.rewritten = set(found) & set(live.tensors)


def recorded(model: torch.nn.Module) -> dict[str, Any]:
    """The description of a model after its own code has initialized it once more."""
    recorder = Recorder()
    with recorder._watching():
        stand_in = without_values(model)
        try:
            initialize(stand_in)
        except Exception as error:
            raise ModelError(f"the model's own initialization failed with {type(error).__name__}: {error}") from error
    return recorder.description(stand_in, final=True)


def without_values(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of the modules, with parameters that hold nothing; buffers keep their values, which code may compute with."""
    memo: dict[int, Any] = {}
    for p in model.parameters():
        empty = torch.empty(p.shape, dtype=p.dtype)
        memo[id(p)] = torch.nn.Parameter(empty, requires_grad=p.requires_grad)
    for b in model.buffers():
        memo[id(b)] = torch.empty(b.shape, dtype=b.dtype) if b.is_meta else b.detach().to("cpu", copy=True)
    try:
        return copy.deepcopy(model, memo)
    except Exception as error:
        raise ModelError(f"the model cannot be copied without its values: {error}") from error


def initialize(model: torch.nn.Module) -> None:
    """Calls what initializes a model, layers before the modules that hold them, as ``torch.nn.Module.apply`` does."""
    for module in model.modules():
        # transformers and mmengine initialize a module once.
        module.__dict__.pop("_is_hf_initialized", None)
        if "_is_init" in module.__dict__:
            module._is_init = False
    whole = outermost(model, lambda module: next(methods(module, OF_A_MODEL), None))
    by_itself = {id(module) for module, _ in whole}
    applied = [(module, method) for module, method in outermost(model, apply_of) if id(module) not in by_itself]
    for module in reversed(list(model.modules())):
        for method in methods(module, OF_A_LAYER):
            method()
            break
    for module, method in applied:
        module.apply(method)
    with quiet():
        for module, method in whole:
            if is_of_mmengine(module):
                initialized(module)
            else:
                method()


def outermost(
    model: torch.nn.Module, find: Callable[[torch.nn.Module], Callable[..., Any] | None]
) -> list[tuple[torch.nn.Module, Callable[..., Any]]]:
    """The modules that have a method, and none below them."""
    model = unwrapped(model)
    method = find(model)
    if method is not None:
        return [(model, method)]
    return [found for child in model.children() for found in outermost(child, find)]


def methods(module: torch.nn.Module, names: tuple[str, ...]) -> Iterator[Callable[[], Any]]:
    """The methods of these names that can be called without arguments."""
    for name in names:
        method = getattr(type(module), name, None)
        if callable(method) and required(method) == 1:
            yield getattr(module, name)


def apply_of(module: torch.nn.Module) -> Callable[..., Any] | None:
    """``_init_weights(module)``, if it is a function of a module."""
    method = getattr(type(module), APPLIED, None)
    is_static = isinstance(inspect.getattr_static(type(module), APPLIED, None), staticmethod)
    return getattr(module, APPLIED) if callable(method) and required(method) == (1 if is_static else 2) else None


def required(function: Callable[..., Any]) -> int:
    """Arguments that a call must give."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return -1
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(it.default is it.empty and it.kind in positional for it in parameters)


def tensors(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parameters and buffers of a description by their full names, each once."""
    for tensor in (*node.get("params", ()), *node.get("buffers", ())):
        if "same_as" not in tensor:
            yield (f"{path}.{tensor['name']}" if path else tensor["name"]), tensor
    for child in node.get("children", ()):
        if "same_as" not in child:
            yield from tensors(child, f"{path}.{child['name']}" if path else child["name"])


def is_written(node: dict[str, Any]) -> bool:
    """Whether code wrote a tensor of a recording: what it held before has nobody's name."""
    if node.get("constructor", {}).get("unknown") == NOTHING:
        return bool(node.get("parts"))
    return "by" in node or any("by" in part for part in node.get("parts", ()))


def settle(node: dict[str, Any]) -> None:
    """The classes' own code has run: no warning says that it may write more, and rules that it knows are not run again."""
    node.pop("rewrites", None)
    if "BaseModule" in (node.get("class"), *node.get("mro", ())):
        finish(node)
    else:
        node.pop("init_weights", None)
    for child in node.get("children", ()):
        settle(child)

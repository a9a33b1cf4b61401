"""The walk over a live model: its description and the tensors that the names of the description mean."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

import torch

from . import _describe
from .errors import ModelError

# Wrappers that are no layers: the class's name, and the attribute that holds what is wrapped.
WRAPPERS = {
    "OptimizedModule": "_orig_mod",
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "MMDistributedDataParallel": "module",
    "MMDataParallel": "module",
    "CheckpointWrapper": "_checkpoint_wrapped_module",
}


def unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """What is inside of wrappers such as ``torch.compile``'s; a layer itself if it is no wrapper."""
    while (inside := module._modules.get(wrapped_by(type(module)))) is not None:  # type: ignore[arg-type]
        module = inside
    return module


@functools.lru_cache(maxsize=1024)
def wrapped_by(cls: type) -> str:
    """The attribute under which a wrapper holds what it wraps; fully_shard derives wrappers, too."""
    return next((WRAPPERS[base.__name__] for base in cls.__mro__ if base.__name__ in WRAPPERS), "")


@functools.lru_cache(maxsize=1024)
def is_fsdp_1(cls: type) -> bool:
    return any(base.__name__ == "FullyShardedDataParallel" for base in cls.__mro__)


def parametrizations(module: torch.nn.Module) -> Any:
    """The parametrizations of a module by the names of the tensors that they compute."""
    # Not as torch.nn.utils.parametrize asks: an attribute that a module lacks takes it a microsecond and more.
    found = module._modules.get("parametrizations")
    return found if isinstance(found, torch.nn.ModuleDict) else {}


class Live(_describe.Describer):
    """Goes through a live model once.

    ``description`` is what the command would read, under the names that the model has without wrappers and with
    parametrized weights as plain ones; ``tensors`` holds parameters and buffers by those names.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        *,
        has_overrides: bool,
        companion: Any = None,
        given: Collection[str] = (),
    ) -> None:
        super().__init__(companion)
        if not isinstance(model, torch.nn.Module):
            raise ModelError(f"expected a torch.nn.Module, found {type(model).__name__}")
        self.has_overrides = has_overrides
        # Buffers whose content the caller gives.
        self.given = given
        self.keeps_values = companion is not None
        self.tensors: dict[str, torch.Tensor] = {}
        # Buffers whose content a description would have to spell out: they hold it already.
        self.held: set[str] = set()
        self.parametrized: dict[str, tuple[torch.nn.Module, str]] = {}
        # The tensors that the model's own code writes, if it was recorded and the others stay as they are.
        self.rewritten: set[str] | None = None
        # Modules whose class has an init_weights of its own, with its name.
        self.own_code: list[tuple[str, str]] = []
        self.root = unwrapped(model)
        try:
            self.description = self.layer(self.root, "", "")
        except _describe.DescribeError as error:
            raise ModelError(str(error)) from None
        except RecursionError:
            raise ModelError("the model is nested too deep") from None

    def layer(self, module: torch.nn.Module, name: str, path: str) -> _describe.Node:
        if is_fsdp_1(type(module)):  # type: ignore[arg-type]
            # With use_orig_params its parameters look like plain ones, of other shapes.
            place, instead = path or "the model", "initialize it before, or use fully_shard"
            raise ModelError(f"{place} is wrapped by FSDP 1, which cuts flat parameters: {instead}")
        node = super().layer(module, name, path)
        if node.get("init_weights") == "custom":
            self.own_code.append((path, node["class"]))
        return node

    def child(self, module: torch.nn.Module, name: str, path: str) -> _describe.Node:
        return super().child(unwrapped(module), name, path)

    def class_of(self, module: torch.nn.Module) -> type:
        """The class before ``register_parametrization`` and ``fully_shard`` derived one of their own from it."""
        cls = type(module)
        if parametrizations(module):
            cls = cls.__bases__[0]
        if len(cls.__bases__) == 2 and cls.__bases__[0].__name__ == "FSDPModule":
            cls = cls.__bases__[1]
        return cls

    def parameters_of(self, module: torch.nn.Module) -> list[tuple[str, torch.Tensor | None]]:
        computed_ones = [(key, computed(module, key)) for key in parametrizations(module)]
        return [*module._parameters.items(), *computed_ones]

    def children_of(self, module: torch.nn.Module) -> list[tuple[str, torch.nn.Module | None]]:
        hidden = parametrizations(module)
        return [(key, child) for key, child in module._modules.items() if child is not hidden]

    def aliases_of(self, module: torch.nn.Module) -> _describe.Node:
        # They are names for overrides alone, and asking every property of every module takes longer than all the rest.
        if self.has_overrides or has_override(module.__dict__.get("init_cfg") or getattr(type(module), "init_cfg", None)):
            return _describe.aliases(module)
        return {}

    def tensor(self, module: torch.nn.Module, name: str, t: torch.Tensor, path: str) -> _describe.Node:
        if type(t).__name__ == "FlatParameter":
            raise ModelError(f"'{path}' is a flat parameter of FSDP 1: initialize the model before it is wrapped")
        node = super().tensor(module, name, t, path)
        if "same_as" not in node:
            self.tensors[path] = t
        if name in parametrizations(module):
            self.parametrized[path] = (module, name)
        return node

    def buffer(self, module: torch.nn.Module, name: str, b: torch.Tensor, path: str) -> _describe.Node:
        node = super().buffer(module, name, b, path)
        if path in self.given and "same_as" not in node:
            node["value"] = 0
            self.held.add(path)
        return node

    def value(self, t: torch.Tensor, type_name: str, path: str) -> Any:
        if self.keeps_values:
            return super().value(t, type_name, path)
        self.held.add(path)
        return 0


def computed(module: torch.nn.Module, key: str) -> torch.Tensor:
    """A parametrized weight, without what computing it in training mode does to a parametrization (spectral_norm)."""
    parts = list(parametrizations(module)[key].modules())
    modes = [part.training for part in parts]
    try:
        for part in parts:
            part.training = False
        with torch.no_grad():
            weight: torch.Tensor = getattr(module, key)
            return weight
    finally:
        for part, mode in zip(parts, modes):
            part.training = mode


def has_override(init_cfg: Any) -> bool:
    rules = init_cfg if isinstance(init_cfg, (list, tuple)) else [init_cfg]
    return any(isinstance(rule, dict) and bool(rule.get("override")) for rule in rules)

"""Whose writes are whose while mmengine's ``init_weights`` runs: those of rules, or those of a class's own code.

mmengine goes through a model module by module. Where a class has an ``init_weights`` of its own, its writes come before or after
those of the module's rules and children, and rules that are laid over the model must find them in that place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Optional
from unittest import mock

import torch

from .. import _describe
from .memory import Memory
from .state import State

@dataclass
class OwnWrite:
    """What the own code of the module at ``path`` left in a tensor, before or after its rules and children wrote."""

    path: str
    after: bool
    state: State


@dataclass
class Call:
    """An ``init_weights`` that runs: one of a class of its own, or mmengine's."""

    module: torch.nn.Module
    is_own: bool
    # Whether rules or children have run meanwhile.
    after: bool = False


class OwnInit:
    """What the ``init_weights`` of classes of their own write into the parameters of a model, and what they held before."""

    def __init__(self, model: torch.nn.Module, memory: Memory) -> None:
        self.model, self.memory = model, memory
        self.paths = {id(module): path for path, module in model.named_modules()}
        self.before = {name: self.state(p) for name, p in model.named_parameters()}
        self.storages = {name: p.untyped_storage()._cdata for name, p in model.named_parameters()}
        self.writes: dict[str, list[OwnWrite]] = {}
        # Modules whose init_weights ran, and those whose rules ran, by identity.
        self.ran: set[int] = set()
        self.ran_rules: set[int] = set()
        self.calls: list[Call] = []
        # Calls within a class's own code that are a part of it.
        self.within = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hears of every ``init_weights`` of the model's modules meanwhile."""
        with ExitStack() as stack:
            for cls in {cls for module in self.model.modules() for cls in type(module).__mro__}:
                function = cls.__dict__.get("init_weights")
                if callable(function):
                    stack.enter_context(mock.patch.object(cls, "init_weights", self.heard(cls, function)))
            yield

    def heard(self, cls: type, function: Callable[..., Any]) -> Callable[..., Any]:
        is_own = cls.__name__ != "BaseModule"

        def init_weights(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            with self.call(module, is_own):
                return function(module, *args, **kwargs)

        return init_weights

    @contextmanager
    def call(self, module: torch.nn.Module, is_own: bool) -> Iterator[None]:
        above = self.calls[-1] if self.calls else None
        if self.within or (above is not None and self.is_part(above, module)):
            self.within += 1
            try:
                yield
            finally:
                self.within -= 1
            return
        if above is not None and above.module is module and above.is_own and is_own:
            # The init_weights of a base class.
            yield
            return
        if above is not None:
            self.note(above)
            above.after = True
            if above.module is module:
                self.ran_rules.add(id(module))
        self.memory.touched.clear()
        self.calls.append(Call(module, is_own))
        try:
            yield
        finally:
            self.note(self.calls.pop())
            self.ran.add(id(module))

    def is_part(self, above: Call, module: torch.nn.Module) -> bool:
        """Whether own code calls a module's ``init_weights`` where mmengine would not: what that writes is its own."""
        if not above.is_own or above.module is module:
            return False
        return id(module) in self.ran or all(module is not child for child in above.module.children())

    def note(self, call: Call) -> None:
        """Keeps what own code has written since it went on."""
        if call.is_own and self.memory.touched:
            path = self.paths.get(id(call.module), "")
            for name, p in self.model.named_parameters():
                storage = p.untyped_storage()._cdata
                if storage in self.memory.touched or storage != self.storages.get(name):
                    self.storages[name] = storage
                    self.add(name, OwnWrite(path, call.after, self.state(p)))
        self.memory.touched.clear()

    def add(self, name: str, write: OwnWrite) -> None:
        """The later of two writes at one place counts."""
        writes = self.writes.setdefault(name, [])
        writes[:] = [it for it in writes if (it.path, it.after) != (write.path, write.after)] + [write]

    def state(self, p: torch.Tensor) -> State:
        return State.of(self.memory, p).kept(self.memory)

    def tell(self, node: dict[str, Any], module: torch.nn.Module) -> None:
        """Says of a layer how its ``init_weights`` was called."""
        if id(module) not in self.ran:
            # No init_weights above it goes on to it.
            node.pop("init_weights", None)
        elif node.get("init_weights") == "custom":
            node["rewrites"] = False
            if id(module) not in self.ran_rules:
                node["runs_init_cfg"] = False
                if loading(node.get("init_cfg")):
                    node["init_cfg"] = loading(node["init_cfg"])


def initialized(model: torch.nn.Module, own: Optional[OwnInit] = None) -> torch.nn.Module:
    """An mmengine model whose ``init_weights`` has run as if it were to load no checkpoint; ``own`` hears whose writes are whose."""
    base = _describe.imported("mmengine.model").BaseModule
    with ExitStack() as stack:
        for module in model.modules():
            without_checkpoint(module, stack)
        # It logs of each parameter whether its mean has changed.
        stack.enter_context(mock.patch.object(base, "_dump_init_info", lambda self, *_: None))
        stack.enter_context(quiet())
        if own is not None:
            stack.enter_context(own.watching())
        if hasattr(model, "init_weights"):
            model.init_weights()
    return model


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps initializations from logging warnings; the caller's own threshold is back afterwards."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)


def without_checkpoint(module: torch.nn.Module, stack: ExitStack) -> None:
    """Takes the rules that load a checkpoint out of a module's ``init_cfg`` for a while."""
    init_cfg = getattr(module, "init_cfg", None)
    if not loading(init_cfg):
        return
    others = [rule for rule in init_cfg if not loading(rule)] if isinstance(init_cfg, (list, tuple)) else []
    module.init_cfg = others or None
    stack.callback(setattr, module, "init_cfg", init_cfg)


def loading(init_cfg: Any) -> list[dict]:
    """The rules that load a checkpoint: Pretrained ones, and a checkpoint alone, which some classes load themselves."""
    rules = init_cfg if isinstance(init_cfg, (list, tuple)) else [init_cfg]
    kind = "Pretrained"
    found = (rule for rule in rules if isinstance(rule, dict) and "checkpoint" in rule and rule.get("type", kind) == kind)
    return [{"type": kind, **rule} for rule in found]

"""mmengine's log of an initialization: which initializer gave each parameter its values, in mmengine's own words.

mmengine credits an initializer with a parameter if the mean of the parameter is another one after it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import torch
from mmengine.model import BaseModule
from mmengine.model.weight_init import update_init_info
from mmengine.registry import WEIGHT_INITIALIZERS, build_from_cfg

from .report import Plan

# A line of an explanation about a rule that writes.
WRITES = re.compile(
    r"^  (?: \+|=>) (?P<module>.+?), rule (?P<rule>\d+)(?:, params (?P<params>\d+))?(?:, override (?P<override>\d+))?: "
    r"(?P<init>.+?) — (?:writes|wins)", re.M)


# Keys of rules that mmengine does not have.
OURS = ("extend", "key", "params")


class InitLog:
    """What mmengine keeps in ``_params_init_info`` while it initializes ``root``."""

    def __init__(self, root: torch.nn.Module) -> None:
        self.root = root
        self.modules = dict(root.named_modules())
        untouched = f"The value is the same before and after calling `init_weights` of {type(root).__name__} "
        self.info: dict[Any, dict[str, Any]] = {p: {"init_info": untouched} for p in root.parameters()}

    def planned(self, plan: Plan) -> None:
        """Notes who will write each parameter; called before anything is written."""
        for name in plan.touched:
            parameter = plan._live.tensors.get(name)
            if parameter not in self.info:  # computed by a parametrization
                continue
            writers = [match.groupdict() for match in WRITES.finditer(plan.explain(name))]
            credited = last_change(writers, parameter)
            if credited is not None:
                self.info[parameter]["init_info"] = self.sentence(credited)

    def sentence(self, writer: dict[str, str]) -> str:
        """The words of mmengine's own initializer for this rule."""
        path = "" if writer["module"] in ("(model)", "the model itself") else writer["module"]
        rules: Any = self.modules[path].init_cfg
        rule: dict[str, Any] = dict(rules if isinstance(rules, dict) else rules[int(writer["rule"])])
        overrides = rule.pop("override", None)
        if writer["override"] is not None:
            override: dict[str, Any] = dict(overrides if isinstance(overrides, dict) else overrides[int(writer["override"])])
            override.pop("name")
            rule = override or rule
        rule = {key: value for key, value in rule.items() if key not in OURS}
        try:
            return str(build_from_cfg(rule, WEIGHT_INITIALIZERS)._get_init_info())
        except (KeyError, TypeError):  # a type or an argument that mmengine does not have
            return f"Initialized by {writer['init']} "

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """While the ``init_weights`` of classes run: no module takes itself for the topmost one, and writes a log."""
        for module in self.modules.values():
            module._params_init_info = self.info  # type: ignore[assignment]
        try:
            yield
        finally:
            for module in self.modules.values():
                module.__dict__.pop("_params_init_info", None)

    def before_own(self, module: torch.nn.Module) -> None:
        for parameter in module.parameters():
            self.info[parameter]["tmp_mean_value"] = parameter.data.mean().cpu()

    def after_own(self, module: torch.nn.Module) -> None:
        """Notes what the ``init_weights`` of a child's class has changed."""
        if module is not self.root:
            update_init_info(module, f"Initialized by user-defined `init_weights` in {type(module).__name__} ")

    def write(self) -> None:
        """Writes the log where mmengine does; a model that is no BaseModule has none."""
        if isinstance(self.root, BaseModule):
            with self.shared():
                self.root._dump_init_info()


def last_change(writers: list[dict[str, str]], parameter: torch.Tensor) -> dict[str, str] | None:
    """The last one that makes the mean another one. Means of samples are never the same."""
    numbers = [constant(writer["init"]) for writer in writers]
    mean, credited = None, None
    for writer, number in zip(writers, numbers):
        if number is None:
            mean, credited = None, writer
            continue
        after = torch.full_like(parameter.data, number).mean()
        if credited is None and mean is None:
            mean = parameter.data.mean()
        if mean is None or not torch.equal(mean, after):
            credited = writer
        mean = after
    return credited


def constant(init: str) -> float | None:
    match = re.fullmatch(r"(?:\S+ = )?constant\(val=(.+)\)", init)
    return float(match[1]) if match else None

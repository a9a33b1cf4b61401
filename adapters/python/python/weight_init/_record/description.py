"""What was noted while a model was built → its description, with ``constructor``, ``parts`` and ``by``."""

from __future__ import annotations

import math
from typing import Any, Optional

import torch

from .._describe import DescribeError, Describer
from .._live import unwrapped
from ..errors import ModelError
from .memory import Memory, Write
from .own_init import OwnInit, loading
from .regions import Region, slices
from .stand_ins import NOTHING, StandIns
from .state import State
from .values import (
    Constant, Known, Mapped, Never, Norm, Normal, Orthogonal, Sparse, TruncNormal, Uniform, Unknown, Value, settled,
)


class Recorded(Describer):
    """Goes through a model that was built while its memory was watched."""

    def __init__(
        self,
        model: torch.nn.Module,
        memory: Memory,
        *,
        companion: Any,
        final: bool,
        own: Optional[OwnInit] = None,
        stand_ins: Optional[StandIns] = None,
    ) -> None:
        self.memory = memory
        # Whether the model's own init_weights has run, so that no rule of its modules is left to run.
        self.final = final
        # What it has written, where rules are to stay rules.
        self.own = own
        # What takes the place of values without a name.
        self.stand_ins = stand_ins
        self.of_mmengine = is_of_mmengine(unwrapped(model))
        # Kinds of what was found, by the name of the tensor.
        self.kinds: dict[str, str] = {}
        # Tensors by their storage, and the contents that are norms of one of them.
        self.by_storage: dict[int, tuple[str, torch.Tensor]] = {}
        self.norms: list[tuple[dict, Norm, torch.Tensor, str]] = []
        super().__init__(companion)
        try:
            self.description = self.model(unwrapped(model))
            self.name_norms()
        except DescribeError as error:
            raise ModelError(str(error)) from None
        except RecursionError:
            raise ModelError("the model is nested too deep") from None

    def layer(self, module: torch.nn.Module, name: str, path: str) -> dict:
        node = super().layer(module, name, path)
        node.pop("rewrites", None)
        node.pop("padding_idx", None)
        if not self.of_mmengine:
            # Other packages have functions of this name that their constructors call, and no rules.
            node.pop("init_weights", None)
            node.pop("init_cfg", None)
        elif self.own is not None:
            self.own.tell(node, module)
        elif self.final:
            finish(node)
        return node

    def param(self, module: torch.nn.Module, name: str, p: torch.Tensor, path: str) -> dict:
        node = self.tensor(module, name, p, path)
        return node if "same_as" in node else self.recorded(node, p, path)

    def buffer(self, module: torch.nn.Module, name: str, b: torch.Tensor, path: str) -> dict:
        node = self.tensor(module, name, b, path)
        return node if "same_as" in node else self.recorded(node, b, path)

    def recorded(self, node: dict, t: torch.Tensor, path: str) -> dict:
        if t.numel() == 0:
            node["value"] = []
            self.kinds[path] = "empty"
            return node
        if t.layout != torch.strided or node["dtype"] == "opaque":
            node["constructor"] = unknown("elements of a layout or type that has no name here")
            self.kinds[path] = "unknown"
            return node
        self.by_storage.setdefault(t.untyped_storage()._cdata, (path, t))
        self.name = path
        constructed, own = State.of(self.memory, t), []
        if self.own is not None:
            constructed, own = self.own.before.get(path, constructed), self.own.writes.get(path, [])
        node.update(self.state(constructed, path, node["dtype"]))
        for write in own:
            name = f"{path}, init_weights of {write.path or 'the model'}"
            told = {"module": write.path, "after": write.after, **self.state(write.state, name, node["dtype"])}
            node.setdefault("own_init", []).append(told)
        self.kinds[path] = kind(node) if self.own is None else kind(self.state(State.of(self.memory, t), path, node["dtype"]))
        return node

    def state(self, state: State, path: str, dtype: str) -> dict:
        """The keys of what a tensor held at some time."""
        t = state.values
        node = self.content(state.base, t, t, path, dtype)
        if self.stand_ins is not None:
            node = self.stand_ins.instead(node, self.name, (), lambda it: self.value(it, dtype, path))
        told = [self.told(write, found, t, path, dtype) for write, found in state.parts]
        return {**node, "parts": told} if told else node

    def child(self, module: torch.nn.Module, name: str, path: str) -> dict:
        return super().child(unwrapped(module), name, path)

    def class_of(self, module: torch.nn.Module) -> type:
        """The class before ``register_parametrization`` derived one from it; what it computes a weight of stands below it."""
        cls = type(module)
        return cls.__bases__[0] if "parametrizations" in module._modules else cls

    def name_norms(self) -> None:
        """Says of which parameter norms are: all of it, as it was then."""
        for told, value, t, path in self.norms:
            name, source = self.by_storage.get(value.storage, ("", None))
            if source is None or self.memory.of(source).writes[0] is not value.write or name == path:
                continue
            same_rank = t.dim() == source.dim() and all(n in (1, m) for n, m in zip(t.shape, source.shape))
            if self.memory.of(source).is_plain and path in self.kinds and (t.dim() == 0 or same_rank):
                told.clear()
                told["norm_of"] = name
                self.kinds[path] = "norm"

    def told(self, write: Write, found: Region, t: torch.Tensor, path: str, dtype: str) -> dict:
        start, extent = found
        name = f"{path}[{', '.join(map(str, start))}]"
        inside = t[slices(found)]
        content = self.content(write, inside, t, name, dtype)
        if self.stand_ins is not None:
            content = self.stand_ins.instead(content, self.name, slices(found), lambda it: self.value(it, dtype, name))
        return {"start": start, "shape": extent, **content}

    def content(self, write: Write, t: torch.Tensor, whole_tensor: torch.Tensor, path: str, dtype: str) -> dict:
        """The keys of one write: ``constructor`` or ``value``, and ``by``."""
        value = settled(write.value)
        node: dict[str, Any]
        if isinstance(value, Constant) and not math.isfinite(value.val):
            if t.is_meta:
                node = {"constructor": unknown(f"{value.val} in a large tensor", write)}
            else:
                filled = torch.full(t.shape, value.val, dtype=t.dtype)
                node = {"value": self.value(filled, dtype, path)}
        elif isinstance(value, Known):
            if t.is_meta:
                node = {"constructor": unknown("computed values of a large tensor", write)}
            else:
                self.memory.fill(whole_tensor)
                node = {"value": self.value(t, dtype, path)}
                if node["value"] is None:
                    node = {"constructor": unknown(f"values of type {dtype}", write)}
                elif isinstance(node["value"], (int, float)):
                    node = {"constructor": constructor(Constant(node["value"]), write)}
        elif isinstance(value, Norm):
            node = {"constructor": unknown("norms", write)}
            self.norms.append((node["constructor"], value, t, path))
        elif t.dtype.is_floating_point or isinstance(value, (Constant, Unknown, Never)):
            node = {"constructor": constructor(value, write)}
        else:
            node = {"constructor": unknown("random values of an integer or complex type", write)}
        if write.by:
            node["by"] = write.by
        return node


def is_of_mmengine(model: torch.nn.Module) -> bool:
    return any(cls.__name__ == "BaseModule" for cls in type(model).__mro__)


def finish(node: dict) -> None:
    """Says of a layer that its ``init_weights`` has run: checkpoints alone are left to load, after all that was recorded."""
    if "init_weights" in node:
        node["init_weights"] = "module"
        left = loading(node.pop("init_cfg", None))
        if left:
            node["init_cfg"] = left


def constructor(value: Value, write: Write) -> dict:
    if isinstance(value, Constant):
        return {"type": "Constant", "val": number(value.val)}
    if isinstance(value, Uniform):
        return {"type": "Uniform", "a": value.a, "b": value.b}
    if isinstance(value, Normal):
        return {"type": "Normal", "mean": value.mean, "std": value.std}
    if isinstance(value, TruncNormal):
        return {"type": "TruncNormal", "mean": value.mean, "std": value.std, "a": bound(value.a), "b": bound(value.b)}
    if isinstance(value, Orthogonal):
        return {"type": "Orthogonal", "gain": value.gain}
    if isinstance(value, Sparse):
        return {"type": "Sparse", "sparsity": value.sparsity, "std": value.std}
    if isinstance(value, Mapped):
        steps = [step if isinstance(step, str) else {step[0]: step[1]} for step in value.steps]
        return {**constructor(value.of, write), "then": steps}
    if isinstance(value, Never):
        return unknown(NOTHING)
    return unknown(value.what if isinstance(value, Unknown) else "values without a name", write)


def unknown(what: str, write: Optional[Write] = None) -> dict:
    by = write.by if write is not None else None
    return {"unknown": f"{what}, in {by}" if by else what}


def number(x: float) -> Any:
    return int(x) if x == int(x) and abs(x) < 2**53 else x


def bound(x: float) -> Any:
    return x if math.isfinite(x) else str(x)


def kind(node: dict) -> str:
    """One word for what a tensor holds."""
    contents = [node, *node.get("parts", [])]
    if any("unknown" in it.get("constructor", {}) for it in contents):
        return "unknown"
    if "parts" in node:
        return "parts"
    if "value" in node:
        return "values"
    return "function" if "then" in node["constructor"] else node["constructor"].get("type", "norm")



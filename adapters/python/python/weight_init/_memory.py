"""Where tensors lie, as the engine wants to know it, and copies for those that it cannot reach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from . import _describe, _parametrized, _weight_init
from ._arrays import Target
from ._live import Live
from ._shards import Segments, local_shard
from .errors import ModelError
from .report import Difference


class Memory:
    """The memory of the named tensors of a model."""

    def __init__(self, live: Live, names: Iterable[str], *, reads: bool = False) -> None:
        self.targets: list[Target] = []
        self.written: list[torch.Tensor] = []
        self.bytes = 0
        self._live = live
        self._copies: list[tuple[str, torch.Tensor, torch.Tensor]] = []
        for name in names:
            self._add(name, live.tensors[name], reads)

    def _add(self, name: str, t: torch.Tensor, reads: bool) -> None:
        local, segments = local_shard(name, t)
        check(name, t, local)
        if name in self._live.parametrized or not is_reachable(local):
            if name in self._live.parametrized and not reads:
                _parametrized.check(self._live, name)
            values = local.detach()
            memory = values.to("cpu", copy=True).contiguous() if reads else torch.empty(local.shape, dtype=local.dtype)
            self._copies.append((name, local, memory))
        else:
            memory = local
            self.written.append(local)
        self.bytes += memory.nbytes
        self.targets.append(target(name, memory, segments))

    def difference(self) -> Difference | None:
        """The first difference of what is parametrized from what was filled beside it."""
        found = (_parametrized.difference(self._live, name, memory.to(t.device)) for name, t, memory in self._copies)
        return next((it for it in found if it is not None), None)

    def assign(self) -> None:
        """Brings what was filled beside a tensor into it, and tells autograd of what was filled in place."""
        with torch.no_grad():
            for name, t, memory in self._copies:
                if name in self._live.parametrized:
                    _parametrized.assign(self._live, name, memory.to(t.device))
                else:
                    t.copy_(memory)
        increment_versions(self.written)


def fill_tensor(name: str, t: torch.Tensor, options: dict[str, Any]) -> None:
    """Fills one tensor, or this process's shard of it; ``options`` are the engine's."""
    local, segments = local_shard(name, t)
    check(name, t, local)
    memory = local if is_reachable(local) else torch.empty(local.shape, dtype=local.dtype)
    _weight_init.fill_tensor(target(name, memory, segments), shape=list(t.shape), dtype=_describe.dtype(local), **options)
    if memory is local:
        increment_versions([local])
    else:
        with torch.no_grad():
            local.copy_(memory)


def target(name: str, memory: torch.Tensor, segments: list[Segments] | None) -> Target:
    storage = memory.untyped_storage()
    return name, memory.data_ptr(), memory.stride(), segments, storage.data_ptr(), storage.nbytes()


def check(name: str, t: torch.Tensor, local: torch.Tensor) -> None:
    if local.is_meta:
        raise ModelError(f"'{name}' is on the meta device and has no memory: use materialize_")
    if local.layout != torch.strided:
        raise ModelError(f"'{name}' has the layout {local.layout}, which no initializer writes")
    if getattr(type(local), "__torch_dispatch__") is not getattr(torch.Tensor, "__torch_dispatch__"):
        raise ModelError(f"'{name}' is a {type(t).__name__}, whose memory is its own affair")


def is_reachable(t: torch.Tensor) -> bool:
    """Whether the elements lie in memory of this machine as they are meant."""
    return t.device.type == "cpu" and not t.is_neg() and not t.is_conj() and not t.is_quantized


def increment_versions(tensors: list[torch.Tensor]) -> None:
    """Tells autograd that tensors were written, as their own in-place operations do."""
    torch.autograd.graph.increment_version([t for t in tensors if not t.is_inference()])


"""What a tensor holds at some time: the base, and the regions laid over it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from .memory import Memory, Storage, Write
from .regions import Region, elements, region, slices
from .values import Constant, Known, Never, Unknown

# Elements of computed values that are kept as they were, at most.
MOST_KEPT = 1 << 22


@dataclass
class State:
    """What a tensor holds; its elements, of ``values``, count where they were computed."""

    base: Write
    parts: list[tuple[Write, Region]]
    values: torch.Tensor

    @classmethod
    def of(cls, memory: Memory, t: torch.Tensor) -> State:
        return cls(*contents(memory.of(t), t), t.detach())

    def kept(self, memory: Memory) -> State:
        """The same, whatever is written afterwards."""
        writes = (self.base, *(write for write, _ in self.parts))
        values = self.values
        if any(isinstance(write.value, Known) for write in writes) and not values.is_meta and values.numel() <= MOST_KEPT:
            memory.fill(values)
            values = values.clone()
        return State(replace(self.base), [(replace(write), found) for write, found in self.parts], values)


def contents(storage: Storage, t: torch.Tensor) -> tuple[Write, list[tuple[Write, Region]]]:
    """What a tensor holds: the base, and the regions laid over it."""
    base = storage.writes[0]
    parts: list[tuple[Write, Region]] = []
    begin, end = t.storage_offset(), t.storage_offset() + 1
    end += sum((n - 1) * s for n, s in zip(t.size(), t.stride()))
    for write in storage.writes[1:]:
        low, high = write.view.span
        if high <= begin or end <= low:
            continue
        found = region(write.view, t)
        if found is None and storage.is_deterministic and not t.is_meta:
            # Numbers, one by one.
            return Write(None, Known(), write.by), []
        if found is None:
            return Write(None, Unknown("slices that are no boxes along the dimensions"), write.by), []
        if elements(found) == t.numel():
            base, parts = write, []
        elif parts or not isinstance(write.value, Constant) or write.value != base.value:
            parts.append((write, found))
    if all(isinstance(it.value, Known) for it in (base, *(write for write, _ in parts))):
        return Write(None, Known(), (parts[-1][0] if parts else base).by), []
    if isinstance(base.value, Never) and parts and covered([found for _, found in parts], t):
        base = Write(None, Constant(0.0), None)
    return base, parts


def covered(parts: list[Region], t: torch.Tensor) -> bool:
    """Whether regions leave nothing of a tensor out."""
    if sum(map(elements, parts)) < t.numel():
        return False
    if t.numel() > 1 << 24:
        # Boxes that share nothing, as chunks do.
        return sum(map(elements, parts)) == t.numel()
    seen = torch.zeros(t.shape, dtype=torch.bool)
    for found in parts:
        seen[slices(found)] = True
    return bool(seen.all())

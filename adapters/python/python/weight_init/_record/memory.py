"""The memory of tensors while a model is built: who wrote what into each storage, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from .values import DETERMINISTIC, Constant, Known, Never, Unknown, Value

# Elements up to which a constant is written at once, and read by code that asks for no operation (tolist, numpy).
AT_ONCE = 1 << 16
# Writes into one storage that are kept apart; so many constants are values that can be given one by one.
MOST_WRITES = 1024
MOST_CONSTANTS = 32


@dataclass(frozen=True)
class View:
    """Elements of a storage, in units of the tensor's element type."""

    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @classmethod
    def of(cls, t: torch.Tensor) -> View:
        dims = [(n, s) for n, s in zip(t.size(), t.stride()) if n != 1]
        return cls(t.storage_offset(), tuple(n for n, _ in dims), tuple(s for _, s in dims))

    @property
    def span(self) -> tuple[int, int]:
        last = sum((n - 1) * s for n, s in zip(self.size, self.stride))
        return self.offset, self.offset + last + 1


@dataclass
class Write:
    """What was written, where (``None``: everywhere) and by whom."""

    view: Optional[View]
    value: Value
    by: Optional[str]


class Storage:
    """One storage; ``writes[0]`` covers all of it."""

    def __init__(self, storage: torch.UntypedStorage) -> None:
        # Keeps the address from being used again, though not the memory.
        self.ref = StorageWeakRef(storage)
        on_meta = storage.device.type == "meta"
        # Memory that no recorded operation made was made outside, or by an operation on known values.
        self.writes = [Write(None, Never() if on_meta else Known(), None)]
        # Whether constants stand in the memory.
        self.is_filled = not on_meta

    @property
    def is_plain(self) -> bool:
        return len(self.writes) == 1

    @property
    def is_deterministic(self) -> bool:
        return all(isinstance(write.value, DETERMINISTIC) for write in self.writes)


class Memory:
    """All storages, by address."""

    def __init__(self) -> None:
        self.storages: dict[int, Storage] = {}
        # Storages that were written since somebody cleared it, by address.
        self.touched: set[int] = set()

    def of(self, t: torch.Tensor) -> Storage:
        storage = t.untyped_storage()
        found = self.storages.get(storage._cdata)
        if found is None:
            found = self.storages[storage._cdata] = Storage(storage)
        return found

    def forget_dead(self) -> None:
        self.storages = {key: it for key, it in self.storages.items() if not it.ref.expired()}

    def is_known(self, t: torch.Tensor) -> bool:
        """Whether the elements can be computed with: deterministic, and in memory that is there."""
        return not t.is_meta and self.of(t).is_deterministic

    def fill(self, t: torch.Tensor) -> None:
        """Puts constants into the memory of known values where that was put off."""
        storage = self.of(t)
        if storage.is_filled:
            return
        for write in storage.writes:
            if isinstance(write.value, Constant):
                view = whole(t) if write.view is None else part(t, write.view)
                view.fill_(write.value.val)
        storage.is_filled = True

    def get(self, t: torch.Tensor) -> Value:
        """What one value holds in all of a tensor."""
        storage = self.of(t)
        if storage.is_plain:
            return storage.writes[0].value
        if storage.is_deterministic and not t.is_meta:
            return Known()
        view = View.of(t)
        low, high = view.span
        for write in reversed(storage.writes):
            if write.view is None or write.view == view:
                return write.value
            begin, end = write.view.span
            if begin < high and low < end:
                return Unknown("values of several kinds")
        return Unknown("values of several kinds")

    def set(self, t: torch.Tensor, value: Value, by: Optional[str]) -> None:
        """Notes a write into all of a tensor."""
        storage = self.of(t)
        self.touched.add(t.untyped_storage()._cdata)
        if covers(t):
            storage.writes = [Write(None, value, by)]
            storage.is_filled = isinstance(value, Known)
            return
        view = View.of(t)
        if 0 in view.size:
            return
        kept = [write for write in storage.writes if write.view != view]
        if len(kept) >= MOST_CONSTANTS and storage.is_deterministic and not t.is_meta:
            self.fill(t)
            storage.writes = [Write(None, Known(), by)]
            return
        if len(kept) >= MOST_WRITES:
            storage.writes = [Write(None, Unknown(f"more than {MOST_WRITES} writes into slices"), by)]
            return
        storage.writes = [*kept, Write(view, value, by)]
        if isinstance(value, Constant):
            storage.is_filled = False

    def copy(self, source: torch.Tensor, target: torch.Tensor, by: Optional[str]) -> bool:
        """Takes over every write of a tensor of the same shape and order; whether that can be done."""
        found = self.of(source)
        if found.is_plain or not covers(source) or not covers(target) or source.stride() != target.stride():
            return False
        storage = self.of(target)
        self.touched.add(target.untyped_storage()._cdata)
        storage.writes = [Write(write.view, write.value, write.by or by) for write in found.writes]
        storage.is_filled = False
        return True


def covers(t: torch.Tensor) -> bool:
    """Whether a tensor is all of its storage, each element once."""
    if t.numel() * t.element_size() != t.untyped_storage().nbytes():
        return False
    return t.is_contiguous() or t.numel() == 1 or 0 not in (s for n, s in zip(t.size(), t.stride()) if n > 1)


def whole(t: torch.Tensor) -> torch.Tensor:
    elements = t.untyped_storage().nbytes() // t.element_size()
    return t.detach().as_strided((elements,), (1,), 0)


def part(t: torch.Tensor, view: View) -> torch.Tensor:
    return t.detach().as_strided(view.size, view.stride, view.offset)

"""Writes into a storage → regions along the dimensions of the parameter that lies in it."""

from __future__ import annotations

from typing import Optional

import torch

from .memory import View

# Start and extent along each dimension.
Region = tuple[list[int], list[int]]


def region(view: View, t: torch.Tensor) -> Optional[Region]:
    """The region of a tensor that is exactly these elements of its storage, if they are one."""
    rest = view.offset - t.storage_offset()
    if rest < 0:
        return None
    start, extent = [0] * t.dim(), [1] * t.dim()
    order = sorted((dim for dim in range(t.dim()) if t.size(dim) > 1), key=lambda dim: -t.stride(dim))
    for dim in order:
        if t.stride(dim) == 0:
            return None
        start[dim], rest = divmod(rest, t.stride(dim))
        if start[dim] >= t.size(dim):
            return None
    if rest:
        return None
    for size, stride in zip(view.size, view.stride):
        if not lay(size, stride, t, start, extent):
            return None
    return start, extent


def lay(size: int, stride: int, t: torch.Tensor, start: list[int], extent: list[int]) -> bool:
    """Finds the dimensions that one dimension of a view goes along, the innermost first: it may go along several whole ones."""
    while size > 1:
        dims = [dim for dim in range(t.dim()) if t.size(dim) > 1 and t.stride(dim) == stride and extent[dim] == 1]
        if not dims:
            return False
        dim = dims[0]
        room = t.size(dim) - start[dim]
        if size <= room:
            extent[dim] = size
            return True
        if start[dim] or size % t.size(dim):
            return False
        extent[dim] = t.size(dim)
        size, stride = size // t.size(dim), stride * t.size(dim)
    return True


def elements(found: Region) -> int:
    count = 1
    for extent in found[1]:
        count *= extent
    return count


def slices(found: Region) -> tuple[slice, ...]:
    return tuple(slice(start, start + extent) for start, extent in zip(*found))

"""Which elements of a distributed tensor this process holds."""

from __future__ import annotations

from typing import Any

import torch

from .errors import ModelError

# Ranges of indices along one dimension: first index and number.
Segments = list[tuple[int, int]]


def local_shard(name: str, t: Any) -> tuple[torch.Tensor, list[Segments] | None]:
    """The plain tensor of this process and the ranges of each dimension that it holds; ``None``: all of them."""
    if not is_distributed(t):
        return t, None
    with torch.no_grad():
        local = t.to_local()
    segments: list[Segments] = [[(0, dim)] for dim in t.shape]
    coordinate = t.device_mesh.get_coordinate()
    if coordinate is None:  # a process outside of the mesh holds nothing
        return local, [[] for _ in t.shape]
    for number, (placement, place) in enumerate(zip(t.placements, coordinate)):
        parts = t.device_mesh.size(number)
        if placement.is_replicate():
            continue
        dim = getattr(placement, "dim", None)
        factor = getattr(placement, "split_factor", 1)
        if dim is None or placement.is_partial():
            raise ModelError(f"'{name}' is placed as {placement}: only shards and replicas can be initialized")
        pieces = [chunk(segments[dim], factor, piece) for piece in range(factor)]
        segments[dim] = joined([part for piece in pieces for part in chunk(piece, parts, place)])
    shape = [sum(n for _, n in dim) for dim in segments]
    if shape != list(local.shape):
        message = f"'{name}' placed as {t.placements} should have the local shape {shape}, but has {list(local.shape)}"
        raise ModelError(message)
    return local, segments


def is_distributed(t: torch.Tensor) -> bool:
    return hasattr(t, "device_mesh") and hasattr(t, "placements") and hasattr(t, "to_local")


def chunk(segments: Segments, parts: int, part: int) -> Segments:
    """One of ``parts`` pieces, as ``torch.chunk`` cuts: all but the last ones of the same size, rounded up."""
    total = sum(n for _, n in segments)
    size = -(-total // parts)
    start, end = min(size * part, total), min(size * (part + 1), total)
    found, passed = [], 0
    for first, n in segments:
        low, high = max(start - passed, 0), min(end - passed, n)
        if low < high:
            found.append((first + low, high - low))
        passed += n
    return found


def joined(segments: Segments) -> Segments:
    """Ranges that follow each other as one."""
    found: Segments = []
    for first, n in segments:
        if found and sum(found[-1]) == first:
            found[-1] = (found[-1][0], found[-1][1] + n)
        else:
            found.append((first, n))
    return found

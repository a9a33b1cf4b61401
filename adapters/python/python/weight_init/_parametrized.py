"""Weights that torch.nn.utils.parametrize computes: assigned, and compared, by way of what they are computed from."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from ._live import parametrizations
from .errors import ModelError
from .report import Difference

if TYPE_CHECKING:
    from ._live import Live


def check(live: Live, name: str) -> None:
    """Refuses a weight that cannot be assigned."""
    module, key = live.parametrized[name]
    for part in parametrizations(module)[key]:
        if not hasattr(part, "right_inverse"):
            raise ModelError(f"'{name}' is computed by {type(part).__name__}, which has no right_inverse to assign it by")


def assign(live: Live, name: str, value: torch.Tensor) -> None:
    module, key = live.parametrized[name]
    with same_numbers():
        setattr(module, key, value)


@contextlib.contextmanager
def same_numbers() -> Iterator[None]:
    """Gives a right_inverse that draws numbers, as orthogonal()'s for a matrix that is not square, the same ones each time."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        yield


def difference(live: Live, name: str, value: torch.Tensor) -> Difference | None:
    """The first element, of what the weight is computed from, that assigning ``value`` would have made another one."""
    module, key = live.parametrized[name]
    held = parametrizations(module)[key]
    # A right_inverse may change its parametrization, as that of orthogonal() does.
    assigned = copy.deepcopy(held)
    with torch.no_grad(), same_numbers():
        assigned.right_inverse(value)
    prefix = name[: len(name) - len(key)]
    for (part, found), (_, expected) in zip(state(held), state(assigned)):
        path = f"{prefix}parametrizations.{key}.{part}"
        if (differing := first_difference(expected.detach(), found.detach())) is not None:
            return Difference(path, differing, sentence(path, differing, expected, found))
    return None


def state(module: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    return [*module.named_parameters(), *module.named_buffers()]


def first_difference(a: torch.Tensor, b: torch.Tensor) -> int | None:
    """The number of the first element whose bits are not the same."""
    size = a.element_size()
    rows = [t.cpu().contiguous().reshape(-1).view(torch.uint8).reshape(-1, size) for t in (a, b)]
    differing = (rows[0] != rows[1]).any(dim=1)
    return int(differing.nonzero()[0]) if bool(differing.any()) else None


def sentence(path: str, element: int, expected: torch.Tensor, found: torch.Tensor) -> str:
    place = [int(index) for index in torch.unravel_index(torch.tensor(element), expected.shape)]
    values = [float(t.detach().reshape(-1)[element]) for t in (expected, found)]
    return f"{path}: element {element}, at {place}, expected {values[0]!r}, found {values[1]!r}"

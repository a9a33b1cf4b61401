"""PyTorch's own values under a seed, for what has no name here: ``--unknown torch``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch

# What a tensor holds that no code writes: nobody's values.
NOTHING = "memory that nothing was written into"


class StandIns:
    """Builds the model once more, in memory and with PyTorch's generator seeded, if something without a name is met."""

    def __init__(self, build: Callable[[], torch.nn.Module], seed: int) -> None:
        self.build, self.seed = build, seed

    @cached_property
    def tensors(self) -> dict[str, torch.Tensor]:
        """The tensors of that model by their full names."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = self.build()
        named = (model.named_parameters(remove_duplicate=False), model.named_buffers(remove_duplicate=False))
        return {name: t.detach() for tensors in named for name, t in tensors}

    def instead(self, content: dict, name: str, region: tuple[slice, ...], value: Callable[[torch.Tensor], Any]) -> dict:
        """A content of the tensor of this name, or of a region of it; ``value`` tells a tensor's elements."""
        what = content.get("constructor", {}).get("unknown", NOTHING)
        if what == NOTHING or name not in self.tensors:
            return content
        told = value(self.tensors[name][region].contiguous())
        return content if told is None else {"value": told, "by": f"PyTorch under seed {self.seed}: {what}"}

"""Records what a model's own code writes into its parameters and buffers, as a description that can be planned.

``Mode`` watches every operation while the model is built; ``values`` says what it makes of a distribution, ``memory`` keeps who
wrote what into each storage, ``places`` which code it was; ``description`` tells it in the words of a description.
"""

from __future__ import annotations

import json
import os
import random
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Iterator, Optional

import torch

from .. import _describe
from .._live import unwrapped
from ..errors import ModelError, WeightInitWarning
from .description import Recorded
from .functions import exchanged
from .memory import Storage
from .mode import Mode
from .own_init import OwnInit, initialized
from .places import place
from .stand_ins import StandIns

__all__ = ["Recorder", "Recording", "record"]


class Recording(dict):
    """A description, as :func:`weight_init.describe` gives it, with what the model's code writes.

    ``kinds`` says of each tensor by name how it is known: the ``type`` of an initializer, ``values``, ``parts``, ``unknown``;
    ``model`` is what was built, whose tensors hold nothing.
    """

    model: torch.nn.Module
    kinds: dict[str, str]

    def counts(self) -> dict[str, int]:
        """How many tensors there are of each kind."""
        return dict(Counter(self.kinds.values()))


class Recorder:
    """What was noted within a ``with record():``; of a model that was built there, :meth:`description` tells it and :meth:`write`
    writes it to a file."""

    def __init__(self) -> None:
        self._mode = Mode()
        self._own: Optional[OwnInit] = None

    def init_weights(self, model: torch.nn.Module) -> None:
        """Calls ``init_weights()`` of an mmengine model, within the ``with``, without loading checkpoints.

        In the description, the rules of modules stay rules, and what classes with an ``init_weights`` of their own write takes
        its place among them.
        """
        self._own = OwnInit(unwrapped(model), self._mode.memory)
        initialized(unwrapped(model), self._own)

    def description(
        self,
        model: torch.nn.Module,
        *,
        final: bool = False,
        companion: Any = None,
        build: Optional[Callable[[], torch.nn.Module]] = None,
        torch_seed: int = 0,
    ) -> Recording:
        """The description of a model that was built meanwhile.

        :param final: the model's own ``init_weights`` was called as well, so that the rules of its modules have done their work:
            they are left out.
        :param build: makes the model once more, in memory, if something has no name: its values under ``torch_seed`` stand in.
        """
        if not isinstance(model, torch.nn.Module):
            raise ModelError(f"expected a torch.nn.Module, found {type(model).__name__}")
        own = self._own if self._own is not None and self._own.model is unwrapped(model) else None
        stand_ins = None if build is None else StandIns(build, torch_seed)
        walk = Recorded(model, self._mode.memory, companion=companion, final=final, own=own, stand_ins=stand_ins)
        found = Recording(walk.description)
        found.model, found.kinds = unwrapped(model), walk.kinds
        return found

    def write(self, model: torch.nn.Module, path: str, **options: Any) -> Recording:
        """Writes the description to ``path``, and large values, and those that JSON has no numbers for, to a file beside it.

        ``options`` are those of :meth:`description`.
        """
        companion = _describe.Companion(os.path.splitext(path)[0] + ".buffers.safetensors")
        found = self.description(model, companion=companion, **options)
        companion.write()
        with open(path, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)
            file.write("\n")
        return found

    @contextmanager
    def _watching(self) -> Iterator[Recorder]:
        mode, before = self._mode, random_states()

        def called(tensor: torch.Tensor, value: Any, call: str) -> None:
            mode.memory.set(tensor, value, place(call))

        with ExitStack() as stack:
            stack.enter_context(exchanged(called))
            stack.enter_context(copied_storages(mode))
            stack.enter_context(mode)
            yield self
        if random_states() != before:
            message = "the model's code draws from Python's or NumPy's random numbers: what is computed from them is told as values"
            warnings.warn(message, WeightInitWarning, stacklevel=4)


def record(
    build: Optional[Callable[..., torch.nn.Module]] = None,
    *args: Any,
    final: bool = False,
    companion: Any = None,
    torch_seed: Optional[int] = None,
    **kwargs: Any,
) -> Any:
    """What the code of a model writes into its parameters and buffers, as a description; the model gets no memory for weights.

    ``build(*args, **kwargs)`` makes the model. Every random and constant operation on its tensors is noted rather than done;
    what is computed without random values is computed. In the description, each tensor has a ``constructor``: an initializer
    with its numbers, values, or what has no name here with its place; and ``by``, the method and call that wrote it.

    With ``torch_seed``, what has no name gets PyTorch's own values under that seed, of a second model that is built in memory.

    Without ``build`` it is a context manager that gives a :class:`Recorder`.

    >>> import torch, weight_init
    >>> found = weight_init.record(torch.nn.Linear, 4, 8)
    >>> found["params"][1]["constructor"], found["params"][1]["by"]
    ({'type': 'Uniform', 'a': -0.5, 'b': 0.5}, 'Linear.reset_parameters, uniform_(a=-0.5, b=0.5)')
    """
    recorder = Recorder()
    if build is None:
        return recorder._watching()
    with recorder._watching():
        model = build(*args, **kwargs)
    again = None if torch_seed is None else partial(build, *args, **kwargs)
    return recorder.description(model, final=final, companion=companion, build=again, torch_seed=torch_seed or 0)


@contextmanager
def copied_storages(mode: Mode) -> Iterator[None]:
    """Copies of whole storages, as ``copy.deepcopy`` makes them, hold what the storage holds."""
    clone = torch.UntypedStorage.clone

    def noted(self: torch.UntypedStorage) -> torch.UntypedStorage:
        copy = clone(self)
        found = mode.memory.storages.get(self._cdata)
        if found is not None:
            of = mode.memory.storages[copy._cdata] = Storage(copy)
            of.writes, of.is_filled = list(found.writes), found.is_filled
        return copy

    torch.UntypedStorage.clone = noted
    try:
        yield
    finally:
        torch.UntypedStorage.clone = clone


def random_states() -> tuple:
    """The states of generators that are not PyTorch's."""
    try:
        import numpy
    except ImportError:
        return (random.getstate(),)
    name, keys, *rest = numpy.random.get_state()
    return (random.getstate(), name, keys.tobytes(), *rest)



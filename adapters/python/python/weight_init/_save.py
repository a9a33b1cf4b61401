"""Initial checkpoints of live models, as one file or as a folder that several processes share."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Mapping
from typing import Any, Literal, Union

import torch

from . import _describe, _rules, _weight_init
from ._live import Live
from ._seed import checked_seed, checked_threads
from ._torch import InitCfg, Pretrained, checked_options, choice
from .report import Plan

SaveLayout = Literal["single", "hf", "dcp"]
Ranks = Union[Literal["auto"], tuple[int, int], None]


@dataclasses.dataclass(frozen=True)
class Saved:
    """What became of a checkpoint, as one process sees it."""

    #: The file, or the folder: it is there when nothing is missing.
    path: str
    #: Files that the checkpoint consists of.
    files: int
    #: Files that this process wrote.
    written: int
    #: Bytes of these.
    bytes: int
    #: Files of this process' share that were there, from a run before.
    found: int
    #: Files that other processes have not written yet.
    missing: int

    @property
    def is_whole(self) -> bool:
        """Whether the checkpoint can be read."""
        return self.missing == 0


def save(
    model: torch.nn.Module | Plan,
    path: str | os.PathLike[str],
    init_cfg: InitCfg = None,
    *,
    seed: int,
    layout: SaveLayout | None = None,
    max_shard_size: int | str | None = None,
    ranks: Ranks = "auto",
    pretrained: Pretrained = "load",
    checkpoints: Mapping[str, str | os.PathLike[str]] | None = None,
    offline: bool = False,
    threads: int | None = None,
) -> Saved:
    """Writes the initial checkpoint of a model in safetensors, byte for byte as ``weight-init init`` does.

    The model may be on the meta device: its weights are neither needed nor made. Takes a :class:`Plan`, too, with the rules
    that it was made of.

    ``layout="single"`` is one file. ``"hf"`` is a folder as Hugging Face's libraries read it, of files of ``max_shard_size``
    (``"5GB"``, or a number of bytes), and ``"dcp"`` one for ``torch.distributed.checkpoint``. Without it, a path that ends with
    ``.safetensors`` is a file, and so is everything for which neither a layout nor a size is given.

    The processes of a job may write a folder together, each its own files, without talking to each other; the folder appears
    when all are whole, and a later call goes on where this one ended. ``ranks="auto"`` takes rank and number of processes
    from ``torch.distributed``, if that is initialized; ``(rank, processes)`` gives them, and ``None`` has this process write
    everything.

    >>> import tempfile, torch, weight_init
    >>> net = torch.nn.Sequential(torch.nn.Linear(100, 50), torch.nn.Linear(50, 10))
    >>> with tempfile.TemporaryDirectory() as place:
    ...     saved = weight_init.save(net, f"{place}/net", seed=42, max_shard_size="20KB")
    ...     sorted(os.listdir(f"{place}/net"))
    ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'model.safetensors.index.json', 'weight_init.manifest.json']
    >>> saved.files, saved.written, saved.is_whole
    (2, 2, True)

    :raises ValueError: a layout, size or rank that is none; a size or ranks for a single file.
    :raises CheckpointError: a file that cannot be written; a folder that is there and is of another recipe.
    """
    seed, threads = checked_seed(seed), checked_threads(threads)
    target = Target.of(path, layout, max_shard_size, ranks)
    if isinstance(model, Plan):
        module, options = model._live.root, {**model._options, "constructor": True}
    else:
        module, options = model, checked_options(init_cfg, "constructor", pretrained, checkpoints, offline)
    with tempfile.TemporaryDirectory() as folder:
        companion = _describe.Companion(os.path.join(folder, "model.buffers.safetensors"))
        live = Live(module, has_overrides=True, companion=companion)
        companion.write()
        described = os.path.join(folder, "model.json")
        with open(described, "w", encoding="utf-8") as file:
            file.write(_rules.dumps(live.description))
        engine = _weight_init.Plan(described, True, **options)
        return target.write(engine, seed, threads)


@dataclasses.dataclass(frozen=True)
class Target:
    """What is to be written, and which part of it is this process' own."""

    path: str
    layout: SaveLayout
    max_shard_size: str | None
    rank: int
    world: int

    @classmethod
    def of(cls, path: str | os.PathLike[str], layout: str | None, size: int | str | None, ranks: Any) -> Target:
        name = os.fspath(path)
        if layout is None:
            layout = "single" if size is None or name.endswith(".safetensors") else "hf"
        choice("layout", layout, ("single", "hf", "dcp"))
        if layout == "single" and size is not None:
            raise ValueError(f"max_shard_size is about the files of a folder, and {name} is to be one file; layout='hf' makes a folder")
        if layout == "single" and isinstance(ranks, tuple):
            raise ValueError(f"ranks is about the files of a folder, and {name} is to be one file; layout='hf' makes a folder")
        if isinstance(size, bool) or not isinstance(size, (int, str, type(None))):
            raise TypeError(f"max_shard_size is a number of bytes or a text such as '5GB', not {size!r}")
        rank, world = processes(ranks)
        return cls(name, layout, None if size is None else str(size), rank, world)  # type: ignore[arg-type]

    def write(self, engine: Any, seed: int, threads: int | None) -> Saved:
        if self.layout == "single":
            return Saved(self.path, 1, 1, engine.save(self.path, seed, threads), 0, 0)
        if threads is None and self.world > 1:
            # Processes of one machine share its processors.
            threads = max(1, _weight_init.threads() // here())
        found = engine.save_folder(self.path, seed, threads, self.layout, self.max_shard_size, self.rank, self.world)
        return Saved(self.path, *found)


def processes(ranks: Any) -> tuple[int, int]:
    """Number of this process, from 0, and how many there are."""
    if ranks is None:
        return 0, 1
    if ranks == "auto":
        distributed = torch.distributed
        if distributed.is_available() and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
        return 0, 1
    is_pair = isinstance(ranks, tuple) and len(ranks) == 2 and all(isinstance(n, int) and not isinstance(n, bool) for n in ranks)
    if not is_pair:
        raise TypeError(f"ranks is 'auto', None or a pair of this process' number and how many there are, not {ranks!r}")
    rank, world = ranks
    if not 0 <= rank < world < 1 << 32:
        raise ValueError(f"ranks=({rank}, {world}) names no process: the first number counts from 0, up to the second")
    return rank, world


def here() -> int:
    """Processes of the job on this machine, as torchrun says."""
    text = os.environ.get("LOCAL_WORLD_SIZE", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() else 1

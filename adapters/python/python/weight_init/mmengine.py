"""mmengine's models, initialized by weight_init: ``init_weights`` for scripts, ``WeightInitHook`` for a Runner's config.

    custom_hooks = [dict(type="weight_init.mmengine.WeightInitHook", seed=42)]
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.registry import HOOKS

from ._init_log import InitLog
from ._live import unwrapped
from ._record import Recorder, Recording
from ._torch import choice, run
from .report import Report

__all__ = ["WeightInitHook", "init_weights", "record"]


def init_weights(
    model: torch.nn.Module, seed: int, *, custom: Literal["call", "skip"] = "call", **options: Any
) -> Report:
    """Does what ``model.init_weights()`` does, reproducibly; ``options`` are those of :func:`weight_init.init_`.

    Modules are marked as initialized, so that a later ``model.init_weights()`` only warns, as a second one does. Classes with
    an ``init_weights`` of their own are asked for it afterwards, innermost first, each with PyTorch's generator seeded by
    ``seed`` and the module's path; with ``custom="skip"`` they are not. The log of the initialization is mmengine's, word for
    word.
    """
    choice("custom", custom, ("call", "skip"))
    inner = unwrapped(model)
    log = InitLog(inner)
    report = run(model, seed=seed, **options, calls_own_code=custom == "call", before=log.planned)
    reached = list(with_init_weights(inner, ""))
    for module in inner.modules():
        if isinstance(module, BaseModule):
            module._is_init = True
    if custom == "call":
        own = [(path, it) for path, it in reached if getattr(type(it), "init_weights", None) is not BaseModule.init_weights]
        with log.shared():
            for path, module in own:
                log.before_own(module)
                call_own(module, path, seed)
                log.after_own(module)
    log.write()
    return report


def record(build: Callable[..., torch.nn.Module], *args: Any, companion: Any = None, **kwargs: Any) -> Recording:
    """What building an mmengine model and calling its ``init_weights()`` writes, as a description; see :func:`weight_init.record`.

    The init_cfg of modules stay rules, checkpoints included, which are not loaded. What classes with an ``init_weights`` of their
    own write takes its place among them, so that rules which are laid over the description meet it where mmengine's would.
    """
    recorder = Recorder()
    with recorder._watching():
        model = build(*args, **kwargs)
        recorder.init_weights(model)
    return recorder.description(model, companion=companion)


def with_init_weights(module: torch.nn.Module, path: str) -> Iterator[tuple[str, torch.nn.Module]]:
    """The modules whose ``init_weights`` mmengine calls, children first."""
    if not hasattr(module, "init_weights"):
        return
    for name, child in module.named_children():
        yield from with_init_weights(child, f"{path}.{name}" if path else name)
    yield path, module


def call_own(module: torch.nn.Module, path: str, seed: int) -> None:
    digest = hashlib.sha256(f"{seed}/{path}".encode()).digest()
    with torch.random.fork_rng():
        torch.manual_seed(int.from_bytes(digest[:8], "little") >> 1)
        module.init_weights()  # type: ignore[operator]


@HOOKS.register_module()
class WeightInitHook(Hook):
    """Initializes the model of a Runner before it runs, unless the Runner loads a checkpoint or resumes.

    The Runner has called ``model.init_weights()`` by then: its values are replaced.
    """

    priority = "VERY_HIGH"

    def __init__(self, seed: int, **options: Any) -> None:
        self.seed = seed
        self.options = options

    def before_run(self, runner: Any) -> None:
        if runner._load_from is None and not runner._resume:
            report = init_weights(runner.model, self.seed, **self.options)
            runner.logger.info(f"weight_init: {report}")

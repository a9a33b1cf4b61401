"""Models that a command line names: how each is built, and called upon to initialize itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Optional

import torch

from .. import _describe
from .._describe import DescribeError
from . import Recorder, Recording
from .own_init import initialized

# What the sources of models are called, for messages.
SOURCES = "MODULE:CALLABLE, FILE.py:CALLABLE, timm:NAME, transformers:CLASS, transformers:CONFIG.json or mmengine:CONFIG.py"


def recorded(
    target: str, arguments: dict[str, Any], path: Optional[str] = None, torch_seed: Optional[int] = None
) -> Recording:
    """The recorded description of the model that a target of the command line names; written to ``path``, if there is one.

    With ``torch_seed``, what has no name gets PyTorch's own values under that seed.
    """
    build, is_of_mmengine = builder(target, arguments)
    recorder = Recorder()
    with recorder._watching():
        try:
            model = build()
            if is_of_mmengine and isinstance(model, torch.nn.Module):
                recorder.init_weights(model)
        except DescribeError:
            raise
        except Exception as error:
            raise DescribeError(f"{target} failed with {type(error).__name__}: {error}") from error
    if not isinstance(model, torch.nn.Module):
        raise DescribeError(f"{target} made {type(model).__name__}, not a torch.nn.Module")
    options: dict[str, Any] = {}
    if torch_seed is not None:
        options = {"build": lambda: initialized(build()) if is_of_mmengine else build(), "torch_seed": torch_seed}
    return recorder.description(model, **options) if path is None else recorder.write(model, path, **options)


def builder(target: str, arguments: dict[str, Any]) -> tuple[Callable[[], Any], bool]:
    """What makes the model of a target, and whether its ``init_weights`` is to be called then."""
    source, _, name = target.partition(":")
    if not source or not name:
        raise DescribeError(f"'{target}' names no model: expected {SOURCES}")
    extension = os.path.splitext(name)[1]
    if source == "timm":
        timm = _describe.imported("timm")
        return lambda: timm.create_model(name, pretrained=False, **arguments), False
    if source == "transformers":
        return transformers_model(name, arguments), False
    if source == "mmengine" and extension in (".py", ".json", ".yaml", ".yml"):
        return lambda: _describe.from_config(name, arguments), True
    return lambda: _describe.build(target, arguments), False


def transformers_model(name: str, arguments: dict[str, Any]) -> Callable[[], Any]:
    """A model of a config file, of a class of configs or of a class of models, with default values."""
    transformers = _describe.imported("transformers")
    if name.endswith(".json") or os.path.isdir(name):
        config = transformers.AutoConfig.from_pretrained(name, **arguments)
        return lambda: of_config(transformers, config, architecture(transformers, config))
    found = _describe.look_up(transformers, name)
    if issubclass(found, transformers.PretrainedConfig):
        config = found(**arguments)
        return lambda: of_config(transformers, config, architecture(transformers, config))
    return lambda: of_config(transformers, found.config_class(**arguments), found)


def architecture(transformers: Any, config: Any) -> Optional[type]:
    """The class that a config names as its own."""
    names = getattr(config, "architectures", None) or []
    return getattr(transformers, names[0], None) if names else None


def of_config(transformers: Any, config: Any, cls: Optional[type]) -> torch.nn.Module:
    """Builds a model as ``from_config`` does: it initializes itself."""
    if cls is None:
        return transformers.AutoModel.from_config(config)
    return cls._from_config(config) if hasattr(cls, "_from_config") else cls(config)

"""Declarative, reproducible, explainable weight initialization of live models, in place.

    import weight_init
    report = weight_init.init_(model, {"type": "Kaiming", "layer": "Conv2d"}, seed=42)
    print(report)

PyTorch is imported with the first name that needs it.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from . import errors
from ._weight_init import STREAM_VERSION, after_fork as _after_fork
from .errors import CheckpointError, InitCfgError, ModelError, UntouchedError, WeightInitError, WeightInitWarning

if TYPE_CHECKING:
    from ._functions import (
        bias_init_with_prob, caffe2_xavier_, constant_, dirac_, eye_, kaiming_normal_, kaiming_uniform_, normal_, ones_,
        orthogonal_, sparse_, trunc_normal_, uniform_, xavier_normal_, xavier_uniform_, zeros_,
    )
    from ._record import Recorder, Recording, record
    from ._register import Fans, register
    from ._save import Saved, save
    from ._torch import describe, explain, init_, load_report, materialize_, plan, verify
    from .report import Difference, LoadReport, Plan, Report

_LATE = {
    "report": ("Difference", "LoadReport", "Plan", "Report"),
    "_record": ("Recorder", "Recording", "record"),
    "_register": ("Fans", "register"),
    "_save": ("Saved", "save"),
    "_torch": ("describe", "explain", "init_", "load_report", "materialize_", "plan", "verify"),
    "_functions": (
        "bias_init_with_prob", "caffe2_xavier_", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_",
        "normal_", "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_",
        "zeros_",
    ),
}
_MODULES = {name: module for module, names in _LATE.items() for name in names}

# Spelled out, for type checkers.
__all__ = [
    "STREAM_VERSION", "CheckpointError", "Difference", "Fans", "InitCfgError", "LoadReport", "ModelError", "Plan", "Recorder",
    "Recording", "Report", "Saved", "UntouchedError", "WeightInitError", "WeightInitWarning", "bias_init_with_prob",
    "caffe2_xavier_", "constant_", "describe", "dirac_", "errors", "explain", "eye_", "init_", "kaiming_normal_",
    "kaiming_uniform_", "load_report", "materialize_", "normal_", "ones_", "orthogonal_", "plan", "record", "register", "save",
    "sparse_", "trunc_normal_", "uniform_", "verify",
    "xavier_normal_", "xavier_uniform_", "zeros_",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

# pyright: strict
"""Uses of the interface for type checkers, which CI runs over this file: mypy --strict and pyright."""

from __future__ import annotations

import array
import os
from typing import TYPE_CHECKING, Any

import weight_init
from weight_init import nn

if TYPE_CHECKING:
    import torch
    from typing_extensions import assert_type


def models(model: torch.nn.Module, path: os.PathLike[str]) -> None:
    report = weight_init.init_(model, [{"type": "Kaiming", "layer": "Conv2d"}], seed=42, untouched="error", threads=2)
    plan = weight_init.plan(model, {"type": "Normal", "layer": "Linear"})
    weight_init.materialize_(model, path, seed=1, device="cpu", buffers={"table": lambda module: next(module.buffers())})
    if TYPE_CHECKING:
        assert_type(report, weight_init.Report)
        assert_type(report.written, list[str])
        assert_type(plan.explain("fc.weight"), str)
        assert_type(weight_init.describe(model), dict[str, Any])
        assert_type(weight_init.save(model, path, seed=42), weight_init.Saved)
    found = weight_init.verify(model, seed=42)
    if found is not None:
        print(found.name, found.element + 1)
    model.fc = weight_init.normal_(torch.empty(3), 0.0, 0.02, seed=42, name="fc.weight")


def memory() -> array.array[float]:
    values = weight_init.kaiming_normal_(array.array("f", [0.0]), mode="fan_out", seed=42, name="w")
    nn.init.zeros_(values)
    return values


def errors() -> str | None:
    try:
        return str(weight_init.STREAM_VERSION)
    except weight_init.InitCfgError as error:
        return error.help

"""Exceptions and warnings of weight_init."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["CheckpointError", "InitCfgError", "ModelError", "UntouchedError", "WeightInitError", "WeightInitWarning"]


class WeightInitError(Exception):
    """Base of every exception of this package."""


class InitCfgError(WeightInitError, ValueError):
    """Rules that are wrong, or that do not go together with the model.

    ``str()`` is the command's own message, with the place in the text of the rules. ``message`` and ``help`` are its parts;
    ``file``, ``line``, ``column`` and ``path`` (such as ``$[1].layer``) say where, as far as it has a place.
    """

    def __init__(
        self,
        text: str,
        *,
        message: str | None = None,
        help: str | None = None,
        file: str | None = None,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(text)
        self.message = text if message is None else message
        self.help = help
        self.file = file
        self.path = path
        self.line = line
        self.column = column


class ModelError(WeightInitError, ValueError):
    """A model, or the memory of one of its tensors, that cannot be initialized."""


class UntouchedError(WeightInitError, ValueError):
    """Parameters that no rule writes, where ``untouched="error"`` was asked for; ``names`` holds them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        shown = ", ".join(self.names[:6]) + (", ..." if len(self.names) > 6 else "")
        count = "1 parameter is" if len(self.names) == 1 else f"{len(self.names)} parameters are"
        super().__init__(f"{count} written by no rule: {shown}")


class CheckpointError(WeightInitError, OSError):
    """A checkpoint that cannot be found, read or written."""


class WeightInitWarning(UserWarning):
    """What is probably not meant: a rule that matches nothing, a class whose own code may write over the rules."""

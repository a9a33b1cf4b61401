"""What is planned for a model, and what was done to it."""

from __future__ import annotations

import dataclasses
import html
import json
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import _views

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table


@dataclasses.dataclass(frozen=True)
class LoadReport:
    """What became of the checkpoint of a ``Pretrained`` rule, as PyTorch's ``load_state_dict(strict=False)`` tells it."""

    #: Path of the module that has the rule, empty for the root, and the number of the rule.
    module: str
    rule: int
    #: As the rule names it, without the secrets of an address, and the file that was read.
    checkpoint: str
    file: pathlib.Path
    #: Of the names that are loaded.
    prefix: str | None
    #: Number of parameters and buffers that the checkpoint holds in the right shape.
    loaded: int
    #: Full names of those that it lacks: they fall to the rule that would have won.
    missing: list[str]
    #: Names in the checkpoint that the model has nothing for.
    unexpected: list[str]
    #: Name, what the model has, what the checkpoint has.
    mismatched: list[tuple[str, str, str]]
    #: Name, element type in the checkpoint, element type in the model.
    converted: list[tuple[str, str, str]]
    text: str

    @property
    def is_exact(self) -> bool:
        """Whether model and checkpoint match exactly."""
        return not (self.missing or self.unexpected or self.mismatched or self.converted)

    def __str__(self) -> str:
        return self.text


class Plan:
    """Which rule writes each parameter of a model. Made by :func:`weight_init.plan`; nothing is written by it."""

    def __init__(self, live: Any, engine: Any, options: dict[str, Any]) -> None:
        self._live = live
        self._engine = engine
        self._options = options

    def table(self, width: int | None = None) -> str:
        """The plan as columns, as ``weight-init plan`` prints it."""
        return self._engine.table(width)

    def explain(self, name: str) -> str:
        """Every rule that was considered for the parameter ``name``, in order, and which one won.

        Raises ``KeyError`` for a name that no parameter has; it names the nearest one.
        """
        return self._engine.explain(name)

    def to_dict(self) -> dict[str, Any]:
        """The plan as ``weight-init plan --format json`` prints it."""
        return json.loads(self._engine.to_json())

    @property
    def warnings(self) -> list[str]:
        """What is probably not meant, a sentence each."""
        return [message for _, _, message in self._engine.warnings()]

    @property
    def loads(self) -> list[str]:
        """What became of the checkpoint of each Pretrained rule, a sentence each."""
        return [sentence for sentence, _ in self._engine.loads()]

    @property
    def load_reports(self) -> list[LoadReport]:
        """The same as numbers and names."""
        return [
            LoadReport(module, rule, checkpoint, pathlib.Path(file), prefix, loaded, missing, unexpected, mismatched, converted, text)
            for (module, rule), (checkpoint, file, prefix), loaded, (missing, unexpected), mismatched, converted, text
            in self._engine.load_reports()
        ]

    @property
    def touched(self) -> list[str]:
        """Names of the parameters that a rule writes, or with ``own=True`` the model's own code, in model order."""
        return [name for name, by_rule in self._writers() if by_rule]

    @property
    def untouched(self) -> list[str]:
        """Names of the other parameters, in model order."""
        return [name for name, by_rule in self._writers() if not by_rule]

    def _writers(self) -> Iterator[tuple[str, bool]]:
        own = self._live.rewritten or ()
        return ((name, kind in ("rule", "pretrained") or name in own) for name, kind in self._engine.writers())

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._engine.writers())

    def __len__(self) -> int:
        return len(self._engine.writers())

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        return f"<weight_init.Plan of {len(self)} parameters, {len(self.touched)} of them written by rules>"

    def _repr_html_(self) -> str:
        return _views.html_table(self.to_dict())

    def __rich__(self) -> Table:
        return _views.rich_table(self.to_dict())


@dataclasses.dataclass(frozen=True, repr=False)
class Report:
    """What was done to a model."""

    plan: Plan
    seed: int
    #: Names of the parameters and buffers that were written, by a rule, a checkpoint or as a constructor does.
    written: list[str]
    #: Those of them whose values come from a checkpoint.
    loaded: list[str]
    #: Names of the parameters that were left as they were.
    kept: list[str]
    #: Bytes that this process wrote; of a sharded model those of its shards.
    bytes: int
    #: Time of the whole call.
    seconds: float

    def table(self, width: int | None = None) -> str:
        """The plan that was carried out, as columns."""
        return self.plan.table(width)

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}: {len(self.written)} tensors written ({self.bytes / 1e6:.1f} MB), {len(self.loaded)} of them "
            f"loaded; {len(self.kept)} parameters kept, in {self.seconds * 1e3:.1f} ms"
        ]
        lines += [f"loaded: {sentence}" for sentence in self.plan.loads]
        if self.kept:
            lines.append("kept: " + ", ".join(self.kept[:6]) + (", ..." if len(self.kept) > 6 else ""))
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self)).replace(chr(10), '<br>')}</p>{self.plan._repr_html_()}"

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        return Group(self.plan.__rich__(), Text(str(self)))

    def show(self) -> None:
        """Prints the plan that was carried out, and what was done: by rich where it is there."""
        try:
            from rich.console import Console
        except ImportError:
            print(self.table(), self, sep="\n")
        else:
            Console().print(self)


@dataclasses.dataclass(frozen=True)
class Difference:
    """The first element of a model that is not what its plan makes."""

    #: Full name of the parameter.
    name: str
    #: Number of the element, row-major, in the whole tensor.
    element: int
    #: The sentence that says so, with both values and their bits.
    message: str

    def __str__(self) -> str:
        return self.message

"""The compiled part; its names are not part of the interface."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

STREAM_VERSION: str

# Name, address, strides, ranges of each dimension, address and bytes of the storage.
_Target = tuple[str, int, Sequence[int], Sequence[Sequence[tuple[int, int]]] | None, int, int]

# As src/plan.rs says.
_Loaded = tuple[
    tuple[str, int], tuple[str, Path, str | None], int, tuple[list[str], list[str]], list[tuple[str, str, str]],
    list[tuple[str, str, str]], str,
]

class Plan:
    def __init__(
        self,
        description: str,
        is_path: bool,
        *,
        constructor: bool,
        init_cfg: str | None,
        init_cfg_is_path: bool,
        skip_pretrained: bool,
        checkpoints: Mapping[str, str],
        offline: bool,
    ) -> None: ...
    def writers(self) -> list[tuple[str, str]]: ...
    def written(self) -> list[str]: ...
    def loaded(self) -> list[str]: ...
    def warnings(self) -> list[tuple[str, str, str]]: ...
    def loads(self) -> list[tuple[str, bool]]: ...
    def load_reports(self) -> list[_Loaded]: ...
    def table(self, width: int | None) -> str: ...
    def to_json(self) -> str: ...
    def explain(self, name: str) -> str: ...
    def fill(
        self,
        targets: Sequence[_Target],
        seed: int,
        threads: int | None,
        progress: Callable[[int], object] | None = None,
    ) -> int: ...
    def verify(self, targets: Sequence[_Target], seed: int, threads: int | None) -> tuple[str, int, str] | None: ...
    def save(self, path: str, seed: int, threads: int | None) -> int: ...
    def save_folder(
        self, path: str, seed: int, threads: int | None, layout: str, max_shard_size: str | None, rank: int, world: int
    ) -> tuple[int, int, int, int, int]: ...

def fill_tensor(
    target: _Target, *, rule: str, shape: Sequence[int], in_out: bool, dtype: str, seed: int, threads: int | None
) -> None: ...
def register_initializer(
    name: str,
    doc: Sequence[str],
    arguments: Sequence[tuple[str, str, Sequence[str], object]],
    needs_fans: bool,
    function: Callable[[list[Any], list[int], tuple[int, int] | None], str],
) -> None: ...
def run_command(words: Sequence[str]) -> int: ...
def threads(threads: int | None = None) -> int: ...
def after_fork() -> None: ...

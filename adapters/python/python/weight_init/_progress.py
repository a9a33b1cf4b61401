"""A line that says how far long work is, where somebody looks at it."""

from __future__ import annotations

import sys
import time
from types import TracebackType

#: Seconds before a line appears, and between two of them.
PATIENCE, PACE = 1.0, 0.2


class Progress:
    """Called with the bytes that are done; shows a line in terminals and notebooks, and leaves none behind."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.start = time.monotonic()
        self.shown = 0.0
        self.looked_at = is_looked_at()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if not self.looked_at or now - self.start < PATIENCE or now - self.shown < PACE:
            return
        self.shown = now
        share, rate = 100 * done // max(self.total, 1), done / max(now - self.start, 1e-9)
        self._say(f"weight_init: {done / 1e9:.1f} of {self.total / 1e9:.1f} GB, {share} %, {rate / 1e9:.1f} GB/s")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"\r{text:70}")
        sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.shown:
            self._say("")
            sys.stderr.write("\r")


def is_looked_at() -> bool:
    """Whether standard error is a terminal, or the output of a notebook's cell."""
    try:
        return sys.stderr.isatty() or "ipykernel" in sys.modules
    except (AttributeError, ValueError):  # none, or closed
        return False

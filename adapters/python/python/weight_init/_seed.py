"""Arguments that every function takes."""

from __future__ import annotations

import operator
from typing import SupportsIndex


def checked_seed(seed: SupportsIndex) -> int:
    if isinstance(seed, bool):
        raise TypeError("a seed is an integer, not a bool")
    number = operator.index(seed)
    if not 0 <= number < 2**64:
        raise ValueError("a seed is an integer from 0 to 2**64 - 1")
    return number


def checked_threads(threads: SupportsIndex | None) -> int | None:
    if threads is None:
        return None
    number = operator.index(threads)
    if not 1 <= number <= 1024:
        raise ValueError("threads is an integer from 1 to 1024")
    return number

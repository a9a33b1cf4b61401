"""The place of ``init``, as ``torch.nn`` is of its own."""

from . import init as init

"""The place of ``init``, as ``torch.nn`` is of its own."""

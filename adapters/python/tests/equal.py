"""Bit equality."""

import torch


def bits(t):
    t = t.detach()
    t = t.full_tensor() if hasattr(t, "full_tensor") else t
    return t.contiguous().reshape(-1).view(torch.uint8)


def same(a, b):
    """Whether two tensors have the same bits in the same places."""
    return a.dtype == b.dtype and a.shape == b.shape and torch.equal(bits(a), bits(b))


def same_parameters(a, b):
    """Whether two models have the same parameters, by order."""
    pairs = list(zip(a.parameters(), b.parameters(), strict=True))
    return bool(pairs) and all(same(p, q) for p, q in pairs)

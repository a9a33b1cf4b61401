"""Distributed tensors, in processes of their own under torchrun."""

import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from weight_init import _shards


@pytest.mark.parametrize("world", [2, 4])
def test_shards_are_those_of_one_process(world):
    if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
        pytest.skip("this PyTorch has no gloo")
    script = os.path.join(os.path.dirname(__file__), "shards.py")
    arguments = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(world), script]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    assert sorted(done.stdout.splitlines()) == [f"rank {rank} of {world}: equal" for rank in range(world)]


@pytest.mark.parametrize("elements", [0, 1, 5, 7, 16, 37])
@pytest.mark.parametrize("parts", [1, 2, 3, 8])
def test_pieces_are_cut_as_torch_does(elements, parts):
    expected = list(torch.arange(elements).chunk(parts)) if elements else []
    expected += [torch.arange(0)] * (parts - len(expected))
    for part in range(parts):
        found = [index for first, n in _shards.chunk([(0, elements)], parts, part) for index in range(first, first + n)]
        assert found == expected[part].tolist()
    ranges = [(3, 4), (9, 0), (10, 5)]
    listed = torch.tensor([3, 4, 5, 6, 10, 11, 12, 13, 14]).chunk(parts)
    for part, piece in enumerate(listed):
        found = [index for first, n in _shards.chunk(ranges, parts, part) for index in range(first, first + n)]
        assert found == piece.tolist()

"""Writes shards.jsonl: how huggingface_hub splits tensors into files.

Run with huggingface_hub 2.4.0 and PyTorch 2.15: python shards.py | gzip -9n > shards.jsonl.gz
"""

import json
import random

import torch
from huggingface_hub import split_torch_state_dict_into_shards
from huggingface_hub.serialization._base import parse_size_to_int

TYPES = {"uint8": torch.uint8, "float16": torch.float16, "float32": torch.float32, "int64": torch.int64}


def split(tensors, largest):
    """`tensors` has a type and a number of elements each, or the place of the tensor that it is tied to."""
    state_dict = {}
    for index, tensor in enumerate(tensors):
        tied = isinstance(tensor, int)
        state_dict[f"p{index}"] = state_dict[f"p{tensor}"] if tied else torch.empty(tensor[1], dtype=TYPES[tensor[0]])
    split = split_torch_state_dict_into_shards(state_dict, max_shard_size=largest)
    print(json.dumps({"tensors": tensors, "largest": largest, "total": split.metadata["total_size"],
                      "files": [[name, names] for name, names in split.filename_to_tensors.items()]}))


def random_tensors(rng, count, most, ties):
    tensors = []
    for index in range(count):
        untied = [place for place, tensor in enumerate(tensors) if not isinstance(tensor, int)]
        if untied and rng.random() < ties:
            tensors.append(rng.choice(untied))
        else:
            # A tensor without elements shares no storage, and the place of its storage is that of no other.
            tensors.append([rng.choice(list(TYPES)), rng.randint(1, most)])
    return tensors


def main():
    for text in ("5GB", "5gb", " 5 GB ", "1.5MB", "0.1KB", "2TB", "4.7GB", "123.456789KB", "1e3MB", "16MB", "999.9999999GB"):
        print(json.dumps({"size": text, "bytes": parse_size_to_int(text)}))
    byte = lambda *sizes: [["uint8", size] for size in sizes]
    # One file; exactly full; one byte above; a tensor above the limit first, last and between; all of them above.
    for tensors in (byte(1), byte(500, 500), byte(500, 501), byte(1001, 10), byte(10, 1001), byte(10, 1001, 10), byte(10, 1001, 991, 10),
                    byte(1001, 1001), byte(1000, 1000, 1000), byte(600, 600, 200, 600, 200, 200), byte(1001, 5, 1001, 5, 1001)):
        split(tensors, "1KB")
    split([["float32", 100], 0, ["float32", 200], 2, 0], "1KB")
    split([["float32", 300], ["float32", 10], 0, ["float32", 240], 1], "1KB")
    split(byte(10, 20, 30), 25)
    rng = random.Random(18)
    for _ in range(150):
        tensors = random_tensors(rng, rng.randint(1, 30), rng.choice([20, 200, 2000]), rng.choice([0, 0, 0.3]))
        split(tensors, rng.choice([1, 100, 1000, "0.5KB", "1KB", "2KB", "10KB"]))
    # More files than two digits, and more than a hundred tensors in one.
    split(random_tensors(rng, 400, 300, 0), "1KB")
    split(random_tensors(rng, 400, 300, 0.1), "100KB")


main()

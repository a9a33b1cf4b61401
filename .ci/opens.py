"""Opens a checkpoint with the safetensors package and compares names, shapes and types with its description."""

import json
import sys

from safetensors import safe_open

file, description = sys.argv[1:]
expected = {}


def collect(layer, path):
    for tensor in layer.get("params", []) + layer.get("buffers", []):
        expected[".".join([*path, tensor["name"]])] = (tensor["shape"], tensor["dtype"])
    for child in layer.get("children", []):
        collect(child, [*path, child["name"]])


collect(json.load(open(description)), [])
with safe_open(file, "np") as checkpoint:
    found = {name: checkpoint.get_tensor(name) for name in checkpoint.keys()}
assert {name: (list(t.shape), str(t.dtype)) for name, t in found.items()} == expected
print(f"python: {len(found)} tensors under their names, shapes and types")

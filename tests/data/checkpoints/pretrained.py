"""Writes `pretrained.jsonl.gz`: random models with Pretrained rules, and what mmengine's init_weights makes of them.

    python pretrained.py        # mmengine 0.10.7, torch 2.15

Every tensor of a checkpoint, and every rule, is a constant of its own, so that a value tells where it is from.
`checkpoints` holds for each file the element type, shape and value of each tensor, in order; `expected` the value of
each parameter and buffer, or null if nothing wrote it; `error` that mmengine fails.
"""
import gzip
import json
import logging
import os
import pathlib
import random
import sys
import tempfile
import warnings
from collections import OrderedDict

import torch
from mmengine.logging import MMLogger
from mmengine.model import BaseModule, ModuleList, Sequential
from torch import nn

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parents[2] / "examples"))
from describe import describe  # noqa: E402

SENTINEL = -777.0
DTYPES = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "int64": torch.int64}


class Block(BaseModule):
    @property
    def first(self):
        return next(iter(self._modules.values()))


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.register_buffer("steps", torch.tensor([1.0, 2.0]))


class Counter:
    def __init__(self):
        self.next = 1

    def __call__(self):
        self.next += 1
        return float(self.next)


def leaf(rng):
    return rng.choice([lambda: nn.Linear(2, 3), lambda: nn.Conv1d(2, 2, 1, bias=False), lambda: nn.BatchNorm1d(3), Scaled])()


def tree(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.25:
        return leaf(rng)
    names = rng.sample(["a", "b", "c", "norm1", "head"], rng.randint(1, 3))
    children = [tree(rng, depth - 1) for _ in names]
    if kind < 0.35:
        return nn.Sequential(*children)
    if kind < 0.45:
        return Sequential(*children) if rng.random() < 0.5 else ModuleList(children)
    module = Block()
    for name, child in zip(names, children):
        setattr(module, name, child)
    if len(names) > 1 and rng.random() < 0.25:
        setattr(module, "again", children[0])
    if rng.random() < 0.1 and any(True for _ in children[0].parameters(recurse=False)):
        first = next(name for name, _ in children[0].named_parameters(recurse=False))
        module.register_parameter("tied", getattr(children[0], first))
    return module


def checkpoint(rng, module, value):
    """A file for `module`, more or less: names left out, added, of another shape, below a prefix."""
    prefix = rng.choice(["", "", "", "module.", "backbone.", "module.backbone."])
    tensors = OrderedDict()
    for name, tensor in module.state_dict().items():
        if rng.random() < 0.25:
            continue
        shape, dtype = list(tensor.shape), rng.choice(["float32"] * 6 + list(DTYPES))
        if tensor.dtype == torch.int64 or rng.random() < 0.1:
            dtype = rng.choice(["int64", "float32"])
        if rng.random() < 0.1:
            shape = rng.choice([[*shape, 1], [5], shape[1:], [1]])
        tensors[prefix + name] = [dtype, shape, value()]
    for name in rng.sample(["extra.weight", "a.weight", "bias", "backbone.a.bias", "module.b.weight"], rng.randint(0, 2)):
        tensors[name] = ["float32", [2], value()]
    asked = rng.choice([None, prefix, prefix.rstrip(".")]) if prefix else None
    if rng.random() < 0.03:
        asked = rng.choice(["backbone", "module", "nothing"])
    return tensors, asked


def pretrained(rng, module, value, files):
    tensors, prefix = checkpoint(rng, module, value)
    file = f"{len(files)}.pth"
    files[file] = tensors
    return dict(type="Pretrained", checkpoint=file) | (dict(prefix=prefix) if prefix is not None else {})


def rule(rng, module, value, files):
    if rng.random() < 0.5:
        return pretrained(rng, module, value, files)
    cfg = dict(type="Constant", val=value(), bias=value())
    children = [name for name, child in module._modules.items() if child is not None]
    if rng.random() < 0.8:
        cfg["layer"] = rng.sample(["Linear", "Conv1d", "_BatchNorm", "Scaled"], rng.randint(1, 3))
    if "layer" not in cfg or rng.random() < 0.4:
        name = rng.choice(children + (["first"] if type(module) is Block else []))
        target = getattr(module, name)
        override = pretrained(rng, target, value, files) if rng.random() < 0.6 else dict(type="Constant", val=value(), bias=value())
        cfg["override"] = dict(name=name, **override)
    return cfg


def case(seed):
    rng, value, files = random.Random(seed), Counter(), OrderedDict()
    model = Block()
    for name in ["backbone", "neck", "head"][:rng.randint(1, 3)]:
        setattr(model, name, tree(rng, rng.randint(0, 2)))
    for module in model.modules():
        if isinstance(module, BaseModule) and rng.random() < (0.9 if module is model else 0.5) and module._modules:
            rules = [rule(rng, module, value, files) for _ in range(rng.randint(1, 3))]
            module.init_cfg = rules if len(rules) > 1 or rng.random() < 0.5 else rules[0]
    if not any(tensors is not None for tensors in files.values()):
        return None
    description = json.loads(json.dumps(describe(model)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(SENTINEL)
        for buffer in model.buffers():
            buffer.fill_(SENTINEL)
    for file, tensors in files.items():
        torch.save(OrderedDict((name, torch.full(shape, val).to(DTYPES[dtype])) for name, (dtype, shape, val) in tensors.items()), file)
    result = {"model": description, "checkpoints": files}
    try:
        model.init_weights()
    except (AssertionError, RuntimeError, AttributeError, KeyError) as error:
        return result | {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
    expected = {}
    seen = set()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        assert id(tensor) not in seen
        seen.add(id(tensor))
        values = set(tensor.detach().reshape(-1).tolist())
        assert len(values) == 1, (name, values)
        expected[name] = None if values == {SENTINEL} else values.pop()
    return result | {"expected": expected}


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    MMLogger.get_instance("quiet", log_level="CRITICAL")
    os.chdir(tempfile.mkdtemp())
    cases = [found for found in map(case, range(420)) if found]
    with gzip.GzipFile(here / "pretrained.jsonl.gz", "wb", mtime=0) as out:
        for found in cases:
            out.write((json.dumps(found) + "\n").encode())
    print(len(cases), "cases,", sum("error" in found for found in cases), "of them errors")


main()

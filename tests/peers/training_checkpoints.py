"""Checkpoints with every kind of thing beside the weights are loaded as PyTorch loads them.

    python tests/peers/training_checkpoints.py target/release/weight-init [NAME ...]

needs PyTorch, NumPy and safetensors. Each checkpoint is saved in both formats and in several protocols of pickle, given to
the command by a Pretrained rule, and what it writes is compared bit for bit with torch.load(weights_only=False). Exit code
1 if a checkpoint is refused or a bit differs.
"""

import argparse
import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import ipaddress
import json
import operator
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import types
import uuid
import warnings

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

VARIANTS = [
    {}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 1}, {"pickle_protocol": 4}, {"pickle_protocol": 5},
    {"pickle_protocol": 4, "_use_new_zipfile_serialization": False},
]
OPTIMIZERS = ["SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "Adagrad", "Adadelta", "ASGD", "LBFGS", "Adafactor"]


class Color(enum.Enum):
    RED = 1


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Options:
    rate: float = 0.1
    kept: object = None


@dataclasses.dataclass(frozen=True, slots=True)
class Slots:
    rate: float = 0.1


class Config(dict):
    pass


class Ordered(collections.OrderedDict):
    pass


class Items(list):
    pass


class Name(str):
    pass


class Arguments:
    def __new__(cls, *args, **keywords):
        return object.__new__(cls)

    def __getnewargs_ex__(self):
        return (1, 2), {"three": 3}


class State:
    def __getstate__(self):
        return 1, {"a": torch.ones(2)}

    def __setstate__(self, state):
        pass


class Reduced:
    def __reduce__(self):
        return Reduced, (), {"a": 1}, iter([1, 2]), iter([("b", 3)])

    def extend(self, values):
        pass

    def append(self, value):
        pass

    def __setitem__(self, key, value):
        pass


class Scaled(nn.Parameter):
    pass


class Kind(torch.Tensor):
    pass


class Decay:
    def __call__(self, epoch):
        return 0.5


Point = collections.namedtuple("Point", "x y")


def weights():
    generator = torch.Generator().manual_seed(0)
    return collections.OrderedDict(
        weight=torch.randn(2, 3, generator=generator), bias=torch.randn(3, generator=generator).half(), steps=torch.arange(4))


def beside():
    """Things that people keep in a checkpoint, by name."""
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for name in OPTIMIZERS:
        optimizer = getattr(torch.optim, name)(net.parameters(), lr=0.1)
        optimizer.step(lambda: torch.tensor(1.0))
        yield f"state of {name}", optimizer.state_dict()
    yield "optimizer", sgd
    yield "module", net
    schedulers = torch.optim.lr_scheduler
    for name, scheduler in {
        "StepLR": schedulers.StepLR(sgd, 1), "MultiStepLR": schedulers.MultiStepLR(sgd, [1, 2, 2]),
        "OneCycleLR": schedulers.OneCycleLR(sgd, 0.1, total_steps=10), "LambdaLR": schedulers.LambdaLR(sgd, Decay()),
        "CosineAnnealingLR": schedulers.CosineAnnealingLR(sgd, 5), "ReduceLROnPlateau": schedulers.ReduceLROnPlateau(sgd),
        "SequentialLR": schedulers.SequentialLR(sgd, [schedulers.ConstantLR(sgd), schedulers.ExponentialLR(sgd, 0.9)], [2]),
    }.items():
        yield f"state of {name}", scheduler.state_dict()
    yield "scaler", torch.amp.GradScaler("cpu").state_dict()
    yield "collections", [
        collections.Counter("aab"), collections.defaultdict(list, a=[1]), collections.defaultdict(None), collections.deque([1], 3),
        collections.defaultdict(functools.partial(collections.defaultdict, int)), collections.ChainMap({"a": 1}), collections.UserDict(a=1)]
    yield "subclasses", [Point(1, torch.ones(2)), Config(a=1), Ordered(a=1), Items([1]), Name("a")]
    yield "objects", [Color.RED, Access.READ | Access.WRITE, Options(kept=torch.ones(2)), Slots(), Arguments(), State(), Reduced(), Decay()]
    yield "namespaces", [argparse.Namespace(rate=0.1, path=pathlib.PurePosixPath("/a")), types.SimpleNamespace(a=1)]
    yield "paths", [pathlib.PurePosixPath("/a"), pathlib.PureWindowsPath("c:/a")]
    now = datetime.datetime(2024, 1, 2, 3, 4, 5, 6)
    yield "times", [now, now.date(), now.time(), datetime.timedelta(1), datetime.timezone.utc, now.replace(tzinfo=datetime.timezone.utc)]
    yield "numbers", [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=5), ipaddress.ip_address("::1"), 1j, 2**200, -(2**200), 2**4000]
    yield "bytes", [b"", b"a" * 300, b"\xff" * 70000, bytearray(b"abc"), array.array("f", [1, 2])]
    yield "builtins", [range(3), slice(1, 2), ..., NotImplemented, {1, "a", (1, 2)}, frozenset([1]), set(), int, dict, len, type(None)]
    yield "functions", [torch.relu, nn.functional.gelu, operator.itemgetter(1), functools.partial(torch.relu, inplace=True), re.compile("a.b")]
    yield "errors", [ValueError("a"), KeyError(3), UserWarning("b")]
    yield "random", [random.getstate(), random.Random(0), np.random.get_state(), np.random.default_rng(0), np.random.RandomState(0), torch.get_rng_state()]
    yield "numpy scalars", [np.float64(1), np.float32(2), np.int64(3), np.bool_(True), np.str_("a"), np.datetime64("2024-01-02"), np.complex64(1j)]
    yield "numpy arrays", [
        np.arange(5), np.ones((2, 3), np.float32, "F"), np.array(["a", "bc"]), np.array([1, None], dtype=object), np.zeros(2, [("a", "f4")]),
        np.array(5), np.ma.array([1, 2], mask=[0, 1]), np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), np.dtype([("a", "i4")]), np.float32]
    yield "torch", [torch.float16, torch.complex128, torch.quint8, torch.device("cpu"), torch.Size([1]), torch.strided, torch.sparse_csr]
    eye = torch.eye(4)
    yield "sparse", [eye.to_sparse(), eye.to_sparse_csr(), eye.to_sparse_csc(), eye.to_sparse_bsr((2, 2))]
    yield "quantized", [
        torch.quantize_per_tensor(eye, 0.1, 0, torch.qint8), torch.quantize_per_tensor(eye, 0.1, 3, torch.quint8),
        torch.quantize_per_tensor(eye, 0.1, 3, torch.qint32), torch.quantize_per_channel(eye, torch.ones(4), torch.zeros(4), 0, torch.qint8)]
    yield "meta", torch.empty(3, device="meta")
    yield "complex", [torch.randn(3, dtype=torch.complex128), torch.randn(3, dtype=torch.complex64)]
    yield "nested", torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    marked = nn.Parameter(torch.ones(2))
    marked.note = "text"
    yield "parameters", [nn.Parameter(torch.ones(2)), Scaled(torch.ones(2)), torch.ones(2).as_subclass(Kind), nn.Buffer(torch.ones(2)), marked]
    yield "uninitialized", [nn.UninitializedParameter(), nn.UninitializedBuffer()]
    for name in ("uint16", "uint32", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float4_e2m1fn_x2"):
        yield name, torch.zeros(4, dtype=torch.uint8).view(getattr(torch, name))
    loop, link = [], {}
    loop.append(loop)
    link["self"] = link
    yield "cycles", [loop, link]


def checkpoints():
    """Checkpoints by name, each with the keys that lead to its weights."""
    for name, thing in beside():
        yield name, {"state_dict": weights(), "thing": thing}, ["state_dict"]
        yield f"{name} in the state dict", {"state_dict": weights() | {"thing": thing}}, ["state_dict"]
    yield "alone", weights(), []
    yield "dict", dict(weights()), []
    yield "defaultdict", {"state_dict": collections.defaultdict(list, weights())}, ["state_dict"]
    for kind in (lambda t: nn.Parameter(t, False), lambda t: Scaled(t, False), lambda t: t.as_subclass(Kind)):
        yield "by another class", {"state_dict": {name: kind(tensor) for name, tensor in weights().items()}}, ["state_dict"]
    real, z = torch.randn(2, 3), torch.randn(2, 3, dtype=torch.complex64)
    yield "signs", {
        "negative": torch._neg_view(real), "part": torch._neg_view(torch.randn(5).half())[1:], "transposed": torch._neg_view(torch.randn(2, 3)).t(),
        "imaginary": z.clone().conj().imag, "conjugate": z.conj(), "both": torch._neg_view(z.conj()), "double": torch._neg_view(torch.randn(3).double())}, []
    for key in ("model", "model_state", "net", "params", "ema", "teacher", "weights"):
        yield f"under {key}", {"epoch": 3, key: weights(), "args": argparse.Namespace()}, [key]
    yield "beside figures", {"net": weights(), "rng": torch.get_rng_state(), "loss": torch.tensor(0.3), "metrics": {"top1": torch.tensor(0.5)}}, ["net"]
    yield "deep", {"trainer": {"nets": {"model": weights()}}}, ["trainer", "nets", "model"]


def compare(command, folder, checkpoint, keys, options):
    """What is wrong, or None; 'skipped' where PyTorch itself does not read what it wrote."""
    file = folder / "net.pth"
    try:
        torch.save(checkpoint, file, **options)
        loaded = torch.load(file, weights_only=False)
    except Exception:
        return "skipped"
    for key in keys:
        loaded = loaded[key]
    expected = {}
    for name, tensor in loaded.items():
        if isinstance(tensor, torch.Tensor) and name != "thing":
            tensor = tensor.detach().resolve_conj().resolve_neg().contiguous().as_subclass(torch.Tensor)
            expected[name] = tensor
    is_param = lambda tensor: tensor.dtype.is_floating_point
    describe = lambda name, tensor: {"name": name, "shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}
    (folder / "model.json").write_text(json.dumps({
        "class": "Net", "init_weights": "module", "init_cfg": {"type": "Pretrained", "checkpoint": "net.pth"},
        "params": [describe(*item) for item in expected.items() if is_param(item[1])],
        "buffers": [describe(*item) for item in expected.items() if not is_param(item[1])]}))
    run = subprocess.run([command, "init", "model.json", "--out", "out.safetensors"], cwd=folder, capture_output=True, text=True)
    if run.returncode:
        return run.stderr.strip()
    found = load_file(folder / "out.safetensors")
    raw = lambda tensor: (tensor.dtype, tensor.shape, tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    differ = [name for name in expected if raw(found[name]) != raw(expected[name])]
    return f"differ: {', '.join(differ)}" if differ else None


def main():
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    equal, wrong, skipped = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, checkpoint, keys in checkpoints():
            if arguments.names and name not in arguments.names:
                continue
            for options in VARIANTS:
                result = compare(arguments.command.resolve(), pathlib.Path(folder), checkpoint, keys, options)
                equal, skipped = equal + (result is None), skipped + (result == "skipped")
                if result not in (None, "skipped"):
                    wrong += 1
                    print(f"{name} {options}: {result}")
    print(f"{equal} equal, {wrong} wrong, {skipped} that PyTorch does not read itself")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

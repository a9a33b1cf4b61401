"""Writes checkpoints of training beside this script, and what PyTorch and mmengine read from them.

    python make_training.py        # torch 2.15, mmengine 0.10.7, mmcv-lite or mmcv 2.1, numpy 2

`runner_epoch_2.pth` and `runner_ema_epoch_2.pth` are what mmengine's Runner writes: optimizer, schedulers and message hub
with its HistoryBuffers stand beside the weights. `objects*.pth` hold one of everything that people keep beside weights.
`expected_training.json` is of the same form as `expected.json`, of the tensors that torch.load(weights_only=False) gives.
"""
import argparse
import array
import collections
import dataclasses
import datetime
import decimal
import enum
import functools
import ipaddress
import json
import os
import pathlib
import random
import shutil
import tempfile
import types
import uuid

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

here = pathlib.Path(__file__).parent.resolve()
expected = {}
NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.complex64: "C64",
}


def describe(tensor):
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous().as_subclass(torch.Tensor)
    return [NAMES[tensor.dtype], list(tensor.shape), tensor.reshape(-1).view(torch.uint8).numpy().tobytes().hex()]


def expect(file, state_dict):
    readable = {n: t for n, t in state_dict.items() if isinstance(t, torch.Tensor) and t.layout == torch.strided and t.dtype in NAMES}
    expected[file] = {name: describe(value) for name, value in readable.items()}


def save(file, checkpoint, state_dict=None, **options):
    torch.save(checkpoint, here / file, **options)
    if options.get("_use_new_zipfile_serialization") is False:
        # The older format names the files of the classes that it holds.
        packages = str(pathlib.Path(torch.__file__).parents[1]).encode()
        (here / file).write_bytes((here / file).read_bytes().replace(packages, b"." * len(packages)))
    loaded = torch.load(here / file, weights_only=False)
    expect(file, loaded["state_dict"] if state_dict is None else state_dict(loaded))


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Options:
    rate: float = 0.1
    kept: object = None


class Config(dict):
    pass


class Ordered(collections.OrderedDict):
    pass


class Scaled(nn.Parameter):
    pass


Point = collections.namedtuple("Point", "x y")


def weights():
    torch.manual_seed(0)
    return collections.OrderedDict(weight=torch.randn(2, 3), bias=torch.randn(3).half(), steps=torch.arange(4))


def everything():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    optimizer = torch.optim.AdamW(net.parameters())
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    schedulers = [torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2, 2]), torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)]
    loop = []
    loop.append(loop)
    marked = torch.ones(2)
    marked.note = Options(kept=torch.ones(1))
    eye = torch.eye(3)
    return {
        "optimizer": optimizer, "states": [o.state_dict() for o in [optimizer, *schedulers]], "module": net, "schedulers": schedulers,
        "scaler": torch.amp.GradScaler("cpu").state_dict(), "loop": loop, "range": range(3), "complex": [1j, np.complex64(2j)],
        "collections": [collections.Counter("aab"), collections.defaultdict(list, a=[1]), collections.defaultdict(functools.partial(dict, a=1)),
                        collections.deque([1], 3), collections.ChainMap({}), Point(1, torch.ones(2)), Config(a=1), Ordered(b=2)],
        "classes": [int, dict, torch.Tensor, nn.Linear, len, torch.relu, Color.RED, Options(kept=torch.ones(2))],
        "namespaces": [argparse.Namespace(lr=0.1, path=pathlib.PurePosixPath("/a")), types.SimpleNamespace(a=1)],
        "times": [datetime.datetime(2024, 1, 2, 3, 4, 5, 6, datetime.timezone.utc), datetime.timedelta(1), datetime.date(2024, 1, 2)],
        "numbers": [decimal.Decimal("1.5"), uuid.UUID(int=5), ipaddress.ip_address("::1"), 2**200, -(2**200), b"\xff" * 300, bytearray(b"a")],
        "sets": [set(), frozenset({1}), {"a", (1, 2)}], "array": array.array("f", [1, 2]), "random": [random.Random(0), torch.get_rng_state()[:8]],
        "numpy": [np.float64(1), np.int64(2), np.bool_(True), np.str_("a"), np.datetime64("2024-01-02"), np.arange(3), np.array(["a", "bc"]),
                  np.array([1, None], dtype=object), np.zeros(2, [("a", "f4")]), np.dtype("f4"), np.random.default_rng(0)],
        "torch": [torch.float16, torch.complex128, torch.device("cpu"), torch.Size([1]), torch.strided, torch.sparse_coo],
        "tensors": [eye.to_sparse(), eye.to_sparse_csr(), torch.empty(2, device="meta"), torch.ones(2, dtype=torch.complex128),
                    torch.quantize_per_tensor(eye, 0.1, 0, torch.qint8), torch.quantize_per_tensor(eye, 0.1, 3, torch.qint32),
                    torch.quantize_per_channel(eye, torch.ones(3), torch.zeros(3), 0, torch.quint8),
                    nn.Parameter(torch.ones(2)), Scaled(torch.ones(2)), nn.UninitializedParameter(), marked],
    }


def runner(file, hooks):
    from mmengine.model import BaseModel
    from mmengine.runner import Runner

    class Numbers(Dataset):
        METAINFO = {"classes": ("cat", "dog")}
        metainfo = METAINFO

        def __len__(self):
            return 4

        def __getitem__(self, index):
            return {"inputs": torch.full((3,), float(index))}

    class Model(BaseModel):
        def __init__(self):
            super().__init__()
            self.backbone = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
            self.head = nn.Linear(4, 2)

        def forward(self, inputs, mode="tensor"):
            out = self.head(self.backbone(torch.stack(list(inputs))))
            return {"loss": out.square().mean()} if mode == "loss" else out

    torch.manual_seed(0)
    os.chdir(tempfile.mkdtemp())
    Runner(
        model=Model(), work_dir="work", train_dataloader=DataLoader(Numbers(), batch_size=2), train_cfg={"by_epoch": True, "max_epochs": 2},
        optim_wrapper={"optimizer": {"type": "AdamW", "lr": 0.01}}, param_scheduler=[{"type": "MultiStepLR", "milestones": [1]}],
        default_hooks={"checkpoint": {"type": "CheckpointHook", "interval": 1}}, custom_hooks=hooks, randomness={"seed": 0},
    ).train()
    shutil.copy("work/epoch_2.pth", here / file)
    expect(file, torch.load(here / file, weights_only=False)["state_dict"])


if __name__ == "__main__":
    beside = everything()
    save("objects.pth", {"state_dict": weights(), **beside})
    save("objects_protocol5.pth", {"state_dict": weights(), **beside}, pickle_protocol=5)
    save("objects_legacy.pth", {"state_dict": weights(), **beside}, _use_new_zipfile_serialization=False)
    save("protocol1.pth", {"state_dict": weights(), "big": 2**4000}, pickle_protocol=1)
    save("protocol1_legacy.pth", {"state_dict": weights(), "big": 2**4000}, pickle_protocol=1, _use_new_zipfile_serialization=False)
    # Beside the tensors in one dict, and by classes of their own.
    among = weights() | {"sparse": torch.eye(2).to_sparse(), "scalar": np.float64(1), "none": None, "double": torch.ones(2, dtype=torch.complex128)}
    save("objects_among.pth", among, dict)
    save("subclasses.pth", {"state_dict": collections.defaultdict(list, {
        "scaled": Scaled(torch.randn(2, 3)), "parameter": nn.Parameter(torch.randn(2)), "plain": torch.randn(2)})})
    z = torch.complex(torch.randn(2, 3), torch.randn(2, 3))
    signs = {
        "negative": torch._neg_view(torch.randn(2, 3)), "conjugate": z.conj(), "negative_conjugate": torch._neg_view(z.conj()), "imaginary": z.clone().conj().imag,
        "transposed": torch._neg_view(torch.randn(2, 3)).t(), "half": torch._neg_view(torch.randn(5).half())[1:],
        "double": torch._neg_view(torch.randn(3, dtype=torch.float64))}
    save("signs.pth", signs, dict)
    save("signs_legacy.pth", signs, dict, _use_new_zipfile_serialization=False)
    save("model_state.pth", {"epoch": 3, "model_state": weights(), "args": argparse.Namespace(), "optimizer": beside["optimizer"].state_dict()},
         lambda loaded: loaded["model_state"])
    runner("runner_epoch_2.pth", [])
    runner("runner_ema_epoch_2.pth", [{"type": "EMAHook"}])
    np.savez(here / "objects.npz", weight=np.arange(6, dtype=">f4").reshape(2, 3), complex=np.array([1 + 2j, 3 - 4j], dtype=">c8"), labels=np.array(["cat", "a"]),
             dates=np.array(["2024-01-02"], "M8[ns]"), log=np.zeros(2, [("step", "i4"), ("loss", "f4", (2,))]), objects=np.array([None], dtype=object),
             double=np.ones(2, np.complex128), long=np.ones(2, np.longdouble), raw=np.zeros(2, "V3"))
    with np.load(here / "objects.npz") as loaded:
        expect("objects.npz", {name: torch.from_numpy(loaded[name].astype(loaded[name].dtype.newbyteorder("="))) for name in ("weight", "complex")})
    (here / "expected_training.json").write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")

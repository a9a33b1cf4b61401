"""Writes the checkpoints beside this script, and what PyTorch, safetensors and NumPy read from them.

    python make.py        # torch 2.15, safetensors 0.8, numpy 2

`expected.json`: for each file the element type, shape and bytes (row-major, little endian, hexadecimal) of each tensor.
"""
import io
import json
import pathlib
import zipfile
from collections import OrderedDict

import numpy as np
import safetensors.torch
import torch
from torch import nn

here = pathlib.Path(__file__).parent
expected = {}
NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
    torch.uint16: "U16", torch.uint32: "U32", torch.uint64: "U64", torch.complex64: "C64",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
}


def describe(tensor):
    tensor = tensor.detach().contiguous()
    raw = tensor.reshape(-1).view(torch.uint8) if tensor.dtype != torch.bool else tensor.reshape(-1).to(torch.uint8)
    return [NAMES[tensor.dtype], list(tensor.shape), raw.numpy().tobytes().hex()]


def expect(file, state_dict):
    expected[file] = {name: describe(value) for name, value in state_dict.items()}


def save(file, checkpoint, state_dict, **options):
    torch.save(checkpoint, here / file, **options)
    expect(file, state_dict)


def numbers(*shape, dtype=torch.float32):
    count = int(np.prod(shape)) if shape else 1
    return ((torch.arange(count, dtype=torch.float64) - count // 3) * 1.37).reshape(shape).to(dtype)


def every_dtype():
    return OrderedDict((str(dtype).removeprefix("torch."), numbers(2, 3).abs().to(dtype)) for dtype in NAMES)


def classic_dtypes():
    new = ("uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2")
    return OrderedDict((name, value) for name, value in every_dtype().items() if name not in new)


def views():
    base = numbers(6, 4)
    cube = numbers(3, 4, 5, dtype=torch.float64)
    return OrderedDict(
        whole=base, transposed=base.t(), column=base[:, 1], rows=base[1:4], every_second=base[::2, 1::2],
        permuted=cube.permute(2, 0, 1), expanded=base[0, :1].expand(5, 3), scalar=torch.tensor(3.5),
        empty=torch.empty(0, 7), one=base[2:3, 3:4], channels_last=numbers(2, 3, 4, 5).to(memory_format=torch.channels_last),
        last=base[5], diagonal=base[:4].diagonal())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 2)
        self.tied = self.fc


torch.manual_seed(0)
net = Net()
save("dtypes.pth", every_dtype(), every_dtype())
save("dtypes_legacy.pth", classic_dtypes(), classic_dtypes(), _use_new_zipfile_serialization=False)
save("views.pth", views(), views())
save("views_legacy.pth", views(), views(), _use_new_zipfile_serialization=False)
save("views_protocol5.pth", views(), views(), pickle_protocol=5)
save("net.pth", net.state_dict(), net.state_dict())
save("net_legacy.pth", net.state_dict(), net.state_dict(), _use_new_zipfile_serialization=False)
parameters = dict(net.named_parameters(remove_duplicate=False))
save("parameters.pth", parameters, parameters)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for parameter in net.parameters():
    parameter.grad = torch.ones_like(parameter)
optimizer.step()
save("training.pth", {
    "meta": {"epoch": 3, "time": "a day", "classes": ("cat", "dog"), "seed": None, "lr": 0.5, "big": 2**80, "raw": b"\0\1",
             "set": {1, 2}, "flag": True, "size": torch.Size([2, 3]), "dtype": torch.float16, "device": torch.device("cpu")},
    "state_dict": OrderedDict(("module." + name, value) for name, value in net.state_dict().items()),
    "optimizer": optimizer.state_dict(),
}, OrderedDict(("module." + name, value) for name, value in net.state_dict().items()))
save("under_model.pth", {"model": net.state_dict(), "epoch": 7}, net.state_dict())

# The same file written by another tool that compresses.
data = io.BytesIO()
torch.save(views(), data)
with zipfile.ZipFile(data) as old, zipfile.ZipFile(here / "views_deflated.pth", "w", zipfile.ZIP_DEFLATED) as new:
    for info in old.infolist():
        new.writestr(zipfile.ZipInfo(info.filename), old.read(info), zipfile.ZIP_DEFLATED)
expect("views_deflated.pth", views())

safetensors.torch.save_file(dict(every_dtype()), here / "dtypes.safetensors")
expect("dtypes.safetensors", every_dtype())
half = {"a.weight": numbers(4, 3), "a.bias": numbers(4)}, {"b.weight": numbers(2, 4, dtype=torch.bfloat16)}
for number, part in enumerate(half, 1):
    safetensors.torch.save_file(part, here / f"model-0000{number}-of-00002.safetensors")
index = {"metadata": {"total_size": 80}, "weight_map": {
    name: f"model-0000{number}-of-00002.safetensors" for number, part in enumerate(half, 1) for name in part}}
(here / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))
expect("model.safetensors.index.json", half[0] | half[1])

arrays = {
    "float64": np.linspace(-1, 1, 12).reshape(3, 4), "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
    "float16": np.arange(4, dtype=np.float16), "int64": np.arange(3), "int8": np.arange(-2, 3, dtype=np.int8),
    "uint8": np.arange(5, dtype=np.uint8), "bool": np.array([True, False]), "scalar": np.float32(2.5),
    "big_endian": np.arange(5, dtype=">f4"), "column_major": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    "empty": np.zeros((0, 3), np.float32), "layer.0.weight": np.ones((2, 2), np.float32)}
for file, write in (("arrays.npz", np.savez), ("arrays_compressed.npz", np.savez_compressed)):
    write(here / file, **arrays)
    with np.load(here / file) as loaded:
        expect(file, {name: torch.from_numpy(np.ascontiguousarray(loaded[name]).astype(loaded[name].dtype.newbyteorder("=")).reshape(loaded[name].shape)) for name in loaded})
(here / "expected.json").write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")

"""Writes torch_layers.jsonl: what PyTorch makes of classes and arguments.

Run with PyTorch 2.15: python torch_layers.py | gzip -9n > torch_layers.jsonl.gz
"""

import itertools
import json

import torch
from torch import nn


def cases():
    for rank, t in itertools.product((1, 2, 3), ("", "Transpose")):
        for kw in (
            dict(in_channels=6, out_channels=4, kernel_size=3),
            dict(in_channels=6, out_channels=4, kernel_size=list(range(1, rank + 1)), bias=False),
            dict(in_channels=6, out_channels=4, kernel_size=1, groups=2, stride=2, padding=1, dilation=2),
            dict(in_channels=6, out_channels=6, kernel_size=3, groups=6),
            dict(in_channels=6, out_channels=4, kernel_size=3, groups=4),
            dict(in_channels=5, out_channels=4, kernel_size=3, groups=2),
            dict(in_channels=6, out_channels=4),
            dict(in_channels=6, out_channels=4, kernel_size=3, groups=0),
            dict(in_channels=6, out_channels=4, kernel_size=3, dtype="float16"),
            dict(in_channels=6, out_channels=4, kernel_size=3, wrong=1),
        ):
            yield f"Conv{t}{rank}d", kw
    for kw in (dict(in_features=3, out_features=5), dict(in_features=3, out_features=5, bias=False), dict(in_features=3),
               dict(in_features=3, out_features=5, dtype="bfloat16")):
        yield "Linear", kw
    for bias in (True, False):
        yield "Bilinear", dict(in1_features=3, in2_features=4, out_features=5, bias=bias)
    yield "Bilinear", dict(in1_features=0, in2_features=4, out_features=5)
    for name in ("Embedding", "EmbeddingBag"):
        yield name, dict(num_embeddings=7, embedding_dim=3)
        yield name, dict(num_embeddings=7, embedding_dim=3, padding_idx=-1, max_norm=1.0)
        yield name, dict(num_embeddings=7, embedding_dim=3, padding_idx=7)
        yield name, dict(num_embeddings=7, embedding_dim=3, mode="sum")
    for name in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm", "InstanceNorm1d", "InstanceNorm2d",
                 "InstanceNorm3d"):
        yield name, dict(num_features=4)
        for affine, track in itertools.product((True, False), repeat=2):
            yield name, dict(num_features=4, affine=affine, track_running_stats=track, eps=1e-3, momentum=0.1)
        yield name, dict(num_features=4, dtype="float64")
        yield name, dict(num_channels=4)
    for kw in (dict(num_groups=2, num_channels=4), dict(num_groups=2, num_channels=4, affine=False),
               dict(num_groups=3, num_channels=4)):
        yield "GroupNorm", kw
    for kw in (dict(normalized_shape=4), dict(normalized_shape=[4, 5]), dict(normalized_shape=4, bias=False),
               dict(normalized_shape=4, elementwise_affine=False), dict(eps=1e-3)):
        yield "LayerNorm", kw
    for kw in (dict(normalized_shape=4), dict(normalized_shape=[4, 5], elementwise_affine=False)):
        yield "RMSNorm", kw
    for name in ("RNN", "LSTM", "GRU"):
        for layers, bias, both in itertools.product((1, 3), (True, False), (True, False)):
            yield name, dict(input_size=3, hidden_size=4, num_layers=layers, bias=bias, bidirectional=both)
            yield name, dict(input_size=3, hidden_size=4, num_layers=layers, bias=bias, bidirectional=both, proj_size=2)
        yield name, dict(input_size=3, hidden_size=4, proj_size=4)
        yield name, dict(input_size=3, hidden_size=0)
        yield name, dict(input_size=3, hidden_size=4, num_layers=0)
        yield name, dict(input_size=3, hidden_size=4, nonlinearity="relu")
        for bias in (True, False):
            yield f"{name}Cell", dict(input_size=3, hidden_size=4, bias=bias)
    for bias, kv in itertools.product((True, False), repeat=2):
        yield "MultiheadAttention", dict(embed_dim=8, num_heads=2, bias=bias, add_bias_kv=kv)
        yield "MultiheadAttention", dict(embed_dim=8, num_heads=2, bias=bias, add_bias_kv=kv, kdim=3)
        yield "MultiheadAttention", dict(embed_dim=8, num_heads=2, bias=bias, vdim=3, batch_first=True)
    yield "MultiheadAttention", dict(embed_dim=8, num_heads=3)
    yield "MultiheadAttention", dict(embed_dim=8, num_heads=0)
    for name in ("TransformerEncoderLayer", "TransformerDecoderLayer"):
        for bias in (True, False):
            yield name, dict(d_model=8, nhead=2, dim_feedforward=12, bias=bias, norm_first=True)
        yield name, dict(d_model=8, nhead=4, activation="gelu", dtype="float64")
        yield name, dict(d_model=8, nhead=3)
        yield name, dict(d_model=8, nhead=4, activation="tanh")
        yield name, dict(d_model=8)
    yield "Transformer", dict(d_model=8, nhead=2, num_encoder_layers=2, num_decoder_layers=1, dim_feedforward=12)
    yield "Transformer", dict(d_model=8, num_encoder_layers=0, num_decoder_layers=0, bias=False, dtype="float16")
    for kw in (dict(cutoffs=[5, 20]), dict(cutoffs=[5], head_bias=True, div_value=3.0), dict(cutoffs=[]),
               dict(cutoffs=[20, 5]), dict(cutoffs=[0, 5]), dict(cutoffs=[50]), dict(cutoffs=[5, 5]),
               dict(cutoffs=[1, 2, 3, 49], dtype="float64"), dict(cutoffs=[5, 20], div_value=0.5), dict(cutoffs=[5], div_value=0.1)):
        yield "AdaptiveLogSoftmaxWithLoss", dict(in_features=16, n_classes=50, **kw)
    yield "PReLU", {}
    yield "PReLU", dict(num_parameters=4, init=0.1)
    yield "ReLU", dict(inplace=True)
    yield "ReLU", dict(in_place=True)
    yield "LeakyReLU", dict(negative_slope=0.1)
    yield "GELU", dict(approximate="tanh")
    yield "MaxPool2d", dict(kernel_size=3, stride=2, padding=1)
    yield "AdaptiveAvgPool2d", dict(output_size=[1, 1])
    yield "Dropout", dict(p=0.1)
    yield "Identity", dict(anything=1)
    yield "Flatten", dict(start_dim=1)
    yield "Upsample", dict(scale_factor=2, mode="nearest")


def tensor(name, t):
    return {"name": name, "shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch.")}


def layer(m):
    return {
        "class": type(m).__name__,
        "bases": [b.__name__ for b in type(m).__bases__],
        "params": [tensor(n, p) for n, p in m.named_parameters(recurse=False)],
        "buffers": [tensor(n, b) for n, b in m.named_buffers(recurse=False)],
        "children": [{"name": n, **layer(c)} for n, c in m.named_children()],
    }


for name, kw in cases():
    row = {"type": name, "args": kw}
    given = dict(kw, dtype=getattr(torch, kw["dtype"])) if "dtype" in kw else kw
    try:
        row["layer"] = layer(getattr(nn, name)(**given))
    except Exception as error:
        row["error"] = f"{type(error).__name__}: {error}".splitlines()[0]
    print(json.dumps(row))

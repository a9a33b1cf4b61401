"""The constructor defaults that the engine keeps by class agree with what PyTorch's own code is recorded to write."""

import json
import subprocess

import pytest

torch = pytest.importorskip("torch")
load_file = pytest.importorskip("safetensors.torch").load_file
from torch import nn  # noqa: E402

import weight_init  # noqa: E402

LAYERS = {
    **{f"conv{n}": lambda n=n: getattr(nn, f"Conv{n}d")(4, 6, 3, groups=2) for n in (1, 2, 3)},
    **{f"deconv{n}": lambda n=n: getattr(nn, f"ConvTranspose{n}d")(4, 6, 3, groups=2) for n in (1, 2, 3)},
    **{f"norm{n}": lambda n=n: getattr(nn, f"BatchNorm{n}d")(5) for n in (1, 2, 3)},
    "instance": lambda: nn.InstanceNorm2d(5, affine=True, track_running_stats=True),
    "layer": lambda: nn.LayerNorm([3, 4]),
    "group": lambda: nn.GroupNorm(2, 6),
    "rms": lambda: nn.RMSNorm(7),
    "linear": lambda: nn.Linear(5, 7),
    "bilinear": lambda: nn.Bilinear(3, 4, 5),
    "embedding": lambda: nn.Embedding(9, 4, padding_idx=-2),
    "bag": lambda: nn.EmbeddingBag(9, 4, padding_idx=1),
    "attention": lambda: nn.MultiheadAttention(8, 2, add_bias_kv=True),
    "attention_of_three": lambda: nn.MultiheadAttention(8, 2, kdim=6, vdim=4),
    "lstm": lambda: nn.LSTM(4, 6, num_layers=2, bidirectional=True, proj_size=3),
    "gru": lambda: nn.GRU(4, 6),
    "rnn": lambda: nn.RNN(4, 6),
    "lstm_cell": lambda: nn.LSTMCell(4, 6),
    "gru_cell": lambda: nn.GRUCell(4, 6),
    "rnn_cell": lambda: nn.RNNCell(4, 6),
    "prelu": lambda: nn.PReLU(3, init=0.1),
    "encoder": lambda: nn.TransformerEncoderLayer(8, 2, 16),
    "decoder": lambda: nn.TransformerDecoderLayer(8, 2, 16),
    "transformer": lambda: nn.Transformer(8, 2, 1, 1, 16),
    "softmax": lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10]),
}


def initial(command, folder, name, description):
    path, file = folder / f"{name}.json", folder / f"{name}.safetensors"
    path.write_text(json.dumps(description))
    subprocess.run([command, "init", path, "--seed", "5", "--out", file], check=True, capture_output=True)
    return load_file(file)


def test_tables_and_recordings_give_the_same_values(command, tmp_path):
    build = lambda: nn.ModuleDict({name: make() for name, make in LAYERS.items()})  # noqa: E731
    by_table = initial(command, tmp_path, "table", weight_init.describe(build()))
    by_recording = initial(command, tmp_path, "recording", weight_init.record(build))
    assert by_table.keys() == by_recording.keys()
    for name, expected in by_table.items():
        # Bounds are computed in another order, and rounded.
        torch.testing.assert_close(by_recording[name], expected, rtol=1e-5, atol=1e-7, msg=lambda text: f"{name}: {text}")  # noqa: B023

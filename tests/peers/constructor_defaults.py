"""Constructor defaults of every layer of torch.nn, compared with the real constructors.

    python tests/peers/constructor_defaults.py target/release/weight-init

needs PyTorch, SciPy and safetensors; torchvision's FrozenBatchNorm2d is compared if it is installed. Each case is
constructed COPIES times for each of SEEDS seeds; describe.py describes the copies as one model, the command writes its
file. An element that every real copy holds alike must be the same, bit for bit, in every copy of ours; an element that
differs among them must differ in ours. The latter are pooled by tensor and compared by the two-sample
Kolmogorov-Smirnov test. ALARM is the chance that any test of a whole run fails by chance (Bonferroni).

Exit code 1 if a case fails, or if torch.nn has a class with parameters or buffers that no case covers.
"""

import argparse
import inspect
import pathlib
import sys
import tempfile
import warnings

import torch
from safetensors.torch import load_file
from scipy.stats import ks_2samp
from torch import nn

from command import init, load_describe

COPIES, SEEDS, ALARM = 64, 4, 1e-3


def dry(layer, *shape):
    """A lazy layer after a forward pass that leaves statistics alone."""
    layer.eval()(torch.zeros(shape))
    return layer.train()


class Grandchild(type("Child", (nn.Conv2d,), {})):
    """Two levels below a known layer, without code of its own."""


class OwnReset(nn.Linear):
    """A known layer that writes something else."""

    def reset_parameters(self):
        nn.init.constant_(self.weight, 3.0)
        nn.init.normal_(self.bias)


class LayerNorm(nn.Module):
    """A class of one's own with the name of a known one."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((8,), 0.5))


def cases():
    """Constructors by name; those that the command must refuse come second."""
    made = {}
    for n in (1, 2, 3):
        conv, transposed = getattr(nn, f"Conv{n}d"), getattr(nn, f"ConvTranspose{n}d")
        lazy, lazy_transposed = getattr(nn, f"LazyConv{n}d"), getattr(nn, f"LazyConvTranspose{n}d")
        image = (2, 6) + (5,) * n
        for kind, cls in ((f"Conv{n}d", conv), (f"ConvTranspose{n}d", transposed)):
            made[kind] = lambda cls=cls: cls(6, 16, 3)
            made[f"{kind}, groups"] = lambda cls=cls: cls(6, 16, 3, groups=2)
            made[f"{kind}, no bias, dilated"] = lambda cls=cls: cls(6, 16, 2, bias=False, dilation=2, stride=2)
        made[f"LazyConv{n}d"] = lambda cls=lazy, image=image: dry(cls(16, 3, groups=2), *image)
        made[f"LazyConvTranspose{n}d"] = lambda cls=lazy_transposed, image=image: dry(cls(16, 3), *image)
        for norm in ("BatchNorm", "InstanceNorm"):
            cls, lazy_norm = getattr(nn, f"{norm}{n}d"), getattr(nn, f"Lazy{norm}{n}d")
            made[f"{norm}{n}d"] = lambda cls=cls: cls(6)
            made[f"{norm}{n}d, other"] = lambda cls=cls: cls(6, affine=not cls.__name__.startswith("B"),
                                                           track_running_stats=not cls.__name__.startswith("B"))
            made[f"{norm}{n}d, everything"] = lambda cls=cls: cls(6, affine=True, track_running_stats=True)
            made[f"Lazy{norm}{n}d"] = lambda cls=lazy_norm, image=image: dry(cls(affine=True), *image)
    recurrent = {"RNN": {}, "LSTM": {"proj_size": 3}, "GRU": {}}
    for name, more in recurrent.items():
        cls, cell = getattr(nn, name), getattr(nn, f"{name}Cell")
        made[name] = lambda cls=cls: cls(5, 16)
        made[f"{name}, two layers, both directions"] = lambda cls=cls, more=more: cls(5, 16, 2, bidirectional=True, **more)
        made[f"{name}, no bias"] = lambda cls=cls: cls(5, 16, bias=False)
        made[f"{name}Cell"] = lambda cell=cell: cell(5, 16)
        made[f"{name}Cell, no bias"] = lambda cell=cell: cell(5, 16, bias=False)
    made.update({
        "RNNBase": lambda: nn.RNNBase("GRU", 5, 16),
        "RNNCellBase": lambda: nn.RNNCellBase(5, 16, True, 4),
        "Linear": lambda: nn.Linear(7, 16),
        "Linear, no bias": lambda: nn.Linear(7, 16, bias=False),
        "Linear, float64": lambda: nn.Linear(7, 16, dtype=torch.float64),
        "LazyLinear": lambda: dry(nn.LazyLinear(16), 2, 7),
        "NonDynamicallyQuantizableLinear": lambda: nn.modules.linear.NonDynamicallyQuantizableLinear(7, 16),
        "Bilinear": lambda: nn.Bilinear(5, 4, 16),
        "Bilinear, no bias": lambda: nn.Bilinear(5, 4, 16, bias=False),
        "Embedding": lambda: nn.Embedding(10, 8),
        "Embedding, padding_idx": lambda: nn.Embedding(10, 8, padding_idx=3),
        "Embedding, padding_idx from the end": lambda: nn.Embedding(10, 8, padding_idx=-1),
        "EmbeddingBag": lambda: nn.EmbeddingBag(10, 8),
        "EmbeddingBag, padding_idx": lambda: nn.EmbeddingBag(10, 8, padding_idx=2),
        "LayerNorm": lambda: nn.LayerNorm([4, 6]),
        "LayerNorm, no bias": lambda: nn.LayerNorm(6, bias=False),
        "LayerNorm, not affine": lambda: nn.LayerNorm(6, elementwise_affine=False),
        "GroupNorm": lambda: nn.GroupNorm(2, 6),
        "GroupNorm, not affine": lambda: nn.GroupNorm(2, 6, affine=False),
        "RMSNorm": lambda: nn.RMSNorm(6),
        "SyncBatchNorm": lambda: nn.SyncBatchNorm(6),
        "PReLU": lambda: nn.PReLU(),
        "PReLU, init": lambda: nn.PReLU(6, init=0.1),
        "MultiheadAttention": lambda: nn.MultiheadAttention(8, 2),
        "MultiheadAttention, kdim, vdim": lambda: nn.MultiheadAttention(8, 2, kdim=6, vdim=5),
        "MultiheadAttention, bias_kv": lambda: nn.MultiheadAttention(8, 2, add_bias_kv=True),
        "MultiheadAttention, no bias": lambda: nn.MultiheadAttention(8, 2, bias=False),
        "TransformerEncoderLayer": lambda: nn.TransformerEncoderLayer(8, 2, 16),
        "TransformerEncoderLayer, no bias": lambda: nn.TransformerEncoderLayer(8, 2, 16, bias=False),
        "TransformerDecoderLayer": lambda: nn.TransformerDecoderLayer(8, 2, 16),
        "TransformerEncoder": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2,
                                                            nn.LayerNorm(8)),
        "TransformerDecoder": lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2, nn.LayerNorm(8)),
        "Transformer": lambda: nn.Transformer(8, 2, 1, 1, 16),
        "AdaptiveLogSoftmaxWithLoss": lambda: nn.AdaptiveLogSoftmaxWithLoss(16, 30, [10, 20], head_bias=True),
        "Sequential, ModuleList, ModuleDict": lambda: nn.Sequential(
            nn.ModuleList([nn.Linear(3, 16)]), nn.ModuleDict({"a": nn.Conv2d(3, 8, 1)})),
        "LinearCrossEntropyLoss": lambda: nn.LinearCrossEntropyLoss(5, 16, bias=True, weight=torch.rand(16)),
        "NLLLoss, weight": lambda: nn.NLLLoss(torch.tensor([0.1, 0.2, 0.7])),
        "CrossEntropyLoss, weight": lambda: nn.CrossEntropyLoss(torch.linspace(0, 1, 100)),
        "MultiMarginLoss, weight": lambda: nn.MultiMarginLoss(weight=torch.tensor([0.1, float("inf")])),
        "MultiLabelSoftMarginLoss, weight": lambda: nn.MultiLabelSoftMarginLoss(torch.tensor([0.1, 0.2])),
        "BCELoss, weight": lambda: nn.BCELoss(torch.tensor([0.1, 0.2])),
        "BCEWithLogitsLoss, weight": lambda: nn.BCEWithLogitsLoss(torch.tensor([0.1, 0.2]), pos_weight=torch.ones(2)),
        "a subclass of a subclass": lambda: Grandchild(3, 16, 3),
        "a class with the name of a known one, without tensors": lambda: type("PReLU", (nn.Module,), {})(),
    })
    try:
        from torchvision.ops import FrozenBatchNorm2d
        made["FrozenBatchNorm2d (torchvision)"] = lambda: FrozenBatchNorm2d(6)
    except ImportError:
        print("not compared: FrozenBatchNorm2d, torchvision is not installed")
    refused = {
        "a subclass with reset_parameters": lambda: OwnReset(3, 4),
        "a class with the name of a known one": LayerNorm,
        "weight_norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)),
        "ParameterList": lambda: nn.ParameterList([nn.Parameter(torch.rand(3))]),
        "ParameterDict": lambda: nn.ParameterDict({"a": nn.Parameter(torch.rand(3))}),
    }
    return made, refused


def draw(make, seed):
    """So many copies of a layer as one model."""
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.ModuleList([make() for _ in range(COPIES)])


def compare(make, binary, describe, folder):
    """What is wrong with a case, in words, or `None`; tensors, constants, and the p-values of the tests."""
    real, ours = {}, {}
    for seed in range(SEEDS):
        model = draw(make, 1000 + seed)
        if not list(model.state_dict()):
            continue
        describe.write(model, folder / "model.json")
        reason = init(binary, folder / "model.json", folder / "model.safetensors", "--seed", str(seed))
        if reason:
            return f"refused: {reason}", 0, 0, []
        written = load_file(folder / "model.safetensors")
        expected = model.state_dict()
        if set(written) != set(expected):
            return f"other names: {sorted(set(written) ^ set(expected))[:4]}", 0, 0, []
        for name, tensor in expected.items():
            key = name.split(".", 1)[1]
            if (tensor.dtype, tensor.shape) != (written[name].dtype, written[name].shape):
                return f"{name}: {written[name].dtype} {list(written[name].shape)}", 0, 0, []
            real.setdefault(key, []).append(tensor.reshape(-1))
            ours.setdefault(key, []).append(written[name].reshape(-1))
    constants, tests = 0, []
    for key in real:
        a, b = torch.stack(real[key]), torch.stack(ours[key])
        fixed = (a == a[0]).all(0)
        constants += int(fixed.sum())
        if not torch.equal(a[:, fixed], b[:, fixed]):
            return f"{key}: {b[:, fixed][0][:3].tolist()} for the constant {a[:, fixed][0][:3].tolist()}", 0, 0, []
        if bool((b == b[0]).all(0)[~fixed].any()):
            return f"{key}: constant where the real one is random", 0, 0, []
        if not bool(fixed.all()):
            tests.append((ks_2samp(a[:, ~fixed].reshape(-1).double(), b[:, ~fixed].reshape(-1).double()).pvalue, key))
    return None, len(real), constants, tests


def uncovered(covered):
    """Classes of torch.nn that have, or may have, parameters or buffers, and stand in no case."""
    missing = []
    for name, cls in inspect.getmembers(nn, inspect.isclass):
        if not issubclass(cls, nn.Module) or name in covered or cls.__name__ in covered or cls is nn.Module:
            continue
        for arguments in ((), (2,), (2, 2), (2, 2, 2), ((1, 1),), ((1, 1), 1), (2, (1, 1))):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    layer = cls(*arguments)
            except Exception:
                continue
            if list(layer.state_dict()):
                missing.append(name)
            break
        else:
            missing.append(name)
    return missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    binary = parser.parse_args().binary.resolve()
    describe = load_describe()
    made, refused = cases()
    rows, tests, failed = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        covered = set()
        for name, make in {**made, **refused}.items():
            covered.update([name.split(",")[0], *(type(m).__name__ for m in make().modules())])
            fault, tensors, constants, found = compare(make, binary, describe, folder)
            if name in refused:
                as_meant = fault is not None and fault.startswith("refused")
                fault = None if as_meant else fault or "written, though its values are not known"
            tests += [(p, name, key) for p, key in found]
            rows.append((name, fault, tensors, constants, min((p for p, _ in found), default=None), name in refused))
    limit = ALARM / max(1, len(tests))
    print("| case | tensors | constant elements | smallest p | result |\n|---|---|---|---|---|")
    for name, fault, tensors, constants, p, is_refused in rows:
        if fault is None and p is not None and p < limit:
            fault = f"distributions differ: {[key for q, of, key in tests if of == name and q < limit]}"
        failed += fault is not None
        result = f"FAILED: {fault[:200]}" if fault else "refused, as it must be" if is_refused else "the same"
        print(f"| {name} | {tensors} | {constants} | {'' if p is None else f'{p:.2g}'} | {result} |")
    missing = uncovered(covered)
    print(f"\nPyTorch {torch.__version__}; {len(rows)} cases of {COPIES * SEEDS} copies, {len(tests)} Kolmogorov-Smirnov tests, each at "
          f"{limit:.1e} (all together {ALARM:g}), smallest p {min(tests, default=[1])[0]:.2g}; {failed} failed")
    if missing:
        print(f"not covered: {', '.join(missing)}")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())

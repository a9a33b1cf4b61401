"""Files of real models are loaded with strict=True.

    python tests/peers/strict_load.py target/release/weight-init [NAME ...]

needs PyTorch and safetensors; of torchvision, transformers, timm and mmdet what is installed. Each model is described by
describe.py; the command writes its file; a second model of the same class loads it by safetensors' `load_model` and by
`load_state_dict`, both with strict=True. Then every buffer must hold what the first model's holds, bit for bit, and a
forward pass, where one is quick, must give finite numbers.

Where the command refuses a model, because it has parameters whose constructor is not known, the reason is shown, and
loading is tried with `--unknown zeros`. Exit code 1 if a file was written that does not load, or no file was written.
"""

import argparse
import importlib
import pathlib
import sys
import tempfile
import warnings

import torch
from safetensors import safe_open
from safetensors.torch import load_file, load_model

from command import init, load_describe

describe = load_describe()


def torchvision(name, **arguments):
    models = importlib.import_module("torchvision.models")
    return lambda: getattr(models, name)(weights=None, **arguments)


def transformers(name, config, **arguments):
    package = importlib.import_module("transformers")
    return lambda: getattr(package, name)(getattr(package, config)(**arguments))


def timm(name, **arguments):
    package = importlib.import_module("timm")
    return lambda: package.create_model(name, **arguments)


def mmdet(name):
    package = importlib.import_module("mmdet.version")
    configs = pathlib.Path(package.__file__).parent / ".mim/configs"
    return lambda: describe.build(f"mmengine:{configs / name}", {})


class AllBuffers(torch.nn.Module):
    """Buffers that no description can say, ties of every kind, and tensors that are in no state_dict."""

    def __init__(self):
        super().__init__()
        self.fc = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 4))
        self.tied = torch.nn.Linear(3, 4)
        self.head = torch.nn.Linear(3, 4)
        self.head.weight = self.tied.weight
        self.memory = torch.nn.Linear(3, 4)
        self.memory.weight = torch.nn.Parameter(self.tied.weight.data)
        # No counter of batches: load_model refuses a shared one even in files of its own save_model.
        self.norm = torch.nn.LayerNorm(4)
        self.same_norm = self.norm
        self.register_buffer("mask", torch.ones(100, 100, dtype=torch.bool).tril())
        self.register_buffer("causal", torch.full((9, 9), float("-inf")).triu(1))
        self.register_buffer("same_mask", self.mask)
        self.register_buffer("equal_mask", self.mask.clone())
        self.register_buffer("nan", torch.tensor([1.0, float("nan"), -0.0]))
        self.register_buffer("large", torch.tensor([2**60 + 1, -2**63, 3]))
        self.register_buffer("small", torch.tensor([[True, False]]))
        self.register_buffer("brain", torch.rand(3, 50).bfloat16())
        self.register_buffer("halves", torch.rand(5).half())
        self.register_buffer("doubles", torch.rand(5, dtype=torch.float64))
        self.register_buffer("constant", torch.full((1000,), 0.1))
        self.register_buffer("minus_zero", torch.tensor(-0.0))
        self.register_buffer("turns", torch.polar(torch.ones(4), torch.rand(4)))
        self.register_buffer("conjugate", torch.polar(torch.ones(4), torch.rand(4)).conj())
        self.register_buffer("transposed", torch.arange(200).reshape(10, 20).t())
        self.register_buffer("empty", torch.zeros(0, 3))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)

    def forward(self, x):
        return self.same_norm(self.fc(x) + self.head(x) + self.memory(x))


def image(side):
    return lambda model: model(torch.randn(2, 3, side, side))


def tokens(**more):
    return lambda model: model(input_ids=torch.arange(2, 14).reshape(2, 6), **more)


SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32, "vocab_size": 100}

# How a model is made, and how it runs.
MODELS = {
    "mmdet RetinaNet": (lambda: mmdet("retinanet/retinanet_r50_fpn_1x_coco.py"), image(64)),
    "mmdet FCOS": (lambda: mmdet("fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py"), image(64)),
    "mmdet RetinaNet, Swin-T": (lambda: mmdet("swin/retinanet_swin-t-p4-w7_fpn_1x_coco.py"), image(64)),
    "a model with buffers of all kinds": (lambda: AllBuffers, lambda model: model(torch.randn(2, 3))),
    "torchvision Swin-T": (lambda: torchvision("swin_t"), image(64)),
    "torchvision ResNet-50": (lambda: torchvision("resnet50"), image(64)),
    "torchvision ViT-B/16": (lambda: torchvision("vit_b_16"), image(224)),
    "transformers Llama": (lambda: transformers("LlamaForCausalLM", "LlamaConfig", **SMALL), tokens()),
    "transformers Mixtral": (lambda: transformers("MixtralForCausalLM", "MixtralConfig", num_key_value_heads=2,
                                                  num_local_experts=2, **SMALL), tokens()),
    "transformers BERT": (lambda: transformers("BertForMaskedLM", "BertConfig", **SMALL), tokens()),
    "transformers GPT-2": (lambda: transformers("GPT2LMHeadModel", "GPT2Config", n_embd=16, n_layer=2, n_head=4,
                                                vocab_size=100), tokens()),
    "transformers T5": (lambda: transformers("T5ForConditionalGeneration", "T5Config", d_model=16, d_kv=4, d_ff=32,
                                             num_layers=2, num_heads=4, vocab_size=100),
                        tokens(decoder_input_ids=torch.arange(4).reshape(2, 2))),
    "timm Swin": (lambda: timm("swin_tiny_patch4_window7_224"), image(224)),
    "timm BEiT": (lambda: timm("beit_base_patch16_224", embed_dim=48, depth=2, num_heads=4), image(224)),
    "timm EVA-02": (lambda: timm("eva02_tiny_patch14_224", depth=2), image(224)),
}


def build(make):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


def load(make, file):
    """What is wrong with a file, or `None`, and a model that has loaded it."""
    model = build(make)
    try:
        load_model(model, file, strict=True)
    except RuntimeError as error:
        return f"load_model: {error}", model
    # The file holds a tied tensor once, and its metadata the other names.
    state = load_file(file)
    with safe_open(file, "pt") as opened:
        ties = {name: first for name, first in opened.metadata().items() if first in state}
    state.update({name: state[first] for name, first in ties.items()})
    try:
        build(make).load_state_dict(state, strict=True)
    except RuntimeError as error:
        return f"load_state_dict: {error}", model
    return None, model


def differing_buffers(model, loaded):
    """Names of persistent buffers with other bits, and how many there are."""
    names = set(model.state_dict()) - {name for name, _ in model.named_parameters(remove_duplicate=False)}
    pairs = [(name, model.state_dict()[name], loaded.state_dict()[name]) for name in sorted(names)]
    same = [a.dtype == b.dtype and a.shape == b.shape and describe.bits(a) == describe.bits(b) for _, a, b in pairs]
    return [name for (name, _, _), equal in zip(pairs, same) if not equal], len(pairs)


def numbers(output):
    """All tensors of an output."""
    if isinstance(output, torch.Tensor):
        return [output]
    parts = output.values() if isinstance(output, dict) else output if isinstance(output, (list, tuple)) else []
    return [tensor for part in parts for tensor in numbers(part)]


def check(make, run, binary, folder):
    """Cells of the table, and whether the model failed."""
    torch.manual_seed(0)
    model = build(make)
    with warnings.catch_warnings():
        # Other names than those of state_dict().
        warnings.filterwarnings("error", message=".*state_dict")
        describe.write(model, folder / "model.json")
    file = folder / "model.safetensors"
    reason = init(binary, folder / "model.json", file, "--pretrained", "skip", "--seed", "1")
    fault = reason and init(binary, folder / "model.json", file, "--pretrained", "skip", "--unknown", "zeros")
    if fault:
        return ["not written", "", "", fault], True
    written = "with --unknown zeros" if reason else "yes"
    fault, loaded = load(make, file)
    if fault:
        return [written, "NO", "", fault.replace("\n", " ")[:300]], True
    odd, buffers = differing_buffers(model, loaded)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        finite = all(bool(t.isfinite().all()) for t in numbers(run(loaded.eval())) if t.is_floating_point())
    cells = [written, "strict", f"{buffers - len(odd)} of {buffers}" + (f", not {odd[:3]}" if odd else "")]
    forward = "finite" if finite else "not finite"
    # Zeros that stand in for parameters may well divide by zero.
    bad = bool(odd) or not (finite or reason)
    return [*cells, forward + (f"; refused at first: {reason[:160]}" if reason else "")], bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="models to try; all without any")
    options = parser.parse_args()
    failed = 0
    print("| model | written | loads | buffers equal | forward pass |\n|---|---|---|---|---|")
    for name, (prepare, run) in MODELS.items():
        if options.names and name not in options.names:
            continue
        try:
            make = prepare()
        except ImportError as error:
            print(f"| {name} | not tried: {error} | | | |")
            continue
        with tempfile.TemporaryDirectory() as folder:
            cells, bad = check(make, run, options.binary.resolve(), pathlib.Path(folder))
        failed += bad
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"\nPyTorch {torch.__version__}; {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

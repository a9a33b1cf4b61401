"""Measures what `weight-init signal` estimates: second moments of activations and gradients in PyTorch.

    python tests/peers/signal_propagation.py path/to/weight-init [--record tests/data/signal.json]

Needs torch, torchvision and timm. Each model is built by PyTorch, run forward and backward with standard normal inputs and
output gradients, and described for the command, which estimates the same. The table is that of docs/signal.md; `--record` writes
the descriptions with the measured numbers for the tests of the library.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import timm
import torch
import torchvision
from torch import nn


def plain(kaiming):
    layers = []
    for _ in range(50):
        linear = nn.Linear(256, 256)
        if kaiming:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers), torch.randn(512, 256)


def post_norm(gain):
    """48 layers normalized behind each sum; `gain` scales all of Xavier's weights."""
    layers = []
    for _ in range(48):
        layer = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True)
        for name, parameter in layer.named_parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter, gain=gain)
            elif "norm" not in name:
                nn.init.zeros_(parameter)
        layers.append(layer)
    return nn.Sequential(*layers), torch.randn(2, 64, 128)


def resnet50():
    """The convolutional part of torchvision's, in training mode, without its mean over positions."""
    model = torchvision.models.resnet50(weights=None)
    return nn.Sequential(*list(model.children())[:-2]), torch.randn(8, 3, 64, 64)


def vit():
    """timm's smallest, up to the last normalization, all tokens."""
    model = timm.create_model("vit_tiny_patch16_224", pretrained=False)
    model.forward = model.forward_features
    for name in ["fc_norm", "head_drop", "head"]:
        setattr(model, name, nn.Identity())
    return model, torch.randn(2, 3, 224, 224)


MODELS = {
    "plain ReLU, 50 layers, PyTorch's default": (lambda: plain(False), 1),
    "plain ReLU, 50 layers, Kaiming": (lambda: plain(True), 1),
    "post-norm transformer, 48 layers, Xavier": (lambda: post_norm(1.0), 64),
    # DeepNet's factor of encoders for this depth, (8·48)^(-1/4), without its factor of the shortcuts.
    "post-norm transformer, 48 layers, Xavier / 4.43": (lambda: post_norm(384**-0.25), 64),
    "ResNet-50": (resnet50, 1),
    "ViT-Ti/16": (vit, 197),
}


def measure(model, x):
    """By path of a layer with weights: the activation's second moment, its part that differs between inputs (tokens), and the gradient's
    second moment summed over a channel's positions, over that of the output."""
    held, hooks = {}, []

    def hook(name):
        def keep(_module, _inputs, output):
            output.retain_grad()
            held[name] = output

        return keep

    for name, module in model.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            hooks.append(module.register_forward_hook(hook(name)))
        if isinstance(module, nn.ReLU):
            module.inplace = False
    output = model(x)
    output.backward(torch.randn_like(output))
    for handle in hooks:
        handle.remove()
    channels = lambda tensor: tensor.shape[1] if tensor.dim() == 4 else tensor.shape[-1]
    of_output = output.numel() / output.shape[0] / channels(output)
    result = {}
    for name, tensor in held.items():
        energy = tensor.grad.double().square().sum().item() / tensor.shape[0] / channels(tensor)
        values = tensor.detach().double()
        result[name] = [values.square().mean().item(), values.var(dim=1 if values.dim() == 3 else 0).mean().item(), energy / of_output]
    return result


def sensitivity(model, x, epsilon=1e-4):
    """E[change²] / (ε²·E[output²]) where each weight of a matrix changes by ε of itself, in f64."""
    model, x = model.double(), x.double()
    changes = []
    with torch.no_grad():
        before = model(x)
        held = [(p, p.clone()) for p in model.parameters() if p.dim() > 1]
        for _ in range(2):
            for parameter, value in held:
                parameter.copy_(value * (1 + epsilon * torch.randn_like(value)))
            changes.append((model(x) - before).square().mean() / before.square().mean())
    return torch.stack(changes).mean().item() / epsilon**2


def constructor(tensor):
    """What a parameter holds, by its moments: enough for the estimate."""
    if (tensor == tensor.flatten()[0]).all():
        return {"type": "Constant", "val": tensor.flatten()[0].item()}
    return {"type": "Normal", "std": float(f"{tensor.square().mean().sqrt().item():.4g}")}


def describe(module, name="root"):
    layer = {"name": name, "class": type(module).__name__}
    params = [
        {"name": n, "shape": list(p.shape), "constructor": constructor(p.detach())}
        for n, p in module.named_parameters(recurse=False)
    ]
    children = [describe(child, n) for n, child in module.named_children()]
    return layer | ({"params": params} if params else {}) | ({"children": children} if children else {})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="?", default="weight-init")
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    print("| model | place | activation | measured | difference | measured | gradient | measured |")
    print("|---|---|---|---|---|---|---|---|")
    record, rows = [], []
    for name, (make, tokens) in MODELS.items():
        torch.manual_seed(0)
        model, x = make()
        description = describe(model)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.json")
            path.write_text(json.dumps(description))
            words = [options.command, "signal", str(path), "--json", "--tokens", str(tokens)]
            estimate = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        measured = measure(model, x)
        points = {p["path"]: p for p in estimate["points"] if p["path"] in measured and p["what"] != "sum"}
        names = [path for path in measured if path in points]
        for path in (names[0], names[len(names) // 2], names[-1]):
            point = points[path]
            both = zip([point["activation"], point["difference"], point["gradient"]], measured[path])
            print(f"| {name} | {path} | " + " | ".join(f"{a:.2g} | {b:.2g}" for a, b in both) + " |", flush=True)
        changed = sensitivity(model, x)
        kinds = ", ".join(warning["kind"] for warning in estimate["warnings"]) or "none"
        rows.append(f"| {name} | {estimate['sensitivity']:.2g} | {changed:.2g} | {kinds} |")
        numbers = {path: [float(f"{number:.4g}") for number in measured[path]] for path in names}
        record.append({"name": name, "tokens": tokens, "model": description, "measured": numbers,
                       "sensitivity": float(f"{changed:.4g}")})
    print("\n| model | sensitivity | measured | warnings |\n|---|---|---|---|")
    print("\n".join(rows))
    if options.record:
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in record)
        options.record.write_text(f"[{lines}]\n")


if __name__ == "__main__":
    main()

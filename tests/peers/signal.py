"""Measures what `weight-init signal` estimates: second moments of activations and gradients in PyTorch.

    python tests/peers/signal.py path/to/weight-init

Each model is described, estimated by the command, built and run forward and backward by PyTorch with standard normal inputs
and output gradients. The table shows both at the first and the last weights.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn

COMMAND = sys.argv[1] if len(sys.argv) > 1 else "weight-init"


def plain(kaiming):
    layers = []
    for _ in range(50):
        linear = nn.Linear(256, 256)
        if kaiming:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers), torch.randn(256, 256)


def post_norm(factor):
    layers = []
    for _ in range(48):
        layer = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True)
        for parameter in layer.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter, gain=factor)
            elif parameter is not layer.norm1.weight and parameter is not layer.norm2.weight:
                nn.init.zeros_(parameter)
        layers.append(layer)
    return nn.Sequential(*layers), torch.randn(4, 64, 128)


def sensitivity(model, x, epsilon=1e-3):
    """E[change²] / (ε²·E[output²]) where each weight changes by ε of itself, in f64."""
    model, x = model.double(), x.double()
    with torch.no_grad():
        before = model(x)
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(1 + epsilon * torch.randn_like(parameter))
        change = model(x) - before
    return (change.square().mean() / before.square().mean()).item() / epsilon**2


def measure(model, x):
    """Second moments behind each Linear module that is called: activation, gradient."""
    held = {}

    def hook(name):
        def keep(_module, _inputs, output):
            output.retain_grad()
            held[name] = output

        return keep

    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and not name.endswith("out_proj"):
            module.register_forward_hook(hook(name))
    output = model(x)
    output.backward(torch.randn_like(output))
    return {
        name: (tensor.square().mean().item(), tensor.grad.square().mean().item())
        for name, tensor in held.items()
    }


def constructor(tensor):
    """What a described parameter holds, by its moments: enough for the estimate."""
    if tensor.unique().numel() == 1:
        return {"type": "Constant", "val": tensor.flatten()[0].item()}
    return {"type": "Normal", "std": tensor.square().mean().sqrt().item()}


def describe(module, name="root"):
    return {
        "name": name,
        "class": type(module).__name__.replace("NonDynamicallyQuantizableLinear", "Linear"),
        "params": [
            {"name": n, "shape": list(p.shape), "constructor": constructor(p.detach())}
            for n, p in module.named_parameters(recurse=False)
        ],
        "children": [describe(child, n) for n, child in module.named_children()],
    }


def main():
    torch.manual_seed(0)
    # Branches of DeepNet's scale for 48 layers: weights times (8·48)^(-1/4).
    for name, (model, x) in {
        "plain ReLU, 50 layers, default": plain(False),
        "plain ReLU, 50 layers, Kaiming": plain(True),
        "post-norm, 48 layers, Xavier": post_norm(1.0),
        "post-norm, 48 layers, Xavier / 4.43": post_norm(384**-0.25),
    }.items():
        tokens = x.shape[1] if x.dim() == 3 else 1
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.json")
            path.write_text(json.dumps(describe(model)))
            words = [COMMAND, "signal", str(path), "--json", "--tokens", str(tokens)]
            estimate = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        points = {point["path"]: point for point in estimate["points"] if "Linear" in point["what"]}
        measured = measure(model, x)
        names = [path for path in measured if path in points]
        for path in (names[0], names[-1]):
            point, (q, g) = points[path], measured[path]
            print(f"| {name} | {path} | {point['activation']:.2e} | {q:.2e} | {point['gradient']:.2e} | {g:.2e} |")
        changed = sensitivity(model, x)
        kinds = ", ".join(warning["kind"] for warning in estimate["warnings"]) or "none"
        print(f"| {name} | sensitivity | {estimate['sensitivity']:.1f} | {changed:.1f} | warnings: {kinds} | |")


if __name__ == "__main__":
    main()

"""Print the description of a PyTorch model, for weight-init.

    from describe import describe
    json.dump(describe(model), open("model.json", "w"))

Layers stand in the order in which PyTorch registers them; what is reachable by two paths is described once and
tied to its first path. `init_cfg` is taken from modules that have one (mmengine's BaseModule).
"""

import json
import sys

import torch


def describe(model: torch.nn.Module) -> dict:
    """The tree of layers of `model`; `model.init_weights()` must not have run for Pretrained to be kept."""
    layers, tensors = {}, {}

    def layer(module, name, path):
        layers[id(module)] = path
        node = {"name": name, "class": type(module).__name__}
        node["bases"] = [base.__name__ for base in type(module).__bases__]
        if hasattr(module, "init_weights"):
            own = type(module).init_weights
            base = next((c for c in type(module).__mro__ if c.__name__ == "BaseModule"), None)
            node["init_weights"] = "module" if base and own is base.init_weights else "custom"
            node["init_cfg"] = getattr(module, "init_cfg", None)
        node["params"] = [param(key, p, join(path, key)) for key, p in module._parameters.items() if p is not None]
        node["buffers"] = [tensor(key, b) for key, b in module._buffers.items() if b is not None]
        node["aliases"] = aliases(module)
        node["children"] = [child(c, key, join(path, key)) for key, c in module._modules.items() if c is not None]
        return {key: value for key, value in node.items() if value not in ([], {})}

    def child(module, name, path):
        if id(module) in layers:
            return {"name": name, "same_as": layers[id(module)]}
        return layer(module, name, path)

    def param(name, p, path):
        if id(p) in tensors:
            return {"name": name, "same_as": tensors[id(p)]}
        tensors[id(p)] = path
        return tensor(name, p)

    return layer(model, "", "")


def tensor(name, t):
    return {"name": name, "shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch.")}


def aliases(module):
    """Properties of the class that lead to a layer below: mmdet's ResNet blocks call `bn3` also `norm3`."""
    paths = {id(m): path for path, m in module.named_modules() if path}
    found = {}
    for cls in type(module).__mro__:
        for name, member in vars(cls).items():
            if isinstance(member, property) and name not in found:
                try:
                    target = getattr(module, name)
                except Exception:  # a property may need a state that the model does not have yet
                    continue
                if isinstance(target, torch.nn.Module) and id(target) in paths:
                    found[name] = paths[id(target)]
    return found


def join(path, name):
    return f"{path}.{name}" if path else name


if __name__ == "__main__":
    example = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU())
    json.dump(describe(example), sys.stdout, indent=2)

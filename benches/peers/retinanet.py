"""A model as mmengine and PyTorch make it, out of a description: real layers, names, class names and init_cfg."""
import json
import logging


def retinanet(path):
    """A function that makes the described model anew."""
    import torch
    from mmengine.logging import MMLogger
    from mmengine.model import BaseModule

    logging.disable(logging.CRITICAL)
    MMLogger.get_instance("mmengine", log_level="CRITICAL")
    description = json.loads(path.read_text())
    description = description.get("model", description)
    classes = {}

    def class_of(name, is_module, bases):
        """A class of this name; of mmengine's if it has init_weights, with bases that rules can name."""
        key = (name, is_module, bases)
        if key not in classes:
            base = BaseModule if is_module else torch.nn.Module
            named = [type(base_name, (base,), {}) for base_name in bases if base_name not in ("Module", "BaseModule")]
            classes[key] = type(name, tuple(named) or (base,), {})
        return classes[key]

    def make(node):
        shapes = {param["name"]: param["shape"] for param in node.get("params", [])}
        if node["class"] == "Conv2d":
            out, inputs, *kernel = shapes["weight"]
            return torch.nn.Conv2d(inputs, out, kernel, bias="bias" in shapes)
        if node["class"] == "BatchNorm2d":
            return torch.nn.BatchNorm2d(shapes["weight"][0])
        is_module = "init_weights" in node
        kind = class_of(node["class"], is_module, tuple(node.get("bases", [])))
        init_cfg = without_pretrained(node.get("init_cfg"))
        layer = kind(init_cfg) if is_module else kind()
        for name, shape in shapes.items():
            layer.register_parameter(name, torch.nn.Parameter(torch.zeros(shape)))
        for child in node.get("children", []):
            layer.add_module(child["name"], make(child))
        for name, path in node.get("aliases", {}).items():
            setattr(kind, name, property(lambda self, path=path: self.get_submodule(path)))
        return layer

    return lambda: make(description)


def without_pretrained(init_cfg):
    """There is no checkpoint, on either side."""
    rules = init_cfg if isinstance(init_cfg, list) else [init_cfg] if init_cfg else []
    return [rule for rule in rules if rule["type"] != "Pretrained"] or None

"""Describes a PyTorch model for weight-init: its layers, shapes and init_cfg, without its weights.

    python describe.py torchvision.models:resnet50 num_classes=10 --out model.json
    python describe.py mmengine:configs/retinanet/retinanet_r50_fpn_1x_coco.py --out model.json
    python describe.py net.py:Net depth=50 --out model.json
    weight-init init model.json --out model.safetensors

or, where the model is at hand:

    from describe import write
    write(model, "model.json")

Layers stand in the order in which PyTorch registers them, parameters and buffers under the names of `state_dict()`.
What is reachable by two paths is described once and tied to its first path. `init_cfg` is taken from modules that have one
(mmengine's BaseModule); `model.init_weights()` must not have run, for it drops Pretrained rules.

Values of parameters are not written: they are what weight-init makes. Those of buffers are, for a description cannot say
them (attention masks, indices of positions, vectors of a spectral norm), unless they are the statistics of a norm. Large
ones, and those that JSON has no numbers for, go to a safetensors file beside the description, MODEL.buffers.safetensors.

Needs Python 3.8 and PyTorch 1.12 or newer, and nothing else. `weight-init describe` prints this file.
"""

import argparse
import ast
import ctypes
import difflib
import functools
import importlib
import importlib.util
import inspect
import json
import os
import sys
import types
import warnings

import torch

# Elements of a buffer that the description itself holds, at most.
SMALL = 64

# Element types that weight-init knows, by PyTorch's name, with their name in safetensors if it has them.
DTYPES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64",
    "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
    "uint16": "U16", "uint32": "U32", "uint64": "U64", "complex32": None, "complex64": "C64", "complex128": None,
    "float8_e4m3fn": "F8_E4M3", "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2": "F8_E5M2",
    "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0", "float4_e2m1fn_x2": None,
    "qint8": None, "quint8": None, "qint32": None, "quint4x2": None, "quint2x4": None,
}
NUMBERS = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")

# Whose layers weight-init knows by name, with what their constructors write.
KNOWN_PACKAGES = ("torch.nn.", "torchvision.ops.", "mmcv.", "mmengine.", "mmdet.")
# And classes of theirs that are derived from, but have no values.
CONTAINERS = ("Module", "Sequential", "ModuleList", "ModuleDict", "BaseModule", "BaseModel")


class DescribeError(Exception):
    """A model that cannot be described, or a command line that names none."""


def describe(model):
    """The tree of layers of a model, as a dict that JSON can hold; values of buffers stand in it, whatever their size."""
    return Describer(None).model(model)


def write(model, path):
    """Writes the description of a model to `path`, and large values of buffers to a safetensors file beside it."""
    companion = Companion(os.path.splitext(path)[0] + ".buffers.safetensors")
    description = Describer(companion).model(model)
    companion.write()
    with open(path, "w", encoding="utf-8") as file:
        json.dump(description, file, indent=1)
        file.write("\n")


class Describer:
    """Goes through a model once."""

    def __init__(self, companion):
        self.companion = companion
        self.layers = {}  # the path of every layer, by its identity
        self.tensors = {}  # the name of every parameter and buffer, by its memory
        self.names = []  # the names of `state_dict()`

    def model(self, model):
        description = self.layer(model, "", "")
        self.compare(model)
        return description

    def layer(self, module, name, path):
        cls = self.class_of(module)
        self.layers[id(module)] = path
        bases, mro, init_weights = facts(cls)
        node = {"name": name, "class": cls.__name__, "bases": bases, "mro": mro}
        if values_are_its_own(module, cls):
            node["rewrites"] = True
        if init_weights or "init_weights" in module.__dict__:
            node["init_weights"] = init_weights or "custom"
            node["init_cfg"] = init_cfg(getattr(module, "init_cfg", None))
        if isinstance(module, (torch.nn.Embedding, torch.nn.EmbeddingBag)) and module.padding_idx is not None:
            node["padding_idx"] = module.padding_idx
        node["params"] = [self.param(module, key, p, join(path, key))
                          for key, p in self.parameters_of(module) if p is not None]
        node["buffers"] = [self.buffer(module, key, b, join(path, key)) for key, b in module._buffers.items()
                           if b is not None and key not in module._non_persistent_buffers_set]
        node["aliases"] = self.aliases_of(module)
        node["children"] = [self.child(c, key, join(path, key)) for key, c in self.children_of(module) if c is not None]
        return {key: value for key, value in node.items() if value not in ([], {})}

    def class_of(self, module):
        return type(module)

    def parameters_of(self, module):
        return module._parameters.items()

    def children_of(self, module):
        return module._modules.items()

    def aliases_of(self, module):
        return aliases(module)

    def child(self, module, name, path):
        if id(module) in self.layers:
            first = self.layers[id(module)]
            self.names += [path + known[len(first):] for known in list(self.names) if known.startswith(first + ".")]
            return {"name": name, "same_as": first}
        return self.layer(module, name, path)

    def param(self, module, name, p, path):
        tensor = self.tensor(module, name, p, path)
        if "same_as" not in tensor and isinstance(module, torch.nn.PReLU) and hasattr(module, "init"):
            tensor["value"] = module.init
        if "same_as" not in tensor and name == "weight" and isinstance(module, torch.nn.modules.conv._ConvNd):
            # Which channels are connected; the shape does not tell.
            tensor |= {"groups": module.groups} if module.groups > 1 else {}
            tensor |= {"transposed": True} if module.transposed else {}
        return tensor

    def buffer(self, module, name, b, path):
        tensor = self.tensor(module, name, b, path)
        statistic = isinstance(module, torch.nn.modules.batchnorm._NormBase) and name in STATISTICS
        if "same_as" not in tensor and not statistic and not b.is_meta:
            value = self.value(b, tensor["dtype"], path)
            if value is not None:
                tensor["value"] = value
        return tensor

    def tensor(self, module, name, t, path):
        self.names.append(path)
        if torch.nn.parameter.is_lazy(t):
            message = (f"{path} of {type(module).__name__} has no shape yet, for the layer is lazy; run one forward pass, "
                       "model(example), before the model is described")
            raise DescribeError(message)
        memory = memory_of(t)
        if memory in self.tensors:
            return {"name": name, "same_as": self.tensors[memory]}
        self.tensors[memory] = path
        return {"name": name, "shape": list(t.shape), "dtype": dtype(t)}

    def value(self, t, type_name, path):
        """What a description says of the elements of a buffer; `None` of those that no file can hold."""
        if type_name in NUMBERS and json_has(t):
            flat = t.detach().reshape(-1).cpu()
            data, size = bits(flat), flat.element_size()
            if data and data == data[:size] * flat.numel():
                return numbers(flat[:1])[0]
            if flat.numel() <= SMALL or self.companion is None:
                return numbers(flat)
        if DTYPES.get(type_name) is None:
            return None
        if self.companion is None:
            message = (f"the buffer {path} holds {type_name} values that JSON has no numbers for; write(model, path) puts them "
                       "into a file beside the description")
            raise DescribeError(message)
        return self.companion.add(path, t, type_name)

    def compare(self, model):
        """Says where `state_dict()` has other names than the description: classes may write it as they like."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = {name for name, value in model.state_dict().items() if isinstance(value, torch.Tensor)}
        odd = sorted(found.symmetric_difference(self.names))
        if odd:
            shown = ", ".join(odd[:6]) + (", ..." if len(odd) > 6 else "")
            warnings.warn(f"state_dict() and the description differ in {len(odd)} names: {shown}", stacklevel=4)


# Buffers of norms, which start as zeros and ones.
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def init_cfg(value):
    """Rules as JSON can hold them: a class of a `type` by its name, an infinite bound as text."""
    if isinstance(value, dict):
        return {key: init_cfg(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [init_cfg(item) for item in value]
    if isinstance(value, type):
        # mmengine loads the class itself behind the children, as it does the name by which it is registered.
        loads = value.__name__ == "PretrainedInit" and value.__module__.startswith("mmengine.")
        return "Pretrained" if loads else f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value


@functools.lru_cache(maxsize=4096)
def facts(cls):
    """Names of the direct bases of a class, of all of them, and whether it has mmengine's `init_weights` or one of its own."""
    bases = [base.__name__ for base in cls.__bases__]
    mro = [base.__name__ for base in cls.__mro__[1:] if base not in (torch.nn.Module, object)]
    if not hasattr(cls, "init_weights"):
        return bases, mro, None
    base = next((c for c in cls.__mro__ if c.__name__ == "BaseModule"), None)
    inherited = base and cls.init_weights is base.init_weights
    return bases, mro, "module" if inherited else "custom"


def values_are_its_own(module, cls):
    """Whether code that weight-init does not know writes the values of a layer, though its name or bases are known."""
    for base in cls.__mro__:
        if is_known(base):
            if base is cls or base.__name__ not in CONTAINERS:
                return False
            # A class of its own, which may have the name of a known one.
            holds_layers = bool(module._modules) and hasattr(torch.nn, cls.__name__)
            return bool(module._parameters or module._buffers) or holds_layers
        if "reset_parameters" in vars(base) or "_reset_parameters" in vars(base):
            return True
    return False


@functools.lru_cache(maxsize=4096)
def is_known(cls):
    return (cls.__module__ + ".").startswith(KNOWN_PACKAGES)


def memory_of(t):
    """What two tensors have in common that are one: the object, or the whole memory with the same view of it."""
    # Subclasses that answer operations themselves (fake and distributed tensors) have no memory of their own to compare.
    if t.layout != torch.strided or t.is_meta or t.is_quantized or t.numel() == 0 or answers_itself(type(t)):
        return id(t)
    is_param = type(t) is torch.nn.Parameter or isinstance(t, torch.nn.Parameter)
    return (is_param, t.device, t.data_ptr(), t.dtype, t.shape, t.stride(), t.is_conj(), t.is_neg())


@functools.lru_cache(maxsize=256)
def answers_itself(cls):
    return getattr(cls, "__torch_dispatch__", None) is not getattr(torch.Tensor, "__torch_dispatch__", None)


def dtype(t):
    name = dtype_name(t.dtype)
    return name if name in DTYPES and t.layout == torch.strided and not getattr(t, "is_nested", False) else "opaque"


@functools.lru_cache(maxsize=256)
def dtype_name(dtype):
    return str(dtype).split(".")[-1]


def json_has(t):
    """Whether JSON has these numbers: none of them NaN or infinite, or beyond what a reader's float64 holds exactly."""
    if t.is_floating_point():
        return bool(t.isfinite().all())
    return t.dtype != torch.int64 or bool(((t >= -2**53) & (t <= 2**53)).all())


def numbers(t):
    """The elements as JSON writes them; a bool is 0 or 1."""
    return t.tolist() if t.is_floating_point() else [int(x) for x in t.tolist()]


def bits(t):
    """The elements of a tensor as bytes, row by row."""
    t = t.detach().cpu()
    for resolve in ("resolve_conj", "resolve_neg"):
        t = getattr(t, resolve, lambda t=t: t)()
    t = t.contiguous()
    return ctypes.string_at(t.data_ptr(), t.numel() * t.element_size()) if t.numel() else b""


class Companion:
    """A safetensors file that is to be written: https://github.com/huggingface/safetensors#format."""

    def __init__(self, path):
        self.path = path
        self.tensors = {}  # (name, data) by type, shape and data: many layers hold the same mask

    def add(self, name, t, type_name):
        """Takes a tensor, and says where it is."""
        data = bits(t)
        key = (type_name, tuple(t.shape), data)
        name, _ = self.tensors.setdefault(key, (name, data))
        return {"file": os.path.basename(self.path), "tensor": name}

    def write(self):
        """Writes the file; without tensors there is none."""
        if not self.tensors:
            return
        if sys.byteorder != "little":
            raise DescribeError("values of buffers are written on little-endian machines only")
        header, end = {}, 0
        for (type_name, shape, data), (name, _) in self.tensors.items():
            header[name] = {"dtype": DTYPES[type_name], "shape": shape, "data_offsets": [end, end + len(data)]}
            end += len(data)
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(self.path, "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for _, data in self.tensors.values():
                file.write(data)


def aliases(module):
    """Properties of the class that lead to a layer below: mmdet's ResNet blocks call `bn3` also `norm3`."""
    paths, found = None, {}
    for cls in type(module).__mro__:
        if cls is torch.nn.Module:
            break
        for name, member in vars(cls).items():
            if not isinstance(member, property) or name in found:
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    target = getattr(module, name)
            except Exception:  # a property may need a state that the model does not have yet
                continue
            if isinstance(target, torch.nn.Module):
                if paths is None:
                    paths = {id(m): path for path, m in module.named_modules() if path}
                if id(target) in paths:
                    found[name] = paths[id(target)]
    return found


def join(path, name):
    return f"{path}.{name}" if path else name


# --- the command ---


def build(target, arguments):
    """The model that a target of the command line names."""
    source, _, name = target.partition(":")
    if not source or not name:
        raise DescribeError(f"'{target}' names no model: expected MODULE:CALLABLE, FILE.py:CALLABLE or mmengine:CONFIG.py")
    if source == "mmengine" and os.path.splitext(name)[1] in (".py", ".json", ".yaml", ".yml"):
        return from_config(name, arguments)
    make = look_up(load(source), name)
    if isinstance(make, torch.nn.Module):
        if arguments:
            raise DescribeError(f"'{target}' is a model already and takes no arguments")
        return make
    if not callable(make):
        raise DescribeError(f"'{target}' is {type(make).__name__}, not a class or function that makes a model")
    try:
        model = make(**{**without_weights(make), **arguments})
    except Exception as error:
        raise DescribeError(f"{target} failed with {type(error).__name__}: {error}") from error
    if not isinstance(model, torch.nn.Module):
        raise DescribeError(f"{target} made {type(model).__name__}, not a torch.nn.Module")
    return model


def load(source):
    """A module by its name, or by its file."""
    if not source.endswith(".py"):
        sys.path.insert(0, os.getcwd())
        return imported(source)
    if not os.path.isfile(source):
        raise DescribeError(f"there is no file {source}")
    sys.path.insert(0, os.path.dirname(os.path.abspath(source)))
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(source))[0], source)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise DescribeError(f"{source} cannot be run: {type(error).__name__}: {error}") from error
    return module


def imported(name):
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise DescribeError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error


def look_up(module, name):
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, [n for n in dir(found) if not n.startswith("_")], 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise DescribeError(f"{getattr(found, '__name__', type(found).__name__)} has no '{part}'{hint}")
        found = getattr(found, part)
    return found


def without_weights(make):
    """Arguments that keep a function from loading weights where it does so by default."""
    off = {"weights": None, "weights_backbone": None, "pretrained": False, "pretrained_backbone": False}
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):
        return {}
    return {name: value for name, value in off.items()
            if name in parameters and parameters[name].default not in (inspect.Parameter.empty, value)}


def from_config(path, arguments):
    """The `model` of an OpenMMLab config, built but not initialized; arguments are laid over the config."""
    if not os.path.isfile(path):
        raise DescribeError(f"there is no config {path}")
    config, registry = imported("mmengine.config").Config, imported("mmengine.registry")
    without_operators()
    try:
        cfg = config.fromfile(path)
        cfg.merge_from_dict(arguments)
        if "model" not in cfg:
            raise DescribeError(f"{path} has no 'model'")
        registry.init_default_scope(cfg.get("default_scope", "mmengine"))
        return registry.MODELS.build(cfg.model)
    except DescribeError:
        raise
    except Exception as error:
        raise DescribeError(f"the model of {path} cannot be built: {type(error).__name__}: {error}") from error


def without_operators():
    """Lets mmcv be imported without its compiled operators, which not every installation has: a description runs none."""

    class Operators(types.ModuleType):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *args, **kwargs: None

    try:
        importlib.import_module("mmcv._ext")
    except ImportError:
        sys.modules["mmcv._ext"] = Operators("mmcv._ext")


def argument(text):
    """`key=value`, the value as Python has it, or else a string."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"'{text}' is not KEY=VALUE")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


def main():
    parser = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Describes a PyTorch model for weight-init, without loading weights.",
        epilog="examples:\n"
        "  describe.py torchvision.models:resnet50 num_classes=10 --out model.json\n"
        "  describe.py timm:create_model model_name=vit_tiny_patch16_224 --out model.json\n"
        "  describe.py net.py:Net --out model.json\n"
        "  describe.py mmengine:configs/retinanet/retinanet_r50_fpn_1x_coco.py --out model.json")
    parser.add_argument("model", help="MODULE:CALLABLE or FILE.py:CALLABLE that makes the model, or mmengine:CONFIG")
    parser.add_argument("arguments", nargs="*", type=argument, metavar="KEY=VALUE",
                        help="arguments of the callable; of a config, values that replace its own (model.backbone.depth=101)")
    parser.add_argument("--out", metavar="FILE.json",
                        help="the description; without it, it is printed, with values of buffers of any size in it")
    options = parser.parse_intermixed_args()
    try:
        model = build(options.model, dict(options.arguments))
        if options.out is None:
            json.dump(describe(model), sys.stdout, indent=1)
            print()
        else:
            write(model, options.out)
    except (DescribeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Random models with random init_cfgs: what the real mmengine writes, and what the plan says.

    python tests/peers/differential.py target/release/weight-init [--cases 3000] [--seed 0] [--keep FOLDER]

needs PyTorch and mmengine. Each case is a live model of real layers of torch.nn and mmengine's modules. The functions of
`torch.nn.init` and mmengine's loading of checkpoints note which parameter they write, with which arguments, while
mmengine's `init_weights()` or `initialize()` runs; the last note of a parameter is compared with `plan --format json` of the
model as describe.py describes it. Rules have booleans as numbers, class paths, classes, `_scope_`, scoped Pretrained, infinite
bounds, overrides, globs of classes; modules have classes with an `init_weights` of their own, that call the inherited one or
read their init_cfg in their own way.

Where mmengine fails the command must refuse. Where it does not, the command may refuse a case with a malformed rule, which
mmengine did not reach, and one with a fault below a class that reads its init_cfg itself and initializes nothing. Left out
are truth values as Kaiming's `a`, which `calculate_gain` refuses for a leaky ReLU alone, and recurrent layers: every rule that
reaches one fails in mmengine, because their `bias` is a truth value. Prints the count of each outcome and every difference. Exit code 1 if there is one.
"""

import argparse
import collections
import contextlib
import json
import logging
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings

import mmengine.model
import torch
from mmengine.model import BaseModule, ModuleDict, ModuleList, Sequential, initialize, weight_init
from torch import nn

from command import load_describe

describe = load_describe()


class MyLinear(nn.Linear):
    pass


class MyConv(nn.Conv2d):
    pass


class Raw(nn.Module):
    """Parameters of its own, some of which a rule for whole modules writes."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 5))
        self.bias = nn.Parameter(torch.zeros(4))
        self.scale = nn.Parameter(torch.ones(1))


class Foo(BaseModule):
    pass


class Bar(Foo):
    pass


class Calls(BaseModule):
    """Adds nothing to what it inherits."""

    def init_weights(self):
        super().init_weights()


class Reads(BaseModule):
    """Reads its init_cfg in its own way, as Swin and PVT do, and initializes no child."""

    def init_weights(self):
        pass


LEAVES = [
    lambda: nn.Linear(3, 4),
    lambda: nn.Linear(3, 4, bias=False),
    lambda: MyLinear(4, 2),
    lambda: nn.Conv2d(2, 4, 3),
    lambda: nn.Conv2d(4, 4, 3, groups=2, bias=False),
    lambda: MyConv(2, 3, (1, 3)),
    lambda: nn.Conv1d(2, 3, 3),
    lambda: nn.Conv3d(2, 2, 2),
    lambda: nn.ConvTranspose2d(4, 2, 3),
    lambda: nn.BatchNorm2d(4),
    lambda: nn.BatchNorm1d(3, affine=False),
    lambda: nn.LayerNorm(6),
    lambda: nn.GroupNorm(2, 4),
    lambda: nn.Embedding(5, 3),
    lambda: nn.Embedding(5, 3, padding_idx=1),
    lambda: nn.EmbeddingBag(4, 3),
    lambda: nn.PReLU(),
    lambda: nn.ReLU(),
    lambda: nn.MultiheadAttention(4, 2),
    lambda: nn.Bilinear(2, 3, 4),
    Raw,
]

CLASSES = ["Linear", "Conv2d", "MyLinear", "MyConv", "Conv1d", "Conv3d", "ConvTranspose2d", "_ConvNd", "_ConvTransposeNd",
           "BatchNorm2d", "_BatchNorm", "_NormBase", "LayerNorm", "GroupNorm", "Embedding", "EmbeddingBag", "Raw", "Foo", "Bar",
           "Sequential", "ModuleList", "BaseModule", "Module", "Bilinear", "NonDynamicallyQuantizableLinear"]

NAMES = ["conv", "norm", "fc", "head", "neck", "a", "b"]

NUMBERS = [0, 1, -1, 2, 0.01, 0.02, 0.5, 1.5, True, False, 3, 1e-3]

TYPES = {
    "Constant": {"val": NUMBERS},
    "Xavier": {"gain": [1, 2, 0.5, True, False], "distribution": ["normal", "uniform"]},
    "Normal": {"mean": NUMBERS, "std": [1, 0.01, 0.5, True, False, 0]},
    "TruncNormal": {"mean": [0, 0.1, False], "std": [1, 0.02, True], "a": [-2, -1, float("-inf"), -0.5], "b": [2, 1, float("inf"), True]},
    "Uniform": {"a": [0, -1, False, -0.1], "b": [1, 2, True, 0.5]},
    "Kaiming": {"a": [0, 1, 0.1], "mode": ["fan_in", "fan_out"], "nonlinearity": ["relu", "leaky_relu"],
                "distribution": ["normal", "uniform"]},
    "Caffe2Xavier": {},
}

CLASS_OF = {"Constant": "ConstantInit", "Xavier": "XavierInit", "Normal": "NormalInit", "TruncNormal": "TruncNormalInit",
            "Uniform": "UniformInit", "Kaiming": "KaimingInit", "Caffe2Xavier": "Caffe2XavierInit", "Pretrained": "PretrainedInit"}


class Case:
    """A model, the call, and whether a rule is malformed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.malformed = False
        self.layers = 0
        self.names = NAMES  # of the children of the module at hand
        self.model = self.module(0, root=True)
        if self.one_in(8):
            self.tie()
        self.names = [name for name, _ in self.model.named_children()]
        self.rules = self.init_cfg() if self.one_in(4) else None
        if self.rules is not None and not isinstance(self.rules, (dict, list)):
            self.rules = None

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def module(self, depth, root=False):
        """A layer, with init_cfg where its class takes one."""
        self.layers += 1
        if not root and (depth > 3 or self.layers > 14 or self.random.random() < 0.5):
            return self.random.choice(LEAVES)()
        kind = self.random.choice([Foo, Bar, Foo, Bar, Sequential, ModuleList, ModuleDict, Calls, Reads, nn.Sequential])
        if root:
            kind = self.random.choice([Foo, Bar, Calls])
        names = self.random.sample(NAMES, self.random.randint(1, 4))
        children = {name: self.module(depth + 1) for name in names}
        if kind is nn.Sequential:
            return kind(*children.values())
        self.names = ["0"] if kind in (Sequential, ModuleList) else names
        init_cfg = self.odd() if kind is Reads and self.one_in(2) else self.init_cfg()
        if kind in (Sequential, ModuleList):
            items = list(children.values())
            return kind(*items, init_cfg=init_cfg) if kind is Sequential else kind(items, init_cfg=init_cfg)
        if kind is ModuleDict:
            return kind(children, init_cfg=init_cfg)
        made = kind(init_cfg=init_cfg)
        for name, child in children.items():
            made.add_module(name, child)
        if self.one_in(6):
            made.own = nn.Parameter(torch.zeros(3, 2))
        return made

    def tie(self):
        """One layer, or one weight, at two places."""
        layers = [m for m in self.model.modules() if isinstance(m, nn.Linear)]
        if len(layers) < 2:
            return
        first, second = self.random.sample(layers, 2)
        if self.one_in(2) and first.weight.shape == second.weight.shape:
            second.weight = first.weight
        else:
            self.model.add_module("tied", first)

    def odd(self):
        """An init_cfg that only its own class understands."""
        return self.random.choice([
            {"checkpoint": "x.pth"},
            {"type": "Pretrained", "checkpoint": "x.pth", "depth": 50},
            {"type": "Kaiming", "layer": "Linear", "own": [1, 2]},
            [{"type": "Constant", "val": 1, "layer": "Conv2d"}, {"kind": "other"}],
            {"type": "Normal", "layer": "Linear", "override": {"name": "atss_cls", "type": "Normal", "std": 0.01}},
            {"type": "OwnInit", "gain": 2},
        ])

    def init_cfg(self):
        choice = self.random.random()
        if choice < 0.2:
            return None
        if choice < 0.6:
            return self.rule()
        return [self.rule() for _ in range(self.random.randint(0, 3))]

    def rule(self):
        if self.one_in(10):
            return self.named("Pretrained", {"checkpoint": "x.pth", **({"prefix": "a."} if self.one_in(3) else {})})
        rule = self.initializer()
        if not self.one_in(5):
            classes = self.random.sample(CLASSES, self.random.randint(1, 3))
            rule["layer"] = classes[0] if len(classes) == 1 and self.one_in(2) else classes
        if self.one_in(4):
            overrides = [self.override() for _ in range(self.random.randint(1, 2))]
            rule["override"] = overrides[0] if len(overrides) == 1 else overrides
        elif "layer" not in rule and self.one_in(2):
            rule["override"] = self.override()
        if self.one_in(60):
            self.malformed = True
            rule[self.random.choice(["vall", "layers", "gains"])] = 1
        return rule

    def initializer(self):
        kind = self.random.choice(list(TYPES))
        arguments = {key: self.random.choice(values) for key, values in TYPES[kind].items() if self.one_in(2)}
        if kind == "Constant":
            arguments.setdefault("val", self.random.choice(NUMBERS))
        if self.one_in(3):
            arguments["bias"] = self.random.choice(NUMBERS)
        if self.one_in(8) and kind != "Caffe2Xavier":
            arguments["bias_prob"] = self.random.choice([0.01, 0.5, 0.99])
        return self.named(kind, arguments)

    def named(self, kind, arguments):
        """By the name in the registry, its class's path, with the scope in front or beside, or the class itself."""
        choice = self.random.random()
        if choice < 0.1:
            name = "mmengine.model." + CLASS_OF[kind]
        elif choice < 0.15:
            name = "mmengine.model.weight_init." + CLASS_OF[kind]
        elif choice < 0.2:
            name = "mmengine." + kind
        elif choice < 0.25:
            name = getattr(weight_init, CLASS_OF[kind])
        else:
            name = kind
        rule = {"type": name, **arguments}
        if self.one_in(10):
            rule["_scope_"] = "mmengine"
        return rule

    def override(self):
        name = self.random.choice(NAMES if self.one_in(24) else self.names)
        if self.one_in(4):
            return {"name": name}
        override = {"name": name, **self.initializer()}
        if self.one_in(40):
            self.malformed = True
            del override[self.random.choice(["name", "type"])]
        return override


class Notes:
    """Who wrote a parameter last, while mmengine runs."""

    FUNCTIONS = {
        "constant_": ("constant", ["val"]),
        "normal_": ("normal", ["mean", "std"]),
        "uniform_": ("uniform", ["a", "b"]),
        "xavier_normal_": ("xavier_normal", ["gain"]),
        "xavier_uniform_": ("xavier_uniform", ["gain"]),
        "kaiming_normal_": ("kaiming_normal", ["a", "mode", "nonlinearity"]),
        "kaiming_uniform_": ("kaiming_uniform", ["a", "mode", "nonlinearity"]),
    }
    DEFAULTS = {"mean": 0, "std": 1, "a": 0, "b": 1, "gain": 1, "mode": "fan_in", "nonlinearity": "leaky_relu"}

    def __init__(self):
        self.last = {}

    @contextlib.contextmanager
    def taken(self):
        saved = [(nn.init, name, getattr(nn.init, name)) for name in self.FUNCTIONS]
        saved += [(weight_init, "trunc_normal_", weight_init.trunc_normal_)]
        saved += [(weight_init.PretrainedInit, "__call__", weight_init.PretrainedInit.__call__)]
        for name, (init, parameters) in self.FUNCTIONS.items():
            setattr(nn.init, name, self.noting(getattr(nn.init, name), init, parameters))
        weight_init.trunc_normal_ = self.noting(weight_init.trunc_normal_, "trunc_normal", ["mean", "std", "a", "b"])
        weight_init.PretrainedInit.__call__ = self.loading()
        try:
            yield
        finally:
            for owner, name, value in saved:
                setattr(owner, name, value)

    def noting(self, function, init, parameters):
        def noted(tensor, *values, **named):
            result = function(tensor, *values, **named)
            arguments = {**self.DEFAULTS, **dict(zip(parameters, values)), **named}
            self.last[id(tensor)] = (init, {key: arguments[key] for key in parameters})
            return result
        return noted

    def loading(self):
        def load(initializer, module):
            for parameter in module.parameters():
                self.last[id(parameter)] = ("pretrained", {})
        return load


def mmengine_says(case):
    """The last writer of each parameter, or the error."""
    names = {id(parameter): name for name, parameter in reversed(list(case.model.named_parameters()))}
    notes = Notes()
    try:
        with notes.taken(), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if case.rules is None:
                case.model.init_weights()
            else:
                initialize(case.model, case.rules)
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"
    return {names[key]: value for key, value in notes.last.items() if key in names}, None


def command_says(binary, folder, rules):
    line = [binary, "plan", folder / "model.json", "--format", "json", "--pretrained", "assume"]
    if rules:
        line += ["--init-cfg", folder / "init_cfg.json"]
    done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout), None
    return None, f"exit code {done.returncode}: {done.stderr.strip()}"


def own(model):
    """The names of parameters below a class that reads its init_cfg in its own way."""
    below = set()
    for path, module in model.named_modules(remove_duplicate=False):
        if isinstance(module, Reads):
            below.update(id(parameter) for parameter in module.parameters())
    return {name for name, parameter in model.named_parameters() if id(parameter) in below}


def below_own(model, refusal):
    """Whether the refusal is of a rule that mmengine does not reach, for a class above it initializes nothing."""
    found = re.search(r"rule \d+ of (\S+) ", refusal)
    names = found.group(1).split(".") if found else []
    above = [".".join(names[:end]) for end in range(1, len(names) + 1)]
    return any(isinstance(model.get_submodule(path), Reads) for path in above)


def is_lenient(model, warning):
    """Whether it is of an init_cfg of a class with its own `init_weights`, in which a fault is no error."""
    owner = model.get_submodule(warning["module"])
    return isinstance(owner, (Calls, Reads)) and warning["kind"] in ("doubtful", "override_never_won")


def compare(plan, noted, left_out):
    """What differs, in words."""
    for name, param in plan["params"].items():
        if name in left_out:
            continue
        init = param["init"] if param["by"] is not None else "untouched"
        arguments = param["args"]
        right, right_arguments = noted.get(name, ("untouched", {}))
        if init != right:
            yield f"{name}: {init}{arguments}, not {right}{right_arguments}"
        elif init not in ("untouched", "pretrained"):
            found = {key: value_of(value) for key, value in arguments.items()}
            expected = {key: value_of(value) for key, value in right_arguments.items()}
            if found != expected:
                yield f"{name}: {init}{found}, not {expected}"


def value_of(value):
    if isinstance(value, str) and value.lstrip("-") != "inf":
        return value
    return float(value)


def check(binary, seed, keep):
    """The outcome of a case and its differences."""
    torch.manual_seed(seed)
    case = Case(seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(keep) / str(seed) if keep else pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            describe.write(case.model, str(folder / "model.json"))
        if case.rules is not None:
            (folder / "init_cfg.json").write_text(json.dumps(describe.init_cfg(case.rules)))
        left_out = own(case.model)
        plan, refusal = command_says(binary, folder, case.rules is not None)
        noted, failure = mmengine_says(case)
    if failure and refusal:
        return "both refuse", []
    if failure and any(is_lenient(case.model, warning) for warning in plan["warnings"]):
        return "warned of, for the class has an init_weights of its own", []
    if failure:
        return "DIFFERENT", [f"mmengine fails: {failure}"]
    if refusal and below_own(case.model, refusal):
        return "refused below a class that initializes nothing", []
    if refusal:
        return ("malformed where mmengine did not look", []) if case.malformed else ("DIFFERENT", [refusal])
    differences = list(compare(plan, noted, left_out))
    return ("DIFFERENT" if differences else "equal"), differences


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("binary")
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    parser.add_argument("--keep", help="a folder for what the command reads")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    mmengine.logging.print_log = lambda *values, **named: None
    outcomes, params = collections.Counter(), 0
    for seed in range(arguments.seed, arguments.seed + arguments.cases):
        outcome, differences = check(arguments.binary, seed, arguments.keep)
        outcomes[outcome] += 1
        for difference in differences:
            print(f"case {seed}: {difference}")
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()),
          f"(mmengine {mmengine.__version__}, PyTorch {torch.__version__})")
    sys.exit(outcomes["DIFFERENT"] > 0)


if __name__ == "__main__":
    main()

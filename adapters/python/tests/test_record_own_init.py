"""A recorded ``init_weights`` of a class's own takes its place among the writes of rules: what the real mmengine does is what a
plan says, also of rules that are laid over the recording.

All writes are constants, each of a number of its own, so that the last writer of every parameter is seen in its values.
"""

import itertools
import json
import logging
import random
import subprocess

import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
pytest.importorskip("mmengine")
from mmengine.model import BaseModule, Sequential  # noqa: E402
from torch import nn  # noqa: E402

import weight_init.mmengine  # noqa: E402


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Base(BaseModule):
    """A module with two layers and some modules below; ``number`` is what its own code writes."""

    def __init__(self, number, children, init_cfg=None):
        super().__init__(init_cfg=init_cfg)
        self.number = number
        self.fc, self.norm = nn.Linear(2, 2), nn.LayerNorm(2)
        self.scale = nn.Parameter(torch.zeros(2))
        for index, child in enumerate(children):
            self.add_module(f"m{index}", child)

    def linears(self):
        return [m for m in self.modules() if isinstance(m, nn.Linear)]


class Around(Base):
    """Writes before and after its rules and children."""

    def init_weights(self):
        for m in self.linears():
            nn.init.constant_(m.weight, self.number)
            nn.init.constant_(m.bias, self.number)
        super().init_weights()
        nn.init.constant_(self.fc.bias, self.number + 1)
        nn.init.constant_(self.scale, self.number + 2)


class After(Base):
    """Writes into all that is below when that has written, as DETR's heads do."""

    def init_weights(self):
        super().init_weights()
        for m in self.linears()[:3]:
            nn.init.constant_(m.weight, self.number)


class Alone(Base):
    """Calls nothing, as Swin does."""

    def init_weights(self):
        for m in self.linears():
            nn.init.constant_(m.weight, self.number)


class ByHand(Base):
    """Calls its children itself, and no rule."""

    def init_weights(self):
        nn.init.constant_(self.fc.weight, self.number)
        for child in self.children():
            if hasattr(child, "init_weights"):
                child.init_weights()
                nn.init.constant_(self.fc.bias, self.number)
        if self.number % 2:
            for m in self.linears():
                nn.init.constant_(m.weight, self.number)


class Again(Base):
    """Calls what is below once more when it has written, as Deformable DETR does."""

    def init_weights(self):
        super().init_weights()
        for m in self.linears():
            nn.init.constant_(m.bias, self.number)
        for m in self.modules():
            if isinstance(m, Alone):
                m.init_weights()


class Derived(Around):
    """Has the code of its base class, and more."""

    def init_weights(self):
        nn.init.constant_(self.norm.weight, self.number)
        super().init_weights()
        nn.init.constant_(self.norm.bias, self.number)


CLASSES = [Base, Base, Around, After, Alone, ByHand, Again, Derived]


def tree(random, numbers, depth=0):
    """A random module."""
    below = [tree(random, numbers, depth + 1) for _ in range(random.randint(0, 2 if depth < 3 else 0))]
    if below and random.random() < 0.3:
        wrapped = below.pop()
        below.append(random.choice([Sequential, nn.Sequential])(wrapped))
    return random.choice(CLASSES)(next(numbers), below)


def rules(random, numbers, names):
    """A random init_cfg of a module with these children."""
    found = []
    for _ in range(random.randint(0, 2)):
        rule = dict(type="Constant", val=next(numbers), bias=next(numbers), layer=random.choice(["Linear", "LayerNorm"]))
        if random.random() < 0.4:
            rule["override"] = dict(type="Constant", val=next(numbers), bias=next(numbers), name=random.choice(names))
        found.append(rule)
    return found


def lay(random, numbers, model):
    """Gives modules new rules, and the nodes of the description the same ones."""
    for path, module in model.named_modules():
        if isinstance(module, BaseModule) and random.random() < 0.7:
            names = [name for name, _ in module.named_children()]
            module.init_cfg = rules(random, numbers, names) if names else None


def nodes(node, path=""):
    yield path, node
    for child in node.get("children", ()):
        yield from nodes(child, f"{path}.{child['name']}" if path else child["name"])


def filled(command, folder, description):
    (folder / "net.json").write_text(json.dumps(description))
    out = folder / "net.safetensors"
    words = [command, "init", str(folder / "net.json"), "--seed", "1", "--out", str(out)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return safetensors.load_file(str(out))


def compare(command, folder, model, description):
    """What the real mmengine leaves in the model is what the plan writes; what no one writes is random in both."""
    found = filled(command, folder, description)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    model.init_weights()
    for name, p in model.named_parameters():
        if not torch.equal(p, before[name]):
            assert torch.equal(p, found[name]), f"{name}: {p.flatten()[:2].tolist()} there, {found[name].flatten()[:2].tolist()} here"
        elif bool((p == p.flatten()[0]).all()):
            assert torch.equal(p, found[name]), name
        else:
            assert float(found[name].std()) > 0, f"{name} is written here alone"


@pytest.mark.parametrize("seed", range(40))
def test_rules_find_own_writes_in_their_place(seed, tmp_path, command):
    """The recording of a model without rules, and rules laid over it; the same model with these rules, and mmengine."""
    def build():
        return tree(random.Random(seed), itertools.count(10, 10))

    description = weight_init.mmengine.record(build)
    model = build()
    lay(random.Random(seed + 1000), itertools.count(10_001), model)
    modules = dict(model.named_modules())
    for path, node in nodes(description):
        init_cfg = getattr(modules[path], "init_cfg", None)
        if init_cfg:
            node["init_cfg"] = init_cfg
    compare(command, tmp_path, model, description)


@pytest.mark.parametrize("seed", range(20))
def test_a_recording_with_rules_is_what_mmengine_does(seed, tmp_path, command):
    def build():
        model = tree(random.Random(seed), itertools.count(10, 10))
        lay(random.Random(seed + 2000), itertools.count(10_001), model)
        return model

    compare(command, tmp_path, build(), weight_init.mmengine.record(build))


def test_a_checkpoint_comes_after_own_writes_below_it_and_before_those_above(tmp_path, command):
    def build():
        inner = Around(10, [])
        inner.init_cfg = dict(type="Pretrained", checkpoint=str(tmp_path / "inner.pth"))
        return After(20, [Base(30, [inner])])

    state = {"fc.weight": torch.full((2, 2), 5.0), "fc.bias": torch.full((2,), 6.0), "norm.weight": torch.full((2,), 7.0)}
    torch.save(state, tmp_path / "inner.pth")
    description = weight_init.mmengine.record(build)
    assert description["children"][2]["children"][2]["init_cfg"]["type"] == "Pretrained"
    compare(command, tmp_path, build(), description)


def test_a_checkpoint_that_a_class_loads_itself_stays_a_checkpoint(tmp_path, command):
    """PVT's `init_cfg=dict(checkpoint=...)`, without a type."""
    class Itself(Base):
        def init_weights(self):
            if self.init_cfg is None:
                nn.init.constant_(self.fc.weight, self.number)
            else:
                self.load_state_dict(torch.load(self.init_cfg["checkpoint"]), strict=False)

    def build():
        return Base(20, [Itself(10, [], dict(checkpoint=str(tmp_path / "inner.pth")))])

    torch.save({"fc.weight": torch.full((2, 2), 5.0)}, tmp_path / "inner.pth")
    description = weight_init.mmengine.record(build)
    (write,) = description["children"][2]["children"][0]["params"][0]["own_init"]
    assert write["constructor"] == {"type": "Constant", "val": 10}
    compare(command, tmp_path, build(), description)


def test_the_code_and_its_place_are_told(tmp_path, command):
    description = weight_init.mmengine.record(lambda: Around(10, [Alone(20, [])]))
    weight, bias = description["children"][0]["params"]
    assert [(write["module"], write["after"]) for write in bias["own_init"]] == [("", False), ("", True)]
    assert "Around.init_weights" in weight["own_init"][0]["by"]
    (tmp_path / "net.json").write_text(json.dumps(description))
    done = subprocess.run([command, "plan", str(tmp_path / "net.json")], capture_output=True, text=True, check=True)
    assert "warning" not in done.stderr, done.stderr
    rule = {"type": "Constant", "val": 3, "layer": "Linear"}
    description["init_cfg"], description["children"][2]["init_cfg"] = rule, rule
    (tmp_path / "net.json").write_text(json.dumps(description))
    explain = [command, "explain", str(tmp_path / "net.json")]
    said = subprocess.run([*explain, "fc.bias"], capture_output=True, text=True, check=True).stdout
    assert "after the rules, the model's own code gives it constant(val=11), by Around.init_weights" in said
    plan = subprocess.run([command, "plan", str(tmp_path / "net.json")], capture_output=True, text=True, check=True)
    assert "does nothing: that init_weights runs no init_cfg" in plan.stderr

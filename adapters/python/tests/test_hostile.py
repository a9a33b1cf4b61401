"""Absurd arguments give exceptions, and leave a model as it was."""

import math

import pytest

torch = pytest.importorskip("torch")
from torch import nn

import weight_init
from equal import same


def nested(depth, make):
    value = {"type": "Normal"}
    for _ in range(depth):
        value = make(value)
    return value


def cycle():
    rules = []
    rules.append(rules)
    return rules


class LyingList(list):
    def __len__(self):
        return 2**62


class LyingDict(dict):
    def __len__(self):
        return -1


class LyingNumber:
    ndim = 0

    def item(self):
        return self


class Angry(str):
    def __str__(self):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    __hash__ = str.__hash__


RULE = {"type": "Normal", "layer": "Linear"}
HOSTILE = [
    {**RULE, "std": 10**400}, {**RULE, "std": 2**64}, {**RULE, "std": 10**5000}, {**RULE, "std": -1}, {**RULE, "std": math.nan},
    {**RULE, "std": math.inf}, {**RULE, "std": 1e308}, {**RULE, "std": "\ud800"}, {**RULE, "std": b"1"}, {**RULE, "std": {1, 2}},
    {**RULE, "std": LyingNumber()}, {**RULE, "std": object()}, {**RULE, "std": 1j}, {**RULE, (1, 2): 3}, {**RULE, "\0": 3},
    {**RULE, "layer": ["x" * 1000] * 100_000 + [3]}, {**RULE, "layer": 5}, {1: 2},
    nested(100_000, lambda value: [value]), nested(100_000, lambda value: {"type": "Normal", "override": value}),
    nested(500, lambda value: [value]), cycle(), [cycle()], LyingList([3]), LyingDict(typ="Normal"), [None], [[]], 3, b"rules",
    object(), type, {"type": object}, {"type": "Pretrained", "checkpoint": "x" * 100_000}, {"type": "Pretrained", "checkpoint": "\0"},
    "", "/", "\0", "nowhere.json", Angry("nowhere.py"),
]


@pytest.mark.parametrize("rules", HOSTILE, ids=range(len(HOSTILE)))
def test_rules(rules):
    model = nn.Sequential(nn.Linear(3, 4))
    before = model[0].weight.detach().clone()
    with pytest.raises((weight_init.WeightInitError, OSError, ValueError, RuntimeError)) as caught:
        weight_init.init_(model, rules, seed=1, offline=True)
    assert len(str(caught.value)) < 10_000_000
    assert same(model[0].weight, before)


def test_rules_with_lies_about_their_length_are_read_by_their_content():
    model = nn.Sequential(nn.Linear(3, 4))
    assert weight_init.init_(model, LyingList([RULE]), seed=1).written == ["0.weight", "0.bias"]
    assert weight_init.init_(model, LyingDict(RULE), seed=1).written == ["0.weight", "0.bias"]


@pytest.mark.parametrize("seed", [-1, 2**64, 10**5000, True, 1.0, "1", None, [1]], ids=range(8))
def test_seeds(seed):
    with pytest.raises((TypeError, ValueError)):
        weight_init.init_(nn.Linear(3, 4), RULE, seed=seed)


@pytest.mark.parametrize("threads", [0, -1, 10**9, 10**400, 1.5, "2"])
def test_threads(threads):
    with pytest.raises((TypeError, ValueError)):
        weight_init.init_(nn.Linear(3, 4), RULE, seed=1, threads=threads)


def test_models():
    for model in (None, 3, {}, torch.zeros(3), nn.Linear):
        with pytest.raises(weight_init.ModelError, match="expected a torch.nn.Module"):
            weight_init.init_(model, RULE, seed=1)
    deep = nn.Linear(2, 2)
    for _ in range(5000):
        deep = nn.Sequential(deep)
    with pytest.raises((weight_init.WeightInitError, RecursionError)):
        weight_init.init_(deep, RULE, seed=1)
    # Takes PyTorch's own recursion out of the garbage collector's way.
    while isinstance(deep, nn.Sequential):
        deep = deep[0]


def test_an_init_cfg_of_a_module_that_is_no_data():
    for rules in (HOSTILE[9], cycle(), nested(100_000, lambda value: [value]), {**RULE, "std": 10**5000}):
        model = nn.Linear(3, 4)
        model.init_weights, model.init_cfg = (lambda: None), rules
        with pytest.raises((weight_init.WeightInitError, RecursionError)):
            weight_init.init_(nn.ModuleDict(dict(fc=model)), seed=1)

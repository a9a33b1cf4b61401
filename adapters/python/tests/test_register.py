"""Initializers written in Python."""

import math
import threading
from typing import Literal

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import weight_init  # noqa: E402
from equal import same  # noqa: E402

CALLS = []


@weight_init.register
def FanScaled(fans, shape, *, scale: float = 1.0, mode: Literal["fan_in", "fan_out"] = "fan_in", twice: bool = False, layers: int = 1):
    """Variance scale/fan.

    Yann LeCun and others: Efficient BackProp, 1998.
    """
    CALLS.append(shape)
    std = math.sqrt(scale / getattr(fans, mode) / layers)
    return dict(type="Normal", std=2 * std if twice else std)


@weight_init.register(name="Rows")
def rows(shape, low: float):
    if shape[0] == 13:
        raise RuntimeError("an unlucky number")
    return dict(type="Uniform", a=low, b=low + shape[0])


def net():
    return nn.Sequential(nn.Linear(16, 8), nn.Conv2d(4, 6, 3), nn.LayerNorm(5))


def test_a_registered_function_decides_by_arguments_shape_and_fans():
    ours, theirs = net(), net()
    rule = dict(type="FanScaled", scale=2, mode="fan_out", twice=True, layers=3, bias=0.5, layer=["Linear", "Conv2d"])
    report = weight_init.init_(ours, rule, seed=42)
    assert len(report.written) == 4
    std = {name: 2 * math.sqrt(2 / fan_out / 3) for name, fan_out in (("0", 8), ("1", 54))}
    overrides = [dict(type="Normal", std=std[name], bias=0.5, name=name) for name in std]
    weight_init.init_(theirs, dict(type="Constant", val=0, override=overrides), seed=42)
    assert all(same(a, b) for a, b in zip(list(ours.parameters())[:4], list(theirs.parameters())[:4]))
    assert weight_init.verify(ours, rule, seed=42) is None
    table = str(weight_init.plan(ours, rule))
    assert "FanScaled(scale=2, mode=fan_out, twice=true, layers=3)" in table, table
    assert "FanScaled(scale=2" in str(weight_init.explain(ours, "0.weight", rule))


def test_it_is_asked_once_for_each_shape():
    CALLS.clear()
    model = nn.Sequential(*(nn.Linear(11, 12) for _ in range(20)))
    weight_init.init_(model, dict(type="FanScaled", scale=7, layer="Linear"), seed=1)
    weight_init.init_(model, dict(type="FanScaled", scale=7, layer="Linear"), seed=2)
    assert CALLS == [(12, 11)]


def test_it_may_stand_in_a_file_and_be_given_itself(tmp_path):
    (tmp_path / "rules.py").write_text("init_cfg = dict(type='Rows', low=3.0, layer='Linear')")
    from_file, by_name, itself = nn.Linear(4, 5), nn.Linear(4, 5), nn.Linear(4, 5)
    weight_init.init_(from_file, tmp_path / "rules.py", seed=1)
    weight_init.init_(by_name, dict(type="Uniform", a=3, b=8, layer="Linear"), seed=1)
    weight_init.init_(itself, dict(type=rows, low=3, layer="Linear"), seed=1)
    assert same(from_file.weight, by_name.weight) and same(itself.weight, by_name.weight)


@pytest.mark.parametrize("rule, parts", [
    (dict(type="FanScaled", scal=2, layer="Linear"), ["unknown key 'scal' of a FanScaled rule", "did you mean 'scale'?"]),
    (dict(type="FanScald", layer="Linear"), ["did you mean 'FanScaled'?"]),
    (dict(type="FanScaled", mode="fan", layer="Linear"), ["'fan_in', 'fan_out'", "fan"]),
    (dict(type="FanScaled", layers=-1, layer="Linear"), ["layers"]),
    (dict(type="FanScaled", scale=math.inf, layer="Linear"), ["'scale' is inf, but it must be a finite number"]),
    (dict(type="Rows", layer="Linear"), ["low"]),
])
def test_faults_of_a_rule_are_told_as_those_of_built_in_ones(rule, parts):
    with pytest.raises(weight_init.InitCfgError) as caught:
        weight_init.plan(net(), rule)
    assert all(part in str(caught.value) for part in parts), caught.value
    assert "init_cfg:1:" in str(caught.value)


def test_a_weight_without_fans_is_refused_with_its_place():
    with pytest.raises(weight_init.InitCfgError, match="2.weight.*two or more dimensions"):
        weight_init.plan(net(), dict(type="FanScaled", layer="LayerNorm"))


@pytest.mark.parametrize("function, part", [
    (lambda shape: 3, "it must return a dict such as"),
    (lambda shape: dict(type="Nrmal"), "Nrmal"),
    (lambda shape: dict(type="Normal", std=-1), "'std' is -1"),
    (lambda shape: dict(type="Broken"), "Broken"),
    (lambda shape: dict(type="Pretrained", checkpoint="x.pth"), "a checkpoint is no distribution"),
    (lambda shape: 1 / 0, "ZeroDivisionError"),
])
def test_what_a_function_returns_is_checked(function, part):
    weight_init.register(function, name="Broken")
    model = nn.Linear(2, 3)
    before = model.weight.detach().clone()
    with pytest.raises(weight_init.WeightInitError) as caught:
        weight_init.init_(model, dict(type="Broken", layer="Linear"), seed=1)
    assert part in str(caught.value) and "weight" in str(caught.value), caught.value
    assert same(model.weight, before)


def test_an_exception_names_the_parameter():
    with pytest.raises(weight_init.WeightInitError, match=r"(?s)1\.weight.*Rows.*RuntimeError: an unlucky number"):
        weight_init.init_(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 13)), dict(type="Rows", low=0, layer="Linear"), seed=1)


def untyped(x):
    pass


def hidden(*args):
    pass


def reserved(layer: str = "x"):
    pass


def many(a: int, b: int, c: int, d: int, e: int):
    pass


def wrong(a: int = -1):
    pass


def nothing(a: float = None):
    pass


@pytest.mark.parametrize("function, part", [
    (untyped, "needs a type"), (hidden, "by name"), (reserved, "key that every rule has"), (many, "more than 4"),
    (wrong, "none of its type"), (nothing, "none of its type"), (lambda: None, "needs a name"),
])
def test_functions_that_cannot_be_initializers_are_refused(function, part):
    with pytest.raises(weight_init.InitCfgError, match=part):
        weight_init.register(function)


def test_the_last_of_a_name_counts():
    for number in (1, 2):
        weight_init.register(lambda number=number: dict(type="Constant", val=number), name="Mine")
    model = nn.Linear(2, 2)
    weight_init.init_(model, dict(type="Mine", number=5, layer="Linear"), seed=1)
    assert bool((model.weight == 5).all())
    weight_init.init_(model, dict(type="Mine", layer="Linear"), seed=1)
    assert bool((model.weight == 2).all())


def test_several_threads_at_once():
    @weight_init.register
    def Threads(shape):
        return dict(type="Constant", val=shape[0])

    models = [nn.Linear(3, n) for n in range(1, 9)]
    rule = dict(type="Threads", layer="Linear")
    threads = [threading.Thread(target=weight_init.init_, args=(model, rule), kwargs={"seed": 1}) for model in models]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert all(bool((model.weight == model.out_features).all()) for model in models)

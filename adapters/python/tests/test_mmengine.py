"""mmengine's modules: what their own init_weights does, and the Runner."""

import logging
import random
import warnings

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mmengine")
from mmengine.model import BaseModel, BaseModule, ModuleDict, ModuleList, Sequential
from torch import nn

import weight_init
import weight_init.mmengine
from equal import same, same_parameters

RULES = dict(type="Normal", std=0.02, layer="Linear")


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Net(BaseModel):
    def __init__(self):
        super().__init__(init_cfg=RULES)
        self.fc = nn.Linear(4, 4)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        inputs = torch.stack(inputs) if isinstance(inputs, list) else inputs
        return dict(loss=self.fc(inputs).sum())


class Head(BaseModule):
    def __init__(self):
        super().__init__(init_cfg=RULES)
        self.fc, self.score = nn.Linear(4, 4), nn.Linear(4, 2)

    def init_weights(self):
        super().init_weights()
        nn.init.constant_(self.score.bias, 3.0)
        nn.init.normal_(self.score.weight)


def test_init_weights_is_init_and_marks_the_modules():
    ours, plain = Net(), Net()
    report = weight_init.mmengine.init_weights(ours, 42)
    weight_init.init_(plain, seed=42)
    assert same_parameters(ours, plain) and report.written == ["fc.weight", "fc.bias"]
    assert ours.is_init
    before = ours.fc.weight.detach().clone()
    ours.init_weights()
    assert same(ours.fc.weight, before), "a second call does nothing"


@pytest.mark.filterwarnings("error::weight_init.WeightInitWarning")
def test_an_init_weights_of_a_class_runs_reproducibly_after_the_rules():
    def model():
        return Sequential(Head(), ModuleList([Head()]))

    state = torch.random.get_rng_state()
    one, two, skipped = model(), model(), model()
    for net in (one, two):
        torch.manual_seed(random.randrange(2**32))
        before = torch.random.get_rng_state()
        weight_init.mmengine.init_weights(net, 42)
        assert torch.equal(torch.random.get_rng_state(), before)
    with pytest.warns(weight_init.WeightInitWarning, match="not called: 0 .Head., 1.0 .Head."):
        weight_init.mmengine.init_weights(skipped, 42, custom="skip")
    torch.random.set_rng_state(state)
    assert same_parameters(one, two)
    assert same(one[0].fc.weight, skipped[0].fc.weight)
    assert one[0].score.bias.eq(3).all() and skipped[0].score.bias.eq(0).all()
    assert not same(one[0].score.weight, one[1][0].score.weight)


def test_rules_of_a_config():
    from mmengine.config import ConfigDict
    from mmengine.model import NormalInit
    for rules in (ConfigDict(RULES), [ConfigDict(RULES)], {**RULES, "type": NormalInit}, {**RULES, "layer": ("Linear",)}):
        ours, plain = Net(), Net()
        weight_init.init_(ours, rules, seed=42)
        weight_init.init_(plain, seed=42)
        assert same_parameters(ours, plain)


# --- the log ---


def log_of(folder, act):
    """What mmengine's logger writes into its file while `act` runs."""
    logging.disable(logging.NOTSET)
    from mmengine.logging import MMLogger
    path = folder / f"{len(list(folder.iterdir()))}.log"
    MMLogger._instance_dict.clear()
    logger = MMLogger.get_instance(path.stem, log_file=str(path), log_level="ERROR")
    act()
    for handler in logger.handlers:
        handler.close()
    MMLogger._instance_dict.clear()
    logging.disable(logging.CRITICAL)
    return path.read_text()


def same_logs(folder, make):
    """Compares our log with mmengine's, of two models with the same values; returns it."""
    ours, theirs = make(), make()
    theirs.load_state_dict(ours.state_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = log_of(folder, theirs.init_weights)
        found = log_of(folder, lambda: weight_init.mmengine.init_weights(ours, 42))
    assert found == expected
    return found


def test_the_log_is_that_of_mmengine(tmp_path):
    log = same_logs(tmp_path, Net)
    assert log.startswith("Name of parameter - Initialization information\n\nfc.weight - torch.Size([4, 4]): \nNormalInit: mean=0, std=0.02")
    log = same_logs(tmp_path, lambda: Sequential(Head(), ModuleList([Head()])))
    assert "user-defined `init_weights` in Head" in log

    class Unchanged(BaseModule):
        def __init__(self):
            super().__init__(init_cfg=[dict(type="Constant", val=1, layer="LayerNorm"), dict(type="Constant", val=1, layer="LayerNorm"),
                                       dict(type="Xavier", layer="Linear", override=dict(name="b", type="Constant", val=0.1))])
            self.norm, self.a, self.b = nn.LayerNorm(5), nn.Linear(3, 3), nn.Linear(3, 7)

    assert "The value is the same before and after calling `init_weights` of Unchanged" in same_logs(tmp_path, Unchanged)


def test_rules_that_mmengine_does_not_have(tmp_path):
    """`extend`, and types by other names, of a live module: its class has dropped its own rules, so that these are all."""
    class Added(BaseModule):
        def __init__(self, **added):
            super().__init__(init_cfg=[dict(type="HeNormal", layer="Linear", **added), dict(type="Zeros", layer="LayerNorm", **added)])
            self.fc, self.norm = nn.Linear(4, 4), nn.LayerNorm(4)

    added, plain = Added(extend=True), Added()
    log = log_of(tmp_path, lambda: weight_init.mmengine.init_weights(added, 42))
    weight_init.init_(plain, seed=42)
    assert same_parameters(added, plain) and added.norm.weight.eq(0).all()
    assert "fc.weight - torch.Size([4, 4]): \nInitialized by HeNormal = variance_scaling(scale=2" in log
    assert "Initialized by Zeros = constant(val=0)" in log
    with pytest.raises(weight_init.InitCfgError, match="all add to it, or all take its place"):
        added.init_cfg[0].pop("extend")
        weight_init.plan(added)
    with pytest.raises(weight_init.InitCfgError, match="no module's own runs beside these rules"):
        weight_init.plan(plain, dict(type="Normal", layer="Linear", extend=True))


def test_logs_of_random_trees(tmp_path):
    compared = 0
    for number in range(120):
        if isinstance(random_tree(random.Random(number), samples=True), BaseModule):
            same_logs(tmp_path, lambda: random_tree(random.Random(number), samples=True))
            compared += 1
    assert compared > 60


class Data(torch.utils.data.Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return dict(inputs=torch.ones(4), data_samples=0)


@pytest.mark.parametrize("hook", ["weight_init.mmengine.WeightInitHook", "WeightInitHook"])
def test_a_runner_trains_from_the_weights_of_the_hook(tmp_path, hook):
    pytest.importorskip("mmengine.runner")
    from mmengine.hooks import Hook
    from mmengine.runner import Runner
    expected, seen = Net(), {}
    weight_init.init_(expected, seed=42)

    class Look(Hook):
        def before_train(self, runner):
            seen["weight"] = runner.model.fc.weight.detach().clone()

    loader = dict(dataset=Data(), sampler=dict(type="DefaultSampler", shuffle=False), batch_size=2, num_workers=0)
    runner = Runner(
        Net(), str(tmp_path), train_dataloader=loader, train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.0)), log_level="CRITICAL",
        custom_hooks=[dict(type=hook, seed=42), Look()])
    runner.train()
    assert same(seen["weight"], expected.fc.weight)


# --- random trees, with mmengine itself as the judge of who writes what ---


SAMPLES = [
    lambda random: dict(type="Normal", mean=round(random.uniform(-1, 1), 3), std=round(random.uniform(0.01, 1), 3)),
    lambda random: dict(type="Uniform", a=-round(random.uniform(0.1, 1), 3), b=round(random.uniform(0.1, 1), 3)),
    lambda random: dict(type="TruncNormal", std=round(random.uniform(0.01, 1), 3)),
    lambda random: dict(type="Xavier", distribution=random.choice(["normal", "uniform"])),
    lambda random: dict(type="Kaiming", mode=random.choice(["fan_in", "fan_out"])),
]


def random_rule(random, names, samples):
    # A constant of its own for every rule: the value in a parameter names its writer.
    rule = dict(type="Constant", val=round(random.uniform(1, 100), 6), bias=round(random.uniform(1, 100), 6))
    if samples and random.random() < 0.6:
        rule = {**random.choice(SAMPLES)(random), "bias": rule["bias"]}
    layers = ["Linear", "Conv2d", "_ConvNd", "BatchNorm2d", "_BatchNorm", "LayerNorm"]
    if rule["type"] in ("Xavier", "Kaiming"):
        layers = layers[:3]  # which have fans
    layers = random.sample(layers, random.randint(1, 3))
    rule["layer"] = layers if len(layers) > 1 or random.random() < 0.5 else layers[0]
    if names and random.random() < 0.4:
        override = dict(type="Constant", val=round(random.uniform(1, 100), 6), name=random.choice(names))
        if random.random() < 0.3:
            override["layer"] = "Linear"
        rule["override"] = [override] if random.random() < 0.5 else override
    return rule


def random_tree(random, depth=0, samples=False):
    leaves = [lambda: nn.Linear(3, 2), lambda: nn.Conv2d(2, 3, 1), lambda: nn.BatchNorm2d(4), lambda: nn.LayerNorm(5),
              lambda: nn.Linear(2, 2, bias=False), nn.ReLU]
    count = random.randint(1, 4)
    children = [random_tree(random, depth + 1, samples) if depth < 3 and random.random() < 0.45 else random.choice(leaves)()
                for _ in range(count)]
    names = [f"part{number}" for number in range(count)]
    kind = random.choice(["module", "module", "sequential", "list", "dict", "plain"])
    rules = [random_rule(random, names if kind == "module" else [], samples) for _ in range(random.randint(0, 3))]
    init_cfg = rules[0] if len(rules) == 1 and random.random() < 0.5 else rules or None
    if kind == "sequential":
        return Sequential(*children, init_cfg=init_cfg)
    if kind == "list":
        return ModuleList(children, init_cfg=init_cfg)
    if kind == "dict":
        return ModuleDict(dict(zip(names, children)), init_cfg=init_cfg)
    model = BaseModule(init_cfg=init_cfg) if kind == "module" else nn.Module()
    for name, child in zip(names, children):
        model.add_module(name, child)
    return model


@pytest.mark.filterwarnings("ignore")
def test_random_trees_are_initialized_as_by_mmengine():
    compared = 0
    for number in range(400):
        ours, theirs = (random_tree(random.Random(number)) for _ in range(2))
        theirs.load_state_dict(ours.state_dict())
        if not isinstance(theirs, BaseModule):
            continue
        theirs.init_weights()
        plan = weight_init.plan(ours)
        report = weight_init.init_(ours, seed=number)
        assert [name for name, _ in ours.named_parameters()] == list(plan)
        assert report.written == plan.touched
        for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters()):
            assert same(p, q), (number, name, plan.explain(name))
        compared += 1
    assert compared >= 300


def test_random_trees_with_samples_have_the_statistics_of_mmengine():
    compared, pairs = 0, []
    for number in range(1000, 1400):
        ours, theirs = (random_tree(random.Random(number), samples=True) for _ in range(2))
        if not isinstance(theirs, BaseModule):
            continue
        theirs.load_state_dict(ours.state_dict())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = weight_init.init_(ours, seed=number)
            theirs.init_weights()
        written = report.plan.to_dict()["params"]
        for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters()):
            if written[name]["init"] in ("constant", "untouched"):
                assert same(p, q), (number, name)
            else:
                pairs.append((p.detach(), q.detach(), float(q.detach().abs().max().clamp_min(1e-9)), written[name]["init"]))
        compared += 1
    assert compared >= 300 and len(pairs) > 300
    for kind in {pair[-1] for pair in pairs}:
        # Each in units of the other, both ways, so that neither side's scale is hidden.
        a = torch.cat([(p / scale).flatten() for p, _, scale, it in pairs if it == kind])
        b = torch.cat([(q / p.abs().max().clamp_min(1e-9)).flatten() for p, q, _, it in pairs if it == kind])
        assert 0.7 < float(a.abs().median() / b.abs().median()) < 1.4, kind


# --- detectors of mmdet ---


DETECTORS = ["retinanet/retinanet_r50_fpn_1x_coco.py", "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py", "fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py",
             "yolox/yolox_s_8xb8-300e_coco.py", "detr/detr_r50_8xb2-150e_coco.py", "mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py"]


def detector(name):
    import os

    from mmengine.config import Config
    from mmengine.registry import MODELS, init_default_scope

    from weight_init import _describe
    _describe.without_operators()
    mmdet = pytest.importorskip("mmdet")
    from mmdet.utils import register_all_modules
    path = os.path.join(os.path.dirname(mmdet.__file__), ".mim", "configs", name)
    if not os.path.exists(path):
        pytest.skip(f"mmdet is installed without {name}")
    register_all_modules()
    init_default_scope("mmdet")
    model = Config.fromfile(path).model
    for part in ("backbone",):
        if isinstance(model[part].get("init_cfg"), dict) and model[part].init_cfg.type == "Pretrained":
            model[part].init_cfg = None
    return MODELS.build(model)


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.filterwarnings("ignore")
def test_detectors_are_initialized_as_by_mmengine(name, tmp_path):
    ours, theirs = detector(name), detector(name)
    theirs.load_state_dict(ours.state_dict())
    expected = log_of(tmp_path, theirs.init_weights)
    reports = []
    found = log_of(tmp_path, lambda: reports.append(weight_init.mmengine.init_weights(ours, 42)))
    assert found.splitlines() == expected.splitlines()
    written, before = reports[0].plan.to_dict()["params"], 0
    for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters()):
        p, q = p.detach(), q.detach()
        if q.numel() < 2 or bool((q == q.flatten()[0]).all()) or name not in written or written[name]["init"] == "untouched":
            # A constant, or what a constructor or an own init_weights wrote.
            continue
        before += 1
        if p.numel() >= 1000:
            assert 0.85 < float(p.std() / q.std()) < 1.15 and abs(float(p.mean() - q.mean())) < 0.2 * float(q.std()), name
    constants = [n for (n, p), q in zip(ours.named_parameters(), theirs.parameters()) if bool((q == q.flatten()[0]).all()) and q.numel() > 1]
    held = dict(ours.named_parameters())
    assert [n for n, q in theirs.named_parameters() if n in constants and not same(held[n], q)] == []
    assert before > 30

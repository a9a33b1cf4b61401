"""A live model beside the file that the command makes of its description, bit for bit."""

import json
import subprocess

import pytest

torch = pytest.importorskip("torch")
load_file = pytest.importorskip("safetensors.torch").load_file

import weight_init
from equal import same



def torchvision_model(name):
    return pytest.importorskip("torchvision").models.get_model(name, weights=None)


def timm_model(name):
    return pytest.importorskip("timm").create_model(name)


def mmengine_model(name):
    pytest.importorskip("mmengine")
    pytest.importorskip("torchvision")
    import models
    return getattr(models, name)()


RULES = [
    dict(type="Kaiming", layer="_ConvNd", mode="fan_in", distribution="uniform", nonlinearity="leaky_relu", a=5**0.5),
    dict(type="Constant", val=1, layer=["_BatchNorm", "LayerNorm"], bias=0.125),
    dict(type="TruncNormal", std=0.02, layer="Linear"),
]
INITIALIZERS = [
    dict(type="Constant", val=0.3), dict(type="Normal", mean=0.1, std=0.02), dict(type="Uniform", a=-0.3, b=0.1),
    dict(type="TruncNormal", std=0.5, a=-1, b=0.75), dict(type="Xavier", gain=2), dict(type="Xavier", distribution="uniform"),
    dict(type="Kaiming", mode="fan_in"), dict(type="Kaiming", distribution="uniform", a=1), dict(type="Caffe2Xavier"),
]
FLOATS = [torch.float32, torch.bfloat16, torch.float16, torch.float64]


def compare(command, folder, model, seed=42, init_cfg=None):
    """Initializes a model and compares all of its tensors with the command's file."""
    description, rules, path = folder / "model.json", folder / "init_cfg.json", folder / "model.safetensors"
    description.write_text(json.dumps(weight_init.describe(model)))
    arguments = [command, "init", description, "--seed", str(seed), "--out", path]
    if init_cfg is not None:
        rules.write_text(json.dumps(init_cfg))
        arguments += ["--init-cfg", rules]
    # Constructors that nobody knows are kept here, and zeros there.
    done = subprocess.run([*arguments, "--unknown", "zeros"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    theirs = load_file(path)
    before = {name: t.clone() for name, t in model.state_dict().items()}
    held = model.state_dict(keep_vars=True)
    places = {name: (id(t), t.data_ptr(), t.stride(), t._version) for name, t in held.items()}

    report = weight_init.init_(model, init_cfg, seed=seed)
    now = model.state_dict(keep_vars=True)
    assert report.written and [name for name in report.written if not same(now[name], theirs[name])] == []
    assert [name for name in now if name not in report.written and not same(now[name], before[name])] == []
    assert all(places[name][:3] == (id(t), t.data_ptr(), t.stride()) for name, t in now.items())
    assert all(now[name]._version > places[name][3] for name in report.written)
    assert weight_init.verify(model, init_cfg, seed=seed) is None
    is_random = init_cfg is None or "val" not in init_cfg
    assert not is_random or weight_init.verify(model, init_cfg, seed=seed ^ 1) is not None
    return theirs


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", ["ResNet50", "ViT"])
def test_models_of_mmengine(command, tmp_path, name, dtype):
    compare(command, tmp_path, mmengine_model(name).to(dtype))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", [
    "resnet18", "mobilenet_v3_small", "efficientnet_b0", "swin_t", "convnext_tiny", "densenet121", "shufflenet_v2_x0_5"])
def test_models_of_torchvision(command, tmp_path, name, dtype):
    compare(command, tmp_path, torchvision_model(name).to(dtype), seed=2**64 - 1, init_cfg=RULES)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "resnet10t", "mixer_s32_224", "pit_ti_224", "convmixer_768_32"])
def test_models_of_timm(command, tmp_path, name, dtype):
    compare(command, tmp_path, timm_model(name).to(dtype), seed=0, init_cfg=RULES)


@pytest.mark.parametrize("rule", INITIALIZERS, ids=lambda rule: "-".join(map(str, rule.values())))
def test_initializers(command, tmp_path, rule):
    for dtype in FLOATS:
        model = torch.nn.Sequential(torch.nn.Conv2d(5, 7, 3), torch.nn.Linear(33, 17)).to(dtype)
        compare(command, tmp_path, model, init_cfg={**rule, "layer": ["Conv2d", "Linear"]})


def test_several_element_types_in_one_model(command, tmp_path):
    model = mmengine_model("ViT")
    model.blocks.bfloat16()
    model.head.half()
    model.norm.double()
    compare(command, tmp_path, model, seed=2**63 + 5)


def test_channels_last(command, tmp_path):
    compare(command, tmp_path, mmengine_model("ResNet50").to(memory_format=torch.channels_last))


@pytest.mark.parametrize("make", [lambda: mmengine_model("ResNet50"), lambda: timm_model("resnet10t"),
                                  lambda: torchvision_model("densenet121"), lambda: timm_model("mixer_s32_224")])
@pytest.mark.filterwarnings("ignore::weight_init.WeightInitWarning")
def test_with_constructors_every_tensor_is_that_of_the_file(command, tmp_path, make):
    model = make()
    theirs = compare(command, tmp_path, model, init_cfg=RULES)
    weight_init.init_(model, RULES, seed=42, untouched="constructor")
    now = model.state_dict()
    assert set(now) == set(theirs)
    assert [name for name in theirs if not same(now[name], theirs[name])] == []


def test_a_saved_model_is_the_file_of_the_command(command, tmp_path):
    for model, init_cfg in [(mmengine_model("ResNet50"), None), (torchvision_model("swin_t"), RULES)]:
        compare(command, tmp_path, model, init_cfg=init_cfg)
        done = subprocess.run([command, "init", tmp_path / "model.json", "--seed", "42", "--out", tmp_path / "theirs.safetensors",
                               *(["--init-cfg", tmp_path / "init_cfg.json"] if init_cfg else []), "--unknown", "refuse"],
                              capture_output=True, text=True)
        if done.returncode:
            with pytest.raises(weight_init.InitCfgError):
                weight_init.save(model, tmp_path / "ours.safetensors", init_cfg, seed=42)
            continue
        weight_init.save(weight_init.plan(model, init_cfg), tmp_path / "ours.safetensors", seed=42)
        assert (tmp_path / "ours.safetensors").read_bytes() == (tmp_path / "theirs.safetensors").read_bytes()

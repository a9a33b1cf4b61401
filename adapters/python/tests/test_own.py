"""`own=True`: the model's own code, recorded from a live model and filled by our stream."""

import json
import logging
import subprocess

import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

import weight_init
from weight_init.errors import InitCfgError, ModelError, UntouchedError


class Net(torch.nn.Module):
    """A model with an initialization of its own, and a parameter that only its constructor writes."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.LSTM(4, 8), torch.nn.BatchNorm1d(8))
        self.head = torch.nn.Linear(8, 2)
        self.scale = torch.nn.Parameter(torch.ones(3))
        self.init_weights()

    def init_weights(self):
        with torch.no_grad():
            self.body[0].bias_ih_l0[8:16].fill_(1)
        torch.nn.init.trunc_normal_(self.head.weight, std=0.02)


def command_writes(command, description, seed, folder):
    """The file of the command, as tensors."""
    (folder / "net.json").write_text(json.dumps(description))
    subprocess.run([command, "init", "net.json", "--seed", str(seed), "--out", "net.safetensors"], cwd=folder, check=True)
    return safetensors.load_file(folder / "net.safetensors")


def test_it_is_what_the_command_writes_of_the_recorded_model(command, tmp_path):
    net = Net()
    net.body[1].running_mean.fill_(5)
    report = weight_init.init_(net, own=True, seed=3)
    assert report.kept == ["scale"]
    expected = command_writes(command, weight_init.record(Net), 3, tmp_path)
    assert expected.keys() == net.state_dict().keys()
    assert all(torch.equal(t, expected[name]) for name, t in net.state_dict().items())
    assert torch.equal(net.body[0].bias_ih_l0[8:16], torch.ones(8))
    assert weight_init.verify(net, own=True, seed=3) is None
    assert weight_init.verify(net, own=True, seed=4).name == "body.0.weight_ih_l0"


def test_a_plan_touches_neither_the_model_nor_random_numbers():
    net, state = Net(), torch.random.get_rng_state()
    logging.disable(logging.ERROR)
    before = {name: t.clone() for name, t in net.state_dict().items()}
    plan = weight_init.plan(net, own=True)
    assert "trunc_normal(mean=0, std=0.02, a=-2, b=2), by Net.init_weights" in plan.explain("head.weight")
    assert plan.untouched == ["scale"] and plan.warnings == []
    assert torch.equal(torch.random.get_rng_state(), state)
    assert logging.root.manager.disable == logging.ERROR
    logging.disable(logging.NOTSET)
    assert all(torch.equal(t, before[name]) for name, t in net.state_dict().items())


def test_rules_lie_over_it():
    net = Net()
    weight_init.init_(net, {"type": "Constant", "val": 7, "layer": "Linear"}, own=True, seed=3)
    assert net.head.weight.eq(7).all() and net.head.bias.eq(0).all()
    assert net.body[0].weight_hh_l0.abs().max() < 8**-0.5
    weight_init.init_(net, {"type": "Constant", "val": 9, "params": "scale"}, own=True, untouched="error", seed=3)
    assert net.scale.eq(9).all()


def test_what_the_code_leaves_alone_is_kept_told_or_an_error():
    net = Net()
    net.scale.data.fill_(4)
    assert weight_init.init_(net, own=True, seed=1).kept == ["scale"]
    assert net.scale.eq(4).all()
    with pytest.raises(UntouchedError, match="scale"):
        weight_init.init_(net, own=True, untouched="error", seed=1)


def test_buffers_that_it_does_not_write_stay():
    net = torch.nn.Module()
    net.norm = torch.nn.BatchNorm1d(3)
    net.register_buffer("steps", torch.tensor([7, 8]))
    net.norm.running_var.fill_(9)
    weight_init.init_(net, own=True, seed=0)
    assert net.steps.tolist() == [7, 8] and net.norm.running_var.eq(1).all()


def test_ties_and_flags_of_the_model_stay():
    net = torch.nn.Sequential(torch.nn.Embedding(5, 4, padding_idx=2), torch.nn.Linear(4, 5))
    net[1].weight = net[0].weight
    net[0].weight.requires_grad_(False)
    report = weight_init.init_(net, own=True, seed=0)
    assert net[1].weight is net[0].weight and not net[0].weight.requires_grad
    assert report.written == ["0.weight", "1.bias"]


class Fails(torch.nn.Linear):
    def reset_parameters(self):
        if hasattr(self, "ready"):
            raise RuntimeError("no data yet")
        super().reset_parameters()
        self.ready = True


class NoCopy(torch.nn.Linear):
    def __deepcopy__(self, memo):
        raise TypeError("holds a socket")


def test_code_that_fails_is_named_and_nothing_is_written():
    net = Fails(2, 3)
    before = net.weight.clone()
    with pytest.raises(ModelError, match="own initialization failed with RuntimeError: no data yet"):
        weight_init.init_(net, own=True, seed=0)
    assert torch.equal(net.weight, before)
    with pytest.raises(ModelError, match="cannot be copied without its values: holds a socket"):
        weight_init.init_(NoCopy(2, 3), own=True, seed=0)


class Orthogonal(torch.nn.Linear):
    def reset_parameters(self):
        with torch.no_grad():
            self.weight.copy_(torch.linalg.qr(torch.randn(3, 3))[0])
        torch.nn.init.zeros_(self.bias)


class Gates(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(12, 4))
        self.reset_parameters()

    def reset_parameters(self):
        for gate in self.weight.chunk(3):
            torch.nn.init.orthogonal_(gate)


def test_orthogonal_gates_are_filled_each_by_itself():
    net = Gates()
    weight_init.init_(net, own=True, seed=0)
    gates = net.weight.detach().chunk(3)
    for gate in gates:
        assert torch.allclose(gate @ gate.T, torch.eye(4), atol=1e-5)
    assert not torch.equal(gates[0], gates[1])
    assert weight_init.verify(net, own=True, seed=0) is None


def test_what_has_no_name_is_an_error_unless_a_rule_writes_it():
    net = Orthogonal(3, 3)
    with pytest.raises(InitCfgError, match="linalg_qr"):
        weight_init.init_(net, own=True, seed=0)
    weight_init.init_(net, {"type": "Normal", "params": "weight"}, own=True, seed=0)
    assert net.bias.eq(0).all()


def test_models_of_transformers(command, tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=64)
    net = transformers.LlamaForCausalLM(config)
    assert weight_init.init_(net, own=True, seed=5).kept == []
    found = weight_init.record(transformers.LlamaForCausalLM._from_config, config)
    expected = command_writes(command, found, 5, tmp_path)
    assert all(torch.equal(net.state_dict()[name], t) for name, t in expected.items())

    with torch.device("meta"):
        empty = transformers.LlamaForCausalLM(config)
    rotary = "model.rotary_emb."
    buffers = {rotary + name: b for name, b in net.model.rotary_emb.named_buffers()}
    weight_init.materialize_(empty, own=True, seed=5, buffers=buffers)
    assert all(torch.equal(empty.state_dict()[name], t) for name, t in expected.items())


def test_models_of_timm(command, tmp_path):
    timm = pytest.importorskip("timm")
    net = timm.create_model("vit_tiny_patch16_224")
    assert weight_init.init_(net, own=True, seed=5).kept == []
    expected = command_writes(command, weight_init.record(timm.create_model, "vit_tiny_patch16_224"), 5, tmp_path)
    assert all(torch.equal(net.state_dict()[name], t) for name, t in expected.items())


def test_modules_of_mmengine():
    base = pytest.importorskip("mmengine.model").BaseModule

    class Head(base):
        def __init__(self):
            super().__init__(init_cfg={"type": "Constant", "val": 2, "layer": "Linear"})
            self.fc, self.out = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)

        def init_weights(self):
            super().init_weights()
            torch.nn.init.uniform_(self.out.weight, 3, 4)

    net = torch.nn.ModuleList([Head()])
    weight_init.init_(net, own=True, seed=0)
    assert net[0].fc.weight.eq(2).all() and 3 <= net[0].out.weight.min() and net[0].out.weight.max() < 4

"""What a model's own code writes, recorded without memory: every kind of write by a small module of its own."""

import copy
import json
import math
import subprocess

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import weight_init  # noqa: E402
from weight_init._record import values  # noqa: E402


def written(init, *shape, dtype=None):
    """The recorded parameter of a module whose code is ``init(self, weight)``; what it returns is the parameter, if anything."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.empty(*shape, dtype=dtype))
            with torch.no_grad():
                found = init(self.weight)
            if found is not None and found is not self.weight:
                self.weight = nn.Parameter(found)

    recorded = weight_init.record(Net)
    (node,) = recorded["params"]
    return node


def constructor(init, *shape):
    node = written(init, *shape)
    assert "parts" not in node
    return node["constructor"]


def uniform(a, b):
    return {"type": "Uniform", "a": a, "b": b}


def normal(mean, std):
    return {"type": "Normal", "mean": mean, "std": std}


CASES = {
    "uniform": (lambda w: w.uniform_(-1, 3), uniform(-1.0, 3.0)),
    "normal": (lambda w: w.normal_(1, 2), normal(1.0, 2.0)),
    "affine": (lambda w: w.normal_().mul_(0.5).add_(1), normal(1.0, 0.5)),
    "negative scale": (lambda w: w.uniform_(0, 1).mul_(-2).sub_(1), uniform(-3.0, -1.0)),
    "neg": (lambda w: w.uniform_(1, 2).neg_(), uniform(-2.0, -1.0)),
    "randn": (lambda w: torch.randn(4, 6) * 0.02, normal(0.0, 0.02)),
    "rand": (lambda w: (torch.rand(4, 6) - 0.5) / 2, uniform(-0.25, 0.25)),
    "reversed": (lambda w: 1 - torch.rand(4, 6), uniform(0.0, 1.0)),
    "torch.normal": (lambda w: torch.normal(2.0, 0.5, (4, 6)), normal(2.0, 0.5)),
    "by a tensor": (lambda w: torch.randn(4, 6) * torch.tensor(3.0), normal(0.0, 3.0)),
    "copy": (lambda w: w.copy_(torch.randn(4, 6)), normal(0.0, 1.0)),
    "data": (lambda w: setattr(w, "data", torch.randn(4, 6)), normal(0.0, 1.0)),
    "transposed": (lambda w: torch.randn(6, 4).t().contiguous(), normal(0.0, 1.0)),
    "cast": (lambda w: torch.randn(4, 6, dtype=torch.float64).float(), normal(0.0, 1.0)),
    "twice": (lambda w: w.normal_().zero_(), {"type": "Constant", "val": 0}),
    "constant": (lambda w: nn.init.constant_(w, 0.5), {"type": "Constant", "val": 0.5}),
    "xavier": (lambda w: nn.init.xavier_normal_(w, gain=2), normal(0.0, 2 * math.sqrt(2 / 10))),
    "kaiming": (lambda w: nn.init.kaiming_normal_(w), normal(0.0, math.sqrt(2) / math.sqrt(6))),
    "trunc_normal": (lambda w: nn.init.trunc_normal_(w, std=0.02, a=-0.04, b=0.05),
                     {"type": "TruncNormal", "mean": 0.0, "std": 0.02, "a": -0.04, "b": 0.05}),
    "computed": (lambda w: torch.ones(4, 6) * 2 + 1, {"type": "Constant", "val": 3.0}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_distribution_is_named_with_its_numbers(case):
    init, expected = CASES[case]
    assert constructor(init, 4, 6) == expected


def test_a_truncated_normal_by_its_inverse_cdf_is_named():
    def by_hand(w, mean=1.0, std=0.5, a=0.0, b=1.75):
        low, high = (0.5 * (1 + math.erf((x - mean) / std / math.sqrt(2))) for x in (a, b))
        return w.uniform_(2 * low - 1, 2 * high - 1).erfinv_().mul_(std * math.sqrt(2)).add_(mean).clamp_(min=a, max=b)

    found = constructor(by_hand, 4, 6)
    assert found["type"] == "TruncNormal"
    assert [found[key] for key in ("mean", "std", "a", "b")] == pytest.approx([1.0, 0.5, 0.0, 1.75])
    # Bounds that cut nothing off, as timm's with a small deviation.
    found = constructor(lambda w: w.uniform_(-1, 1).erfinv_().mul_(0.02 * math.sqrt(2)).clamp_(-2, 2), 4, 6)
    assert found == {"type": "TruncNormal", "mean": 0.0, "std": pytest.approx(0.02), "a": -2, "b": 2}
    # Bounds that pile values up are no truncation.
    assert constructor(lambda w: w.normal_().clamp_(-1, 1), 4, 6) == then(normal(0.0, 1.0), {"clamp_min": -1.0}, {"clamp_max": 1.0})


def then(draw, *steps):
    return {**draw, "then": list(steps)}


def time_step(w, low=1e-3, high=1e-1, floor=1e-4):
    """What the bias of a state space model's time step is drawn by: Mamba's code."""
    step = torch.exp(torch.rand(4, 6) * (math.log(high) - math.log(low)) + math.log(low)).clamp(min=floor)
    return step + torch.log(-torch.expm1(-step))


FUNCTIONS = {
    "logarithm": (lambda w: w.uniform_(1, 16).log_(), then(uniform(1.0, 16.0), "log")),
    "its negative": (lambda w: -torch.log(torch.rand(4, 6) + 1), then(uniform(1.0, 2.0), "log", {"mul": -1.0})),
    "inverse of softplus": (
        time_step, then(uniform(math.log(1e-3), math.log(1e-1)), "exp", {"clamp_min": 1e-4}, "softplus_inverse")),
    "the same, shorter": (lambda w: torch.log(torch.expm1(w.uniform_(0.1, 2))), then(uniform(0.1, 2.0), "softplus_inverse")),
    "half normal": (lambda w: w.normal_().abs_() + 0.5, then(normal(0.0, 1.0), "abs", {"add": 0.5})),
    "log_normal": (lambda w: w.log_normal_(1, 2), then(normal(1.0, 2.0), "exp")),
    "exponential": (lambda w: w.exponential_(4), then(uniform(-1.0, 0.0), "log1p", {"mul": -0.25})),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_a_function_of_a_draw_is_named(case):
    init, expected = FUNCTIONS[case]
    assert constructor(init, 4, 6) == {**expected, **{key: pytest.approx(x) for key, x in expected.items() if isinstance(x, float)}}


def test_functions_of_two_draws_have_no_name():
    def init(w):
        a, b = torch.rand(4, 6).exp(), torch.rand(4, 6).exp()
        return a + torch.log(-torch.expm1(-b))

    assert "unknown" in constructor(init, 4, 6)


@pytest.mark.parametrize("case", FUNCTIONS)
def test_functions_of_a_draw_are_filled_as_they_are_described(case, tmp_path, command):
    numpy = pytest.importorskip("numpy")
    stats = pytest.importorskip("scipy.stats")
    safetensors = pytest.importorskip("safetensors.torch")
    init, expected = FUNCTIONS[case]
    description = {"class": "Net", "params": [{"name": "weight", "shape": [2000, 24], "constructor": expected}]}
    (tmp_path / "net.json").write_text(json.dumps(description))
    out = tmp_path / "net.safetensors"
    subprocess.run([command, "init", str(tmp_path / "net.json"), "--seed", "42", "--out", str(out)], check=True, capture_output=True)
    filled = safetensors.load_file(str(out))["weight"].double().numpy().ravel()
    torch.manual_seed(1)
    drawn = numpy.concatenate([init(torch.empty(4, 6)).double().numpy().ravel() for _ in range(2000)])
    assert stats.ks_2samp(filled, drawn).pvalue > 1e-4


def test_writes_into_slices_are_parts():
    def init(w):
        w.uniform_(-1, 1)
        w[2:4].fill_(1)
        w[:, 5].normal_()

    node = written(init, 8, 6)
    assert node["constructor"] == uniform(-1.0, 1.0)
    found = [(part["start"], part["shape"], part["constructor"]) for part in node["parts"]]
    assert found == [([2, 0], [2, 6], {"type": "Constant", "val": 1}), ([0, 5], [8, 1], normal(0.0, 1.0))]
    chunks = written(lambda w: [nn.init.xavier_uniform_(piece) for piece in w.chunk(3)] and None, 6, 4)
    assert [part["start"] for part in chunks["parts"]] == [[0, 0], [2, 0], [4, 0]]
    joined = written(lambda w: torch.cat([torch.zeros(2, 3), torch.randn(2, 3)]), 4, 3)
    assert joined["parts"][-1] == {"start": [2, 0], "shape": [2, 3], "constructor": normal(0.0, 1.0), "by": joined["parts"][-1]["by"]}


def test_constants_in_slices_that_are_no_boxes_are_values():
    """As YOLO's prior of objectness, every 85th element of a bias."""
    def prior(w):
        nn.init.constant_(w.reshape(2, -1)[:, 3], -4.5)

    node = written(lambda w: prior(w.zero_()), 10)
    assert node["value"] == [0, 0, 0, -4.5, 0, 0, 0, 0, -4.5, 0]
    assert "unknown" in written(lambda w: prior(w.normal_()), 10)["constructor"]


def test_scaling_scales_every_part():
    def init(w):
        w.uniform_(-1, 1)
        w[2:].fill_(1)
        w.mul_(2)

    node = written(init, 4, 3)
    assert node["constructor"] == uniform(-2.0, 2.0)
    assert node["parts"][0]["constructor"] == {"type": "Constant", "val": 2}


def test_orthogonal_and_sparse_matrices_have_names_whole_and_in_parts():
    assert written(lambda w: nn.init.orthogonal_(w, gain=2).neg_(), 4, 6)["constructor"] == {"type": "Orthogonal", "gain": 2.0}
    sparse = written(lambda w: nn.init.sparse_(w, 0.5), 4, 6)
    assert sparse["constructor"] == {"type": "Sparse", "sparsity": 0.5, "std": 0.01}

    def gates(w):
        for gate in w.chunk(3):
            nn.init.orthogonal_(gate)

    found = written(gates, 12, 4)
    names = [part["constructor"]["type"] for part in found.get("parts", [])]
    assert names in (["Orthogonal"] * 3, ["Orthogonal"] * 2)


def test_computed_values_are_values():
    table = torch.sin(torch.arange(12.0).reshape(3, 4))

    def init(w):
        w[:] = torch.sin(torch.arange(12.0).reshape(3, 4))

    assert torch.equal(torch.tensor(written(init, 3, 4)["value"]).reshape(3, 4), table)
    eye = written(lambda w: nn.init.eye_(w), 3, 3)
    assert torch.equal(torch.tensor(eye["value"]).reshape(3, 3), torch.eye(3))
    dirac = written(lambda w: nn.init.dirac_(w), 64, 64, 3)
    assert sum(dirac["value"]) == 64
    few = written(lambda w: nn.init.dirac_(w), 2, 2, 3)
    assert [part["start"] for part in few["parts"]] == [[0, 0, 1], [1, 1, 1]]


def test_code_that_reads_computed_values_gets_them():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            widths = torch.linspace(4, 8, 3).tolist()
            self.layers = nn.ModuleList(nn.Linear(int(n), 2) for n in widths)
            self.register_buffer("total", torch.tensor(widths).sum())

    recorded = weight_init.record(Net)
    assert [p.shape[1] for p in recorded.model.parameters() if p.dim() == 2] == [4, 6, 8]
    assert recorded["buffers"][0]["constructor"] == {"type": "Constant", "val": 18}


def test_what_has_no_name_is_told_with_its_place():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Parameter(torch.linalg.qr(torch.randn(4, 4))[0])
            self.b = nn.Parameter(nn.init.orthogonal_(torch.empty(4, 4)) + torch.eye(4))
            self.c = nn.Parameter(torch.empty(3))
            self.d = nn.Parameter(torch.randn(4, 1).expand(4, 2).contiguous())

    found = {node["name"]: node["constructor"]["unknown"] for node in weight_init.record(Net)["params"]}
    assert "linalg_qr of normal values (test_record.py:" in found["a"] and "Net.__init__" in found["a"]
    assert "an orthogonal matrix" in found["b"] and "Net.__init__" in found["b"]
    assert found["c"] == "memory that nothing was written into"
    assert "normal values, repeated" in found["d"]


def test_a_write_names_the_method_and_the_call():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 4)
            self.apply(self._init_weights)

        def _init_weights(self, module):
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)

    weight, bias = weight_init.record(Net)["children"][0]["params"]
    assert weight["by"].endswith("Net._init_weights, trunc_normal_(std=0.02)")
    assert bias["by"].startswith("Linear.reset_parameters, uniform_(a=")


def test_copies_and_ties():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            layer = nn.Linear(3, 3)
            self.first, self.second = copy.deepcopy(layer), copy.deepcopy(layer)
            self.tied = nn.Linear(3, 3)
            self.tied.weight = self.first.weight
            self.register_buffer("noise", torch.randn(3))
            self.copied = copy.deepcopy(nn.BatchNorm1d(70_000))

    recorded = weight_init.record(Net)
    first, second, tied, copied = recorded["children"]
    assert first["params"][0]["constructor"] == second["params"][0]["constructor"]
    assert tied["params"][0] == {"name": "weight", "same_as": "first.weight"}
    assert recorded["buffers"][0]["constructor"] == normal(0.0, 1.0)
    assert copied["buffers"][1]["constructor"] == {"type": "Constant", "val": 1}


def test_a_model_needs_no_memory():
    def huge():
        return nn.Sequential(*(nn.Linear(50_000, 50_000, dtype=torch.float64) for _ in range(20)), nn.Embedding(10**7, 1000, 0))

    recorded = weight_init.record(huge)
    embedding = recorded["children"][-1]["params"][0]
    assert embedding["constructor"] == normal(0.0, 1.0)
    assert embedding["parts"][0]["shape"] == [1, 1000]


def test_numpys_random_numbers_are_told():
    numpy = pytest.importorskip("numpy")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.from_numpy(numpy.random.rand(3)))

    with pytest.warns(weight_init.WeightInitWarning, match="NumPy"):
        weight_init.record(Net)


def test_torch_is_as_before_even_after_an_error():
    def fails():
        nn.Linear(2, 2)
        raise KeyError("x")

    with pytest.raises(KeyError):
        weight_init.record(fails)
    weight = nn.init.trunc_normal_(torch.empty(1000), std=2.0)
    assert 0.5 < float(weight.std()) < 1.1
    assert torch.UntypedStorage.clone.__qualname__ != "copied_storages.<locals>.noted"


def test_the_recorder_as_a_context():
    with weight_init.record() as recorder:
        net = nn.Linear(3, 4)
        nn.init.ones_(net.weight)
    recorded = recorder.description(net)
    assert recorded["params"][0]["constructor"] == {"type": "Constant", "val": 1}
    assert recorded.counts() == {"Constant": 1, "Uniform": 1}


def test_values_that_json_has_no_numbers_for_go_to_a_file(tmp_path):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mask", torch.full((3, 3), float("-inf")).triu(1))

    with weight_init.record() as recorder:
        net = Net()
    with pytest.raises(weight_init.ModelError, match="write"):
        recorder.description(net)
    found = recorder.write(net, str(tmp_path / "net.json"))
    assert found["buffers"][0]["value"] == {"file": "net.buffers.safetensors", "tensor": "mask"}
    load = pytest.importorskip("safetensors.torch").load_file
    assert torch.equal(load(tmp_path / "net.buffers.safetensors")["mask"], Net().mask)


def test_lazy_layers_are_refused():
    with pytest.raises(weight_init.ModelError, match="lazy"):
        weight_init.record(nn.LazyLinear, 3)


def test_the_command_plans_what_was_recorded(command, tmp_path):
    def init(w):
        w.uniform_(-1, 1)
        w[2:4].fill_(1)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.empty(8))
            with torch.no_grad():
                init(self.bias)
            self.fc = nn.Linear(8, 2)

    path = tmp_path / "net.json"
    path.write_text(json.dumps(weight_init.record(Net)))
    run = subprocess.run([command, "plan", path, "--format", "json"], capture_output=True, text=True, check=True)
    default = json.loads(run.stdout)["params"]["bias"]["default"]
    assert default["init"] == "uniform" and default["args"] == {"a": -1.0, "b": 1.0}
    assert default["parts"][0]["start"] == [2] and default["parts"][0]["init"] == "constant"
    file = tmp_path / "net.safetensors"
    subprocess.run([command, "init", path, "--out", file], check=True)
    load = pytest.importorskip("safetensors.torch").load_file
    assert load(file)["bias"][2:4].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("dim", [0, 1, None])
def test_the_g_of_weight_norm_fits_its_v(command, tmp_path, dim):
    def build():
        return nn.utils.parametrizations.weight_norm(nn.Linear(6, 4), dim=dim)

    recorded = weight_init.record(build)
    assert recorded.kinds["parametrizations.weight.original0"] == "norm"
    path, file = tmp_path / "net.json", tmp_path / "net.safetensors"
    path.write_text(json.dumps(recorded))
    subprocess.run([command, "init", path, "--out", file], check=True, capture_output=True)
    net = build()
    net.load_state_dict(pytest.importorskip("safetensors.torch").load_file(file))
    # Its weight is v itself, for g is v's norm.
    torch.testing.assert_close(net.weight, net.parametrizations.weight.original1)


def test_norms_of_what_was_written_since_are_told_as_unknown():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            v = torch.randn(4, 3)
            self.g, self.v = nn.Parameter(v.norm(dim=1, keepdim=True)), nn.Parameter(v)
            with torch.no_grad():
                self.v.mul_(2)

    assert weight_init.record(Net).counts() == {"unknown": 1, "Normal": 1}


def test_an_init_weights_that_is_not_mmengines_is_no_writer_behind_the_rules():
    class Net(nn.Linear):
        def __init__(self):
            super().__init__(2, 3)
            self.init_weights()

        def init_weights(self):
            nn.init.ones_(self.weight)

    recorded = weight_init.record(Net)
    assert "init_weights" not in recorded
    assert recorded["params"][0]["by"].endswith("Net.init_weights, ones_()")


def test_an_mmengine_model_is_told_as_its_own_init_weights_leaves_it(tmp_path):
    model = pytest.importorskip("mmengine.model")
    from weight_init._record.own_init import initialized

    class Head(model.BaseModule):
        def __init__(self):
            super().__init__(init_cfg=dict(type="Normal", std=0.5, layer="Linear"))
            self.fc = nn.Linear(3, 4)

        def init_weights(self):
            super().init_weights()
            nn.init.ones_(self.fc.bias)

    class Net(model.BaseModule):
        def __init__(self):
            super().__init__(init_cfg=[
                dict(type="Constant", val=3, layer="Linear"), dict(type="Pretrained", checkpoint="missing.pth")])
            self.stem, self.head = nn.Linear(3, 3), Head()

    recorded = weight_init.record(lambda: initialized(Net()), final=True)
    stem, head = recorded["children"]
    assert recorded["init_cfg"] == [{"type": "Pretrained", "checkpoint": "missing.pth"}]
    assert stem["params"][0]["constructor"] == {"type": "Constant", "val": 3}
    weight, bias = head["children"][0]["params"]
    assert weight["constructor"] == normal(0.0, 0.5)
    assert bias["constructor"] == {"type": "Constant", "val": 1} and "Head.init_weights" in bias["by"]
    assert head["init_weights"] == "module" and "init_cfg" not in head


def test_the_command_line_names_models(tmp_path, capsys):
    from weight_init import _record_cli

    source = tmp_path / "net.py"
    source.write_text(
        "import torch\n\n\n"
        "class Net(torch.nn.Linear):\n"
        "    def __init__(self, n=2):\n"
        "        super().__init__(n, 3)\n"
        "        self.register_buffer('table', torch.arange(100.0).reshape(10, 10))\n")
    out = tmp_path / "net.json"
    assert _record_cli.main([f"{source}:Net", "n=5", "--out", str(out)]) == 0
    assert "3 tensors: 2 Uniform, 1 values" in capsys.readouterr().err
    found = json.loads(out.read_text())
    assert found["params"][0]["shape"] == [3, 5]
    assert found["buffers"][0]["value"] == {"file": "net.buffers.safetensors", "tensor": "table"}
    for target in ("nothing", f"{source}:Nett", "timm", "torch.nn:Linear"):
        assert _record_cli.main([target, "--out", str(out)]) == 2
        assert capsys.readouterr().err.startswith("error: ")


class Orthogonal(nn.Module):
    """Two draws without a name here, one of them in a part, and one that has one."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = (nn.Parameter(torch.empty(4, 4)) for _ in range(3))
        self.register_buffer("order", torch.randperm(6))
        with torch.no_grad():
            self.a.copy_(torch.linalg.qr(torch.randn(4, 4))[0])
            self.b.uniform_(-1, 1)
            self.b[1:3].copy_(torch.randn(2, 4) * torch.rand(2, 4))
            self.c.normal_()


def test_values_of_pytorch_stand_in_for_what_has_no_name(tmp_path, command):
    assert weight_init.record(Orthogonal).counts() == {"unknown": 3, "Normal": 1}
    state = torch.get_rng_state()
    found = weight_init.record(Orthogonal, torch_seed=5)
    assert torch.equal(torch.get_rng_state(), state)
    assert found.counts() == {"values": 2, "parts": 1, "Normal": 1}
    torch.manual_seed(5)
    real = Orthogonal()
    a, b, c = found["params"]
    assert torch.equal(torch.tensor(a["value"]).reshape(4, 4), real.a)
    assert a["by"].startswith("PyTorch under seed 5: ") and "qr" in a["by"]
    assert b["constructor"] == uniform(-1.0, 1.0) and c["constructor"] == normal(0.0, 1.0)
    assert torch.equal(torch.tensor(b["parts"][0]["value"]).reshape(2, 4), real.b[1:3])
    (tmp_path / "net.json").write_text(json.dumps(found))
    words = [command, "explain", str(tmp_path / "net.json"), "a"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "gives it given values, by PyTorch under seed 5: " in said


def test_the_command_line_takes_values_of_pytorch(tmp_path, capsys):
    from weight_init import _record_cli

    source = tmp_path / "net.py"
    source.write_text(
        "import torch\n\n\n"
        "class Net(torch.nn.Linear):\n"
        "    def reset_parameters(self):\n"
        "        torch.nn.init.zeros_(self.bias)\n"
        "        self.weight.data = torch.linalg.qr(torch.randn(3, 3))[0]\n")
    out = tmp_path / "net.json"
    words = [f"{source}:Net", "in_features=3", "out_features=3", "--out", str(out)]
    assert _record_cli.main(words) == 0
    assert "1 unknown" in capsys.readouterr().err
    assert _record_cli.main([*words, "--unknown", "torch", "--torch-seed", "3"]) == 0
    assert "unknown" not in capsys.readouterr().err
    scope = {}
    exec(source.read_text(), scope)
    torch.manual_seed(3)
    expected = scope["Net"](3, 3).weight
    weight = json.loads(out.read_text())["params"][0]
    assert "PyTorch under seed 3" in weight["by"]
    assert torch.equal(torch.tensor(weight["value"]).reshape(3, 3), expected)


def test_arithmetic_of_values():
    assert values.affine(values.Uniform(1, 2), -1, 0) == values.Uniform(-2, -1)
    assert values.affine(values.Normal(1, 2), 0, 3) == values.Constant(3)
    assert values.clamp(values.Uniform(0, 1), -1, 2) == values.Uniform(0, 1)
    assert values.clamp(values.Uniform(0, 1), 0.5, 2).steps == (("clamp_min", 0.5), ("clamp_max", 2))
    assert values.settled(values.InverseError(-1.0, 1.0, 2 * math.sqrt(2), 1.0)) == values.Normal(1.0, pytest.approx(2.0))
    assert values.function("exp", values.Normal(0, 1)).steps == ("exp",)
    assert isinstance(values.function("digamma", values.Normal(0, 1)), values.Unknown)
    assert values.function("exp", values.Constant(0.0)) == values.Constant(1.0)

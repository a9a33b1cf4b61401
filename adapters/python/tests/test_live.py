"""What live models are made of: wrappers, ties, strides, parametrizations, autograd."""

import copy
import os
import threading
import time
import warnings

import pytest

torch = pytest.importorskip("torch")
from torch import nn

import weight_init
from equal import same, same_parameters

RULES = dict(type="Normal", std=0.02, layer="Linear")


def net():
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 16))


def initialized(model, init_cfg=RULES, seed=7, **options):
    weight_init.init_(model, init_cfg, seed=seed, **options)
    return model


@pytest.fixture(scope="module")
def reference():
    return initialized(net())


def compiled_child():
    model = net()
    model[0] = torch.compile(model[0])
    return model


def checkpointed():
    from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper
    model = net()
    model[2] = checkpoint_wrapper(model[2])
    return model


@pytest.mark.parametrize("wrapped", [
    lambda: torch.compile(net()), compiled_child, lambda: nn.DataParallel(net()), checkpointed,
    lambda: torch.compile(nn.DataParallel(checkpointed())),
])
def test_wrappers_are_no_layers_and_no_part_of_names(reference, wrapped):
    model = wrapped()
    report = weight_init.init_(model, RULES, seed=7)
    assert report.written == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert same_parameters(model, reference)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64], ids=str)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (3, 2, 1, 0), (1, 0, 2, 3), (2, 3, 0, 1)])
def test_dense_memory_of_any_strides_is_written_where_it_lies(order, dtype):
    shape = (6, 5, 3, 4)
    places = [order.index(dim) for dim in range(4)]
    strided = torch.empty([shape[dim] for dim in order], dtype=dtype).permute(places)
    assert strided.shape == shape
    contiguous, place = torch.empty(shape, dtype=dtype), strided.data_ptr()
    for t in (strided, contiguous):
        weight_init.normal_(t, seed=3, name="w")
    assert same(strided, contiguous) and strided.data_ptr() == place


def test_nothing_beside_a_view_is_written():
    whole, plain = torch.zeros(64, 40), nn.Linear(16, 64, bias=False)
    view = nn.Linear(16, 64, bias=False)
    view.weight = nn.Parameter(whole[:, 3:19])
    initialized(view), initialized(plain)
    assert same(view.weight, plain.weight)
    assert whole[:, :3].eq(0).all() and whole[:, 19:].eq(0).all() and whole[:, 3:19].ne(0).any()


def test_views_between_each_other_are_two_parameters():
    whole = torch.zeros(8, 20)
    model = nn.ModuleList([nn.Linear(10, 8, bias=False), nn.Linear(10, 8, bias=False)])
    model[0].weight, model[1].weight = nn.Parameter(whole[:, 0::2]), nn.Parameter(whole[:, 1::2])
    plain = nn.ModuleList([nn.Linear(10, 8, bias=False), nn.Linear(10, 8, bias=False)])
    assert same_parameters(initialized(model), initialized(plain))


def test_expanded_memory_is_refused():
    model = nn.Linear(16, 64, bias=False)
    model.weight = nn.Parameter(torch.zeros(1, 16).expand(64, 16))
    with pytest.raises(weight_init.ModelError, match="^weight: several of its elements lie in the same memory"):
        initialized(model)


def test_tied_parameters_are_written_once_under_their_first_name():
    model = nn.ModuleDict(dict(embedding=nn.Embedding(10, 32), head=nn.Linear(32, 10, bias=False)))
    model["head"].weight = model["embedding"].weight
    rules = dict(type="Normal", std=0.02, layer=["Linear", "Embedding"])
    assert weight_init.init_(model, rules, seed=7).written == ["embedding.weight"]
    assert model["head"].weight is model["embedding"].weight
    assert same(model["head"].weight, weight_init.normal_(torch.empty(10, 32), std=0.02, seed=7, name="embedding.weight"))


def test_two_parameters_on_the_same_memory_are_tied():
    model = nn.ModuleList([nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)])
    model[1].weight.data = model[0].weight.data
    assert weight_init.init_(model, RULES, seed=7).written == ["0.weight"]
    assert same(model[1].weight, weight_init.normal_(torch.empty(8, 8), std=0.02, seed=7, name="0.weight"))


def test_memory_that_is_shared_in_part_is_refused():
    whole = torch.zeros(100)
    model = nn.ModuleList([nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)])
    model[0].weight, model[1].weight = nn.Parameter(whole[:64].view(8, 8)), nn.Parameter(whole[36:].view(8, 8))
    with pytest.raises(weight_init.ModelError, match=r"'0.weight' and '1.weight' share some of their memory"):
        initialized(model)
    assert whole.eq(0).all()


def test_a_module_at_two_paths_is_one():
    shared = nn.Linear(8, 8)
    report = weight_init.init_(nn.ModuleDict(dict(a=shared, b=nn.Sequential(shared))), RULES, seed=7)
    assert report.written == ["a.weight", "a.bias"]


def test_weight_norm_computes_the_plain_weight(reference):
    model = net()
    nn.utils.parametrizations.weight_norm(model[0])
    originals = set(model.state_dict())
    report = weight_init.init_(model, RULES, seed=7)
    assert sorted(report.written) == ["0.bias", "0.weight", "2.bias", "2.weight"]
    assert set(model.state_dict()) == originals
    torch.testing.assert_close(model[0].weight, reference[0].weight, rtol=0, atol=1e-7)
    assert same(model[2].weight, reference[2].weight)
    assert weight_init.verify(model, RULES, seed=7) is None


def orthogonal(module):
    return nn.utils.parametrizations.orthogonal(module, orthogonal_map="cayley")


class Positive(nn.Module):
    def forward(self, x):
        return x.exp()

    def right_inverse(self, weight):
        return weight.clamp_min(1e-3).log()


def positive(module):
    nn.utils.parametrize.register_parametrization(module, "weight", Positive())


@pytest.mark.parametrize("parametrize", [
    nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm, orthogonal, positive])
@pytest.mark.filterwarnings("ignore")
def test_parametrized_weights_are_verified(parametrize):
    model = net()
    parametrize(model[0])
    rules = dict(type="Uniform", a=0.1, b=1, layer="Linear")
    initialized(model, rules)
    held = copy.deepcopy(model.state_dict())
    assert weight_init.verify(model, rules, seed=7) is None
    assert all(same(t, held[name]) for name, t in model.state_dict().items()), "verify writes nothing"
    # orthogonal() keeps what it is assigned in a buffer.
    held = dict(model[0].parametrizations.weight.named_buffers())
    original = held.get("0.base", list(model[0].parametrizations.weight.parameters())[-1])
    with torch.no_grad():
        original[3, 5] += 1
    found = weight_init.verify(model, rules, seed=7)
    assert found.name.startswith(("0.parametrizations.weight.original", "0.parametrizations.weight.0.base"))
    place = [element for element in (found.element // original.shape[1], found.element % original.shape[1])]
    assert place in ([3, 5], [5, 3]) and str(found).startswith(f"{found.name}: element {found.element}, at {place}, expected ")
    assert weight_init.verify(model, rules, seed=8) is not None


def test_spectral_norm_takes_the_plain_weight_and_keeps_its_vectors(reference):
    model = net().train()
    nn.utils.parametrizations.spectral_norm(model[2])
    vectors = {name: b.clone() for name, b in model.named_buffers()}
    initialized(model)
    assert same(model[2].parametrizations.weight.original, reference[2].weight)
    assert vectors and all(same(b, vectors[name]) for name, b in model.named_buffers())


def test_a_parametrization_without_inverse_is_refused_before_anything_is_written():
    class Half(nn.Module):
        def forward(self, x):
            return x / 2

    model = net()
    nn.utils.parametrize.register_parametrization(model[2], "weight", Half())
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(weight_init.ModelError, match="'2.weight' is computed by Half, which has no right_inverse"):
        initialized(model)
    assert all(same(t, before[name]) for name, t in model.state_dict().items())


def test_a_backward_through_old_values_is_an_error():
    model = nn.Linear(4, 4)
    loss = model(torch.ones(2, 4, requires_grad=True)).sum()
    initialized(model)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_requires_grad_and_grad_stay():
    model = net()
    model[0].weight.requires_grad_(False)
    model(torch.ones(1, 64)).sum().backward()
    grads = [p.grad for p in model.parameters()]
    initialized(model)
    assert [p.requires_grad for p in model.parameters()] == [False, True, True, True]
    assert all(p.grad is grad for p, grad in zip(model.parameters(), grads))


def test_inference_tensors_are_written(reference):
    with torch.inference_mode():
        model = initialized(net())
    assert same_parameters(model, reference)


def test_a_copy_on_write_clone_is_written_alone():
    source = torch.zeros(8, 8)
    model = nn.Linear(8, 8, bias=False)
    model.weight = nn.Parameter(torch._lazy_clone(source))
    initialized(model)
    assert source.eq(0).all() and model.weight.ne(0).any()


def test_models_of_the_first_fsdp_are_refused():
    class FullyShardedDataParallel(nn.Module):
        def __init__(self, module):
            super().__init__()
            self._fsdp_wrapped_module = module

    for model, path in [(FullyShardedDataParallel(net()), "the model"), (nn.Sequential(FullyShardedDataParallel(net())), "0")]:
        with pytest.raises(weight_init.ModelError, match=f"^{path} is wrapped by FSDP 1.*fully_shard"):
            initialized(model)


def test_lazy_modules_are_refused():
    with pytest.raises(weight_init.ModelError, match="weight of LazyLinear has no shape yet.* run one forward pass"):
        initialized(nn.LazyLinear(3))


def test_element_types_without_samples_are_kept_unless_a_rule_writes_them():
    model = net()
    model.phase = nn.Parameter(torch.ones(3, dtype=torch.complex64))
    initialized(model)
    assert model.phase.eq(1).all()
    with pytest.raises(weight_init.InitCfgError, match="cannot write elements of type complex64"):
        initialized(model, dict(type="Normal", params="phase"))


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((3,), 5.0))
        self.fc = nn.Linear(2, 2)


def test_what_nobody_touches():
    model = Scale()
    report = weight_init.init_(model, RULES, seed=7)
    assert report.kept == ["gamma"] and model.gamma.eq(5).all()
    with pytest.raises(weight_init.UntouchedError) as caught:
        initialized(model, untouched="error")
    assert caught.value.names == ["gamma"]
    with pytest.raises(weight_init.InitCfgError, match="gamma"):
        initialized(model, untouched="constructor")
    with pytest.raises(ValueError, match="untouched='leave' is no choice"):
        initialized(model, untouched="leave")


def test_warnings_are_warnings_of_python_and_strict_makes_them_errors():
    rules = [RULES, dict(type="Constant", val=1, layer="BatchNorm9d")]
    with pytest.warns(weight_init.WeightInitWarning, match=r"rule 1 \(Constant\) .* matches no parameter"):
        initialized(net(), rules)
    with pytest.raises(weight_init.InitCfgError, match=r"rule 1 \(Constant\) .* matches no parameter"):
        initialized(net(), rules, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        initialized(Scale())


class OwnCode(nn.Linear):
    init_cfg = RULES

    def init_weights(self):
        nn.init.zeros_(self.weight)


def test_an_init_weights_of_a_class_is_not_called_without_a_word():
    with pytest.warns(weight_init.WeightInitWarning, match="of their own, which is not called: the model itself .OwnCode."):
        initialized(OwnCode(2, 2), None)


def test_a_warning_points_at_the_caller():
    with pytest.warns(weight_init.WeightInitWarning) as caught:
        weight_init.init_(net(), [RULES, dict(type="Constant", val=1, layer="BatchNorm9d")], seed=7)
    assert [warning.filename for warning in caught] == [__file__]


def test_the_interpreter_is_not_held():
    model, ticks, stop = nn.Linear(8192, 4096), [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    initialized(model, threads=1)
    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    for _ in range(5):
        initialized(model, threads=1)
    end = time.perf_counter()
    stop.set()
    thread.join()
    assert sum(start < t < end for t in ticks) > 10


def test_the_number_of_threads_changes_no_bit():
    one, three = initialized(nn.Linear(700, 900), threads=1), initialized(nn.Linear(700, 900), threads=3)
    assert same_parameters(one, three)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_of_a_fork_initializes():
    model = nn.Linear(2048, 64)
    expected = initialized(model).weight.detach().clone()
    # Before the fork: PyTorch's own threads are not there in a child, which hangs in an operation that waits for them.
    model.weight.data.zero_()
    child = os.fork()
    if child == 0:
        initialized(model)
        os._exit(0 if model.weight.data.numpy().tobytes() == expected.numpy().tobytes() else 1)
    watchdog = threading.Timer(60, os.kill, (child, 9))
    watchdog.start()
    _, status = os.waitpid(child, 0)
    watchdog.cancel()
    assert status == 0


def test_explanations_and_plans():
    plan = weight_init.plan(net(), RULES)
    assert len(plan) == 4 and list(plan) == plan.touched == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert "written by (model), rule 0" in weight_init.explain(plan, "0.weight")
    assert weight_init.explain(net(), "0.weight", RULES) == plan.explain("0.weight")
    with pytest.raises(KeyError, match="0.weigth.*0.weight"):
        plan.explain("0.weigth")
    assert list(plan.to_dict()["params"])[0] == "0.weight"


def test_rules_in_a_file(tmp_path, reference):
    path = tmp_path / "rules.py"
    path.write_text("init_cfg = dict(type='Normal', std=0.02, layer='Linear')")
    assert same_parameters(initialized(net(), path), reference)
    assert same_parameters(initialized(net(), str(path)), reference)
    with pytest.raises(weight_init.InitCfgError, match="nowhere.py"):
        initialized(net(), tmp_path / "nowhere.py")


def test_differences_are_named():
    model = initialized(net())
    assert weight_init.verify(model, RULES, seed=7) is None
    with torch.no_grad():
        model[2].weight[3, 5] = 1
    found = weight_init.verify(model, RULES, seed=7)
    assert (found.name, found.element) == ("2.weight", 3 * 32 + 5)
    assert str(found).startswith("2.weight: element 101, at [3, 5], expected ")
    assert str(found).endswith("found 1.0 (0x3f800000)")


def meta(make):
    with torch.device("meta"):
        return make()


def test_a_model_on_the_meta_device_is_materialized(reference):
    model = meta(net)
    with pytest.raises(weight_init.ModelError, match="'0.weight' is on the meta device.*materialize_"):
        initialized(model)
    weight_init.materialize_(model, RULES, seed=7)
    assert same_parameters(model, reference)


def test_materializing_gives_every_tensor_what_the_constructor_does():
    def make():
        return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Embedding(5, 8, padding_idx=1), nn.LSTM(8, 8))

    model, constructed = meta(make), make()
    weight_init.materialize_(model, seed=3)
    weight_init.init_(constructed, seed=3, untouched="constructor")
    ours, theirs = model.state_dict(), constructed.state_dict()
    assert list(ours) == list(theirs) and all(same(ours[name], theirs[name]) for name in ours)


def test_materializing_keeps_ties():
    def make():
        model = nn.ModuleDict(dict(embedding=nn.Embedding(10, 32), head=nn.Linear(32, 10, bias=False)))
        model["head"].weight = model["embedding"].weight
        return model

    model = meta(make)
    weight_init.materialize_(model, RULES, seed=7)
    assert model["head"].weight is model["embedding"].weight and not model["head"].weight.is_meta


class Rotary(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("frequencies", 10000 ** -torch.arange(0, 1, 0.25), persistent=False)


def test_buffers_that_nobody_knows_are_given_or_refused():
    model = meta(Rotary)
    with pytest.raises(weight_init.ModelError, match="frequencies"):
        weight_init.materialize_(model, RULES, seed=7)
    assert model.fc.weight.is_meta
    weight_init.materialize_(model, RULES, seed=7, buffers={"frequencies": lambda module: 10000 ** -torch.arange(0, 1, 0.25)})
    assert same(model.frequencies, Rotary().frequencies)


def test_functions_have_the_values_of_models():
    model = initialized(nn.ModuleDict(dict(conv=nn.Conv2d(5, 7, 3))), dict(type="Kaiming", layer="Conv2d"), seed=42)
    weight = torch.empty(7, 5, 3, 3)
    returned = weight_init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu", seed=42, name="conv.weight")
    assert returned is weight and same(weight, model["conv"].weight)


def test_functions_have_the_names_and_statistics_of_torch():
    from weight_init.nn import init
    calls = dict(normal_=(0.5, 2), uniform_=(-1, 3), trunc_normal_=(0, 1, -1, 2), xavier_normal_=(2,), xavier_uniform_=(2,),
                 kaiming_normal_=(1, "fan_out"), kaiming_uniform_=(0, "fan_in", "relu"))
    for name, arguments in calls.items():
        ours = getattr(init, name)(torch.empty(300, 400), *arguments, seed=1, name="w")
        theirs = getattr(nn.init, name)(torch.empty(300, 400), *arguments)
        assert abs(ours.std() / theirs.std() - 1) < 0.02 and abs(ours.mean() - theirs.mean()) < 0.02, name
        assert ours.min() > theirs.min() - 1.5 and ours.max() < theirs.max() + 1.5, name
    wide = init.orthogonal_(torch.empty(5, 7, 3), gain=2, seed=1, name="w").flatten(1)
    assert torch.allclose(wide @ wide.T, 4 * torch.eye(5), atol=1e-5)
    columns = init.sparse_(torch.empty(30, 40), 0.25, seed=1, name="w").eq(0).sum(0)
    assert columns.eq(nn.init.sparse_(torch.empty(30, 40), 0.25).eq(0).sum(0)).all()
    assert same(init.eye_(torch.empty(3, 5)), nn.init.eye_(torch.empty(3, 5)))
    assert same(init.dirac_(torch.empty(4, 2, 3), 2), nn.init.dirac_(torch.empty(4, 2, 3), 2))
    assert same(init.constant_(torch.empty(3), 0.5), torch.full((3,), 0.5))
    assert same(init.ones_(torch.empty(3)), torch.ones(3)) and same(init.zeros_(torch.empty(3)), torch.zeros(3))
    assert init.bias_init_with_prob(0.01) == pytest.approx(-4.59512)
    with pytest.raises(weight_init.InitCfgError):
        init.xavier_normal_(torch.empty(3), seed=1, name="b")
    with pytest.raises(weight_init.ModelError, match="elements of type int64 hold no samples"):
        init.normal_(torch.empty(3, dtype=torch.int64), seed=1, name="b")


def test_pretrained_rules_load_into_the_model(tmp_path):
    source, path = net(), tmp_path / "net.pth"
    state = {name: t for name, t in source.state_dict().items() if not name.startswith("2.")}
    torch.save(state, path)
    rules = [RULES, dict(type="Pretrained", checkpoint="the-net")]
    model, plain = net(), initialized(net())
    report = weight_init.init_(model, rules, seed=7, checkpoints={"the-net": path})
    assert sorted(report.loaded) == ["0.bias", "0.weight"]
    assert same(model[0].weight, source[0].weight) and same(model[2].weight, plain[2].weight)
    assert "2 tensors loaded" in str(report)
    (loaded,) = weight_init.load_report(net().half(), rules, checkpoints={"the-net": path})
    assert (loaded.module, loaded.rule, loaded.checkpoint, loaded.file, loaded.loaded) == ("", 1, "the-net", path, 2)
    assert loaded.missing == ["2.weight", "2.bias"] and loaded.unexpected == loaded.mismatched == []
    assert loaded.converted == [("0.weight", "float32", "float16"), ("0.bias", "float32", "float16")]
    assert not loaded.is_exact and str(loaded).startswith("(model), rule 1: 'the-net': 2 tensors loaded")
    assert weight_init.load_report(net(), RULES) == []
    half = net().half()
    weight_init.init_(half, rules, seed=7, checkpoints={"the-net": path})
    assert same(half[0].weight, source[0].weight.half())
    assert same_parameters(initialized(net(), rules, pretrained="skip"), plain)
    with pytest.raises(weight_init.InitCfgError):
        initialized(net(), rules, checkpoints={"the-net": path}, strict=True)
    with pytest.raises(weight_init.CheckpointError) as caught:
        initialized(net(), dict(type="Pretrained", checkpoint=str(tmp_path / "no.pth")))
    assert isinstance(caught.value, OSError)

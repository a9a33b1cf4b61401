"""What can be done with a live PyTorch model."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, Union

import torch

from . import _describe, _rules, _weight_init
from ._live import Live, has_override, unwrapped
from ._memory import Memory
from ._progress import Progress
from ._seed import checked_seed, checked_threads
from .errors import InitCfgError, ModelError, UntouchedError, WeightInitWarning
from .report import Difference, LoadReport, Plan, Report

Untouched = Literal["keep", "constructor", "error"]
Pretrained = Literal["load", "skip"]
InitCfg = Union[dict[str, Any], Sequence[dict[str, Any]], str, "os.PathLike[str]", None]


def init_(
    model: torch.nn.Module,
    init_cfg: InitCfg = None,
    *,
    seed: int,
    untouched: Untouched = "keep",
    pretrained: Pretrained = "load",
    checkpoints: Mapping[str, str | os.PathLike[str]] | None = None,
    offline: bool = False,
    own: bool = False,
    strict: bool = False,
    threads: int | None = None,
) -> Report:
    """Initializes a model in place, as mmengine's ``model.init_weights()`` does with its ``init_cfg``.

    Every parameter that a rule reaches is written where it lies, with values that depend on ``seed``, its name and its rule
    alone: the bits that ``weight-init init`` puts into a file. Parameters and their ``grad`` and ``requires_grad`` stay the same
    objects, autograd's version counters rise, and tied parameters are written once. A DTensor gets its shard of the
    whole tensor, without communication.

    :param model: any ``torch.nn.Module``; wrappers (``torch.compile``, DDP, checkpoint wrappers) are seen through.
    :param init_cfg: rules for the root alone, as mmengine's ``initialize(model, init_cfg)``: a dict, a list of dicts, or the
        path of a file; ``None``: the ``init_cfg`` of the model's own modules.
    :param seed: 0 to 2**64 - 1.
    :param untouched: parameters that no rule writes are kept (``"keep"``), get what PyTorch's constructors give, and
        so do buffers (``"constructor"``), or are an error (``"error"``).
    :param pretrained: ``Pretrained`` rules load their checkpoint, or are passed over (``"skip"``).
    :param checkpoints: files of checkpoints by the name that a ``Pretrained`` rule gives; the others are found, or downloaded
        unless ``offline``, as the command does it.
    :param own: what no rule writes gets what the model's own code writes when it initializes itself anew
        (``reset_parameters`` of its layers, ``init_weights``, ``initialize_weights`` or ``_init_weights`` of the model):
        recorded without touching the model, and filled by our stream. Values that only a constructor writes stay.
    :param strict: makes warnings errors, and checkpoints that do not match the model, too.
    :param threads: how many fill; ``None``: ``WEIGHT_INIT_THREADS``, or this process's share of the cores.
    :raises InitCfgError: rules that are wrong or that do not go together with the model; nothing was written.
    :raises ModelError: a model that cannot be initialized: lazy, on the meta device, with memory shared in part.
    :raises UntouchedError: with ``untouched="error"``.
    :raises CheckpointError: a checkpoint that cannot be had or read.

    >>> import torch, weight_init
    >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 2))
    >>> report = weight_init.init_(net, {"type": "Xavier", "layer": "Linear", "bias": 0.5}, seed=42)
    >>> report.written
    ['0.weight', '0.bias', '1.weight', '1.bias']
    >>> net[1].bias
    Parameter containing:
    tensor([0.5000, 0.5000], requires_grad=True)
    """
    return run(model, init_cfg, seed, untouched, pretrained, checkpoints, offline, strict, threads, own=own, calls_own_code=False)


def run(
    model: torch.nn.Module,
    init_cfg: InitCfg = None,
    seed: int = 0,
    untouched: Untouched = "keep",
    pretrained: Pretrained = "load",
    checkpoints: Mapping[str, str | os.PathLike[str]] | None = None,
    offline: bool = False,
    strict: bool = False,
    threads: int | None = None,
    *,
    own: bool = False,
    calls_own_code: bool,
    before: Callable[[Plan], None] | None = None,
) -> Report:
    """What :func:`init_` does, for callers that may call the ``init_weights`` of classes afterwards; ``before`` is called with
    the plan, when nothing is written."""
    start = time.perf_counter()
    seed, threads = checked_seed(seed), checked_threads(threads)
    options = checked_options(init_cfg, untouched, pretrained, checkpoints, offline)
    made = make(model, options, has_override(init_cfg), own=own)
    remarks = [] if calls_own_code or own or init_cfg is not None else own_code(made)
    complain(made, strict, remarks, stacklevel=4)
    if untouched == "error" and made.untouched:
        raise UntouchedError(made.untouched)
    if before is not None:
        before(made)
    return carry_out(made, seed, threads, start)


def plan(
    model: torch.nn.Module,
    init_cfg: InitCfg = None,
    *,
    untouched: Untouched = "keep",
    pretrained: Pretrained = "load",
    checkpoints: Mapping[str, str | os.PathLike[str]] | None = None,
    offline: bool = False,
    own: bool = False,
) -> Plan:
    """Which rule writes each parameter of a model; nothing is written. Arguments and errors are those of :func:`init_`.

    >>> import torch, weight_init
    >>> plan = weight_init.plan(torch.nn.Linear(4, 8), {"type": "Normal", "params": "weight"})
    >>> plan.touched, plan.untouched
    (['weight'], ['bias'])
    """
    options = checked_options(init_cfg, untouched, pretrained, checkpoints, offline)
    return make(model, options, has_override(init_cfg), own=own)


def explain(model: torch.nn.Module | Plan, name: str, init_cfg: InitCfg = None, *, pretrained: Pretrained = "skip") -> str:
    """Every rule that was considered for the parameter ``name``, in order, and which one won.

    Raises ``KeyError`` for a name that no parameter has; it names the nearest one.
    """
    made = model if isinstance(model, Plan) else plan(model, init_cfg, pretrained=pretrained)
    return made.explain(name)


def load_report(
    model: torch.nn.Module,
    init_cfg: InitCfg = None,
    *,
    checkpoints: Mapping[str, str | os.PathLike[str]] | None = None,
    offline: bool = False,
) -> list[LoadReport]:
    """What the checkpoints of ``Pretrained`` rules give a model, a report for each rule; nothing is written."""
    return plan(model, init_cfg, checkpoints=checkpoints, offline=offline).load_reports


def describe(model: torch.nn.Module) -> dict[str, Any]:
    """The description of a model, as the command reads it: its layers, shapes and ``init_cfg``, without its weights."""
    try:
        return _describe.describe(unwrapped(model))
    except _describe.DescribeError as error:
        raise ModelError(str(error)) from None


def verify(
    model: torch.nn.Module,
    init_cfg: InitCfg = None,
    *,
    seed: int,
    untouched: Untouched = "keep",
    pretrained: Pretrained = "load",
    checkpoints: Mapping[str, str | os.PathLike[str]] | None = None,
    offline: bool = False,
    own: bool = False,
    threads: int | None = None,
) -> Difference | None:
    """Makes every value that :func:`init_` would write once more and compares it with the model, bit for bit.

    The first element that differs, or ``None``. Of a parametrized weight, which is computed and so rounded, that is compared
    which it is computed from. Of a sharded model each process compares its own shards.

    >>> import torch, weight_init
    >>> net, rules = torch.nn.Linear(4, 8), {"type": "Normal", "layer": "Linear"}
    >>> report = weight_init.init_(net, rules, seed=42)
    >>> weight_init.verify(net, rules, seed=42) is None
    True
    >>> with torch.no_grad():
    ...     _ = net.bias[3].fill_(1)
    >>> print(weight_init.verify(net, rules, seed=42))
    bias: element 3, at [3], expected 0.0 (0x00000000), found 1.0 (0x3f800000)
    """
    seed, threads = checked_seed(seed), checked_threads(threads)
    options = checked_options(init_cfg, untouched, pretrained, checkpoints, offline)
    made = make(model, options, has_override(init_cfg), own=own)
    live, names = made._live, written_names(made)
    plain = Memory(live, [name for name in names if name not in live.parametrized], reads=True)
    found = made._engine.verify(plain.targets, seed, threads)
    if found is not None:
        return Difference(*found)
    computed = Memory(live, [name for name in names if name in live.parametrized])
    made._engine.fill(computed.targets, seed, threads)
    return computed.difference()


def materialize_(
    model: torch.nn.Module,
    init_cfg: InitCfg = None,
    *,
    seed: int,
    device: str | torch.device = "cpu",
    buffers: Mapping[str, torch.Tensor | Callable[[torch.nn.Module], torch.Tensor]] | None = None,
    pretrained: Pretrained = "load",
    checkpoints: Mapping[str, str | os.PathLike[str]] | None = None,
    offline: bool = False,
    own: bool = False,
    strict: bool = False,
    threads: int | None = None,
) -> Report:
    """Gives a model on the meta device memory, and every parameter and buffer its initial values.

    Tied parameters stay tied, which ``to_empty`` does not do. Rules write as in :func:`init_`; what they leave gets what
    PyTorch's constructors give, with ``own`` what the model's own code writes.

    :param buffers: the content of buffers that no constructor of PyTorch computes, such as frequencies of a positional
        encoding, by their full names: a tensor, or a function of the module that holds it.
    :raises ModelError: buffers whose content nobody gives, by name; nothing was changed.
    """
    start = time.perf_counter()
    seed, threads = checked_seed(seed), checked_threads(threads)
    buffers = dict(buffers or {})
    options = checked_options(init_cfg, "constructor", pretrained, checkpoints, offline)
    inner = unwrapped(model)
    # What is wrong is found before memory is taken.
    made = make(inner, options, has_override(init_cfg), buffers, own=own)
    made._engine.written()
    complain(made, strict, [], stacklevel=3)
    unknown = [name for name in transient_buffers(inner) if name not in buffers]
    if unknown:
        shown = ", ".join(unknown[:6]) + (", ..." if len(unknown) > 6 else "")
        raise ModelError(f"a state_dict does not hold the buffers {shown}, and nobody knows their content: give it by `buffers`")
    allocate(inner, device)
    with torch.no_grad():
        for name, content in buffers.items():
            path, _, key = name.rpartition(".")
            module = inner.get_submodule(path)
            module.get_buffer(key).copy_(content(module) if callable(content) else content)
    # The walk is taken again for the tensors that have memory now; the plan says which of them hold their content already.
    live = Live(inner, has_overrides=has_override(init_cfg), given=buffers)
    live.held = made._live.held
    return carry_out(Plan(live, made._engine, options), seed, threads, start)


def make(
    model: torch.nn.Module, options: dict[str, Any], has_overrides: bool, given: Collection[str] = (), *, own: bool = False
) -> Plan:
    live = Live(model, has_overrides=has_overrides, given=given)
    if own:
        from ._own import lay_over

        lay_over(live, keeps=not options["constructor"])
        options = {**options, "constructor": True}
    return Plan(live, engine_of(live, options), options)


def checked_options(
    init_cfg: Any, untouched: str, pretrained: str, checkpoints: Any, offline: bool
) -> dict[str, Any]:
    """Everything that an engine's plan needs beside the description."""
    choice("untouched", untouched, ("keep", "constructor", "error"))
    choice("pretrained", pretrained, ("load", "skip"))
    rules = _rules.text(init_cfg)
    return {
        "constructor": untouched == "constructor",
        "init_cfg": None if rules is None else os.fspath(rules),
        "init_cfg_is_path": isinstance(rules, os.PathLike),
        "skip_pretrained": pretrained == "skip",
        "checkpoints": {name: os.fspath(path) for name, path in (checkpoints or {}).items()},
        "offline": bool(offline),
    }


def engine_of(live: Live, options: dict[str, Any]) -> Any:
    """The plan of a description, which is read again where it is wrong, so that the error shows a line of it."""
    for indent in (None, 1):
        try:
            text = _rules.dumps(live.description, indent)
        except (TypeError, ValueError, OverflowError) as error:
            raise InitCfgError(f"an init_cfg of the model that is no data: {error}") from error
        try:
            return _weight_init.Plan(text, False, **options)
        except InitCfgError as error:
            if indent == 1 or error.file != "model":
                raise
    raise AssertionError("a description is wrong in one of its two forms only")


def carry_out(made: Plan, seed: int, threads: int | None, start: float) -> Report:
    names = written_names(made)
    memory = Memory(made._live, names)
    with Progress(memory.bytes) as progress:
        written = made._engine.fill(memory.targets, seed, threads, progress)
    memory.assign()
    kept = [] if made._options["constructor"] and made._live.rewritten is None else made.untouched
    return Report(made, seed, names, made._engine.loaded(), kept, written, time.perf_counter() - start)


def written_names(made: Plan) -> list[str]:
    """Names of what is written; buffers that hold what a constructor computed are not."""
    names = [name for name in made._engine.written() if name not in made._live.held]
    if made._live.rewritten is None:
        return names
    wanted = {*made.touched, *made._engine.loaded(), *made._live.rewritten}
    return [name for name in names if name in wanted]


def complain(made: Plan, strict: bool, remarks: list[str], stacklevel: int) -> None:
    """Warns of what is probably not meant, or raises it."""
    # What nobody knows is told once, by the error that it is where constructors are asked for.
    found = [message for kind, _, message in made._engine.warnings() if not kind.startswith("unknown_")] + remarks
    inexact = [sentence for sentence, exact in made._engine.loads() if not exact]
    if strict and found + inexact:
        raise InitCfgError("\n".join(found + inexact))
    for message in found:
        warnings.warn(message, WeightInitWarning, stacklevel=stacklevel)


def own_code(made: Plan) -> list[str]:
    """The sentence about classes whose own ``init_weights`` would write more than the rules say."""
    found = [f"{path or 'the model itself'} ({name})" for path, name in made._live.own_code]
    if not found or made._options["constructor"]:
        return []
    shown = ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    return [f"classes have an init_weights of their own, which is not called: {shown}"]


def transient_buffers(model: torch.nn.Module) -> list[str]:
    """Buffers on the meta device that no state_dict holds."""
    return [
        f"{path}.{key}" if path else key
        for path, module in model.named_modules()
        for key, buffer in module._buffers.items()
        if buffer is not None and buffer.is_meta and key in module._non_persistent_buffers_set
    ]


def allocate(model: torch.nn.Module, device: str | torch.device) -> None:
    """Memory for what is on the meta device; tensors that were one object stay one."""
    places: dict[int, list[tuple[dict[str, Any], str]]] = {}
    for module in model.modules():
        for tensors in (module._parameters, module._buffers):
            for key, t in tensors.items():
                if t is not None and t.is_meta:
                    places.setdefault(id(t), []).append((tensors, key))
    model._apply(lambda t: torch.empty_like(t, device=device) if t.is_meta else t)
    for (tensors, key), *others in places.values():
        for other, name in others:
            other[name] = tensors[key]


def choice(argument: str, found: Any, allowed: tuple[str, ...]) -> None:
    if found not in allowed:
        raise ValueError(f"{argument}={found!r} is no choice; allowed are {', '.join(map(repr, allowed))}")

"""Runs the code that builds a model without memory for its weights, and notes what is written into them.

Small tensors, and all that is computed without random values, are real and on the processor; large ones, whose memory
nothing reads, are on the meta device. Random operations write nothing: their distribution is noted.
"""

from __future__ import annotations

import math
from typing import Any, Optional

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from . import operations
from .memory import AT_ONCE, Memory, covers
from .operations import Arguments
from .places import place, show, site
from .values import Constant, Known, Never, Unknown, Value

# Elements of memory that is made without content, and of zeros and ones, that is real at most. The system gives no page
# of it before it is written, but it counts: after so many elements in all, only small tensors are real.
MOST_EMPTY = 1 << 23
MOST_CONSTANT = 1 << 24
MOST_IN_ALL = 1 << 31
MOST_AFTERWARDS = 1 << 16
# Storages after which those that nobody holds any more are forgotten.
MANY = 4096

READS = {"_local_scalar_dense", "item", "is_nonzero", "equal", "allclose"}


class Mode(TorchDispatchMode):
    """Hears of every operation."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory()
        # Places that read values which are not there.
        self.reads: dict[str, str] = {}
        self.next_cleanup = MANY
        # Elements of real memory that were made.
        self.made = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: Optional[dict] = None) -> Any:
        kwargs = kwargs or {}
        namespace, _, full = func._schema.name.partition("::")
        operation = full[:-1] if full.endswith("_") and not full.endswith("__") else full
        if len(self.memory.storages) > self.next_cleanup:
            self.memory.forget_dead()
            self.next_cleanup = 2 * len(self.memory.storages) + MANY
        given = Arguments(func, args, kwargs)
        if operation in operations.EMPTY or operation in operations.CONSTANT:
            return self.make(func, operation, args, kwargs, given)
        tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
        written = self.written(func, args, kwargs)
        self.memory.touched.update(t.untyped_storage()._cdata for t in written)
        if operation in operations.RANDOM:
            return self.draw(func, operation, args, kwargs, given, written)
        if is_view(func) or operation in operations.SHAPE:
            return func(*args, **kwargs)
        if "device" in kwargs or operation == "_to_copy":
            kwargs = {key: value for key, value in kwargs.items() if key != "device"}
            if not tensors:
                kwargs["device"] = torch.device("cpu")
            elif all(t.is_meta for t in tensors):
                kwargs.pop("device", None)
        if written:
            return self.write(func, operation, args, kwargs, given, tensors, written)
        if all(self.memory.is_known(t) for t in tensors):
            for t in tensors:
                self.memory.fill(t)
            out = func(*args, **kwargs)
            self.note_known(out, operation)
            return out
        if operation in READS:
            return self.read(func, operation, tensors)
        return self.compute(func, operation, args, kwargs, given, tensors)

    # What an operation does.

    def make(self, func: Any, operation: str, args: tuple, kwargs: dict, given: Arguments) -> Any:
        """Memory that is empty or holds one number."""
        is_empty = operation in operations.EMPTY
        most = MOST_EMPTY if is_empty else MOST_CONSTANT
        kwargs = {**kwargs, "device": self.device(elements(given), most)}
        if kwargs.get("pin_memory"):
            kwargs["pin_memory"] = False
        if is_empty:
            out = func(*args, **kwargs)
            self.memory.set(out, Never(), None)
            return out
        value = operations.CONSTANT[operation]
        if value is None:
            fill = given.get("fill_value")
            value = fill if isinstance(fill, (bool, int, float)) else None
        out = func(*args, **kwargs)
        if value is None:
            return out
        self.memory.set(out, Constant(float(value)), place(f"{operation}()" if value in (0.0, 1.0) else f"{operation}({value:g})"))
        self.memory.of(out).is_filled = not out.is_meta
        return out

    def draw(self, func: Any, operation: str, args: tuple, kwargs: dict, given: Arguments, written: list) -> Any:
        value = operations.drawn(operation, given, self.memory)
        by = place(call(func, given))
        if written:
            self.memory.set(written[0], value, by)
            return written[0]
        out = self.shaped(func, args, {**kwargs, "device": torch.device("meta")} if "device" in given.defaults else kwargs)
        for t in out if isinstance(out, (tuple, list)) else (out,):
            self.memory.set(t, value, by)
        return out

    def write(
        self, func: Any, operation: str, args: tuple, kwargs: dict, given: Arguments, tensors: list, written: list
    ) -> Any:
        """An operation in place, or into ``out``."""
        memory, target = self.memory, written[0]
        others = [t for t in tensors if all(t is not w for w in written)]
        reads_target = operation not in ("fill", "zero", "copy") and "out" not in kwargs
        value = self.one_number(operation, given)
        if value is not None:
            by = place(call(func, given))
            memory.set(target, value, by)
            if not target.is_meta and (target.numel() <= AT_ONCE or not covers(target)):
                func(*args, **kwargs)
                memory.of(target).is_filled = memory.of(target).is_plain
            return target
        known = all(memory.is_known(t) for t in others) and not target.is_meta
        if known and (memory.of(target).is_deterministic or not reads_target and memory.of(target).is_plain and covers(target)):
            for t in (*others, *written):
                memory.fill(t)
            out = func(*args, **kwargs)
            by = place(call(func, given))
            for t in written:
                storage = memory.of(t)
                storage.writes = storage.writes[:1]
                storage.writes[0].value, storage.writes[0].by, storage.writes[0].view = Known(), by, None
                storage.is_filled = True
            return out
        by = place(call(func, given))
        if known and not reads_target:
            func(*args, **kwargs)
            memory.set(target, Known(), by)
            return target
        if operation == "copy":
            if not memory.copy(args[1], target, by):
                memory.set(target, operations.repeated(memory.get(args[1]), expanded(args[1], target)), by)
            return target
        storage = memory.of(target)
        if not storage.is_plain and covers(target) and operation in ("mul", "div", "add", "sub", "neg"):
            self.write_each(func, operation, args, kwargs, given, target, by)
            return target
        value = operations.result(operation, given, tensors, memory)
        if isinstance(value, Unknown):
            value = Unknown(f"{value.what} ({site()})") if "(" not in value.what.rsplit(" ", 1)[-1] else value
        for t in written:
            memory.set(t, value, by)
        return target if len(written) == 1 else tuple(written)

    def write_each(
        self, func: Any, operation: str, args: tuple, kwargs: dict, given: Arguments, target: torch.Tensor, by: str
    ) -> None:
        """Arithmetic in place on a tensor that holds several kinds of values."""
        storage, memory = self.memory.of(target), self.memory
        writes, is_filled = storage.writes, storage.is_filled
        for write in writes:
            storage.writes = [write]
            write.value = operations.result(operation, given, [target], memory) if not isinstance(write.value, Known) else Known()
            write.by = write.by or by
        storage.writes, storage.is_filled = writes, is_filled
        if any(isinstance(write.value, Known) for write in writes) and not target.is_meta:
            func(*args, **kwargs)

    def one_number(self, operation: str, given: Arguments) -> Optional[Value]:
        """What is written, if it is one number everywhere."""
        if operation == "zero":
            return Constant(0.0)
        if operation == "fill":
            x = operations.number(given.get("value"), self.memory)
            return None if x is None else Constant(x)
        if operation == "copy":
            source = given.get("src")
            x = self.memory.get(source)
            if isinstance(x, Constant) and isinstance(source, torch.Tensor):
                return x
        return None

    def compute(self, func: Any, operation: str, args: tuple, kwargs: dict, given: Arguments, tensors: list) -> Any:
        """An operation on values of which one, at least, is known by kind alone."""
        value = operations.result(operation, given, tensors, self.memory)
        out = self.shaped(func, args, kwargs)
        by = place(call(func, given))
        if isinstance(value, Unknown) and "(" not in value.what.rsplit(" ", 1)[-1]:
            value = Unknown(f"{value.what} ({site()})")
        outs = [t for t in tree_flatten(out)[0] if isinstance(t, torch.Tensor)]
        for t in outs:
            if operation in ("cat", "stack") and self.join(operation, given, t):
                continue
            if operation in operations.COPY and self.memory.copy(tensors[0], t, by):
                continue
            self.memory.set(t, value, by)
        return out

    def join(self, operation: str, given: Arguments, out: torch.Tensor) -> bool:
        """Tensors side by side: each is a part."""
        pieces, dim = given.get("tensors"), int(given.get("dim", 0))
        dim %= out.dim()
        kinds = {id(t): self.memory.get(t) for t in pieces}
        if len(set(kinds.values())) == 1 and not isinstance(kinds[id(pieces[0])], Known):
            self.memory.set(out, kinds[id(pieces[0])], self.memory.of(pieces[0]).writes[0].by)
            return True
        begin = 0
        self.memory.set(out, Never(), None)
        for t in pieces:
            if t.numel() == 0:
                continue
            extent = 1 if operation == "stack" else t.size(dim)
            region = out.narrow(dim, begin, extent)
            begin += extent
            value = kinds[id(t)]
            if isinstance(value, Known):
                if out.is_meta or t.is_meta:
                    value = Unknown("computed values of a large tensor")
                else:
                    self.memory.fill(t)
                    region.copy_(t.unsqueeze(dim) if operation == "stack" else t)
            self.memory.set(region, value, self.memory.of(t).writes[0].by)
        return True

    def read(self, func: Any, operation: str, tensors: list) -> Any:
        """Code that looks at a value which is not there gets a number that harms nothing."""
        value = self.memory.get(tensors[0])
        if isinstance(value, Constant) and operation != "equal":
            x = value.val
        else:
            self.reads.setdefault(site(), operation)
            x = 0.0
        if operation in ("is_nonzero", "equal", "allclose"):
            return bool(x)
        dtype = tensors[0].dtype
        return bool(x) if dtype == torch.bool else x if dtype.is_floating_point else int(x)

    # Helpers.

    def device(self, size: Optional[int], most: int) -> torch.device:
        if size is None or size > (most if self.made < MOST_IN_ALL else MOST_AFTERWARDS):
            return torch.device("meta")
        self.made += size
        return torch.device("cpu")

    def shaped(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """Tensors of the shapes that an operation would give, without its work."""
        stand_in = {}

        def on_meta(x: Any) -> Any:
            if isinstance(x, torch.Tensor) and not x.is_meta:
                if id(x) not in stand_in:
                    stand_in[id(x)] = torch.empty_strided(x.size(), x.stride(), dtype=x.dtype, device="meta")
                return stand_in[id(x)]
            return torch.device("meta") if isinstance(x, torch.device) else x

        args, kwargs = tree_map(on_meta, args), tree_map(on_meta, kwargs)
        out = func(*args, **kwargs)

        def real(x: Any) -> Any:
            if isinstance(x, torch.Tensor) and x.is_meta and self.device(x.numel(), MOST_EMPTY).type == "cpu":
                return torch.empty_strided(x.size(), x.stride(), dtype=x.dtype, device="cpu")
            return x

        return tree_map(real, out)

    def written(self, func: Any, args: tuple, kwargs: dict) -> list[torch.Tensor]:
        """The tensors that an operation writes into."""
        if not func._schema.is_mutable:
            return []
        found = []
        for schema, value in zip(func._schema.arguments, args):
            found += tensors_of(schema, value)
        by_name = {schema.name: schema for schema in func._schema.arguments}
        for key, value in kwargs.items():
            found += tensors_of(by_name[key], value)
        return found

    def note_known(self, out: Any, operation: str) -> None:
        """Who computed a tensor of known values."""
        if isinstance(out, torch.Tensor) and not out.is_meta and out.numel() > 1:
            storage = self.memory.of(out)
            if storage.writes[0].by is None:
                storage.writes[0].by = place(f"{operation}()")


def tensors_of(schema: Any, value: Any) -> list[torch.Tensor]:
    if schema.alias_info is None or not schema.alias_info.is_write:
        return []
    return [t for t in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(t, torch.Tensor)]


def is_view(func: Any) -> bool:
    """Whether a result shares memory with an argument that is not written."""
    schema = func._schema
    return not schema.is_mutable and any(it.alias_info is not None for it in schema.returns)


def elements(given: Arguments) -> Optional[int]:
    """Elements of a tensor that is to be made."""
    size = given.get("size")
    if size is None:
        source = given.get("self")
        return source.numel() if isinstance(source, torch.Tensor) else None
    return math.prod(int(n) for n in size)


def expanded(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The source as it is read for every element of the target."""
    return source.expand(target.size()) if source.size() != target.size() else source


def call(func: Any, given: Arguments) -> str:
    """An operation in words, with its numbers."""
    name = func._schema.name.partition("::")[2]
    names = {"from": "a", "to": "b", "value": ""}
    shown = []
    for key, x in given.of.items():
        if isinstance(x, (int, float)) and not isinstance(x, bool) and key not in ("dtype", "layout") and key in (
            "from", "to", "mean", "std", "value", "other", "min", "max", "fill_value", "sigma", "median", "lambd", "p"):
            label = names.get(key, key)
            shown.append(f"{label}={show(x)}" if label else show(x))
    return f"{name}({', '.join(shown)})"



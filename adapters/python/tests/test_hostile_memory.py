"""Absurd sizes in processes of their own, whose memory and time are limited: exceptions, never an abort.

An address that is not true, of a storage or in an __array_interface__, is beyond what can be checked.
"""

import os
import subprocess
import sys
import textwrap

import pytest

resource = pytest.importorskip("resource")

LIMIT = 2 << 30

PRELUDE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (%(limit)d, %(limit)d))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
import array, json
import weight_init
from weight_init import _weight_init

def engine(model, init_cfg=None, constructor=False):
    return _weight_init.Plan(
        model if isinstance(model, str) else json.dumps(model), False, constructor=constructor,
        init_cfg=init_cfg, init_cfg_is_path=False, skip_pretrained=False, checkpoints={}, offline=True)

def layer(shape, **more):
    return {"class": "Net", "init_weights": "module", "init_cfg": {"type": "Normal", "layer": "Linear"},
            "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": shape, **more}]}]}

class Memory:
    def __init__(self, shape, address=4096, strides=None, readonly=False, typestr="<f4"):
        self.__array_interface__ = {"typestr": typestr, "shape": shape, "data": (address, readonly), "strides": strides, "version": 3}

def refused(act):
    try:
        act()
    except Exception as error:
        text = str(error)
        assert len(text) < 1_000_000, len(text)
        print("refused:", type(error).__name__, ascii(text[:200]))
    else:
        raise SystemExit("was not refused")
"""

CASES = {
    "a text of half a gigabyte as the name of a class": """
        refused(lambda: engine('{"class": "' + "x" * (400 << 20)))
    """,
    "brackets without an end": """
        for opening in ("[", "{\\"a\\":", "[[", '[{"a":['):
            refused(lambda: engine(opening * 3_000_000))
    """,
    "a number of fifty million digits": """
        refused(lambda: engine(layer([3, 4]), '{"type": "Normal", "std": ' + "9" * 50_000_000 + "}"))
    """,
    "shapes beyond any memory": """
        for shape in ([2**62], [2**63], [2**64], [2**40, 2**40], [10**400], [-1], [2**31] * 40, ["3"], [1.5], [None]):
            refused(lambda: engine(layer(shape), constructor=True).save("/dev/null", 42, None))
        engine(layer([1] * 1_000_000))
    """,
    "a tensor of 2**60 elements that is written nowhere": """
        plan = engine(layer([2**30, 2**30]))
        refused(lambda: plan.fill([("fc.weight", 4096, [2**30, 1], None, 4096, 64)], 42, None))
        refused(lambda: plan.fill([("fc.weight", 4096, [1, 1], [[(0, 2**30)], [(5, 1)]], 4096, 4)], 42, None))
    """,
    "ranges without end": """
        plan = engine(layer([2**30, 2**30]))
        refused(lambda: plan.fill([("fc.weight", 4096, [1, 1], [[(0, 2**64)], [(0, 1)]], 4096, 4)], 42, None))
        refused(lambda: plan.fill([("fc.weight", 4096, [1, 1], [[(i, 1) for i in range(3_000_000, 0, -1)], [(0, 1)]], 4096, 4)], 42, None))
    """,
    "arguments of another kind": """
        plan = engine(layer([3, 4]))
        memory = array.array("f", [0] * 12)
        address = memory.buffer_info()[0]
        good = ("fc.weight", address, (4, 1), None, address, 48)
        for place, values in enumerate([(None, 3, "\\ud800", "x" * 100_000), (None, -1, 2**64, 10**400, 1.5, "4"), (None, 5, ("a",), (2**64, 1), ((),)),
                                        (3, ((0, 1),), [[(0,)]], [[(None, 1)]]), (None, -1, 2**64), (None, -1, 2**64)]):
            for value in values:
                target = list(good)
                target[place] = value
                refused(lambda: plan.fill([tuple(target)], 42, None))
        for seed in (-1, 2**64, None, "1", 1.5):
            refused(lambda: plan.fill([good], seed, None))
        for targets in (None, 3, [None], [()], [good[:5]], [good + (1,)]):
            refused(lambda: plan.fill(targets, 42, None))
        refused(lambda: plan.fill([good], 42, None, progress=3))
        assert plan.fill([good], 42, None) == 48
    """,
    "arrays that lie": """
        def fill(memory):
            return lambda: weight_init.normal_(memory, seed=1, name="w")
        for shape in [(2**62,), (2**40, 2**40), (-1,), (10**400,), (2**64,), ("a",), (None,), (float("nan"),), (1.5,), "ab", None]:
            refused(fill(Memory(shape, address=1)))
        for address in (-1, 2**64, 10**400, None, "x", 1.5, 3):
            refused(fill(Memory((4,), address=address)))
        for strides in [(0,), (-4,), (3,), (10**400,), (4, 4), ("a",), (None,)]:
            refused(fill(Memory((4,), strides=strides)))
        for typestr in ("", "<", "<f16", "<c8", ">f4", "|V4", 5, "\\ud800"):
            refused(fill(Memory((4,), typestr=typestr)))
    """,
    "buffers that lie": """
        class Raises:
            @property
            def __array_interface__(self):
                raise RuntimeError("no")
        class Capsule:
            def __init__(self, capsule): self.capsule = capsule
            def __dlpack__(self, **options): return self.capsule
            def __dlpack_device__(self): return 1, 0
        class Device(Capsule):
            def __dlpack_device__(self): return "cpu"
        import datetime
        for memory in (Raises(), Capsule(None), Capsule(3), Capsule(datetime.datetime_CAPI), Device(None), memoryview(b"x" * 16)):
            refused(lambda: weight_init.normal_(memory, seed=1, name="w"))
    """,
    "initializers that lie": """
        class Number(float):
            def __repr__(self): return "]" * 100
        class Recursive(dict): pass
        loop = []; loop.append(loop)
        for std in (10**5000, "\\ud800", "x" * (200 << 20), loop, {1: loop}, object(), float("nan"), -1.0, 1j):
            refused(lambda: weight_init.normal_(array.array("f", [0]), std=std, seed=1, name="w"))
        deep = 1
        for _ in range(200_000):
            deep = [deep]
        refused(lambda: weight_init.normal_(array.array("f", [0]), std=deep, seed=1, name="w"))
        for name in (None, 3, "\\ud800", b"w"):
            refused(lambda: weight_init.normal_(array.array("f", [0]), seed=1, name=name))
    """,
    "a long name": """
        weight_init.normal_(array.array("f", [0]), seed=1, name="w" * (100 << 20))
    """,
    "words of the command": """
        for words in ([], ["weight-init", "plan", "x" * 1_000_000], ["weight-init", "plan", "/dev/null"]):
            code = _weight_init.run_command(words)
            assert code in (2, 3), code
        refused(lambda: _weight_init.run_command(["weight-init", "\\ud800" * 3, 5]))
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_absurd_input_gives_exceptions(case):
    code = PRELUDE % {"limit": LIMIT} + textwrap.dedent(CASES[case])
    environment = {**os.environ, "WEIGHT_INIT_THREADS": "2", "RUST_BACKTRACE": "0"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=180, env=environment, check=False)
    assert done.returncode == 0, (done.returncode, done.stdout[-2000:], done.stderr[-3000:])
    assert "PanicException" not in done.stdout + done.stderr and "panicked" not in done.stderr

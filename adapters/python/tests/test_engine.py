"""The compiled part alone: no framework is needed, or imported."""

import array
import json
import os
import struct
import subprocess
import sys
import threading

import pytest

import weight_init
from weight_init import _weight_init

MODEL = {
    "class": "Net", "init_weights": "module", "init_cfg": {"type": "Normal", "std": 0.5, "layer": "Linear", "bias": 0.25},
    "children": [{"name": "fc", "class": "Linear", "params": [
        {"name": "weight", "shape": [3, 4]}, {"name": "bias", "shape": [3], "dtype": "float64"}]}],
}


def engine(model=MODEL, init_cfg=None, constructor=False):
    rules = None if init_cfg is None else json.dumps(init_cfg)
    return _weight_init.Plan(
        json.dumps(model), False, constructor=constructor, init_cfg=rules, init_cfg_is_path=False, skip_pretrained=False, checkpoints={}, offline=True)


def memory(name, values, strides, segments=None):
    address, elements = values.buffer_info()
    return name, address, strides, segments, address, elements * values.itemsize


def filled(segments=None, strides=(4, 1), elements=12):
    weight = array.array("f", [7.0] * elements)
    engine().fill([memory("fc.weight", weight, strides, segments)], 42, 2)
    return weight.tolist()


def test_the_import_is_fast_and_brings_no_framework():
    code = ("import time; t = time.process_time(); import weight_init; t = time.process_time() - t; import sys; "
            "print(t, *[name for name in ('torch', 'numpy', 'jax', 'mmengine') if name in sys.modules])")
    times = []
    for _ in range(5):
        seconds, *frameworks = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
        assert frameworks == []
        times.append(float(seconds))
    assert min(times) < 0.05, times


def test_known_values():
    # Those of weight-init init of the same description.
    weight, bias = array.array("f", [0.0] * 12), array.array("d", [0.0] * 3)
    done = engine().fill([memory("fc.weight", weight, (4, 1)), memory("fc.bias", bias, (1,))], 42, None)
    assert done == 12 * 4 + 3 * 8
    assert bias.tolist() == [0.25] * 3
    assert [struct.pack(">f", x).hex() for x in weight] == KNOWN


KNOWN = [
    "bea5c09b", "bcc99bae", "3d9868e1", "3eafcf25", "bedca3f3", "3f8a83d9", "bed9221d", "3f88b754",
    "be0bff71", "3ddf80a3", "bf94fb8d", "bec9823d",
]


def test_a_block_has_the_values_of_the_whole():
    whole = filled()
    assert filled([[(1, 2)], [(0, 4)]], elements=8) == whole[4:]
    assert filled([[(0, 3)], [(1, 2)]], (2, 1), 6) == whole[1:3] + whole[5:7] + whole[9:11]
    assert filled([[(0, 1), (2, 1)], [(0, 1), (3, 1)]], (2, 1), 4) == [whole[0], whole[3], whole[8], whole[11]]


def test_strided_memory_has_the_values_by_index_and_nothing_beside_it_is_written():
    whole = filled()
    assert filled(strides=(1, 3)) == [whole[4 * row + column] for column in range(4) for row in range(3)]
    assert filled(strides=(10, 2), elements=30) == [
        whole[place // 10 * 4 + place % 10 // 2] if place % 10 in (0, 2, 4, 6) else 7.0 for place in range(30)]


@pytest.mark.parametrize("change, message", [
    (dict(strides=(5, 1)), "reach beyond its storage"),
    (dict(strides=(4,)), "another number of dimensions"),
    (dict(strides=(-4, 1)), "negative strides"),
    (dict(strides=(0, 1)), "same memory"),
    (dict(strides=(2, 1)), "same memory"),
    (dict(strides=(2**62, 1)), "beyond its storage"),
    (dict(segments=[[(2, 2)], [(0, 4)]]), "not in order within a dimension of 3"),
    (dict(segments=[[(0, 3)]]), "ranges for 1 dimensions, of 2"),
])
def test_memory_that_cannot_be_right_is_refused(change, message):
    with pytest.raises(weight_init.ModelError, match=message):
        filled(**change)


def test_memory_that_two_tensors_share_is_refused():
    shared = array.array("d", [0.0] * 12)
    targets = [memory("fc.weight", shared, (4, 1)), memory("fc.bias", shared, (1,))]
    with pytest.raises(weight_init.ModelError, match="'fc.weight' and 'fc.bias' share some of their memory|'fc.bias' and 'fc.weight' share"):
        engine().fill(targets, 42, None)
    assert shared.tolist() == [0.0] * 12


def test_the_first_difference_is_found():
    weight = array.array("f", [0.0] * 12)
    targets = [memory("fc.weight", weight, (4, 1))]
    engine().fill(targets, 42, None)
    assert engine().verify(targets, 42, None) is None
    weight[7] = 5.0
    name, element, message = engine().verify(targets, 42, None)
    assert (name, element) == ("fc.weight", 7)
    assert message.startswith("fc.weight: element 7, at [1, 3], expected ")


def test_names_that_the_plan_does_not_write_are_refused():
    with pytest.raises(weight_init.ModelError, match="the plan writes no tensor 'nothing'"):
        engine().fill([memory("nothing", array.array("f", [0.0]), (1,))], 42, None)


def test_errors_have_their_place():
    with pytest.raises(weight_init.InitCfgError) as caught:
        engine(init_cfg=[{"type": "Normal"}, {"type": "Normal", "layr": "Linear"}])
    error = caught.value
    assert (error.file, error.line, error.path) == ("init_cfg", 1, "$[1].layr")
    assert error.help == "did you mean 'layer'?"
    assert isinstance(error, ValueError) and isinstance(error, weight_init.WeightInitError)


def test_threads_of_python_fill_at_the_same_time():
    results = []
    threads = [threading.Thread(target=lambda: results.append(filled())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8 and all(result == filled() for result in results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_of_a_fork_fills():
    expected = filled()
    child = os.fork()
    if child == 0:
        os._exit(0 if filled() == expected else 1)
    watchdog = threading.Timer(30, os.kill, (child, 9))
    watchdog.start()
    _, status = os.waitpid(child, 0)
    watchdog.cancel()
    assert status == 0, "the child hung or made other values"


def test_threads_come_from_the_environment(monkeypatch):
    cores = _weight_init.threads(None)
    assert cores >= 1 and _weight_init.threads(3) == 3
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "1000000")
    assert _weight_init.threads(None) == 1
    monkeypatch.setenv("WEIGHT_INIT_THREADS", "5")
    assert _weight_init.threads(None) == 5
    monkeypatch.setenv("WEIGHT_INIT_THREADS", "many")
    assert _weight_init.threads(None) == 1


def test_a_model_is_saved(tmp_path):
    path = tmp_path / "net.safetensors"
    assert engine(constructor=True).save(str(path), 42, None) == path.stat().st_size
    data = path.read_bytes()
    header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    begin, end = header["fc.weight"]["data_offsets"]
    saved = data[8 + int.from_bytes(data[:8], "little"):][begin:end]
    assert array.array("f", saved).tolist() == filled()
    with pytest.raises(weight_init.CheckpointError):
        engine(constructor=True).save(str(tmp_path / "nowhere" / "net.safetensors"), 42, None)

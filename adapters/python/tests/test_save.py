"""Checkpoints of live models as folders: byte for byte those of the command, by one process or several."""

import subprocess

import pytest

torch = pytest.importorskip("torch")

import weight_init
from torch import nn

RULES = [dict(type="Kaiming", layer="Linear", bias=0.5), dict(type="Normal", std=0.02, layer="Embedding")]


def net():
    model = nn.Sequential()
    model.embed, model.one, model.two = nn.Embedding(40, 30), nn.Linear(30, 50), nn.Linear(50, 40, bias=False)
    model.two.weight = nn.Parameter(torch.zeros(40, 50))
    return model


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("layout", ["hf", "dcp"])
def test_a_folder_is_that_of_the_command(command, tmp_path, layout):
    import json

    (tmp_path / "model.json").write_text(json.dumps(weight_init.describe(net())))
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    subprocess.run([command, "init", tmp_path / "model.json", "--init-cfg", tmp_path / "rules.json", "--seed", "3", "--layout", layout,
                    "--max-shard-size", "6KB", "--out", tmp_path / "theirs", "--ranks", "none"], check=True, capture_output=True)
    with torch.device("meta"):
        model = net()
    saved = weight_init.save(model, tmp_path / "ours", RULES, seed=3, layout=layout, max_shard_size="6KB")
    ours, theirs = files(tmp_path / "ours"), files(tmp_path / "theirs")
    ours.pop("weight_init.manifest.json"), theirs.pop("weight_init.manifest.json")
    assert ours == theirs
    assert saved.written == saved.files > 2 and saved.is_whole
    assert saved.bytes == sum(len(data) for name, data in ours.items() if name.endswith(".safetensors"))


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_processes_write_one_folder(tmp_path, world):
    weight_init.save(net(), tmp_path / "whole", RULES, seed=3, max_shard_size=6000)
    for rank in reversed(range(world)):
        saved = weight_init.save(net(), tmp_path / "shared", RULES, seed=3, max_shard_size=6000, ranks=(rank, world))
        assert (tmp_path / "shared").exists() == saved.is_whole == (saved.missing == 0)
    assert files(tmp_path / "shared") == files(tmp_path / "whole")
    again = weight_init.save(net(), tmp_path / "shared", RULES, seed=3, max_shard_size=6000)
    assert (again.written, again.found, again.is_whole) == (0, again.files, True)


def test_a_path_alone_is_one_file(tmp_path):
    saved = weight_init.save(net(), tmp_path / "net", RULES, seed=3)
    assert saved == weight_init.Saved(str(tmp_path / "net"), 1, 1, (tmp_path / "net").stat().st_size, 0, 0)


def test_errors_say_what_would_be_right(tmp_path):
    def save(path="net", seed=3, **options):
        weight_init.save(net(), tmp_path / path, RULES, seed=seed, **options)

    with pytest.raises(ValueError, match="layout='hg' is no choice; allowed are 'single', 'hf', 'dcp'"):
        save(layout="hg")
    with pytest.raises(ValueError, match="max_shard_size: '5G' is no size of a file"):
        save(max_shard_size="5G")
    with pytest.raises(ValueError, match="max_shard_size is about the files of a folder"):
        save("net.safetensors", max_shard_size="5GB")
    with pytest.raises(ValueError, match="ranks is about the files of a folder"):
        save("net.safetensors", ranks=(0, 2))
    with pytest.raises(ValueError, match=r"ranks=\(2, 2\) names no process"):
        save(layout="hf", ranks=(2, 2))
    with pytest.raises(TypeError, match="a number of bytes or a text such as '5GB', not 2.5"):
        save(max_shard_size=2.5)
    with pytest.raises(TypeError, match="ranks is 'auto', None or a pair"):
        save(layout="hf", ranks=[0, 2])
    save(layout="hf")
    with pytest.raises(weight_init.CheckpointError, match="net"):
        save(layout="hf", seed=4)
    assert [path.name for path in tmp_path.iterdir()] == ["net"]

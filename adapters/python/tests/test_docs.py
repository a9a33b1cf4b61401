"""What the documentation shows runs."""

import doctest
import importlib
import pathlib
import re

import pytest

torch = pytest.importorskip("torch")

README = pathlib.Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize("module, least", [("_torch", 3), ("_save", 3), ("_functions", 1), ("_record", 1), ("_register", 4)])
def test_examples_of_docstrings(module, least):
    done = doctest.testmod(importlib.import_module(f"weight_init.{module}"))
    assert done.failed == 0 and done.attempted >= least


def test_every_late_name_is_public():
    import weight_init
    assert set(weight_init._MODULES) <= set(weight_init.__all__) == set(dir(weight_init))
    assert all(getattr(weight_init, name) is not None for name in weight_init.__all__)


def test_the_first_lines_of_the_readme(capsys):
    pytest.importorskip("torchvision")
    code = re.search(r"```python\n(import torchvision.*?)```", README.read_text(), re.S).group(1)
    exec(code, {})
    assert capsys.readouterr().out.startswith("seed 42: 60 tensors written (")


@pytest.mark.parametrize("number", range(3))
def test_the_page_about_recording(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (README.parents[2] / "docs/record.md").read_text(), re.S)
    assert len(blocks) == 3
    if "mmengine" in blocks[number]:
        pytest.importorskip("mmengine")
    exec(blocks[number], {})


def test_the_error_that_the_readme_shows():
    import weight_init
    shown = re.search(r"```text\n(error: .*?)\n```", README.read_text(), re.S).group(1)
    with pytest.raises(weight_init.InitCfgError) as caught:
        weight_init.plan(torch.nn.Linear(2, 2), [dict(type="Kaiming", layer="Conv2d"), dict(type="Constant", val=1, layr="_BatchNorm")])
    assert str(caught.value) == shown

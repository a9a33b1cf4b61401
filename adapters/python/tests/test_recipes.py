"""The page of recipes: every block runs, where its library is there."""

import pathlib
import re
import warnings

import pytest

RECIPES = pathlib.Path(__file__).parents[1] / "docs" / "recipes.md"
FOUND = re.findall(r"^## (\w+).*?```python\n(.*?)```", RECIPES.read_text(), re.S | re.M)


def test_no_recipe_is_left_out():
    assert [library for library, _ in FOUND] == ["transformers", "timm", "Lightning", "torchvision", "torch", "JAX"]


@pytest.mark.parametrize("library, code", FOUND, ids=[library for library, _ in FOUND])
def test_recipes(library, code):
    pytest.importorskip(library.lower())
    if library != "JAX":
        pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, str(RECIPES), "exec"), {"__name__": "__main__"})

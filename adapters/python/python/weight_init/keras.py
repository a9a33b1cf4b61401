"""An initializer for Keras 3, on any of its backends.

    keras.layers.Dense(256, kernel_initializer=weight_init.keras.Initializer("Kaiming", seed=42))
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import keras

from ._host import Layout, Rule
from ._seed import checked_seed

__all__ = ["Initializer"]


@keras.saving.register_keras_serializable(package="weight_init")
class Initializer(keras.initializers.Initializer):
    """Values that depend on the seed and on the path of the variable, such as ``net/dense/kernel``, alone.

    One object may serve any number of layers. Models and layers that are not named by the user get names with a number that
    counts those of the process: name those whose values are to be the same again. Keras itself leaves the model's name out of
    the paths of a model that it makes of a config, whose values are its own then, until weights are loaded.

    :param type: ``Normal``, ``Uniform``, ``TruncNormal``, ``Xavier``, ``Kaiming``, ``Caffe2Xavier`` or ``Constant``.
    :param name: the name of the stream; ``None``: the path of the variable that is being made.
    :param layout: ``"in_out"``: the last but one dimension of a kernel counts inputs, the last one outputs, as in Keras.
    :param arguments: those of the type, such as ``std`` or ``mode``.
    :raises InitCfgError: a type or an argument that is none, or, in a call, a shape that has no fans.

    >>> import keras, weight_init.keras
    >>> layer = keras.layers.Dense(8, kernel_initializer=weight_init.keras.Initializer("Xavier", seed=42), name="fc")
    >>> layer.build((None, 4))
    >>> layer.kernel.path, layer.kernel.shape
    ('fc/kernel', (4, 8))
    """

    def __init__(self, type: str, *, seed: int, name: str | None = None, layout: Layout = "in_out", **arguments: Any) -> None:
        self.type = type
        self.seed = checked_seed(seed)
        self.name = name
        self.layout: Layout = layout
        self.arguments = arguments
        self._rule = Rule(type, arguments, layout)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        name = path_of_the_variable() if self.name is None else self.name
        dtype = keras.backend.standardize_dtype(dtype or keras.backend.floatx())
        values = self._rule.filled(tuple(int(dim) for dim in shape), dtype, seed=self.seed, name=name)
        if dtype == "bfloat16" and keras.backend.backend() != "jax":
            # Not every framework takes NumPy arrays of it; float32 holds the same values.
            return keras.ops.cast(keras.ops.convert_to_tensor(values.astype("float32")), dtype)
        return keras.ops.convert_to_tensor(values)

    def get_config(self) -> dict[str, Any]:
        return {"type": self.type, "seed": self.seed, "name": self.name, "layout": self.layout, **self.arguments}


def path_of_the_variable() -> str:
    """The path of the variable whose values are asked for.

    Keras tells an initializer the shape alone, and calls it outside of the layer's scope where variables are made late. So the
    caller is looked for: the method of the variable that asks.
    """
    frame = sys._getframe(2)
    while frame is not None:
        asking = frame.f_locals.get("self")
        if isinstance(asking, keras.Variable):
            return str(asking.path)
        frame = frame.f_back  # type: ignore[assignment]
    raise ValueError("no variable asks for these values: give the initializer a name")

"""Keras 3: values by the path of the variable, on any backend; KERAS_BACKEND chooses it."""

import doctest
import os

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras")
pytest.importorskip(os.environ["KERAS_BACKEND"])
import numpy as np

import weight_init
import weight_init.keras
from weight_init.keras import Initializer


def values(variable):
    return keras.ops.convert_to_numpy(variable)


def mlp(names=("first", "second")):
    kernel = Initializer("Kaiming", seed=42, mode="fan_in", distribution="normal")
    layers = [keras.layers.Dense(8, kernel_initializer=kernel, bias_initializer=Initializer("Normal", seed=42), name=name)
              for name in names]
    return keras.Sequential([keras.Input((8,)), *layers], name="net")


def test_values_are_those_of_the_path():
    one, two, other = mlp(), mlp(), mlp(("first", "third"))
    assert [v.path for v in one.weights] == ["net/first/kernel", "net/first/bias", "net/second/kernel", "net/second/bias"]
    assert all(np.array_equal(values(a), values(b)) for a, b in zip(one.weights, two.weights, strict=True))
    assert len({values(v).tobytes() for v in one.weights}) == 4
    assert np.array_equal(values(other.weights[0]), values(one.weights[0]))
    assert not np.array_equal(values(other.weights[2]), values(one.weights[2]))
    named = Initializer("Kaiming", seed=42, name="net/first/kernel", mode="fan_in", distribution="normal")((8, 8))
    assert np.array_equal(values(named), values(one.weights[0]))


def test_layers_with_several_kernels_have_a_stream_for_each():
    layer = keras.layers.LSTM(4, kernel_initializer=Initializer("Normal", seed=1), name="lstm",
                              recurrent_initializer=Initializer("Normal", seed=1))
    layer.build((None, 3, 4))
    kernel, recurrent, _ = layer.weights
    assert kernel.path.endswith("/kernel") and not np.array_equal(values(kernel), values(recurrent))


class Late(keras.Model):
    def __init__(self):
        super().__init__(name="late")
        self.fc = keras.layers.Dense(8, kernel_initializer=Initializer("Normal", seed=42), name="fc")

    def call(self, x):
        return self.fc(x)


def test_variables_that_are_made_late_have_the_values_of_their_path():
    late = Late()
    late(keras.Input((8,)))
    kernel = late.fc.kernel
    assert np.array_equal(values(kernel), values(Initializer("Normal", seed=42, name=kernel.path)((8, 8))))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_element_types(dtype):
    made = Initializer("Normal", seed=7, name="w")((5, 6), dtype)
    assert keras.backend.standardize_dtype(made.dtype) == dtype
    whole = np.empty((5, 6), np.float32)
    weight_init.normal_(whole, seed=7, name="w")
    assert np.allclose(values(keras.ops.cast(made, "float32")), whole, rtol=0.01)


def test_it_is_saved_with_the_model(tmp_path):
    one = mlp()
    again = keras.models.model_from_json(one.to_json())
    for layer in again.layers:
        path = layer.kernel.path  # Keras leaves the model's name out here
        named = layer.kernel_initializer.from_config({**layer.kernel_initializer.get_config(), "name": path})
        assert np.array_equal(values(layer.kernel), values(named((8, 8))))
    initializer = keras.initializers.deserialize(keras.initializers.serialize(one.layers[0].kernel_initializer))
    assert initializer.get_config() == one.layers[0].kernel_initializer.get_config()
    one.save(tmp_path / "net.keras")
    loaded = keras.models.load_model(tmp_path / "net.keras")
    assert loaded.layers[0].kernel_initializer.seed == 42
    assert all(np.array_equal(values(a), values(b)) for a, b in zip(one.weights, loaded.weights, strict=True))


@pytest.mark.parametrize("ours, theirs", [
    (dict(type="Kaiming", mode="fan_in", distribution="normal"), lambda: keras.initializers.VarianceScaling(2, "fan_in", "untruncated_normal", 1)),
    (dict(type="Xavier", distribution="uniform"), lambda: keras.initializers.GlorotUniform(1)),
])
@pytest.mark.parametrize("shape", [(300, 500), (3, 3, 64, 128)])
def test_statistics_are_those_of_keras(ours, theirs, shape):
    a, b = values(Initializer(seed=1, name="w", **ours)(shape)), values(theirs()(shape))
    assert abs(a.std() / b.std() - 1) < 0.02 and abs(a.mean() - b.mean()) < 0.02


def test_what_is_wrong():
    with pytest.raises(weight_init.InitCfgError, match="stdd"):
        Initializer("Normal", seed=1, stdd=1)
    with pytest.raises(ValueError, match="no variable asks"):
        Initializer("Normal", seed=1)((3, 4))
    with pytest.raises(TypeError):
        Initializer("Normal", seed="1")


@pytest.mark.skipif(os.environ["KERAS_BACKEND"] != "jax", reason="distributions are JAX's")
def test_a_distributed_model_has_the_values_of_one_device():
    import jax
    if len(jax.devices()) < 2:
        pytest.skip("one device")
    count = len(jax.devices())
    mesh = keras.distribution.DeviceMesh((count,), ["model"])
    layout = keras.distribution.LayoutMap(mesh)
    layout[".*kernel"] = (None, "model")
    whole = mlp()
    with keras.distribution.ModelParallel(layout_map=layout, batch_dim_name="model").scope():
        sharded = mlp()
    assert any(len(v.value.sharding.device_set) == count for v in sharded.weights)
    assert all(np.array_equal(values(a), values(b)) for a, b in zip(whole.weights, sharded.weights, strict=True))


def test_examples_of_docstrings():
    done = doctest.testmod(weight_init.keras)
    assert done.failed == 0 and done.attempted >= 3

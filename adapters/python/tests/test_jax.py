"""JAX and Flax: eager, compiled and sharded values are the same."""

import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

import doctest

import pytest

jax = pytest.importorskip("jax")
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec as P

import weight_init
import weight_init.jax
from weight_init.jax import initializer

KEY = jax.random.key(2**40 + 7)
SHAPE = (16, 24)
TYPES = [("Normal", dict(std=0.02)), ("Uniform", dict(a=-1, b=2)), ("TruncNormal", dict(std=0.5, a=-1, b=1)),
         ("Xavier", dict(distribution="uniform")), ("Kaiming", dict(mode="fan_in")), ("Caffe2Xavier", {}),
         ("Constant", dict(val=0.25))]


def compiled(init, dtype=None, out_sharding=None):
    return jax.jit(lambda key: init(key, SHAPE, dtype, out_sharding))


def bits(x):
    return np.asarray(x).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("type, arguments", TYPES)
def test_eager_is_compiled(type, arguments, dtype):
    init = initializer(type, **arguments)
    eager = init(KEY, SHAPE, dtype)
    assert eager.dtype == dtype and eager.shape == SHAPE
    assert bits(eager) == bits(compiled(init, dtype)(KEY))
    named = initializer(type, seed=3, name="fc.weight", **arguments)
    assert bits(named(KEY, SHAPE, dtype)) == bits(compiled(named, dtype)(jax.random.key(1)))


def test_the_default_type_is_that_of_jax():
    assert initializer("Normal")(KEY, (3, 4)).dtype == jnp.float32
    assert initializer("Normal", dtype=jnp.bfloat16)(KEY, (3, 4)).dtype == jnp.bfloat16
    with jax.enable_x64(True):
        wide = initializer("Normal")(KEY, (3, 4))
        assert wide.dtype == jnp.float64
        assert bits(wide) == bits(jax.jit(lambda key: initializer("Normal")(key, (3, 4)))(KEY))


SPECS = [P("x", "y"), P("y", "x"), P(("x", "y"),), P(None, ("y", "x")), P("x"), P(None, "y"), P()]


@pytest.mark.parametrize("kind", [AxisType.Auto, AxisType.Explicit])
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_every_sharding_has_the_same_values(spec, kind):
    mesh = jax.make_mesh((4, 2), ("x", "y"), axis_types=(kind, kind))
    init = initializer("Kaiming", distribution="normal")
    whole = init(KEY, SHAPE)
    sharding = NamedSharding(mesh, spec)
    eager = init(KEY, SHAPE, out_sharding=sharding)
    assert eager.sharding.is_equivalent_to(sharding, 2) and bits(eager) == bits(whole)
    inside = compiled(init, out_sharding=sharding)(KEY)
    assert inside.sharding.is_equivalent_to(sharding, 2) and bits(inside) == bits(whole)
    outside = jax.jit(lambda key: init(key, SHAPE), out_shardings=sharding)(KEY)
    assert bits(outside) == bits(whole)
    with jax.set_mesh(mesh):
        assert bits(init(KEY, SHAPE, out_sharding=spec)) == bits(whole)
        assert bits(compiled(init, out_sharding=spec)(KEY)) == bits(whole)
        assert bits(compiled(init)(KEY)) == bits(whole)


def test_a_shard_is_made_without_the_others(monkeypatch):
    mesh = jax.make_mesh((8,), ("x",), axis_types=(AxisType.Auto,))
    made = []
    original = weight_init._host.Rule.filled
    monkeypatch.setattr(weight_init._host.Rule, "filled", lambda self, *args, **options: (
        made.append(options.get("block")), original(self, *args, **options))[1])
    compiled(initializer("Normal"), out_sharding=NamedSharding(mesh, P("x")))(KEY).block_until_ready()
    shards = [block for block in made if block is not None and block[0][1] == 2]
    assert sorted(block[0][0] for block in shards) == list(range(0, 16, 2))


def test_the_key_is_the_seed():
    words = np.asarray(jax.random.key_data(KEY))
    seed = int(words[0]) << 32 | int(words[1])
    by_name = initializer("Normal", seed=seed, name="fc")(None, SHAPE)
    assert bits(initializer("Normal", name="fc")(KEY, SHAPE)) == bits(by_name)
    assert bits(initializer("Normal", name="fc")(jax.random.key_data(KEY), SHAPE)) == bits(by_name), "keys of the old style"
    long = jax.random.key(5, impl="rbg")
    others = [initializer("Normal")(key, SHAPE) for key in (KEY, jax.random.key(5), long, *jax.random.split(long, 2))]
    assert len({bits(x) for x in others}) == 5


def test_named_values_are_those_of_the_functions():
    ours = np.empty(SHAPE, np.float32)
    weight_init.kaiming_normal_(ours, mode="fan_out", nonlinearity="relu", seed=42, name="fc.weight")
    theirs = initializer("Kaiming", seed=42, name="fc.weight", layout="out_in", mode="fan_out", nonlinearity="relu")
    assert bits(theirs(KEY, SHAPE)) == bits(ours)


def test_it_can_be_vectorized():
    init, keys = initializer("Normal"), jax.random.split(KEY, 3)
    many = jax.vmap(lambda key: init(key, SHAPE))(keys)
    assert [bits(x) for x in many] == [bits(init(key, SHAPE)) for key in keys]


@pytest.mark.parametrize("ours, theirs", [
    (("Kaiming", dict(mode="fan_in", distribution="normal")), jax.nn.initializers.variance_scaling(2.0, "fan_in", "normal")),
    (("Kaiming", dict(mode="fan_out", distribution="uniform")), jax.nn.initializers.variance_scaling(2.0, "fan_out", "uniform")),
    (("Xavier", dict(distribution="uniform")), jax.nn.initializers.glorot_uniform()),
    (("Normal", dict(std=0.02)), jax.nn.initializers.normal(0.02)),
])
@pytest.mark.parametrize("shape", [(300, 500), (3, 3, 64, 128)])
def test_statistics_are_those_of_jax(ours, theirs, shape):
    kind, arguments = ours
    ours, theirs = initializer(kind, **arguments)(KEY, shape), theirs(KEY, shape)
    assert abs(float(ours.std() / theirs.std()) - 1) < 0.02 and abs(float(ours.mean() - theirs.mean())) < 0.02
    assert abs(float(jnp.abs(ours).max() / jnp.abs(theirs).max()) - 1) < 0.3


def test_wrong_arguments_are_refused_where_they_are_given():
    with pytest.raises(weight_init.InitCfgError, match="stdd"):
        initializer("Normal", stdd=1)
    with pytest.raises(weight_init.InitCfgError, match="Kaimnig"):
        initializer("Kaimnig")
    with pytest.raises(weight_init.InitCfgError, match="'layer' says which"):
        initializer("Normal", layer="Linear")
    with pytest.raises(ValueError, match="layout='hwio' is no choice"):
        initializer("Normal", layout="hwio")
    with pytest.raises(ValueError, match="give the name"):
        initializer("Normal", seed=1)
    for run in (lambda: initializer("Kaiming")(KEY, (3,)), lambda: jax.jit(lambda key: initializer("Kaiming")(key, (3,)))(KEY)):
        with pytest.raises(weight_init.InitCfgError):
            run()
    with pytest.raises(weight_init.ModelError, match="int32"):
        initializer("Normal")(KEY, (3, 4), jnp.int32)
    with pytest.raises(weight_init.ModelError, match="expected one key"):
        initializer("Normal")(jax.random.split(KEY, 2), (3, 4))
    with pytest.raises(weight_init.ModelError, match="array of JAX, which is never written"):
        weight_init.normal_(jnp.zeros(3), seed=1, name="w")


def test_modules_of_flax():
    nn = pytest.importorskip("flax.linen")
    nnx = pytest.importorskip("flax.nnx")

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            kernel = initializer("Kaiming", mode="fan_in")
            x = nn.Conv(8, (3, 3), kernel_init=kernel)(x)
            return nn.Dense(5, kernel_init=kernel, bias_init=initializer("Constant", val=0.5))(x)

    images = jnp.ones((1, 6, 6, 3))
    eager, traced = Net().init(KEY, images), jax.jit(Net().init)(KEY, images)
    pairs = list(zip(jax.tree.leaves(eager), jax.tree.leaves(traced), strict=True))
    assert len(pairs) == 4 and all(bits(a) == bits(b) for a, b in pairs)
    assert bits(eager["params"]["Dense_0"]["bias"]) == bits(np.full(5, 0.5, np.float32))
    one, two = (nnx.Linear(4, 8, kernel_init=initializer("Normal"), rngs=nnx.Rngs(7)) for _ in range(2))
    assert bits(one.kernel[...]) == bits(two.kernel[...])


def test_examples_of_docstrings():
    done = doctest.testmod(weight_init.jax)
    assert done.failed == 0 and done.attempted >= 3

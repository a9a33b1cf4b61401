"""Initializers for JAX, Flax and Equinox: functions of ``(key, shape, dtype, out_sharding)``, as ``jax.nn.initializers`` makes.

    nn.Dense(256, kernel_init=weight_init.jax.initializer("Kaiming", distribution="normal"))

The values are made on the host, eagerly as under ``jit``, and are the same with any sharding: every process makes the shards of
its own devices, without communication.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.sharding import NamedSharding, PartitionSpec

from ._host import Block, Layout, Rule, numpy_type
from ._seed import checked_seed
from .errors import ModelError

__all__ = ["Initializer", "initializer"]


class Initializer(Protocol):
    """What :func:`initializer` returns: the signature of ``jax.nn.initializers.Initializer``."""

    def __call__(
        self, key: Any, shape: Sequence[int], dtype: Any = None, out_sharding: Any = None
    ) -> jax.Array: ...


def initializer(
    type: str, *, seed: int | None = None, name: str = "", layout: Layout = "in_out", dtype: Any = None, **arguments: Any
) -> Initializer:
    """An initializer that JAX's libraries take, such as Flax as ``kernel_init``.

    Without ``seed`` the key decides: its first two words are the seed (the first one its upper half), further words, which keys
    of other generators than threefry have, are appended to ``name`` in hexadecimal. Flax gives every parameter a key of its own,
    by its path. With ``seed`` the key is ignored, and the values are those of the parameter ``name`` of a model that is
    initialized with that seed.

    :param type: ``Normal``, ``Uniform``, ``TruncNormal``, ``Xavier``, ``Kaiming``, ``Caffe2Xavier`` or ``Constant``.
    :param layout: where the fans are: ``"in_out"``, the last but one and the last dimension, as kernels of JAX have them
        (``[in, out]``, ``HWIO``), or ``"out_in"``, as PyTorch's weights have them. The elements are numbered row-major in
        either, so that a ``[in, out]`` kernel is not the transpose of the ``[out, in]`` weight of that name.
    :param dtype: of the values where the caller gives none; ``None``: JAX's default.
    :param arguments: those of the type: ``mean``, ``std``, ``a``, ``b``, ``gain``, ``mode``, ``nonlinearity``, ``distribution``,
        ``val``.
    :raises InitCfgError: a type or an argument that is none, or a shape that has no fans.

    >>> import jax, weight_init.jax
    >>> init = weight_init.jax.initializer("Kaiming", mode="fan_in")
    >>> kernel = init(jax.random.key(0), (3, 3, 16, 32))
    >>> kernel.shape, bool((kernel == jax.jit(init, static_argnums=1)(jax.random.key(0), (3, 3, 16, 32))).all())
    ((3, 3, 16, 32), True)
    """
    rule = Rule(type, arguments, layout)
    if seed is not None:
        seed = checked_seed(seed)
        if not name:
            raise ValueError("with a seed the key is ignored: give the name of the parameter, too")

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype, out_sharding: Any = None) -> jax.Array:
        shape = tuple(int(dim) for dim in shape)
        # The default type, and whether a function is being compiled: JAX says neither by a public name.
        probe = jnp.zeros((), dtype)
        element = probe.dtype.name
        rule.check(shape, element)
        words = np.zeros(0, np.uint32) if seed is not None else words_of(key)

        def make(words: Any, block: Block) -> np.ndarray[Any, Any]:
            used_seed, used_name = (seed, name) if seed is not None else stream(np.asarray(words), name)
            return rule.filled(shape, element, seed=used_seed, name=used_name, block=block)

        if any(isinstance(value, Tracer) for value in (words, probe)):
            return traced(make, jnp.asarray(words), shape, element, mesh_sharding(out_sharding, concrete=False))
        sharding = mesh_sharding(out_sharding, concrete=True)
        if sharding is None:
            return jnp.asarray(make(words, None))
        return jax.make_array_from_callback(shape, sharding, lambda index: make(words, block_of(index, shape)))

    return init


def words_of(key: Any) -> Any:
    """The words of a key of either style."""
    if hasattr(key, "dtype") and jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        key = jax.random.key_data(key)
    if getattr(key, "ndim", None) != 1 or key.shape[0] < 2 or key.dtype != jnp.uint32:
        raise ModelError("expected one key of JAX, of two words or more, or a seed and a name")
    return key


def stream(words: np.ndarray[Any, Any], name: str) -> tuple[int, str]:
    """The seed and the name that a key stands for."""
    upper, lower, *others = (int(word) for word in words)
    return upper << 32 | lower, name + "".join(f"{word:08x}" for word in others)


def mesh_sharding(sharding: Any, concrete: bool) -> Any:
    """The sharding that was asked for; a partition alone is one of the mesh that is set."""
    mesh = jax.sharding.get_mesh() if concrete else jax.sharding.get_abstract_mesh()
    if isinstance(sharding, PartitionSpec):
        if mesh.empty:
            raise ValueError(f"out_sharding={sharding} needs a mesh: set one by jax.set_mesh, or give a NamedSharding")
        return NamedSharding(mesh, sharding)
    if concrete and isinstance(sharding, NamedSharding) and isinstance(sharding.mesh, jax.sharding.AbstractMesh):
        return NamedSharding(mesh, sharding.spec)
    if sharding is None and not concrete and not mesh.empty:
        return NamedSharding(mesh, PartitionSpec())
    return sharding


def block_of(index: Any, shape: Sequence[int]) -> Block:
    """The range of each dimension that slices stand for."""
    ranges = [part.indices(dim) for part, dim in zip(index, shape)]
    return [(first, max(behind - first, 0)) for first, behind, _ in ranges]


def traced(make: Any, words: Any, shape: tuple[int, ...], dtype: str, sharding: Any) -> jax.Array:
    """The call of ``make`` as part of a compiled function; every device gets its own shard from it."""
    whole = jax.ShapeDtypeStruct(shape, numpy_type(dtype))
    if sharding is None:
        return jax.pure_callback(lambda words: make(words, None), whole, words, vmap_method="sequential")
    parts = [axes_of(axes) for axes in (*sharding.spec, *[None] * (len(shape) - len(sharding.spec)))]
    counts = [int(np.prod([sharding.mesh.shape[axis] for axis in axes], dtype=int)) for axes in parts]
    for dim, count in zip(shape, counts):
        if dim % count:
            raise ValueError(f"{sharding.spec} cuts a dimension of {dim} into {count} parts, which are not equal")
    sizes = tuple(dim // count for dim, count in zip(shape, counts))

    def shard(words: Any) -> jax.Array:
        places = [jax.lax.axis_index(axes) if axes else 0 for axes in parts]

        def make_shard(words: Any, places: Any) -> Any:
            return make(words, [(int(place) * size, size) for place, size in zip(np.asarray(places), sizes)])

        local = jax.ShapeDtypeStruct(sizes, whole.dtype)
        return jax.pure_callback(make_shard, local, words, jnp.array(places, jnp.int32), vmap_method="sequential")

    spec = PartitionSpec(*[axes or None for axes in parts])
    split = jax.shard_map(shard, mesh=sharding.mesh, in_specs=PartitionSpec(), out_specs=spec, check_vma=False)
    return split(words)


def axes_of(axes: Any) -> tuple[str, ...]:
    """The axes of the mesh along which one dimension is cut."""
    if axes is None:
        return ()
    return (axes,) if isinstance(axes, str) else tuple(axes)

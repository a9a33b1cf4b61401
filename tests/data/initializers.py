"""Writes initializers.jsonl: what PyTorch, Keras and JAX make of initializers, arguments and shapes.

    python initializers.py torch > torch.jsonl                       # PyTorch 2.15
    KERAS_BACKEND=jax python initializers.py keras jax > keras.jsonl # Keras 3.15, JAX 0.10
    cat torch.jsonl keras.jsonl | gzip -9n > initializers.jsonl.gz

A line is a rule as our init_cfg spells it, a shape with its layout, and what the library does: the numbers that it gives its
own sampler (`uniform`: bounds; `normal`: mean and standard deviation; `trunc_normal`: these and the bounds), the elements that are not
zero (`nonzero`: number and value), the zeros of each column (`zeros`), moments of a large sample (`moments`: elements, mean,
standard deviation, smallest and largest), or `error`. Samplers are replaced by functions that keep their arguments.
"""

import itertools
import json
import sys


def line(library, rule, shape, layout, found):
    print(json.dumps({"library": library, "rule": rule, "shape": list(shape), "layout": layout, **found}))


def of_torch():
    import torch
    from torch.nn import init

    library, kept = f"torch {torch.__version__.split('+')[0]}", {}
    shapes = [(3, 5), (1, 1), (64, 3, 7, 7), (16, 1, 3), (32, 8, 3, 3, 3), (128, 256), (7,), ()]

    def keep(kind):
        def sampler(self, first, second, generator=None):
            kept.update({kind: [float(first), float(second)]})
            return self

        return sampler

    def found(function, shape, args):
        kept.clear()
        try:
            function(torch.empty(shape), **args)
            return dict(kept)
        except ValueError as error:
            return {"error": str(error)}

    real = torch.Tensor.uniform_, torch.Tensor.normal_
    torch.Tensor.uniform_, torch.Tensor.normal_ = keep("uniform"), keep("normal")
    for name, shape, gain in itertools.product(("xavier_uniform_", "xavier_normal_"), shapes, (None, 1.0, 0.5, 5 / 3)):
        args = {} if gain is None else {"gain": gain}
        line(library, {"type": name, **args}, shape, "out_in", found(getattr(init, name), shape, args))
    arguments = [{}, {"a": 0.2}, {"a": 5**0.5}, {"mode": "fan_out"}, {"mode": "fan_out", "nonlinearity": "relu"},
                 {"nonlinearity": "tanh"}, {"nonlinearity": "selu"}, {"a": 1.0, "mode": "fan_in", "nonlinearity": "linear"}]
    for name, shape, args in itertools.product(("kaiming_uniform_", "kaiming_normal_"), shapes, arguments):
        line(library, {"type": name, **args}, shape, "out_in", found(getattr(init, name), shape, args))
    for name, args in (("uniform_", {}), ("uniform_", {"a": -2.0, "b": 0.5}), ("normal_", {}), ("normal_", {"mean": 1.5, "std": 0.25})):
        line(library, {"type": name, **args}, (3, 5), "out_in", found(getattr(init, name), (3, 5), args))
    torch.Tensor.uniform_, torch.Tensor.normal_ = real

    def elements(name, args, shape):
        try:
            flat = getattr(init, name)(torch.full(shape, 7.0), **args).flatten().tolist()
            return {"nonzero": [[number, x] for number, x in enumerate(flat) if x]}
        except ValueError as error:
            return {"error": str(error)}

    for shape in [(3, 3), (2, 5), (5, 2), (1, 1), (3,), (3, 3, 3)]:
        line(library, {"type": "eye_"}, shape, "out_in", elements("eye_", {}, shape))
    for shape, groups in itertools.product(
        [(4, 4, 3), (6, 2, 3, 3), (2, 6, 4, 5), (6, 3, 3, 4, 2), (6, 1, 3, 3), (4, 4), (2, 2, 2, 2, 2, 2)], (1, 2, 3, 4)
    ):
        args = {"groups": groups}
        line(library, {"type": "dirac_", **args}, shape, "out_in", elements("dirac_", args, shape))
    for name, args in (("zeros_", {}), ("ones_", {}), ("constant_", {"val": 0.3})):
        line(library, {"type": name, **args}, (2, 3), "out_in", elements(name, args, (2, 3)))
    torch.manual_seed(0)
    for shape, sparsity in itertools.product([(10, 20), (7, 3), (1, 5), (100, 2)], (0.0, 0.1, 0.33, 0.5, 1.0)):
        weight = init.sparse_(torch.empty(shape), sparsity)
        zeros = (weight == 0).sum(dim=0).tolist()
        assert len(set(zeros)) == 1
        line(library, {"type": "sparse_", "sparsity": sparsity}, shape, "out_in", {"zeros": zeros[0]})
    for shape in [(3,), (3, 3, 3)]:
        try:
            init.sparse_(torch.empty(shape), 0.5)
        except ValueError as error:
            line(library, {"type": "sparse_", "sparsity": 0.5}, shape, "out_in", {"error": str(error)})
    for name, args, shape in (
        ("trunc_normal_", {}, (1000, 1000)),
        ("trunc_normal_", {"mean": 0.5, "std": 2.0, "a": -1.0, "b": 3.0}, (1000, 1000)),
        ("sparse_", {"sparsity": 0.25, "std": 0.5}, (1000, 1000)),
        ("orthogonal_", {"gain": 2.0}, (512, 2048)),
        ("orthogonal_", {}, (1024, 128, 3)),
        ("kaiming_normal_", {}, (512, 128, 3, 3)),
    ):
        line(library, {"type": name, **args}, shape, "out_in", moments(getattr(init, name)(torch.empty(shape), **args).numpy()))
    for gain, shape in ((1.0, (3,)), (1.0, ())):
        try:
            init.orthogonal_(torch.empty(shape), gain)
        except ValueError as error:
            line(library, {"type": "orthogonal_", "gain": gain}, shape, "out_in", {"error": str(error)})


def moments(sample):
    sample = sample.astype("float64").ravel()
    return {"moments": [len(sample), sample.mean(), sample.std(), sample.min(), sample.max()]}


SHAPES = [(3, 5), (1, 1), (7, 7, 3, 64), (3, 1, 16), (3, 3, 3, 8, 32), (256, 128), (5, 0)]
SCALES = (0.1, 1.0, 2.0)
MODES = ("fan_in", "fan_out", "fan_avg")


def of_keras():
    import keras
    import numpy
    from keras import initializers
    from keras.src.initializers import random_initializers as module

    library, kept = f"keras {keras.__version__}", {}
    real = module.random

    class Sampler:
        @staticmethod
        def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
            # Keras cuts at two standard deviations.
            kept.update(trunc_normal=[mean, float(stddev), mean - 2 * float(stddev), mean + 2 * float(stddev)])

        @staticmethod
        def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
            kept.update(normal=[mean, float(stddev)])

        @staticmethod
        def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
            kept.update(uniform=[float(minval), float(maxval)])

    def found(initializer, shape):
        kept.clear()
        module.random = Sampler
        initializer(shape)
        module.random = real
        return dict(kept)

    for shape, scale, mode, distribution in itertools.product(
        SHAPES, SCALES, MODES, ("truncated_normal", "untruncated_normal", "uniform")
    ):
        args = {"scale": scale, "mode": mode, "distribution": distribution}
        line(library, {"type": "VarianceScaling", **args}, shape, "in_out",
             found(initializers.VarianceScaling(**args), shape))
    for name, shape in itertools.product(
        ("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"), SHAPES
    ):
        line(library, {"type": name}, shape, "in_out", found(getattr(initializers, name)(), shape))
    for name, args in (("Identity", {}), ("Identity", {"gain": 0.5}), ("Zeros", {}), ("Ones", {})):
        for shape in [(3, 3), (2, 5), (5, 2), (3, 3, 3)]:
            try:
                flat = numpy.asarray(getattr(initializers, name)(**args)(shape)).ravel().tolist()
                result = {"nonzero": [[number, x] for number, x in enumerate(flat) if x]}
            except ValueError as error:
                result = {"error": str(error)}
            line(library, {"type": name, **args}, shape, "in_out", result)
    for name, args, shape in (
        ("GlorotNormal", {}, (3, 3, 128, 512)),
        ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}, (1000, 1000)),
        ("Orthogonal", {"gain": 2.0}, (2048, 512)),
    ):
        line(library, {"type": name, **args}, shape, "in_out", moments(numpy.asarray(getattr(initializers, name)(**args)(shape))))


def of_jax():
    import jax
    import numpy
    from jax.nn import initializers

    library = f"jax {jax.__version__}"
    key = jax.random.key(0)
    jax.config.update("jax_enable_x64", True)
    from jax._src.nn import initializers as module

    real = module.random

    # Ones in place of samples: what is left is the factor.
    class Sampler:
        @staticmethod
        def normal(key, shape, dtype, **_):
            return jax.numpy.ones(shape, dtype)

        @staticmethod
        def truncated_normal(key, low, high, shape, dtype, **_):
            assert (low, high) == (-2, 2)
            return jax.numpy.ones(shape, dtype)

        @staticmethod
        def uniform(key, shape, dtype, low=0.0, **_):
            assert low == -1
            return jax.numpy.ones(shape, dtype)

    for shape, scale, mode, (own, ours) in itertools.product(
        [shape for shape in SHAPES if 0 not in shape], SCALES, MODES,
        (("truncated_normal", "truncated_normal"), ("normal", "untruncated_normal"), ("uniform", "uniform")),
    ):
        module.random = Sampler
        factor = float(initializers.variance_scaling(scale, mode, own)(key, shape, "float64").ravel()[0])
        module.random = real
        found = {"truncated_normal": {"trunc_normal": [0.0, factor, -2 * factor, 2 * factor]},
                 "normal": {"normal": [0.0, factor]}, "uniform": {"uniform": [-factor, factor]}}[own]
        rule = {"type": "VarianceScaling", "scale": scale, "mode": mode, "distribution": ours}
        line(library, rule, shape, "in_out", found)
    for name, function, args, shape in (
        ("Orthogonal", initializers.orthogonal(2.0), {"gain": 2.0}, (2048, 512)),
        ("DeltaOrthogonal", initializers.delta_orthogonal(2.0), {"gain": 2.0}, (3, 3, 200, 300)),
        ("LecunNormal", initializers.lecun_normal(), {}, (1000, 1000)),
    ):
        line(library, {"type": name, **args}, shape, "in_out", moments(numpy.asarray(function(key, shape, "float32"))))
    for shape in [(3, 3), (3, 5, 4)]:
        try:
            initializers.delta_orthogonal()(key, shape, "float32")
        except ValueError as error:
            line(library, {"type": "DeltaOrthogonal"}, shape, "in_out", {"error": str(error)})


for name in sys.argv[1:]:
    {"torch": of_torch, "keras": of_keras, "jax": of_jax}[name]()

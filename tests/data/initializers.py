"""Writes initializers.jsonl: what PyTorch, Keras and JAX make of initializers, arguments and shapes.

    python initializers.py torch union > torch.jsonl                 # PyTorch 2.15, transformers
    KERAS_BACKEND=jax python initializers.py keras jax > keras.jsonl # Keras 3.15, JAX 0.10
    cat torch.jsonl keras.jsonl | gzip -9n > initializers.jsonl.gz

A line is a rule as our init_cfg spells it, a shape with its layout, and what the library does: the numbers that it gives its
own sampler (`uniform`: bounds; `normal`: mean and standard deviation; `trunc_normal`: these and the bounds), the elements that are not
zero (`nonzero`: number and value), the zeros of each column (`zeros`), moments of a large sample (`moments`: elements, mean,
standard deviation, smallest and largest), the elements of a table (`table`; `single_table` of numbers in single precision), or `error`. Samplers are replaced by functions that
keep their arguments. Connections are counted by running the convolution on ones.
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


def connections(groups, transposed, inputs, outputs, kernel):
    """Inputs that a unit sums up, and outputs that an input feeds, of a real convolution: far from its edges, stride 1."""
    import torch

    cls = torch.nn.ConvTranspose2d if transposed else torch.nn.Conv2d
    conv = cls(inputs, outputs, kernel, groups=groups, bias=False).double()
    torch.nn.init.ones_(conv.weight)
    x = torch.ones(1, inputs, 15, 15, dtype=torch.float64, requires_grad=True)
    y = conv(x)
    y.sum().backward()
    middle = y.shape[-1] // 2
    return tuple(conv.weight.shape), int(y[0, 0, middle, middle]), int(x.grad[0, 0, 7, 7])


def of_union():
    """What more than one library has, or a paper alone: by the library where one has it, else by the paper's formula."""
    import math

    import numpy
    import torch
    from torch.nn import init

    library = f"torch {torch.__version__.split('+')[0]}"
    for inputs, outputs, groups, transposed in itertools.product((8, 12), (8, 24), (1, 4), (False, True)):
        shape, fan_in, fan_out = connections(groups, transposed, inputs, outputs, (3, 2))
        layout = f"groups {groups}" + (" transposed" if transposed else "")
        for mode, fan in (("fan_in", fan_in), ("fan_out", fan_out)):
            rule = {"type": "Kaiming", "mode": mode, "nonlinearity": "linear", "fan": "connections"}
            line(library, rule, shape, layout, {"normal": [0.0, 1 / math.sqrt(fan)]})
            rule = {"type": "VarianceScaling", "mode": mode, "distribution": "untruncated_normal", "fan": "connections"}
            line(library, rule, shape, layout, {"normal": [0.0, math.sqrt(1 / fan)]})
        rule = {"type": "Xavier", "fan": "connections"}
        line(library, rule, shape, layout, {"normal": [0.0, math.sqrt(2 / (fan_in + fan_out))]})
    # A fused weight is filled as its parts are.
    kept, real = {}, torch.Tensor.uniform_
    torch.Tensor.uniform_ = lambda self, a, b, generator=None: kept.update(uniform=[a, b]) or self
    for width, parts in ((16, 3), (64, 3), (8, 2)):
        init.xavier_uniform_(torch.empty(width, width))
        rule = {"type": "Xavier", "distribution": "uniform", "parts": parts}
        line(library, rule, (parts * width, width), "out_in", dict(kept))
        init.kaiming_uniform_(torch.empty(width, 2 * width), mode="fan_out", nonlinearity="relu")
        rule = {"type": "Kaiming", "distribution": "uniform", "parts": parts}
        line(library, rule, (parts * width, 2 * width), "out_in", dict(kept))
    line(library, {"type": "Xavier", "parts": 3}, (16, 16), "out_in", {"error": "16 outputs are no three parts"})
    for (layers, decoder), shape in itertools.product(((6, False), (6, True), (1, True)), ((12, 20), (64, 64))):
        init.xavier_uniform_(torch.empty(shape))
        factor = (9 * layers) ** -0.25 if decoder else 0.67 * layers**-0.25
        rule = {"type": "TFixup", "layers": layers, "decoder": decoder}
        line("Huang et al. 2020", rule, shape, "out_in", {"uniform": [x * factor for x in kept["uniform"]]})
        found = {"normal": [0.0, shape[1] ** -0.5 * factor]}
        line("Huang et al. 2020", {**rule, "embedding": True}, shape, "out_in", found)
    torch.Tensor.uniform_ = real
    for layers, depth, shape in itertools.product((1, 5, 27), (2, 3, 4), ((8, 4, 3, 3), (16, 16))):
        fan = shape[0] * math.prod(shape[2:])
        found = {"normal": [0.0, math.sqrt(2 / fan) * layers ** (-1 / (2 * depth - 2))]}
        line("Zhang et al. 2019", {"type": "Fixup", "layers": layers, "depth": depth}, shape, "out_in", found)
    line("Zhang et al. 2019", {"type": "LayerScale"}, (7,), "out_in", {"table": [1e-5] * 7})
    line("Lin et al. 2017", {"type": "BiasProb", "prior_prob": 0.01}, (3,), "out_in", {"table": [-math.log(99)] * 3})

    def table(name, rule, values, kind="table"):
        values = numpy.asarray(values, "float64")
        line(name, rule, values.shape, "out_in", {kind: values.ravel().tolist()})

    import transformers
    from transformers import MambaConfig
    from transformers.models.distilbert.modeling_distilbert import create_sinusoidal_embeddings
    from transformers.models.mamba.modeling_mamba import MambaMixer

    library = f"transformers {transformers.__version__}"
    for positions, channels in ((5, 8), (100, 6), (3, 64)):
        out = torch.empty(positions, channels, dtype=torch.float64)
        create_sinusoidal_embeddings(positions, channels, out)
        # It rounds them to single precision.
        table(library, {"type": "Sinusoidal"}, out.numpy(), "single_table")
        table(library, {"type": "Sinusoidal"}, numpy.stack([out.numpy()] * 2), "single_table")
        angles = numpy.outer(numpy.arange(positions), 1.0 / 10000 ** (numpy.arange(channels // 2) / (channels / 2)))
        table("He et al. 2022", {"type": "Sinusoidal", "halves": True}, numpy.concatenate([numpy.sin(angles), numpy.cos(angles)], 1))
    for positions, channels, base in ((7, 8, 10000.0), (50, 16, 500000.0)):
        frequencies = 1.0 / base ** (numpy.arange(0, channels, 2) / channels)
        angles = numpy.outer(numpy.arange(positions), frequencies)
        rule = {"type": "Rotary", "base": base}
        table("Su et al. 2021", {**rule, "of": "inv_freq"}, frequencies)
        for of, function in (("cos", numpy.cos), ("sin", numpy.sin)):
            table("Su et al. 2021", {**rule, "of": of}, function(numpy.concatenate([angles, angles], 1)))
            table("Su et al. 2021", {**rule, "of": of, "interleaved": True}, function(numpy.repeat(angles, 2, 1)))
    for order in (1, 2, 16):
        # As state-spaces/s4 builds it: a similarity transformation of another matrix.
        q = numpy.arange(order, dtype="float64")
        column, row = numpy.meshgrid(q, q)
        r = 2 * q + 1
        m = -(numpy.where(row >= column, r, 0) - numpy.diag(q))
        t = numpy.sqrt(numpy.diag(2 * q + 1))
        table("Gu et al. 2020", {"type": "HiPPO"}, t @ m @ numpy.linalg.inv(t))
        table("Gu et al. 2020", {"type": "HiPPO", "of": "B"}, numpy.diag(t))
        table("Gu et al. 2020", {"type": "HiPPO", "of": "B"}, numpy.diag(t)[:, None])
    mixer = MambaMixer(MambaConfig(hidden_size=4, state_size=16, num_hidden_layers=1), 0)
    table(library, {"type": "MambaALog"}, numpy.log(numpy.exp(mixer.A_log.detach().double().numpy()).round()))
    torch.manual_seed(0)
    for args in ({}, {"dt_min": 0.01, "dt_max": 0.5, "dt_init_floor": 0.02}):
        low, high, floor = args.get("dt_min", 0.001), args.get("dt_max", 0.1), args.get("dt_init_floor", 1e-4)
        u = torch.rand(1_000_000, dtype=torch.float64)
        dt = torch.exp(u * (math.log(high) - math.log(low)) + math.log(low)).clamp(min=floor)
        line("Gu and Dao 2023", {"type": "MambaDtBias", **args}, (1_000_000,), "out_in",
             moments((dt + torch.log(-torch.expm1(-dt))).numpy()))


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
    # A depthwise kernel is `[out, 1, height, width]` in PyTorch's layout, a vector is one in both.
    for channels, multiplier, mode in itertools.product((4, 8), (1, 3), MODES):
        args = {"scale": 2.0, "mode": mode, "distribution": "uniform"}
        result = found(initializers.VarianceScaling(**args), (3, 2, channels, multiplier))
        rule = {"type": "VarianceScaling", **args, "fan": "keras"}
        line(library, rule, (channels * multiplier, 1, 3, 2), f"groups {channels}", result)
    for shape in [(7,), ()]:
        args = {"scale": 2.0, "mode": "fan_avg", "distribution": "uniform"}
        line(library, {"type": "VarianceScaling", **args, "fan": "keras"}, shape, "in_out",
             found(initializers.VarianceScaling(**args), shape))
        line(library, {"type": "Xavier", "distribution": "uniform", "fan": "keras"}, shape, "in_out",
             found(initializers.GlorotUniform(), shape))
    cell = keras.layers.LSTMCell(3, unit_forget_bias=True)
    cell.build((None, 2))
    flat = numpy.asarray(cell.bias).tolist()
    line(library, {"type": "LSTMBias"}, (12,), "in_out", {"nonzero": [[number, x] for number, x in enumerate(flat) if x]})
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
    for axes, shape, mode in itertools.product(
        ({"in_axis": 0, "out_axis": 1}, {"in_axis": [0, 1]}, {"batch_axis": 0}, {"in_axis": -1, "out_axis": 0, "batch_axis": [1]},
         {"in_axis": [0, -1], "out_axis": [1]}), ((3, 4, 5), (2, 3, 4, 5)), MODES,
    ):
        module.random = Sampler
        own = {name: tuple(axis) if isinstance(axis, list) else axis for name, axis in axes.items()}
        factor = float(initializers.variance_scaling(2.0, mode, "uniform", **own)(key, shape, "float64").ravel()[0])
        module.random = real
        rule = {"type": "VarianceScaling", "scale": 2.0, "mode": mode, "distribution": "uniform", **axes}
        line(library, rule, shape, "in_out", {"uniform": [-factor, factor]})
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
    {"torch": of_torch, "union": of_union, "keras": of_keras, "jax": of_jax}[name]()

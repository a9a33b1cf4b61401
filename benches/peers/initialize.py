"""Ours beside PyTorch, mmengine, NumPy, JAX, burn, candle and rand_distr: the same sizes and threads, in one run.

    python benches/peers/initialize.py [--elements N] [--threads N] [--write]     # torch, numpy, jax, mmengine: what is there

Every round runs every peer once, one after the other; medians count. `--write` puts the table and a chart into
`benches/RESULTS.md`, under the version of PyTorch.
"""
import argparse
import importlib
import os
import pathlib
import re
import statistics
import subprocess
import time

from chart import chart
from retinanet import retinanet

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples/retinanet_r50_fpn.json"
CASES = ["uniform_f32", "normal_f32", "trunc_normal_f32", "kaiming_normal_f32", "uniform_bf16", "normal_bf16",
         "trunc_normal_bf16", "model_f32"]


def seconds(work):
    """The median over a fifth of a second: a processor that slept needs a while to be at its speed."""
    taken, begin = [], time.perf_counter()
    while not taken or time.perf_counter() - begin < 0.2:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


class Torch:
    """In place, into memory that is there."""

    def __init__(self, elements, threads):
        self.torch = importlib.import_module("torch")
        self.torch.set_num_threads(threads)
        self.name = f"PyTorch {self.torch.__version__.split('+')[0]}"
        shape = (elements // 1024, 1024)
        self.memory = {"f32": self.torch.ones(shape), "bf16": self.torch.ones(shape, dtype=self.torch.bfloat16)}

    def run(self, case):
        initializer, dtype = case.rsplit("_", 1)
        init = self.torch.nn.init
        work = {
            "uniform": lambda x: x.uniform_(-0.05, 0.05),
            "normal": lambda x: x.normal_(0, 0.02),
            "trunc_normal": lambda x: init.trunc_normal_(x, 0, 0.02, -0.04, 0.04),
            "kaiming_normal": lambda x: init.kaiming_normal_(x, mode="fan_out", nonlinearity="relu"),
        }.get(initializer)
        with self.torch.no_grad():
            return work and seconds(lambda: work(self.memory[dtype]))


class Mmengine:
    """`init_weights()` of a model with RetinaNet's layers, names and init_cfg; writing its log is turned off."""

    name = "mmengine"

    def __init__(self, elements, threads):
        self.make = retinanet(MODEL)

    def run(self, case):
        if case != "model_f32":
            return None
        # A model is initialized only once.
        taken = []
        for model in [self.make() for _ in range(3)]:
            start = time.perf_counter()
            model.init_weights()
            taken.append(time.perf_counter() - start)
        return statistics.median(taken)


class Numpy:
    """One thread."""

    def __init__(self, elements, threads):
        numpy = importlib.import_module("numpy")
        self.name = f"NumPy {numpy.__version__}"
        self.random, self.memory = numpy.random.default_rng(42), numpy.ones(elements, numpy.float32)

    def run(self, case):
        def uniform():
            self.random.random(dtype=self.memory.dtype, out=self.memory)
            self.memory *= 0.1
            self.memory -= 0.05

        def normal():
            self.random.standard_normal(dtype=self.memory.dtype, out=self.memory)
            self.memory *= 0.02

        work = {"uniform_f32": uniform, "normal_f32": normal}.get(case)
        return work and seconds(work)


class Jax:
    """Compiled; new memory each time, as always in JAX."""

    def __init__(self, elements, threads):
        os.environ["JAX_PLATFORMS"] = "cpu"
        jax = importlib.import_module("jax")
        self.name = f"JAX {jax.__version__}"
        jnp, shape = jax.numpy, (elements // 1024, 1024)
        random, types = jax.random, {"f32": jnp.float32, "bf16": jnp.bfloat16}
        self.key, self.compiled = random.key(42), {}
        for name, dtype in types.items():
            works = {
                "uniform": lambda key, dtype=dtype: random.uniform(key, shape, dtype, -0.05, 0.05),
                "normal": lambda key, dtype=dtype: random.normal(key, shape, dtype) * dtype(0.02),
                "trunc_normal": lambda key, dtype=dtype: random.truncated_normal(key, -2, 2, shape, dtype) * dtype(0.02),
                "kaiming_normal": lambda key, dtype=dtype: jax.nn.initializers.he_normal(0, 1)(key, shape, dtype),
            }
            for case, work in works.items():
                self.compiled[f"{case}_{name}"] = jax.jit(work)

    def run(self, case):
        work = self.compiled.get(case)
        return work and seconds(lambda: work(self.key).block_until_ready())


class Rust:
    """Crates, and ourselves, in a process of their own."""

    def __init__(self, elements, threads):
        folder = ROOT / "benches/peers/rust"
        subprocess.run(["cargo", "build", "--release", "--locked"], cwd=folder, check=True)
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", folder / "target"))
        self.process = subprocess.Popen([target / "release/weight-init-peers", str(elements), str(threads), MODEL],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def run(self, peer, case):
        self.process.stdin.write(f"{peer} {case}\n")
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"{peer} failed at {case}")
        return None if answer == "-" else float(answer)


def there(peer, *arguments):
    try:
        return [peer(*arguments)]
    except ImportError as error:
        print(f"not measured: {peer.__name__}: {error}")
        return []


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    fields = dict(re.split(r"\s*:\s*", line, maxsplit=1) for line in lines if ":" in line)
    widest = max((level for level in ["sse2", "avx2", "avx512bw"] if level in fields["flags"].split()), key=len)
    return f"{fields['model name']} ({widest})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elements", type=int, default=1 << 25)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    rust = Rust(options.elements, options.threads)
    crates = ["burn", "candle", "rand_distr"]
    peers = [(name, lambda case, name=name: rust.run(name, case)) for name in ["memset", "ours", *crates]]
    for kind in [Torch, Mmengine, Numpy, Jax]:
        peers += [(peer.name, peer.run) for peer in there(kind, options.elements, options.threads)]

    medians = {}
    for case in CASES:
        rounds = {}
        for turn in range(options.rounds + 1):
            for name, run in peers:
                if name == "memset" and case == "model_f32":
                    continue
                # The threads of the last one wait actively for a while.
                time.sleep(0.25)
                taken = run(case)
                # The first round only brings memory and code in.
                if taken is not None and turn > 0:
                    rounds.setdefault(name, []).append(taken)
        medians[case] = {name: statistics.median(taken) for name, taken in rounds.items()}

    text = table(medians, [name for name, _ in peers], options)
    print(text)
    if options.write:
        torch = next((name for name, _ in peers if name.startswith("PyTorch")), "Rust alone")
        write(torch, text, medians, options)


def table(medians, names, options):
    cases = [case for case in CASES if case != "model_f32"]
    lines = [f"{processor()}, {options.threads} threads, {options.elements} elements, medians of {options.rounds} rounds,"
             f" {time.strftime('%Y-%m-%d')}. Billions of elements a second, and how many times faster we are.", "",
             "| | " + " | ".join(cases) + " |", "|---" * (len(cases) + 1) + "|"]
    for name in names:
        cells = []
        for case in cases:
            taken = medians[case].get(name)
            speed = "" if taken is None else f"{options.elements / taken / 1e9:.3g}"
            times = "" if taken is None or name in ["ours", "memset"] else f" ({taken / medians[case]['ours']:.3g}×)"
            cells.append(speed + times)
        if any(cells):
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    model = medians["model_f32"]
    if "mmengine" in model:
        lines += ["", f"The whole of RetinaNet-R50-FPN, resolved and written: {model['ours'] * 1e3:.1f} ms; mmengine's"
                  f" `init_weights()` {model['mmengine'] * 1e3:.0f} ms, {model['mmengine'] / model['ours']:.3g}×."]
    return "\n".join(lines)


def write(torch, text, medians, options):
    """Puts the section of this version of PyTorch into the results, in the place of an older one, and its chart beside them."""
    picture = "initialize-" + re.sub(r"[^a-z0-9.]+", "-", torch.lower()) + ".svg"
    shown = ["uniform_f32", "normal_f32", "trunc_normal_f32"]
    speeds = {case: {name: options.elements / taken / 1e9 for name, taken in medians[case].items()} for case in shown}
    (ROOT / "benches/results").mkdir(exist_ok=True)
    (ROOT / "benches/results" / picture).write_text(chart(speeds, f"{processor()}, {options.threads} threads"))
    file = ROOT / "benches/RESULTS.md"
    start, end = f"<!-- {torch} -->", f"<!-- end of {torch} -->"
    section = f"{start}\n### Beside {torch}\n\n`python benches/peers/initialize.py --write`. {text}\n\n![Chart](results/{picture})\n{end}\n"
    results = file.read_text()
    if start in results:
        before, rest = results.split(start)
        results = before + section + rest.split(end + "\n")[1]
    else:
        results = results.replace("<!-- peers -->\n", f"<!-- peers -->\n\n{section}")
    file.write_text(results)


main()

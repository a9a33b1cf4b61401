"""The CUDA backend beside PyTorch, cuRAND and memset, on one device, in one run.

    python3 cuda.py BINARIES [ELEMENTS]

needs PyTorch with CUDA, and two programs in the folder BINARIES, built on any machine (no CUDA is needed for that):

    cargo build --release -p weight-init-cli --features cuda
    cargo build --release -p weight-init-backends --features cuda,rayon --example check_cuda
    cp target/release/weight-init target/release/examples/check_cuda BINARIES/

First every kernel's bits are compared with the processor's over 2^30 elements, and under compute-sanitizer if that is on
the path; then all times are taken, medians over float32 of so many elements (2^30); then those of a whole model. The
table on standard output is for benches/RESULTS.md. Exit code 1 if a bit differs or the sanitizer finds something.
"""

import ctypes
import datetime
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys

import torch

RUNS = 15
NOT_MEASURED = "not measured"


def main():
    binaries = sys.argv[1]
    elements = int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 30
    check_cuda, weight_init = (os.path.join(binaries, name) for name in ("check_cuda", "weight-init"))
    properties = torch.cuda.get_device_properties(0)
    print(f"{datetime.date.today()}, {properties.name}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}\n", flush=True)

    good = subprocess.run([check_cuda, "check"]).returncode == 0
    good &= sanitized(check_cuda)

    ours = bench(weight_init, elements)
    print(f"\n| {elements} x float32 | GB/s | of memset | PyTorch GB/s | times PyTorch | cuRAND GB/s | times cuRAND |")
    print("|---|---|---|---|---|---|---|")
    torch_times, curand_times = peers(elements)
    gigabytes = 4 * elements / 1e9
    for case in ("constant", "uniform", "normal", "trunc_normal"):
        row = ours[f"{case}_f32"]
        seconds = elements / row["gelem_per_s"] / 1e9
        cells = [f"{gigabytes / seconds:.0f}", f"{row['ratio_to_memset']:.2f}"]
        for times in (torch_times, curand_times):
            cells += [f"{gigabytes / times[case]:.0f}", f"{times[case] / seconds:.2f}"] if case in times else [NOT_MEASURED] * 2
        print(f"| {case} | {' | '.join(cells)} |")

    print("\n| other element types | GB/s | of memset |\n|---|---|---|")
    for case, row in ours.items():
        name, dtype = case.rsplit("_", 1)
        if dtype != "f32":
            size = {"f64": 8, "f16": 2, "bf16": 2}[dtype]
            print(f"| {name} {dtype} | {row['gelem_per_s'] * size:.0f} | {row['ratio_to_memset']:.2f} |")
    print(flush=True)
    good &= subprocess.run([check_cuda, "model"]).returncode == 0
    return 0 if good else 1


def sanitized(check_cuda):
    """Whether compute-sanitizer finds nothing; without it nothing is known, and that is said."""
    sanitizer = shutil.which("compute-sanitizer")
    if sanitizer is None:
        print(f"compute-sanitizer: {NOT_MEASURED}, it is not on the path")
        return True
    clean = True
    for tool in ("memcheck", "initcheck"):
        done = subprocess.run([sanitizer, "--tool", tool, "--error-exitcode", "9", check_cuda, "check", "1000003"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print(f"compute-sanitizer {tool}: {'clean' if done.returncode == 0 else done.stdout}", flush=True)
        clean &= done.returncode == 0
    return clean


def bench(weight_init, elements):
    """What our own command measures: rows by case."""
    command = [weight_init, "bench", "--backend", "cuda", "--elements", str(elements), "--format", "json"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {row["case"]: row for row in map(json.loads, lines)}


def peers(elements):
    """Seconds of PyTorch and of cuRAND, by case."""
    out = torch.empty(elements, device="cuda")
    init = torch.nn.init
    of_torch = {
        "constant": seconds(lambda: out.fill_(0.5)),
        "uniform": seconds(lambda: out.uniform_(-0.05, 0.05)),
        "normal": seconds(lambda: out.normal_(0.0, 0.02)),
        "trunc_normal": seconds(lambda: init.trunc_normal_(out, 0.0, 0.02, -0.04, 0.04)),
    }
    return of_torch, curand(out)


def curand(out):
    """cuRAND's Philox, from its own library; it has no truncated normal, and its uniform is (0, 1]."""
    library = curand_library()
    if library is None:
        return {}
    philox4_32_10 = 161
    generator = ctypes.c_void_p()

    def call(name, *args):
        status = getattr(library, name)(*args)
        if status != 0:
            raise RuntimeError(f"{name}: cuRAND's status {status}")

    call("curandCreateGenerator", ctypes.byref(generator), philox4_32_10)
    call("curandSetStream", generator, ctypes.c_void_p(torch.cuda.current_stream().cuda_stream))
    to, n = ctypes.c_void_p(out.data_ptr()), ctypes.c_size_t(out.numel())
    mean, std = ctypes.c_float(0.0), ctypes.c_float(0.02)
    times = {
        "uniform": seconds(lambda: call("curandGenerateUniform", generator, to, n)),
        "normal": seconds(lambda: call("curandGenerateNormal", generator, to, n, mean, std)),
    }
    call("curandDestroyGenerator", generator)
    return times


def curand_library():
    packages = os.path.dirname(os.path.dirname(torch.__file__))
    found = glob.glob(os.path.join(packages, "nvidia", "**", "libcurand.so.*"), recursive=True)
    for path in [*found, "libcurand.so.10"]:
        try:
            return ctypes.CDLL(path)
        except OSError:
            continue
    return None


def seconds(run):
    """The median over runs, by the device's own clock."""
    times = []
    for index in range(RUNS + 2):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run()
        end.record()
        end.synchronize()
        # The first ones warm up.
        if index >= 2:
            times.append(start.elapsed_time(end) / 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())

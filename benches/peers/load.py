"""Loading a checkpoint of ResNet-50's size into an initial one, beside `cp` and PyTorch, in one run.

    cargo build --release && python benches/peers/load.py [FOLDER]     # torch, safetensors

For each format: the time of `weight-init init` with a Pretrained rule over the whole model, of `cp`, and of `torch.load` or
`load_file` and `save_file` in a running process; of these two with and without `fsync`, for `init` does not end before
its file is on the disk. Medians of several rounds, and the ratios.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file, save_file

root = pathlib.Path(__file__).resolve().parents[2]
target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
binary, model = target / "release/weight-init", root / "examples/resnet50.py"
ROUNDS = 15


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def synchronized(work, out):
    work()
    with open(out, "rb+") as file:
        os.fsync(file.fileno())


def main():
    folder = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[1] if len(sys.argv) > 1 else None))
    plan = json.loads(subprocess.run([binary, "plan", model, "--format", "json"], capture_output=True, check=True).stdout)
    state = {name: torch.randn(param["shape"]) for name, param in plan["params"].items()}
    torch.save(state, folder / "r50.pth")
    torch.save(state, folder / "r50_legacy.pth", _use_new_zipfile_serialization=False)
    save_file(state, folder / "r50.safetensors")
    size = (folder / "r50.safetensors").stat().st_size / 1e6
    print(f"{size:.0f} MB, medians of {ROUNDS} rounds in {folder}, MB/s")
    for name in ["r50.safetensors", "r50.pth", "r50_legacy.pth"]:
        source, out = folder / name, folder / "out.safetensors"
        rules = folder / "init_cfg.json"
        rules.write_text(json.dumps({"type": "Pretrained", "checkpoint": str(source)}))
        command = [binary, "init", model, "--init-cfg", rules, "--out", out]
        load = load_file if name.endswith("safetensors") else torch.load
        copy = lambda: subprocess.run(["cp", "--reflink=never", source, out], check=True)
        torch_does = lambda: save_file(load(source), out)
        works = {
            "init": lambda: subprocess.run(command, check=True, capture_output=True),
            "cp": copy,
            "cp+fsync": lambda: synchronized(copy, out),
            "torch": torch_does,
            "torch+fsync": lambda: synchronized(torch_does, out),
        }
        times = {what: [] for what in works}
        for _ in range(ROUNDS):
            for what, work in works.items():
                out.unlink(missing_ok=True)
                times[what].append(seconds(work))
        works["init"]()
        ours = load_file(out)
        assert all(torch.equal(ours[key], value) for key, value in state.items())
        speed = {what: size / statistics.median(t) for what, t in times.items()}
        row = ", ".join(f"{what} {value:.0f}" for what, value in speed.items())
        ratios = ", ".join(f"{speed['init'] / speed[what]:.2f} of {what}" for what in works if what != "init")
        print(f"{name}: {row}; init is {ratios}")
    shutil.rmtree(folder)


main()

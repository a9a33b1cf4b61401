"""describe.py and the built command, as the scripts of this folder use them."""

import importlib.util
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_describe():
    """The script that the command hands out."""
    spec = importlib.util.spec_from_file_location("describe", ROOT / "weight-init/describe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def init(binary, description, out, *options):
    """Writes a checkpoint. `None`, or why the command refused."""
    done = subprocess.run([binary, "init", str(description), "--out", str(out), *options], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return None
    reasons = [line for line in done.stderr.splitlines() if line.startswith("error")]
    return reasons[0] if reasons else f"exit code {done.returncode}: {done.stderr.strip()[-300:]}"

"""The command inside of the package: `python -m weight_init`."""

import json
import signal
import subprocess
import sys
import time

import pytest

import weight_init

MODEL = {"class": "Net", "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [64, 32]}]}]}
RULES = {"type": "Normal", "layer": "Linear"}


def run(*words, command=(sys.executable, "-m", "weight_init"), **options):
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True, timeout=60, check=False, **options)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def files(tmp_path):
    (tmp_path / "net.json").write_text(json.dumps(MODEL))
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    return tmp_path


@pytest.mark.parametrize("words, code", [
    (["plan", "net.json", "--init-cfg", "rules.json"], 0), (["plan", "net.json", "--format", "json"], 0), (["plan", "nothing.json"], 3),
    (["plann"], 2), (["plan", "rules.json"], 2), (["plan", "net.json", "--init-cgf", "rules.json"], 2), ([], 2), (["--help"], 0),
    (["--version"], 0), (["describe"], 0), (["completions", "bash"], 0), (["explain", "net.json", "fc.weight"], 0),
])
def test_results_are_those_of_the_command(command, files, words, code):
    ours, theirs = (run(*words, cwd=files, **options) for options in ({}, {"command": (command,)}))
    assert ours[0] == code and ours == theirs


def test_a_file_is_written(files):
    assert run("init", "net.json", "--init-cfg", "rules.json", "--seed", 7, "--out", "net.safetensors", cwd=files)[0] == 0
    data = (files / "net.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    values = memoryview(bytearray(64 * 32 * 4)).cast("f", (64, 32))
    weight_init.normal_(values, seed=7, name="fc.weight")
    assert data[8 + length:] == values.tobytes()


def test_a_reader_that_goes_away_ends_it_quietly():
    done = subprocess.run(f"'{sys.executable}' -m weight_init describe | head -n 1", shell=True, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith('"""Describes')


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_ends_it():
    # A shell's background jobs ignore interrupts, and so would what is started here.
    heeding = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    waiting = subprocess.Popen([sys.executable, "-m", "weight_init", "plan", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heeding)
    time.sleep(1)
    assert waiting.poll() is None
    waiting.send_signal(signal.SIGINT)
    waiting.wait(timeout=10)
    waiting.communicate()
    assert waiting.returncode in (-signal.SIGINT, 130)

"""Compares docs/init_cfg.schema.json with what the command accepts, rule by rule.

    python tests/peers/schema.py target/release/weight-init

The rules are those of the recorded cases and broken ones made of them. What the command accepts the schema must accept; what the schema
refuses the command must refuse. It may accept more: a schema has no order of bounds, and takes any scope of a type.
"""

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
command = pathlib.Path(sys.argv[1]).resolve()
schema = json.loads((ROOT / "docs/init_cfg.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)

MODEL = {"class": "Net", "bases": ["BaseModule"], "init_weights": "module", "children": [
    {"name": "head", "class": "Linear", "bases": ["Module"], "params": [{"name": "weight", "shape": [4, 4], "value": 0}]}]}


def rules():
    """Rules of the recorded cases, without those whose arguments Python alone can write."""
    with gzip.open(ROOT / "tests/data/initializers.jsonl.gz", "rt") as lines:
        yield from (json.loads(line)["rule"] for line in lines)
    for name, definition in schema["$defs"].items():
        if name in ("rule", "override"):
            continue
        given = {key: 1 for key in definition["required"]}
        if name == "Pretrained":
            given = {"checkpoint": "absent.pth"}
        yield {"type": name, **given}
        yield {"type": name, **given, "layer": ["Linear"], "override": {"name": "head"}}
        yield {"type": name, **given, "layer": None, "params": "*", "override": [{"name": "head", "type": "Normal", "std": 1}]}
        yield {"type": "mmengine." + name, **given}


def broken(rule):
    """Mistakes in a rule."""
    yield {**rule, "layr": "Linear"}
    yield {**rule, "type": rule["type"] + "x"}
    yield {key: value for key, value in rule.items() if key != "type"}
    yield {**rule, "override": {"type": "Normal"}}
    yield {**rule, "override": {"name": "head", "std": 1}}
    yield {**rule, "layer": 3}
    for key in rule:
        yield {**rule, key: {"of": "another kind"}}
        yield {**rule, key: -1}


def accepted(cases):
    """Whether the command takes each."""
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder, "model.json")
        model.write_text(json.dumps(MODEL))
        file = pathlib.Path(folder, "init_cfg.json")
        for case in cases:
            file.write_text(json.dumps(case))
            done = subprocess.run([command, "plan", model, "--init-cfg", file, "--offline", "--pretrained", "assume"],
                                  capture_output=True, text=True)
            # A rule that is right and does not suit this model has no place in its file.
            yield done.returncode == 0 or "init_cfg.json:" not in done.stderr


distinct = {json.dumps(rule, sort_keys=True): rule for rule in rules()}
sound = list(distinct.values())
wrong = list({json.dumps(rule, sort_keys=True): rule for rule in
              (mistake for rule in sound[::7] + sound[-40:] for mistake in broken(rule))}.values())
cases = sound + wrong
faults, more = [], 0
for case, taken in zip(cases, accepted(cases)):
    valid = validator.is_valid(case)
    if taken and not valid:
        faults.append(f"the command accepts, the schema refuses: {json.dumps(case)}")
    more += valid and not taken
print(f"{len(cases)} rules: the schema refuses none that the command accepts; it accepts {more} that the command refuses")
if faults:
    sys.exit("\n".join(faults[:20] + [f"{len(faults)} in all"]))

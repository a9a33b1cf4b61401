"""Records many models, and tells of each library the share of its parameters and buffers per kind.

    python record_table.py torchvision found.jsonl
    python record_table.py timm found.jsonl --models 200 --seed 1
    python record_table.py transformers found.jsonl
    python record_table.py mmengine found.jsonl CONFIG.py ...
    python record_table.py table found.jsonl

Each model is recorded in a process of its own, whose peak of memory, the imports included, is noted. The file gets a line for
each; models that it holds are passed over, so that a run that was ended goes on where it was. ``table`` prints what the file
holds: exit 1 if less than 99.9 % of a library's parameters have a name or value, or a process took more than 2 GiB.
"""

import argparse
import contextlib
import importlib
import json
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
# A forked process waits for ever for the threads that OpenMP had in its parent.
os.environ["OMP_NUM_THREADS"] = "1"
SECONDS = 150
MOST_BYTES = 2 << 30


def names(library, options):
    if library == "torchvision":
        import torchvision

        found = []
        for name in torchvision.models.list_models():
            make = torchvision.models.get_model_builder(name)
            found.append(f"{make.__module__}:{make.__name__}")
        return found
    if library == "timm":
        import timm

        found = timm.list_models()
        random.Random(options.seed).shuffle(found)
        return [f"timm:{name}" for name in found[: options.models]]
    if library == "transformers":
        import transformers

        # Imported once, not by every process.
        transformers.AutoModel, transformers.modeling_utils  # noqa: B018
        configs = transformers.models.auto.configuration_auto.CONFIG_MAPPING_NAMES
        # The architectures; other configs are parts of these.
        models = transformers.models.auto.modeling_auto.MODEL_MAPPING_NAMES
        found = sorted({configs[it] for it in models if it in configs})
        if options.models is not None:
            random.Random(options.seed).shuffle(found)
        return [f"transformers:{name}" for name in found[: options.models]]
    return [f"mmengine:{path}" for path in options.configs]


def recorded_apart(target):
    """What a child process finds: kinds of parameters and of buffers, elements, seconds; or an error."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        warnings.simplefilter("ignore")
        sys.stdout = open(os.devnull, "w")
        found = {}
        try:
            found = one(target)
        except BaseException as error:
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        finally:
            os.write(writing, json.dumps(found).encode()[:60000])
            os._exit(0)
    os.close(writing)
    data = b""
    while piece := os.read(reading, 65536):
        data += piece
    os.close(reading)
    os.waitpid(child, 0)
    return json.loads(data) if data else {"error": f"no answer within {SECONDS} seconds"}


def one(target):
    from weight_init._record.targets import recorded

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = recorded(target, {}, f"{folder}/model.json")
    seconds = time.perf_counter() - start
    params = {name for name, _ in found.model.named_parameters()}
    unknown = [(name, what) for name, what in unknowns(found) if name in params]
    return {
        "params": Counter(kind for name, kind in found.kinds.items() if name in params),
        "buffers": Counter(kind for name, kind in found.kinds.items() if name not in params),
        "elements": sum(p.numel() for p in found.model.parameters()),
        "unknown": unknown[:3],
        "seconds": seconds,
        "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def unknowns(layer, path=""):
    for node in (*layer.get("params", []), *layer.get("buffers", [])):
        for content in (node, *node.get("parts", [])):
            if "unknown" in content.get("constructor", {}):
                yield path + node["name"], content["constructor"]["unknown"]
                break
    for child in layer.get("children", []):
        yield from unknowns(child, f"{path}{child['name']}.")


def run(library, targets, path):
    """Records the models that the file does not hold yet; one line for each."""
    for target in targets:
        found = {"library": library, "target": target, **recorded_apart(target)}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")
        if "error" in found:
            print(f"{target}: not built: {found['error']}", flush=True)
            continue
        shown = ", ".join(f"{count} {kind}" for kind, count in sorted(found["params"].items()))
        size, memory = found["elements"] / 1e6, found["bytes"] / 2**30
        print(f"{target}: {size:.0f} M, {shown}, {found['seconds']:.1f} s, {memory:.2f} GiB", flush=True)


def read(path):
    """What a file holds of each model; the last line counts."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return {(line["library"], line["target"]): line for line in lines}


# Columns of the table, and the kinds that each counts.
COLUMNS = {
    "constant": ("Constant",),
    "uniform, normal, truncated normal": ("Uniform", "Normal", "TruncNormal"),
    "function of a draw": ("function",),
    "parts": ("parts",),
    "computed values": ("values", "norm"),
    "no elements": ("empty",),
}


def table(found):
    """The shares of each library, the models that were not built, and what is unknown; whether it is as it must be."""
    others = sorted({kind for it in found for kind in it.get("params", {})} - {k for ks in COLUMNS.values() for k in ks} - {"unknown"})
    columns = {**COLUMNS, **{kind.lower(): (kind,) for kind in others}}
    print(f"| library | models | parameters | {' | '.join(columns)} | **unknown** | peak memory |")
    print("|" + "---|" * (len(columns) + 5))
    good = True
    for library in dict.fromkeys(library_of(it) for it in found):
        of = [it for it in found if library_of(it) == library]
        built = [it for it in of if "error" not in it]
        params = sum((Counter(it["params"]) for it in built), Counter())
        total, peak = sum(params.values()), max((it["bytes"] for it in built), default=0)
        shares = [f"{100 * sum(params[kind] for kind in kinds) / max(1, total):.3f} %" for kinds in (*columns.values(), ("unknown",))]
        print(f"| {library} | {len(built)} of {len(of)} | {total} | {' | '.join(shares)} | {peak / 2**30:.2f} GiB |")
        good &= params["unknown"] <= 0.001 * total and peak <= MOST_BYTES
    print("\nUnknown:\n")
    for it in found:
        count = it.get("params", {}).get("unknown")
        if count:
            first = "".join(f", `{name}`: {what}" for name, what in it["unknown"][:1])
            print(f"- {short(it['target'])}: {count}{first}")
    print("\nNot built:\n")
    for it in sorted(found, key=lambda it: it["target"]):
        if "error" in it:
            print(f"- `{short(it['target'])}`: {short(reason(it['error']))}")
    return good


def library_of(it):
    """The library of a model; of a config the package that brings it."""
    package = re.search(r"/(\w+)/\.mim/", it["target"])
    return package[1] if package else it["library"]


def short(text):
    """Without the folders that packages lie in."""
    text = re.sub(r"/\S*/(configs|site-packages)/", r"\1/", text)
    return re.sub(r"/(?:[\w.-]+/){2,}\S*", "…", text)


def reason(error):
    """An error in a line, without what it happened to."""
    line = " ".join(error.removeprefix("DescribeError: ").split())
    line = line.split(" failed with ", 1)[-1].split(" cannot be built: ", 1)[-1]
    return line if len(line) <= 140 else f"{line[:140]} …"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", choices=["torchvision", "timm", "transformers", "mmengine", "table"])
    parser.add_argument("file", metavar="FILE.jsonl", help="what was found: a line for each model")
    parser.add_argument("configs", nargs="*", help="of mmengine")
    parser.add_argument("--models", type=int, default=None, help="so many, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    known = read(options.file)
    if options.library == "table":
        return 0 if table(list(known.values())) else 1
    importlib.import_module("weight_init._record.targets")
    targets = [it for it in names(options.library, options) if (options.library, it) not in known]
    if options.library == "mmengine" and targets:
        # The packages that a config imports are imported once, not by every process.
        with contextlib.suppress(Exception):
            one(targets[0])
    run(options.library, targets, options.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Records many models, and prints for each the share of its parameters and buffers per kind, the time and the memory.

    python record_table.py torchvision
    python record_table.py timm --models 200 --seed 1
    python record_table.py transformers
    python record_table.py mmengine CONFIG.py ...

Each model is recorded in a process of its own, whose peak of memory, the imports included, stands beside it. Models that
cannot be built by default are listed with the reason. Exit 1 if less than 99.9 % of the parameters have a name or value, or
a process took more than 2 GiB.
"""

import argparse
import importlib
import json
import os
import random
import resource
import signal
import sys
import time
import warnings
from collections import Counter

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
SECONDS = 240
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
        mapping = transformers.models.auto.configuration_auto.CONFIG_MAPPING_NAMES
        found = sorted(set(mapping.values()))
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

    warnings.simplefilter("ignore")
    sys.stdout = open(os.devnull, "w")
    start = time.perf_counter()
    found = recorded(target, {})
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", choices=["torchvision", "timm", "transformers", "mmengine"])
    parser.add_argument("configs", nargs="*")
    parser.add_argument("--models", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    importlib.import_module("weight_init._record.targets")
    targets = names(options.library, options)
    params, buffers, failures, most = Counter(), Counter(), [], 0
    for target in targets:
        found = recorded_apart(target)
        if "error" in found:
            failures.append((target, found["error"]))
            continue
        params.update(found["params"])
        buffers.update(found["buffers"])
        most = max(most, found["bytes"])
        shown = ", ".join(f"{count} {kind}" for kind, count in sorted(found["params"].items()))
        print(f"{target}: {found['elements'] / 1e6:.0f} M, {shown}, {found['seconds']:.1f} s, {found['bytes'] / 2**30:.2f} GiB", flush=True)
        for name, what in found["unknown"]:
            print(f"    {name}: {what}")
    print(f"\n{len(targets) - len(failures)} of {len(targets)} models; peak {most / 2**30:.2f} GiB")
    for title, counts in (("parameters", params), ("buffers", buffers)):
        total = max(1, sum(counts.values()))
        shown = ", ".join(f"{kind} {100 * count / total:.3f} %" for kind, count in counts.most_common())
        print(f"{sum(counts.values())} {title}: {shown}")
    for target, error in failures:
        print(f"not built: {target}: {error}")
    share = 1 - params["unknown"] / max(1, sum(params.values()))
    return 0 if share >= 0.999 and most <= MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())

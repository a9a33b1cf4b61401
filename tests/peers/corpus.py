"""All configs of OpenMMLab's packages are evaluated beside mmengine.

    python tests/peers/corpus.py target/release/weight-init [PACKAGE ...] [--site DIR] [--show N]

needs mmengine and pip. The packages come from PyPI, without what they depend on, into a scratch folder, or into DIR,
which is kept and used again. Each Python file under `.mim/configs` is read by mmengine, lazy configs included and
without their custom imports, and by `weight-init config FILE --format json`. The two values must be the same: keys,
their order, types and numbers, as far as JSON tells them apart (a tuple is a list). Classes that a config defines have no
part in it.

A config that mmengine cannot evaluate counts for neither side. Exit code 1 if a value differs, or if fewer than 99.95 %
of the configs that mmengine evaluates are equal.
"""

import argparse
import collections
import concurrent.futures
import importlib
import json
import logging
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import warnings

# Names on PyPI, and the modules that they install.
PACKAGES = {"mmdet": "mmdet", "mmpretrain": "mmpretrain", "mmsegmentation": "mmseg", "mmpose": "mmpose",
            "mmaction2": "mmaction", "mmocr": "mmocr", "mmrotate": "mmrotate", "mmdet3d": "mmdet3d"}
SHARE = 0.9995


def install(package, site):
    if (site / PACKAGES[package]).is_dir():
        return
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), package], check=True)


def plain(value):
    """The value as JSON has it."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return {"__unjsonable__": type(value).__name__}


def of_mmengine(config, path):
    """The value, or the error."""
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = config.fromfile(str(path), import_custom_modules=False).to_dict()
        except Exception as error:
            return None, f"{type(error).__name__}: {error}"
    return plain({key: inner for key, inner in value.items() if not isinstance(inner, (types.ModuleType, type))}), None


def of_command(binary, site, path):
    """The value, or the first line of the error."""
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run([binary, "config", str(path), "--format", "json", "--packages", str(site)], env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout), None
    return None, (done.stderr.splitlines() or [f"exit code {done.returncode}"])[0]


def difference(ours, theirs, at=""):
    """Where two values differ, in words, or `None`."""
    if type(ours) is not type(theirs):
        return f"{at}: {ours!r} for {theirs!r}"
    if isinstance(ours, dict):
        if list(ours) != list(theirs):
            return f"{at}: keys {list(ours)} for {list(theirs)}"
        return next(filter(None, (difference(ours[key], theirs[key], f"{at}.{key}") for key in ours)), None)
    if isinstance(ours, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs))
        return next(filter(None, (difference(a, b, f"{at}[{index}]") for index, (a, b) in pairs)), None)
    same = ours == theirs or isinstance(ours, float) and math.isnan(ours) and math.isnan(theirs)
    return None if same else f"{at}: {ours!r} for {theirs!r}"


def kind(message):
    """An error without the names in it."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\S*/\S*|\d+", "…", message)[:110]


def compare(config, binary, site, package, show):
    """The counts of a package."""
    folder = site / PACKAGES[package] / ".mim/configs"
    files = sorted(folder.rglob("*.py"))
    counts, refusals = collections.Counter(configs=len(files)), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, (ours, refused) in zip(files, pool.map(lambda path: of_command(binary, site, path), files)):
            theirs, failed = of_mmengine(config, path)
            name = path.relative_to(folder)
            if failed:
                counts["not by mmengine"] += 1
                counts["ours alone"] += refused is None
                continue
            counts["mmengine"] += 1
            if refused:
                counts["refused"] += 1
                refusals[kind(refused)] += 1
                found = refused
            else:
                found = difference(ours, theirs)
                counts["different" if found else "equal"] += 1
            if found and show > 0:
                show -= 1
                print(f"{package}: {name}: {found[:400]}", file=sys.stderr)
    return counts, refusals


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="of PyPI; all without any")
    parser.add_argument("--site", type=pathlib.Path, metavar="DIR", help="where packages are kept")
    parser.add_argument("--show", type=int, default=5, metavar="N", help="differences and refusals shown of each package")
    options = parser.parse_args()
    binary, everything, reasons = options.binary.resolve(), collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        site = (options.site or pathlib.Path(scratch)).resolve()
        sys.path.insert(0, str(site))
        print("| package | configs | mmengine evaluates | equal | different | refused |\n|---|---|---|---|---|---|")
        for package in options.packages or PACKAGES:
            install(package, site)
            importlib.invalidate_caches()
            config = importlib.import_module("mmengine.config").Config
            counts, refusals = compare(config, binary, site, package, options.show)
            everything.update(counts)
            reasons.update(refusals)
            cells = [counts[name] for name in ("configs", "mmengine", "equal", "different", "refused")]
            print(f"| {package} | {' | '.join(map(str, cells))} |", flush=True)
    print(f"\n{everything['equal']} of {everything['mmengine']} equal, {everything['different']} different; mmengine does not "
          f"evaluate {everything['not by mmengine']}, of which the command evaluates {everything['ours alone']}")
    for reason, count in reasons.most_common():
        print(f"  refused {count}: {reason}")
    return 1 if everything["different"] or everything["equal"] < SHARE * everything["mmengine"] else 0


if __name__ == "__main__":
    sys.exit(main())

"""Random YAML is read as PyYAML reads it.

    python tests/peers/pyyaml.py target/release/weight-init [--count N] [--seed N] [FILE ...]

needs PyYAML. Scalars and small documents are made at random, valid ones and others, and read by `weight-init config` and by
`yaml.load(text, Loader=yaml.CLoader)`, as mmengine does; so are the files. Both must refuse a document or make the same
value of it. What the command refuses by intention (keys that stand twice, tags, dates, lists as keys, more than one
document, names that mmengine reserves) is left out of the comparison. Exit code 1 if a document differs.
"""

import argparse
import collections
import concurrent.futures
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

import yaml

from corpus import difference

SCALARS = ["yes", "No", "ON", "off", "y", "true", "~", "null", "Null", "", "0", "-0", "+1", "1e3", "1e-4", "1.0e-4", "1.5E+3", ".5",
           "-.5", "5.", "1_000", "0_7", "010", "08", "09.5", "0o7", "0x1F", "0xg", "0b11", "-0b1", "1:30", "1:60", "0:30", "190:20:30",
           "1:30.5", ".inf", "-.INF", ".nan", "1.2.3", "1,5", "a", "a b", "it's", "a: b", "a:b", "a #b", "a# b", "- x", "-x", "-", "--", "?",
           "?x", ":", ":x", "x:", "@a", "`", "%", "%a", "!", "! 1", "!!str 1", "!!int 7", "!!float 2", "&k 1", "*k", "'q'", "'it''s'", "'a\\nb'",
           '"q"', '"a\\tb"', '"\\x41"', '"\\q"', '"', "'", "[1, b]", "[a: 1]", "[]", "{}", "{a: 1}", "{a, b: }", "{a:1}", "[a,b]", "[a ,]",
           "[,]", "{'a':1}", '{"a":b}', "[?]", "[- a]", "<<", "=", "|", ">", "1__0", "_1", "0x_1", "1e", "e1", "+.5", "1.e5", "1.5e", "é",
           "a\tb", "\ta", "a\t", "#c", "---", "...", "a]b", "a}b", "a,b", "a?b", "{a}b", "]", "}"]
WHITE = ["", " ", "  ", "\n", "\n\n", "\n  ", "\t", " # c\n", "\n    ", " \n", "\n# c\n", "\r\n"]


def document(dice):
    """A document, often a valid one."""
    choice = dice.random()
    if choice < 0.3:
        return f"k: {dice.choice(SCALARS)}" + dice.choice(["", "\n", "\nz: 1", " # c\n"])
    if choice < 0.5:
        return flow(dice, 3, True) + dice.choice(["", "\n", "\nz: 1"])
    if choice < 0.8:
        return block(dice, 0, 3)
    tokens = SCALARS + WHITE * 4 + ["- ", ": ", "? ", ", ", "[", "]", "{", "}", "|\n", ">\n", "|-\n  ", "- - ", "a: "]
    return "".join(dice.choice(tokens) for _ in range(dice.randint(2, 9)))


def flow(dice, depth, key=False):
    white = (lambda: dice.choice(WHITE) if dice.random() < 0.25 else dice.choice(["", " "]))
    start = "k: " if key else ""
    if depth == 0 or dice.random() < 0.3:
        return start + dice.choice(SCALARS)
    parts = [white() + flow(dice, depth - 1) + white() for _ in range(dice.randint(0, 3))]
    if dice.random() < 0.5:
        return start + "[" + ",".join(parts) + dice.choice(["", ",", "\n"]) + "]"
    pairs = [f"{white()}{dice.choice('abcdefgh')}{i}:{dice.choice([' ', ' ', chr(10), ''])}{part}" for i, part in enumerate(parts)]
    return start + "{" + ",".join(pairs) + white() + "}"


def block(dice, indent, depth):
    pad = " " * indent
    if depth == 0 or dice.random() < 0.2:
        return pad + dice.choice(SCALARS) + "\n"
    lines = []
    for i in range(dice.randint(1, 3)):
        kind = dice.random()
        inner = block(dice, indent + dice.choice([1, 2, 2, 4]), depth - 1)
        if kind < 0.25:
            lines.append(f"{pad}k{i}:\n{inner}")
        elif kind < 0.4:
            lines.append(f"{pad}k{i}: {dice.choice(SCALARS)}\n")
        elif kind < 0.5:
            lines.append(f"{pad}k{i}: {flow(dice, 2)}\n")
        elif kind < 0.65:
            lines.append(f"{pad}-{dice.choice([' ', '  ', chr(10)])}{inner.lstrip(' ')}")
        elif kind < 0.85:
            head = dice.choice("|>") + dice.choice(["", "-", "+", "2", "1-"]) + dice.choice(["", " # c"])
            text = "".join(dice.choice([f"{pad}  x\n", f"{pad}   y z\n", "\n", f"{pad}  - a: 1\n", f"{pad}\n", f"{pad} \t\n"]) for _ in range(4))
            lines.append(f"{pad}k{i}: {head}\n{text}" + dice.choice(["", f"{pad}  end"]) + dice.choice(["", "\n"]))
        else:
            lines.append(f"{pad}k{i}: {dice.choice(['one', chr(39) + 'one', chr(34) + 'one'])}\n{pad}{dice.choice(['', ' ', '  '])}two"
                         f"{dice.choice(['', chr(39), chr(34)])}\n")
    return "".join(lines)


class Left(Exception):
    """The command refuses this by intention."""


class Loader(yaml.CLoader):
    def construct_mapping(self, node, deep=False):
        merged = any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value)
        self.flatten_mapping(node)
        keys = [self.construct_object(key, True) for key, _ in node.value]
        if any(isinstance(key, (dict, list)) for key in keys):
            raise Left
        if not merged and len(set(map(name, keys))) < len(keys):
            raise Left
        return super().construct_mapping(node, deep)


def dates(loader, node):
    return loader.construct_scalar(node)


def unknown(loader, suffix, node):
    raise yaml.constructor.ConstructorError(None, None, f"unknown tag {suffix}")


Loader.add_constructor("tag:yaml.org,2002:timestamp", dates)
Loader.yaml_multi_constructors = {}
Loader.add_multi_constructor("", unknown)


def name(key):
    return key if isinstance(key, str) else json.dumps(key)


def plain(value, depth=0):
    if depth > 100:
        raise Left
    if isinstance(value, dict):
        return {name(key): plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, depth + 1) for inner in value]
    if isinstance(value, float) and math.isnan(value):
        raise Left
    return value


def of_pyyaml(text):
    """The value, or the error."""
    try:
        value = plain(yaml.load(text, Loader=Loader))
    except Left:
        return None, None
    except Exception as error:
        return None, f"{type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(value, dict):
        if {"filename", "text", "pretty_text", "env_variables", "_base_"} & set(value):
            return None, None
    return [value], None


def compare(binary, folder, number, text):
    """In words what differs, or `None`; and what became of the document."""
    path = folder / f"{number}.yaml"
    path.write_bytes(text.encode())
    done = subprocess.run([binary, "config", str(path), "--format", "json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    path.unlink()
    theirs, failed = of_pyyaml(text.replace("\r\n", "\n"))
    if done.returncode not in (0, 2):
        return f"exit code {done.returncode}: {done.stderr[:200]}", "different"
    if theirs is None and failed is None:
        return None, "left out"
    if (done.returncode == 0) != (failed is None):
        return f"ours {(done.stdout or done.stderr).split(chr(10))[0]!r}, theirs {failed or theirs!r}", "different"
    if failed:
        return None, "refused"
    found = difference([json.loads(done.stdout)], theirs)
    return found, "different" if found else "equal"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("files", nargs="*", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--count", type=int, default=5000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_intermixed_args()
    dice, counts = random.Random(options.seed), collections.Counter()
    texts = [path.read_text(encoding="utf-8") for path in options.files]
    texts += [document(dice) for _ in range(options.count)]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda case: compare(options.binary.resolve(), pathlib.Path(folder), *case), enumerate(texts))
        for text, (found, result) in zip(texts, results):
            counts[result] += 1
            if found and counts[result] <= 30:
                print(f"{text[:300]!r}\n  {found[:300]}")
    print(f"PyYAML {yaml.__version__}: " + ", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())

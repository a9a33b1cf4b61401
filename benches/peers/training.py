"""What the adapters' `train` examples print, as a chart and a table.

    cargo run --release --manifest-path adapters/burn/Cargo.toml --example train -- digits.csv > burn.csv
    cargo run --release --manifest-path adapters/candle/Cargo.toml --example train -- digits.csv > candle.csv
    python benches/peers/training.py burn=burn.csv candle=candle.csv --out benches/results/training.svg

`digits.csv` is scikit-learn's `datasets/data/digits.csv.gz`, unpacked.
"""
import argparse
import csv

from chart import curves


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="NAME=FILE", help="a framework, and what its example printed")
    parser.add_argument("--out", required=True, help="the chart")
    arguments = parser.parse_args()
    panels = {}
    for argument in arguments.files:
        framework, file = argument.split("=", 1)
        found = read(file)
        for net, names in found.items():
            panels[f"{framework}: {net}"] = {name: list(runs["losses"].values()) for name, runs in names.items()}
            print(table(f"{framework}, {net}", names))
    title = "Loss of a batch, one line for each of five seeds"
    with open(arguments.out, "w") as out:
        out.write(curves(panels, title, highest=4))


def read(file):
    """By net and rules: losses by seed, and the accuracy of each seed."""
    found = {}
    with open(file, newline="") as lines:
        for line in csv.DictReader(lines):
            runs = found.setdefault(line["net"], {}).setdefault(line["rules"], {"losses": {}, "accuracy": []})
            if line["step"] == "accuracy":
                runs["accuracy"].append(float(line["loss"]))
            else:
                runs["losses"].setdefault(line["seed"], []).append((int(line["step"]), float(line["loss"])))
    return found


def table(title, names):
    seeds = max(len(runs["accuracy"]) for runs in names.values())
    rows = [f"| {title} |" + " |" * seeds, "|---" * (seeds + 1) + "|"]
    for name, runs in names.items():
        rows.append(f"| {name} | " + " | ".join(f"{100 * share:.1f} %" for share in runs["accuracy"]) + " |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()

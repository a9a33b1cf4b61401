"""``describe`` with the name of a model: what its own code writes, recorded while it is built without memory."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Optional

from . import _describe
from .errors import WeightInitError

EPILOG = """examples:
  describe torchvision.models:vit_b_16 --out vit.json
  describe timm:vit_base_patch16_224 num_classes=10 --out vit.json
  describe transformers:LlamaForCausalLM num_hidden_layers=16 --out llama.json
  describe transformers:config.json --out model.json
  describe mmengine:configs/detr/detr_r50_8xb2-150e_coco.py --out detr.json
  describe net.py:Net depth=50 --out net.json

A model that mmengine configures is told as its own init_weights leaves it; checkpoints are not loaded.
"""


def main(words: list[str]) -> int:
    """The command with these words; its exit code."""
    parser = argparse.ArgumentParser(
        prog="weight-init describe",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Describes a PyTorch model with what its own code writes into each parameter and buffer.",
        epilog=EPILOG,
    )
    parser.add_argument("model", help="what makes the model: SOURCE:NAME")
    parser.add_argument(
        "arguments", nargs="*", type=_describe.argument, metavar="KEY=VALUE",
        help="arguments of what makes it; of a config, values that replace its own",
    )
    parser.add_argument("--out", metavar="FILE.json", required=True, help="the description; large values go to a file beside it")
    parser.add_argument(
        "--unknown", choices=("tell", "torch"), default="tell",
        help="what has no name: told with its place in the code, or PyTorch's own values, of a model that is built in memory",
    )
    parser.add_argument("--torch-seed", type=int, default=0, metavar="SEED", help="of PyTorch's generator, for --unknown torch")
    options = parser.parse_intermixed_args(words)
    warnings.showwarning = lambda message, *_, **__: print(f"warning: {message}", file=sys.stderr)
    try:
        seed = options.torch_seed if options.unknown == "torch" else None
        print(describe(options.model, dict(options.arguments), options.out, seed), file=sys.stderr)
    except (_describe.DescribeError, WeightInitError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def describe(target: str, arguments: dict, out: str, torch_seed: Optional[int] = None) -> str:
    """Writes the description, and says in a line what it holds."""
    from ._record.targets import recorded

    return summary(recorded(target, arguments, out, torch_seed).counts())


def summary(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    shown = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items(), key=lambda it: -it[1]))
    return f"{total} tensors: {shown}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``python -m weight_init``, and the script ``weight-init``: the command.

``describe`` with a Python target, such as ``torchvision.models:resnet50``, runs here; everything else is the command's.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

from ._weight_init import run_command


def main() -> int:
    words = sys.argv[1:]
    if words[:1] == ["describe"] and any(":" in word for word in words[1:]):
        recorder = f"{__package__}._record_cli"
        if importlib.util.find_spec(recorder) is not None:
            return int(importlib.import_module(recorder).main(words[1:]) or 0)
    return run_command(["weight-init", *words])


if __name__ == "__main__":
    sys.exit(main())

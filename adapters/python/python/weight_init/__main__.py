"""``python -m weight_init``, and the script ``weight-init``: the command.

``describe`` with a Python target, such as ``torchvision.models:resnet50``, runs here; everything else is the command's.
"""

from __future__ import annotations

import sys

from ._weight_init import run_command


def main() -> int:
    words = sys.argv[1:]
    if words[:1] == ["describe"] and any(":" in word for word in words[1:]):
        from . import _record_cli  # brings PyTorch

        return _record_cli.main(words[1:])
    return run_command(["weight-init", *words])


if __name__ == "__main__":
    sys.exit(main())

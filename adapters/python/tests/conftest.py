"""What several tests need. Those marked so are passed over where PyTorch, or the command, is not there."""

import os
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))


@pytest.fixture(scope="session")
def command():
    """The command `weight-init`, whose files are what a live model is compared with."""
    found = os.environ.get("WEIGHT_INIT_COMMAND") or shutil.which("weight-init")
    if not found:
        pytest.skip("WEIGHT_INIT_COMMAND names no command")
    return found

"""A Python process of its own, where a library may put what it likes in the place of urllib3's parts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]

#: Seconds for one program; one that takes longer hangs.
LIMIT = 60


def needs(distribution: str) -> pytest.MarkDecorator:
    """Return the mark of a test that is skipped where this distribution is not installed."""
    installed = any(distributions(name=distribution))
    return pytest.mark.skipif(not installed, reason=f"{distribution} is not installed")


def alone(program: str, *arguments: object, first: Path | None = None, limit: float = LIMIT) -> Any:
    """Run a program with the arguments in `sys.argv`, and return what it prints last, as JSON.

    Warnings are errors there. What it imports is looked for in the folder `first` before any other.
    """
    folders = [str(folder) for folder in (first, _ROOT, _ROOT / "test") if folder is not None]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])

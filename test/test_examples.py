"""The scripts in examples/ run as `make demo` runs them, on a sandbox that each starts for itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: What each prints, among other things.
PRINTED = {
    "quickstart.py": r"\n  echo: This is Echo\.(.|\n)*NotFoundException: 404, request id \w+",
    "candela_quickstart.py": r"ConflictException: 409(.|\n)*still there: False",
    "events.py": r"info: reading the quarter\nThe north (.|\n)*12 events, status 200(.|\n)*Ready, 2 messages",
}


def test_each_script_is_run() -> None:
    scripts = {
        path.name for path in (ROOT / "examples").glob("*.py") if "__main__" in path.read_text("utf-8")
    }
    demo = (ROOT / "Makefile").read_text("utf-8").partition("\ndemo:")[2].partition("\n\n")[0]

    assert scripts == set(PRINTED) == set(re.findall(r"examples/(\w+\.py)", demo))


@pytest.mark.slow
@pytest.mark.parametrize("script", PRINTED)
def test_script_runs(script: str) -> None:
    command = [sys.executable, "-W", "error", f"examples/{script}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(PRINTED[script], done.stdout), done.stdout

"""The types that users see: the code in test/typing under mypy and pyright, and how complete they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parent.parent
USERS_CODE = "test/typing"


def run(checker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a checker that sees the package as an installed one, with its py.typed."""
    # Pyright does not follow the hooks of an editable installation, but it reads this path.
    # With --verifytypes it asks the first python on the PATH for its libraries, whatever it is told.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    command = [sys.executable, "-m", checker, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def pyright(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("pyright", "--pythonpath", sys.executable, *arguments)


def test_mypy_agrees_with_users_code() -> None:
    done = run("mypy", "--strict", USERS_CODE)

    assert done.returncode == 0, done.stdout + done.stderr


def test_pyright_agrees_with_users_code() -> None:
    done = pyright("--project", USERS_CODE, "--warnings")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", ["portal_client", "finbourne_candela", "portal_testing"])
def test_public_types_are_complete(package: str) -> None:
    done = pyright("--verifytypes", package, "--ignoreexternal", "--outputjson")

    report = json.loads(done.stdout)
    assert not report["generalDiagnostics"], report["generalDiagnostics"]
    found = report["typeCompleteness"]
    assert Path(found["packageRootDirectory"]).resolve() == ROOT / package
    unknown = [
        f"{symbol['name']}: {' '.join(problem['message'].split())}"
        for symbol in found["symbols"]
        for problem in symbol["diagnostics"]
        if not symbol["isTypeKnown"]
    ]
    print(f"{found['completenessScore']:.1%} of the public types are known; the others:", *unknown, sep="\n")
    assert found["completenessScore"] >= 0.98

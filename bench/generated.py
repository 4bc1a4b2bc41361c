"""What openapi-generator makes from a contract, without a network."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "contracts" / "portal.openapi.json"
PACKAGE = "generated_client"

#: Where the measurements keep theirs.
FOLDER = ROOT / "build" / "bench"


class Absent(Exception):
    """Something needed is not on this machine; the text says what."""


def client(folder: Path, package: str = PACKAGE) -> None:
    """Make the client as a package in a folder. Raises Absent without Java or the generator."""
    generate(CONTRACT, folder, package)


def generate(contract: Path, folder: Path, package: str, *options: str) -> None:
    """Run the generator on a contract, with further options of its command. Raises Absent."""
    java, jar = shutil.which("java"), _jar()
    if java is None:
        raise Absent("no Java: the client to compare with cannot be generated")
    if jar is None:
        raise Absent("the package openapi-generator-cli, which carries the generator, is not installed")
    command = [java, "-jar", str(jar), "generate", "-g", "python", "--package-name", package]
    made = subprocess.run(
        [*command, "-i", contract.name, "-o", str(folder.absolute()), *options],
        cwd=contract.parent,  # the generator cannot read a path that holds a blank
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise RuntimeError(made.stdout + made.stderr)


def kept() -> None:
    """Generate the client of the measurements unless it is up to date. Raises Absent."""
    there = FOLDER / PACKAGE / "__init__.py"
    if not there.exists() or there.stat().st_mtime < CONTRACT.stat().st_mtime:
        client(FOLDER)


def _jar() -> Path | None:
    found = importlib.util.find_spec("openapi_generator_cli")
    if found is None or found.origin is None:
        return None
    return next(Path(found.origin).parent.glob("*.jar"), None)

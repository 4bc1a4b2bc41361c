"""What is built: distributions that are the same each time, hold what they should, and read well."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

import finbourne_candela
import portal_client
import sbom
from support.markdown import Page

pytest.importorskip("hatchling")

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def _built(folder: Path, modified: float) -> dict[str, bytes]:
    """Build both distributions of a fresh copy whose files were changed then, and return them by name."""
    left = [line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split()]
    tree = shutil.copytree(ROOT, folder / "tree", ignore=shutil.ignore_patterns(".git", *left))
    for stray in (
        "secrets.json",
        "dev.sqlite-server-1f",
        "run.sqlite3",
        "out.log",
    ):  # what a README user may leave
        (tree / stray).touch()
    for path in tree.rglob("*"):
        os.utime(path, (modified, modified))
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder / "dist")]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both distributions."""
    folder = tmp_path_factory.mktemp("first")
    _built(folder, 1_700_000_000)
    return folder / "dist"


@pytest.fixture(scope="module")
def sdist(built: Path) -> dict[str, bytes]:
    """The files of the source distribution by their paths in the repository."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        found = {member.name.partition("/")[2]: archive.extractfile(member) for member in archive}
        return {name: file.read() for name, file in found.items() if file}


@pytest.fixture(scope="module")
def wheel(built: Path) -> dict[str, bytes]:
    """The files of the wheel."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(wheel: dict[str, bytes]) -> Message:
    return message_from_bytes(next(text for name, text in wheel.items() if name.endswith("/METADATA")))


def test_both_are_the_same_bytes_each_time(built: Path, tmp_path: Path) -> None:
    again = _built(tmp_path, 1_750_000_000)

    assert len(again) == 2
    assert {path.name: path.read_bytes() == again[path.name] for path in built.iterdir()} == dict.fromkeys(
        again, True
    )


def test_an_index_would_take_them(built: Path) -> None:
    pytest.importorskip("twine")
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built.iterdir())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only git knows what belongs to the repository")
def test_the_source_distribution_holds_the_repository(sdist: dict[str, bytes]) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    there = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}

    assert there - set(sdist) == set()
    assert set(sdist) - there == {"PKG-INFO"}


def _packages() -> Iterator[Path]:
    """The packages that are installed."""
    for path in ROOT.glob("*/py.typed"):
        yield path.parent


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: dict[str, bytes]) -> None:
    packages = {
        path.relative_to(ROOT).as_posix()
        for package in _packages()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {name for name in wheel if ".dist-info/" not in name} == packages


def test_without_extras_four_packages_are_needed(metadata: Message) -> None:
    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]

    assert {each.name for each in needed if each.marker is None} == {
        "urllib3",
        "pydantic",
        "python-dateutil",
        "typing-extensions",
    }


def test_the_wheel_holds_its_bill_of_materials(wheel: dict[str, bytes]) -> None:
    text = next(text for name, text in wheel.items() if name.endswith("/sboms/sbom.cdx.json")).decode()
    bill = json.loads(text)
    scopes = {each["name"]: each["scope"] for each in bill["components"]}

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/portal-client@{PROJECT['version']}"
    assert {name for name, scope in scopes.items() if scope == "required"} == {
        Requirement(each).name for each in PROJECT["dependencies"]
    }
    assert [path.name for path, text in sbom.pages().items() if path.read_text("utf-8") != text] == []


def test_the_version_is_everywhere_the_same_and_its_changes_are_dated() -> None:
    version = PROJECT["version"]
    newest = next(line for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if "## [" in line)

    assert {portal_client.__version__, finbourne_candela.__version__} == {version}
    assert newest == "## [Unreleased]" or re.fullmatch(rf"## \[{version}\] - \d{{4}}-\d\d-\d\d", newest)


@pytest.fixture(scope="module")
def description(metadata: Message) -> str:
    """The text that an index shows."""
    assert metadata["Description-Content-Type"] == "text/markdown"
    return str(metadata.get_payload())


def test_no_link_of_the_readme_is_dead_on_an_index(description: str, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(description, "utf-8")
    shown, ours = Page(page), Page(ROOT / "README.md")

    assert [link for link in shown.links if not re.match(r"https?://|#", link)] == []
    assert [block.code for block in shown.blocks()] == [block.code for block in ours.blocks()]


def test_each_file_that_the_readme_links_to_is_named_on_an_index(description: str) -> None:
    links = {link.partition("#")[0] for link in Page(ROOT / "README.md").links if "://" not in link}

    assert [link for link in sorted(links - {""}) if f"`{link}`" not in description] == []

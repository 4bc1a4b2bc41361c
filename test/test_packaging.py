"""What is built: a source distribution that holds the whole repository, and a README for an index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from markdown import Page

pytest.importorskip("setuptools", minversion="77")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository without what tools have left in it."""
    left = [line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split()]
    tree = tmp_path_factory.mktemp("build") / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", *left))
    return tree


@pytest.fixture(scope="module")
def sdist(tree: Path) -> Path:
    """The source distribution, unpacked."""
    before = sorted(tree.rglob("*"))
    out = tree.with_name("out")
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", build, str(out)]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path in sorted(set(tree.rglob("*")) - set(before), reverse=True):  # what the build has left
        path.unlink() if path.is_file() else path.rmdir()
    with tarfile.open(next(out.glob("*.tar.gz"))) as archive:
        archive.extractall(out, filter="data")
    return next(path for path in out.iterdir() if path.is_dir())


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_source_distribution_holds_the_repository(tree: Path, sdist: Path) -> None:
    made = {name for name in _files(sdist) if name.startswith("portal_client.egg-info/")}

    assert _files(tree) - _files(sdist) == set()
    assert _files(sdist) - _files(tree) - made == {"PKG-INFO", "setup.cfg"}


@pytest.fixture(scope="module")
def description(sdist: Path) -> str:
    """The text that an index shows."""
    head, _, text = (sdist / "PKG-INFO").read_text("utf-8").partition("\n\n")
    assert "Description-Content-Type: text/markdown" in head
    return text


def test_no_link_of_the_readme_is_dead_on_an_index(description: str, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(description, "utf-8")
    shown, ours = Page(page), Page(ROOT / "README.md")

    assert [link for link in shown.links if not re.match(r"https?://|#", link)] == []
    assert [block.code for block in shown.blocks()] == [block.code for block in ours.blocks()]


def test_each_file_that_the_readme_links_to_is_named_on_an_index(description: str) -> None:
    links = {link.partition("#")[0] for link in Page(ROOT / "README.md").links if "://" not in link}

    assert [link for link in sorted(links - {""}) if f"`{link}`" not in description] == []

"""What is built: a source distribution that holds the whole repository, and a README for an index."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from support.markdown import Page

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
def sdist(tree: Path) -> dict[str, bytes]:
    """The files of the source distribution by their paths in the repository."""
    out = tree.with_name("out")
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    copy = shutil.copytree(tree, tree.with_name("built"))  # the build leaves something there
    done = subprocess.run([sys.executable, "-c", build, str(out)], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with tarfile.open(next(out.glob("*.tar.gz"))) as archive:
        found = {member.name.partition("/")[2]: archive.extractfile(member) for member in archive}
        return {name: file.read() for name, file in found.items() if file}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only git knows what belongs to the repository")
def test_the_source_distribution_holds_the_repository(tree: Path, sdist: dict[str, bytes]) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    there = {name for name in listed.stdout.splitlines() if (tree / name).exists()}
    made = {name for name in sdist if name.startswith("portal_client.egg-info/")}

    assert there - set(sdist) == set()
    assert set(sdist) - there - made == {"PKG-INFO", "setup.cfg"}


@pytest.fixture(scope="module")
def description(sdist: dict[str, bytes]) -> str:
    """The text that an index shows."""
    head, _, text = sdist["PKG-INFO"].decode().partition("\n\n")
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

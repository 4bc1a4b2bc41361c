"""The site of the pages: it is whole, loads nothing from elsewhere, and tells programs what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

pytest.importorskip("mkdocstrings", reason="what builds the site is not installed")

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_each_page_of_the_repository_is_there(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")]
    made = [page.parent if page.name == "README" else page for page in pages]

    assert [str(page) for page in made if not (site / page / "index.html").exists()] == []


def test_each_link_leads_somewhere(site: Path) -> None:
    broken: list[str] = []
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for link in BeautifulSoup(page.read_text("utf-8"), "html.parser").find_all("a", href=True):
            path = str(link["href"]).partition("#")[0]
            there = (page.parent / path).resolve()
            if "://" not in path and not (there.is_file() or (there / "index.html").is_file()):
                broken.append(f"{page.relative_to(site)}: {path}")

    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    soup = BeautifulSoup((site / "index.html").read_text("utf-8"), "html.parser")
    loaded = [
        each.get("src") or each.get("href") for each in soup.select("script[src], img[src], link[href]")
    ]

    assert loaded
    assert [each for each in loaded if re.match(r"(https?:)?//", str(each))] == []


@pytest.mark.parametrize(
    "name", ["Configuration", "EventStream", "Batch", "WaitTimeout", "SyncApiClientFactory"]
)
def test_the_reference_has_what_docstrings_say(site: Path, name: str) -> None:
    soup = BeautifulSoup((site / "api" / "index.html").read_text("utf-8"), "html.parser")
    ids = [str(heading.get("id")) for heading in soup.select("h2[id]")]

    assert [each for each in ids if each.endswith(f".{name}")]


def test_the_search_knows_the_reference_and_the_guides(site: Path) -> None:
    index = (site / "search" / "search_index.json").read_text("utf-8")

    assert '"location":"guides/waiting/' in index
    assert '"location":"api/#portal_client.configuration.Configuration' in index


def test_programs_are_told_what_there_is(site: Path) -> None:
    index = (site / "llms.txt").read_text("utf-8")
    pages = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): .+\.$", index, re.MULTILINE)
    full = (site / "llms-full.txt").read_text("utf-8")

    assert index.startswith("# portal-client\n\n> ")
    assert len(pages) == sum(line.startswith("- ") for line in index.splitlines()) >= 30
    assert [page for page in pages if (site / page).read_text("utf-8") not in full] == []

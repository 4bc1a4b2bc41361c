"""The Python blocks of our own documents run as they are printed, and their links lead somewhere."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from markdown import Block, Page

ROOT = Path(__file__).parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"
PAGES = {
    path.relative_to(ROOT).as_posix(): Page(path)
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
}
#: Pages that a reader follows from the top: each block goes on from those above it.
STORIES = {name: page for name, page in PAGES.items() if name == "README.md" or "guides/" in name}
EXAMPLES = [(name, block) for name, page in PAGES.items() if name not in STORIES for block in page.blocks()]


def _run(page: str, block: Block, names: dict[str, object]) -> None:
    code = "\n" * (block.line - 1) + block.code  # so that a traceback names the line of the page
    exec(compile(code, page, "exec", dont_inherit=True), names)


@pytest.fixture
def reader(
    localhost: None,
    demo_box: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody who may sign in, in an empty folder, and pipes in a question."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Which region grew?"))
    for name, value in demo_box.secrets["api"].items():  # candelaUrl is FBN_CANDELA_URL
        monkeypatch.setenv("FBN_" + re.sub(r"(?=[A-Z])", "_", name).upper(), value)


@pytest.mark.parametrize(
    ("page", "block"), EXAMPLES, ids=[f"{page}:{block.line}" for page, block in EXAMPLES]
)
@pytest.mark.usefixtures("reader")
def test_example_runs(page: str, block: Block) -> None:
    _run(page, block, {"__name__": "__main__"})


@pytest.mark.parametrize("page", STORIES)
@pytest.mark.usefixtures("reader")
def test_story_runs_from_top_to_bottom(page: str) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for block in STORIES[page].blocks():
        _run(page, block, names)


def test_each_task_of_the_readme_takes_five_lines() -> None:
    tasks = [b for b in PAGES["README.md"].blocks() if b.heading == "What you will want to do"]
    lines = {
        block.line: [
            line for line in block.code.splitlines() if line and not line.startswith(("from ", "import "))
        ]
        for block in tasks
    }

    assert len(tasks) >= 20
    assert {line: code for line, code in lines.items() if len(code) > 5} == {}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = PAGES[name]
    broken = []
    for link in page.links:
        target, _, anchor = unquote(link).partition("#")
        if "://" in target:
            continue
        path = (page.path.parent / target).resolve() if target else page.path.resolve()
        if not path.exists() or (anchor and anchor not in PAGES[path.relative_to(ROOT).as_posix()].anchors):
            broken.append(link)

    assert broken == []


@pytest.mark.skipif(not SEEDS.exists(), reason="the documents that users hold are not beside this repository")
@pytest.mark.parametrize(
    ("seed", "ours", "home"),
    [
        ("portal_client.SessionsApi.md", "docs/SessionsApi.md", "README.md"),
        (
            "finbourne_candela.SessionsApi.md",
            "docs/finbourne_candela/SessionsApi.md",
            "docs/finbourne_candela/README.md",
        ),
    ],
)
def test_links_to_the_original_documents_still_lead_somewhere(seed: str, ours: str, home: str) -> None:
    original = Page(SEEDS / seed)
    readme = {link.partition("#")[2] for link in original.links if link.startswith("../README.md#")}

    assert original.anchors - PAGES[ours].anchors == set()
    assert readme - PAGES[home].anchors == set()

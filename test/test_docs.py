"""The Python blocks of our own documents run as they are printed, and their links lead somewhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def _blocks() -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)}:{1 + text[: match.start(1)].count(chr(10))}", match[1])
        for page in PAGES
        for text in [page.read_text("utf-8")]
        for match in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]


DEFAULT_CLIENT = next(code for _, code in _blocks() if "Configuration.set_default" in code)


@pytest.fixture
def same_logging() -> Iterator[None]:
    """An example may configure the root logger; the next test must not see it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(("place", "code"), _blocks(), ids=lambda value: value.partition("\n")[0])
@pytest.mark.usefixtures("localhost", "same_logging")
def test_example_runs(place: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(DEFAULT_CLIENT, {})  # as a reader of the README has done before its snippets

    exec(compile(code, f"<{place}>", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    local = [target for target in targets if "://" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []

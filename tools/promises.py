"""Write the table of promises in docs/reliability.md from the marks of the tests that hold them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"

#: The sections of the table, in its order.
SECTIONS = (
    "Sent once",
    "Waiting",
    "The wire",
    "The body",
    "Redirects",
    "Injection",
    "Files",
    "Secrets",
    "Life cycle",
    "TLS and proxies",
    "Tokens",
    "Streams",
    "Following",
    "Batches",
    "Property tests",
    "Observability",
)
_REGION = re.compile(r"(?<=<!-- promises: generated -->\n).*?(?=<!-- end of the promises -->)", re.DOTALL)


class Held(NamedTuple):
    """A promise and a test that holds it, as `file::function`; the file is relative to the repository."""

    section: str
    promise: str
    test: str


@cache
def held() -> Sequence[Held]:
    """Return the promises of all tests, as their `@pytest.mark.fault` states them."""
    found: list[Held] = []
    for path in sorted((ROOT / "test").rglob("test_*.py")):
        text, name = path.read_text("utf-8"), path.relative_to(ROOT).as_posix()
        for function in ast.parse(text).body if "pytest.mark.fault" in text else ():
            if isinstance(function, ast.FunctionDef):
                found += (Held(*mark, f"{name}::{function.name}") for mark in _marks(function))
    return tuple(found)


def _marks(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.fault":
            section, promise = map(ast.literal_eval, decorator.args)
            yield section, promise


def table(all_held: Sequence[Held]) -> str:
    """Return the promises by section, each with its tests. Raises ValueError for an unknown section."""
    by_section: dict[str, dict[str, list[str]]] = {section: {} for section in SECTIONS}
    for section, promise, test in all_held:
        if section not in by_section:
            raise ValueError(f"{test}: there is no section {section!r}")
        by_section[section].setdefault(promise, []).append(test)
    lines: list[str] = []
    for section, promises in by_section.items():
        lines += [f"### {section}", "", "| what holds | shown by |", "|---|---|"]
        lines += [
            f"| {_cell(promise)} | {'<br>'.join(map(_link, tests))} |"
            for promise, tests in sorted(promises.items())
        ]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("$", "\\$")


def _link(test: str) -> str:
    file, _, function = test.partition("::")
    return f"[{Path(file).name}::{function}](../{file})"


def pages() -> dict[Path, str]:
    """Return the page with its table as it should be. Raises ValueError without a place for it."""
    before = PAGE.read_text("utf-8")
    if not _REGION.search(before):
        raise ValueError(f"{PAGE.name} has no place for the promises")
    return {PAGE: _REGION.sub(lambda _: f"\n{table(held())}\n", before, count=1)}

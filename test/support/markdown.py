"""Reads a Markdown page as a person's browser does: its code, its links, and where they can lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token


class Block(NamedTuple):
    """A fenced block of code, with the line on which the code starts and the heading that it stands under."""

    code: str
    line: int
    heading: str


@dataclass(frozen=True)
class Page:
    """One page; anchors are those that GitHub gives its headings, and those of its own HTML."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def _tokens(self) -> list[Token]:
        return MarkdownIt("commonmark").enable("table").parse(self.text)

    def blocks(self, language: str = "python") -> list[Block]:
        heading, found = "", []
        for before, token in zip([None, *self._tokens], self._tokens, strict=False):
            if before and before.type == "heading_open":
                heading = _plain(token)
            if token.type == "fence" and token.info == language and token.map:
                found.append(Block(token.content, token.map[0] + 2, heading))
        return found

    @cached_property
    def links(self) -> list[str]:
        return [str(t.attrs["href"]) for t in self._inline() if t.type == "link_open"]

    @cached_property
    def anchors(self) -> set[str]:
        found = set(re.findall(r'<a (?:id|name)="([^"]+)"', self.text))
        for before, token in zip(self._tokens, self._tokens[1:], strict=False):
            if before.type == "heading_open":
                slug = re.sub(r"[^\w\- ]", "", _plain(token).lower()).replace(" ", "-")
                again = (f"{slug}-{number}" for number in range(1, 1000))
                found.add(slug if slug not in found else next(each for each in again if each not in found))
        return found

    def _inline(self) -> Iterator[Token]:
        for token in self._tokens:
            yield from token.children or ()


def _plain(token: Token) -> str:
    return "".join(child.content for child in token.children or () if child.type in ("text", "code_inline"))

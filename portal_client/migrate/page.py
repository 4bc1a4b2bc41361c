"""A page on migrating, with its checks as the rows of a table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional, Union

from portal_client.migrate.finding import Severity
from portal_client.migrate.values import Event

#: The page on what all services have in common.
MIGRATING = "docs/migrating.md"

#: Messages, each with its place.
Places = Iterator[tuple[ast.AST, str]]


@dataclass(frozen=True)
class Row:
    """What is looked for: events of these kinds, of a class, of these names, and that fulfil a condition."""

    check: str
    severity: Severity
    section: str
    kinds: str
    cls: Any = object
    names: str = ""
    when: Callable[[Event], Any] = lambda event: True


#: What is looked for, and what is said of it: a text that may name `{e.…}` of the event, or messages.
Rows = Mapping[Row, Union[str, Callable[[Event], Places]]]


class Page(NamedTuple):
    """A page on migrating; `package` restricts it to what is about that package."""

    path: str
    package: Optional[str]
    rows: Rows
    #: For what is not there, by its name, that of its class or of the module: a section, and what to do.
    words: Mapping[str, tuple[str, str]] = {}
    #: The names that are used here in place of those that are left out.
    stand_ins: tuple[tuple[str, str], ...] = ()

    def find(self, event: Event) -> Iterator[tuple[Row, ast.AST, str]]:
        """Yield what is to be said of an event."""
        if self.package in (None, event.package):
            for row, said in self.rows.items():
                named = not row.names or event.name in row.names.split()
                about = event.kind in row.kinds.split() and issubclass(event.cls, row.cls) and named
                if about and row.when(event):
                    found = [(event.node, said.format(e=event))] if isinstance(said, str) else said(event)
                    yield from ((row, node, message) for node, message in found)


def refused(name: str, why: str) -> str:
    """Return what is to be said of a value that is refused; `why` is an error's text."""
    why = why.removeprefix("Value error, ")
    return why if name in why.split(":")[0].split() or why.startswith(name) else f"{name} is refused: {why}"

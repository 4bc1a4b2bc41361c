"""The parts that a view has: what is shown, whatever shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Union

#: A text, or a time that is shown in the zone of the reader.
Cell = Union[str, datetime]


class Heading(NamedTuple):
    """What a value is: a title, a status, and facts by their names."""

    title: str
    status: str = ""
    facts: Sequence[tuple[str, Cell]] = ()


class Turn(NamedTuple):
    """What was said once; `cut` characters of it are not shown."""

    role: str
    author: str
    icon: str
    text: str
    cut: int = 0


class Talk(NamedTuple):
    """What was said; `hidden` messages before that are not shown."""

    turns: Sequence[Turn]
    hidden: int = 0


class Column(NamedTuple):
    """One of several conversations: what it is, what it has taken over, and what was said in it."""

    heading: Heading
    taken: Talk
    own: Talk


class Columns(NamedTuple):
    """Conversations side by side; `hidden` more of them are not shown."""

    columns: Sequence[Column]
    hidden: int = 0


class Table(NamedTuple):
    """Rows of cells under the names of their columns; `hidden` rows more are not shown."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    hidden: int = 0
    caption: str = ""


class Text(NamedTuple):
    """A longer text; `cut` characters of it are not shown."""

    text: str
    cut: int = 0
    caption: str = ""


class Node(NamedTuple):
    """A node of a graph."""

    name: str
    kind: str = ""


class Edge(NamedTuple):
    """An arrow between two nodes, by their places among them; a faint one is no step."""

    start: int
    end: int
    label: str = ""
    faint: bool = False


class Graph(NamedTuple):
    """Nodes, the first one on top, and arrows between them; `note` says what is not shown."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    note: str = ""


Part = Union[Heading, Talk, Columns, Table, Text, Graph]

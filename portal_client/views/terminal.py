"""Views in a terminal, by rich: the text of others is text alone, without codes and without markup."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from rich.align import Align
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text as Line

from portal_client.views.parts import Cell, Columns, Graph, Heading, Part, Table, Talk, Text, Turn
from portal_client.views.text import counted, moment, titled


def renderable(parts: Sequence[Part]) -> Group:
    """Return a view for the console of rich."""
    return Group(*(line for part in parts for line in _SHOWN[type(part)](part)))


def _heading(part: Heading) -> Iterator[RenderableType]:
    yield Line.assemble((part.title, "bold"), f"  {part.status}" if part.status else "")
    if part.facts:
        yield Line(" · ".join(f"{name} {_cell(fact)}" for name, fact in part.facts), "dim")


def _cell(value: Cell) -> str:
    return moment(value) if isinstance(value, datetime) else value


def _talk(part: Talk) -> Iterator[RenderableType]:
    if part.hidden:
        yield _note(f"… {counted(part.hidden, 'earlier message')} not shown")
    for turn in part.turns:
        yield _turn(turn)


def _columns(part: Columns) -> Iterator[RenderableType]:
    grid = Grid(show_lines=True, expand=True)
    for column in part.columns:
        grid.add_column(Group(*_heading(column.heading)), ratio=1, overflow="fold")
    for talks in zip(*((column.taken, column.own) for column in part.columns), strict=True):
        if any(talk.turns for talk in talks):
            grid.add_row(*(Group(*_talk(talk)) for talk in talks))
    yield grid
    if part.hidden:
        yield _note(f"… {counted(part.hidden, 'more branch', 'more branches')}")


def _turn(turn: Turn) -> RenderableType:
    side: Literal["left", "right"] = "right" if turn.role == "user" else "left"
    author = " · ".join(filter(None, (titled(turn.role), turn.author, turn.icon)))
    text = turn.text + (f"\n… {counted(turn.cut, 'more character')}" if turn.cut else "")
    panel = Panel(Line(text), title=Line(author), title_align=side, expand=False)
    return Align(panel, side)


def _text(part: Text) -> Iterator[RenderableType]:
    if part.caption:
        yield Line(part.caption, "italic")
    yield Line(part.text)
    if part.cut:
        yield _note(f"… {counted(part.cut, 'more character')}")


def _table(part: Table) -> Iterator[RenderableType]:
    grid = Grid(title=Line(part.caption) if part.caption else None, title_justify="left")
    for at, name in enumerate(part.columns):
        # What is copied stays on one line; all else is folded, and nothing left out.
        width = max((len(_cell(row[at])) for row in part.rows), default=0) if name in ("id", "node") else None
        grid.add_column(Line(name), overflow="fold", min_width=width)
    for row in part.rows:
        grid.add_row(*(Line(_cell(value)) for value in row))
    yield grid
    if part.hidden:
        yield _note(f"… {counted(part.hidden, 'more row')}")


def _graph(part: Graph) -> Iterator[RenderableType]:
    rows = [(node.name, node.kind, ", ".join(_ways(part, at))) for at, node in enumerate(part.nodes)]
    yield from _table(Table(("node", "kind", "leads to"), rows))
    if part.note:
        yield _note(part.note)


def _ways(graph: Graph, node: int) -> Iterator[str]:
    for edge in graph.edges:
        if edge.start == node:
            name = graph.nodes[edge.end].name
            yield f"{edge.label}: {name}" if edge.label else name


def _note(text: str) -> Line:
    return Line(text, "italic")


_SHOWN: dict[type, Callable[[Any], Iterator[RenderableType]]] = {
    Heading: _heading,
    Talk: _talk,
    Columns: _columns,
    Text: _text,
    Table: _table,
    Graph: _graph,
}

"""Data as tables in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from portal_client.cli.rows import Rows, cell, columns_of, shape
from portal_client.text import printable

#: Cells up to this length, such as ids, stay on one line.
_SHORT = 40

_NOTHING: tuple[object, ...] = (None, "", [], {})


def show(value: Any) -> bool:
    """Print plain data: its fields, and its tables below; return whether there is any."""
    console = Console(highlight=False, emoji=False, markup=False)
    fields, tables = shape(value)
    if "" in fields:
        console.print(_text(fields[""]))
    elif fields:
        console.print(_record(fields))
    for name, rows in tables.items():
        if name:
            console.print()
            console.print(_text(name), style="bold")
        for part in _parts(console, rows):
            console.print(part)
    return bool(fields or tables)


def _parts(console: Console, rows: Rows) -> Iterator[RenderableType]:
    """Yield rows as a table, or where that is too wide each as a record, as psql does."""
    table = _table(rows)
    unbounded = console.options.update(max_width=sys.maxsize)
    if Measurement.get(console, unbounded, table).minimum <= console.width:
        yield table
        return
    for row in rows:
        yield Rule(style="dim")
        yield _record(row)


def _record(fields: dict[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, inner in fields.items():
        grid.add_row(_text(name), _text(inner))
    return grid


def _table(rows: Rows) -> Table:
    """Return rows as a table, without columns in which there is nothing."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    names = [name for name in columns_of(rows) if any(row.get(name) not in _NOTHING for row in rows)]
    for name in names:
        longest = max(len(cell(row.get(name))) for row in rows)
        short = longest <= _SHORT
        table.add_column(_text(name), no_wrap=short, min_width=None if short else _SHORT // 2)
    for row in rows:
        table.add_row(*(_text(row.get(name)) for name in names))
    return table


def _text(value: Any) -> Text:
    """Return a value as text that is shown verbatim: markup is none, and escapes are escaped."""
    return Text(printable(cell(value), keep="\n"))

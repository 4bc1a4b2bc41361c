"""Data as tables in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from portal_client.cli.rows import Rows, cell, columns_of, shape
from portal_client.text import printable

#: Cells up to this width, such as ids, are not wrapped; longer ones are, to half of it at the least.
_SHORT = 40

#: The columns between two cells.
_GAP = 2

_NOTHING: tuple[object, ...] = (None, "", [], {})


def show(value: Any) -> str:
    """Print plain data: its fields, and its tables below; return a remark on what is not shown.

    A table has the columns that fit, the first one and then the narrowest ones.
    """
    console = _console()
    fields, tables = shape(value)
    if "" in fields:
        console.print(_text(fields[""]))
    elif fields:
        console.print(_record(fields))
    left_out: list[str] = []
    for name, rows in tables.items():
        if name:
            console.print()
            console.print(_text(name), style="bold")
        widths = _widths(rows)
        fitting = _fitting(widths, console.width)
        if len(rows) == 1 and len(fitting) < len(widths):
            console.print(_record(rows[0]))
        else:
            console.print(_table(rows, fitting))
            left_out += [each for each in widths if each not in fitting]
    if left_out:
        return f"(without {', '.join(dict.fromkeys(left_out))}: use a wider terminal, or --json)"
    return "" if fields or tables or value is None else "(none)"


def show_check(status: str, style: str, name: str, text: str) -> None:
    """Print a line of `doctor`: the status in its colour, and the text within a column of its own."""
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_column(width=7, style=style)
    line.add_column(width=9)
    line.add_column(overflow="fold")
    line.add_row(status, name, _text(text))
    _console().print(line)


def _console() -> Console:
    return Console(highlight=False, emoji=False, markup=False)


def _widths(rows: Rows) -> dict[str, int]:
    """Return the columns in which there is something, each with the least width that it needs."""
    widths: dict[str, int] = {}
    for name in columns_of(rows):
        if any(row.get(name) not in _NOTHING for row in rows):
            longest = max(cell_len(line) for row in rows for line in _text(row.get(name)).plain.split("\n"))
            widths[name] = max(cell_len(name), longest if longest <= _SHORT else _SHORT // 2)
    return widths or {name: cell_len(name) for name in columns_of(rows)}


def _fitting(widths: Mapping[str, int], room: int) -> dict[str, int]:
    if not widths:
        return {}
    first, *others = widths
    used, chosen = widths[first], {first}
    for name in sorted(others, key=widths.__getitem__):
        used += _GAP + widths[name]
        if used > room:
            break
        chosen.add(name)
    return {name: width for name, width in widths.items() if name in chosen}


def _record(fields: dict[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, inner in fields.items():
        grid.add_row(_text(name), _text(inner))
    return grid


def _table(rows: Rows, widths: Mapping[str, int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name, width in widths.items():
        longest = max(cell_len(_text(row.get(name)).plain) for row in rows)
        table.add_column(_text(name), overflow="fold", min_width=width, no_wrap=longest <= width)
    for row in rows:
        table.add_row(*(_text(row.get(name)) for name in widths))
    return table


def _text(value: Any) -> Text:
    """Return a value as text that is shown verbatim: markup is none, and escapes are escaped."""
    return Text(printable(cell(value), keep="\n"))

"""Data as rows and fields: what tables in a terminal and lines in a pipe are made of."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, cast

Rows = list[dict[str, Any]]


class Shape(NamedTuple):
    """A value as it is shown: single values with their names, then tables with theirs; "" is no name."""

    fields: dict[str, Any]
    tables: dict[str, Rows]


def plain(value: Any) -> Any:
    """Return models, enums and dates, in lists and dicts too, as plain data."""
    from portal_client.serialization import sanitize

    return sanitize(value)


def shape(value: Any) -> Shape:
    """Return plain data as fields and tables.

    A list of objects is a table. An object that holds nothing but one table, such as `{"agents": [...]}`, or
    one object of tables, is shown as that.
    """
    if _is_table(value):
        return Shape({}, {"": value} if value else {})
    if not isinstance(value, dict):
        return Shape({} if value is None else {"": value}, {})
    named = cast("dict[str, Any]", value)
    if len(named) == 1:
        (inner,) = named.values()
        if _is_table(inner):
            return shape(inner)
        if isinstance(inner, dict) and all(map(_is_table, cast("dict[str, Any]", inner).values())):
            return Shape({}, {name: rows for name, rows in cast("dict[str, Rows]", inner).items() if rows})
    tables = {name: inner for name, inner in named.items() if inner and _is_table(inner)}
    return Shape({name: inner for name, inner in named.items() if name not in tables}, tables)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in cast("list[Any]", value))


def columns_of(rows: Rows) -> list[str]:
    """Return the names of all fields, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row))


def cell(value: Any) -> str:
    """Return a value as one cell: an object by its name, id or texts, a list of objects by its length."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        short = next((named[key] for key in ("name", "id") if isinstance(named.get(key), str)), None)
        if short is not None:
            return str(short)
        if named and all(inner is None or isinstance(inner, str) for inner in named.values()):
            return " ".join(filter(None, named.values()))
    if value and _is_table(value):
        return str(len(cast("Rows", value)))
    return json.dumps(value, ensure_ascii=False)


def lines(value: Any) -> list[str]:
    """Return plain data as lines: a field on each, and tables below, their cells with a tab in between."""
    fields, tables = shape(value)
    found = [_tabbed([name, cell(inner)] if name else [cell(inner)]) for name, inner in fields.items()]
    for name, rows in tables.items():
        names = columns_of(rows)
        found += ["", name] if name and found else [name] if name else []
        found += [_tabbed(names), *(_tabbed([cell(row.get(each)) for each in names]) for row in rows)]
    return found


def _tabbed(cells: list[str]) -> str:
    """Return cells as a line; a tab or line break in a cell is written as an escape."""
    return "\t".join(c.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n") for c in cells)

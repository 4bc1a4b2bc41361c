"""Models and plain data as the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Any, Optional, cast

from pydantic import BaseModel, RootModel

from portal_client.text import exact, name_of
from portal_client.views.parts import Cell, Table
from portal_client.views.text import counted, is_empty, label

#: At most so many rows and columns of a table are shown, and items of a list in a cell.
MAX_ROWS = 100
MAX_COLUMNS = 12

#: The fields that a view of a session needs.
_OF_SESSIONS = {"id", "agent_id", "user_id", "status", "created_at", "updated_at", "messages"}

Row = Mapping[str, Any]


def is_session(model: BaseModel) -> bool:
    """Return whether a model is a session with its messages."""
    return type(model).model_fields.keys() >= _OF_SESSIONS


def table_of(value: Any, caption: str = "", max_rows: int = MAX_ROWS) -> Optional[Table]:
    """Return a list of models, or lists by the names of their groups, as a table; None for other values."""
    if isinstance(value, (list, tuple)) and value:
        items = cast("Sequence[Any]", value)
        if all(isinstance(item, BaseModel) for item in items):
            return _table(map(_row, items), len(items), caption, max_rows)
    if isinstance(value, dict) and value:
        groups = cast("dict[str, Any]", value)
        if all(isinstance(group, list) for group in groups.values()):
            return _table(_grouped(groups), sum(map(len, groups.values())), caption, max_rows)
    return None


def _grouped(groups: Mapping[str, Sequence[Any]]) -> Iterator[Row]:
    for name, group in groups.items():
        for at, item in enumerate(group):
            yield {"group": "" if at else name, **_row(item)}


def _row(item: Any) -> Row:
    if isinstance(item, BaseModel):
        if is_session(item):
            return _session_row(item)
        return {name: getattr(item, name) for name in type(item).model_fields}
    return cast("Row", item) if isinstance(item, Mapping) else {"value": item}


def _session_row(session: Any) -> Row:
    names = (message.agent.name for message in reversed(session.messages) if message.agent)
    return {
        "id": session.id,
        "agent": next(names, "") or session.agent_id,
        "status": session.status,
        "updated_at": session.updated_at,
        "messages": len(session.messages),
        "last message": session.messages[-1].text if session.messages else None,
    }


def _table(rows: Iterable[Row], count: int, caption: str, max_rows: int) -> Table:
    shown = [row for row, _ in zip(rows, range(max_rows), strict=False)]
    # What is empty in all rows is left out.
    names = dict.fromkeys(name for row in shown for name, value in row.items() if not is_empty(value))
    cells = [[cell(row.get(name)) for name in list(names)[:MAX_COLUMNS]] for row in shown]
    return Table(_titles(names, heading), cells, count - len(shown), caption)


def _titles(names: Collection[str], title: Callable[[str], str]) -> list[str]:
    """Return the titles of the columns that are shown, and how many there are besides."""
    hidden = len(names) - MAX_COLUMNS
    more = [f"… {counted(hidden, 'more column')}"] if hidden > 0 else []
    return [*map(title, islice(names, MAX_COLUMNS)), *more]


def report_table(table: Any, max_rows: int = MAX_ROWS) -> Table:
    """Return a table of a report: its own columns, and those that only its rows name; links in brackets."""
    shown = [
        {value.key: f"{value.text} ({value.link})" if value.link else value.text for value in row.values}
        for row in table.rows[:max_rows]
    ]
    names = list(dict.fromkeys((*table.columns, *(name for row in shown for name in row))))
    cells = [[label(row.get(name, "")) for name in names[:MAX_COLUMNS]] for row in shown]
    return Table(_titles(names, label), cells, len(table.rows) - len(shown), label(table.title))


def heading(name: Any) -> str:
    """Return the name of a field for people."""
    return label(str(name)).replace("_", " ")


def cell(value: Any) -> Cell:
    """Return a value as the short text of a cell; a time stays a time."""
    if value is None or isinstance(value, datetime):
        return value or ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return label(name_of(value))
    if isinstance(value, RootModel):
        return cell(cast("RootModel[Any]", value).root)
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return cell(fields["name"]) if fields.get("name") else _joined(fields.values(), " · ")
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        plain = all(isinstance(item, (str, int, float)) for item in items)
        return _joined(items[:MAX_ROWS], ", ") if plain else f"{len(items):,}"
    if isinstance(value, Mapping):
        return counted(len(cast("Mapping[Any, Any]", value)), "entry", "entries")
    return label(exact(value))


def _joined(values: Iterable[Any], separator: str) -> str:
    return label(separator.join(filter(None, (str(cell(value)) for value in values))))

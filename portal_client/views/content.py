"""What a view shows of a value, in parts, whatever shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

from pydantic import BaseModel, RootModel

from portal_client.nesting import too_deep
from portal_client.views.abridged import abridged
from portal_client.views.conversation import heading as session_heading
from portal_client.views.conversation import last_talk
from portal_client.views.parts import Cell, Heading, Part, Text
from portal_client.views.table import MAX_ROWS, cell, heading, is_session, report_table, table_of
from portal_client.views.text import MAX_LABEL_LENGTH, counted, is_empty, label, visible

#: At most so much of one value is shown, that a view of whatever size stays below 2 MB.
MAX_FACTS = 30
MAX_PARTS = 5
MAX_TEXT_LENGTH = 20_000


def parts_of(value: Any) -> list[Part]:
    """Return what to show of a model, a list of models, or plain data."""
    if isinstance(value, BaseModel):
        view = getattr(value, "_view", None)
        return view() if view else model_parts(value)
    table = table_of(value) if isinstance(value, (list, tuple)) else None
    return [table or _text(value if isinstance(value, str) else _json(value))]


def model_parts(model: Any) -> list[Part]:
    """Return what to show of a model that has no view of its own."""
    if isinstance(model, RootModel):
        return parts_of(cast("RootModel[Any]", model).root)
    if is_session(model):
        return [session_heading(model), last_talk(model.messages)]
    return list(_fields(model))


def response_parts(response: Any) -> list[Part]:
    """Return what to show of an ApiResponse: its status, and its data once."""
    status = response.status_code
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    facts = [("request id", label(response.request_id))] if response.request_id else []
    return [Heading(f"{status} {phrase}".strip(), facts=facts), *parts_of(response.data)]


def report_parts(report: Any) -> list[Part]:
    """Return what to show of a report: its text, and its tables."""
    tables: list[Any] = report.tables or []
    text = [_text(report.text)] if report.text else []
    shown = [report_table(table, MAX_ROWS // 2) for table in tables[:MAX_PARTS]]
    more = [("…", counted(len(tables) - MAX_PARTS, "more table"))] if len(tables) > MAX_PARTS else []
    return [Heading("Report", facts=more), *text, *shown]


def error_parts(error: Any) -> list[Part]:
    """Return what to show of an ApiException: its reason first."""
    kind = f"{type(error).__name__} {error.status or ''}".strip()
    text = "\n".join((str(error).rstrip("\n"), *map(str, getattr(error, "__notes__", ()))))
    return [Heading(visible(error.reason or text.partition("\n")[0]), kind), _text(text)]


def _fields(model: BaseModel) -> Iterator[Part]:
    fields = {name: getattr(model, name) for name in type(model).model_fields} | (model.model_extra or {})
    facts: list[tuple[str, Cell]] = []
    below: list[Part] = []
    for name, value in fields.items():
        long = isinstance(value, str) and (len(value) > MAX_LABEL_LENGTH or "\n" in value)
        if long and len(below) < MAX_PARTS:
            below.append(_text(value, heading(name)))
        elif (table := table_of(value, heading(name), MAX_ROWS // 2)) and len(below) < MAX_PARTS:
            below.append(table)
        elif not is_empty(value):
            facts.append((heading(name), cell(value)))
    if (hidden := len(facts) - MAX_FACTS) > 0:
        facts[MAX_FACTS:] = [("…", counted(hidden, "more field"))]
    yield Heading(type(model).__name__, facts=facts)
    yield from below


def _text(text: str, caption: str = "") -> Text:
    return Text(visible(text[:MAX_TEXT_LENGTH]), max(len(text) - MAX_TEXT_LENGTH, 0), caption)


def _json(value: Any) -> str:
    with suppress(TypeError, ValueError, RecursionError):
        if not too_deep(value):  # its indentation grows with the square of the depth
            return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return abridged(value, MAX_TEXT_LENGTH) or repr(value)

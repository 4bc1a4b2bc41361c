"""Views in HTML: elements that hold the text of others as text alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Union
from xml.etree.ElementTree import Element

from portal_client.views.graph import drawing
from portal_client.views.markup import element, text_of
from portal_client.views.parts import Cell, Columns, Graph, Heading, Part, Table, Talk, Text, Turn
from portal_client.views.style import STYLE
from portal_client.views.text import counted, moment, titled

#: The classes of a view. MathJax leaves alone what is within the last two; the text is that of others.
_CLASSES = "portal-view tex2jax_ignore mathjax_ignore"

#: The classes of statuses that have a colour: of what is done, under way or failed.
_KINDS = {
    "ready": "good",
    "flushed": "good",
    "ended": "good",
    "running": "busy",
    "open": "busy",
    "error": "bad",
}


def notebook(parts: Sequence[Part]) -> str:
    """Return a view for the cell of a notebook."""
    return text_of(element("div", element("style", STYLE), view(parts, "session.to_html(path) has all")))


def view(parts: Sequence[Part], elsewhere: str = "") -> Element:
    """Return a view as an element; `elsewhere` says where what is not shown is to be had."""
    return element("section", *(_SHOWN[type(part)](part, elsewhere) for part in parts), class_=_CLASSES)


def _heading(part: Heading, elsewhere: str) -> Element:
    title = element("p", element("strong", part.title), class_="title")
    if part.status:
        title[0].tail = " "
        kind = _KINDS.get(part.status.lower(), "")
        title.append(element("span", part.status, class_=f"status {kind}".strip()))
    rows = (element("div", element("dt", name), " ", element("dd", _cell(fact))) for name, fact in part.facts)
    return element("header", title, element("dl", *rows)) if part.facts else element("header", title)


def _cell(value: Cell) -> Union[Element, str]:
    if isinstance(value, datetime):
        return element("time", moment(value), datetime=value.isoformat())
    return value


def _talk(part: Talk, elsewhere: str) -> Element:
    turns = element("ol", *map(_turn, part.turns), class_="turns")
    if not part.hidden:
        return turns
    note = _note(f"… {counted(part.hidden, 'earlier message')} not shown", elsewhere)
    return element("div", note, turns)


def _columns(part: Columns, elsewhere: str) -> Element:
    head = element(
        "tr", *(element("th", _heading(column.heading, ""), scope="col") for column in part.columns)
    )
    rows = [
        element("tr", *(element("td", _talk(talk, "")) for talk in talks), class_=name)
        for name, talks in (
            ("taken", [column.taken for column in part.columns]),
            ("own", [column.own for column in part.columns]),
        )
        if any(talk.turns for talk in talks)
    ]
    table = element("table", element("thead", head), element("tbody", *rows), class_="branches")
    shown = element("div", table, class_="wide")
    return (
        element("div", shown, _note(f"… {counted(part.hidden, 'more branch', 'more branches')}"))
        if part.hidden
        else shown
    )


def _turn(turn: Turn) -> Element:
    side = turn.role if turn.role in ("user", "assistant") else "other"
    author: list[Union[Element, str]] = [element("span", titled(turn.role), class_="role")]
    if turn.author:
        author += [" · ", element("bdi", turn.author)]
    if turn.icon:
        author += [" ", element("bdi", turn.icon, class_="icon", title="icon")]
    return element(
        "li", element("p", *author, class_="author"), *_text_and_cut(turn.text, turn.cut), class_=side
    )


def _text(part: Text, elsewhere: str) -> Element:
    caption = [element("p", part.caption, class_="caption")] if part.caption else []
    return element("div", *caption, *_text_and_cut(part.text, part.cut))


def _text_and_cut(text: str, cut: int) -> Iterator[Element]:
    # HTML takes away the first line feed of a `pre`. Within one MathJax leaves all alone, and lines stay.
    yield element("pre", f"\n{text}" if text.startswith("\n") else text, class_="text", dir="auto")
    if cut:
        yield _note(f"… {counted(cut, 'more character')}")


def _table(part: Table, elsewhere: str) -> Element:
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in part.columns)))
    rows = (element("tr", *(element("td", _cell(value), dir="auto") for value in row)) for row in part.rows)
    caption = [element("caption", part.caption)] if part.caption else []
    shown = element("div", element("table", *caption, head, element("tbody", *rows)), class_="wide")
    return element("div", shown, _note(f"… {counted(part.hidden, 'more row')}")) if part.hidden else shown


def _graph(part: Graph, elsewhere: str) -> Element:
    drawn = element("div", drawing(part), class_="wide")
    return element("div", drawn, _note(part.note)) if part.note else drawn


def _note(text: str, elsewhere: str = "") -> Element:
    return element("p", f"{text}; {elsewhere}" if elsewhere else text, class_="note")


_SHOWN: dict[type, Callable[[Any, str], Element]] = {
    Heading: _heading,
    Talk: _talk,
    Columns: _columns,
    Text: _text,
    Table: _table,
    Graph: _graph,
}

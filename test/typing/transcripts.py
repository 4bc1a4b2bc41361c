"""Sessions as text and as data: what the methods take and return, and what both checkers refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Optional, assert_type

from pydantic import BaseModel

from portal_client import Message, Session


class Report(BaseModel):
    title: str


def read(session: Session) -> None:
    assert_type(session.answer, Optional[str])
    assert_type(session.parse(Report), Report)
    assert_type(session.parse(int), int)
    assert_type(session.parse(list[Report]), list[Report])
    assert_type(session.parse(Literal["yes", "no"]), Any)
    assert_type(session.to_markdown(), str)
    assert_type(session.to_html(), str)
    assert_type(session.to_dict(), dict[str, Any])
    assert_type(session.to_dict("python"), dict[str, Any])
    assert_type(session.messages[0].to_dict(mode="json"), dict[str, Any])
    session.to_html(Path("x.html"))
    session.to_html("x.html")


def refused(session: Session, message: Message) -> None:
    session.answer.upper()  # type: ignore[union-attr]
    session.answer = "x"  # type: ignore[misc]
    session.parse()  # type: ignore[call-overload]
    session.to_html(5)  # type: ignore[call-overload]
    session.to_markdown("x.md")  # type: ignore[call-arg]
    session.to_dict("JSON")  # type: ignore[arg-type]
    message.to_dict(mode=None)  # type: ignore[arg-type]
    message.parse(int)  # type: ignore[attr-defined]

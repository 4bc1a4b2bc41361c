"""The models of sessions: fields, and the way from and to plain data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from portal_client import (
    ApiResponse,
    AsyncSessionResponse,
    GetSessionsResponse,
    GroupedSessionsResponse,
    HTTPValidationError,
    Message,
    MessageAgent,
    MessageRole,
    Session,
    SessionStatus,
    SessionSummary,
    ValidationError,
    ValidationErrorLocInner,
)
from portal_client import models as package
from portal_client.models.session import Session as SessionOfModule

NOW = datetime(2026, 1, 2)
AGENT = MessageAgent(id="a", name="Ada", icon="ada.png")
MESSAGE = Message(text="Hi", role=MessageRole.USER, agent=AGENT)
SESSION = Session(
    id="s",
    agent_id="a",
    thread_id="t",
    created_at=NOW,
    updated_at=NOW,
    messages=[
        MESSAGE,
        Message(text="Hello", role=MessageRole.ASSISTANT),
        Message(text="", role=MessageRole("x")),
    ],
    status=SessionStatus.READY,
    user_id="u",
)


def session(session: Session) -> None:
    assert_type(session.id, str)
    assert_type(session.agent_id, str)
    assert_type(session.thread_id, str)
    assert_type(session.created_at, datetime)
    assert_type(session.updated_at, datetime)
    assert_type(session.messages, list[Message])
    assert_type(session.status, SessionStatus)
    assert_type(session.user_id, str)
    assert_type(session.routine_id, str | None)
    session.routine_id = None
    session.messages = [MESSAGE]
    _same: package.Session | SessionOfModule = session


def message(message: Message) -> None:
    assert_type(message.text, str)
    assert_type(message.role, MessageRole)
    assert_type(message.agent, MessageAgent | None)
    assert_type((AGENT.id, AGENT.name, AGENT.icon), tuple[str, str, str])


def answers() -> None:
    assert_type(AsyncSessionResponse(session_id="s").session_id, str)
    assert_type(GetSessionsResponse(sessions=[SESSION]).sessions, list[Session])
    grouped = GroupedSessionsResponse(time_to_sessions={"Today": [SESSION]})
    assert_type(grouped.time_to_sessions, dict[str, list[Session | SessionSummary | Any] | Any] | None)
    GroupedSessionsResponse(time_to_sessions=None)
    answer = ApiResponse[Session](status_code=200, headers={}, data=SESSION, raw_data=b"{}")
    assert_type(answer.data, Session)


def enums(session: Session, message: Message) -> None:
    assert_type(SessionStatus("Ready"), SessionStatus)
    assert_type(SessionStatus.from_json('"Ready"'), SessionStatus)
    assert_type(session.status == SessionStatus.RUNNING, bool)
    assert_type(session.status == "Ready", bool)
    assert_type(session.status in ("Ready", "Error"), bool)
    assert_type(message.role == "user", bool)
    _texts: list[str] = [session.status, session.status.value, message.role]
    _all = [SessionStatus.READY, SessionStatus.RUNNING, SessionStatus.FLUSHED, SessionStatus.ERROR]
    assert_type(_all, list[SessionStatus])


def refusals(error: HTTPValidationError) -> None:
    assert_type(error.detail, list[ValidationError] | None)
    HTTPValidationError()
    problem = ValidationError(
        loc=[ValidationErrorLocInner("body"), ValidationErrorLocInner(0)], msg="m", type="t"
    )
    assert_type(problem.loc, list[ValidationErrorLocInner])
    assert_type((problem.msg, problem.type), tuple[str, str])
    step = problem.loc[0]
    assert_type(step.actual_instance, str | int)
    step.actual_instance = 1
    assert_type(ValidationErrorLocInner.from_json("1"), ValidationErrorLocInner)
    assert_type(step.to_json(), str)


def plain_data(session: Session, data: dict[str, Any]) -> None:
    assert_type(session.to_dict(), dict[str, Any])
    assert_type(session.to_json(), str)
    assert_type(session.to_str(), str)
    assert_type(Session.from_json("{}"), Session)
    assert_type(Session.from_dict(data), Session)
    assert_type(Session.from_dict(session.to_dict()).messages, list[Message])
    assert_type(Session.from_dict(None), None)
    assert_type(Message.from_dict({"text": "Hi", "role": "user"}), Message)
    assert_type(session.model_extra, dict[str, Any] | None)


def perhaps_none(data: dict[str, Any] | None) -> None:
    assert_type(Session.from_dict(data), Session | None)

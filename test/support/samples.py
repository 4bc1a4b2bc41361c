"""Values of each kind that has a view, with one text in every place where a text may stand."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

from finbourne_candela.models import CircuitDTO, Event, ObjectMetadata, Trace
from portal_client import (
    AgentsResponse,
    ApiException,
    ApiResponse,
    Branches,
    EventStream,
    GetSessionsResponse,
    GroupedSessionsResponse,
    Report,
    ReportTable,
    RoutinesResponse,
    Session,
)
from portal_client.views.events import Seen

TIME = "2026-01-02T03:04:05Z"


def session(text: str) -> dict[str, Any]:
    agent = {"id": text, "name": text, "icon": text}
    return {
        "id": text,
        "agent_id": text,
        "thread_id": text,
        "created_at": TIME,
        "updated_at": TIME,
        "messages": [{"text": text, "role": role, "agent": agent} for role in ("user", "assistant", "tool")],
        "status": "Ready",
        "user_id": text,
        "routine_id": text,
    }


def agent(text: str) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "assistant_id",
        "assistant_nickname",
        "welcome_message",
        "user_initial_message",
        "icon",
    )
    return {**dict.fromkeys(names, text), "visibility_requirements": [text, text]}


def report_table(text: str) -> dict[str, Any]:
    value = {"key": text, "text": text, "link": text, "is_downloadable": True}
    return {"title": text, "columns": [text, "other"], "rows": [{"values": [value]}]}


def node(kind: str, name: str, child: Any, text: str) -> dict[str, Any]:
    return {"type": kind, "node_id": name, "child_id": child, "label": text, "intent_id": text}


def branches(text: str) -> Branches:
    """Return two branches: one that has taken over a message more than the other, and one more."""
    own = session(text)
    long = {**own, "messages": [own["messages"][0], *own["messages"], *own["messages"]]}
    return Branches.model_validate(
        {"session_id": text, "text_prompt": text, "at": [0, 3], "sessions": [own, long]}
    )


def samples(text: str) -> dict[str, Any]:
    """Return the values by their kinds."""
    one = Session.model_validate(session(text))
    routine = {
        **dict.fromkeys(
            ("id", "agent_id", "user_id", "name", "requirements", "interval", "latest_answer"), text
        ),
        "trend": {"description": text, "status": "good"},
        "sessions": [session(text)],
    }
    summary = {"id": text, "agent": agent(text), "updated_at": TIME, "name": text}
    switch = {**node("switch", text, None, text), "case_spec": {text: text}}
    switch["case_objs"] = {text: {"node_id": f"{text}2", "child_id": text, "label": text}}
    nodes = {
        text: node("new kind", text, f"{text}3", text),
        "s": switch,
        f"{text}3": node(text, text, "s", text),
    }
    return {
        "session": one,
        "sessions": GetSessionsResponse(sessions=[one]),
        "agents": AgentsResponse.model_validate({"agents": [agent(text)]}),
        "routines": RoutinesResponse.model_validate({"routines": [routine]}),
        "grouped": GroupedSessionsResponse.model_validate(
            {"time_to_sessions": {text: [session(text), summary, text, {"other": text}]}}
        ),
        "report": Report.model_validate({"text": text, "tables": [report_table(text)]}),
        "branches": branches(text),
        "report_table": ReportTable.model_validate(report_table(text)),
        "metadata": ObjectMetadata.model_validate(
            {
                "obj_id": {"scope": text, "identifier": text, "version": text},
                "domain": text,
                "created_by": text,
                "created_at": TIME,
                "description": text,
            }
        ),
        "trace": Trace.model_validate(
            {"session_ids": [text], "trace_items": [{"item_type": text, "content": text}]}
        ),
        "circuit": CircuitDTO.model_validate({"first": text, "nodes": nodes}),
        "response": ApiResponse[Session](
            status_code=200, data=one, raw_data=one.to_json().encode("utf-8", "replace"), request_id=text
        ),
        "data": ApiResponse[Any](status_code=299, data={"at": [text, None]}, raw_data=b"{}"),
        "error": ApiException(404, text, body=text, headers={"X-Is": text}, request_id=text),
    }


def viewed(text: str) -> dict[str, Any]:
    """Return the values with a view by their kinds: those above, and a stream of which events were seen."""
    stream = EventStream(io.BytesIO(), Event.model_validate_json, "application/x-ndjson")
    seen = Seen()
    for kind in ("chat", text, "sys"):
        seen.add(Event(event_type=kind, content=text))
    seen.add({"neither": text})
    stream._live = SimpleNamespace(seen=seen, finish=lambda: None)  # type: ignore[assignment]
    return {**samples(text), "stream": stream}

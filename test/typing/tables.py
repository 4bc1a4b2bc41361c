"""Branches, records and tables: what the calls take and return, and what both checkers refuse."""

from __future__ import annotations

from typing import Any, assert_type

from finbourne_candela import Event, ObjectMetadata
from portal_client import (
    ApiException,
    ApiResponse,
    Batch,
    Branches,
    EventStream,
    GetSessionsResponse,
    Session,
    SessionsApi,
    to_pandas,
    to_records,
)


def branched(api: SessionsApi) -> None:
    branches = api.branches("s", at=[0, 2], text_prompt="Why?", timeout=5, progress=print)
    assert_type(branches, Branches)
    assert_type(api.branches("s", range(3), "Why?", b"x", progress=False, _request_timeout=5), Branches)
    assert_type(branches[0], Session)
    assert_type(branches[1:], list[Session])
    assert_type([session.answer for session in branches], list[str | None])
    assert_type(len(branches), int)
    assert_type(branches.at, list[int])


def tables(
    batch: Batch,
    branches: Branches,
    session: Session,
    listed: list[ObjectMetadata],
    events: EventStream[Event],
    response: ApiResponse[GetSessionsResponse],
) -> None:
    assert_type(to_records(batch), list[dict[str, Any]])
    to_records(branches)
    to_records(session.messages)
    to_records(listed)
    to_records(events)
    to_records(response)
    to_records(batch.failures())
    assert_type(to_pandas([session, *listed]), Any)
    assert_type(batch.to_pandas(), Any)


def failed(error: ApiException) -> None:
    assert_type(error.branches, Any)


def refused(api: SessionsApi) -> None:
    api.branches("s", at=3, text_prompt="Why?")  # type: ignore[arg-type]
    api.branches("s", at=["1"], text_prompt="Why?")  # type: ignore[list-item]
    api.branches("s", at=[1])  # type: ignore[call-arg]
    api.branches("s", [1], "Why?", None, 5)  # type: ignore[call-arg]
    to_records(5)  # type: ignore[arg-type]
    to_pandas(None)  # type: ignore[arg-type]
    to_records()  # type: ignore[call-arg]

"""The nine operations on sessions in their forms: what each takes and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Optional, Protocol, TypeVar, assert_type

from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse

from portal_client import (
    ApiResponse,
    AsyncSessionResponse,
    EventStream,
    GetSessionsResponse,
    GroupedSessionsResponse,
    Session,
    SessionsApi,
)
from portal_client.endpoint import RequestOptions, StreamOptions
from portal_client.multipart import Files

T = TypeVar("T", covariant=True)


class Plain(Protocol[T]):
    """A call without arguments of its own."""

    def __call__(self, **options: Unpack[RequestOptions]) -> T: ...


class OfSession(Protocol[T]):
    """A call that names a session."""

    def __call__(self, session_id: str, **options: Unpack[RequestOptions]) -> T: ...


class OfAgent(Protocol[T]):
    """A call that names an agent."""

    def __call__(self, agent_id: str, **options: Unpack[RequestOptions]) -> T: ...


class Replay(Protocol[T]):
    """A call that names a session and a message of it."""

    def __call__(self, session_id: str, last_message_index: int, **options: Unpack[RequestOptions]) -> T: ...


class Create(Protocol[T]):
    """A call that sends the first prompt to an agent."""

    def __call__(
        self, agent_id: str, text_prompt: str, files: Files = ..., **options: Unpack[RequestOptions]
    ) -> T: ...


class Update(Protocol[T]):
    """A call that sends a further prompt to a session."""

    def __call__(
        self, session_id: str, text_prompt: str, files: Files = ..., **options: Unpack[RequestOptions]
    ) -> T: ...


class Follow(Protocol[T]):
    """A call that follows a session."""

    def __call__(self, session_id: str, **options: Unpack[StreamOptions]) -> T: ...


def create_async_session(api: SessionsApi, files: Files) -> None:
    assert_type(api.create_async_session("a", "Hi"), AsyncSessionResponse)
    assert_type(api.create_async_session("a", "Hi", files), AsyncSessionResponse)
    assert_type(
        api.create_async_session(agent_id="a", text_prompt="Hi", files=files, _request_timeout=5),
        AsyncSessionResponse,
    )
    assert_type(api.create_async_session_with_http_info("a", "Hi", files), ApiResponse[AsyncSessionResponse])
    assert_type(
        api.create_async_session_with_http_info(agent_id="a", text_prompt="Hi", files=files),
        ApiResponse[AsyncSessionResponse],
    )
    assert_type(api.create_async_session_without_preload_content("a", "Hi", files), BaseHTTPResponse)
    assert_type(
        api.create_async_session_without_preload_content(agent_id="a", text_prompt="Hi", files=files),
        BaseHTTPResponse,
    )
    _plain: Create[AsyncSessionResponse] = api.create_async_session
    _info: Create[ApiResponse[AsyncSessionResponse]] = api.create_async_session_with_http_info
    _raw: Create[BaseHTTPResponse] = api.create_async_session_without_preload_content


def create_session(api: SessionsApi, files: Files) -> None:
    assert_type(api.create_session("a", "Hi"), Session)
    assert_type(api.create_session("a", "Hi", files), Session)
    assert_type(api.create_session(agent_id="a", text_prompt="Hi", files=files, _request_timeout=5), Session)
    assert_type(api.create_session_with_http_info("a", "Hi", files), ApiResponse[Session])
    assert_type(
        api.create_session_with_http_info(agent_id="a", text_prompt="Hi", files=files), ApiResponse[Session]
    )
    assert_type(api.create_session_without_preload_content("a", "Hi", files), BaseHTTPResponse)
    assert_type(
        api.create_session_without_preload_content(agent_id="a", text_prompt="Hi", files=files),
        BaseHTTPResponse,
    )
    _plain: Create[Session] = api.create_session
    _info: Create[ApiResponse[Session]] = api.create_session_with_http_info
    _raw: Create[BaseHTTPResponse] = api.create_session_without_preload_content


def create_session_from_replay(api: SessionsApi) -> None:
    assert_type(api.create_session_from_replay("s", 56), Session)
    assert_type(api.create_session_from_replay(session_id="s", last_message_index=56), Session)
    assert_type(api.create_session_from_replay_with_http_info("s", 56), ApiResponse[Session])
    assert_type(
        api.create_session_from_replay_with_http_info(session_id="s", last_message_index=56),
        ApiResponse[Session],
    )
    assert_type(api.create_session_from_replay_without_preload_content("s", 56), BaseHTTPResponse)
    assert_type(
        api.create_session_from_replay_without_preload_content(session_id="s", last_message_index=56),
        BaseHTTPResponse,
    )
    _plain: Replay[Session] = api.create_session_from_replay
    _info: Replay[ApiResponse[Session]] = api.create_session_from_replay_with_http_info
    _raw: Replay[BaseHTTPResponse] = api.create_session_from_replay_without_preload_content


def get_grouped_sessions(api: SessionsApi) -> None:
    assert_type(api.get_grouped_sessions(), GroupedSessionsResponse)
    assert_type(api.get_grouped_sessions(_request_timeout=5), GroupedSessionsResponse)
    assert_type(api.get_grouped_sessions_with_http_info(), ApiResponse[GroupedSessionsResponse])
    assert_type(api.get_grouped_sessions_without_preload_content(), BaseHTTPResponse)
    _plain: Plain[GroupedSessionsResponse] = api.get_grouped_sessions
    _info: Plain[ApiResponse[GroupedSessionsResponse]] = api.get_grouped_sessions_with_http_info
    _raw: Plain[BaseHTTPResponse] = api.get_grouped_sessions_without_preload_content


def get_session(api: SessionsApi) -> None:
    assert_type(api.get_session("s"), Session)
    assert_type(api.get_session(session_id="s", _request_timeout=5), Session)
    assert_type(api.get_session_with_http_info("s"), ApiResponse[Session])
    assert_type(api.get_session_with_http_info(session_id="s"), ApiResponse[Session])
    assert_type(api.get_session_without_preload_content("s"), BaseHTTPResponse)
    assert_type(api.get_session_without_preload_content(session_id="s"), BaseHTTPResponse)
    _plain: OfSession[Session] = api.get_session
    _info: OfSession[ApiResponse[Session]] = api.get_session_with_http_info
    _raw: OfSession[BaseHTTPResponse] = api.get_session_without_preload_content


def get_sessions(api: SessionsApi) -> None:
    assert_type(api.get_sessions("a"), GetSessionsResponse)
    assert_type(api.get_sessions(agent_id="a", _request_timeout=5), GetSessionsResponse)
    assert_type(api.get_sessions_with_http_info("a"), ApiResponse[GetSessionsResponse])
    assert_type(api.get_sessions_with_http_info(agent_id="a"), ApiResponse[GetSessionsResponse])
    assert_type(api.get_sessions_without_preload_content("a"), BaseHTTPResponse)
    assert_type(api.get_sessions_without_preload_content(agent_id="a"), BaseHTTPResponse)
    _plain: OfAgent[GetSessionsResponse] = api.get_sessions
    _info: OfAgent[ApiResponse[GetSessionsResponse]] = api.get_sessions_with_http_info
    _raw: OfAgent[BaseHTTPResponse] = api.get_sessions_without_preload_content


def subscribe_to_session(api: SessionsApi) -> None:
    assert_type(api.subscribe_to_session("s"), Session)
    assert_type(api.subscribe_to_session(session_id="s", _request_timeout=5), Session)
    assert_type(api.subscribe_to_session_with_http_info("s"), ApiResponse[Session])
    assert_type(api.subscribe_to_session_with_http_info(session_id="s"), ApiResponse[Session])
    assert_type(api.subscribe_to_session_without_preload_content("s"), BaseHTTPResponse)
    assert_type(api.subscribe_to_session_without_preload_content(session_id="s"), BaseHTTPResponse)
    _plain: OfSession[Session] = api.subscribe_to_session
    _info: OfSession[ApiResponse[Session]] = api.subscribe_to_session_with_http_info
    _raw: OfSession[BaseHTTPResponse] = api.subscribe_to_session_without_preload_content


def subscribe_to_session_stream(api: SessionsApi) -> None:
    with api.subscribe_to_session_stream(
        "s", idle_timeout=60, tee=Path("log"), _headers={"a": "b"}
    ) as events:
        assert_type(events, EventStream[Session])
        for event in events:
            assert_type(event, Session)
        assert_type(next(events), Session)
        assert_type(events.until_done(), Session)
        assert_type(events.response, BaseHTTPResponse)
        assert_type(events.events, int)
        assert_type(events.retry, Optional[float])
    assert_type(EventStream.replay("log", Session), EventStream[Session])
    assert_type(api.subscribe_to_session_stream(session_id="s"), EventStream[Session])
    _stream: Follow[EventStream[Session]] = api.subscribe_to_session_stream


def update_async_session(api: SessionsApi, files: Files) -> None:
    assert_type(api.update_async_session("s", "Hi"), AsyncSessionResponse)
    assert_type(api.update_async_session("s", "Hi", files), AsyncSessionResponse)
    assert_type(
        api.update_async_session(session_id="s", text_prompt="Hi", files=files, _request_timeout=5),
        AsyncSessionResponse,
    )
    assert_type(api.update_async_session_with_http_info("s", "Hi", files), ApiResponse[AsyncSessionResponse])
    assert_type(
        api.update_async_session_with_http_info(session_id="s", text_prompt="Hi", files=files),
        ApiResponse[AsyncSessionResponse],
    )
    assert_type(api.update_async_session_without_preload_content("s", "Hi", files), BaseHTTPResponse)
    assert_type(
        api.update_async_session_without_preload_content(session_id="s", text_prompt="Hi", files=files),
        BaseHTTPResponse,
    )
    _plain: Update[AsyncSessionResponse] = api.update_async_session
    _info: Update[ApiResponse[AsyncSessionResponse]] = api.update_async_session_with_http_info
    _raw: Update[BaseHTTPResponse] = api.update_async_session_without_preload_content


def update_session(api: SessionsApi, files: Files) -> None:
    assert_type(api.update_session("s", "Hi"), Session)
    assert_type(api.update_session("s", "Hi", files), Session)
    assert_type(
        api.update_session(session_id="s", text_prompt="Hi", files=files, _request_timeout=5), Session
    )
    assert_type(api.update_session_with_http_info("s", "Hi", files), ApiResponse[Session])
    assert_type(
        api.update_session_with_http_info(session_id="s", text_prompt="Hi", files=files), ApiResponse[Session]
    )
    assert_type(api.update_session_without_preload_content("s", "Hi", files), BaseHTTPResponse)
    assert_type(
        api.update_session_without_preload_content(session_id="s", text_prompt="Hi", files=files),
        BaseHTTPResponse,
    )
    _plain: Update[Session] = api.update_session
    _info: Update[ApiResponse[Session]] = api.update_session_with_http_info
    _raw: Update[BaseHTTPResponse] = api.update_session_without_preload_content


def answer_with_status(api: SessionsApi) -> None:
    answer = api.get_session_with_http_info("s")
    assert_type(answer.status_code, int)
    assert_type(answer.headers, Mapping[str, str] | None)
    assert_type(answer.data, Session)
    assert_type(answer.raw_data, bytes)
    assert_type(api.get_sessions_with_http_info("a").data.sessions, list[Session])


def raw_answer(api: SessionsApi) -> None:
    answer = api.get_session_without_preload_content("s")
    assert_type(answer.status, int)
    assert_type(answer.data, bytes)
    answer.release_conn()


def unbound(api: SessionsApi) -> None:
    assert_type(SessionsApi.get_session(api, "s"), Session)
    assert_type(SessionsApi.get_session_with_http_info(api, "s"), ApiResponse[Session])
    assert_type(SessionsApi.get_session_without_preload_content(api, session_id="s"), BaseHTTPResponse)

"""The ten operations on sessions of Candela in their forms: what each takes and what it returns."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional, Protocol, TypeVar, assert_type

import urllib3
from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse

from finbourne_candela import (
    ApiResponse,
    CandelaOptions,
    CandelaStreamOptions,
    Configuration,
    ConfigurationOptions,
    DevSessionStartRequest,
    Event,
    EventStream,
    ObjectId,
    ObjectMetadata,
    RunningSession,
    Session,
    SessionsApi,
    SessionStartRequest,
    SubmitPrompt,
    SyncApiClient,
)
from finbourne_candela.configuration import Timeouts
from portal_client import ApiClient

T = TypeVar("T", covariant=True)


class Plain(Protocol[T]):
    """A call without arguments of its own."""

    def __call__(self, **options: Unpack[CandelaOptions]) -> T: ...


class OfSession(Protocol[T]):
    """A call that names a session."""

    def __call__(
        self,
        scope: str,
        identifier: str,
        version: str | None = ...,
        **options: Unpack[CandelaOptions],
    ) -> T: ...


class Listing(Protocol[T]):
    """A call that lists."""

    def __call__(self, all_versions: bool | None = ..., **options: Unpack[CandelaOptions]) -> T: ...


class Starting(Protocol[T]):
    """A call that starts a session."""

    def __call__(
        self, session_start_request: SessionStartRequest, **options: Unpack[CandelaOptions]
    ) -> T: ...


class StartingDev(Protocol[T]):
    """A call that starts a development session."""

    def __call__(
        self, dev_session_start_request: DevSessionStartRequest, **options: Unpack[CandelaOptions]
    ) -> T: ...


class Prompting(Protocol[T]):
    """A call that sends a prompt."""

    def __call__(self, submit_prompt: SubmitPrompt, **options: Unpack[CandelaOptions]) -> T: ...


class Following(Protocol[T]):
    """A call that sends a prompt and follows what comes of it."""

    def __call__(self, submit_prompt: SubmitPrompt, **options: Unpack[CandelaStreamOptions]) -> T: ...


def signatures(api: SessionsApi) -> None:
    _delete: OfSession[list[ObjectMetadata]] = api.delete_session
    _delete_info: OfSession[ApiResponse[list[ObjectMetadata]]] = api.delete_session_with_http_info
    _delete_raw: OfSession[BaseHTTPResponse] = api.delete_session_without_preload_content
    _get: OfSession[Session] = api.get_session
    _get_info: OfSession[ApiResponse[Session]] = api.get_session_with_http_info
    _get_raw: OfSession[BaseHTTPResponse] = api.get_session_without_preload_content
    _metadata: OfSession[ObjectMetadata] = api.get_session_metadata
    _metadata_info: OfSession[ApiResponse[ObjectMetadata]] = api.get_session_metadata_with_http_info
    _metadata_raw: OfSession[BaseHTTPResponse] = api.get_session_metadata_without_preload_content
    _list: Listing[list[ObjectMetadata]] = api.list_sessions
    _list_info: Listing[ApiResponse[list[ObjectMetadata]]] = api.list_sessions_with_http_info
    _list_raw: Listing[BaseHTTPResponse] = api.list_sessions_without_preload_content
    _exists: OfSession[bool] = api.session_exists
    _exists_info: OfSession[ApiResponse[bool]] = api.session_exists_with_http_info
    _exists_raw: OfSession[BaseHTTPResponse] = api.session_exists_without_preload_content
    _dev: StartingDev[ObjectMetadata] = api.start_dev_session
    _dev_info: StartingDev[ApiResponse[ObjectMetadata]] = api.start_dev_session_with_http_info
    _dev_raw: StartingDev[BaseHTTPResponse] = api.start_dev_session_without_preload_content
    _start: Starting[ObjectMetadata] = api.start_session
    _start_info: Starting[ApiResponse[ObjectMetadata]] = api.start_session_with_http_info
    _start_raw: Starting[BaseHTTPResponse] = api.start_session_without_preload_content
    _stop: Plain[None] = api.stop_session
    _stop_info: Plain[ApiResponse[None]] = api.stop_session_with_http_info
    _stop_raw: Plain[BaseHTTPResponse] = api.stop_session_without_preload_content
    _pipeline: Prompting[Any] = api.submit_pipeline_prompt
    _pipeline_info: Prompting[ApiResponse[Any]] = api.submit_pipeline_prompt_with_http_info
    _pipeline_raw: Prompting[BaseHTTPResponse] = api.submit_pipeline_prompt_without_preload_content
    _agent: Prompting[Event] = api.submit_prompt_to_agent
    _agent_info: Prompting[ApiResponse[Event]] = api.submit_prompt_to_agent_with_http_info
    _agent_raw: Prompting[BaseHTTPResponse] = api.submit_prompt_to_agent_without_preload_content


def answers(api: SessionsApi, start: SessionStartRequest, prompt: SubmitPrompt) -> None:
    assert_type(api.get_session("s", "i"), Session)
    assert_type(api.get_session("s", "i", "v"), Session)
    assert_type(api.get_session(scope="s", identifier="i", version=None).host_id, str)
    assert_type(api.list_sessions(), list[ObjectMetadata])
    assert_type(api.list_sessions(True), list[ObjectMetadata])
    assert_type(api.list_sessions(all_versions=None), list[ObjectMetadata])
    assert_type(api.session_exists("s", "i"), bool)
    assert_type(api.start_session(start), ObjectMetadata)
    assert_type(api.submit_prompt_to_agent(prompt).content, str)
    assert_type(api.get_session_with_http_info("s", "i").data, Session)
    assert_type(api.stop_session_with_http_info().data, None)
    assert_type(api.get_session_without_preload_content("s", "i").status, int)
    assert_type(SessionsApi.get_session(api, "s", "i"), Session)


def options(api: SessionsApi) -> None:
    opts = ConfigurationOptions(total_timeout_ms=30_000, connect_timeout_ms=0)
    opts.read_timeout_ms = None
    opts.rate_limit_retries = 3
    assert_type(opts.total_timeout_ms, int | None)
    api.get_session("s", "i", opts=opts)
    api.get_session("s", "i", opts=None, _request_timeout=30)
    api.get_session("s", "i", _request_timeout=math.inf)
    api.get_session("s", "i", _request_timeout=(5, 60))
    api.get_session("s", "i", _request_timeout=urllib3.Timeout(connect=5))
    api.get_session("s", "i", _headers={"X-Trace": "1"}, _host_index=0)
    together: CandelaOptions = {
        "opts": opts,
        "_request_auth": {"in": "header", "key": "Authorization", "value": "Bearer t"},
        "_content_type": "application/json",
    }
    assert_type(api.submit_pipeline_prompt(SubmitPrompt(prompt="p", session_id="i"), **together), Any)
    assert_type(api.list_sessions_with_http_info(**together), ApiResponse[list[ObjectMetadata]])


def streams(api: SessionsApi, prompt: SubmitPrompt) -> None:
    opts = ConfigurationOptions(total_timeout_ms=30_000)
    with api.submit_prompt_to_agent_stream(
        prompt, opts=opts, idle_timeout=60, tee=Path("log"), _request_timeout=5, _headers={"a": "b"}
    ) as events:
        assert_type(events, EventStream[Event])
        for event in events:
            assert_type(event, Event)
            assert_type(event.content, str)
        assert_type(next(events), Event)
        assert_type(events.until_done(), Event)
        assert_type(events.response, BaseHTTPResponse)
        assert_type(events.events, int)
        assert_type(events.retry, Optional[float])
    together: CandelaStreamOptions = {"opts": opts, "idle_timeout": math.inf, "tee": "log"}
    assert_type(api.submit_prompt_to_agent_stream(submit_prompt=prompt, **together), EventStream[Event])
    assert_type(SessionsApi.submit_prompt_to_agent_stream(api, prompt), EventStream[Event])
    _stream: Following[EventStream[Event]] = api.submit_prompt_to_agent_stream
    assert_type(EventStream.replay("log", Event), EventStream[Event])


def conversation(api: SessionsApi, start: SessionStartRequest, dev: DevSessionStartRequest) -> None:
    opts = ConfigurationOptions(total_timeout_ms=30_000)
    with api.running_session(start) as session:
        assert_type(session, RunningSession)
        assert_type(session.ask("Hi"), Event)
        assert_type(session.ask(text="Hi", opts=opts, _request_timeout=5, _headers={"a": "b"}), Event)
        assert_type(session.submit("Hi", opts=opts), Any)
        with session.stream("Hi", idle_timeout=60, tee=Path("log"), opts=opts) as events:
            assert_type(events, EventStream[Event])
        assert_type((session.id, session.scope), tuple[str, str])
        assert_type(session.version, Optional[str])
        assert_type(session.obj_id, ObjectId)
    block = api.running_session(dev, slot_type="local", timeout=math.inf)
    assert_type(block.__enter__(), RunningSession)
    together: CandelaStreamOptions = {"opts": opts, "idle_timeout": math.inf}
    assert_type(session.stream("Hi", **together), EventStream[Event])
    _either: Callable[[SessionsApi, SessionStartRequest | DevSessionStartRequest], object]
    _either = SessionsApi.running_session


def client(api: SessionsApi) -> None:
    configuration = Configuration("https://example.com", access_token="t", timeouts=Timeouts(1, 2, 3))
    assert_type(configuration.timeouts, Timeouts)
    assert_type(configuration.timeouts.total_timeout_ms, int)
    configuration.timeouts.connect_timeout_ms = 0
    configuration.timeout = 5
    with SyncApiClient(configuration, cookie="a=b", pool_threads=4) as made:
        assert_type(made, SyncApiClient)
        SessionsApi(made)
        SessionsApi(api_client=made.with_options(timeout=5))
    assert_type(SyncApiClient.get_default(), SyncApiClient)
    assert_type(Configuration.get_default(), Configuration)
    assert_type(api.api_client, ApiClient)
    SessionsApi()

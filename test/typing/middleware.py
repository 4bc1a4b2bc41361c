"""Middleware and telemetry as users write them: functions, objects, and what they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_type

from urllib3 import HTTPHeaderDict

from finbourne_candela import Configuration as CandelaConfiguration
from portal_client import (
    Attempt,
    CallNext,
    Configuration,
    Hooks,
    Middleware,
    MiddlewareRequest,
    MiddlewareResponse,
)
from portal_client.auth import OAuth2Password
from portal_client.flight_recorder import RecordedCall
from portal_client.middleware import RequestHeaders
from portal_client.multipart import FormPart, Multipart
from portal_client.telemetry import instrument, uninstrument


def passes(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
    return call_next(request)


def named_otherwise(r: MiddlewareRequest, proceed: CallNext) -> MiddlewareResponse:
    return proceed(r.with_headers({"X-A": "a", "X-B": None}))


class Both(Hooks):
    def __call__(self, request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return call_next(request)

    def enabled(self) -> bool:
        return False

    def on_end(self, attempt: Attempt, data: object) -> None:
        assert_type(attempt.ids, Mapping[str, str])
        assert_type(attempt.prompts, bool)
        attempt.state["key"] = data

    def method(self, request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return call_next(request)


def settings() -> None:
    both = Both()
    given: Sequence[Middleware] = (passes, both, both.method)
    configuration = Configuration("http://h", middleware=given, hooks=[both], flight_recorder=20)
    CandelaConfiguration("http://h", middleware=[passes], flight_recorder=20)
    Configuration.from_env(middleware=[passes], flight_recorder=3)
    assert_type(configuration.middleware, list[Middleware])
    configuration.middleware = [passes, named_otherwise]
    configuration.middleware.append(lambda request, call_next: call_next(request))
    assert_type(configuration.flight_recorder, int)
    configuration.flight_recorder = 5
    assert_type(configuration.recorded_calls(), tuple[RecordedCall, ...])
    assert_type(configuration.recorded_calls()[0].attempt_seconds, tuple[float, ...])
    OAuth2Password("https://h/token", "u", "p", "i", "s", middleware=[passes])
    instrument(configuration, capture_content=True)
    uninstrument(configuration)


def requests(request: MiddlewareRequest) -> None:
    assert_type(request.operation, str)
    assert_type(request.method, str)
    assert_type(request.url, str)
    assert_type(request.attempt, int)
    assert_type(request.foreign, bool)
    assert_type(request.request_id, str)
    assert_type(request.body, bytes | Multipart | None)
    assert_type(request.headers, RequestHeaders)
    assert_type(request.headers["Authorization"], str)
    assert_type(request.headers.get("X-A"), str | None)
    assert_type(request.with_headers({"X-A": "a"}), MiddlewareRequest)
    if isinstance(request.body, Multipart):
        assert_type(request.body.parts, tuple[FormPart, ...])
        assert_type(request.body.parts[0].filename, str | None)
        for block in request.body.blocks():
            assert_type(block, bytes | memoryview)


def responses(response: MiddlewareResponse) -> None:
    def blocks() -> Iterator[bytes]:
        yield from response.blocks()

    assert_type(response.status, int)
    assert_type(response.headers, HTTPHeaderDict)
    assert_type(response.reason, str | None)
    assert_type(response.read(), bytes)
    assert_type(response.blocks(), Iterator[bytes])
    MiddlewareResponse(200)
    MiddlewareResponse(200, {"A": "b"}, b"body", "Fine", request_sent=True)
    MiddlewareResponse(200, response.headers, [b"one", b"two"])
    MiddlewareResponse(200, response.headers, blocks())

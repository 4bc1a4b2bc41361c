"""Tools that wrap methods of urllib3 and http.client, as tracing in production does."""

from __future__ import annotations

import http.client
from typing import Any

import pytest
import urllib3

from foreign.alone import alone, needs
from support.clients import TOKEN, calling, closes, failing
from support.scripted import Answer, playing, reply


@pytest.mark.parametrize("answers", [(reply(),), (reply({}, 503, Retry_After="0"), reply())])
def test_a_wrapper_of_urlopen_may_add_headers(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[Answer, ...]
) -> None:
    """Elastic APM and others look for the arguments by name or by place, and pass `headers` by name."""
    real = urllib3.HTTPConnectionPool.urlopen
    seen: list[tuple[str, str]] = []

    def traced(self: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        seen.append((method, url))
        options["headers"] = {**(options.get("headers") or {}), "traceparent": f"00-abc-{len(seen)}-01"}
        return real(self, method, url, *args, **options)

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", traced)
    with calling(*answers) as c:
        assert c.api.get_session("s1").id == "s1"

        assert seen == [("GET", "/sessions/s1")] * len(answers)
        for number, request in enumerate(c.server.requests, 1):
            assert request.headers["traceparent"] == f"00-abc-{number}-01"
            assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_wrapper_of_http_client_sees_request_and_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the AWS X-Ray SDK wraps them: with attributes of its own on connection and response."""
    connection, response = http.client.HTTPConnection, http.client.HTTPResponse
    putrequest, getresponse, read = connection.putrequest, connection.getresponse, response.read
    seen: list[Any] = []

    def traced_putrequest(self: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        self._traced = (method, url)
        return putrequest(self, method, url, *args, **options)

    def traced_getresponse(self: Any, *args: Any, **options: Any) -> Any:
        found: Any = getresponse(self, *args, **options)
        found._traced = self._traced
        seen.append((*self._traced, found.status))
        return found

    def traced_read(self: Any, *args: Any, **options: Any) -> Any:
        assert self._traced == seen[-1][:2]
        return read(self, *args, **options)

    monkeypatch.setattr(connection, "putrequest", traced_putrequest)
    monkeypatch.setattr(connection, "getresponse", traced_getresponse)
    monkeypatch.setattr(response, "read", traced_read)
    with calling(reply()) as c:
        assert c.api.get_session("s1").id == "s1"
        assert c.api.create_session("a1", "hello", files=b"bytes").id == "s1"

        assert seen == [("GET", "/sessions/s1", 200), ("POST", "/sessions", 200)]
        assert len(c.server.requests) == 2


def test_what_a_wrapper_raises_after_the_response_is_no_reason_to_send_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = urllib3.HTTPConnectionPool.urlopen

    def broken(self: Any, *args: Any, **options: Any) -> Any:
        real(self, *args, **options)
        raise KeyError("a wrapper's own mistake")

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", broken)
    with calling(reply()) as c:
        error = failing(lambda: c.api.create_session("a1", "hello"))

        assert isinstance(error.__cause__, KeyError)
        assert (error.request_sent, error.safe_to_repeat) == (True, False)
        assert len(c.server.requests) == 1


_SENTRY = """
import json, sys
import sentry_sdk
from sentry_sdk.transport import Transport

spans = []

class Kept(Transport):
    def capture_envelope(self, envelope):
        for item in envelope.items:
            spans.extend(item.payload.json.get("spans", []))

sentry_sdk.init(
    dsn="http://key@sentry.invalid/1",
    transport=Kept,
    traces_sample_rate=1.0,
    auto_enabling_integrations=False,
)

from portal_client import ApiException, SessionsApi
from support.clients import client_of

with client_of(sys.argv[1]) as client, sentry_sdk.start_transaction(name="test", op="test"):
    try:
        outcome = eval(sys.argv[2], {"api": SessionsApi(client)}).id
    except ApiException as error:
        outcome = [type(error).__name__, error.request_sent]
print(json.dumps([outcome, [
    (span["description"], span["data"].get("http.response.status_code"), span["span_id"]) for span in spans
]]))
"""


@needs("sentry-sdk")
class TestSentry:
    """Sentry wraps four methods of http.client.HTTPConnection, and adds its headers as they are written."""

    def test_each_attempt_is_a_span_that_the_server_is_told_of(self) -> None:
        with playing(reply({}, 503, Retry_After="0"), reply()) as server:
            outcome, spans = alone(_SENTRY, server.host, "api.get_session('s1')")

            assert outcome == "s1"
            url = f"GET {server.host}/sessions/s1"
            assert [span[:2] for span in spans] == [[url, 503], [url, 200]]
            for span, request in zip(spans, server.requests, strict=True):
                assert request.headers["sentry-trace"].split("-")[1] == span[2]
                assert request.headers["Authorization"] == f"Bearer {TOKEN}"

    def test_a_prompt_is_sent_once(self) -> None:
        with playing(closes) as server:
            outcome, _ = alone(_SENTRY, server.host, "api.create_session('a1', 'hello', files=b'bytes')")

            assert outcome == ["ApiConnectionError", True]
            assert [part.get_payload() for part in server.requests[0].parts] == ["a1", "hello", "bytes"]
            assert len(server.requests) == 1

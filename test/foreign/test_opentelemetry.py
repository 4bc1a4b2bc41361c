"""OpenTelemetry's instrumentation of urllib3, which wraps `HTTPConnectionPool.urlopen`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foreign.alone import alone, needs
from support.clients import closes
from support.scripted import playing, reply

#: The last releases that add `headers` to what they were given, which fails where that was given by position.
OLD = ("opentelemetry-instrumentation-urllib3==0.56b0", "opentelemetry-sdk==1.35.0")

_TRACED = """
import json, sys
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
URLLib3Instrumentor().instrument(tracer_provider=provider)

from portal_client import ApiException
from support.clients import client_of
from portal_client import SessionsApi

with client_of(sys.argv[1]) as client:
    api = SessionsApi(client)
    try:
        outcome = eval(sys.argv[2]).id
    except ApiException as error:
        outcome = [type(error).__name__, error.request_sent]

    def described(span):
        kept = span.attributes
        ids = f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}"
        return span.name, kept["http.url"], kept.get("http.status_code"), ids

    made = [described(span) for span in spans.get_finished_spans()]
    URLLib3Instrumentor().uninstrument()
    after = api.get_session("after").id if isinstance(outcome, str) else None
print(json.dumps([outcome, made, after, len(spans.get_finished_spans()) - len(made)]))
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the old release."""
    folder = tmp_path_factory.mktemp("old")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *OLD]
    done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"{OLD[0]} could not be installed: {done.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.fixture(
    params=[
        pytest.param("installed", marks=needs("opentelemetry-instrumentation-urllib3")),
        pytest.param("old", marks=pytest.mark.slow),
    ]
)
def traced(request: pytest.FixtureRequest) -> Callable[[str, str], Any]:
    """Return a function that makes a call of `api` under the instrumentation of one release."""
    folder = request.getfixturevalue("old") if request.param == "old" else None
    return lambda host, call: alone(_TRACED, host, call, first=folder)


def test_a_call_is_a_span_that_the_server_is_told_of(traced: Callable[[str, str], Any]) -> None:
    with playing(reply()) as server:
        outcome, spans, after, more = traced(server.host, "api.get_session('s1')")

        assert (outcome, after, more) == ("s1", "s1", 0)
        assert [span[:3] for span in spans] == [["GET", f"{server.host}/sessions/s1", 200]]
        first, last = server.requests
        assert first.headers["traceparent"].startswith(spans[0][3])
        assert "traceparent" not in last.headers
        assert first.headers["Authorization"] == last.headers["Authorization"]


def test_each_attempt_is_a_span_of_its_own(traced: Callable[[str, str], Any]) -> None:
    with playing(reply({}, 503, Retry_After="0"), reply()) as server:
        outcome, spans, *_ = traced(server.host, "api.get_session('s1')")

        assert outcome == "s1"
        assert [span[2] for span in spans] == [503, 200]
        for span, request in zip(spans, server.requests, strict=False):
            assert request.headers["traceparent"].startswith(span[3])


def test_a_form_is_traced_and_arrives_whole(traced: Callable[[str, str], Any]) -> None:
    with playing(reply()) as server:
        outcome, spans, *_ = traced(server.host, "api.create_session('a1', 'hello', files=b'bytes')")

        assert outcome == "s1"
        assert [span[:3] for span in spans] == [["POST", f"{server.host}/sessions", 200]]
        assert [part.get_payload() for part in server.requests[0].parts] == ["a1", "hello", "bytes"]


def test_a_traced_prompt_is_sent_once(traced: Callable[[str, str], Any]) -> None:
    with playing(closes) as server:
        outcome, spans, *_ = traced(server.host, "api.create_session('a1', 'hello')")

        assert outcome == ["ApiConnectionError", True]
        assert len(spans) == len(server.requests) == 1

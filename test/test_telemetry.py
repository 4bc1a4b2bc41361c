"""Spans and metrics of calls, as the SDK of OpenTelemetry receives them; and what none of them holds."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

import pytest

import finbourne_candela as candela
from portal_client import (
    ApiClient,
    ApiException,
    Configuration,
    MiddlewareRequest,
    MiddlewareResponse,
    SessionsApi,
)
from portal_client.middleware import CallNext
from support.clients import PROMPT, TOKEN, Calling, calling, closes, drips, failing
from support.identity import granted, signed_in
from support.scripted import SESSION, STEP, playing, reply
from test_imports import ROOT, fresh

pytest.importorskip("opentelemetry.sdk", reason="the SDK of OpenTelemetry is not installed")

from opentelemetry import baggage, context, trace
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from portal_client.telemetry import instrument, uninstrument


@dataclass
class Recorded:
    """The providers, and what they were told."""

    tracer_provider: TracerProvider
    meter_provider: MeterProvider
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    @property
    def providers(self) -> Any:
        return {"tracer_provider": self.tracer_provider, "meter_provider": self.meter_provider}

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans, in the order in which they ended."""
        return list(self.exporter.get_finished_spans())

    def on(self, c: Calling, **options: Any) -> None:
        """Instrument a client."""
        instrument(c.client.configuration, **self.providers, **options)

    @property
    def metrics(self) -> dict[str, list[tuple[dict[str, Any], Any]]]:
        """Each metric with its points: attributes, and their sum."""
        data: Any = self.reader.get_metrics_data()
        return {
            metric.name: [
                (dict(p.attributes), getattr(p, "sum", None) or p.value) for p in metric.data.data_points
            ]
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(), MeterProvider([reader])
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    yield Recorded(tracers, meters, exporter, reader)
    tracers.shutdown()
    meters.shutdown()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def parent_of(span: ReadableSpan) -> int:
    return span.parent.span_id if span.parent else 0


def id_of(span: ReadableSpan) -> int:
    return span.context.span_id if span.context else 0


def dump(recorded: Recorded) -> str:
    """All that was recorded, as text."""
    return "".join(span.to_json() for span in recorded.spans) + str(recorded.metrics)


# ── calls and attempts ──


def test_a_call_is_a_span_and_its_attempt_another_below_it(recorded: Recorded) -> None:
    with calling(reply()) as c:
        recorded.on(c)
        c.api.get_session("s1")

    attempt, call = recorded.spans
    server = {"server.address": "127.0.0.1", "server.port": c.server.port}
    assert (call.name, call.kind, call.status.status_code) == (
        "get_session",
        SpanKind.CLIENT,
        StatusCode.UNSET,
    )
    assert attributes(call) == {**server, "gen_ai.conversation.id": "s1"}
    assert (attempt.name, attempt.kind, attempt.status.status_code) == (
        "GET",
        SpanKind.CLIENT,
        StatusCode.UNSET,
    )
    assert attributes(attempt) == {
        **server,
        "http.request.method": "GET",
        "url.full": f"{c.server.host}/sessions/s1",
        "http.response.status_code": 200,
    }
    assert (parent_of(attempt), parent_of(call)) == (id_of(call), 0)
    assert call.instrumentation_scope is not None
    assert call.instrumentation_scope.name == "portal_client"


@pytest.mark.fault(
    "Observability", "A prompt is a span by the GenAI conventions, and its attempts are below it"
)
def test_a_prompt_invokes_its_agent(recorded: Recorded) -> None:
    with calling(reply(SESSION)) as c:
        recorded.on(c)
        c.api.create_session("a7", PROMPT)
        c.api.update_session("s8", PROMPT)
        failing(lambda: c.api.create_async_session("a9", PROMPT))  # whose response is another one

    calls = [span for span in recorded.spans if span.name not in ("POST", "PUT")]
    known = {
        "server.address": "127.0.0.1",
        "server.port": c.server.port,
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "portal",
    }
    assert [(span.name, attributes(span)) for span in calls[:2]] == [
        ("invoke_agent a7", {**known, "gen_ai.agent.id": "a7", "gen_ai.conversation.id": "s1"}),
        ("invoke_agent", {**known, "gen_ai.agent.id": "a1", "gen_ai.conversation.id": "s8"}),
    ]
    assert attributes(calls[2])["error.type"] == "ApiResponseError"
    assert calls[2].status.status_code is StatusCode.ERROR
    assert PROMPT not in dump(recorded)


def test_a_prompt_to_candela_invokes_an_agent(recorded: Recorded) -> None:
    prompt = candela.SubmitPrompt(prompt=PROMPT, session_id="i")
    with playing(reply({"event_type": "chat", "content": "an answer"})) as server:
        configuration = candela.Configuration(server.host, access_token=TOKEN)
        instrument(configuration, **recorded.providers)
        with candela.SyncApiClient(configuration) as client:
            candela.SessionsApi(client).submit_prompt_to_agent(prompt)

    _, call = recorded.spans
    assert call.name == "invoke_agent"
    assert attributes(call)["gen_ai.provider.name"] == "finbourne_candela"
    assert attributes(call)["gen_ai.conversation.id"] == "i"
    assert "an answer" not in dump(recorded)


def test_each_attempt_is_a_span_with_its_number(recorded: Recorded) -> None:
    answers = [closes, reply({}, status=503), reply({}, status=302, Location="/sessions/s2"), reply()]
    with calling(*answers) as c:
        recorded.on(c)
        c.api.get_session("s1")

    *attempts, call = recorded.spans
    keys = ("http.response.status_code", "error.type", "http.request.resend_count")
    assert [tuple(attributes(span).get(key) for key in keys) for span in attempts] == [
        (None, "ApiConnectionError", None),
        (503, "503", 1),
        (302, None, 2),
        (200, None, 3),
    ]
    failed = [span.status.status_code is StatusCode.ERROR for span in attempts]
    assert failed == [True, True, False, False]
    assert {parent_of(span) for span in attempts} == {id_of(call)}
    assert call.status.status_code is StatusCode.UNSET
    assert attributes(attempts[3])["url.full"] == f"{c.server.host}/sessions/s2"
    assert [point["error.type"] for point, _ in recorded.metrics["portal_client.retries"]] == [
        "ApiConnectionError",
        "503",
    ]


@pytest.mark.parametrize(
    ("answer", "error_type", "of_attempt"),
    [
        (reply({"detail": PROMPT}, status=404), "NotFoundException", "404"),
        (closes, "ApiConnectionError", "ApiConnectionError"),
        (reply(b"{"), "ApiResponseError", None),
    ],
)
def test_a_call_that_fails_says_of_what_kind(
    answer: Any, error_type: str, of_attempt: str | None, recorded: Recorded
) -> None:
    with calling(answer) as c:
        recorded.on(c)
        failing(lambda: c.api.create_session("a1", PROMPT))

    attempt, call = recorded.spans
    assert call.status.status_code is StatusCode.ERROR
    assert (attributes(call)["error.type"], attributes(attempt).get("error.type")) == (error_type, of_attempt)
    assert PROMPT not in dump(recorded)


# ── what is sent along ──


def traceparent(span: ReadableSpan) -> str:
    assert span.context is not None
    c = span.context
    return f"00-{c.trace_id:032x}-{c.span_id:016x}-{c.trace_flags:02x}"


def test_the_server_is_told_of_the_attempt(recorded: Recorded) -> None:
    tracer = recorded.tracer_provider.get_tracer("of the caller")
    with calling(reply({}, status=503), reply()) as c:
        recorded.on(c)
        token = context.attach(baggage.set_baggage("tenant", "t1"))
        try:
            with tracer.start_as_current_span("outer") as outer:
                c.api.get_session("s1")
        finally:
            context.detach(token)
        assert trace.get_current_span() is trace.INVALID_SPAN  # nothing is left in place

    first, second, call, _ = recorded.spans
    assert [r.headers["traceparent"] for r in c.server.requests] == [traceparent(first), traceparent(second)]
    assert [r.headers["baggage"] for r in c.server.requests] == ["tenant=t1"] * 2
    assert parent_of(call) == outer.get_span_context().span_id


@pytest.mark.fault("Secrets", "No span, metric or other host is told what is private")
def test_another_host_is_told_nothing(recorded: Recorded) -> None:
    with playing(reply()) as elsewhere:
        home = reply({}, status=302, Location=f"http://127.0.0.1:{elsewhere.port}/s2?key=private")
        with calling(home) as c:
            recorded.on(c)
            c.api.get_session("s1")

    assert c.server.requests[0].headers["traceparent"]
    assert elsewhere.requests[0].headers["traceparent"] is None
    assert attributes(recorded.spans[1])["url.full"] == f"{elsewhere.host}/s2?key=REDACTED"


@pytest.mark.fault("Secrets", "No span, metric or other host is told what is private")
def test_nothing_private_is_recorded(recorded: Recorded) -> None:
    answers = [reply({"detail": f"{PROMPT} {TOKEN} the-value"}, status=400), reply(b"[1"), closes, reply()]
    with calling(*answers, cookie="a=the-cookie") as c:
        recorded.on(c)
        options: Any = {"_query": {"secret": "the-value"}, "_headers": {"X-Key": "the-header"}}
        for _ in range(3):
            failing(lambda: c.api.create_session("a1", PROMPT, files=("the-name", b"the-bytes"), **options))
        c.api.get_session("s1", _request_auth={"in": "query", "key": "api-key", "value": "the-key"})

    assert len(recorded.spans) == 8
    assert attributes(recorded.spans[0])["url.full"] == f"{c.server.host}/sessions?secret=REDACTED"
    everything = dump(recorded)
    for private in (
        PROMPT,
        TOKEN,
        "the-value",
        "the-header",
        "the-cookie",
        "the-key",
        "the-name",
        "the-bytes",
    ):
        assert private not in everything


# ── streams, raw responses, tokens ──


@pytest.mark.fault("Observability", "The span of a stream ends with the stream")
@pytest.mark.parametrize("how", ["read", "left", "cut"])
def test_the_span_of_a_stream_ends_with_it(how: str, recorded: Recorded) -> None:
    line = reply().partition(b"\r\n\r\n")[2] + b"\n"
    whole = reply(2 * line, Content_Type="application/x-ndjson")
    with calling(drips(whole[:-10], b"") if how == "cut" else whole) as c:
        recorded.on(c)
        with c.api.subscribe_to_session_stream("s1") as events:
            assert next(events).id == "s1"
            assert [span.name for span in recorded.spans] == ["GET"]
            if how == "read":
                assert len(list(events)) == 1
            elif how == "cut":
                failing(lambda: list(events))

    call = recorded.spans[1]
    assert call.name == "subscribe_to_session_stream"
    assert (call.status.status_code is StatusCode.ERROR) == (how == "cut")
    assert len(recorded.spans) == 2


def test_the_span_of_a_raw_response_ends_with_its_head(recorded: Recorded) -> None:
    with calling(reply({}, status=404)) as c:
        recorded.on(c)
        raw = c.api.get_session_without_preload_content("s1")
        assert [span.name for span in recorded.spans] == ["GET", "get_session"]
        assert raw.json() == {}

    assert attributes(recorded.spans[0])["error.type"] == "404"


def test_a_token_is_fetched_below_the_call_that_needs_it(recorded: Recorded) -> None:
    with signed_in(granted()) as s:
        instrument(s.client.configuration, **recorded.providers)
        s.api.get_session("s1")

        assert [r.headers["traceparent"] for r in s.identity.requests] == [None]

    token, attempt, call = recorded.spans
    assert [token.name, attempt.name, call.name] == ["fetch_token", "GET", "get_session"]
    assert (parent_of(token), parent_of(attempt)) == (id_of(attempt), id_of(call))
    assert "access-1" not in dump(recorded)


def test_an_answer_of_another_middleware_is_no_request(recorded: Recorded) -> None:
    def cached(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return MiddlewareResponse(200, {"Content-Type": "application/json"}, json.dumps(SESSION).encode())

    with calling(reply(), middleware=[cached]) as c:
        recorded.on(c)
        c.api.get_session("s1")

    assert [span.name for span in recorded.spans] == ["get_session"]
    assert "http.client.request.duration" not in recorded.metrics


# ── metrics ──


def test_durations_retries_and_bytes_are_measured(recorded: Recorded) -> None:
    with calling(reply({}, status=429, Retry_After="0"), reply(SESSION), reply({}, status=503), reply()) as c:
        recorded.on(c)
        c.api.create_session("a1", PROMPT)
        c.api.get_session("s1")

    metrics = recorded.metrics
    server = {"server.address": "127.0.0.1", "server.port": c.server.port}
    (of_call,) = metrics["gen_ai.client.operation.duration"]
    assert of_call[0] == {
        **server,
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "portal",
    }
    assert of_call[1] > 0
    requests = {
        (point["http.request.method"], point["http.response.status_code"]): (
            point.get("error.type"),
            seconds > 0,
        )
        for point, seconds in metrics["http.client.request.duration"]
    }
    assert requests == {
        ("POST", 429): ("429", True),
        ("POST", 200): (None, True),
        ("GET", 503): ("503", True),
        ("GET", 200): (None, True),
    }
    assert metrics["portal_client.retries"] == [
        ({"portal_client.operation": "create_session", "error.type": "429"}, 1),
        ({"portal_client.operation": "get_session", "error.type": "503"}, 1),
    ]
    sent = {
        point["http.response.status_code"]: size for point, size in metrics["http.client.request.body.size"]
    }
    assert sent == {429: len(c.server.requests[0].body), 200: len(c.server.requests[1].body)}
    received = sum(size for _, size in metrics["http.client.response.body.size"])
    assert received == 2 * len(b"{}") + 2 * len(json.dumps(SESSION))


def test_a_lost_connection_is_measured_too(recorded: Recorded) -> None:
    with calling(closes) as c:
        recorded.on(c)
        failing(lambda: c.api.create_session("a1", PROMPT))

    (attempt,) = recorded.metrics["http.client.request.duration"]
    (call,) = recorded.metrics["gen_ai.client.operation.duration"]
    assert attempt[0]["error.type"] == call[0]["error.type"] == "ApiConnectionError"
    assert "portal_client.retries" not in recorded.metrics


# ── content ──


@pytest.mark.parametrize("told", ["argument", "environment"])
def test_content_is_recorded_when_that_is_asked_for(
    told: str, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    if told == "environment":
        monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY")
    with calling(reply(SESSION)) as c:
        recorded.on(c, **({"capture_content": True} if told == "argument" else {}))
        c.api.create_session("a1", PROMPT, files=("name", b"the-bytes"))
        c.api.create_session("a1", f"& {PROMPT}", _content_type="application/x-www-form-urlencoded")

    _, form, _, encoded = map(attributes, recorded.spans)
    said = [{"role": "user", "parts": [{"type": "text", "content": PROMPT}]}]
    answered = {"role": "assistant", "parts": [{"type": "text", "content": "Hi"}], "finish_reason": "stop"}
    assert json.loads(form["gen_ai.input.messages"]) == said
    assert json.loads(form["gen_ai.output.messages"]) == [answered]
    assert json.loads(encoded["gen_ai.input.messages"])[0]["parts"][0]["content"] == f"& {PROMPT}"
    assert "the-bytes" not in dump(recorded)


def test_content_of_a_model_is_recorded_too(recorded: Recorded) -> None:
    prompt = candela.SubmitPrompt(prompt=PROMPT, session_id="i")
    with playing(reply({"event_type": "chat", "content": "an answer"})) as server:
        configuration = candela.Configuration(server.host, access_token=TOKEN)
        instrument(configuration, capture_content=True, provider="mine", **recorded.providers)
        with candela.SyncApiClient(configuration) as client:
            candela.SessionsApi(client).submit_prompt_to_agent(prompt)

    known = attributes(recorded.spans[1])
    assert known["gen_ai.provider.name"] == "mine"
    assert json.loads(known["gen_ai.input.messages"])[0]["parts"][0]["content"] == PROMPT
    assert json.loads(known["gen_ai.output.messages"])[0]["parts"][0]["content"] == "an answer"


@pytest.mark.parametrize("value", ["", "false", "NO_CONTENT", "0"])
def test_content_is_not_recorded_else(
    value: str, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", value)
    with calling(reply(SESSION)) as c:
        recorded.on(c)
        c.api.create_session("a1", PROMPT)

    assert "gen_ai.input.messages" not in dump(recorded)


# ── beside others, on and off ──


@pytest.mark.fault("Observability", "Beside the instrumentation of urllib3 each attempt is one span")
def test_beside_the_instrumentation_of_urllib3_an_attempt_is_one_span(recorded: Recorded) -> None:
    instrumentor = URLLib3Instrumentor()
    instrumentor.instrument(tracer_provider=recorded.tracer_provider)
    try:
        with calling(reply({}, status=503), reply()) as c:
            c.api.get_session("s1")
            assert [span.name for span in recorded.spans] == ["GET", "GET"]
            recorded.exporter.clear()
            recorded.on(c)
            c.api.get_session("s1")
    finally:
        instrumentor.uninstrument()

    attempt, call = recorded.spans
    assert [attempt.name, call.name] == ["GET", "get_session"]
    assert c.server.requests[2].headers.get_all("traceparent") == [traceparent(attempt)]


def test_who_suppresses_instrumentation_gets_none(recorded: Recorded) -> None:
    with calling(reply()) as c, suppress_instrumentation():
        recorded.on(c)
        c.api.get_session("s1")

    assert recorded.spans == []
    assert recorded.metrics == {}
    assert c.server.requests[0].headers["traceparent"] is None


def test_a_trace_that_is_not_sampled_is_passed_on(recorded: Recorded) -> None:
    with calling(reply()) as c:
        instrument(c.client.configuration, tracer_provider=TracerProvider(sampler=ALWAYS_OFF))
        c.api.get_session("s1")

    flags = c.server.requests[0].headers["traceparent"].rpartition("-")[2]
    assert int(flags, 16) & 1 == 0


def test_instrumenting_twice_records_once_and_uninstrumenting_ends_it(recorded: Recorded) -> None:
    kept = Kept()
    with calling(reply(), hooks=[kept], middleware=[kept.handle]) as c:
        recorded.on(c)
        recorded.on(c)
        c.api.get_session("s1")
        assert len(recorded.spans) == 2

        uninstrument(c.client.configuration)
        c.api.get_session("s1")
        assert len(recorded.spans) == 2
        assert (c.client.configuration.hooks, c.client.configuration.middleware) == ([kept], [kept.handle])


class Kept(candela.Hooks):
    """A hook and a middleware of the user's own."""

    def handle(self, request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return call_next(request)


def test_a_configuration_that_is_instrumented_survives_pickle() -> None:
    configuration = Configuration("http://localhost")
    instrument(configuration, capture_content=True, provider="mine", tracer_provider=TracerProvider())
    again: Configuration = pickle.loads(pickle.dumps(configuration))

    (hook,) = again.hooks
    assert again.middleware == [hook]
    assert vars(hook)["_provider"] == "mine"


def test_a_deep_copy_records_with_the_same_providers(recorded: Recorded) -> None:
    with calling(reply()) as c:
        recorded.on(c)
        with ApiClient(copy.deepcopy(c.client.configuration)) as client:
            SessionsApi(client).get_session("s1")

    assert [span.name for span in recorded.spans] == ["GET", "get_session"]


_GLOBAL = """
import sys
from opentelemetry import metrics, trace
from portal_client.telemetry import instrument
from support.clients import client_of
from portal_client import SessionsApi
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

with client_of(sys.argv[1]) as client:
    instrument(client.configuration)
    SessionsApi(client).get_session("before")
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    SessionsApi(client).get_session("after")
    enabled = client.configuration.hooks[0].enabled()
    print([span.name for span in exporter.get_finished_spans()], bool(reader.get_metrics_data()), enabled)
"""


@pytest.mark.parametrize(
    ("disabled", "printed"), [("", "['GET', 'get_session'] True True"), ("true", "[] False False")]
)
def test_the_global_providers_are_used_as_soon_as_they_are_set(disabled: str, printed: str) -> None:
    with playing(reply()) as server:
        done = subprocess.run(
            [sys.executable, "-c", _GLOBAL, server.host],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={"PYTHONPATH": f"{ROOT}:{ROOT}/test", "OTEL_SDK_DISABLED": disabled},
        )
        assert (done.stdout.strip(), done.stderr) == (printed, "")
        before, after = server.requests
    assert before.headers["traceparent"] is None
    assert (after.headers["traceparent"] is None) == bool(disabled)


def test_nothing_of_opentelemetry_is_imported_by_a_call() -> None:
    with playing(reply()) as server:
        loaded = fresh(
            "from portal_client import ApiClient, Configuration, SessionsApi\n"
            f"with ApiClient(Configuration({server.host!r}, flight_recorder=3)) as client:\n"
            "    SessionsApi(client).get_session('s1')\n"
            "answer = [name for name in sys.modules if name.startswith('opentelemetry')]"
        )

    assert loaded == []


def test_without_the_extra_the_error_names_it() -> None:
    message = fresh(
        textwrap.dedent(
            """
            sys.modules["opentelemetry"] = None
            try:
                import portal_client.telemetry
            except ImportError as error:
                answer = str(error)
            """
        )
    )

    assert message == 'telemetry needs opentelemetry-api: pip install "portal-client[otel]"'


def test_a_propagator_that_fails_does_not_break_the_call(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def inject(carrier: dict[str, str]) -> None:
        carrier["not a name"] = "x"

    monkeypatch.setattr("portal_client.telemetry.propagate.inject", inject)
    with calling(reply()) as c:
        recorded.on(c)
        assert c.api.get_session("s1").id == "s1"

    assert [record.getMessage() for record in caplog.records] == [
        "get_session: the context of its span was not sent"
    ]
    assert len(recorded.spans) == 2


def test_an_interrupt_leaves_no_span_open(recorded: Recorded) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with calling(reply({}, status=503)) as c:
        recorded.on(c)
        c.client.rest_client.sleep = interrupted
        with pytest.raises(KeyboardInterrupt):
            c.api.get_session("s1")

    _, call = recorded.spans
    assert attributes(call)["error.type"] == "KeyboardInterrupt"
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_a_middleware_that_refuses_is_told(recorded: Recorded) -> None:
    def refuses(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        raise ApiException(reason="no")

    with calling(reply()) as c:
        recorded.on(c)
        c.client.configuration.middleware.append(refuses)
        failing(lambda: c.api.get_session("s1"))

    assert [attributes(span)["error.type"] for span in recorded.spans] == ["ApiException", "ApiException"]


def test_an_attempt_in_another_thread_is_below_its_call_where_the_context_is_taken_along(
    recorded: Recorded,
) -> None:
    def elsewhere(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(copy_context().run, call_next, request).result(STEP)

    with calling(reply(), middleware=[elsewhere]) as c:
        recorded.on(c)
        c.api.get_session("s1")

    attempt, call = recorded.spans
    assert (attempt.name, call.name) == ("GET", "get_session")
    assert attempt.parent == call.context

"""OpenTelemetry: a span for each call, one for each attempt below it, and metrics; the extra [otel].

A call is named after its operation; one that is a prompt is `invoke_agent` and has the attributes of the
GenAI conventions. An attempt is named after its method and has those of the HTTP conventions. A span holds
neither prompt nor response unless that is asked for, never a header, and of a query only the names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Optional

from typing_extensions import override

from portal_client import __version__
from portal_client.configuration import Configuration
from portal_client.conventions import (
    IDS,
    SCHEMA,
    SECONDS_OF_CALLS,
    SECONDS_OF_REQUESTS,
    Attributes,
    length_of,
    messages,
    name_of,
    prompt_in,
    server,
    shown_url,
)
from portal_client.hooks import Attempt, Hooks, log
from portal_client.middleware import CallNext, MiddlewareRequest, MiddlewareResponse

try:
    from opentelemetry import context, propagate, trace
    from opentelemetry.metrics import MeterProvider, get_meter, get_meter_provider
    from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider
except ImportError as error:
    raise ImportError('telemetry needs opentelemetry-api: pip install "portal-client[otel]"') from error

_NAME = "portal_client"
#: The variable by which instrumentations of GenAI are told to record content.
_CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
#: By which instrumentations ask whether to leave a request alone; in the API, but not documented.
_SUPPRESSED = getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")
_SUPPRESS_HTTP = getattr(context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", "suppress_http_instrumentation")


def instrument(
    configuration: Configuration,
    *,
    tracer_provider: Optional[TracerProvider] = None,
    meter_provider: Optional[MeterProvider] = None,
    capture_content: Optional[bool] = None,
    provider: Optional[str] = None,
) -> None:
    """Record the calls of all clients with a configuration as spans and metrics.

    It adds a hook and a middleware, the last one, so that what other middleware sets is sent with it, and
    what other middleware returns is no request. Without providers the global ones are used, which may be set
    later. `capture_content` also records prompts and answers; None asks the environment
    (OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT). `provider` is `gen_ai.provider.name`, by default
    named after the package. Done twice, the second time replaces the first.
    """
    uninstrument(configuration)
    if capture_content is None:
        capture_content = os.environ.get(_CONTENT, "").strip().lower() not in ("", "0", "false", "no_content")
    provider = configuration.package.removesuffix("_client") if provider is None else provider
    telemetry = Telemetry(provider, capture_content, tracer_provider, meter_provider)
    configuration.hooks.append(telemetry)
    configuration.middleware.append(telemetry)


def uninstrument(configuration: Configuration) -> None:
    """Record the calls of a configuration no longer."""
    configuration.hooks = [each for each in configuration.hooks if not isinstance(each, Telemetry)]
    others = [each for each in configuration.middleware if not isinstance(each, Telemetry)]
    configuration.middleware = others


class Telemetry(Hooks):
    """The hook and the middleware that `instrument` adds; pickled, they use the global providers."""

    def __init__(
        self,
        provider: str,
        capture_content: bool,
        tracer_provider: Optional[TracerProvider] = None,
        meter_provider: Optional[MeterProvider] = None,
    ) -> None:
        given = tracer_provider is not None or meter_provider is not None
        # Asked here, the API sets the providers that the environment names.
        self._has_sdk = given or _has_sdk_of(trace.get_tracer_provider(), get_meter_provider())
        self._provider = provider
        self._capture_content = capture_content
        self._tracer = trace.get_tracer(_NAME, __version__, tracer_provider, SCHEMA)
        meter = get_meter(_NAME, __version__, meter_provider, SCHEMA)
        self._call_seconds = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=SECONDS_OF_CALLS,
        )
        self._request_seconds = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=SECONDS_OF_REQUESTS,
        )
        self._request_bytes = meter.create_histogram(
            "http.client.request.body.size", "By", "Size of HTTP client request bodies."
        )
        self._response_bytes = meter.create_histogram(
            "http.client.response.body.size", "By", "Size of HTTP client response bodies."
        )
        self._retries = meter.create_counter(
            "portal_client.retries", "{retry}", "Attempts that were made again, redirects not counted."
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Telemetry:
        return self

    def __reduce__(self) -> tuple[type[Telemetry], tuple[str, bool]]:
        return type(self), (self._provider, self._capture_content)

    # ── calls ──

    @override
    def enabled(self) -> bool:
        if not self._has_sdk and _has_sdk():
            self._has_sdk = True
        return self._has_sdk

    @override
    def on_request(self, attempt: Attempt) -> None:
        span: Optional[Span] = attempt.state.get(_NAME)
        if attempt.number == 1 and not context.get_value(_SUPPRESSED):
            known = self._attributes(attempt)
            span = self._tracer.start_span(name_of(attempt), kind=SpanKind.CLIENT, attributes=known)
            attempt.state[_NAME] = span
        if span is not None:
            attempt.state[_ATTACHED] = context.attach(trace.set_span_in_context(span))

    @override
    def on_response(self, attempt: Attempt) -> None:
        if (token := attempt.state.pop(_ATTACHED, None)) is None:
            return
        context.detach(token)
        if not attempt.final and (attempt.status or 0) // 100 != 3:
            reason = str(attempt.status or _error_type(attempt.error))
            self._retries.add(1, {"portal_client.operation": attempt.operation, "error.type": reason})

    @override
    def on_error(self, attempt: Attempt) -> None:
        self.on_response(attempt)

    @override
    def on_end(self, attempt: Attempt, data: Any) -> None:
        span: Optional[Span] = attempt.state.pop(_NAME, None)
        if span is None:
            return
        if attempt.prompts:
            self._record_prompt(attempt, data, span)
        if attempt.error is not None:
            _fail(span, _error_type(attempt.error))
        span.end()

    def _record_prompt(self, attempt: Attempt, data: Any, span: Span) -> None:
        known = self._attributes(attempt)
        if attempt.error is not None:
            known["error.type"] = _error_type(attempt.error)
        of_agent = {name: known.pop(name, None) for name in ("gen_ai.agent.id", "gen_ai.conversation.id")}
        self._call_seconds.record(attempt.since_call, known)
        session_id = getattr(data, "session_id", getattr(data, "id", None))
        found = {"gen_ai.agent.id": getattr(data, "agent_id", None), "gen_ai.conversation.id": session_id}
        for name, value in found.items():
            if of_agent[name] is None and isinstance(value, str):
                span.set_attribute(name, value)
        answer = getattr(data, "answer", getattr(data, "content", None))
        if self._capture_content and isinstance(answer, str):
            span.set_attribute("gen_ai.output.messages", messages("assistant", answer, finish_reason="stop"))

    def _attributes(self, attempt: Attempt) -> Attributes:
        attributes = {**server(attempt.url)}
        if attempt.prompts:
            attributes |= {"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": self._provider}
        for name, attribute in IDS.items():
            if name in attempt.ids:
                attributes[attribute] = attempt.ids[name]
        return attributes

    # ── attempts ──

    def __call__(self, request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        """Record an attempt, and send the context of its span along, though not to another origin."""
        if context.get_value(_SUPPRESSED):
            return call_next(request)
        if self._capture_content and request.attempt == 1:
            _record_question(request)
        attributes: Attributes = {"http.request.method": request.method, **server(request.url)}
        of_span: Attributes = {**attributes, "url.full": shown_url(request.url)}
        if request.attempt > 1:
            of_span["http.request.resend_count"] = request.attempt - 1
        span = self._tracer.start_span(request.method, kind=SpanKind.CLIENT, attributes=of_span)
        began = time.monotonic()
        try:
            with _current(span):
                response = call_next(_with_context(request))
        except BaseException as error:
            attributes["error.type"] = _error_type(error)
            raise
        else:
            attributes["http.response.status_code"] = response.status
            if response.status >= 400:
                attributes["error.type"] = str(response.status)
            span.set_attribute("http.response.status_code", response.status)
            if (size := response.headers.get("content-length", "")).isdecimal():
                self._response_bytes.record(int(size), attributes)
            return response
        finally:
            if "error.type" in attributes:
                _fail(span, str(attributes["error.type"]))
            span.end()
            self._request_seconds.record(time.monotonic() - began, attributes)
            if (length := length_of(request.body)) is not None:
                self._request_bytes.record(length, attributes)


def _has_sdk() -> bool:
    """Whether a global provider was set. Without one the API does nothing, but slowly."""
    # Not documented, but the documented functions read the environment each time.
    if _TRACERS.get("_TRACER_PROVIDER", True) is _METERS.get("_METER_PROVIDER", True) is None:
        return False
    return _has_sdk_of(trace.get_tracer_provider(), get_meter_provider())


def _has_sdk_of(*providers: object) -> bool:
    own = ("opentelemetry.trace", "opentelemetry.metrics")
    if all(type(provider).__module__.startswith(own) for provider in providers):
        return False
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() != "true"


_TRACERS = trace.get_tracer_provider.__globals__
_METERS = get_meter_provider.__globals__
_ATTACHED = f"{_NAME}.attached"


def _error_type(error: Optional[BaseException]) -> str:
    return type(error).__qualname__


def _fail(span: Span, error_type: str) -> None:
    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR)


def _record_question(request: MiddlewareRequest) -> None:
    """Record the prompt in a request with the call, whose span is the current one."""
    try:
        if (prompt := prompt_in(request.body)) is not None:
            trace.get_current_span().set_attribute("gen_ai.input.messages", messages("user", prompt))
    except Exception:
        log.exception("%s: the prompt was not recorded", request.operation)


def _with_context(request: MiddlewareRequest) -> MiddlewareRequest:
    """Return a request that names the current span, unless it goes to another origin."""
    headers: dict[str, str] = {}
    try:
        if not request.foreign:
            propagate.inject(headers)
        return request.with_headers(headers) if headers else request
    except Exception:  # a propagator may be anybody's
        log.exception("%s: the context of its span was not sent", request.operation)
        return request


@contextmanager
def _current(span: Span) -> Generator[None, None, None]:
    """Make a span the current one, for which other instrumentation of HTTP need make none."""
    token = context.attach(context.set_value(_SUPPRESS_HTTP, True, trace.set_span_in_context(span)))
    try:
        yield
    finally:
        context.detach(token)

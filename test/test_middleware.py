"""Middleware: what it sees, what it may change, and what holds whatever it does."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import os
import pickle
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from urllib3 import HTTPHeaderDict

from portal_client import (
    ApiConnectionError,
    ApiException,
    ApiStreamError,
    ApiTimeoutError,
    ApiTypeError,
    ApiValueError,
    AuthenticationError,
    Configuration,
    Hooks,
    MiddlewareRequest,
    MiddlewareResponse,
    ServiceException,
)
from portal_client.batch.outcome import Outcome, outcome_of
from portal_client.hooks import Attempt
from portal_client.middleware import CallNext
from portal_client.multipart import Multipart
from support.clients import PROMPT, TOKEN, calling, closes, drips, failing, own_frames, shown, unfinished
from support.identity import granted, signed_in, together
from support.scripted import SESSION, STEP, Steps, chunk, playing, reply
from transport.test_plain import record

JSON = {"Content-Type": "application/json"}


class Told(Hooks):
    """Keeps how each attempt ended."""

    def __init__(self) -> None:
        self.ended: list[Attempt] = []

    def on_response(self, attempt: Attempt) -> None:
        self.ended.append(replace(attempt))

    on_error = on_response


class Seen:
    """Lets each attempt pass, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[MiddlewareRequest] = []

    def __call__(self, request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        self.requests.append(request)
        return call_next(request)


def session_of(name: str) -> MiddlewareResponse:
    """A response that holds a session with this id."""
    return MiddlewareResponse(200, JSON, reply({**SESSION, "id": name}).partition(b"\r\n\r\n")[2])


def adding(name: str, value: str) -> Any:
    """A middleware that adds a header."""

    def handle(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return call_next(request.with_headers({name: value}))

    return handle


def returning(response: Callable[[], MiddlewareResponse]) -> Any:
    """A middleware that sends nothing."""

    def handle(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return response()

    return handle


# ── requests ──


@pytest.fixture(params=["", "plain"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the client's own connections, and in plain mode."""
    if request.param:
        record(monkeypatch)


@pytest.mark.usefixtures("mode")
def test_a_middleware_adds_headers_and_sees_those_that_are_sent() -> None:
    seen = Seen()

    def sign(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        signed = f"{request.method} {request.url} {request.headers['authorization']}"
        return call_next(request.with_headers({"X-Signature": hashlib.sha256(signed.encode()).hexdigest()}))

    with calling(reply({"sessions": []}), middleware=[sign, seen]) as c:
        c.api.get_sessions("a 1")

    (received,), (request,) = c.server.requests, seen.requests
    signed = f"GET {c.server.host}/sessions?agent_id=a%201 Bearer {TOKEN}"
    assert received.headers["X-Signature"] == hashlib.sha256(signed.encode()).hexdigest()
    assert {name: received.headers[name] for name in request.headers} == dict(request.headers)
    assert (request.operation, request.method, request.attempt) == ("get_sessions", "GET", 1)
    assert (request.url, request.body, request.foreign) == (f"{c.server.host}{received.target}", None, False)
    assert request.request_id == c.ids[0]


def test_the_first_one_is_the_outermost() -> None:
    order: list[str] = []

    def named(name: str) -> Any:
        def handle(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
            order.append(f"{name} before, {request.headers.get('X-By')}")
            response = call_next(request.with_headers({"x-by": name}))
            order.append(f"{name} after, {response.status}")
            return response

        return handle

    with calling(reply(), middleware=[named("first"), named("second")]) as c:
        c.api.get_session("s1")

    assert order == ["first before, None", "second before, first", "second after, 200", "first after, 200"]
    assert c.server.requests[0].headers.get_all("x-by") == ["second"]


def test_a_header_replaces_that_of_its_name_and_none_leaves_it_out() -> None:
    def handle(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        changed = request.with_headers({"authorization": None, "USER-AGENT": "mine", "X-One": "1"})
        assert "Authorization" not in changed.headers
        assert "Authorization" in request.headers
        return call_next(changed.with_headers({"x-one": "2"}))

    with calling(reply(), middleware=[handle]) as c:
        c.api.get_session("s1")

    headers = c.server.requests[0].headers
    assert headers["Authorization"] is None
    assert (headers.get_all("User-Agent"), headers.get_all("X-One")) == (["mine"], ["2"])


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        ({"X-A": "a\r\nX-B: b"}, "X-A holds a line break"),
        ({"X A": "a"}, "'X A' is not the name of a header"),
        ({"Content-Length": "3"}, "Content-Length follows from the body"),
        ({"X-A": 1}, "X-A must be a str, not int"),
        ({"content-type": "text/plain"}, "content-type holds the boundary"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(headers: Any, wrong: str) -> None:
    def handle(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return call_next(request.with_headers(headers))

    with calling(reply(), middleware=[handle]) as c, pytest.raises(ApiValueError, match=wrong):
        c.api.create_session("a1", PROMPT)

    assert c.server.requests == []


def test_a_form_tells_its_parts_and_its_bytes_and_is_sent_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"from a file")
    told: list[Any] = []

    def handle(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        form = request.body
        assert isinstance(form, Multipart)
        told.extend((p.name, p.filename, p.content_type, p.size, b"".join(p.blocks())) for p in form.parts)
        told.append(b"".join(form.blocks()))
        assert PROMPT not in repr(form.parts)
        return call_next(request)

    with calling(reply(), middleware=[handle]) as c:
        c.api.create_session("a1", PROMPT, files=[str(tmp_path / "a.txt"), ("b", io.BytesIO(b"B"), "text/b")])

    assert told[:-1] == [
        ("agent_id", None, None, 2, b"a1"),
        ("text_prompt", None, None, len(PROMPT), PROMPT.encode()),
        ("files", "a.txt", "text/plain", 11, b"from a file"),
        ("files", "b", "text/b", 1, b"B"),
    ]
    assert c.server.requests[0].body == told[-1]


def test_a_stream_is_left_for_the_request() -> None:
    read, write = os.pipe()
    with open(write, "wb") as writer:
        writer.write(b"once")

    def handle(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        form = request.body
        assert isinstance(form, Multipart)
        for blocks in (form.blocks, form.parts[-1].blocks):
            with pytest.raises(ApiValueError, match="is a stream, which is read as it is sent"):
                blocks()
        return call_next(request)

    with open(read, "rb") as reader, calling(reply(), middleware=[handle]) as c:
        c.api.create_session("a1", PROMPT, files=("pipe", reader))

    assert b"once" in c.server.requests[0].body


# ── attempts ──


def test_each_attempt_passes_and_is_counted() -> None:
    tokens = iter(["old", "new"])
    seen = Seen()
    answers = [
        closes,
        reply({}, status=503),
        reply({}, status=302, Location="/sessions/s2"),
        reply({}, 401),
        reply(),
    ]
    with calling(*answers, middleware=[seen], access_token=lambda: next(tokens)) as c:
        c.api.get_session("s1")

    assert [request.attempt for request in seen.requests] == [1, 2, 3, 4, 5]
    assert [request.url.removeprefix(c.server.host) for request in seen.requests] == [
        r.target for r in c.server.requests
    ]
    assert shown(c.server) == ["Bearer old"] * 4 + ["Bearer new"]
    assert [request.headers["Authorization"] for request in seen.requests] == shown(c.server)
    assert {request.request_id for request in seen.requests} == set(c.ids)


@pytest.mark.fault("Secrets", "A header of a middleware reaches another host only if it says so again")
def test_another_host_is_sent_what_the_middleware_sets_for_it() -> None:
    def handle(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        headers = {"X-Where": "foreign"} if request.foreign else {"X-Where": "home", "X-Key": "private"}
        return call_next(request.with_headers(headers))

    with playing(reply()) as elsewhere:
        home = reply({}, status=302, Location=f"http://127.0.0.1:{elsewhere.port}/s2")
        with calling(home, middleware=[handle]) as c:
            c.api.get_session("s1")

    assert [(r.headers["X-Where"], r.headers["X-Key"]) for r in c.server.requests] == [("home", "private")]
    assert [(r.headers["X-Where"], r.headers["X-Key"]) for r in elsewhere.requests] == [("foreign", None)]
    assert shown(elsewhere) == [None]


@pytest.mark.usefixtures("mode")
def test_a_response_of_a_middleware_is_that_of_the_call() -> None:
    told = Told()
    answers = iter([MiddlewareResponse(503), session_of("made")])
    with calling(reply(), middleware=[returning(lambda: next(answers))], hooks=[told]) as c:
        response = c.api.get_session_with_http_info("s1")

    assert (response.data.id, response.status_code) == ("made", 200)
    assert response.headers == {"Content-Type": "application/json"}
    assert c.server.requests == []
    assert c.clock.slept  # the 503 was repeated
    assert [(a.number, a.status, a.final, a.sent, a.request_sent) for a in told.ended] == [
        (1, 503, False, 0, False),
        (2, 200, True, 0, False),
    ]


def test_no_token_is_fetched_for_a_response_of_a_middleware() -> None:
    with signed_in(granted(), middleware=[returning(lambda: session_of("made"))]) as s:
        assert s.api.get_session("s1").id == "made"

        assert s.identity.requests == s.service.requests == []


@pytest.mark.parametrize(
    ("tokens", "attempts"), [(["static"], 1), (["same", "same"], 1), (["old", "new"], 2), ([], 1)]
)
def test_a_401_of_a_middleware_is_repeated_with_another_token_alone(tokens: list[str], attempts: int) -> None:
    def refuses(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        made.append(request.attempt)
        return MiddlewareResponse(401)

    made: list[int] = []
    left = list(tokens)
    source: Any = "static" if tokens == ["static"] else lambda: left.pop(0)
    with calling(reply(), middleware=[refuses], access_token=source) as c:
        error = failing(lambda: c.api.get_session("s1"))

    assert (error.status, made) == (401, [1, 2][:attempts])


def test_an_error_status_of_a_middleware_is_an_error_of_the_call() -> None:
    response = MiddlewareResponse(404, JSON, b'{"detail": "none"}')
    with calling(reply(), middleware=[returning(lambda: response)]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert (error.status, error.reason, error.data) == (404, "Not Found", {"detail": "none"})
    assert (error.request_sent, error.safe_to_repeat) == (False, True)
    assert c.server.requests == []


def test_a_recorded_response_counts_as_sent() -> None:
    response = MiddlewareResponse(500, request_sent=True)
    with calling(reply(), middleware=[returning(lambda: response)]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert (error.request_sent, error.safe_to_repeat) == (True, False)


@pytest.mark.fault("Sent once", "A middleware sends an attempt once")
def test_an_attempt_is_sent_once() -> None:
    def twice(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        call_next(request)
        return call_next(request)

    with calling(reply(), middleware=[twice]) as c:
        with pytest.raises(RuntimeError, match=r"twice called call_next twice in one attempt: the client"):
            c.api.create_session("a1", PROMPT)
        assert len(c.server.requests) == 1

        c.client.configuration.middleware = []
        c.api.get_session("s1")  # the first response is closed, and its connection not used again
        assert c.server.connections == 2


@pytest.mark.fault("Sent once", "A middleware sends an attempt once")
def test_of_two_threads_one_sends_the_attempt() -> None:
    outcomes: list[Any] = []

    def in_threads(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        outcomes.extend(together(8, lambda: call_next(request)))
        return next(each for each in outcomes if isinstance(each, MiddlewareResponse))

    with calling(reply(), middleware=[in_threads]) as c:
        assert c.api.get_session("s1").id == "s1"

    assert [type(each) for each in outcomes].count(RuntimeError) == 7
    assert len(c.server.requests) == 1


def test_an_attempt_is_not_sent_after_its_end() -> None:
    kept: list[Any] = []

    def keeps(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        kept[:] = [call_next, request]
        return session_of("made")

    with calling(reply(), middleware=[keeps]) as c:
        c.api.get_session("s1")
        with pytest.raises(RuntimeError, match="after its attempt had ended"):
            kept[0](kept[1])

    assert c.server.requests == []


@pytest.mark.parametrize("files", [None, [("a.txt", b"a")]])
def test_the_headers_of_a_request_may_be_set_again(files: Any) -> None:
    def again(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return call_next(request.with_headers({**request.to_dict(), "X-Team": "research"}))

    with calling(reply(), middleware=[again]) as c:
        c.api.update_session("s1", "Hello", files)

    (received,) = c.server.requests
    assert received.headers["X-Team"] == "research"
    assert received.headers["Authorization"] == f"Bearer {TOKEN}"
    assert b"Hello" in received.body


def test_only_what_a_middleware_adds_is_masked_in_an_error() -> None:
    def again(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return call_next(request.with_headers({**request.to_dict(), "X-Team": "research"}))

    repeated = {"detail": f"application/json research {TOKEN}"}
    with calling(reply(repeated, status=404), middleware=[again]) as c:
        shown = str(failing(lambda: c.api.get_session("s1")))

    assert "application/json *** ***" in shown
    assert "Request id: ***" not in shown


def test_call_next_may_be_called_in_another_thread() -> None:
    def elsewhere(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(call_next, request).result(STEP)

    with calling(reply(), middleware=[elsewhere]) as c:
        assert c.api.get_session("s1").id == "s1"


@pytest.mark.fault(
    "Sent once", "What a middleware gets wrong behind a request does not deny that it was sent"
)
def test_what_a_middleware_gets_wrong_is_named() -> None:
    def forgets(request: MiddlewareRequest, call_next: CallNext) -> Any:
        call_next(request)

    def confuses(request: MiddlewareRequest, call_next: Any) -> MiddlewareResponse:
        response: MiddlewareResponse = call_next({"X-A": "a"})
        return response

    with calling(reply(), middleware=[forgets]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))
    assert "forgets returned NoneType" in str(error)
    assert (error.request_sent, error.safe_to_repeat, len(c.server.requests)) == (True, False, 1)
    assert outcome_of(error) is Outcome.DOUBT  # a batch must not send it again
    with (
        calling(reply(), middleware=[confuses]) as c,
        pytest.raises(ApiTypeError, match="call_next with dict"),
    ):
        c.api.get_session("s1")
    assert c.server.requests == []


# ── errors ──


@pytest.mark.parametrize("sent", [False, True])
def test_what_a_middleware_raises_leaves_as_it_is(sent: bool) -> None:
    raised = LookupError("no key")
    told = Told()

    def fails(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        if sent:
            call_next(request)
        raise raised

    with calling(reply(), middleware=[fails], hooks=[told]) as c:
        with pytest.raises(LookupError) as caught:
            c.api.get_session("s1")
        assert caught.value is raised
        assert [(a.error, a.request_sent, a.final) for a in told.ended] == [(raised, sent, True)]
        assert len(c.server.requests) == sent

        c.client.configuration.middleware = []
        c.api.get_session("s1")
        assert c.server.connections == 1 + sent  # that of a response that was dropped is closed


@pytest.mark.fault("Life cycle", "A response that a middleware drops is closed, though its error is kept")
def test_a_response_that_a_middleware_drops_is_closed_at_once() -> None:
    closed = threading.Event()

    def fails(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)
        raise LookupError(response.status)

    with calling(unfinished(closed), middleware=[fails]) as c:
        with pytest.raises(LookupError) as caught:
            c.api.get_session("s1")
        assert closed.wait(STEP)
        assert caught.value.args == (200,)


@pytest.mark.parametrize("sent", [False, True])
def test_an_error_of_the_client_that_a_middleware_raises_tells_of_the_call(sent: bool) -> None:
    def fails(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        if sent:
            call_next(request)
        raise ApiException(reason="the circuit is open")

    with calling(reply(), middleware=[fails]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert str(error.reason).startswith("the circuit is open")
    assert (error.request_sent, error.safe_to_repeat, len(c.server.requests)) == (sent, not sent, sent)
    assert error.call is not None
    assert error.call.attempts == 1


@pytest.mark.usefixtures("mode")
def test_a_lost_connection_is_what_it_is_to_the_caller() -> None:
    seen: list[BaseException] = []

    def watches(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        try:
            return call_next(request)
        except ApiException as error:
            seen.append(error)
            raise

    with calling(closes, middleware=[watches, watches]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert isinstance(error, ApiConnectionError)
    assert (error.request_sent, error.safe_to_repeat, len(c.server.requests)) == (True, False, 1)
    assert seen == [error, error]
    assert str(error.reason).count("the server may have seen the request") == 1


def test_a_response_in_place_of_a_lost_one_does_not_deny_that_the_request_was_sent() -> None:
    def not_found(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        try:
            return call_next(request)
        except ApiConnectionError:
            return MiddlewareResponse(404)

    with calling(closes, middleware=[not_found]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert (error.status, error.request_sent, error.safe_to_repeat) == (404, True, False)


def test_an_error_keeps_what_it_was_raised_in() -> None:
    def fails(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        try:
            raise KeyError("the first")
        except KeyError:
            raise LookupError("the second")  # noqa: B904

    with calling(reply(), middleware=[fails]) as c, pytest.raises(LookupError) as caught:
        c.api.get_session("s1")

    shown = "".join(traceback.format_exception(caught.value))
    assert shown.index("the first") < shown.index("During handling of") < shown.index("the second")


@pytest.mark.parametrize("operation", ["get_session", "create_session"])
def test_an_injected_connection_error_is_repeated_as_one_of_the_network(operation: str) -> None:
    left = [1, 1]

    def breaks(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        if left.pop():
            raise ApiConnectionError(reason="injected")
        return call_next(request)

    left[:] = [0, 1]  # the last one is taken first
    with calling(reply(), middleware=[breaks]) as c:
        getattr(c.api, operation)(*(("s1",) if operation == "get_session" else ("a1", PROMPT)))

    assert len(c.server.requests) == 1  # nothing was sent before, so that the prompt may be sent now
    assert len(c.clock.slept) == 1


@pytest.mark.fault(
    "Sent once", "A response that a middleware loses is not asked for again where that is not safe"
)
def test_a_response_that_a_middleware_loses_is_lost() -> None:
    def loses(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        call_next(request)
        raise ApiConnectionError(reason="lost")

    with calling(reply(), middleware=[loses]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))
        assert (error.request_sent, error.safe_to_repeat, len(c.server.requests)) == (True, False, 1)

        failing(lambda: c.api.get_session("s1"))
        assert len(c.server.requests) == 1 + 4


def test_an_interrupt_within_a_middleware_ends_the_call() -> None:
    told = Told()

    def interrupted(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        call_next(request)
        raise KeyboardInterrupt

    with calling(reply(), middleware=[interrupted], hooks=[told]) as c:
        with pytest.raises(KeyboardInterrupt):
            c.api.get_session("s1")
        assert [type(a.error) for a in told.ended] == [KeyboardInterrupt]
        assert len(c.server.requests) == 1


def test_a_token_that_cannot_be_fetched_is_told_through_a_middleware() -> None:
    def refuses() -> str:
        raise LookupError("none")

    with calling(reply(), middleware=[Seen()], access_token=refuses) as c:
        error = failing(lambda: c.api.get_session("s1"))

    assert isinstance(error, AuthenticationError)
    assert (error.request_sent, c.server.requests) == (False, [])


@pytest.mark.fault("Life cycle", "A middleware that takes longer than the call may take ends it")
@pytest.mark.parametrize("form", ["", "_without_preload_content", "_stream"])
def test_a_middleware_cannot_outlast_the_call(form: str) -> None:
    def slow(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        time.sleep(0.15)
        return session_of("late")

    with calling(reply(), middleware=[slow]) as c:
        error = failing(lambda: getattr(c.api, f"subscribe_to_session{form}")("s1", _request_timeout=0.1))

    assert isinstance(error, ApiTimeoutError)
    assert "the 0.1 s for the call are over (nothing was sent)" in str(error.reason)


# ── secrets ──


@pytest.mark.fault("Secrets", "What a middleware adds is masked where the server repeats it")
def test_no_error_holds_a_header_of_a_middleware() -> None:
    signature = "signature-that-nobody-may-see"
    seen = Seen()
    answer = reply({"detail": f"bad {signature} of Bearer {TOKEN}"}, status=400)
    with calling(answer, closes, middleware=[adding("X-Sig", signature), seen]) as c:
        refused = failing(lambda: c.api.create_session("a1", PROMPT))
        lost = failing(lambda: c.api.create_session("a1", PROMPT))

    assert [request.headers["X-Sig"] for request in c.server.requests] == [signature] * 2
    (request, _) = seen.requests
    texts = [str(refused), str(lost), own_frames(lost), repr(request), repr(request.headers)]
    pickled = pickle.loads(pickle.dumps(refused))
    for text in (*texts, str(vars(pickled))):
        assert signature not in text
        assert TOKEN not in text
    assert PROMPT not in repr(request)
    assert request.headers["X-Sig"] == signature


@pytest.mark.fault("Secrets", "A password for a token passes no middleware that is not given for it")
def test_requests_for_tokens_pass_what_is_given_for_them() -> None:
    own, of_tokens = Seen(), Seen()
    with signed_in(granted(), middleware=[own], source={"middleware": [of_tokens]}) as s:
        s.api.get_session("s1")

    assert [request.operation for request in own.requests] == ["get_session"]
    assert [request.operation for request in of_tokens.requests] == ["fetch_token"]
    assert "the+pass" not in repr(of_tokens.requests)


# ── responses ──


def test_a_response_that_was_read_is_returned_as_it_was() -> None:
    read: list[bytes] = []

    def reads(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)
        read.extend((response.read(), response.read(), b"".join(response.blocks())))
        response.headers["X-Seen"] = "yes"
        return response

    text = b'{"sessions": []}'
    packed = gzip.compress(text)
    assert len(packed) > len(text)  # so that the length of the one is not that of the other
    with calling(reply(packed, Content_Encoding="gzip"), reply(), middleware=[reads]) as c:
        response = c.api.get_sessions_with_http_info("a1")
        c.api.get_session("s2")

        assert response.data.sessions == []
        assert [response.raw_data, *read[:3]] == [text] * 4
        assert response.headers == {"Content-Type": "application/json", "X-Seen": "yes"}
        assert c.server.connections == 1  # which was read to its end


def test_a_response_whose_blocks_were_taken_cannot_be_returned() -> None:
    def peeks(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)
        next(response.blocks())
        return response

    with calling(reply(), middleware=[peeks]) as c:
        error = failing(lambda: c.api.get_session("s1"))

    assert "a response was returned whose blocks() were taken" in str(error)
    assert len(c.server.requests) == 1


@pytest.mark.parametrize("form", ["", "_without_preload_content"])
def test_a_body_that_is_cut_is_what_it_is_to_the_caller(form: str) -> None:
    seen: list[Exception] = []

    def reads(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)
        try:
            response.read()
        except ApiException as error:
            seen.append(error)
            raise
        return response

    with calling(drips(reply()[:-20], b""), middleware=[reads], retries=False) as c:
        error = failing(lambda: getattr(c.api, f"get_session{form}")("s1"))

    assert isinstance(error, ApiConnectionError)
    assert seen == [error]
    assert error.request_sent


def test_a_call_keeps_the_middleware_with_which_it_began() -> None:
    seen = Seen()

    def forgets(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        c.client.configuration.middleware.clear()
        return call_next(request)

    with calling(reply({}, status=503), reply(), middleware=[forgets, seen]) as c:
        c.api.get_session("s1")

    assert [request.attempt for request in seen.requests] == [1, 2]


def test_a_response_in_its_place_leaves_no_connection_behind() -> None:
    def stale(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        return session_of("stale") if call_next(request).status == 500 else call_next(request)

    with calling(reply({}, status=500), reply(), middleware=[stale]) as c:
        assert c.api.get_session("s1").id == "stale"
        c.client.configuration.middleware = []
        c.api.get_session("s1")
        assert c.server.connections == 2  # the first one was closed unread


def test_a_body_that_is_too_large_is_refused_wherever_it_is_from() -> None:
    def reads(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        call_next(request).read()
        raise AssertionError("not reached")

    large = MiddlewareResponse(200, JSON, (b" " * 100 for _ in range(100)))
    for middleware in (reads, returning(lambda: large)):
        with calling(reply(b" " * 1000), middleware=[middleware], max_response_size=500) as c:
            error = failing(lambda: c.api.get_session("s1"))
        assert "larger than max_response_size, 500 bytes" in str(error.reason)


def test_the_raw_response_of_a_middleware_is_one_of_urllib3() -> None:
    headers = HTTPHeaderDict([("Set-Cookie", "a"), ("Set-Cookie", "b"), ("Transfer-Encoding", "chunked")])
    made = MiddlewareResponse(200, headers, [b"one ", b"", b"two ", b"three"], "Fine")
    with calling(reply(), middleware=[returning(lambda: made)]) as c:
        response = c.api.get_session_without_preload_content("s1")

        assert (response.status, response.reason) == (200, "Fine")
        assert response.headers.getlist("set-cookie") == ["a", "b"]
        assert response.read1(2) == b"on"
        assert response.read(6) == b"e two "
        assert b"".join(response.stream(3)) == b"three"
        assert response.read() == b""


def test_the_untouched_response_is_the_one_of_the_network() -> None:
    with calling(reply(), reply(), middleware=[Seen()]) as c:
        raw = c.api.get_session_without_preload_content("s1")
        assert raw.json()["id"] == "s1"
        c.api.get_session("s1")

        assert c.server.connections == 1


def streaming(*parts: bytes) -> Steps:
    """A server that sends lines one by one."""
    head = b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
    return Steps(head, map(chunk, parts), b"0\r\n\r\n")


LINES = [reply({**SESSION, "id": f"s{n}"}).partition(b"\r\n\r\n")[2] + b"\n" for n in range(3)]


@pytest.mark.usefixtures("mode")
def test_events_pass_as_they_come() -> None:
    steps = streaming(*LINES)
    passed: list[bytes] = []

    def counts(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)

        def watched() -> Iterator[bytes]:
            for block in response.blocks():
                passed.append(block)
                yield block
            passed.append(b"the end")

        return MiddlewareResponse(response.status, response.headers, watched(), response.reason)

    with calling(steps, reply(), middleware=[counts]) as c:
        with c.api.subscribe_to_session_stream("s1", idle_timeout=STEP) as events:
            for number, event in enumerate(events):
                assert event.id == f"s{number}"
                assert passed == LINES[: number + 1]
                steps.arrived.release()
        assert passed == [*LINES, b"the end"]
        c.client.configuration.middleware = []
        c.api.get_session("s1")
        assert c.server.connections == 1


def test_a_stream_through_a_middleware_is_closed_with_it() -> None:
    steps = streaming(*LINES)
    ended = threading.Event()

    def watches(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)

        def watched() -> Iterator[bytes]:
            try:
                yield from response.blocks()
            finally:
                ended.set()

        return MiddlewareResponse(response.status, response.headers, watched())

    with calling(steps, middleware=[watches]) as c:
        events = c.api.subscribe_to_session_stream("s1", idle_timeout=STEP)
        next(events)
        events.close()

        assert ended.is_set()
        assert steps.left.wait(STEP)


@pytest.mark.fault("Streams", "A stream through a middleware is closed at once, from another thread too")
def test_another_thread_closes_a_stream_through_a_middleware() -> None:
    steps = streaming(*LINES)

    def watches(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        response = call_next(request)
        return MiddlewareResponse(response.status, response.headers, (block for block in response.blocks()))

    with calling(steps, middleware=[watches]) as c, ThreadPoolExecutor() as others:
        events = c.api.subscribe_to_session_stream("s1", idle_timeout=2 * STEP)
        next(events)
        reading = others.submit(next, events)
        assert wait([reading], timeout=0.1).not_done
        others.submit(c.client.close).result(STEP)

        error = reading.exception(STEP)
        assert isinstance(error, ApiStreamError)
        assert "is closed" in str(error)
        assert steps.left.wait(STEP)


def test_a_stream_of_a_middleware_is_one() -> None:
    made = MiddlewareResponse(200, {"Content-Type": "application/x-ndjson"}, iter(LINES))
    with (
        calling(reply(), middleware=[returning(lambda: made)]) as c,
        c.api.subscribe_to_session_stream("s1") as events,
    ):
        assert [event.id for event in events] == ["s0", "s1", "s2"]
    assert c.server.requests == []


def test_a_body_that_breaks_off_is_a_lost_connection() -> None:
    def broken() -> Iterator[bytes]:
        yield LINES[0][:10]
        raise ConnectionResetError("injected")

    made = [MiddlewareResponse(200, JSON, broken()), session_of("whole")]
    with calling(reply(), middleware=[returning(lambda: made.pop(0))]) as c:
        assert c.api.get_session("s1").id == "whole"
    assert len(c.clock.slept) == 1


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("200",), "status must be an int, not str"),
        ((True,), "status must be an int, not bool"),
        ((100,), "status must be that of a final response"),
        ((200, {"X": "a\nb"}), "X holds a line break"),
        ((200, {"X Y": "a"}), "'X Y' is not the name of a header"),
        ((200, {}, "text"), "body must be bytes or an iterable of bytes, not str"),
        ((200, {}, None), "body must be bytes or an iterable of bytes, not NoneType"),
    ],
)
def test_what_is_no_response_is_refused(arguments: Any, wrong: str) -> None:
    with pytest.raises((ApiTypeError, ApiValueError), match=wrong):
        MiddlewareResponse(*arguments)


def test_a_body_of_text_is_refused_as_it_is_read() -> None:
    made: Any = MiddlewareResponse(200, JSON, ["text"])  # type: ignore[list-item]
    wrong = "the body of a middleware holds str, not bytes"
    with (
        calling(reply(), middleware=[returning(lambda: made)]) as c,
        pytest.raises(ApiTypeError, match=wrong),
    ):
        c.api.get_session("s1")


# ── the setting ──


async def asynchronous(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
    """What a synchronous client cannot call."""
    raise NotImplementedError


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (adding("X", "y"), "middleware must be a sequence of functions, not function"),
        ("abc", "middleware must be a sequence of functions, not str"),
        ([3], "middleware: int is not a function"),
        ([Seen], "middleware: Seen is not a function"),
        ([asynchronous], "middleware: asynchronous is a coroutine function"),
    ],
)
def test_what_is_no_middleware_is_refused(value: Any, wrong: str) -> None:
    with pytest.raises(ApiValueError, match=wrong):
        Configuration(middleware=value)
    configuration = Configuration()
    with pytest.raises(ApiValueError, match=wrong):
        configuration.middleware = value


def passes(request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
    """One that pickle finds by its name."""
    return call_next(request)


def test_pickle_carries_middleware_by_its_name() -> None:
    again: Configuration = pickle.loads(pickle.dumps(Configuration("http://h", middleware=[passes])))

    assert again.middleware == [passes]


def test_a_copy_of_a_configuration_has_a_list_of_its_own() -> None:
    seen = Seen()
    with calling(reply(), middleware=(seen,)) as c:
        derived = c.client.with_options(retries=0)
        derived.configuration.middleware.append(Seen())

        assert c.client.configuration.middleware == [seen]
        assert "Seen" in str(c.client.configuration.explain())


def test_nothing_is_logged_of_what_passes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with calling(reply({}, 503), reply(), middleware=[adding("X-Sig", "private-thing")]) as c:
        c.api.get_session("s1")

    assert "private-thing" not in caplog.text
    assert len(c.server.requests) == 2


def test_a_server_error_of_a_middleware_is_told_to_the_last() -> None:
    with calling(reply(), middleware=[returning(lambda: MiddlewareResponse(503))]) as c:
        error = failing(lambda: c.api.get_session("s1"))

    assert isinstance(error, ServiceException)
    assert error.call is not None
    assert error.call.attempts == 4
    assert c.server.requests == []

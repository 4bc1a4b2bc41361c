"""What observers are told, what is logged, and that neither holds what is private."""

from __future__ import annotations

import gc
import io
import logging
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import finbourne_candela as candela
from portal_client import (
    ApiClient,
    CallNext,
    Configuration,
    Hooks,
    MiddlewareRequest,
    MiddlewareResponse,
    SessionsApi,
)
from portal_client.exceptions import ApiConnectionError, ApiResponseError, ApiTimeoutError
from portal_client.files import BLOCK
from portal_client.hooks import Attempt
from portal_client.rest import RESTClientObject
from portal_client.transport.observers import Observers
from support.clients import (
    PROMPT,
    TOKEN,
    Calling,
    ca_file,
    calling,
    client_of,
    closes,
    drips,
    failing,
    keeps_open,
    late,
    server_tls,
)
from support.identity import granted, signed_in
from support.scripted import Connection, Received, playing, reply

#: A response to get_sessions.
NONE: dict[str, Any] = {"sessions": []}


class Recorder(Hooks):
    """Keeps a copy of each attempt as it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Attempt]] = []

    def on_request(self, attempt: Attempt) -> None:
        self.told.append(("request", replace(attempt)))

    def on_response(self, attempt: Attempt) -> None:
        self.told.append(("response", replace(attempt)))

    def on_error(self, attempt: Attempt) -> None:
        self.told.append(("error", replace(attempt)))

    @property
    def outcomes(self) -> list[tuple[int, int | str, bool]]:
        """Number, status or error, and whether it was the last one, of each attempt that ended."""
        return [
            (attempt.number, attempt.status or type(attempt.error).__name__, attempt.final)
            for event, attempt in self.told
            if event != "request"
        ]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


# ── hooks ──


def test_a_call_is_told_before_and_after(recorder: Recorder) -> None:
    with calling(reply(NONE), hooks=[recorder]) as c:
        c.api.get_sessions("a1")

    (before, asked), (after, answered) = recorder.told
    assert (before, after) == ("request", "response")
    assert (asked.operation, asked.method, asked.number) == ("get_sessions", "GET", 1)
    assert (asked.status, asked.sent, asked.received, asked.error, asked.final) == (None, 0, 0, None, False)
    # The query may hold what is private.
    assert asked.url == answered.url == f"{c.server.host}/sessions"
    assert asked.request_id == answered.request_id == c.ids[0]
    assert (answered.status, answered.error, answered.final) == (200, None, True)
    assert answered.received == len(reply(NONE))
    assert answered.sent > 100


@pytest.mark.fault("Observability", "Hooks see each attempt, and which one ends the call")
def test_each_attempt_is_told_and_one_is_final(recorder: Recorder) -> None:
    answers = [closes, reply({}, status=503), reply({}, status=302, Location="/sessions/s2"), reply()]
    with calling(*answers, hooks=[recorder]) as c:
        c.api.get_session("s1")
        c.api.get_session("s3")

    assert recorder.outcomes == [
        (1, "ApiConnectionError", False),
        (2, 503, False),
        (3, 302, False),
        (4, 200, True),
        (1, 200, True),
    ]
    assert [event for event, _ in recorder.told].count("request") == 5
    urls = [attempt.url.removeprefix(c.server.host) for _, attempt in recorder.told if attempt.status == 200]
    assert urls == ["/sessions/s2", "/sessions/s3"]
    assert [attempt.request_id for event, attempt in recorder.told if event == "request"] == c.ids


def test_a_refusal_and_another_token_are_told(recorder: Recorder) -> None:
    tokens = iter(["old", "new"])
    answers = [reply({}, status=429, Retry_After="1"), reply({}, status=401), reply()]
    with calling(*answers, hooks=[recorder], access_token=lambda: next(tokens)) as c:
        c.api.create_session("a1", PROMPT)

    assert recorder.outcomes == [(1, 429, False), (2, 401, False), (3, 200, True)]


def test_an_error_is_told_as_it_is_raised(recorder: Recorder) -> None:
    with calling(closes, hooks=[recorder]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    ((_, _), (event, attempt)) = recorder.told
    assert event == "error"
    assert attempt.error is error
    assert (attempt.status, attempt.final, attempt.received) == (None, True, 0)
    assert attempt.sent > 100
    assert isinstance(error, ApiConnectionError)


def test_an_error_status_is_a_response(recorder: Recorder) -> None:
    with calling(reply({}, status=404), hooks=[recorder]) as c:
        failing(lambda: c.api.get_session("s1"))

    assert recorder.outcomes == [(1, 404, True)]


@pytest.mark.fault("Observability", "Hooks see each attempt, and which one ends the call")
@pytest.mark.parametrize(
    ("answer", "kind"),
    [(reply(b" " * 100), ApiResponseError), (late(reply()), ApiTimeoutError)],
    ids=["long", "late"],
)
def test_what_ends_a_call_is_told_once(answer: Any, kind: type[Exception], recorder: Recorder) -> None:
    with calling(answer, hooks=[recorder], max_response_size=50) as c:
        failing(lambda: c.api.get_session("s1", _request_timeout=0.15))

    assert recorder.outcomes == [(1, kind.__name__, True)]


def test_a_raw_response_is_told_when_it_is_handed_over(recorder: Recorder) -> None:
    with calling(reply({}, status=404), hooks=[recorder]) as c:
        c.api.get_session_without_preload_content("s1").close()

    assert recorder.outcomes == [(1, 404, True)]


class _Ticking:
    """A clock that goes on by a second each time it is read while a response is awaited."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def test_the_time_of_an_attempt_does_not_hold_the_wait_before_it(recorder: Recorder) -> None:
    clock = _Ticking()

    def takes(seconds: float, answer: bytes) -> Any:
        def play(connection: Connection, request: Received) -> None:
            clock.at += seconds
            connection.send(answer)

        return play

    answers = [takes(2, reply({}, status=429, Retry_After="30")), takes(3, reply())]
    with playing(*answers) as server:
        client = ApiClient(Configuration(server.host, access_token=TOKEN, hooks=[recorder]))
        client.rest_client = RESTClientObject(client.configuration, sleep=clock.sleep, now=clock.now)
        with client:
            SessionsApi(client).create_session("a1", PROMPT)

    assert [attempt.elapsed for _, attempt in recorder.told] == [0, 2, 0, 3]


# ── the bytes of a form ──


class Uploads(Hooks):
    """Keeps what it is told of bodies."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, int | None]] = []

    def on_body(self, attempt: Attempt, written: int, total: int | None) -> None:
        self.told.append((attempt.number, written, total))


def test_the_bytes_of_a_form_are_told_as_they_are_written() -> None:
    uploads = Uploads()
    with calling(reply({}, status=429, Retry_After="1"), reply(), hooks=[uploads]) as c:
        c.api.create_session("a1", PROMPT, [bytes(BLOCK * 2)])

    length = len(c.server.requests[0].body)
    assert {total for _, _, total in uploads.told} == {length}
    for number in (1, 2):
        written = [count for n, count, _ in uploads.told if n == number]
        assert written == sorted({*written})
        assert (written[0], written[-1]) == (0, length)
        assert len(written) >= 4


def test_where_no_hook_wants_them_the_bytes_of_a_form_are_not_counted(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    class Duck:
        """No subclass of Hooks."""

        on_request = on_response = on_error = lambda self, attempt: None

    monkeypatch.setattr("portal_client.multipart._observed", fail)
    for hooks in ([], [recorder], [Duck()]):
        with calling(reply(), hooks=hooks) as c:
            c.api.create_session("a1", PROMPT)


def test_a_hook_that_fails_in_a_body_does_not_end_the_call(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Hooks):
        def on_body(self, attempt: Attempt, written: int, total: int | None) -> None:
            raise RuntimeError("no display")

    uploads = Uploads()
    with calling(reply(), hooks=[Failing(), uploads]) as c:
        c.api.create_session("a1", PROMPT)

    assert "on_body raised, and the call goes on" in caplog.text
    assert [written for _, written, _ in uploads.told] == [0, len(c.server.requests[0].body)]


@pytest.mark.parametrize("answer", [closes, reply({}, status=429)], ids=["closed", "429"])
def test_an_attempt_says_that_the_server_may_have_seen_it(answer: Any, recorder: Recorder) -> None:
    with calling(answer, hooks=[recorder]) as c:
        failing(lambda: c.api.create_session("a1", PROMPT))

    assert [attempt.request_sent for _, attempt in recorder.told] == [False, True]


def test_an_attempt_without_a_connection_says_that_nothing_was_sent(recorder: Recorder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with client_of(host, hooks=[recorder], retries=False) as client:
        failing(lambda: SessionsApi(client).create_session("a1", PROMPT))

    assert [(event, attempt.request_sent) for event, attempt in recorder.told] == [
        ("request", False),
        ("error", False),
    ]


def test_all_hooks_are_told_in_their_order() -> None:
    order: list[int] = []

    class Numbered(Hooks):
        def __init__(self, number: int) -> None:
            self.number = number

        def on_response(self, attempt: Attempt) -> None:
            order.append(self.number)

    with calling(reply(), hooks=[Numbered(1), Numbered(2)]) as c:
        c.api.get_session("s1")

    assert order == [1, 2]


class Fails(Hooks):
    """Raises whenever it is told something."""

    def on_request(self, attempt: Attempt) -> None:
        raise LookupError("own fault")

    on_response = on_error = on_request


@pytest.mark.fault("Observability", "A hook that raises does not break the call, nor the hooks after it")
def test_a_hook_that_raises_does_not_break_the_call(recorder: Recorder) -> None:
    with calling(reply({}, status=503), closes, reply(), closes, hooks=[Fails(), recorder]) as c:
        assert c.api.get_session("s1").id == "s1"
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert isinstance(error, ApiConnectionError)
    assert [request.method for request in c.server.requests] == ["GET"] * 3 + ["POST"]
    assert recorder.outcomes == [
        (1, 503, False),
        (2, "ApiConnectionError", False),
        (3, 200, True),
        (1, "ApiConnectionError", True),
    ]


@pytest.mark.fault("Observability", "What a hook raises is logged each time as an error, with its traceback")
def test_what_a_hook_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "portal_client")
    with calling(closes, hooks=[Fails()]) as c:
        failing(lambda: c.api.create_session("a1", PROMPT))

    assert [record.getMessage() for record in caplog.records if record.name == "portal_client"] == [
        "Fails.on_request raised, and the call goes on",
        "Fails.on_error raised, and the call goes on",
    ]
    for record in caplog.records:
        assert record.levelname == "ERROR"
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], LookupError)
        assert record.exc_info[2] is not None
    assert caplog.text.count("LookupError: own fault") == 2
    assert not any(secret in caplog.text for secret in (TOKEN, PROMPT))


@pytest.mark.fault("Observability", "Ctrl-C within a hook ends the call and leaves nothing open")
def test_an_interrupt_within_a_hook_ends_the_call() -> None:
    answers = [keeps_open(reply()[:-5]), reply()]
    with calling(*answers, hooks=[Interrupted()], connection_pool_maxsize=1) as c:
        with pytest.raises(KeyboardInterrupt):
            c.api.get_session_without_preload_content("s1")
        c.client.configuration.hooks.clear()
        assert c.api.get_session("s1", _request_timeout=5).id == "s1"

    assert c.server.connections == 2


class Interrupted(Hooks):
    """Ctrl-C while a response is looked at."""

    def on_response(self, attempt: Attempt) -> None:
        raise KeyboardInterrupt


# ── the log ──


def _lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage()) for record in caplog.records if record.name == "portal_client"
    ]


@pytest.mark.fault("Observability", "A call is one line at INFO, each attempt one at DEBUG")
def test_a_call_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="portal_client")
    with calling(closes, reply({}, status=503), reply()) as c:
        c.api.get_session("s1")
        c.api.get_session("s1")

    lines = _lines(caplog)
    assert [level for level, _ in lines] == ["INFO", "INFO"]
    for (_, line), number, request_id in zip(lines, (3, 1), (c.ids[0], c.ids[3]), strict=True):
        assert line.startswith("get_session 200 in ")
        assert f"attempt {number}," in line
        assert line.endswith(f"request id {request_id}")
        assert f"{len(reply())} received" in line


def test_a_failed_call_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="portal_client")
    with calling(closes) as c:
        failing(lambda: c.api.create_session("a1", PROMPT))

    ((level, line),) = _lines(caplog)
    assert level == "INFO"
    assert line.startswith("create_session ApiConnectionError in ")


@pytest.mark.fault("Observability", "A call is one line at INFO, each attempt one at DEBUG")
def test_attempts_are_lines_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="portal_client")
    with calling(reply({}, status=503), reply()) as c:
        c.api.get_session("s1")

    lines = _lines(caplog)
    assert [level for level, _ in lines] == ["DEBUG", "DEBUG", "DEBUG", "INFO"]
    assert [line.split(" in ")[0] for _, line in lines] == [
        f"get_session attempt 1: GET {c.server.host}/sessions/s1",
        "get_session 503",
        f"get_session attempt 2: GET {c.server.host}/sessions/s1",
        "get_session 200",
    ]


def test_another_package_logs_under_its_own_name(caplog: pytest.LogCaptureFixture) -> None:
    class Other(Configuration):
        package = "another_package"

    with playing(reply()) as server, ApiClient(Other(server.host)) as client:
        client.configuration.debug = True
        try:
            SessionsApi(client).get_session("s1")
        finally:
            client.configuration.debug = False

    assert [r.levelname for r in caplog.records if r.name == "another_package"] == ["DEBUG", "INFO"]
    assert _lines(caplog) == []


def test_nothing_is_printed_without_logging(capfd: pytest.CaptureFixture[str]) -> None:
    with calling(reply({}, status=503), reply()) as c:
        c.api.get_session("s1")

    assert capfd.readouterr() == ("", "")


def test_nothing_observed_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="portal_client")
    with calling(reply()) as c:
        request = c.client.prepare_request(SessionsApi.get_session.operation.request(("s1",), {}))  # type: ignore[attr-defined]
        assert Observers.of(request) is None
        assert Observers.of(replace(request, hooks=[Hooks()])) is not None


# ── the end of a call ──


class Ends(Hooks):
    """Keeps what each call ended with, and how often an attempt of it began."""

    def __init__(self) -> None:
        self.ended: list[tuple[Attempt, Any]] = []

    def on_request(self, attempt: Attempt) -> None:
        attempt.state["attempts"] = attempt.state.get("attempts", 0) + 1

    def on_end(self, attempt: Attempt, data: Any) -> None:
        self.ended.append((replace(attempt), data))

    def only(self) -> tuple[Attempt, Any]:
        (ended,) = self.ended
        return ended


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.mark.fault("Observability", "Each call is told once when it has ended, with its data or its error")
@pytest.mark.parametrize("form", ["", "_with_http_info", "_without_preload_content"])
def test_a_call_ends_with_its_data(form: str, ends: Ends) -> None:
    with calling(reply({}, status=503), reply(), hooks=[ends]) as c:
        returned = getattr(c.api, f"get_session{form}")("s1")

    attempt, data = ends.only()
    assert data is (returned.data if form == "_with_http_info" else returned)
    assert (attempt.number, attempt.status, attempt.error, attempt.final) == (2, 200, None, True)
    assert (attempt.state, attempt.ids, attempt.prompts) == ({"attempts": 2}, {"session_id": "s1"}, False)


@pytest.mark.fault("Observability", "Each call is told once when it has ended, with its data or its error")
@pytest.mark.parametrize(
    ("form", "answer"),
    [
        ("", closes),
        ("_stream", closes),
        ("_without_preload_content", closes),
        ("", reply({}, status=404)),
        ("_with_http_info", reply({}, status=404)),
        ("_stream", reply({}, status=404)),
        ("", reply(b"{")),
        ("_with_http_info", reply(b" " * 2000)),
    ],
)
def test_a_call_ends_with_its_error(form: str, answer: Any, ends: Ends) -> None:
    with calling(answer, hooks=[ends], max_response_size=1000, retries=False) as c:
        error = failing(lambda: getattr(c.api, f"subscribe_to_session{form}")("s1"))

    attempt, data = ends.only()
    assert attempt.error is error
    assert (data, attempt.final) == (None, True)


def test_a_call_ends_where_a_wait_between_attempts_is_interrupted(ends: Ends) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with calling(reply({}, status=503), hooks=[ends]) as c:
        c.client.rest_client.sleep = interrupted
        with pytest.raises(KeyboardInterrupt):
            c.api.get_session("s1")

    attempt, _ = ends.only()
    assert isinstance(attempt.error, KeyboardInterrupt)


@pytest.mark.fault("Observability", "A stream is told to have ended when it has, and how")
@pytest.mark.parametrize("how", ["read", "closed", "cut", "forgotten"])
def test_a_stream_ends_with_its_last_byte(how: str, ends: Ends) -> None:
    line = reply().partition(b"\r\n\r\n")[2] + b"\n"
    whole = reply(2 * line, Content_Type="application/x-ndjson")
    answer = drips(whole[:-10], b"") if how == "cut" else whole
    with calling(answer, hooks=[ends]) as c:
        events = c.api.subscribe_to_session_stream("s1")
        next(events)
        if how == "read":
            assert [event.id for event in events] == ["s1"]
        elif how == "closed":
            assert ends.ended == []
            events.close()
            events.close()
        elif how == "cut":
            failing(lambda: list(events))
        else:
            assert ends.ended == []
            del events
            gc.collect()

    attempt, data = ends.only()
    assert (attempt.error is not None, data, attempt.status) == (how == "cut", None, 200)
    assert attempt.received > len(line)


class Sometimes(Ends):
    """Is told of every other call."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def enabled(self) -> bool:
        self.asked += 1
        return self.asked % 2 == 0


def test_a_hook_is_told_of_the_calls_for_which_it_is_enabled(recorder: Recorder) -> None:
    sometimes = Sometimes()
    with calling(reply({}, status=503), reply(), hooks=[sometimes, recorder]) as c:
        for name in ("s1", "s2", "s3", "s4"):
            c.api.get_session(name)

    assert [attempt.ids["session_id"] for attempt, _ in sometimes.ended] == ["s2", "s4"]
    assert sometimes.asked == 4  # once for each call, not for each attempt
    assert len(recorder.outcomes) == 5


class SometimesBetween(Sometimes):
    """Sometimes a middleware, too."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: list[str] = []

    def __call__(self, request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        self.passed.append(request.url.rpartition("/")[2])
        return call_next(request)


def test_a_call_for_which_a_hook_is_off_does_not_pass_it_as_a_middleware() -> None:
    sometimes, always = SometimesBetween(), SometimesBetween()
    always.asked = 1
    with calling(reply(), hooks=[sometimes], middleware=[sometimes, always]) as c:
        for name in ("s1", "s2", "s3", "s4"):
            c.api.get_session(name)

    assert sometimes.passed == ["s2", "s4"]
    assert always.passed == ["s1", "s2", "s3", "s4"]  # it is no hook here


class Undecided(Recorder):
    """Cannot say whether it is enabled."""

    def enabled(self) -> bool:
        raise LookupError


def test_a_hook_that_cannot_say_whether_it_is_enabled_is(caplog: pytest.LogCaptureFixture) -> None:
    undecided = Undecided()
    with calling(reply(), hooks=[undecided]) as c:
        assert c.api.get_session("s1").id == "s1"

    assert undecided.outcomes == [(1, 200, True)]
    assert "Undecided.enabled raised" in caplog.text


def test_requests_for_tokens_end_too_and_tell_no_token(ends: Ends) -> None:
    with signed_in(granted(), hooks=[ends]) as s:
        s.api.create_session("a1", PROMPT)

    assert [attempt.operation for attempt, _ in ends.ended] == ["fetch_token", "create_session"]
    (token, data), (attempt, _) = ends.ended
    assert (data, dict(token.ids), token.prompts) == (None, {}, False)
    assert (attempt.ids, attempt.prompts) == ({"agent_id": "a1"}, True)
    assert token.state is not attempt.state


def test_a_prompt_in_a_model_is_one() -> None:
    ends = Ends()
    prompt = candela.SubmitPrompt(prompt=PROMPT, session_id="i")
    with playing(reply({"event_type": "chat", "content": "Hi"})) as server:
        configuration = candela.Configuration(server.host, access_token=TOKEN, hooks=[ends])
        with candela.SyncApiClient(configuration) as client:
            candela.SessionsApi(client).submit_prompt_to_agent(prompt)

    attempt, _ = ends.only()
    assert (attempt.ids, attempt.prompts) == ({"session_id": "i"}, True)


# ── what is private ──

SECRETS = [
    TOKEN,
    PROMPT,
    "file-that",
    "cookie-that",
    "header-that",
    "default-that",
    "key-that",
    "old-that",
]


def _everything(c: Calling) -> None:
    """Calls of all kinds; none of them may leave a trace of what it carries."""
    c.client.cookie = "c=cookie-that"
    c.client.set_default_header("X-Default", "default-that")
    options: dict[str, Any] = {"_headers": {"X-Mine": "header-that"}}
    c.api.create_session("a1", PROMPT, [b"file-that"], **options)  # 429, 401, then 200
    failing(lambda: c.api.update_session("s1", PROMPT, **options))  # lost
    for place in ("query", "header", "cookie"):
        auth = {"in": place, "key": "X-Key", "value": "key-that"}
        c.api.get_sessions("a1", _request_auth=auth, **options)
    auth = {"in": "query", "key": "X-Key", "value": "key-that"}
    c.api.get_session("s1", _request_auth=auth)  # 302, then 200
    failing(lambda: c.api.get_session("s1", _request_auth=auth, _request_timeout=0.15))


@pytest.fixture
def debugging() -> io.StringIO:
    """What comes out with `debug` on, and every logger at its lowest level."""
    text = io.StringIO()
    root = logging.getLogger()
    root.addHandler(logging.StreamHandler(text))
    root.setLevel(1)
    Configuration().debug = True
    return text


@pytest.mark.fault(
    "Secrets",
    "No log holds a token, prompt, file, cookie or header, with the root logger at its lowest level",
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_log_holds_what_is_private(
    scheme: str,
    debugging: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(1)
    tokens = iter(["old-that", *[TOKEN] * 9])
    tls: dict[str, Any] = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    answers = [reply({}, status=429, Retry_After="1"), reply({}, status=401), reply(), closes]
    answers += [reply(NONE)] * 3 + [reply({}, status=302, Location="/sessions/s2"), reply(), late(reply())]
    recorder = Recorder()
    with calling(*answers, hooks=[recorder], access_token=lambda: next(tokens), **tls) as c:
        _everything(c)

    assert len(c.server.requests) == 10
    sent = "".join(f"{r.target} {r.headers} {r.body!r}" for r in c.server.requests)
    seen = "\n".join([debugging.getvalue(), caplog.text, repr(recorder.told), *capfd.readouterr()])
    seen += "".join(repr(vars(record)) for record in caplog.records)
    assert "get_sessions 200 in" in seen
    assert "urllib3" in seen
    for secret in SECRETS:
        assert secret in sent
        assert secret not in seen

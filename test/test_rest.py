"""The loop of attempts: what is sent once, what again, where redirects lead, and how much is read."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3

from portal_client import EnvToken, FileToken, Hooks, SessionsApi
from portal_client.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiTimeoutError,
    ApiValueError,
    AuthenticationError,
    NotFoundException,
    ServiceException,
    TooManyRequestsException,
    UnauthorizedException,
)
from portal_client.hooks import Attempt
from portal_client.transport.retry import QUOTA
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
    own_frames,
    resets,
    server_tls,
    unfinished,
)
from support.scripted import SESSION, Answer, Connection, Received, playing, reply

CALLS: dict[str, Callable[..., Any]] = {
    "create": lambda c, **o: c.api.create_session("a1", PROMPT, [b"a file"], **o),
    "create async": lambda c, **o: c.api.create_async_session("a1", PROMPT, **o),
    "replay": lambda c, **o: c.api.create_session_from_replay("s1", 2, **o),
    "update": lambda c, **o: c.api.update_session("s1", PROMPT, [b"a file"], **o),
    "update async": lambda c, **o: c.api.update_async_session("s1", PROMPT, **o),
    "raw create": lambda c, **o: c.api.create_session_without_preload_content("a1", PROMPT, **o),
}


def get(c: Calling, **options: Any) -> Any:
    return c.api.get_session("s1", **options)


def count(c: Calling, *methods: str) -> int:
    """How many requests of these methods came."""
    return sum(request.method in methods for request in c.server.requests)


# ── sent once ──


@pytest.mark.fault(
    "Sent once",
    "A prompt that was read reaches the server once, however its call fails, on fresh and reused connections",
)
@pytest.mark.parametrize("connection", ["fresh", "reused"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (closes, ApiConnectionError),
        (resets, ApiConnectionError),
        (late(reply()), ApiTimeoutError),
        (b"garbage\r\n\r\n", ApiConnectionError),
        (drips(b"HTTP/1.1 2", b""), ApiConnectionError),
    ],
    ids=["closed", "reset", "no response", "garbage", "cut"],
)
def test_what_may_not_be_repeated_is_received_once(
    fault: Answer, kind: type[ApiException], call: str, connection: str
) -> None:
    before = [reply()] if connection == "reused" else []
    with calling(*before, fault, reply()) as c:
        for _ in before:
            get(c)
        silence = 0.15 if kind is ApiTimeoutError else 5
        error = failing(lambda: CALLS[call](c, _request_timeout=(5, silence)))
        get(c, _request_timeout=5)  # the client is as good as new

    assert isinstance(error, kind)
    assert (error.status, error.request_sent) == (0, True)
    assert error.request_id == c.ids[len(before)]
    assert "the server may have seen the request" in str(error.reason)
    assert count(c, "POST", "PUT") == 1
    assert c.clock.slept == []


@pytest.mark.fault("Sent once", "503 and its like do not repeat a prompt, with Retry-After or without")
@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504])
@pytest.mark.parametrize("headers", [{}, {"Retry_After": "1"}], ids=["", "retry-after"])
@pytest.mark.parametrize("call", ["create", "update", "replay"])
def test_a_failure_that_passes_does_not_repeat_a_prompt(
    call: str, headers: dict[str, str], status: int
) -> None:
    with calling(reply({}, status=status, **headers), reply()) as c:
        error = failing(lambda: CALLS[call](c))

    assert (error.status, error.request_sent) == (status, True)
    assert len(c.server.requests) == 1
    assert c.clock.slept == []


@pytest.mark.fault(
    "Sent once",
    "A prompt that was read reaches the server once, however its call fails, on fresh and reused connections",
)
@pytest.mark.parametrize("call", ["create", "update"])
def test_a_response_that_is_cut_does_not_repeat_a_prompt(call: str) -> None:
    def cut(connection: Connection, request: Received) -> bool:
        connection.send(reply()[:-10])
        return False

    with calling(cut, reply()) as c:
        error = failing(lambda: CALLS[call](c))

    assert isinstance(error, ApiConnectionError)
    assert error.request_sent is True
    assert len(c.server.requests) == 1


@pytest.mark.fault(
    "The wire", "A kept connection that the server has closed is replaced before anything is sent"
)
def test_a_connection_seen_closed_is_replaced_before_anything_is_sent() -> None:
    closed = threading.Event()

    def answers_and_closes(connection: Connection, request: Received) -> bool:
        connection.send(reply())
        connection.sock.shutdown(socket.SHUT_RDWR)
        closed.set()
        return False

    with calling(answers_and_closes, reply()) as c:
        get(c)
        assert closed.wait(5)
        assert CALLS["update"](c).id == "s1"

    assert [request.method for request in c.server.requests] == ["GET", "PUT"]
    assert c.server.connections == 2


@pytest.mark.fault("Sent once", "A GET is repeated after a lost connection, three times and no more")
@pytest.mark.parametrize("fault", [closes, resets])
def test_a_get_is_repeated_after_a_lost_connection(fault: Answer) -> None:
    with calling(fault, fault, fault, reply()) as c:
        assert get(c).id == "s1"

    assert len(c.server.requests) == 4
    assert len(set(c.ids)) == 1
    assert 0 < sum(c.clock.slept) < 4


@pytest.mark.fault("Sent once", "A GET is repeated after a lost connection, three times and no more")
def test_a_get_is_repeated_three_times_and_no_more() -> None:
    with calling(closes) as c:
        error = failing(lambda: get(c))

    assert isinstance(error, ApiConnectionError)
    assert error.request_sent is True
    assert len(c.server.requests) == 4


def test_a_get_is_repeated_after_a_cut_response() -> None:
    def cut(connection: Connection, request: Received) -> bool:
        connection.send(reply()[:-10])
        return False

    with calling(cut, reply()) as c:
        assert get(c).id == "s1"

    assert len(c.server.requests) == 2


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_get_is_repeated_after_a_failure_that_passes(status: int) -> None:
    with calling(reply({}, status=status), reply()) as c:
        assert get(c).id == "s1"

    assert len(c.server.requests) == 2
    assert c.server.connections == 1


@pytest.mark.parametrize("status", [400, 404, 409, 500, 501])
def test_a_get_is_not_repeated_after_other_responses(status: int) -> None:
    with calling(reply({}, status=status), reply()) as c:
        assert failing(lambda: get(c)).status == status

    assert len(c.server.requests) == 1


@pytest.mark.fault("Sent once", "When retries are exhausted the last response is what the caller gets")
def test_the_last_response_is_kept_when_retries_are_exhausted() -> None:
    answers = [reply({"detail": n}, status=status) for n, status in enumerate([503, 502, 504, 503])]
    with calling(*answers, reply()) as c:
        error = failing(lambda: get(c))

    assert isinstance(error, ServiceException)
    assert (error.status, error.data) == (503, {"detail": 3})
    assert len(c.server.requests) == 4


@pytest.mark.fault("Sent once", "Nothing is repeated after a timeout")
@pytest.mark.parametrize("limits", [(1, 0.15), 0.15], ids=["read", "total"])
def test_a_get_is_not_repeated_after_a_timeout(limits: Any) -> None:
    with calling(late(reply()), reply()) as c:
        error = failing(lambda: get(c, _request_timeout=limits))

    assert isinstance(error, ApiTimeoutError)
    assert error.request_sent is True
    assert len(c.server.requests) == 1


@pytest.mark.fault("Sent once", "Nothing is repeated after a timeout")
def test_a_get_is_not_repeated_after_a_timeout_within_the_body() -> None:
    with calling(keeps_open(reply()[:-5]), reply()) as c:
        assert isinstance(failing(lambda: get(c, _request_timeout=(1, 0.15))), ApiTimeoutError)

    assert len(c.server.requests) == 1


class _Resolver:
    """A name whose addresses refuse so many times, then lead to a server."""

    def __init__(self, patch: pytest.MonkeyPatch, refusals: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.closed = listener.getsockname()[1]
        self.port = self.closed
        self.left = refusals
        patch.setattr(socket, "getaddrinfo", self)
        #: Counted by connections made, since a name may be looked up more than once for each.
        connect = socket.socket.connect

        def counted(sock: socket.socket, address: Any) -> None:
            self.left -= 1
            connect(sock, address)

        patch.setattr(socket.socket, "connect", counted)

    def __call__(self, *asked: Any, **options: Any) -> list[Any]:
        port = self.closed if self.left > 0 else self.port
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


class Stream:
    """A file that can be read once."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._content.read(size)


@pytest.mark.fault("Sent once", "What was not written may go again, a prompt too")
@pytest.mark.parametrize("call", ["create", "update", "replay", "stream"])
def test_all_may_go_again_when_nothing_was_written(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(b"streamed once")
    with calling(reply()) as c:
        resolver = _Resolver(monkeypatch, refusals=3)
        resolver.port = c.server.port
        c.client.configuration.host = "http://refusing.test"
        if call == "stream":
            answer = c.api.create_session("a1", PROMPT, [("name", stream)])  # type: ignore[list-item]
        else:
            answer = CALLS[call](c)

    assert answer.id == "s1"
    assert len(c.server.requests) == 1
    assert len(c.clock.slept) == 3
    if call == "stream":
        assert b"streamed once" in c.server.requests[0].body


@pytest.mark.fault("The wire", "A connection that is refused is told, and that nothing was sent")
@pytest.mark.parametrize("retries", [None, 0, False])
def test_a_refused_connection_is_given_up_in_the_end(retries: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    tried: list[Any] = []
    with client_of(f"http://127.0.0.1:{port}", retries=retries) as client:
        client.configuration.hooks = [_Tried(tried)]
        error = failing(lambda: SessionsApi(client).create_session("a1", PROMPT))

    assert isinstance(error, ApiConnectionError)
    assert not isinstance(error, ApiTimeoutError)
    assert (error.status, error.request_sent) == (0, False)
    assert len(tried) == (4 if retries is None else 1)


class _Tried:
    def __init__(self, tried: list[Any]) -> None:
        self.on_request = tried.append
        self.on_error = self.on_response = lambda attempt: None


@pytest.mark.fault("The wire", "A name that cannot be resolved is told, and that nothing was sent")
def test_a_name_that_cannot_be_resolved_is_a_connection_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*asked: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with client_of("http://nowhere.test") as client:
        error = failing(lambda: SessionsApi(client).create_session("a1", PROMPT))

    assert isinstance(error, ApiConnectionError)
    assert not isinstance(error, ApiTimeoutError)
    assert error.request_sent is False


def test_a_file_that_becomes_shorter_ends_the_call(tmp_path: Path) -> None:
    """The server waits for bytes that will not come, so the connection is closed at once."""
    path = tmp_path / "shrinking"
    path.write_bytes(b"x" * 1000)

    class Shrinks(io.BytesIO):
        """Long while it is looked at, short while it is sent."""

        def read(self, size: int | None = -1) -> bytes:
            if size:  # else it is only asked whether it gives bytes
                path.write_bytes(b"x" * 10)
            return super().read(size)

    with calling(reply()) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT, [Shrinks(b"1"), path]))
        get(c)

    assert "became shorter" in str(error.reason)
    assert (error.status, error.request_sent) == (0, True)
    assert [request.method for request in c.server.requests if request.method == "GET"] == ["GET"]
    assert c.server.connections == 2


# ── what became of the call ──


@pytest.mark.fault("Sent once", "What any attempt has sent was sent, whatever became of the last attempt")
def test_an_attempt_that_was_read_counts_though_the_last_one_was_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = urllib3.Retry(1, allowed_methods={"POST"}, backoff_factor=0)

    def gone(connection: Connection, request: Received) -> bool:
        resolver.port = resolver.closed
        return False

    with calling(gone, retries=policy) as c:
        resolver = _Resolver(monkeypatch, refusals=0)
        resolver.port = c.server.port
        c.client.configuration.host = "http://leaving.test"
        error = failing(lambda: CALLS["create"](c))

    assert len(c.server.requests) == 1
    assert (error.request_sent, error.safe_to_repeat) == (True, False)
    assert "the server may have seen the request" in str(error.reason)


@pytest.mark.fault("Sent once", "What any attempt has sent was sent, whatever became of the last attempt")
@pytest.mark.parametrize(
    ("status", "safe"), [(301, True), (302, True), (303, False), (307, True), (308, True)]
)
def test_a_redirect_to_where_nobody_listens(status: int, safe: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    with calling(to(f"http://127.0.0.1:{closed}/x", status), retries=False) as c:
        error = failing(lambda: c.api.update_session("s1", PROMPT))

    assert [request.method for request in c.server.requests] == ["PUT"]
    assert (error.request_sent, error.safe_to_repeat) == (True, safe)
    assert error.status == (0 if status == 303 else status)
    assert "nothing was sent" not in str(error.reason)


@pytest.mark.fault("Sent once", "A setting that cannot be used behind a redirect is an error of the call")
@pytest.mark.parametrize("settings", [{"ssl_ca_cert": "not/there.pem"}])
def test_a_setting_that_cannot_be_used_behind_a_redirect(settings: dict[str, Any]) -> None:
    told: list[tuple[str, Attempt]] = []
    with calling(to("https://127.0.0.1:9/sessions/s1", 303), hooks=[_Told(told)], **settings) as c:
        error = failing(lambda: CALLS["create"](c))

    assert isinstance(error.__cause__, ApiValueError)
    assert "not/there.pem" in str(error)
    assert (error.status, error.request_sent, error.safe_to_repeat) == (0, True, False)
    assert error.call is not None
    assert error.call.attempts == 2
    assert [event for event, _ in told] == ["request", "response", "request", "error"]
    assert told[-1][1].final


def test_a_setting_that_cannot_be_used_at_once_is_no_error_of_the_call() -> None:
    with calling(reply(), ssl_ca_cert="not/there.pem") as c:
        c.client.configuration.host = "https://127.0.0.1:9"
        with pytest.raises(ApiValueError, match="ssl_ca_cert"):
            get(c)

    assert c.server.connections == 0


@pytest.mark.parametrize(
    ("answers", "sent", "safe"),
    [
        ([reply({}, status=404)], True, True),
        ([reply({}, status=422)], True, True),
        ([reply({}, status=429)], True, True),
        ([reply({}, status=408)], True, False),
        ([reply({}, status=500)], True, False),
        ([reply({}, status=503)], True, False),
        ([reply({}, status=304)], True, False),
        ([reply({}, status=303)], True, False),
        ([reply({}, status=307)], True, True),
        ([reply(b"<html>")], True, False),
        ([closes], True, False),
        ([reply({}, status=429, Retry_After="1"), closes], True, False),
        ([reply({}, status=429, Retry_After="1"), reply({}, status=409)], True, True),
    ],
    ids=range(13),
)
def test_whether_a_prompt_may_go_again(answers: list[Answer], sent: bool, safe: bool) -> None:
    with calling(*answers) as c:
        error = failing(lambda: CALLS["update"](c))

    assert len(c.server.requests) == len(answers)
    assert (error.request_sent, error.safe_to_repeat) == (sent, safe)


def test_what_was_not_sent_may_go_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with client_of(f"http://127.0.0.1:{port}", retries=False) as client:
        refused = failing(lambda: SessionsApi(client).create_session("a1", PROMPT))
        client.configuration.access_token = EnvToken("NO_SUCH_TOKEN")
        token_error = failing(lambda: SessionsApi(client).create_session("a1", PROMPT))

    for error in (refused, token_error):
        assert (error.request_sent, error.safe_to_repeat) == (False, True)


class Raises:
    """A file object that gives some bytes, then raises what is not in anybody's list."""

    name = "report.csv"

    def __init__(self, error: Exception) -> None:
        self._error = error
        self._left = 3

    def read(self, size: int = -1) -> bytes:
        if size == 0:
            return b""
        self._left -= 1
        if self._left < 0:
            raise self._error
        return b"x" * 100_000


class DriverError(Exception):
    """An error of a library that nobody here knows."""


@pytest.mark.fault("Files", "A file object that raises an error of its own ends the call in an ApiException")
@pytest.mark.parametrize("kind", [zlib.error, EOFError, DriverError, RuntimeError, LookupError, OSError])
def test_a_file_object_that_raises_something_of_its_own(kind: type[Exception]) -> None:
    told: list[tuple[str, Attempt]] = []
    raised = kind("cannot go on")
    with calling(reply(), hooks=[_Told(told)]) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT, Raises(raised)))  # type: ignore[arg-type]
        get(c)

    assert error.__cause__ is raised
    assert "'report.csv'" in str(error.reason)
    assert "cannot go on" in str(error.reason)
    assert "the server may have seen the request" in str(error).splitlines()[0]
    assert error.request_id
    assert (error.status, error.request_sent, error.safe_to_repeat) == (0, True, False)
    assert [event for event, _ in told[:2]] == ["request", "error"]
    assert told[1][1].error is error


class _Told(Hooks):
    """Keeps what is told, in order."""

    def __init__(self, told: list[tuple[str, Attempt]]) -> None:
        self.on_request = lambda attempt: told.append(("request", attempt))  # type: ignore[method-assign]
        self.on_response = lambda attempt: told.append(("response", attempt))  # type: ignore[method-assign]
        self.on_error = lambda attempt: told.append(("error", attempt))  # type: ignore[method-assign]


class Alarm(Exception):
    """What a signal handler of the user's raises."""


class LateAlarm(TimeoutError):
    """One that urllib3 would take for a time-out of its own."""


@pytest.mark.fault(
    "Life cycle", "What a signal handler raises reaches the caller as it is, and observers are told"
)
@pytest.mark.parametrize("kind", [Alarm, LateAlarm, SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("call", ["create", "get"])
def test_what_a_signal_handler_raises_passes(kind: type[BaseException], call: str) -> None:
    told: list[tuple[str, Attempt]] = []

    def handler(number: int, frame: Any) -> None:
        raise kind("now")

    def hangs(connection: Connection, request: Received) -> bool:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        connection.sock.settimeout(5)
        connection.sock.recv(1)
        return False

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with calling(hangs, hooks=[_Told(told)]) as c:
            with pytest.raises(kind, match="now"):
                get(c) if call == "get" else CALLS[call](c)
            assert len(c.server.requests) == 1
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert [event for event, _ in told] == ["request", "error"]
    assert isinstance(told[1][1].error, kind)
    assert told[1][1].final


def test_an_interrupt_while_another_token_is_fetched_is_told() -> None:
    told: list[tuple[str, Attempt]] = []
    asked: list[None] = []

    def token() -> str:
        asked.append(None)
        if len(asked) > 1:
            raise KeyboardInterrupt
        return "old"

    with (
        calling(reply({}, status=401), hooks=[_Told(told)], access_token=token) as c,
        pytest.raises(KeyboardInterrupt),
    ):
        get(c)

    assert [event for event, _ in told] == ["request", "error"]


@pytest.mark.fault(
    "Sent once", "All calls of a client share a hundred repetitions, which successes give back"
)
def test_a_dead_server_is_not_stormed() -> None:
    with calling(closes) as c:
        for _ in range(60):
            failing(lambda: get(c))
        derived = SessionsApi(c.client.with_options())
        before = len(c.server.requests)
        failing(lambda: derived.get_session("s1"))

    assert before == 60 + QUOTA
    assert len(c.server.requests) == before + 1


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((1, 0.15), "the server was silent for 0.15 s"),
        (0.15, "the 0.15 s for the call are over"),
    ],
)
def test_a_timeout_says_which_limit_was_over(limits: Any, words: str) -> None:
    with calling(late(reply())) as c:
        error = failing(lambda: CALLS["create"](c, _request_timeout=limits))

    assert words in str(error).splitlines()[0]
    assert "host=" not in str(error)


def test_a_connection_that_takes_too_long_says_so() -> None:
    """The server accepts, and never speaks TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with client_of(host, retries=False) as client:
            error = failing(
                lambda: SessionsApi(client).create_session("a1", PROMPT, _request_timeout=(0.15, 5))
            )

    assert isinstance(error, ApiTimeoutError)
    assert "no connection within 0.15 s" in str(error.reason)
    assert (error.request_sent, error.safe_to_repeat) == (False, True)


# ── refused for now ──


@pytest.mark.fault("Sent once", "A repeated upload carries the same bytes, from where each file object stood")
def test_a_refusal_is_repeated_with_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"abcdefg")
    refused = reply({}, status=429, Retry_After="2")
    with calling(refused, refused, reply()) as c, path.open("rb") as file:
        file.seek(3)
        files = [file, path, io.BytesIO(b"in memory"), b"bytes"]
        assert c.api.update_session("s1", PROMPT, files).id == "s1"

    bodies = {request.body for request in c.server.requests}
    assert len(c.server.requests) == 3
    assert len(bodies) == 1
    (body,) = bodies
    assert b"\r\n\r\ndefg\r\n" in body
    assert b"\r\n\r\nabcdefg\r\n" in body
    assert b"in memory" in body
    assert c.clock.slept == [2, 2]
    assert len(set(c.ids)) == 1


@pytest.mark.fault("Sent once", "A 429 with a time is a refusal: it is repeated so often, and then no more")
@pytest.mark.parametrize("times", [0, 1, 2, 3])
@pytest.mark.parametrize("call", ["create", "update", "replay"])
def test_a_refusal_is_repeated_so_many_times(call: str, times: int) -> None:
    refused = reply({"detail": "later"}, status=429, Retry_After="1")
    with calling(refused, rate_limit_retries=times) as c:
        error = failing(lambda: CALLS[call](c))

    assert isinstance(error, TooManyRequestsException)
    assert (error.retry_after, error.data, error.request_sent) == (1, {"detail": "later"}, True)
    assert len(c.server.requests) == times + 1


@pytest.mark.fault("Sent once", "A 429 without a time does not repeat a prompt")
def test_a_refusal_without_a_time_is_not_repeated() -> None:
    with calling(reply({}, status=429), reply()) as c:
        error = failing(lambda: CALLS["create"](c))

    assert isinstance(error, TooManyRequestsException)
    assert error.retry_after is None
    assert len(c.server.requests) == 1


@pytest.mark.fault("Sent once", "An upload that cannot be read again is not repeated, for no reason")
def test_a_stream_that_was_sent_is_not_sent_again() -> None:
    with calling(reply({}, status=429, Retry_After="1"), reply()) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT, [("name", Stream(b"x"))]))  # type: ignore[list-item]

    assert isinstance(error, TooManyRequestsException)
    assert len(c.server.requests) == 1
    assert c.server.requests[0].headers["Transfer-Encoding"] == "chunked"


@pytest.mark.fault("Sent once", "A wait that would outlast a minute or the deadline is not begun")
@pytest.mark.parametrize(("status", "call"), [(429, CALLS["create"]), (429, get), (503, get)])
@pytest.mark.parametrize(
    ("wait", "limit"),
    [("61", None), ("86400", None), ("Wed, 21 Oct 2099 07:28:00 GMT", None), ("30", 20)],
    ids=["61 s", "a day", "2099", "beyond the deadline"],
)
def test_a_wait_that_is_too_long_raises_at_once(status: int, call: Any, wait: str, limit: Any) -> None:
    with calling(reply({}, status=status, Retry_After=wait), reply()) as c:
        error = failing(lambda: call(c, _request_timeout=limit))

    assert error.status == status
    assert c.clock.slept == []
    assert len(c.server.requests) == 1


@pytest.mark.fault("Sent once", "A wait that would outlast a minute or the deadline is not begun")
def test_waits_count_against_the_deadline() -> None:
    with calling(reply({}, status=429, Retry_After="15"), rate_limit_retries=9) as c:
        assert failing(lambda: CALLS["create"](c, _request_timeout=40)).status == 429

    assert c.clock.slept == [15, 15]


# ── a token that has expired ──


def _tokens(*tokens: str) -> Callable[[], str]:
    left = iter(tokens)
    last = tokens[-1]
    return lambda: next(left, last)


def _shown(c: Calling) -> list[str]:
    return [request.headers["Authorization"] for request in c.server.requests]


@pytest.mark.fault(
    "Sent once", "After a 401 a call goes again once, with another token, and only with another one"
)
@pytest.mark.parametrize("call", ["create", "update", "replay", "raw create"])
def test_a_token_is_asked_for_anew_once_after_401(call: str) -> None:
    with calling(reply({}, status=401), reply(), access_token=_tokens("old", "new")) as c:
        answer = CALLS[call](c)
        assert json.loads(answer.data)["id"] == "s1" if call == "raw create" else answer.id == "s1"

    assert _shown(c) == ["Bearer old", "Bearer new"]
    assert len({request.body for request in c.server.requests}) == 1
    assert len(set(c.ids)) == 1
    assert c.clock.slept == []


@pytest.mark.fault(
    "Sent once", "After a 401 a call goes again once, with another token, and only with another one"
)
def test_a_token_is_asked_for_anew_only_once() -> None:
    with calling(reply({}, status=401), access_token=_tokens("1", "2", "3", "4")) as c:
        assert isinstance(failing(lambda: get(c)), UnauthorizedException)

    assert _shown(c) == ["Bearer 1", "Bearer 2"]


@pytest.mark.fault(
    "Sent once", "After a 401 a call goes again once, with another token, and only with another one"
)
@pytest.mark.parametrize("token", ["literal", _tokens("same")], ids=["literal", "the same again"])
def test_the_same_token_is_not_shown_twice(token: Any) -> None:
    with calling(reply({}, status=401), reply(), access_token=token) as c:
        assert isinstance(failing(lambda: get(c)), UnauthorizedException)

    assert len(c.server.requests) == 1


def test_a_token_of_the_call_is_not_replaced() -> None:
    auth = {"in": "header", "key": "Authorization", "value": "Bearer mine"}
    with calling(reply({}, status=401), reply(), access_token=_tokens("old", "new")) as c:
        failing(lambda: get(c, _request_auth=auth))

    assert _shown(c) == ["Bearer mine"]


def test_the_401_is_what_is_raised_when_no_other_token_can_be_had() -> None:
    def source() -> str:
        if asked:
            raise RuntimeError("no")
        asked.append(1)
        return "old"

    asked: list[int] = []
    with calling(reply({}, status=401), reply(), access_token=source) as c:
        assert isinstance(failing(lambda: get(c)), UnauthorizedException)

    assert len(c.server.requests) == 1


@pytest.mark.fault("Sent once", "An upload that cannot be read again is not repeated, for no reason")
def test_a_stream_is_not_sent_again_with_another_token() -> None:
    with calling(reply({}, status=401), reply(), access_token=_tokens("old", "new")) as c:
        call: Any = lambda: c.api.create_session("a1", PROMPT, [("name", Stream(b"x"))])  # type: ignore[list-item] # noqa: E731
        assert isinstance(failing(call), UnauthorizedException)

    assert len(c.server.requests) == 1


@pytest.mark.fault("Tokens", "A token that was replaced in its file or variable is taken by the next request")
@pytest.mark.parametrize("kind", ["file", "environment"])
def test_a_rotated_token_is_taken(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"

    def rotate(token: str) -> None:
        path.write_text(f"{token}\n")
        monkeypatch.setenv("THE_TOKEN", token)

    def refuses(connection: Connection, request: Received) -> None:
        rotate("new")
        connection.send(reply({}, status=401))

    rotate("old")
    token = FileToken(path) if kind == "file" else EnvToken("THE_TOKEN")
    with calling(refuses, reply(), access_token=token) as c:
        CALLS["create"](c)

    assert _shown(c) == ["Bearer old", "Bearer new"]


@pytest.mark.fault("Tokens", "Without a token nothing is sent")
def test_without_a_token_nothing_is_sent(tmp_path: Path) -> None:
    with calling(reply(), access_token=FileToken(tmp_path / "none")) as c:
        error = failing(lambda: get(c))

    assert isinstance(error, AuthenticationError)
    assert (error.status, error.request_sent) == (0, False)
    assert c.server.connections == 0


# ── without retries ──


@pytest.mark.fault("Sent once", "retries=False is one request, whatever comes")
@pytest.mark.parametrize(
    "answer",
    [
        closes,
        reply({}, status=503),
        reply({}, status=503, Retry_After="1"),
        reply({}, status=429, Retry_After="1"),
        reply({}, status=401),
    ],
    ids=["lost", "503", "503 with a time", "429", "401"],
)
def test_retries_false_is_one_request(answer: Answer) -> None:
    with calling(answer, reply(), retries=False, access_token=_tokens("old", "new")) as c:
        failing(lambda: get(c))

    assert len(c.server.requests) == 1
    assert c.clock.slept == []


# ── the request id ──


@pytest.mark.fault("Observability", "A call has one request id on all its attempts, and each call its own")
def test_a_call_has_one_id_and_each_call_its_own() -> None:
    with calling(closes, reply({}, status=503), reply(status=302, Location="/sessions/s2"), reply()) as c:
        get(c)
        get(c)

    first, second = c.ids[:4], c.ids[4:]
    assert (len(first), len(second)) == (4, 1)
    assert len(set(first)) == 1
    assert len(first[0]) == 32
    assert second[0] != first[0]


@pytest.mark.fault("Observability", "A call has one request id on all its attempts, and each call its own")
def test_an_id_of_the_caller_is_sent_on_each_attempt() -> None:
    with calling(closes, reply()) as c:
        get(c, _headers={"x-request-id": "mine"})

    assert c.ids == ["mine", "mine"]


# ── redirects ──

REDIRECTS = [301, 302, 303, 307, 308]
KEEPING = [301, 302, 307, 308]


def to(location: str, status: int = 302) -> bytes:
    return reply({}, status=status, Location=location)


@pytest.mark.fault("Redirects", "Within its origin a redirect is followed, with token and cookie")
@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("location", ["/sessions/s2?x=1#part", "s2?x=1", "absolute"])
def test_the_same_origin_is_shown_everything(location: str, status: int) -> None:
    def redirects(connection: Connection, request: Received) -> None:
        absolute = f"http://{request.headers['Host']}/sessions/s2?x=1"
        connection.send(to(absolute if location == "absolute" else location, status))

    with calling(redirects, reply()) as c:
        c.client.cookie = "crumb=1"
        c.client.set_default_header("X-Api-Key", "private")
        get(c, _headers={"X-Mine": "mine"})

    first, second = c.server.requests
    assert (second.method, second.target) == ("GET", "/sessions/s2?x=1")
    assert second.headers.items() == first.headers.items()
    assert second.headers["Authorization"] == f"Bearer {TOKEN}"
    assert second.headers["Cookie"] == "crumb=1"
    assert c.server.connections == 1


@pytest.mark.fault("Redirects", "Another origin sees no token, cookie, prompt, file or header of yours")
@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_another_origin_is_shown_nothing_private(status: int, place: str) -> None:
    """Another port is another origin."""
    auth = {"in": place, "key": "X-Key", "value": "secret-of-the-call"}
    with playing(reply()) as other, calling(to(f"{other.host}/sessions/s2", status)) as c:
        c.client.cookie = "crumb=1"
        c.client.set_default_header("X-Api-Key", "private")
        get(c)
        get(c, _headers={"X-Mine": "mine"}, _request_auth=auth)

    for request in other.requests:
        assert request.target == "/sessions/s2"
        assert request.body == b""
        assert {name.lower() for name in request.headers} == {
            "host",
            "accept",
            "accept-encoding",
            "user-agent",
        }
        assert request.headers["Host"] == f"127.0.0.1:{other.port}"
    assert (len(c.server.requests), len(other.requests)) == (2, 2)


@pytest.mark.fault("Redirects", "Another origin sees no token, cookie, prompt, file or header of yours")
def test_another_host_is_another_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    with calling(lambda connection, request: connection.send(location[0]), reply()) as c:
        location = [to(f"http://other.test:{c.server.port}/sessions/s2")]
        found = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", c.server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **options: [found])
        get(c)

    assert "Authorization" in c.server.requests[0].headers
    assert "Authorization" not in c.server.requests[1].headers
    assert c.server.requests[1].headers["Host"] == f"other.test:{c.server.port}"


@pytest.mark.fault("Redirects", "Another origin sees no token, cookie, prompt, file or header of yours")
def test_the_way_back_is_shown_nothing_either() -> None:
    """Where another origin leads back to the first, the token is not shown at its bidding."""
    back: list[bytes] = []
    with (
        playing(lambda connection, request: connection.send(back[0])) as other,
        calling(to(f"{other.host}/x"), reply()) as c,
    ):
        back.append(to(f"{c.server.host}/sessions/other"))
        get(c)

    assert [request.target for request in c.server.requests] == ["/sessions/s1", "/sessions/other"]
    assert "Authorization" not in c.server.requests[1].headers


def test_tls_is_never_left(tmp_path: Path) -> None:
    trusted = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)}
    with playing(reply()) as plain, calling(to(f"{plain.host}/sessions/s2"), **trusted) as c:
        error = failing(lambda: get(c))

    assert error.status == 302
    assert "not followed" in str(error.reason)
    assert plain.connections == 0


@pytest.mark.fault("Redirects", "From https nothing goes to http, on any port or host")
def test_tls_is_not_left_for_the_same_port_either(tmp_path: Path) -> None:
    """There the token would go out in the clear, whoever listens."""

    def redirects(connection: Connection, request: Received) -> None:
        connection.send(to(f"http://{request.headers['Host']}/sessions/s2"))

    with calling(redirects, tls=server_tls(), ssl_ca_cert=ca_file(tmp_path)) as c:
        assert failing(lambda: get(c)).status == 302

    assert c.server.connections == 1


@pytest.mark.fault(
    "Redirects",
    "301, 302, 307 and 308 of a prompt are followed within its origin, with the same method and bytes",
)
@pytest.mark.parametrize("status", KEEPING)
@pytest.mark.parametrize("call", ["create", "update", "replay"])
def test_a_prompt_is_repeated_within_its_origin(call: str, status: int) -> None:
    with calling(to("/elsewhere", status), reply()) as c:
        assert CALLS[call](c).id == "s1"

    first, second = c.server.requests
    assert second.target == "/elsewhere"
    assert (second.method, second.body) == (first.method, first.body)
    assert second.headers.items() == first.headers.items()


@pytest.mark.parametrize("status", KEEPING)
@pytest.mark.parametrize("call", ["create", "update"])
def test_a_prompt_does_not_leave_its_origin(call: str, status: int) -> None:
    with playing(reply()) as other, calling(to(f"{other.host}/sessions", status)) as c:
        error = failing(lambda: CALLS[call](c))

    assert error.status == status
    assert "not followed" in str(error.reason)
    assert len(c.server.requests) == 1
    assert other.connections == 0


@pytest.mark.fault("Sent once", "An upload that cannot be read again is not repeated, for no reason")
@pytest.mark.parametrize("status", KEEPING)
def test_a_stream_is_not_repeated_by_a_redirect(status: int) -> None:
    with calling(to("/elsewhere", status), reply()) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT, [("name", Stream(b"x"))]))  # type: ignore[list-item]

    assert (error.status, error.safe_to_repeat) == (status, True)
    assert len(c.server.requests) == 1


@pytest.mark.fault("Redirects", "303 of a prompt becomes a GET without a body")
@pytest.mark.parametrize("foreign", [False, True])
def test_a_prompt_becomes_a_get_without_a_body(foreign: bool) -> None:
    with playing(reply()) as other:
        location = f"{other.host}/sessions/s1" if foreign else "/sessions/s1"
        with calling(to(location, 303), reply()) as c:
            assert CALLS["create"](c).id == "s1"

    request = (c.server.requests + other.requests)[1]
    assert (request.method, request.target, request.body) == ("GET", "/sessions/s1", b"")
    assert "Content-Type" not in request.headers
    assert "Content-Length" not in request.headers
    assert ("Authorization" in request.headers) is not foreign


def test_what_a_redirect_leads_to_may_be_repeated() -> None:
    """The GET that a POST has become."""
    with calling(to("/sessions/s1", 303), reply({}, status=503), reply()) as c:
        assert CALLS["create"](c).id == "s1"

    assert [request.method for request in c.server.requests] == ["POST", "GET", "GET"]


@pytest.mark.fault("Redirects", "A loop ends after ten redirects, between two origins too")
def test_redirects_end_after_ten() -> None:
    with calling(to("/again")) as c:
        error = failing(lambda: get(c))

    assert error.status == 302
    assert len(c.server.requests) == 11


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/", "file:///etc/passwd", "javascript:x", "http://[", "http://a:b/"]
)
def test_a_redirect_to_nowhere_is_not_followed(location: str) -> None:
    with calling(to(location), reply()) as c:
        assert failing(lambda: get(c)).status == 302

    assert len(c.server.requests) == 1


@pytest.mark.parametrize("status", [300, 304, 305])
def test_other_responses_of_their_kind_are_no_redirects(status: int) -> None:
    answer = f"HTTP/1.1 {status} Reason\r\nLocation: /sessions/s2\r\nContent-Length: 0\r\n\r\n".encode()
    with calling(answer, reply()) as c:
        assert failing(lambda: get(c)).status == status

    assert len(c.server.requests) == 1


# ── how much is read ──

LIMIT = 1000


def padded(length: int) -> bytes:
    session = reply().partition(b"\r\n\r\n")[2]
    return session + b" " * (length - len(session))


def encoded(body: bytes, encoding: str = "gzip") -> bytes:
    return reply(body, Content_Encoding=encoding)


def chunked(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def until_the_end(body: bytes) -> Answer:
    return drips(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body, b"")


FORMS: dict[str, Callable[[bytes], Answer]] = {
    "length": reply,
    "chunked": chunked,
    "until the end": until_the_end,
    "gzip": lambda body: encoded(gzip.compress(body)),
    "deflate": lambda body: encoded(zlib.compress(body), "deflate"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_body_is_read_up_to_its_limit(form: str) -> None:
    with calling(FORMS[form](padded(LIMIT)), max_response_size=LIMIT) as c:
        assert get(c).id == "s1"


@pytest.mark.fault("The wire", "A body without an end is read up to max_response_size and no further")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("call", ["get", "create"])
def test_a_body_beyond_its_limit_is_refused(call: str, form: str) -> None:
    with calling(FORMS[form](padded(LIMIT + 1)), reply(), max_response_size=LIMIT) as c:
        error = failing(lambda: CALLS.get(call, get)(c))

    assert isinstance(error, ApiResponseError)
    assert "max_response_size, 1000 bytes" in str(error.reason)
    assert error.request_sent is True
    assert error.request_id == c.ids[0]
    assert len(c.server.requests) == 1


def test_an_error_with_a_long_body_is_still_that_error() -> None:
    with calling(reply(b"x" * 100_000, status=404), max_response_size=LIMIT) as c:
        error = failing(lambda: get(c))

    assert isinstance(error, NotFoundException)
    assert len(error.body or "") <= LIMIT


def measured(call: Callable[[], object]) -> tuple[ApiException, int]:
    """Return the error of a call, and the most memory that it took, in bytes."""
    tracemalloc.start()
    try:
        return failing(call), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_costs_little_memory() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    with calling(encoded(bomb), max_response_size=1024 * 1024) as c:
        error, peak = measured(lambda: get(c))

    assert isinstance(error, ApiResponseError)
    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize("item", [b"[]", b"{}", b"1", b'{"":0}'])
def test_an_error_of_many_values_costs_little_memory(status: int, item: bytes) -> None:
    """A few KB on the wire; taken to pieces each value would take many times its size."""
    body = b'{"detail":[' + (item + b",") * 1_000_000 + item + b"]}"
    with calling(reply(gzip.compress(body, 1), status=status, Content_Encoding="gzip"), retries=False) as c:
        error, peak = measured(lambda: get(c))

    assert (error.status, error.data) == (status, None)
    assert (error.body or "").startswith('{"detail":[')
    assert peak < 8 * len(body)


@pytest.mark.parametrize("item", [b"1", b"[]", b'""'])
def test_a_response_of_many_values_costs_little_memory(item: bytes) -> None:
    body = b'{"id":[' + (item + b",") * 4_000_000 + item + b"]}"
    compressed = gzip.compress(body, 1)
    with calling(reply(compressed, Content_Encoding="gzip"), retries=False, max_response_size=2**25) as c:
        error, peak = measured(lambda: get(c))

    assert isinstance(error, ApiResponseError)
    assert "more than 2097152 values" in str(error)
    assert peak < 8 * len(body)


@pytest.mark.fault("Secrets", "Tools that print the variables of a traceback see no token")
def test_what_is_read_before_a_fault_is_not_in_the_traceback() -> None:
    body = b"private " + os.urandom(2 * 1024 * 1024).hex().encode()  # so that it comes in several pieces
    faulty = gzip.compress(body)[:-8] + bytes(8)
    with calling(reply(faulty, Content_Encoding="gzip")) as c:
        error = failing(lambda: c.api.create_session("a1", "hello"))

    assert "not what its encoding says" in str(error.reason)
    assert "private" not in own_frames(error)


@pytest.mark.fault("The wire", "A body that is no gzip, or a part of one, is no response")
@pytest.mark.parametrize("call", ["get", "create"])
@pytest.mark.parametrize(
    "body", [b"not gzip at all", gzip.compress(padded(500))[:-20], b""], ids=["bad", "cut", "empty"]
)
def test_a_body_that_cannot_be_unpacked_is_not_a_response(body: bytes, call: str) -> None:
    with calling(encoded(body), reply()) as c:
        error = failing(lambda: CALLS.get(call, get)(c))

    assert isinstance(error, ApiResponseError)
    assert error.request_sent is True
    assert len(c.server.requests) == 1


@pytest.mark.fault("The wire", "A connection that is closed within the body is a lost one")
@pytest.mark.parametrize(
    "cut",
    [
        reply()[:-1],
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        chunked(padded(500))[:-5],
        chunked(padded(500))[:-200],
    ],
    ids=["length", "nothing", "no last chunk", "chunk"],
)
def test_a_body_that_is_cut_is_a_lost_connection(cut: bytes) -> None:
    with calling(drips(cut, b""), reply()) as c:
        error = failing(lambda: CALLS["create"](c))
    assert isinstance(error, ApiConnectionError)
    assert (error.status, error.request_sent) == (0, True)
    assert len(c.server.requests) == 1

    with calling(drips(cut, b""), reply()) as c:
        assert get(c).id == "s1"
    assert len(c.server.requests) == 2


# ── unread responses ──


@pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 404, 409, 422, 429, 500, 501])
def test_a_raw_response_of_any_status_is_handed_over(status: int) -> None:
    body = b"" if status in (204, 304) else b"any text"
    with (
        calling(reply(body, status=status)) as c,
        c.api.get_session_without_preload_content("s1") as response,
    ):
        assert response.status == status
        assert response.read() == body

    assert len(c.server.requests) == 1


def test_a_raw_response_is_not_read() -> None:
    sent = threading.Event()

    def answers_by_and_by(connection: Connection, request: Received) -> None:
        head, _, body = reply().partition(b"\r\n\r\n")
        connection.send(head + b"\r\n\r\n")
        assert sent.wait(5)
        connection.send(body)

    with calling(answers_by_and_by) as c:
        response = c.api.get_session_without_preload_content("s1", _request_timeout=(1, 2))
        sent.set()
        assert response.json()["id"] == SESSION["id"]


def test_a_raw_response_has_no_limit() -> None:
    with calling(reply(b"x" * 100_000), max_response_size=LIMIT) as c:
        assert len(c.api.get_session_without_preload_content("s1").read()) == 100_000


@pytest.mark.fault("Life cycle", "`with` closes connections and unread responses, also when its block raises")
def test_with_closes_a_raw_response() -> None:
    ended = threading.Event()
    with calling(unfinished(ended)) as c:
        with c.api.get_session_without_preload_content("s1") as response:
            pass
        assert response.closed
        assert ended.wait(5)


@pytest.mark.fault(
    "The wire", "The total timeout ends a head and a body that come byte by byte, under TLS too"
)
@pytest.mark.parametrize(
    "first",
    [
        reply({}, status=503),
        to("/sessions/s2"),
        reply({}, status=401),
        reply({}, status=429, Retry_After="0"),
    ],
    ids=["503", "redirect", "401", "429"],
)
def test_a_deadline_holds_until_a_raw_response_is_handed_over(first: bytes) -> None:
    """Not only until the first attempt has brought a response that is not handed over."""
    with calling(first, late(reply()), access_token=_tokens("old", "new")) as c:
        error = failing(lambda: c.api.get_session_without_preload_content("s1", _request_timeout=0.8))

    assert isinstance(error, ApiTimeoutError)
    assert len(c.server.requests) == 2


def test_a_wait_beyond_the_deadline_hands_a_raw_response_over_at_once() -> None:
    with (
        calling(reply({}, status=429, Retry_After="30"), reply()) as c,
        c.api.get_session_without_preload_content("s1", _request_timeout=20) as response,
    ):
        assert response.status == 429

    assert c.clock.slept == []
    assert len(c.server.requests) == 1


# ── what must not escape ──


def test_a_chunk_of_a_negative_size_is_a_broken_response() -> None:
    broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n"
    with calling(broken, retries=0) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert isinstance(error, ApiConnectionError)
    assert len(c.server.requests) == 1


@pytest.mark.fault("Tokens", "Without a token nothing is sent")
def test_a_call_without_a_token_to_be_had_is_told() -> None:
    told: list[Attempt] = []

    class Listens(Hooks):
        def on_error(self, attempt: Attempt) -> None:
            told.append(attempt)

    with calling(reply(), access_token=EnvToken("NO_SUCH_TOKEN"), hooks=[Listens()]) as c:
        error = failing(lambda: c.api.get_session("s1"))

    assert [(a.final, a.error) for a in told] == [(True, error)]
    assert c.server.requests == []


def test_responses_opened_by_other_threads_do_not_disturb_a_close() -> None:
    with calling(reply(), connection_pool_maxsize=40) as c:

        def opens() -> None:
            for _ in range(20):
                c.api.get_session_without_preload_content("s1", _request_timeout=10).close()

        threads = [threading.Thread(target=opens) for _ in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            c.client.rest_client._unread()
        for thread in threads:
            thread.join()

    assert len(c.server.requests) == 160


@pytest.mark.fault("Life cycle", "`with` closes connections and unread responses, also when its block raises")
def test_close_ends_idle_connections_that_something_still_refers_to() -> None:
    ended = threading.Event()

    def waits(connection: Connection, request: Received) -> bool:
        connection.send(reply())
        if connection.sock.recv(1) == b"":
            ended.set()
        return False

    with calling(waits) as c:
        response = c.api.get_session_without_preload_content("s1")
        response.read()
        c.client.close()
        assert ended.wait(5)
        assert response.status == 200


# ── wrappers ──


@pytest.mark.parametrize("call", ["get", "create", "update", "raw create"])
def test_a_wrapper_of_urlopen_may_add_headers(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As tracers do: they count on arguments by keyword, as urllib3's own managers pass them."""
    urlopen: Any = urllib3.HTTPConnectionPool.urlopen

    def traced(self: Any, *args: Any, **named: Any) -> Any:
        named["headers"] = {**(named.get("headers") or {}), "traceparent": f"00-{named['method']}"}
        return urlopen(self, *args, **named)

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", traced)
    with calling(reply()) as c:
        {"get": get, **CALLS}[call](c)

    (request,) = c.server.requests
    assert request.headers["traceparent"] == f"00-{request.method}"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_call_within_a_call_is_counted_on_its_own() -> None:
    """A file may be read from the service itself, while it is uploaded there."""

    class Fetched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if size and not seen:
                get(c, _request_timeout=5)
            return super().read(size)

    seen: list[Attempt] = []

    class Seen(Hooks):
        def on_response(self, attempt: Attempt) -> None:
            seen.append(attempt)

    with calling(reply(), reply(), hooks=[Seen()]) as c:
        created = c.api.create_session("a1", PROMPT, [("note.txt", Fetched(b"a note"))], _request_timeout=5)

    assert created.id == "s1"
    assert sorted(request.method for request in c.server.requests) == ["GET", "POST"]
    inner, outer = seen
    assert (inner.operation, outer.operation) == ("get_session", "create_session")
    assert outer.sent > len(PROMPT) + inner.sent


@pytest.mark.parametrize("timeout", [0.2, (5, 0.2)])
def test_the_cause_of_a_timeout_tells_the_limit(timeout: Any) -> None:
    with calling(late(reply()), retries=False) as c:
        error = failing(lambda: c.api.get_session("s1", _request_timeout=timeout))
    assert str(error.__cause__).endswith("Read timed out. (read timeout=0.2)")

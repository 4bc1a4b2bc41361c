"""Plain mode: calls over urllib3's own connections, where ours cannot extend those in place."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
import urllib3.connection

from portal_client import Hooks, SessionsApi
from portal_client.exceptions import (
    ApiConnectionError,
    ApiTimeoutError,
    NotFoundException,
    ServiceException,
)
from portal_client.hooks import Attempt
from portal_client.transport import _private, plain
from portal_client.transport._private import NAMES, Name
from support.clients import (
    PROMPT,
    TOKEN,
    ca_file,
    calling,
    client_of,
    closes,
    failing,
    keeps_open,
    late,
    resets,
    server_tls,
    shown,
    tunnel,
)
from support.scripted import Answer, playing, reply


class Recording(urllib3.connection.HTTPConnection):
    """What a recorder puts in the place of urllib3's class."""


class RecordingTLS(urllib3.connection.HTTPSConnection):
    """The same over TLS."""


def record(monkeypatch: pytest.MonkeyPatch, http: Any = Recording, https: Any = RecordingTLS) -> None:
    """Put classes in the place of urllib3's, as vcrpy does."""
    monkeypatch.setattr(urllib3.connection, "HTTPConnection", http)
    monkeypatch.setattr(urllib3.connection, "HTTPSConnection", https)
    monkeypatch.setattr(urllib3.HTTPConnectionPool, "ConnectionCls", http)
    monkeypatch.setattr(urllib3.HTTPSConnectionPool, "ConnectionCls", https)


@pytest.fixture(autouse=True)
def not_warned() -> Iterator[None]:
    vars(plain)["_warned"].clear()
    yield
    vars(plain)["_warned"].clear()


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder is active from before the first call."""
    record(monkeypatch)


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The release of urllib3 lacks a name."""
    monkeypatch.setattr(_private, "NAMES", (*NAMES, Name("urllib3.HTTPResponse", "_gone", "guard")))


# ── when ──


def test_calls_go_on_while_a_recorder_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was opened by one kind of connection is not used by the other."""
    with calling(reply()) as c:
        for active in (False, True, True, False, True):
            with monkeypatch.context() as patch:
                if active:
                    record(patch)
                assert c.api.get_session("s1").id == "s1"

    assert len(c.server.requests) == 5
    assert c.server.connections == 4


def test_a_recorder_may_come_while_a_request_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    class File:
        def read(self, size: int = -1) -> bytes:
            if size and parts:
                record(monkeypatch)
            return parts.pop() if size and parts else b""

    parts = [b"sent once"]
    with calling(reply()) as c:
        c.api.create_session("a1", PROMPT, [("name", File())])  # type: ignore[list-item]
    (request,) = c.server.requests
    assert b"sent once" in request.body


def test_a_recorder_after_another_has_connections_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with calling(reply()) as c:
        for _ in range(2):
            with monkeypatch.context() as patch:
                record(patch, type("Another", (urllib3.connection.HTTPConnection,), {}))
                c.api.get_session("s1")

    assert (len(c.server.requests), c.server.connections) == (2, 2)


def test_threads_that_look_at_the_same_time_keep_what_is_open() -> None:
    with calling(reply()) as c:
        c.api.get_session("s1")
        vars(c.client.rest_client)["_pools"]._look_at(plain.connection_classes())
        c.api.get_session("s1")

    assert (len(c.server.requests), c.server.connections) == (2, 1)


def test_one_name_in_urllib3_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib3.connection, "HTTPConnection", Recording)
    with calling(reply()) as c:
        assert c.api.get_session("s1").id == "s1"


def test_a_recorder_sees_what_is_sent_and_received(monkeypatch: pytest.MonkeyPatch) -> None:
    class Watching(Recording):
        def request(self, method: str, url: str, body: Any = None, headers: Any = None, **more: Any) -> None:
            body = list(body)
            seen.append((method, url, b"".join(body), dict(headers)))
            assert {type(text) for text in (url, *headers.values())} == {str}
            super().request(method, url, body=body, headers=headers, **more)

    seen: list[tuple[str, str, Any, dict[str, str]]] = []
    record(monkeypatch, Watching)
    with calling(reply()) as c:
        c.api.create_session("a1", PROMPT, [("note.txt", b"a note")])

    ((method, url, body, headers),) = seen
    assert (method, url, headers["Authorization"]) == ("POST", "/sessions", f"Bearer {TOKEN}")
    assert c.server.requests[0].body == body
    assert b"a note" in body


def test_a_recorder_may_be_active_before_the_client_is_imported() -> None:
    """And the guards are on when it is gone."""
    code = """
import urllib3.connection
real = urllib3.connection.HTTPConnection
class Recording(real):
    pass
urllib3.connection.HTTPConnection = Recording
from portal_client import ApiClient, Configuration, SessionsApi
api = SessionsApi(ApiClient(Configuration("HOST", access_token="t")))
assert api.get_session("s1").id == "s1"
urllib3.connection.HTTPConnection = real
assert api.get_session("s1").id == "s1"
from portal_client.transport.connection import HTTPConnection
assert HTTPConnection.__mro__[1] is real
"""
    with playing(reply()) as server:
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", code.replace("HOST", server.host)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.stderr == ""
    assert len(server.requests) == 2


# ── what is said of it ──


def test_a_recorder_is_no_reason_to_warn(recorder: None) -> None:
    with calling(reply()) as c, warnings.catch_warnings(record=True) as said:
        c.api.get_session("s1")
    assert said == []


def test_a_release_that_lacks_a_name_is_told_once(lacking: None) -> None:
    with calling(reply()) as c, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        c.api.get_session("s1")
        with client_of(c.server.host) as other:
            type(c.api)(other).get_session("s1")

    (warning,) = said
    assert warning.category is RuntimeWarning
    assert "plain mode on urllib3" in str(warning.message)
    assert "without urllib3.HTTPResponse._gone" in str(warning.message)
    assert "the limit of a call bounds each wait" in str(warning.message)
    assert len(c.server.requests) == 2


@pytest.mark.filterwarnings("ignore:Calls are made in plain mode")
@pytest.mark.parametrize("name", NAMES, ids=str)
def test_without_one_of_the_names_calls_work(name: Name, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_private, "NAMES", (name._replace(name=f"{name.name}_gone"),))
    with calling(reply()) as c:
        assert c.api.create_session("a1", PROMPT).id == "s1"
    assert len(c.server.requests) == 1


@pytest.mark.filterwarnings("ignore:Calls are made in plain mode")
@pytest.mark.parametrize("broken", [AttributeError("gone"), TypeError("no"), NotImplementedError("no")])
def test_a_urllib3_that_cannot_be_called_is_named(
    broken: Exception, lacking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def urlopen(*args: Any, **named: Any) -> Any:
        raise broken

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", urlopen)
    with calling(reply()) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))

    assert "calls are not supported on urllib3" in str(error).splitlines()[0]
    assert "urllib3.HTTPResponse._gone" in str(error).splitlines()[0]
    assert c.server.requests == []
    assert c.clock.slept == []


# ── sent once ──


@pytest.mark.parametrize("fault", [closes, resets, late(reply()), b"garbage\r\n\r\n"])
def test_a_prompt_whose_connection_stood_is_sent_once(fault: Answer, recorder: None) -> None:
    with calling(fault, reply()) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT, _request_timeout=(5, 0.3)))
        assert c.api.get_session("s1").id == "s1"

    assert (error.request_sent, error.safe_to_repeat) == (True, False)
    assert [request.method for request in c.server.requests] == ["POST", "GET"]
    assert c.clock.slept == []


def test_a_pool_that_is_closed_under_way_costs_no_prompt(recorder: None) -> None:
    """As when another thread closes the client, or ends a recording."""

    def token() -> str:
        if not tokens:
            c.client.close()
        tokens.append(TOKEN)
        return TOKEN

    tokens: list[str] = []
    with calling(reply(), access_token=token) as c:
        c.api.create_session("a1", PROMPT)

    assert [request.method for request in c.server.requests] == ["POST"]


def test_a_stream_is_read_when_there_is_a_connection(recorder: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it is whole in the attempt that brings it to the server."""
    refusals = [socket.gaierror("unknown")] * 2

    def found(host: str, port: int, *asked: Any, **options: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", c.server.port))]

    class Stream:
        def read(self, size: int = -1) -> bytes:
            return parts.pop() if size and parts else b""

    parts = [b"streamed once"]
    with calling(reply()) as c, monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", found)
        c.client.configuration.host = "http://refusing.test"
        c.api.create_session("a1", PROMPT, [("name", Stream())])  # type: ignore[list-item]

    (request,) = c.server.requests
    assert b"streamed once" in request.body
    assert len(c.clock.slept) == 2


def test_a_file_in_parts_is_kept_by_a_recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Keeping(Recording):
        def request(self, method: str, url: str, body: Any = None, *more: Any, **options: Any) -> None:
            parts = list(body)
            super().request(method, url, iter(parts), *more, **options)

    record(monkeypatch, Keeping)
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(1_000_000))
    with calling(reply()) as c:
        c.api.create_session("a1", PROMPT, [str(file)])
    assert file.read_bytes() in c.server.requests[0].body


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("fault", [closes, resets, late(reply()), b"garbage\r\n\r\n"])
def test_a_prompt_whose_proxy_stood_is_sent_once(
    fault: Answer, secure: bool, tmp_path: Path, recorder: None
) -> None:
    tls = server_tls() if secure else None
    with playing(fault, tls=tls) as server, playing(tunnel(server.port) if secure else fault) as proxy:
        with client_of(server.host, proxy=proxy.host, ssl_ca_cert=ca_file(tmp_path)) as client:
            error = failing(
                lambda: SessionsApi(client).create_session("a1", PROMPT, _request_timeout=(5, 0.5))
            )

        assert (error.request_sent, error.safe_to_repeat) == (True, False)
        assert len((server if secure else proxy).requests) == 1


def test_a_get_is_repeated(recorder: None) -> None:
    with calling(closes, reply({}, status=503), reply()) as c:
        assert c.api.get_session("s1").id == "s1"
    assert len(c.server.requests) == 3


def test_a_prompt_without_a_connection_is_tried_again(recorder: None) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{free.getsockname()[1]}"
        with calling(reply()) as c, client_of(host, c.clock) as client:
            error = failing(lambda: type(c.api)(client).create_session("a1", PROMPT))

    assert isinstance(error, ApiConnectionError)
    assert (error.request_sent, error.safe_to_repeat) == (False, True)
    assert len(c.clock.slept) == 3


def test_a_name_that_is_unknown_is_told(recorder: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*asked: Any, **options: Any) -> Any:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with calling(reply(), retries=False) as c, client_of("http://unknown.example", retries=False) as client:
        error = failing(lambda: type(c.api)(client).create_session("a1", PROMPT))
    assert isinstance(error, ApiConnectionError)
    assert error.request_sent is False


def test_a_refused_prompt_is_safe_to_repeat(recorder: None) -> None:
    with calling(reply({}, status=422)) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))
    assert (error.status, error.request_sent, error.safe_to_repeat) == (422, True, True)


# ── time ──


@pytest.mark.parametrize("timeout", [0.3, (5, 0.3)])
def test_a_silence_is_bounded(timeout: Any, recorder: None) -> None:
    began = time.monotonic()
    with calling(late(reply(), 10)) as c:
        error = failing(lambda: c.api.get_session("s1", _request_timeout=timeout))
    assert isinstance(error, ApiTimeoutError)
    assert time.monotonic() - began < 5
    assert len(c.server.requests) == 1


def test_attempts_share_the_time_of_the_call(recorder: None) -> None:
    with calling(reply({}, status=503)) as c:
        error = failing(lambda: c.api.get_session("s1", _request_timeout=0.5, _headers={"X": "1"}))
    assert isinstance(error, ServiceException)
    assert sum(c.clock.slept) < 0.5


# ── what keeps working ──


def test_tls_and_a_certificate_that_nobody_vouches_for(tmp_path: Path, recorder: None) -> None:
    with calling(reply(), tls=server_tls(), ssl_ca_cert=ca_file(tmp_path)) as c:
        assert c.api.get_session("s1").id == "s1"
    with calling(reply(), tls=server_tls(), retries=False) as c:
        error = failing(lambda: c.api.get_session("s1"))
    assert "certificate verify failed" in str(error)
    assert c.server.requests == []


@pytest.mark.parametrize("secure", [False, True])
def test_a_proxy_with_its_credentials(secure: bool, tmp_path: Path, recorder: None) -> None:
    tls = server_tls() if secure else None
    with playing(reply(), tls=tls) as service, playing(tunnel(service.port) if secure else reply()) as proxy:
        settings: dict[str, Any] = {"ssl_ca_cert": ca_file(tmp_path)} if secure else {}
        address = proxy.host.replace("://", "://ann:secret@")
        with calling(reply()) as c, client_of(service.host, proxy=address, **settings) as client:
            assert type(c.api)(client).get_session("s1").id == "s1"
    assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic YW5uOnNlY3JldA=="


def test_a_proxy_that_is_not_there_is_named(recorder: None) -> None:
    with calling(reply(), proxy="http://127.0.0.1:9", retries=False) as c:
        error = failing(lambda: c.api.create_session("a1", PROMPT))
    assert "proxy" in str(error)
    assert error.request_sent is False


def test_a_redirect_and_a_fresh_token(recorder: None) -> None:
    tokens = iter(["old", "new"])
    moved = reply({}, status=307, Location="/sessions/s2")
    with calling(moved, reply({}, status=401), reply(), access_token=lambda: next(tokens)) as c:
        assert c.api.get_session("s1").id == "s1"
    assert [request.target for request in c.server.requests] == [
        "/sessions/s1",
        "/sessions/s2",
        "/sessions/s2",
    ]
    assert shown(c.server) == ["Bearer old", "Bearer old", "Bearer new"]


def test_a_credential_in_the_query_is_not_logged(recorder: None, caplog: pytest.LogCaptureFixture) -> None:
    """Neither by urllib3, which logs URLs, nor does the response show it."""
    auth = {"type": "api_key", "in": "query", "key": "key", "value": TOKEN}
    with calling(reply()) as c, caplog.at_level("DEBUG"):
        response = c.api.get_session_without_preload_content("s1", _request_auth=auth)
        response.read()

    assert c.server.requests[0].target == f"/sessions/s1?key={TOKEN}"
    assert TOKEN not in caplog.text
    assert '"GET /sessions/s1?key=... HTTP/1.1" 200' in caplog.text
    assert response.url == "/sessions/s1"


def test_a_body_has_its_limit_and_an_error_its_text(recorder: None) -> None:
    with calling(reply(), reply({"detail": "no"}, status=404), max_response_size=20) as c:
        assert "max_response_size" in str(failing(lambda: c.api.get_session("s1")))
        error = failing(lambda: c.api.get_session("s1"))
    assert isinstance(error, NotFoundException)
    assert error.data == {"detail": "no"}


def test_hooks_are_told(recorder: None) -> None:
    class Seen(Hooks):
        def on_response(self, attempt: Attempt) -> None:
            seen.append((attempt.number, attempt.status, attempt.final))

    seen: list[tuple[int, int | None, bool]] = []
    with calling(reply({}, status=503), reply(), hooks=[Seen()]) as c:
        c.api.get_session("s1")
    assert seen == [(1, 503, False), (2, 200, True)]


def test_hooks_are_told_of_a_form_and_that_it_may_have_been_seen(recorder: None) -> None:
    told: list[object] = []

    class Upload(Hooks):
        def on_body(self, attempt: Attempt, written: int, total: int | None) -> None:
            told.append((written, total))

        def on_error(self, attempt: Attempt) -> None:
            told.append(attempt.request_sent)

    with calling(closes, hooks=[Upload()]) as c:
        failing(lambda: c.api.create_session("a1", PROMPT))

    length = len(c.server.requests[0].body)
    assert told == [(0, length), (length, length), True]


def test_a_raw_response_is_read_and_closed_with_the_client(recorder: None) -> None:
    with calling(reply()) as c:
        read = c.api.get_session_without_preload_content("s1")
        assert b"s1" in read.read()
        left = c.api.get_session_without_preload_content("s1")
        c.client.close()
        assert left.closed
        assert c.api.get_session("s1").id == "s1"


@pytest.mark.parametrize("closing", ["the client", "the response"])
@pytest.mark.parametrize("framing", ["Content-Length: 9", "Transfer-Encoding: chunked", "Connection: close"])
def test_close_wakes_who_reads_a_raw_response(framing: str, closing: str, recorder: None) -> None:
    """And what has come is not taken for the whole."""
    begun = f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n"
    with calling(keeps_open(begun.encode() + (b"5\r\n12345\r\n" if "chunked" in framing else b"12345"))) as c:
        response = c.api.get_session_without_preload_content("s1", _request_timeout=(5, 30))
        ended: list[object] = []
        begun_reading = threading.Event()

        def read() -> None:
            try:
                for _ in response.stream(5):
                    begun_reading.set()
                ended.append("the whole")
            except Exception as error:
                ended.append(error)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert begun_reading.wait(5)
        threading.Event().wait(0.05)  # until it is in the midst of waiting
        began = time.monotonic()
        (c.client if closing == "the client" else response).close()
        reader.join(5)
        assert time.monotonic() - began < 10  # not the 30 s of the read timeout

    assert isinstance(ended[0], Exception)  # whichever urllib3 or http.client comes upon


def test_responses_left_unread_do_not_use_up_the_pool(recorder: None) -> None:
    with calling(reply(), connection_pool_maxsize=1) as c:
        for _ in range(3):
            c.api.get_session_without_preload_content("s1").close()
        assert c.api.get_session("s1", _request_timeout=5).id == "s1"
    assert len(c.server.requests) == 4

"""Connections: kept, bounded, closed, remade after a fork; through proxies and under TLS."""

from __future__ import annotations

import gc
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3
from urllib3.exceptions import ProtocolError

from portal_client import ApiClient, Configuration, SessionsApi
from portal_client.exceptions import ApiConnectionError, ApiTimeoutError, ApiValueError
from portal_client.request import Origin
from support.clients import (
    TOKEN,
    Calling,
    authority,
    ca_file,
    calling,
    client_of,
    failing,
    keeps_open,
    late,
    server_tls,
    tunnel,
    unfinished,
)
from support.scripted import SESSION, Answer, Connection, Received, playing, reply

# ── connections are kept ──


def test_one_connection_serves_many_calls() -> None:
    with calling(reply()) as c:
        for _ in range(5):
            c.api.get_session("s1")
            c.api.create_session("a1", "hello")
            c.api.get_session_with_http_info("s1")

    assert len(c.server.requests) == 15
    assert c.server.connections == 1


def test_errors_leave_the_connection_usable() -> None:
    with calling(reply({}, status=404), reply({}, status=500), reply()) as c:
        failing(lambda: c.api.get_session("s1"))
        failing(lambda: c.api.create_session("a1", "hello"))
        c.api.get_session("s1")

    assert c.server.connections == 1


def test_derived_clients_share_the_connections() -> None:
    with calling(reply()) as c:
        c.api.get_session("s1")
        with c.client.with_options(access_token="another") as derived:
            SessionsApi(derived).get_session("s1")
        c.api.get_session("s1")

    assert c.server.connections == 1
    assert [r.headers["Authorization"] for r in c.server.requests] == [
        f"Bearer {TOKEN}",
        "Bearer another",
        f"Bearer {TOKEN}",
    ]


def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    with calling(reply(close=True)) as c:
        for _ in range(3):
            c.api.get_session("s1")

    assert c.server.connections == 3


def test_a_response_that_is_too_long_does_not_become_the_next_one() -> None:
    """The rest of it, which comes later, must not be taken for the response to another call."""
    forged = reply({**SESSION, "id": "forged"})
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1000 + len(forged))
    first: list[Connection] = []

    def begins(connection: Connection, request: Received) -> None:
        first.append(connection)
        connection.send(head + b" " * 1000)

    def goes_on(connection: Connection, request: Received) -> None:
        connection.send(forged if connection in first else reply())

    with calling(begins, goes_on, max_response_size=900) as c:
        failing(lambda: c.api.create_session("a1", "hello"))
        assert c.api.get_session("s1").id == "s1"

    assert c.server.connections == 2


# ── the pool is bounded ──


@pytest.mark.fault("Life cycle", "A pool that unread responses have exhausted says so, within the deadline")
def test_waiting_for_a_connection_ends_with_the_deadline() -> None:
    with calling(reply(), connection_pool_maxsize=2) as c:
        unread = [c.api.get_session_without_preload_content("s1") for _ in range(2)]
        error = failing(lambda: c.api.create_session("a1", "hello", _request_timeout=0.2))
        for response in unread:
            response.close()

    assert isinstance(error, ApiTimeoutError)
    assert error.request_sent is False
    assert "2 by responses left unread" in str(error.reason)
    assert [request.method for request in c.server.requests] == ["GET", "GET"]
    assert c.server.connections == 2


@pytest.mark.fault("Life cycle", "A pool that unread responses have exhausted says so, within the deadline")
def test_a_place_that_is_free_too_late_is_not_waited_for() -> None:
    with calling(reply(), connection_pool_maxsize=1) as c:
        unread = c.api.get_session_without_preload_content("s1")
        late = threading.Timer(3, unread.close)
        late.start()
        error = failing(lambda: c.api.get_session("s1", _request_timeout=0.2))
        late.cancel()
        unread.close()

    assert isinstance(error, ApiTimeoutError)
    assert "1 by responses left unread" in str(error.reason)  # not: the 0.2 s are over
    assert len(c.server.requests) == 1


@pytest.mark.fault("Life cycle", "A pool that unread responses have exhausted says so, within the deadline")
def test_who_has_waited_in_vain_does_not_wait_again() -> None:
    with calling(reply(), connection_pool_maxsize=1) as c:
        unread = c.api.get_session_without_preload_content("s1")
        error = failing(lambda: c.api.get_session("s1", _request_timeout=(1, 0.1)))
        unread.close()

    assert isinstance(error, ApiTimeoutError)
    assert c.clock.slept == []


@pytest.mark.fault("Life cycle", "A response that is forgotten unread frees its place")
def test_a_response_that_is_forgotten_unread_frees_its_place() -> None:
    with calling(reply(), connection_pool_maxsize=1) as c:
        for _ in range(3):
            c.api.get_session_without_preload_content("s1", _request_timeout=5)
            gc.collect()

    assert len(c.server.requests) == 3


def test_a_wait_for_a_connection_ends_when_one_is_free() -> None:
    with calling(reply(), connection_pool_maxsize=1) as c:
        unread = c.api.get_session_without_preload_content("s1")
        timer = threading.Timer(0.1, unread.read)
        timer.start()
        assert c.api.get_session("s1", _request_timeout=5).id == "s1"
        timer.join()

    assert c.server.connections == 1


@pytest.mark.fault("Life cycle", "32 threads of 50 calls each get their own responses over a bounded pool")
def test_threads_share_the_bounded_pool() -> None:
    with calling(reply(), connection_pool_maxsize=3) as c:
        threads = [threading.Thread(target=c.api.get_session, args=("s1",)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    assert len(c.server.requests) == 12
    assert c.server.connections <= 3


def _raw_and_closed(c: Calling) -> None:
    with c.api.get_session_without_preload_content("s1"):
        pass


def _raw_and_read(c: Calling) -> None:
    c.api.get_session_without_preload_content("s1").read()


def _too_large(c: Calling) -> None:
    small = SessionsApi(c.client.with_options(max_response_size=5))
    failing(lambda: small.get_session("s1"))


def _lost(c: Calling) -> None:
    failing(lambda: c.api.create_session("a1", "hello", _request_timeout=0.1))


@pytest.mark.fault("Life cycle", "Whatever ends a call frees its connection's place")
@pytest.mark.parametrize(
    ("answer", "use"),
    [
        (reply(), _raw_and_closed),
        (reply(), _raw_and_read),
        (reply(), _too_large),
        (late(reply()), _lost),
        (keeps_open(reply()[:-5]), _lost),
        (lambda connection, request: False, _lost),
    ],
    ids=[
        "raw, closed",
        "raw, read",
        "too large",
        "no response",
        "part of a response",
        "closed by the server",
    ],
)
def test_what_ends_a_call_frees_its_place_in_the_pool(answer: Answer, use: Any) -> None:
    with calling(answer, reply(), connection_pool_maxsize=1, timeout=(1, 0.3)) as c:
        use(c)
        assert c.api.get_session("s1").id == "s1"


@pytest.mark.parametrize(
    "first",
    [reply(status=503), reply(status=302, Location="/sessions/s2"), reply(status=429, Retry_After="1")],
    ids=["503", "redirect", "429"],
)
def test_a_response_that_is_followed_by_another_attempt_frees_its_place(first: bytes) -> None:
    with (
        calling(first, reply(), connection_pool_maxsize=1, timeout=(1, 0.3)) as c,
        c.api.get_session_without_preload_content("s1") as response,
    ):
        assert response.status == 200

    assert len(c.server.requests) == 2


# ── the end of a client ──


@pytest.mark.fault("Life cycle", "`with` closes connections and unread responses, also when its block raises")
def test_with_closes_everything() -> None:
    with calling(reply()) as c:
        with c.client:
            c.api.get_session("s1")
            unread = c.api.get_session_without_preload_content("s1")
        assert unread.closed
        # A call after the end opens anew.
        assert c.api.get_session("s1").id == "s1"

    assert c.server.connections == 2  # the unread response came over the kept connection


def test_close_ends_idle_connections() -> None:
    ended = threading.Event()

    def answers_then_waits(connection: Connection, request: Received) -> bool:
        connection.send(reply())
        if connection.sock.recv(1) == b"":
            ended.set()
        return False

    with calling(answers_then_waits) as c:
        c.api.get_session("s1")
        c.client.close()
        assert ended.wait(5)


def test_close_ends_a_response_that_is_being_sent() -> None:
    ended = threading.Event()
    with calling(unfinished(ended)) as c:
        response = c.api.get_session_without_preload_content("s1")
        c.client.close()
        assert ended.wait(5)
        assert response.closed


class Kept:
    """A server that keeps its connections, and counts how many are open."""

    def __init__(self) -> None:
        self.open = 0
        self._changed = threading.Condition()

    def __call__(self, connection: Connection, request: Received) -> bool:
        self._add(1)
        connection.send(reply())
        with suppress(OSError):
            connection.sock.recv(1)  # the next request does not come on this one
        self._add(-1)
        return False

    def _add(self, number: int) -> None:
        with self._changed:
            self.open += number
            self._changed.notify_all()

    def all_closed(self) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.open == 0, 5)


def _read(client: ApiClient) -> urllib3.BaseHTTPResponse:
    """A response that was read to its end, so that its connection is idle."""
    response = SessionsApi(client).get_session_without_preload_content("s1")
    response.read()
    return response


@pytest.mark.fault("Life cycle", "close() closes what was ever opened, however many origins there were")
def test_close_ends_the_connections_to_many_origins() -> None:
    kept = Kept()
    with ExitStack() as stack:
        servers = [stack.enter_context(playing(kept)) for _ in range(55)]
        client = stack.enter_context(client_of(servers[0].host))
        answers = [_read(client.with_options(host=server.host)) for server in servers]
        client.close()
        assert kept.all_closed()
        assert len(answers) == 55  # what is still referred to does not go by itself

    assert [len(server.requests) for server in servers] == [1] * 55


@pytest.mark.fault("Life cycle", "close() closes what was ever opened, however many origins there were")
def test_close_ends_the_connections_through_a_proxy() -> None:
    kept = Kept()
    with playing(kept) as proxy, client_of("http://0.test", proxy=proxy.host) as client:
        answers = [_read(client.with_options(host=f"http://{number}.test")) for number in range(55)]
        client.close()
        assert kept.all_closed()
        assert len(answers) == 55

    assert len(proxy.requests) == 55


def held(asked: threading.Event, go_on: threading.Event, closed: threading.Event) -> Answer:
    """Respond when told to, and tell when the connection was closed then."""

    def answers(connection: Connection, request: Received) -> bool:
        asked.set()
        go_on.wait(5)
        connection.send(reply())
        if connection.sock.recv(1) == b"":
            closed.set()
        return False

    return answers


@pytest.mark.fault("Life cycle", "close() closes what was ever opened, however many origins there were")
def test_close_ends_a_connection_that_is_in_use_when_it_is_given_back() -> None:
    asked, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    with calling(held(asked, go_on, closed)) as c, ThreadPoolExecutor(1) as thread:
        call = thread.submit(_read, c.client)
        assert asked.wait(5)
        c.client.close()
        go_on.set()
        assert call.result(5).status == 200  # it is not cut off
        assert closed.wait(5)

    assert c.server.connections == 1


@pytest.mark.fault("Life cycle", "close() closes what was ever opened, however many origins there were")
def test_a_call_in_flight_outlives_fifty_other_origins() -> None:
    asked, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    with calling(held(asked, go_on, closed)) as c, ThreadPoolExecutor(1) as thread:
        call = thread.submit(_read, c.client)
        assert asked.wait(5)
        pools = vars(c.client.rest_client)["_pools"]
        for port in range(1, 52):
            pools.of(Origin("http", "127.0.0.1", port))
        go_on.set()
        assert call.result(5).status == 200
        assert closed.wait(5)


def test_close_may_be_called_twice_and_before_any_call() -> None:
    client = ApiClient(Configuration("http://localhost"))
    client.close()
    client.close()


FORK = """
import os, signal, sys
from portal_client import ApiClient, Configuration, SessionsApi

how, host = sys.argv[1:]
client = ApiClient(Configuration(host, access_token="t", connection_pool_maxsize=1))
api = SessionsApi(client)
assert api.get_session("before").id == "s1"
lock = client.rest_client._pools._lock
times = 20 if how == "idle" else 1
if how != "idle":
    lock.acquire()  # as another thread of the parent might hold it
child = os.fork()
signal.alarm(5)  # what hangs is killed
if child == 0:
    try:
        if how == "close":
            client.close()
        answer = {api.get_session("child").id for _ in range(times)}
        client.close()
    except BaseException as error:
        sys.stderr.write(repr(error))
        os._exit(1)
    os._exit(0 if answer == {"s1"} else 2)
if how == "idle":
    assert {api.get_session("parent").id for _ in range(times)} == {"s1"}  # while the child calls, too
status = os.waitpid(child, 0)[1]
if how != "idle":
    lock.release()
assert status == 0, status
if how != "idle":
    assert api.get_session("parent").id == "s1"
client.close()
"""


@pytest.mark.fault("Life cycle", "After a fork parent and child both call, over connections of their own")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("how", ["idle", "locked", "close"])
def test_parent_and_child_both_call(how: str) -> None:
    with playing(reply()) as server:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", FORK, how, server.host],
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    times = 20 if how == "idle" else 1
    assert Counter(request.target for request in server.requests) == {
        "/sessions/before": 1,
        "/sessions/child": times,
        "/sessions/parent": times,
    }
    assert len({request.headers["X-Request-ID"] for request in server.requests}) == 1 + 2 * times
    # The child opened its own, the parent kept the one it had.
    assert server.connections == 2


# ── proxies ──


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@pytest.mark.fault("TLS and proxies", "The proxy of the environment is used")
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(name: str) -> None:
    with (
        playing(reply()) as proxy,
        environment(**{name: proxy.host}),
        client_of("http://somewhere.test/api") as client,
    ):
        assert SessionsApi(client).get_session("s1").id == "s1"

    (request,) = proxy.requests
    assert (request.method, request.target) == ("GET", "http://somewhere.test/api/sessions/s1")
    assert request.headers["Host"] == "somewhere.test"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_proxy_without_a_scheme_is_used_as_curl_does() -> None:
    with (
        playing(reply()) as proxy,
        environment(http_proxy=f"127.0.0.1:{proxy.port}"),
        client_of("http://somewhere.test") as client,
    ):
        assert SessionsApi(client).get_session("s1").id == "s1"

    assert len(proxy.requests) == 1


@pytest.mark.fault("TLS and proxies", "NO_PROXY is honoured")
@pytest.mark.parametrize("excluded", ["somewhere.test", ".test", "other.test, somewhere.test:8080", "*"])
def test_no_proxy_is_honoured(excluded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(reply()) as server, playing(reply()) as proxy:
        found = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        asked = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda h, *a, **k: [found] if h == "somewhere.test" else asked(h, *a, **k)
        )
        with (
            environment(http_proxy=proxy.host, no_proxy=excluded),
            client_of("http://somewhere.test:8080") as client,
        ):
            assert SessionsApi(client).get_session("s1").id == "s1"

    assert (len(server.requests), proxy.connections) == (1, 0)
    assert server.requests[0].target == "/sessions/s1"


@pytest.mark.fault("TLS and proxies", "NO_PROXY is honoured")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1.2.3", "[::1]"])
def test_loopback_never_goes_through_a_proxy_of_the_environment(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing(reply()) as server, playing(reply({}, status=418)) as proxy:
        found = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        asked = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda h, p, *a, **k: [found] if p == server.port else asked(h, p, *a, **k)
        )
        with (
            environment(http_proxy=proxy.host, all_proxy=proxy.host, no_proxy=""),
            client_of(f"http://{host}:{server.port}") as client,
        ):
            assert SessionsApi(client).get_session("s1").id == "s1"

    assert (len(server.requests), proxy.connections) == (1, 0)


@pytest.mark.fault("TLS and proxies", "trust_env=False leaves the environment's proxy and certificates alone")
def test_without_trust_env_there_is_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(reply()) as server, playing(reply()) as proxy, environment(http_proxy=proxy.host):
        found = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        asked = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda h, *a, **k: [found] if h == "somewhere.test" else asked(h, *a, **k)
        )
        with client_of("http://somewhere.test", trust_env=False) as client:
            assert SessionsApi(client).get_session("s1").id == "s1"

    assert (len(server.requests), proxy.connections) == (1, 0)


USER = "user:pass word"
BASIC = "Basic " + b64encode(USER.encode()).decode()


def _with_user(proxy: str) -> str:
    return proxy.replace("://", "://user:pass%20word@")


def _shown(client: ApiClient, caplog: pytest.LogCaptureFixture, *more: object) -> str:
    held = [client, client.configuration, client.rest_client, vars(client), vars(client.configuration), *more]
    return "\n".join([*map(repr, held), caplog.text])


def _no_secret(text: str) -> None:
    for secret in ("pass word", "pass%20word", BASIC.split()[1], TOKEN):
        assert secret not in text


@pytest.mark.fault("TLS and proxies", "Configuration.proxy is shown its credentials, and nobody else is")
def test_an_own_proxy_forwards_with_its_credentials(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    # Loopback too: here it is the user's word.
    with (
        playing(reply()) as proxy,
        client_of("http://127.0.0.1:1", proxy=_with_user(proxy.host)) as client,
    ):
        assert SessionsApi(client).get_session("s1").id == "s1"
        _no_secret(_shown(client, caplog))

    (request,) = proxy.requests
    assert request.target == "http://127.0.0.1:1/sessions/s1"
    assert request.headers["Proxy-Authorization"] == BASIC


@pytest.mark.fault("TLS and proxies", "Configuration.proxy is shown its credentials, and nobody else is")
def test_an_own_proxy_tunnels_with_its_credentials(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    trusted = ca_file(tmp_path)
    with (
        playing(reply(), tls=server_tls("somewhere.test")) as server,
        playing(tunnel(server.port)) as proxy,
        client_of("https://somewhere.test", proxy=_with_user(proxy.host), ssl_ca_cert=trusted) as client,
    ):
        api = SessionsApi(client)
        assert api.get_session("s1").id == "s1"
        assert api.create_session("a1", "hello").id == "s1"
        _no_secret(_shown(client, caplog))

    (connect,) = proxy.requests
    assert (connect.method, connect.target) == ("CONNECT", "somewhere.test:443")
    assert connect.headers["Proxy-Authorization"] == BASIC
    assert "Authorization" not in connect.headers
    assert [r.method for r in server.requests] == ["GET", "POST"]
    for request in server.requests:  # the proxy's credentials are not the server's business
        assert "Proxy-Authorization" not in request.headers
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.fault("TLS and proxies", "A proxy over TLS is not shown the client's certificate")
def test_a_proxy_is_not_shown_the_certificate_of_the_client(tmp_path: Path) -> None:
    asking = server_tls()
    asking.verify_mode = ssl.CERT_OPTIONAL
    asking.load_verify_locations(ca_file(tmp_path))
    mine = str(tmp_path / "mine.pem")
    authority().issue_cert("client").private_key_and_cert_chain_pem.write_to_path(mine)
    shown: list[object] = []

    def answers(connection: Connection, request: Received) -> None:
        shown.append(connection.sock.getpeercert())
        connection.send(reply())

    settings: Any = {"ssl_ca_cert": ca_file(tmp_path), "cert_file": mine}
    with playing(answers, tls=asking) as server:
        with client_of("http://somewhere.test", proxy=server.host, **settings) as client:
            assert SessionsApi(client).get_session("s1").id == "s1"
        with client_of(server.host, **settings) as client:
            assert SessionsApi(client).get_session("s1").id == "s1"

    assert [bool(each) for each in shown] == [False, True]


@pytest.mark.fault("TLS and proxies", "A proxy that is reached over TLS is judged as the service is")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_over_tls_is_judged_as_the_service_is(scheme: str, tmp_path: Path) -> None:
    address = f"{scheme}://somewhere.test"
    with (
        playing(reply(), tls=server_tls("somewhere.test")) as server,
        playing(reply() if scheme == "http" else tunnel(server.port), tls=server_tls("127.0.0.1")) as proxy,
    ):
        with client_of(address, proxy=proxy.host, ssl_ca_cert=ca_file(tmp_path)) as client:
            assert SessionsApi(client).get_session("s1").id == "s1"
        with (
            client_of(address, proxy=proxy.host, verify_ssl=False) as client,
            pytest.warns(urllib3.exceptions.InsecureRequestWarning),
        ):
            assert SessionsApi(client).get_session("s1").id == "s1"
        with client_of(address, proxy=proxy.host) as client:
            error = failing(lambda: SessionsApi(client).get_session("s1"))

    assert "certificate verify failed" in str(error)
    assert error.request_sent is False
    targets = {"http": f"{address}/sessions/s1", "https": "somewhere.test:443"}
    assert [request.target for request in proxy.requests] == [targets[scheme]] * 2
    assert len(server.requests) == (0 if scheme == "http" else 2)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.fault("TLS and proxies", "Configuration.proxy is shown its credentials, and nobody else is")
@pytest.mark.parametrize(
    "answer", [reply({}, status=407, close=True), late(reply())], ids=["refused", "silent"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_failing_proxy_does_not_tell_its_credentials(
    scheme: str, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        playing(answer) as proxy,
        client_of(f"{scheme}://somewhere.test", proxy=_with_user(proxy.host)) as client,
    ):
        error = failing(lambda: SessionsApi(client).create_session("a1", "hello", _request_timeout=0.2))
        _no_secret(_shown(client, caplog, error, str(error), vars(error)))
        _no_secret("\n".join(f"{cause!r} {cause} {vars(cause)}" for cause in _causes(error)))


def test_headers_for_the_proxy_are_sent_to_it() -> None:
    with playing(reply()) as proxy, client_of("http://somewhere.test", proxy=proxy.host) as client:
        client.configuration.proxy_headers = {"X-Proxy-Key": "k"}
        SessionsApi(client).get_session("s1")

    assert proxy.requests[0].headers["X-Proxy-Key"] == "k"


# ── TLS ──


def _tls_call(server: str, **settings: Any) -> Any:
    with client_of(server, **settings) as client:
        return SessionsApi(client).get_session("s1")


@pytest.mark.fault(
    "TLS and proxies", "A certificate of an unknown authority or another name is refused, and nothing sent"
)
def test_an_unknown_authority_is_refused() -> None:
    with playing(reply(), tls=server_tls()) as server:
        error = failing(lambda: _tls_call(server.host))

    assert isinstance(error, ApiConnectionError)
    assert error.status == 0
    assert error.request_sent is False
    assert "certificate verify failed" in str(error.reason)
    # It will not be better the next time.
    assert (server.requests, server.connections) == ([], 1)


@pytest.mark.fault("TLS and proxies", "An authority that is given is trusted")
def test_a_given_authority_is_accepted(tmp_path: Path) -> None:
    with playing(reply(), tls=server_tls()) as server:
        assert _tls_call(server.host, ssl_ca_cert=ca_file(tmp_path)).id == "s1"

    assert len(server.requests) == 1


@pytest.mark.fault(
    "TLS and proxies", "A certificate of an unknown authority or another name is refused, and nothing sent"
)
def test_a_wrong_name_is_refused(tmp_path: Path) -> None:
    with playing(reply(), tls=server_tls("other.test")) as server:
        error = failing(lambda: _tls_call(server.host, ssl_ca_cert=ca_file(tmp_path)))

    assert isinstance(error, ApiConnectionError)
    assert error.request_sent is False
    assert server.requests == []


def test_a_server_may_be_expected_under_another_name(tmp_path: Path) -> None:
    with (
        playing(reply(), tls=server_tls("other.test")) as server,
        client_of(server.host, ssl_ca_cert=ca_file(tmp_path)) as client,
    ):
        client.configuration.tls_server_name = "other.test"
        assert SessionsApi(client).get_session("s1").id == "s1"


@pytest.mark.fault("TLS and proxies", "Verification is off only when told, with a warning")
@pytest.mark.parametrize("name", ["127.0.0.1", "other.test"])
def test_verification_can_be_switched_off_with_a_warning(name: str) -> None:
    with (
        playing(reply(), tls=server_tls(name)) as server,
        pytest.warns(urllib3.exceptions.InsecureRequestWarning),
    ):
        assert _tls_call(server.host, verify_ssl=False).id == "s1"

    assert len(server.requests) == 1


@pytest.mark.fault("TLS and proxies", "A client certificate is shown to a server that asks")
def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    tls = server_tls()
    theirs = trustme.CA()
    theirs.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    issued = theirs.issue_cert("client.test")
    both = tmp_path / "client.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(both))
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    issued.private_key_pem.write_to_path(str(key))
    issued.cert_chain_pems[0].write_to_path(str(chain))
    trusted = {"ssl_ca_cert": ca_file(tmp_path)}
    with playing(reply(), tls=tls) as server:
        assert _tls_call(server.host, cert_file=str(both), **trusted).id == "s1"
        assert _tls_call(server.host, cert_file=str(chain), key_file=str(key), **trusted).id == "s1"
        assert isinstance(
            failing(lambda: _tls_call(server.host, retries=False, **trusted)), ApiConnectionError
        )

    assert len(server.requests) == 2


@pytest.mark.fault("TLS and proxies", "SSL_CERT_FILE and its like are honoured")
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_authorities_of_the_environment_are_accepted(name: str, tmp_path: Path) -> None:
    with playing(reply(), tls=server_tls()) as server, environment(**{name: ca_file(tmp_path)}):
        assert _tls_call(server.host).id == "s1"

    assert len(server.requests) == 1


@pytest.mark.fault("TLS and proxies", "trust_env=False leaves the environment's proxy and certificates alone")
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_without_trust_env_they_are_not(name: str, tmp_path: Path) -> None:
    with playing(reply(), tls=server_tls()) as server, environment(**{name: ca_file(tmp_path)}):
        error = failing(lambda: _tls_call(server.host, trust_env=False))

    assert "certificate verify failed" in str(error.reason)
    assert server.requests == []


def test_a_given_authority_beats_that_of_the_environment(tmp_path: Path) -> None:
    with playing(reply(), tls=server_tls()) as server, environment(REQUESTS_CA_BUNDLE="/nowhere/ca.pem"):
        assert _tls_call(server.host, ssl_ca_cert=ca_file(tmp_path)).id == "s1"


def test_a_folder_of_authorities_is_accepted_as_a_setting(tmp_path: Path) -> None:
    with playing(reply(), tls=server_tls()) as server:
        error = failing(lambda: _tls_call(server.host, ssl_ca_cert=str(tmp_path)))  # an empty one

    assert "certificate verify failed" in str(error.reason)


@pytest.mark.fault("TLS and proxies", "A certificate file that is missing or none is named, and nothing sent")
@pytest.mark.parametrize("setting", ["ssl_ca_cert", "cert_file"])
@pytest.mark.parametrize("content", [None, b"not a certificate"])
def test_a_certificate_that_cannot_be_read_is_named(
    setting: str, content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "broken.pem"
    if content is not None:
        path.write_bytes(content)
    with (
        playing(reply(), tls=server_tls()) as server,
        pytest.raises(ApiValueError, match=f"{setting}: .*broken.pem"),
    ):
        _tls_call(server.host, **{setting: str(path)})

    assert server.connections == 0


@pytest.mark.fault("TLS and proxies", "A variable that cannot be used is named, as an ApiException")
@pytest.mark.parametrize(
    "name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"]
)
@pytest.mark.parametrize("content", [None, b"not a certificate"])
def test_a_variable_that_cannot_be_used_is_named(name: str, content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "broken" / "ca.pem"
    if content is not None and name != "SSLKEYLOGFILE":
        path.parent.mkdir()
        path.write_bytes(content)
    with playing(reply(), tls=server_tls()) as server, environment(**{name: str(path)}):
        error = failing(lambda: _tls_call(server.host))

    assert isinstance(error, ApiConnectionError)
    assert (error.status, error.request_sent) == (0, False)
    assert f"{name}: {path}" in str(error)
    assert server.connections == 0


def test_one_good_folder_among_those_of_the_environment_does(tmp_path: Path) -> None:
    folders = os.pathsep.join([str(tmp_path / "missing"), str(tmp_path)])
    variables = {"SSL_CERT_DIR": folders, "SSL_CERT_FILE": ca_file(tmp_path)}
    with playing(reply(), tls=server_tls()) as server, environment(**variables):
        assert _tls_call(server.host).id == "s1"


@pytest.mark.fault("TLS and proxies", "trust_env=False leaves the environment's proxy and certificates alone")
def test_without_trust_env_a_wrong_variable_is_nothing(tmp_path: Path) -> None:
    variables = dict.fromkeys(
        ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "http_proxy", "https_proxy"), "/no/thing"
    )
    with playing(reply(), tls=server_tls()) as server, environment(**variables):
        assert _tls_call(server.host, trust_env=False, ssl_ca_cert=ca_file(tmp_path)).id == "s1"
        error = failing(lambda: _tls_call(server.host, trust_env=False))

    assert "certificate verify failed" in str(error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_that_closes_leaves_the_parents_response_alone() -> None:
    body = reply(b'{"id": "' + b"x" * 300_000 + b'"}')
    with calling(body) as c:
        unread = c.api.get_session_without_preload_content("s1")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 3.12 warns of a fork beside threads
            child = os.fork()
        if child == 0:
            c.client.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0

        assert len(unread.data) > 300_000


def test_one_of_many_gives_the_connection_back() -> None:
    """Though it is read to its end while others close it."""
    with calling(reply(), connection_pool_maxsize=1) as c:
        for _ in range(20):
            response = c.api.get_session_without_preload_content("s1")
            start = threading.Barrier(5)

            def close(each: int, start: threading.Barrier = start, response: Any = response) -> None:
                start.wait(5)
                with suppress(ProtocolError):
                    response.read() if each == 0 else response.close()

            with ThreadPoolExecutor(5) as threads:
                list(threads.map(close, range(5)))
        pools = vars(c.client.rest_client)["_pools"]
        places = pools.of(Origin("http", "127.0.0.1", c.server.port)).pool.pool
        assert vars(places)["_places"].qsize() == 1
        assert len(vars(places)["_idle"]) <= 1


@pytest.mark.fault("Life cycle", "Threads wait for the server, and never for each other")
def test_threads_do_not_wait_for_each_other() -> None:
    """The server responds to none of them before all of them have asked."""
    together = threading.Barrier(8)

    def answers(connection: Connection, request: Received) -> None:
        together.wait(10)
        connection.send(reply())

    with calling(answers) as c, ThreadPoolExecutor(8) as threads:
        for _ in range(2):  # over new connections, then over those
            calls = [threads.submit(c.api.get_session, "s1") for _ in range(8)]
            assert [call.result(20).id for call in calls] == ["s1"] * 8

    assert (len(c.server.requests), c.server.connections) == (16, 8)

"""Redirects: what is private stays in its origin, whatever a Location says."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from support.clients import PROMPT, TOKEN, Calling, ca_file, calling, failing, outcome, server_tls
from support.scripted import Connection, Received, Script, playing, reply

FILE = b"file-that-nobody-may-see"
SECRETS = [TOKEN, PROMPT, FILE.decode(), "crumb-that", "default-that", "header-that"]


def to(location: str, status: int = 302) -> bytes:
    """A redirect to this place, byte for byte."""
    head = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


def private(c: Calling, call: str = "get") -> Any:
    """A call that carries something private in each place."""
    c.client.cookie = "c=crumb-that"
    c.client.set_default_header("X-Default", "default-that")
    options: dict[str, Any] = {"_headers": {"X-Mine": "header-that"}}
    if call == "get":
        return c.api.get_session("s1", **options)
    return c.api.create_session("a1", PROMPT, ("name", FILE), **options)


def shown(server: Script) -> str:
    return "".join(f"{r.method} {r.target} {r.headers} {r.body!r}" for r in server.requests)


@pytest.mark.fault("Redirects", "307 and 308 of a prompt do not leave the origin, however it is spelt")
@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    "host", ["127.0.0.1:{other}", "localhost:{same}", "user:pass@127.0.0.1:{other}", "127.1:{same}"]
)
def test_a_prompt_and_its_file_do_not_leave(host: str, status: int) -> None:
    with playing(reply()) as other:

        def redirects(connection: Connection, request: Received) -> None:
            same = request.headers["Host"].rpartition(":")[2]
            connection.send(to(f"http://{host.format(other=other.port, same=same)}/x", status))

        with calling(redirects, reply()) as c:
            error = failing(lambda: private(c, "create"))

    assert (error.status, error.request_sent) == (status, True)
    assert "not followed" in str(error.reason)
    assert len(c.server.requests) == 1
    assert other.connections == 0


@pytest.mark.fault("Redirects", "Another origin sees no token, cookie, prompt, file or header of yours")
@pytest.mark.parametrize(
    ("location", "followed"),
    [
        ("http://127.0.0.1:{other}/x", True),
        ("//127.0.0.1:{other}/x", True),
        ("http://localhost:{other}/x", True),
        ("http://user:pass@127.0.0.1:{other}/x", True),
        ("http://127.0.0.1:{same}@127.0.0.1:{other}/x", True),
        ("HTTP://127.0.0.1:{other}", True),
        ("http://127.0.0.1:{other}?x=1#part", True),
        ("  http://127.0.0.1:{other}/x  ", None),
        ("http:\\\\127.0.0.1:{other}\\x", None),
        ("http://127.0.0.1:{same}\\@127.0.0.1:{other}/x", None),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("call", ["get", "create"])
def test_another_origin_sees_nothing_private(call: str, location: str, followed: bool | None) -> None:
    with playing(reply()) as other:

        def redirects(connection: Connection, request: Received) -> None:
            same = request.headers["Host"].rpartition(":")[2]
            connection.send(to(location.format(other=other.port, same=same), 303))

        with calling(redirects, reply(), retries=False) as c:
            assert outcome(lambda: private(c, call)) in ((None,) if followed else (None, 303, 0))

    assert all(secret in shown(c.server) for secret in SECRETS if call == "create")
    assert not any(secret in shown(other) for secret in [*SECRETS, "Basic"])
    assert followed is None or [r.method for r in other.requests] == ["GET"]
    assert len(c.server.requests) + len(other.requests) <= 2


ODD = ["", "#part", "?x=1", ".", "..", "../../../etc/passwd", "/ü?x=ß", "/%zz", "/a b", "//", "///x"]
ODD += ["http:///x", "http://", "http:x", "mailto:a@b", "data:text/plain,x", "http://127.0.0.1:99999/"]
ODD += ["http://[::1", "\x01", f"http://{'a' * 300}/", f"/{'x' * 8000}", "http://%31%32%37.0.0.1/"]
ODD += ["http://127.0.0.1:0/"]


@pytest.mark.fault("Redirects", "A Location that is odd is not followed, or stays within its origin")
@pytest.mark.parametrize("location", ODD, ids=range(len(ODD)))
def test_an_odd_location_does_no_harm(location: str) -> None:
    with calling(to(location), reply(), retries=False) as c:
        assert outcome(lambda: private(c)) in (None, 302, 0)

    assert 1 <= len(c.server.requests) <= 2
    for request in c.server.requests[1:]:
        assert request.target.startswith("/")
        assert request.target.isascii()
        assert request.headers["Host"] == f"127.0.0.1:{c.server.port}"


@pytest.mark.fault("Redirects", "A line break in a Location makes no header of the next request")
@pytest.mark.parametrize(
    "code", ["%0d%0aX-Evil: 1", "\tX-Evil: 1", "\x0bX-Evil: 1", "\u2028X-Evil: 1"], ids=range(4)
)
def test_a_location_makes_no_header(code: str) -> None:
    with calling(to(f"/sessions/s2{code}"), reply(), retries=False) as c:
        assert outcome(lambda: private(c)) in (None, 302, 0)

    assert not any("X-Evil" in request.headers for request in c.server.requests)


@pytest.mark.fault("Redirects", "From https nothing goes to http, on any port or host")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", ["get", "create"])
def test_tls_is_not_left(call: str, status: int, tmp_path: Path) -> None:
    trusted: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)}
    with playing(reply()) as plain, calling(to(f"{plain.host}/x", status), **trusted) as c:
        error = failing(lambda: private(c, call))

    assert error.status == status
    assert (len(c.server.requests), plain.connections) == (1, 0)


@pytest.mark.fault("Redirects", "To another host over TLS nothing private goes either")
def test_another_host_over_tls_sees_nothing_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *more, **options: asked("127.0.0.1", *more, **options)
    )
    with playing(reply(), tls=server_tls("other.test")) as other:
        trusted: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)}
        with calling(to(f"https://other.test:{other.port}/x"), **trusted) as c:
            assert private(c).id == "s1"

    assert (len(c.server.requests), len(other.requests)) == (1, 1)
    for secret in SECRETS:
        assert secret in shown(c.server) or secret in (PROMPT, FILE.decode())
        assert secret not in shown(other)


@pytest.mark.fault("Redirects", "A loop ends after ten redirects, between two origins too")
def test_a_loop_between_two_origins_ends() -> None:
    hosts: list[str] = []
    with (
        playing(lambda connection, request: connection.send(to(f"{hosts[0]}/back"))) as other,
        calling(to(f"{other.host}/there")) as c,
    ):
        hosts.append(c.server.host)
        error = failing(lambda: private(c))

    assert error.status == 302
    assert len(c.server.requests) + len(other.requests) == 11
    assert TOKEN not in shown(other)
    assert [TOKEN in str(request.headers) for request in c.server.requests] == [True] + [False] * 5

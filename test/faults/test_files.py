"""Files: refused before anything is sent, or sent to their declared length; closed on every way out."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from portal_client import Hooks
from portal_client.exceptions import ApiConnectionError, ApiException, ApiTimeoutError
from support.clients import Calling, ca_file, calling, closes, failing, interrupt, outcome, resets, server_tls
from support.scripted import Answer, Connection, Received, content, playing, reply

LARGE = 64 * 1024 * 1024


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that is longer than what the sockets hold."""
    path = tmp_path / "large.bin"
    path.touch()
    os.truncate(path, LARGE)
    return path


def open_on(path: Path) -> int:
    """How many descriptors of this process stand on a file."""
    found = 0
    for number in os.listdir("/dev/fd"):
        with suppress(OSError):
            found += os.path.samefile(f"/dev/fd/{number}", path)
    return found


# ── refused before anything is sent ──


@contextmanager
def nobody(wanted: bool) -> Iterator[None]:
    """Go on as a user who may not read everything, as root may."""
    if not wanted or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.fault("Files", "A file that is missing, a folder or unreadable is told before anything is sent")
@pytest.mark.parametrize(
    ("kind", "error"),
    [("missing", FileNotFoundError), ("folder", IsADirectoryError), ("unreadable", PermissionError)],
)
@pytest.mark.parametrize(
    "given",
    [str, Path, lambda path: ("name", path), lambda path: [b"good", path]],
    ids=["str", "Path", "named", "after a good one"],
)
def test_a_file_that_cannot_be_sent(given: Any, kind: str, error: type[OSError], tmp_path: Path) -> None:
    path = tmp_path / "file"
    if kind == "folder":
        path.mkdir()
    elif kind == "unreadable":
        path.write_bytes(b"secret")
        path.chmod(0)
    told = pytest.raises(error, match="file")
    with calling(reply()) as c, nobody(kind == "unreadable"), told:
        c.api.create_session("a1", "hello", given(path))

    assert c.server.connections == 0


# ── sent to their declared length ──


class Meanwhile(Hooks):
    """Does something once the body is known and not yet sent."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.on_request = lambda attempt: act()  # type: ignore[method-assign]


@pytest.mark.fault("Files", "Of a file that grows no more is sent than was declared; the next call is whole")
@pytest.mark.parametrize("kind", ["path", "file object"])
def test_a_file_that_grows(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)

    def grows() -> None:
        with path.open("ab") as more:
            more.write(b"POST /evil HTTP/1.1\r\n\r\n" * 100_000)

    with path.open("rb") as file, calling(reply(), hooks=[Meanwhile(grows)]) as c:
        c.api.create_session("a1", "hello", path if kind == "path" else file)
        c.client.configuration.hooks.clear()
        c.api.get_session("s1")

    assert [request.method for request in c.server.requests] == ["POST", "GET"]
    assert b"evil" not in c.server.requests[0].body
    assert b"\r\n\r\n" + b"x" * 1000 + b"\r\n--" in c.server.requests[0].body
    assert c.server.connections == 1


@pytest.mark.fault("Files", "A file that shrinks or vanishes ends the call at once, and its connection")
@pytest.mark.parametrize("act", ["truncate", "empty", "unlink"])
@pytest.mark.parametrize("kind", ["path", "file object"])
def test_a_file_that_shrinks(kind: str, act: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.bin"
    path.write_bytes(b"x" * 1_000_000)
    acts: dict[str, Callable[[], object]] = {
        "truncate": lambda: os.truncate(path, 10),
        "empty": lambda: os.truncate(path, 0),
        "unlink": path.unlink,
    }
    whole = kind == "file object" and act == "unlink"  # which takes nothing from who has it open
    with path.open("rb", buffering=0) as file, calling(reply(), hooks=[Meanwhile(acts[act])]) as c:

        def sends(given: Any) -> None:
            c.api.create_session("a1", "hello", given, _request_timeout=20)

        started = time.monotonic()
        if whole:
            sends(file)
        else:
            error = failing(lambda: sends(path if kind == "path" else file))
            assert "notes.bin" in str(error.reason)
            assert not isinstance(error, OSError)
        assert time.monotonic() - started < 10
        c.client.configuration.hooks.clear()
        assert c.api.get_session("s1").id == "s1"

    posted = [request for request in c.server.requests if request.method == "POST"]
    assert len(c.server.requests) - len(posted) == 1
    complete = [r for r in posted if len(r.body) == int(r.headers["Content-Length"])]
    assert (len(complete), c.server.connections) == ((1, 1) if whole else (0, 2))


# ── refused in the middle ──


def refuses(linger: bool) -> Callable[[Connection, Received], bool]:
    """Read some of an upload, respond with 413, and close: with a reset, or after reading on."""

    def refuse(connection: Connection, request: Received) -> bool:
        if request.method == "GET":
            connection.send(reply())
            return True
        connection.read(100_000)
        connection.send(reply({"detail": "too large"}, status=413, close=True))
        if linger:
            while connection.sock.recv(1_000_000):
                pass
        return False

    return refuse


@pytest.mark.fault("Files", "A 413 in the middle of an upload is that error, and sent once")
@pytest.mark.parametrize("linger", [True, False], ids=["read on", "reset"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_upload_that_is_refused_midway(scheme: str, linger: bool, large: Path, tmp_path: Path) -> None:
    tls: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    with calling(refuses(linger), bodies=False, **tls) as c:
        error = failing(lambda: c.api.create_session("a1", "hello", large, _request_timeout=20))
        assert c.api.get_session("s1", _request_timeout=20).id == "s1"

    if scheme == "http" or linger or error.status:
        assert (error.status, error.data) == (413, {"detail": "too large"})
    else:  # OpenSSL may lose what came before a reset
        assert isinstance(error, ApiConnectionError)
    assert error.request_sent is True
    assert [request.method for request in c.server.requests] == ["POST", "GET"]
    assert error.call is not None
    assert 100_000 < error.call.sent < (2 * LARGE if linger else LARGE)
    assert open_on(large) == 0


@pytest.mark.fault("Files", "A 413 in the middle of an upload is that error, and sent once")
def test_a_refusal_is_read_though_tls_has_ended(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL tells of the end as it writes, at times; here each time."""
    answered = threading.Event()
    sends = ssl.SSLSocket.send

    def ends(sock: ssl.SSLSocket, data: Any, flags: int = 0) -> int:
        if not sock.server_side and answered.is_set():
            raise ssl.SSLEOFError(8, "EOF occurred in violation of protocol")
        return sends(sock, data, flags)

    def refuse(connection: Connection, request: Received) -> bool:
        connection.read(1000)
        connection.send(reply({"detail": "too large"}, status=413, close=True))
        answered.set()
        while connection.sock.recv(1_000_000):
            pass
        return False

    monkeypatch.setattr(ssl.SSLSocket, "send", ends)
    with calling(refuse, bodies=False, tls=server_tls(), ssl_ca_cert=ca_file(tmp_path)) as c:
        error = failing(lambda: c.api.create_session("a1", "hello", large, _request_timeout=20))

    assert (error.status, error.data) == (413, {"detail": "too large"})
    assert len(c.server.requests) == 1


@pytest.mark.fault("Files", "An upload that nobody reads ends with the deadline")
def test_an_upload_that_stalls_ends_with_the_deadline(large: Path) -> None:
    over = threading.Event()
    with calling(lambda connection, request: not over.wait(10), bodies=False) as c:
        error = failing(lambda: c.api.create_session("a1", "hello", large, _request_timeout=0.5))
        over.set()

    assert isinstance(error, ApiTimeoutError)
    assert len(c.server.requests) == 1
    assert open_on(large) == 0


# ── closed on every way out ──


def _interrupts(connection: Connection, request: Received) -> bool:
    connection.read(1000)
    interrupt()
    while connection.sock.recv(1_000_000):
        pass
    return False


WAYS: dict[str, Answer] = {
    "closed": closes,
    "reset": resets,
    "gone while it is read": lambda connection, request: connection.read(1_000_000) == b"",
    "interrupted": _interrupts,
    "answered early": reply({}, status=500, close=True),
    "redirected": reply({}, status=307, close=True, Location="http://127.0.0.1:1/"),
}


@pytest.mark.fault("Files", "Files are closed on every way out of a call, though its error is kept")
@pytest.mark.parametrize("way", WAYS)
def test_files_are_closed_on_every_way_out(way: str, large: Path) -> None:
    with calling(WAYS[way], bodies=False) as c:
        with pytest.raises((ApiException, KeyboardInterrupt)) as caught:
            c.api.create_session("a1", "hello", [large, large], _request_timeout=5)
        assert caught.value.__traceback__ is not None
        assert open_on(large) == 0

    assert len(c.server.requests) == 1


@pytest.mark.fault("Files", "Files are not opened when there is no connection or no token")
def test_files_are_not_opened_for_nothing(large: Path) -> None:
    with playing(reply()) as server:
        host = server.host
    with calling(reply()) as c:
        c.client.configuration.host = host
        assert outcome(lambda: c.api.create_session("a1", "hello", large)) == 0
        c.client.configuration.access_token = lambda: ""[1]
        assert outcome(lambda: c.api.create_session("a1", "hello", large)) == 0
        assert open_on(large) == 0

    assert c.server.connections == 0


@pytest.mark.fault("Files", "A name of 300 characters is sent as it is")
def test_a_name_of_300_characters() -> None:
    with calling(reply()) as c:
        c.api.create_session("a1", "hello", (f"{'n' * 296}.csv", b"x"))

    assert f'filename="{"n" * 296}.csv"'.encode() in c.server.requests[0].body


@pytest.mark.fault("Files", "Each file arrives as it is, many of all sizes in one call")
def test_each_file_arrives_as_it_is(tmp_path: Path) -> None:
    sizes = (0, 1, 100, 100, 5000, 70_000, 300_000, 100, 262_144, 262_145, 1_000_000, 3)
    paths = random_files(tmp_path, sizes)
    with calling(reply()) as c:
        for _ in range(2):
            c.api.create_session("a1", "hello", paths)

    for request in c.server.requests:
        assert [content(part) for part in request.parts[2:]] == [path.read_bytes() for path in paths]


@pytest.mark.fault("Files", "Threads may send files at the same time, the same one too")
@pytest.mark.parametrize("files", [1, 8], ids=["the same", "others"])
def test_threads_send_files(files: int, tmp_path: Path) -> None:
    paths = random_files(tmp_path, [1_000_000] * files) * (8 // files)
    with calling(reply()) as c:
        threads = [threading.Thread(target=_sends, args=(c, path)) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    arrived = [content(part) for request in c.server.requests for part in request.parts[2:]]
    assert sorted(arrived) == sorted(path.read_bytes() for path in paths)


def random_files(folder: Path, sizes: Sequence[int]) -> list[Path]:
    paths = [folder / f"{number}.bin" for number in range(len(sizes))]
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(os.urandom(size))
    return paths


def _sends(c: Calling, path: Path) -> None:
    c.api.create_session("a1", "hello", path)

"""The life of a client: closed in the middle, shared by threads, gone with its interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import ProtocolError

from support.clients import Calling, ca_file, calling, interrupt, keeps_open, server_tls, unfinished
from support.scripted import SESSION, Connection, Received, playing, reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BEGUN = {
    "length": HEAD + b"Content-Length: 100\r\n\r\n12345",
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
    "until the end": HEAD + b"\r\n12345",
}
WAYS: dict[str, Callable[[urllib3.BaseHTTPResponse], object]] = {
    "read": lambda response: response.read(),
    "read some": lambda response: [response.read(5), response.read(5)],
    "read1": lambda response: [response.read1(5), response.read1(5)],
    "data": lambda response: response.data,
    "json": lambda response: response.json(),
    "stream": lambda response: list(response.stream()),
    "stream some": lambda response: list(response.stream(5)),
    "lines": lambda response: list(response),
    "readinto": lambda response: [response.readinto(bytearray(5)) for _ in range(2)],
}


@pytest.mark.fault("Life cycle", "A response that was closed before its end never reads as if it had ended")
@pytest.mark.parametrize("form", BEGUN)
@pytest.mark.parametrize("way", WAYS)
def test_a_closed_response_has_no_end(way: str, form: str) -> None:
    with calling(keeps_open(BEGUN[form])) as c:
        by_client = c.api.get_session_without_preload_content("s1")
        by_itself = c.api.get_session_without_preload_content("s1")
        by_itself.close()
        c.client.close()
        for response in (by_client, by_itself):
            assert response.closed
            with pytest.raises(ProtocolError):
                WAYS[way](response)

    assert len(c.server.requests) == 2


def _all(response: urllib3.BaseHTTPResponse, waits: threading.Event) -> None:
    waits.set()
    response.read()


def _in_blocks(response: urllib3.BaseHTTPResponse, waits: threading.Event) -> None:
    for block in response.stream(5):
        assert block == b"12345"
        waits.set()


@pytest.mark.fault("Life cycle", "Closing wakes a thread that waits for more of a response, which is told")
@pytest.mark.parametrize("form", BEGUN)
@pytest.mark.parametrize("way", [_all, _in_blocks])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_close_wakes_a_reader(scheme: str, way: Any, form: str, tmp_path: Path) -> None:
    tls: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    waits = threading.Event()
    with ThreadPoolExecutor(1) as pool, calling(keeps_open(BEGUN[form]), **tls) as c:
        response = c.api.get_session_without_preload_content("s1", _request_timeout=(5, 60))
        reader = pool.submit(way, response, waits)
        assert waits.wait(5)
        threading.Event().wait(0.05)  # until it is in the midst of waiting; it must end even if it is not
        c.client.close()
        assert isinstance(reader.exception(timeout=5), ProtocolError)

    assert len(c.server.requests) == 1


@pytest.mark.parametrize("form", BEGUN)
def test_a_response_that_is_left_is_not_looked_into(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may still read from it: what is looked for in its buffer would wait for that."""

    def waits(*looking: object) -> None:
        raise AssertionError

    with calling(keeps_open(BEGUN[form])) as c:
        response = c.api.get_session_without_preload_content("s1")
        monkeypatch.setattr("portal_client.transport.reader.TimedReader.end", waits)
        response.close()

    assert response.closed


@pytest.mark.fault("Life cycle", "A response that was read to its end may be closed and read again")
@pytest.mark.parametrize("form", ["length", "chunks", "until the end"])
def test_a_response_at_its_end_stays_at_its_end(form: str) -> None:
    ends = {
        "length": HEAD + b"Content-Length: 5\r\n\r\n12345",
        "chunks": BEGUN["chunks"] + b"0\r\n\r\n",
        "until the end": HEAD + b"Connection: close\r\n\r\n12345",
    }
    with calling(lambda connection, request: bool(connection.send(ends[form]))) as c:
        for way in (lambda response: response.read(), lambda response: b"".join(response.stream())):
            response = c.api.get_session_without_preload_content("s1")
            assert way(response) == b"12345"
            response.close()
            assert response.read() == b""
            assert list(response.stream()) == []


@pytest.mark.fault("Life cycle", "`with` closes connections and unread responses, also when its block raises")
def test_with_closes_what_an_exception_leaves_open() -> None:
    ended = threading.Event()
    with calling(unfinished(ended)) as c:
        with suppress(KeyError), c.client:
            response = c.api.get_session_without_preload_content("s1")
            raise KeyError
        assert ended.wait(5)
        assert response.closed


@pytest.mark.fault("Life cycle", "32 threads of 50 calls each get their own responses over a bounded pool")
def test_threads_get_their_own_responses() -> None:
    def echoes(connection: Connection, request: Received) -> None:
        connection.send(reply({**SESSION, "id": request.target.rpartition("/")[2]}))

    def calls(thread: int) -> list[str]:
        names = [f"{thread}-{n}" for n in range(50)]
        return [name for name in names if c.api.get_session(name, _request_timeout=60).id != name]

    with calling(echoes, connection_pool_maxsize=8) as c, ThreadPoolExecutor(32) as pool:
        wrong = list(pool.map(calls, range(32)))

    assert wrong == [[]] * 32
    assert len({request.target for request in c.server.requests}) == len(c.server.requests) == 1600
    assert len(set(c.ids)) == 1600
    assert c.server.connections <= 8


def interrupts_midway(connection: Connection, request: Received) -> bool:
    connection.send(reply()[:-20])
    interrupt()
    connection.sock.recv(1)
    return False


@pytest.mark.fault(
    "Life cycle", "Ctrl-C in the middle of a response ends the call; the next one gets its own"
)
@pytest.mark.parametrize(
    "call",
    [lambda c: c.api.get_session("s1"), lambda c: c.api.create_session("a1", "hello")],
    ids=["get", "post"],
)
def test_an_interrupt_within_a_response(call: Callable[[Calling], object]) -> None:
    answers = [interrupts_midway, reply({**SESSION, "id": "next"})]
    with calling(*answers, connection_pool_maxsize=1, timeout=20) as c:
        with pytest.raises(KeyboardInterrupt) as caught:
            call(c)
        assert c.api.get_session("next").id == "next"  # though the frames of the interrupt are kept
        assert caught.value.__traceback__ is not None

    assert (len(c.server.requests), c.server.connections) == (2, 2)


class Interrupts(int):
    """A number that is Ctrl-C when it is compared."""

    def __gt__(self, other: object) -> bool:
        raise KeyboardInterrupt


@pytest.mark.fault(
    "Life cycle", "Ctrl-C in the middle of a response ends the call; the next one gets its own"
)
def test_an_interrupt_between_two_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where urllib3 does not see it."""
    with calling(keeps_open(BEGUN["chunks"]), reply(), connection_pool_maxsize=1, timeout=20) as c:
        monkeypatch.setattr("portal_client.transport.body._BLOCK_BYTES", Interrupts(1))
        with pytest.raises(KeyboardInterrupt) as caught:
            c.api.get_session("s1")
        monkeypatch.undo()
        assert c.api.get_session("s1", _request_timeout=5).id == "s1"
        assert caught.value.__traceback__ is not None

    assert (len(c.server.requests), c.server.connections) == (2, 2)


@pytest.mark.fault("Life cycle", "Ctrl-C in the middle of an upload ends the call; the next one is whole")
def test_an_interrupt_within_an_upload(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, 256 * 1024 * 1024)

    def interrupts(connection: Connection, request: Received) -> bool:
        connection.read(1000)
        interrupt()
        while connection.sock.recv(65536):
            pass
        return False

    def answers(connection: Connection, request: Received) -> bool:
        connection.read(int(request.headers["Content-Length"]))
        connection.send(reply({**SESSION, "id": "next"}))
        return False

    with calling(interrupts, answers, bodies=False, connection_pool_maxsize=1) as c:
        with pytest.raises(KeyboardInterrupt):
            c.api.create_session("a1", "hello", path, _request_timeout=20)
        assert c.api.create_session("a1", "hello", b"small", _request_timeout=20).id == "next"

    assert (len(c.server.requests), c.server.connections) == (2, 2)


SHUTDOWN = """
import sys
from portal_client import ApiClient, Configuration, SessionsApi

client = ApiClient(Configuration(sys.argv[1], access_token="t"))
api = SessionsApi(client)
api.get_session("s1")
response = api.get_session_without_preload_content("s1")
blocks = response.stream(5)
print(next(blocks))
"""


@pytest.mark.fault("Life cycle", "An interpreter that ends with an open response ends in silence")
@pytest.mark.parametrize("form", BEGUN)
def test_the_end_of_the_interpreter_is_silent(form: str) -> None:
    with playing(reply(), keeps_open(BEGUN[form])) as server:
        ran = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-c", SHUTDOWN, server.host],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "b'12345'\n", "")
    assert len(server.requests) == 2

"""Sessions of the sandbox, followed over connections that break."""

import re
import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import portal_sandbox
from portal_client import ApiClient, ApiException, Configuration, Session, SessionsApi

from .conftest import LIMIT

WORDS = [f"word{number} " for number in range(30)]
WHOLE = "".join(WORDS)


def writer(conversation: Any, files: Any) -> Iterator[str]:
    yield from WORDS


@contextmanager
def cutting(host: str, seconds: float) -> Iterator[tuple[str, bytearray]]:
    """A way to a server whose connections last this long: where it is, and what came through to it."""
    asked, over = bytearray(), threading.Event()
    target = ("127.0.0.1", int(host.rpartition(":")[2]))

    def carry(client: socket.socket) -> None:
        with client, socket.create_connection(target) as server:
            end = time.monotonic() + seconds
            while not over.is_set() and (left := end - time.monotonic()) > 0:
                for source in select.select([client, server], [], [], min(left, 0.1))[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is client:
                        asked.extend(data)
                    (server if source is client else client).sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                pool.submit(carry, listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(8) as pool:
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(LIMIT)


@pytest.mark.fault("Following", "A stream that is cut every second yields no state twice, in order")
@pytest.mark.parametrize(
    ("seconds", "pace"), [(0.1, 0.01), pytest.param(1, 0.2, marks=pytest.mark.slow)], ids=["fast", "slow"]
)
def test_a_session_is_followed_over_a_stream_that_is_cut_again_and_again(seconds: float, pace: float) -> None:
    def resumptions() -> list[bytes]:
        return re.findall(rb"Last-Event-ID: ([0-9]+)", asked)

    def followed(conversation: Any, files: Any) -> Iterator[str]:
        end = time.monotonic() + LIMIT
        for number, word in enumerate(WORDS):
            while (
                len(resumptions()) < number // 10 and time.monotonic() < end
            ):  # it is cut while it is silent
                time.sleep(0.01)
            yield word

    with (
        portal_sandbox.running(agents={"writer": followed}, pace=pace) as box,
        cutting(box.host, seconds) as (host, asked),
        ApiClient(Configuration(box.host, access_token=box.token)) as client,
    ):
        session_id = SessionsApi(client).create_async_session("writer", "Go").session_id
        over_cuts = SessionsApi(client.with_options(host=host))
        with over_cuts.follow_session(session_id) as updates:
            states = list(updates)

    texts = ["".join(message.text for message in session.messages[1:]) for session in states]
    assert [session.status for session in states] == ["Running"] * (len(states) - 1) + ["Ready"]
    assert texts[-1] == WHOLE
    assert all(WHOLE.startswith(text) for text in texts)
    lengths = [len(text) for text in texts[:-1]]
    assert lengths == sorted(set(lengths))
    assert len(lengths) > 1
    assert len(resumptions()) > 1
    assert resumptions() == sorted(resumptions(), key=int)


def test_words_are_whole_though_a_third_of_the_requests_meet_a_fault() -> None:
    chaos = "503:8%,500:8%,reset:8%,lost:8%,cut:20%"
    with (
        portal_sandbox.running(agents={"writer": writer}, pace=0.005, chaos=chaos, chaos_seed=3) as box,
        ApiClient(Configuration(box.host, access_token=box.token, retries=False)) as client,
    ):
        api = SessionsApi(client)
        session_id = None
        while session_id is None:
            with suppress(ApiException):
                session_id = api.create_async_session("writer", "Go").session_id
        with api.follow_session(session_id, timeout=LIMIT) as updates:
            assert "".join(updates.words()) == WHOLE

        assert box.chaos is not None
        assert box.chaos.made["cut"] > 0


@pytest.mark.fault("Following", "A server that restarts in the middle is followed on")
def test_a_session_is_followed_over_a_restart_of_the_server(tmp_path: Path) -> None:
    long = WORDS * 20  # it is not done when the server stops

    def novelist(conversation: Any, files: Any) -> Iterator[str]:
        yield from long

    options: dict[str, Any] = {"db": tmp_path / "box.sqlite", "tokens": {"secret": "ann"}}
    options |= {"agents": {"writer": novelist}, "pace": 0.02}
    states: list[Session] = []
    with portal_sandbox.running(**options) as box:
        port = int(box.host.rpartition(":")[2])
        client = ApiClient(Configuration(box.host, access_token="secret"))
        api = SessionsApi(client)
        session_id = api.create_async_session("writer", "Go").session_id
        updates = api.follow_session(session_id, timeout=LIMIT)
        while len(states) < 5:
            states.append(next(updates))
    with client, updates, portal_sandbox.running(port=port, **options):
        states += updates

    assert [session.status for session in states] == ["Running"] * (len(states) - 1) + ["Error"]
    assert "".join(long).startswith(states[-2].messages[-1].text)
    lengths = [len(session.messages[-1].text) for session in states if len(session.messages) > 1]
    assert lengths == sorted(set(lengths))

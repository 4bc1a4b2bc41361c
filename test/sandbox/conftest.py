"""Fixtures: sandboxes, a plain HTTP caller, and agents that are released step by step."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import urllib3
from sqlalchemy import text

import portal_sandbox
from portal_sandbox.database import Database
from portal_sandbox.store import Store

#: No wait in these tests may last longer, in seconds.
LIMIT = 20

File = tuple[str, bytes, str]


class Caller:
    """Calls one sandbox with one token."""

    def __init__(self, host: str, token: str | None) -> None:
        self.host = host
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = urllib3.PoolManager(headers=headers, retries=False, timeout=LIMIT, maxsize=100)

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.clear()

    def call(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        return self.http.request(method, self.host + path, **options)

    def send_raw(self, request: str, headers: str = "", body: str = "") -> socket.socket:
        """Send a request whose response is to be read from the socket."""
        connection = self._connected()
        connection.sendall(
            f"{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}".encode()
        )
        return connection

    def status(self, head: str) -> int:
        """The status of the response to a request with this head, as it is but for token and end."""
        head += f"\r\nAuthorization: {self.http.headers['Authorization']}\r\nConnection: close\r\n\r\n"
        with self._connected() as connection, connection.makefile("rb") as answer:
            connection.sendall(head.encode())
            return int(answer.readline().split()[1])

    def _connected(self) -> socket.socket:
        target = urllib3.util.parse_url(self.host)
        assert target.port is not None
        return socket.create_connection((target.host, target.port), timeout=LIMIT)

    def get(self, path: str, **query: object) -> Any:
        return _content(self.call("GET", path, fields=query))

    def send(
        self, method: str, path: str, text: str, agent: str | None = None, files: Sequence[File] = ()
    ) -> urllib3.BaseHTTPResponse:
        fields: list[Any] = [("text_prompt", text), *(("files", file) for file in files)]
        if agent is not None:
            fields.insert(0, ("agent_id", agent))
        return self.call(method, path, fields=fields)

    def create(self, text: str = "hello", agent: str = "echo", files: Sequence[File] = ()) -> Any:
        return _content(self.send("POST", "/sessions", text, agent, files))

    def create_async(self, text: str = "hello", agent: str = "echo") -> str:
        session_id: str = _content(self.send("POST", "/sessions/async", text, agent))["session_id"]
        return session_id

    def update(self, session_id: str, text: str = "more") -> urllib3.BaseHTTPResponse:
        return self.send("PUT", f"/sessions/{session_id}", text)

    def replay(self, session_id: str, index: object) -> urllib3.BaseHTTPResponse:
        return self.call("POST", f"/sessions/replay?session_id={session_id}&last_message_index={index}")


def _content(response: urllib3.BaseHTTPResponse) -> Any:
    assert response.status == 200, response.data
    return response.json()


_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(db: Path) -> Iterator[None]:
    """Another process writes to a database, and does not end."""
    with subprocess.Popen(
        [sys.executable, "-c", _LOCK, str(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "locked\n"
            yield
        finally:
            process.kill()


class Held:
    """An agent with an event for its call, which answers once it is released."""

    def __init__(self) -> None:
        self.asked = Event()
        self.released = Event()

    def __call__(self, conversation: Sequence[object], files: Sequence[object]) -> str:
        self.asked.set()
        assert self.released.wait(LIMIT)
        return "at last"


class Steps:
    """A generator agent that takes each step when it is released."""

    def __init__(self, *steps: object) -> None:
        self.steps = steps
        self.taken = [Event() for _ in steps]
        self.closed = Event()

    def __call__(self, conversation: Sequence[object], files: Sequence[object]) -> Iterator[object]:
        try:
            for step, taken in zip(self.steps, self.taken, strict=True):
                assert taken.wait(LIMIT)
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.closed.set()


@contextmanager
def no_thread_to_answer_in() -> Iterator[None]:
    """The system starts no thread for an agent."""
    begin = threading.Thread.start

    def no_more(thread: threading.Thread) -> None:
        if thread.name == "portal-sandbox-agent":
            raise RuntimeError("can't start new thread")
        begin(thread)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        yield


@pytest.fixture
def held() -> Iterator[Held]:
    agent = Held()
    yield agent
    agent.released.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a database."""
    return tmp_path / "box.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """An open database in the file."""
    database = Database(str(path))
    database.open()
    yield database
    database.close()


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An open store on the file."""
    store = Store(path)
    store.open()
    yield store
    store.close()


ADD = text("INSERT INTO blobs VALUES (:name)")


def names_in(database: Database) -> list[Any]:
    with database.reading() as session:
        return list(session.execute(text("SELECT sha256 FROM blobs ORDER BY 1")).scalars())


def names_after_adding(database: Database, name: str) -> list[Any]:
    with database.writing() as session:
        session.execute(ADD, {"name": name})
    return names_in(database)


Start = Callable[..., Caller]


@pytest.fixture
def start(held: Held) -> Iterator[Start]:
    """Start a sandbox with these arguments and get a caller of it; all stop after the test."""
    with ExitStack() as stack:

        def started(**options: Any) -> Caller:
            options.setdefault("agents", {"held": held})
            box = stack.enter_context(portal_sandbox.running(**options))
            return stack.enter_context(Caller(box.host, box.token))

        yield started
        held.released.set()


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    """A caller of a sandbox that the tests of one module share."""
    with portal_sandbox.running() as box, Caller(box.host, box.token) as caller:
        yield caller

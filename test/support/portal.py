"""A Portal service on loopback that does to a prompt what a test says, and counts what it receives."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Optional
from urllib.parse import parse_qs, urlsplit

from portal_client import ApiClient, SessionsApi
from support.clients import client_of
from support.scripted import Connection, Received, content, playing, reply

#: When the service has begun, by its own clock, which is not that of the machine.
BEGINNING = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)

#: What is done with a prompt in place of starting a session and returning its id.
Fault = Callable[["Portal", Connection, Received], Any]


@dataclass
class Portal:
    """The service: its sessions by id, the prompts that came, and what is to be done with the next ones.

    Its clock goes on by `tick` seconds with each request.
    """

    tick: float = 10.0
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    paths: list[str] = field(default_factory=list)
    now: datetime = BEGINNING
    dated: bool = True
    listing: list[Fault] = field(default_factory=list)
    reading: list[Fault] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, connection: Connection, request: Received) -> Any:
        url = urlsplit(request.target)
        if len(request.body) < int(request.headers.get("Content-Length", 0)):
            return False  # it broke off: no service carries that out
        with self._lock:
            self.now += timedelta(seconds=self.tick)
            self.paths.append(f"{request.method} {url.path}")
            fault: Optional[Fault] = None
            if request.method == "POST":
                prompt = self.prompt(request)
                self.prompts.append(prompt)
                fault = self.faults[prompt].pop(0) if self.faults[prompt] else started
            elif url.path == "/sessions":
                fault = self.listing.pop(0) if self.listing else listed
            elif url.path.startswith("/sessions/"):
                fault = self.reading.pop(0) if self.reading else found
        if fault is not None:
            return fault(self, connection, request)
        return self.send(connection, {}, 404)

    def prompt(self, request: Received) -> str:
        fields = {part.get_param("name", header="content-disposition"): part for part in request.parts}
        return content(fields["text_prompt"]).decode()

    def start(self, request: Received, **changed: Any) -> str:
        """Start the session of a request, and return its id."""
        fields = {part.get_param("name", header="content-disposition"): part for part in request.parts}
        texts = {str(name): content(part).decode("utf-8", "replace") for name, part in fields.items()}
        return self.add(texts["text_prompt"], texts["agent_id"], **changed)

    def add(self, prompt: str, agent_id: str = "a1", **changed: Any) -> str:
        """Add a session, and return its id."""
        with self._lock:
            id = f"s{next(self._ids)}"
            self.sessions[id] = {
                "id": id,
                "agent_id": agent_id,
                "thread_id": "t1",
                "created_at": self.now.isoformat(),
                "updated_at": self.now.isoformat(),
                "messages": [
                    {"text": prompt, "role": "user", "agent": None},
                    {"text": f"Answer to {prompt}", "role": "assistant", "agent": None},
                ],
                "status": "Ready",
                "user_id": "u1",
                "routine_id": None,
                **changed,
            }
            return id

    def send(self, connection: Connection, body: Any, status: int = 200, **headers: Any) -> None:
        dated = {"Date": format_datetime(self.now, usegmt=True)} if self.dated else {}
        connection.send(reply(body, status=status, **{**dated, **headers}))

    @property
    def doubled(self) -> dict[str, int]:
        """The prompts with more than one session."""
        asked = Counter(session["messages"][0]["text"] for session in self.sessions.values())
        return {prompt: count for prompt, count in asked.items() if count > 1}


# ── what is done with a request ──


def started(portal: Portal, connection: Connection, request: Received) -> None:
    """The session is started."""
    portal.send(connection, {"session_id": portal.start(request)})


def found(portal: Portal, connection: Connection, request: Received) -> None:
    """A session as it is."""
    session = portal.sessions.get(request.target.rpartition("/")[2])
    if session is None:
        portal.send(connection, {"detail": "Session not found"}, 404)
        return
    statuses = portal.statuses[session["messages"][0]["text"]]
    portal.send(connection, session | ({"status": statuses.pop(0)} if statuses else {}))


def listed(portal: Portal, connection: Connection, request: Received) -> None:
    """The sessions of an agent, newest first."""
    (agent_id,) = parse_qs(urlsplit(request.target).query)["agent_id"]
    mine = [session for session in portal.sessions.values() if session["agent_id"] == agent_id]
    portal.send(connection, {"sessions": mine[::-1]})


def lost(portal: Portal, connection: Connection, request: Received) -> bool:
    """The session is started, and its id is lost."""
    portal.start(request)
    return connection.reset()


def dropped(portal: Portal, connection: Connection, request: Received) -> bool:
    """Nothing is done, and the connection is reset."""
    return connection.reset()


def refused(status: int, **headers: str) -> Fault:
    """Nothing is done, and the response has this status."""

    def fault(portal: Portal, connection: Connection, request: Received) -> None:
        portal.send(connection, {"detail": "refused"}, status, **headers)

    return fault


def after(event: threading.Event, fault: Fault = started) -> Fault:
    """Something is done when the test says so."""

    def waiting(portal: Portal, connection: Connection, request: Received) -> Any:
        assert event.wait(20)
        return fault(portal, connection, request)

    return waiting


@contextmanager
def portal(**settings: Any) -> Iterator[tuple[Portal, SessionsApi]]:
    """A service, and the operations of a client whose waits between attempts are not waited."""
    service = Portal()
    with playing(service) as server, client_of(server.host, **settings) as client:
        yield service, SessionsApi(client)


def client(api: SessionsApi) -> ApiClient:
    """The client of an api."""
    return api.api_client

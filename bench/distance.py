"""What the distance to the floor is made of: the steps of a call, each alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from bench.contestants import Contestant, Floor, Paused, PortalClient, Validation
from bench.harness import FLOOR, OURS, Entry, Row, Work
from bench.server import sessions
from portal_client.decoding import decode, raise_for_status

C = TypeVar("C", bound=Contestant)

COUNT = 10_000


class Steps(PortalClient):
    """A client, and one call at each of its stages."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        client: Any = self.client
        api: Any = type(self.api)
        self.rest, self.prepare_request = client.rest_client, client.prepare_request
        self.operation, self.many = api.get_session.operation, api.get_sessions.operation
        self.session()
        self.request = self.operation.request(("s1",), {})
        self.sent = self.prepare_request(self.request)
        self.answer = self.rest.send(self.sent)

    def arguments(self) -> object:
        """Check the arguments and put them in their places."""
        return self.operation.request(("s1",), {})

    def prepared(self) -> object:
        """Make the request ready for the wire."""
        return self.prepare_request(self.request)

    def exchange(self) -> object:
        """Send it and read the response."""
        return self.rest.send(self.sent)

    def decoded(self) -> object:
        """Make a model of the response."""
        raise_for_status(self.answer, self.sent, self.client.models)
        return decode(self.operation, self.answer, self.sent, pause_gc=True)

    def received(self) -> object:
        """Request a large response and read it."""
        return self.rest.send(self.prepare_request(self.many.request((str(COUNT),), {})))


class MailParser(Steps):
    """The same with every head left to http.client."""

    def __init__(self, host: str) -> None:
        answer: Any = import_module("portal_client.transport.framing")
        answer.read_plain_head = lambda data: None  # pyright: ignore
        super().__init__(host)


class Bare(Floor):
    """The two halves of the floor."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.body = self.exchange()

    def exchange(self) -> bytes:
        """Send the request and read the response."""
        return self._get("/sessions/s1")

    def validated(self) -> object:
        """Make a model of the response."""
        return self.one(self.body)


def _entry(kind: type[C], work: Callable[[C], Work], calls: int = 100) -> Entry:
    return Entry(kind, work, calls, libraries=kind.libraries)


ROWS = [
    Row(
        "distance_get_session",
        "the steps of `get_session`",
        {
            OURS: _entry(PortalClient, lambda one: one.session),
            FLOOR: _entry(Floor, lambda one: one.session),
            "arguments": _entry(Steps, lambda one: one.arguments, 500),
            "prepared": _entry(Steps, lambda one: one.prepared, 500),
            "exchange": _entry(Steps, lambda one: one.exchange),
            "exchange, head by http.client": _entry(MailParser, lambda one: one.exchange),
            "urlopen": _entry(Bare, lambda one: one.exchange),
            "decoded": _entry(Steps, lambda one: one.decoded, 500),
            "validate_json": _entry(Bare, lambda one: one.validated, 500),
        },
        [],
        rounds=41,
    ),
    Row(
        "distance_get_sessions",
        "the steps of 10,000 sessions",
        {
            OURS: _entry(PortalClient, lambda one: partial(one.sessions, COUNT), 1),
            FLOOR: _entry(Paused, lambda one: partial(one.sessions, COUNT), 1),
            "kept": _entry(Validation, lambda one: partial(one.many_kept, sessions(COUNT)), 1),
            "received": _entry(Steps, lambda one: one.received, 1),
        },
        [],
        rounds=9,
    ),
]

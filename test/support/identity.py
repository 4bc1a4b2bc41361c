"""An OAuth2 server that plays a script, a client with tokens from there, and a clock moved by hand."""

from __future__ import annotations

import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from portal_client import ApiClient, SessionsApi
from portal_client.auth import OAuth2Password
from support.clients import client_of
from support.scripted import Answer, Received, Script, playing, reply

USERNAME = "ann+smith@example"
PASSWORD = "&=+ü the pass word%26"
CLIENT_ID = "client:id é"
CLIENT_SECRET = "s3cr:et&=+ü/%"
SCOPE = "openid client groups offline_access"
#: What may be seen nowhere but on its way to the token endpoint.
PRIVATE = ("the pass word", "the+pass", "the%20pass", "s3cr", "access-", "refresh-")


@dataclass
class HandClock:
    """A clock that stands still until somebody waits."""

    time: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def granted(number: int = 1, **changes: Any) -> bytes:
    """A response with tokens `access-1` and `refresh-1`; a change to None leaves the field out."""
    fields = {
        "token_type": "Bearer",
        "expires_in": 3600,
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        **changes,
    }
    return reply({name: value for name, value in fields.items() if value is not None})


def refused(error: str = "invalid_grant", description: str = "", status: int = 400, **headers: str) -> bytes:
    """A response without a token."""
    return reply({"error": error, "error_description": description}, status=status, **headers)


def form(request: Received) -> dict[str, str]:
    """The fields of a form, each of which is there once."""
    pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def basic(request: Received) -> tuple[str, str]:
    """Client id and secret of a basic Authorization header, decoded as RFC 6749 has it."""
    scheme, _, encoded = request.headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    client_id, secret = b64decode(encoded).decode("ascii").split(":")
    return unquote_plus(client_id), unquote_plus(secret)


@dataclass
class SignedIn:
    """A client, its source of tokens, and the two servers that they talk to."""

    api: SessionsApi
    client: ApiClient
    source: OAuth2Password
    clock: HandClock
    identity: Script
    service: Script

    @property
    def grants(self) -> list[str]:
        """How each token was asked for."""
        return [form(request)["grant_type"] for request in self.identity.requests]

    @property
    def shown(self) -> list[str | None]:
        """What the service was shown."""
        return [request.headers["Authorization"] for request in self.service.requests]


def source_for(host: str, **settings: Any) -> OAuth2Password:
    """A source with credentials that need to be encoded."""
    given = {
        "token_url": f"{host}/oauth2/v1/token",
        "username": USERNAME,
        "password": PASSWORD,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": SCOPE,
    }
    return OAuth2Password(**{**given, **settings})


@contextmanager
def signed_in(
    *tokens: Answer, service: tuple[Answer, ...] = (), source: dict[str, Any] | None = None, **settings: Any
) -> Iterator[SignedIn]:
    """Play `tokens` at the token endpoint and `service` at the API; `settings` are the Configuration's."""
    clock = HandClock()
    with playing(*tokens) as identity, playing(*(service or (reply(),))) as api:
        tokens_from = source_for(identity.host, now=clock.now, **(source or {}))
        with client_of(api.host, clock, **{"access_token": tokens_from, **settings}) as client:
            yield SignedIn(SessionsApi(client), client, tokens_from, clock, identity, api)


def waiting(source: OAuth2Password) -> int:
    """How many threads wait for another one's fetch."""
    flight = source._fetch_under_way
    return len(flight.over._cond._waiters) if flight else 0  # type: ignore[attr-defined]


def when(condition: Callable[[], bool], answer: bytes | None) -> Answer:
    """Respond as soon as something is so, or hang up then."""

    def wait(connection: Any, request: Received) -> bool:
        until = time.monotonic() + 20
        while not condition() and time.monotonic() < until:
            time.sleep(0.002)
        connection.send(answer or b"")
        return answer is not None

    return wait


def together(count: int, call: Callable[[], Any]) -> list[Any]:
    """What `count` threads that start at the same moment return or raise."""
    start = threading.Barrier(count)
    outcomes: list[Any] = []

    def run() -> None:
        start.wait(20)
        try:
            outcomes.append(call())
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes

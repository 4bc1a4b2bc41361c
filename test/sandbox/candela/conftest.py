"""Fixtures: sandboxes with Candela, a plain HTTP caller of it, and a clock moved by hand."""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

import portal_sandbox

from ..conftest import Caller, Held

NDJSON = "application/x-ndjson"

Json = dict[str, Any]


class Candela(Caller):
    """Calls the Candela of one sandbox with one token."""

    def __init__(self, box: portal_sandbox.Sandbox, token: str | None) -> None:
        super().__init__(box.candela_url, token)
        self.box = box
        self._others = ExitStack()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._others.close()

    def with_token(self, token: str | None) -> "Candela":
        """A caller of the same Candela with another token, or with none."""
        return self._others.enter_context(Candela(self.box, token))

    def post(self, path: str, body: object, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.call("POST", path, json=body, headers={**self.http.headers, **headers})

    def put(self, path: str, query: Mapping[str, object], **options: Any) -> urllib3.BaseHTTPResponse:
        """Send a PUT with a query, which urllib3 would send as a form."""
        return self.call("PUT", f"{path}?{urlencode(query)}", **options)

    # ── sessions ──

    def try_to_start(self, agent: str = "echo", **more: object) -> urllib3.BaseHTTPResponse:
        return self.post("/session", {"app": named(agent), "model_cfg": named("model"), **more})

    def start(self, agent: str = "echo", **more: object) -> Json:
        """Start a session and get its full name."""
        response = self.try_to_start(agent, **more)
        assert response.status == 200, response.data
        name: Json = response.json()["obj_id"]
        return name

    def stop(self) -> None:
        assert self.call("GET", "/session/stop").status == 204

    def delete(self, name: Json) -> urllib3.BaseHTTPResponse:
        return self.call("DELETE", "/sessions/", fields=name)

    def state(self, name: Json) -> str:
        """Return the description in the metadata of a session."""
        description: str = self.get("/sessions/metadata", **name)["description"]
        return description.partition(", ")[2]

    # ── prompts ──

    def pipeline(self, name: Json, prompt: str = "hello") -> urllib3.BaseHTTPResponse:
        return self.post("/session/pipeline_submit", submitted(name, prompt))

    def agent(self, name: Json, prompt: str = "hello", **headers: str) -> urllib3.BaseHTTPResponse:
        return self.post("/session/agent_submit", submitted(name, prompt), **headers)

    def events(self, name: Json, prompt: str = "hello") -> list[tuple[str, str]]:
        """Return type and content of each event of a complete response."""
        response = self.agent(name, prompt, Accept=NDJSON)
        assert response.status == 200, response.data
        assert response.headers["Content-Type"] == NDJSON
        return [said(line) for line in response.data.splitlines()]


def named(identifier: str) -> Json:
    return {"scope": "default", "identifier": identifier}


def submitted(name: Json, prompt: str) -> Json:
    return {"prompt": prompt, "session_id": name["identifier"], "scope": name["scope"]}


def said(line: bytes) -> tuple[str, str]:
    event = json.loads(line)
    return event["event_type"], event["content"]


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def running(**options: Any) -> Generator[Candela]:
    """A caller of the Candela of a sandbox that runs for as long as the block lasts."""
    with portal_sandbox.running(**options) as box, Candela(box, box.token) as candela:
        yield candela


Start = Callable[..., Candela]


@pytest.fixture
def start(held: Held) -> Iterator[Start]:
    """Start a sandbox with these arguments and get a caller of its Candela; all stop after the test."""
    with ExitStack() as stack:

        def started(**options: Any) -> Candela:
            return stack.enter_context(running(**{"agents": {"held": held}, **options}))

        yield started
        held.released.set()


@pytest.fixture(scope="module")
def users() -> Iterator[Iterator[Candela]]:
    """Callers of a sandbox that the tests of one module share, each with a slot of its own."""
    names = [f"user-{number}" for number in range(100)]
    with running(tokens=dict(zip(names, names, strict=True))) as candela:
        yield map(candela.with_token, names)


@pytest.fixture
def candela(users: Iterator[Candela]) -> Candela:
    """A user of a sandbox that others use too."""
    return next(users)


@pytest.fixture
def alone(start: Start) -> Candela:
    """The only user of a sandbox, for tests of what users share."""
    return start()

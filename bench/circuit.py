"""A circuit of Candela whose objects are nested as deeply as the service's own are, and deeper."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from bench.contestants import TOKEN, Contestant, Floor
from bench.harness import FLOOR, OURS, AtMost, Entry, Flat, Row, Work

MAX_DEPTH = 60


def request(levels: int) -> dict[str, Any]:
    """Return the request for a session with a circuit whose one step is an object nested so deeply."""
    spec: dict[str, Any] = {"type": "enum", "options": ["a"]}
    for _ in range(levels):
        spec = {"type": "object", "fields": {"a": spec}}
    node = {"type": "intent", "node_id": "a", "child_id": None, "spec": spec}
    return {
        "model_id": {"scope": "s", "identifier": "m"},
        "circuit": {"first": "a", "nodes": {"a": node}},
        "directive": {"point": " * ", "hide": True},
    }


class Candela(Contestant):
    """The client of Candela."""

    libraries: ClassVar[Sequence[str]] = ("portal-client", "urllib3", "pydantic")

    def __init__(self, host: str) -> None:
        from finbourne_candela import Configuration, SessionsApi, SyncApiClient

        self.client = SyncApiClient(Configuration(host, access_token=TOKEN))
        self.api = SessionsApi(self.client)

    def start(self, request: Any) -> object:
        """Start a session."""
        return self.api.start_dev_session(request)

    def close(self) -> None:
        self.client.close()


class Bare(Floor):
    """The same models, validated and written by pydantic, over a bare pool."""

    def __init__(self, host: str) -> None:
        from pydantic import TypeAdapter

        from finbourne_candela import DevSessionStartRequest, ObjectMetadata

        super().__init__(host)
        self.made = TypeAdapter(DevSessionStartRequest).validator.validate_python
        self.answer = TypeAdapter(ObjectMetadata).validator.validate_json

    def start(self, request: Any) -> object:
        """Start a session."""
        body = json.dumps(self.made(request).model_dump(mode="json")).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        answer = self.pool.urlopen("POST", "/session/dev", body, headers, retries=False, redirect=False)
        return self.answer(answer.data)


def _starting(levels: int) -> Callable[[Any], Work]:
    return lambda one: partial(one.start, request(levels))


def _entry(kind: type[Contestant], levels: int, calls: int, items: int = 1) -> Entry:
    return Entry(kind, _starting(levels), calls, items, kind.libraries)


ROWS = [
    Row(
        "circuit",
        "a circuit nested 60 levels deep",
        {OURS: _entry(Candela, MAX_DEPTH, 10), FLOOR: _entry(Bare, MAX_DEPTH, 10)},
        [AtMost(2, "floor")],
        rounds=21,
        note="The client of Candela; its floor is `validate_python` and `model_dump` of the same models.",
    ),
    Row(
        "circuit_growth",
        "1 to 60 levels of a circuit",
        {f"{OURS} {n}": _entry(Candela, n, max(10, 60 // n), n) for n in (1, 15, 30, MAX_DEPTH)},
        [Flat(0.15)],
        rounds=11,
        per="level",
    ),
]

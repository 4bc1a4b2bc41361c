"""A Candela client of a scripted server, with waits that are recorded instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from finbourne_candela import Configuration, SessionsApi, SyncApiClient
from portal_client.rest import RESTClientObject
from support.clients import TOKEN, Clock
from support.scripted import Answer, Script, playing

ID = {"scope": "default", "identifier": "s1"}
METADATA: dict[str, Any] = {
    "obj_id": {**ID, "version": "1.0.0"},
    "domain": "sessions",
    "created_by": "me",
    "created_at": "2026-01-02T03:04:05Z",
    "description": None,
}
SESSION: dict[str, Any] = {"app": ID, "model_cfg": ID, "host_id": "h1", "dev_session": None}
EVENT = {"event_type": "chat", "content": "Hello"}
PROMPT: dict[str, Any] = {"prompt": "Hi", "session_id": "s1"}
START: dict[str, Any] = {"app": ID, "model_cfg": ID}
DEV: dict[str, Any] = {"model_id": ID, "circuit": {"first": "a", "nodes": {}}, "directive": {"hide": False}}


@dataclass
class Calling:
    """A client, its server, and its clock."""

    api: SessionsApi
    client: SyncApiClient
    server: Script
    clock: Clock


@contextmanager
def calling(*answers: Answer, pool_threads: int = 1, **settings: Any) -> Iterator[Calling]:
    """Play a script to a client; the settings are those of a Configuration."""
    clock = Clock()
    with playing(*answers) as server:
        configuration = Configuration(server.host, **{"access_token": TOKEN, **settings})
        with SyncApiClient(configuration, pool_threads=pool_threads) as client:
            client.rest_client = RESTClientObject(configuration, sleep=clock.sleep, now=clock.now)
            yield Calling(SessionsApi(client), client, server, clock)

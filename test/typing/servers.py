"""Servers, scripts and cassettes of tests, as a user's fixtures and assertions have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import portal_testing
from finbourne_candela import SessionsApi as CandelaSessionsApi
from finbourne_candela import SyncApiClient
from portal_client import AgentsApi, ApiClient, SessionsApi
from portal_testing import Call, CandelaServer, Cassette, PortalServer, SentFile
from portal_testing.verbs import Operation, ScriptedAgent


def scripts(portal_server: PortalServer, candela_server: CandelaServer) -> None:
    agent = portal_server.agent("a1")
    assert_type(agent.replies("ok").then_fails(503).then_loses_the_reply(), ScriptedAgent)
    assert_type(agent.on_call(3).fails(503, retry_after=1), ScriptedAgent)
    assert_type(agent.streams(["a", "b"], pace=0.5).then_raises("no", times=2), ScriptedAgent)
    operation = portal_server.operation("get_session")
    assert_type(operation.fails(503, times=2).on_call(5).loses_the_reply(), Operation)
    operation.replies("ok")  # type: ignore[attr-defined]
    agent.fails("503")  # type: ignore[arg-type]
    candela_server.agent("a1").replies({"grew": True})


def clients(portal_server: PortalServer, candela_server: CandelaServer) -> None:
    assert_type(portal_server.client, ApiClient)
    assert_type(candela_server.client, SyncApiClient)
    assert_type(portal_server.api(AgentsApi), AgentsApi)
    assert_type(candela_server.api(CandelaSessionsApi), CandelaSessionsApi)
    assert_type(portal_server.clock.install(candela_server.client), SyncApiClient)
    assert_type(portal_server.environment, dict[str, str])


def calls(portal_server: PortalServer) -> None:
    assert_type(portal_server.calls, list[Call])
    call = portal_server.calls[0]
    assert_type(call.arguments, dict[str, Any])
    assert_type(call.files, list[SentFile])
    assert_type(call.files[0].content, bytes | None)
    assert_type(call.status, int | None)


def blocks(path: Path) -> None:
    with portal_testing.serve_portal(strict=False) as server:
        assert_type(server, PortalServer)
        with Cassette(path, "none", ignore=["text_prompt"]) as cassette:
            assert_type(cassette, Cassette)
            assert_type(SessionsApi(cassette.install(server.client)), SessionsApi)
        cassette.to_har(path)
    Cassette(path, "new")  # type: ignore[arg-type]
    with portal_testing.serve_candela() as candela:
        assert_type(candela, CandelaServer)

"""The servers of tests: fresh each, at a place of its own, with what they have received."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

import portal_testing
from finbourne_candela import ObjectId, SessionStartRequest, SlotState, UserSlotsApi
from finbourne_candela import SessionsApi as CandelaSessionsApi
from portal_client import (
    AgentsApi,
    ApiClient,
    ApiException,
    BusinessApi,
    Configuration,
    CreateBusinessRequest,
    NotFoundException,
    SessionsApi,
    UnauthorizedException,
)
from portal_testing import host, operations
from portal_testing.server import CandelaServer, PortalServer

pytestmark = pytest.mark.filterwarnings("ignore:The 'alias' attribute")

START = SessionStartRequest(
    app=ObjectId(scope="default", identifier="a1"), model_cfg=ObjectId(scope="default", identifier="m1")
)


@pytest.fixture
def portal() -> Iterator[PortalServer]:
    with portal_testing.serve_portal() as server:
        yield server


@pytest.fixture
def candela() -> Iterator[CandelaServer]:
    with portal_testing.serve_candela() as server:
        yield server


# ── fresh ──


def test_no_data_pass_from_one_server_to_another() -> None:
    for _ in range(2):
        with portal_testing.serve_portal() as server:
            api = server.api(SessionsApi)
            assert api.get_sessions("echo").sessions == []
            assert api.create_session("echo", "Hello").messages[-1].text == "Hello"
            assert [str(call) for call in server.calls] == ["get_sessions: 200", "create_session: 200"]


def test_several_servers_at_once_share_nothing() -> None:
    with portal_testing.serve_portal() as one, portal_testing.serve_portal() as other:
        one.agent("a1").replies("ok")
        session = one.api(SessionsApi).create_session("a1", "Hello")

        with pytest.raises(NotFoundException):
            other.api(SessionsApi).get_session(session.id)
        with pytest.raises(NotFoundException, match=r"Agent not found: a1 \(agents: echo\)"):
            other.api(SessionsApi).create_session("a1", "Hello")
        assert [len(one.calls), len(other.calls)] == [1, 2]


def test_a_client_that_is_left_behind_reaches_no_later_server() -> None:
    with portal_testing.serve_portal() as before:
        left = SessionsApi(ApiClient(Configuration(before.host, access_token=before.token)))
        session = left.create_session("echo", "Hello")
    with portal_testing.serve_portal() as server:
        with pytest.raises(ApiException, match="has ended") as gone:
            left.get_session(session.id)
        assert server.calls == []
    left.api_client.close()

    assert gone.value.status == 410
    assert len(before.calls) == 1


def test_the_end_waits_for_no_agent_and_for_no_request() -> None:
    outcome: list[BaseException] = []

    def ask(api: SessionsApi) -> None:
        try:
            api.create_session("slow", "Hello")
        except ApiException as error:
            outcome.append(error)

    with portal_testing.serve_portal() as server:
        server.agent("slow").never_replies()
        thread = threading.Thread(target=ask, args=(server.api(SessionsApi),))
        thread.start()
        deadline = time.monotonic() + 20
        while server.agent("slow").script.unused():
            assert time.monotonic() < deadline, "the agent was not asked within 20 s"
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    thread.join(20)

    assert not thread.is_alive(), "the request did not end within 20 s"
    assert len(outcome) == 1 or server.calls[0].status == 200
    assert [other.name for other in threading.enumerate() if other.name == "portal-sandbox-agent"] == []


def test_a_fork_has_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = host.host()
    monkeypatch.setattr(host, "_host", SimpleNamespace(pid=-1))
    with portal_testing.serve_portal() as server:
        there = host.host()
        assert there is not here
        assert server.api(AgentsApi).get_agents().agents[0].id == "echo"
    there.stop()


def test_the_server_of_a_parent_is_not_stopped_in_its_fork(
    portal: PortalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as fork:
        fork.setattr(os, "getpid", lambda: -1)
        host.host.__globals__["_host"].stop()

    assert portal.api(AgentsApi).get_agents().agents[0].id == "echo"


def test_where_sockets_are_refused_the_error_names_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*address: object) -> Any:
        raise RuntimeError("A test tried to use socket.socket.")

    monkeypatch.setattr(host, "_host", None)
    monkeypatch.setattr(host, "listening", refused)
    with pytest.raises(RuntimeError, match="tried to use socket") as error, portal_testing.serve_portal():
        pass

    assert error.value.__notes__ == [
        "A test server listens on 127.0.0.1: pytest --allow-hosts=127.0.0.1 allows it"
    ]


def test_an_error_of_the_block_is_raised_as_it_is() -> None:
    def fail(server: PortalServer) -> None:
        server.agent("a1").replies("never asked for")
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"), portal_testing.serve_portal() as server:
        fail(server)


# ── clients ──


def test_its_client_is_closed_with_it() -> None:
    with portal_testing.serve_portal() as server:
        response = server.api(SessionsApi).get_sessions_without_preload_content("echo")
        assert not response.closed

    assert response.closed


def test_a_program_finds_it_by_its_environment(
    portal: PortalServer, candela: CandelaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finbourne_candela import SyncApiClientFactory

    for name, value in {**portal.environment, **candela.environment}.items():
        monkeypatch.setenv(name, value)
    with ApiClient(Configuration.from_env()) as client:
        assert AgentsApi(client).get_agents().agents[0].id == "echo"
    with SyncApiClientFactory() as factory:
        assert factory.build(CandelaSessionsApi).list_sessions() == []

    assert [str(call) for call in portal.calls] == ["get_agents: 200"]
    assert [str(call) for call in candela.calls] == ["fetch_token: 200", "list_sessions: 200"]


def test_a_whole_conversation_with_candela(candela: CandelaServer) -> None:
    candela.agent("a1").replies("It grew.")
    with candela.api(CandelaSessionsApi).running_session(START, slot_type="local") as session:
        assert session.ask("Did it grow?").content == "It grew."

    assert [call.operation for call in candela.calls] == [
        "fetch_token",
        "user_has_slot",
        "assign_slot",
        "get_slot_state",
        "start_session",
        "submit_prompt_to_agent",
        "stop_session",
        "dispose_slot",
    ]


# ── calls ──


def test_a_call_with_its_form_and_files(portal: PortalServer) -> None:
    large = bytes(range(256)) * 8192
    portal.agent("a1").replies("ok")
    api = portal.api(SessionsApi)
    files: list[Any] = [("Grüße.csv", b"north,18240\n"), ("large.bin", io.BytesIO(large), "x/y")]
    api.create_session("a1", "Which region\r\ngrew?", files=files, _headers={"X-Mine": "1"})
    (call,) = portal.calls

    assert (call.operation, call.method, call.path) == ("create_session", "POST", "/sessions")
    assert call.arguments == call.form == {"agent_id": "a1", "text_prompt": "Which region\r\ngrew?"}
    assert (call.status, call.user, call.agent, call.lost) == (200, portal.user, "a1", False)
    assert call.headers["x-mine"] == "1"
    assert portal.token not in repr(call) + repr(call.headers)
    small, big = call.files
    assert (small.argument, small.name, small.content_type) == ("files", "Grüße.csv", "text/csv")
    assert (small.size, small.content) == (12, b"north,18240\n")
    assert small.sha256 == hashlib.sha256(b"north,18240\n").hexdigest()
    assert (big.name, big.content_type, big.size, big.content) == ("large.bin", "x/y", len(large), None)
    assert big.sha256 == hashlib.sha256(large).hexdigest()


def test_a_call_with_its_path_and_query(portal: PortalServer) -> None:
    api = portal.api(SessionsApi)
    session = api.create_session("echo", "Hello")
    api.create_session_from_replay(session.id, 0)
    api.get_session(session.id)
    _, replay, read = portal.calls

    assert (replay.path, replay.query) == (
        "/sessions/replay",
        {"session_id": session.id, "last_message_index": "0"},
    )
    assert (read.path, read.in_path) == (f"/sessions/{session.id}", {"session_id": session.id})


def test_a_call_with_its_body(portal: PortalServer, candela: CandelaServer) -> None:
    candela.agent("a1")
    portal.api(BusinessApi).create_business(CreateBusinessRequest(name="Baker", description="Bread"))
    candela.api(CandelaSessionsApi).start_session(START)

    assert portal.calls[0].body == {"name": "Baker", "description": "Bread"}
    assert candela.calls[-1].operation == "start_session"
    assert candela.calls[-1].body["app"] == {"scope": "default", "identifier": "a1"}


def test_the_credentials_of_a_token_request_are_not_noted(candela: CandelaServer) -> None:
    candela.api(UserSlotsApi).user_has_slot()
    (fetch, call) = candela.calls

    assert fetch.operation == "fetch_token"
    assert fetch.form["grant_type"] == "password"
    assert fetch.form["password"] == fetch.form["client_secret"] == "***"
    assert (call.user, call.status) == (candela.user, 200)


def test_a_refused_call_is_noted_too(portal: PortalServer) -> None:
    with ApiClient(Configuration(portal.host, access_token="wrong")) as client:
        with pytest.raises(UnauthorizedException):
            SessionsApi(client).create_session("echo", "Hello", files=[("a.txt", bytes(500_000))])
        response = urllib3.request("GET", f"{portal.host}/nowhere?a=1&a=2&a=3", retries=False)

    refused, nowhere = portal.calls
    assert (refused.operation, refused.status, refused.user) == ("create_session", 401, None)
    assert [file.size for file in refused.files] == [500_000]
    assert response.status == nowhere.status == 404
    assert (nowhere.operation, nowhere.path, nowhere.query) == (None, "/nowhere", {"a": ["1", "2", "3"]})
    assert str(nowhere) == "GET /nowhere: 404"


def test_a_body_that_cannot_be_read_is_no_failure_of_the_server(portal: PortalServer) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {portal.token}"}
    response = urllib3.request("POST", f"{portal.host}/sessions", body=b"--y", headers=headers, retries=False)

    assert 400 <= response.status <= 499
    assert (portal.calls[0].form, portal.calls[0].files) == ({}, [])


def test_blocks_after_what_is_no_form_are_read_and_left_alone(portal: PortalServer) -> None:
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": "400003",
        "Authorization": "Bearer wrong",
    }
    body = iter([b"--y", bytes(200_000), bytes(200_000)])
    response = urllib3.request("POST", f"{portal.host}/sessions", body=body, headers=headers, retries=False)

    assert response.status == 400
    assert (portal.calls[0].form, portal.calls[0].files) == ({}, [])


def test_a_json_body_beyond_the_limit_is_not_noted(portal: PortalServer) -> None:
    large = CreateBusinessRequest(name="Baker", description="x" * 3_000_000)
    portal.api(BusinessApi).create_business(large)

    assert (portal.calls[0].operation, portal.calls[0].status) == ("create_business", 200)
    assert portal.calls[0].body is None


# ── operations ──


@pytest.mark.parametrize(("package", "candela"), [("portal_client", False), ("finbourne_candela", True)])
def test_operations_are_named_as_the_methods_of_the_client(package: str, candela: bool) -> None:
    api = import_module(f"{package}.api")
    declared = {
        member.operation.name
        for name in api.__all__
        for member in vars(getattr(api, name)).values()
        if hasattr(member, "operation") and member.operation.stream_of is None
    }

    assert set(operations.names(candela)) == declared


def test_an_operation_that_there_is_not(portal: PortalServer) -> None:
    with pytest.raises(ValueError, match=r"no operation 'get_sesion'; did you mean get_session\?"):
        portal.operation("get_sesion")
    with pytest.raises(ValueError, match="no operation 'start_session'"):
        portal.operation("start_session")


def test_an_agent_id_that_there_cannot_be(portal: PortalServer) -> None:
    with pytest.raises(ValueError, match="an id is printable text"):
        portal.agent(" ")


def test_the_service_keeps_its_rules(candela: CandelaServer) -> None:
    slots = candela.api(UserSlotsApi)
    slots.assign_slot("local")

    assert slots.get_slot_state() == SlotState.HOST_READY

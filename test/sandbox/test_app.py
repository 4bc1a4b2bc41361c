"""The app: its OpenAPI document against the contract, the shape of errors, request ids."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

import portal_sandbox
from portal_sandbox.errors import NoThread
from portal_sandbox.prompt import Prompt
from portal_sandbox.service import Service
from portal_sandbox.store import Store

from .conftest import Caller, Start
from .openapi import Json, contract, objects, operations, outline

CONTRACT = contract("portal.openapi.json")


@pytest.fixture(scope="module")
def ours() -> Json:
    return portal_sandbox.create_app(tokens={"secret": "ann"}).openapi()


@pytest.mark.parametrize("operation", operations(CONTRACT))
def test_operation_agrees_with_the_contract(ours: Json, operation: str) -> None:
    assert operations(ours)[operation] == operations(CONTRACT)[operation]


def test_events_are_an_extension_in_both_documents(ours: Json) -> None:
    for document in (ours, CONTRACT):
        subscribe = document["paths"]["/sessions/{session_id}/subscribe"]["get"]
        others = subscribe["responses"]["200"]["content"].keys() - {"application/json"}

        assert others == {"text/event-stream"}
        assert subscribe["responses"]["200"]["content"]["text/event-stream"]["x-extension"] is True


@pytest.mark.parametrize("name", objects(CONTRACT))
def test_object_agrees_with_the_contract(ours: Json, name: str) -> None:
    here, there = objects(ours)[name], objects(CONTRACT)[name]
    if name == "GroupedSessionsResponse":  # where the contract allows anything, the sandbox is exact
        assert here["time_to_sessions"] == (True, "map[array[Session | SessionSummary]] | null", None)
        here["time_to_sessions"] = (True, "map[anything] | null", None)

    assert here == there


def test_nothing_but_the_contract(ours: Json) -> None:
    assert outline(ours) == outline(CONTRACT)


@pytest.mark.parametrize(
    ("method", "path", "fields", "names"),
    [
        ("POST", "/sessions", {}, ["agent_id", "text_prompt"]),
        ("POST", "/sessions/async", {"agent_id": "echo"}, ["text_prompt"]),
        ("PUT", "/sessions/x", {"other": "1"}, ["text_prompt"]),
        ("PUT", "/sessions/x/async", {"other": "1"}, ["text_prompt"]),
        ("GET", "/sessions", {}, ["agent_id"]),
        ("POST", "/sessions/replay", {}, ["session_id", "last_message_index"]),
    ],
)
def test_validation_errors_have_three_keys(
    caller: Caller, method: str, path: str, fields: dict[str, str], names: list[str]
) -> None:
    response = caller.call(method, path, fields=fields)

    assert response.status == 422
    where = "query" if method == "GET" or "replay" in path else "body"
    assert response.json() == {
        "detail": [{"loc": [where, name], "msg": "Field required", "type": "missing"} for name in names]
    }


def test_a_validation_error_does_not_repeat_what_was_sent(caller: Caller) -> None:
    response = caller.replay("x", "secret")

    assert response.status == 422
    assert b"secret" not in response.data


@pytest.mark.parametrize("path", ["/sessions/grouped", "/sessions/nothing", "/sessions", "/nowhere"])
def test_each_response_has_a_request_id(caller: Caller, path: str) -> None:
    own = caller.call("GET", path, headers={**caller.http.headers, "X-Request-ID": "mine-1"})
    new = [caller.call("GET", path).headers["X-Request-ID"] for _ in range(2)]

    assert own.headers.getlist("X-Request-ID") == ["mine-1"]
    assert len({*new, ""}) == 3


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/sessions", "GET, POST"),
        ("/sessions/grouped", "GET"),
        ("/sessions/replay", "POST"),
        ("/sessions/x", "GET, PUT"),
        ("/sessions/x/async", "PUT"),
        ("/sessions/x/subscribe", "GET"),
        ("/", "GET, HEAD"),
        ("/docs", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "TRACE", "MADE-UP"])
def test_another_method_is_told_which_there_are(caller: Caller, method: str, path: str, allowed: str) -> None:
    response = caller.call(method, path)

    assert (response.status, response.json()) == (405, {"detail": "Method Not Allowed"})
    assert response.headers["Allow"] == allowed


def test_where_threads_have_run_out_a_request_is_refused(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own error, as the pool raises it in which the operations work."""

    def no_more(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    caller = start()
    monkeypatch.setattr(Store, "sessions", no_more)

    response = caller.call("GET", "/sessions/grouped")

    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert response.json() == {"detail": NoThread.detail}
    assert caplog.records == []


def test_what_nobody_has_foreseen_is_logged_and_answered_as_json(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = start()
    monkeypatch.delattr(Store, "sessions")

    response = caller.call("GET", "/sessions/grouped", headers={**caller.http.headers, "X-Request-ID": "r-1"})

    assert (response.status, response.json()) == (500, {"detail": "Internal Server Error"})
    assert response.headers["X-Request-ID"] == "r-1"
    (record,) = caplog.records
    assert (record.name, record.getMessage()) == ("portal_sandbox", "GET /sessions/grouped failed")
    assert "AttributeError" in caplog.text


@pytest.mark.parametrize(
    ("agent_id", "agent", "message"),
    [
        ("a", "not callable", r"agents\['a'\] is a value of type str, not a function"),
        ("a", lambda conversation: "", r"agents\['a'\] cannot be called with \(conversation, files\): "),
        ("", lambda conversation, files: "", r"agents\[''\] cannot have the id ''"),
    ],
)
def test_agents_are_functions_of_two_arguments(agent_id: str, agent: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        portal_sandbox.create_app(tokens={"secret": "ann"}, agents={agent_id: agent})


@pytest.mark.parametrize("latency", [-1.0, float("nan"), float("inf")])
def test_latency_is_a_number_of_seconds(latency: float) -> None:
    with pytest.raises(ValueError, match="latency"):
        portal_sandbox.create_app(tokens={"secret": "ann"}, latency=latency)


def test_the_documentation_is_served(caller: Caller) -> None:
    assert caller.call("GET", "/docs").status == 200


@pytest.mark.parametrize("in_file", [True, False])
def test_an_app_may_be_started_again(tmp_path: Path, in_file: bool) -> None:
    db = tmp_path / "box.sqlite" if in_file else None
    app = portal_sandbox.create_app(tokens={"secret": "ann"}, db=db)

    async def run() -> list[str]:
        async with app.router.lifespan_context(app):
            service: Service = app.state.service
            asked = await asyncio.to_thread(service.runner.create, "ann", "echo", Prompt("hello"))
            return [row.status async for row in service.changes.follow(asked.id)]

    assert [asyncio.run(run())[-1] for _ in range(2)] == ["Ready", "Ready"]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("slot_start", -1.0),
        ("slot_start", "1"),
        ("slot_stop", -1.0),
        ("slots", ["gpu"]),
        ("slots", {1: portal_sandbox.Slots()}),
        ("slots", {"gpu": 2}),
        ("strict", "no"),
        ("admins", "ann"),
        ("admins", 1),
    ],
)
def test_what_candela_cannot_use_is_refused_by_name(argument: str, value: object) -> None:
    with pytest.raises(ValueError, match=argument):
        portal_sandbox.create_app(tokens={"secret": "ann"}, **{argument: value})


def test_an_administrator_is_a_user() -> None:
    oauth2 = portal_sandbox.OAuth2(users={"cleo": "password"})
    with pytest.raises(ValueError, match=r"admins: there is no user 'anne'; there are ann, cleo$"):
        portal_sandbox.create_app(tokens={"one": "ann"}, oauth2=oauth2, admins=["cleo", "anne"])

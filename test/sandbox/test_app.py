"""The app: its OpenAPI document against the contract, the shape of errors, request ids."""

import pytest

import portal_sandbox

from .conftest import Caller
from .openapi import Json, contract, objects, operations

CONTRACT = contract("portal.openapi.json")


@pytest.fixture(scope="module")
def ours() -> Json:
    return portal_sandbox.create_app(tokens={"secret": "ann"}).openapi()


def test_the_contract_has_nine_operations() -> None:
    assert len(operations(CONTRACT)) == 9


@pytest.mark.parametrize("operation", operations(CONTRACT))
def test_operation_agrees_with_the_contract(ours: Json, operation: str) -> None:
    assert operations(ours)[operation] == operations(CONTRACT)[operation]


@pytest.mark.parametrize("name", objects(CONTRACT))
def test_object_agrees_with_the_contract(ours: Json, name: str) -> None:
    here, there = objects(ours)[name], objects(CONTRACT)[name]
    if name == "GroupedSessionsResponse":  # where the contract allows anything, the sandbox is exact
        assert here["time_to_sessions"] == (True, "map[array[Session]] | null", None)
        here["time_to_sessions"] = (True, "map[anything] | null", None)

    assert here == there


def test_nothing_but_the_contract(ours: Json) -> None:
    assert list(operations(ours)) == list(operations(CONTRACT))
    assert set(objects(ours)) == set(objects(CONTRACT))
    assert ours["components"]["securitySchemes"] == CONTRACT["components"]["securitySchemes"]
    assert ours["info"]["title"] == CONTRACT["info"]["title"]
    assert ours["info"]["version"] == CONTRACT["info"]["version"]


@pytest.mark.parametrize(
    ("method", "path", "fields", "names"),
    [
        ("POST", "/sessions", {}, ["agent_id", "text_prompt"]),
        ("POST", "/sessions", {"agent_id": "echo", "text_prompt": ""}, ["text_prompt"]),
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


@pytest.mark.parametrize("latency", [-1.0, float("nan"), float("inf")])
def test_latency_is_a_number_of_seconds(latency: float) -> None:
    with pytest.raises(ValueError, match="latency"):
        portal_sandbox.create_app(tokens={"secret": "ann"}, latency=latency)


def test_the_documentation_is_served(caller: Caller) -> None:
    assert caller.call("GET", "/docs").status == 200

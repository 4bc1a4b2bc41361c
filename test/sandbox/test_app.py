"""The app: its OpenAPI document against the contract, the shape of errors, request ids."""

import json
from pathlib import Path
from typing import Any

import pytest

import portal_sandbox
from portal_sandbox.store import Store

from .conftest import Caller, Start

CONTRACT = Path(__file__).parents[2] / "contracts" / "portal.openapi.json"

Json = dict[str, Any]


def _resolved(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _types(schema: Json, document: Json) -> set[str]:
    schema = _resolved(schema, document)
    if "anyOf" in schema:
        return set().union(*(_types(each, document) for each in schema["anyOf"]))
    names = schema["type"]
    return {names} if isinstance(names, str) else set(names)


def _shape(schema: Json, document: Json) -> Json:
    """Properties and items down to their types, with required names and enum values."""
    schema = _resolved(schema, document)
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return _shape(choice, document)
    properties = schema.get("properties", {})
    return {
        "required": sorted(schema.get("required", [])),
        "enum": schema.get("enum"),
        "format": schema.get("format"),
        "properties": {
            name: (sorted(_types(each, document)), _shape(each, document))
            for name, each in properties.items()
        },
        "items": _shape(schema["items"], document) if "items" in schema else None,
    }


def _parameter(parameter: Json) -> tuple[bool, str, str]:
    return parameter["required"], parameter["schema"]["type"], parameter["description"]


def _field(field: Json) -> tuple[str, str, int | None]:
    return field["type"], field["description"], field.get("minLength")


def _response(response: Json, document: Json) -> Json:
    ((kind, content),) = response["content"].items()
    return {
        "description": response["description"],
        "extension": response.get("x-extension", False),
        kind: _shape(content["schema"], document),
    }


def _operation(operation: Json, document: Json) -> Json:
    form = operation.get("requestBody", {}).get("content", {})
    body = {kind: _resolved(each["schema"], document) for kind, each in form.items()}
    return {
        "operationId": operation["operationId"],
        "summary": operation["summary"],
        "description": " ".join(operation["description"].split()),
        "tags": operation["tags"],
        "parameters": {
            (each["name"], each["in"]): _parameter(each) for each in operation.get("parameters", [])
        },
        "body": {
            kind: (
                sorted(each["required"]),
                {name: _field(field) for name, field in each["properties"].items()},
            )
            for kind, each in body.items()
        },
        "security": operation.get("security"),
        "responses": {
            status: _response(response, document) for status, response in operation["responses"].items()
        },
    }


def _outline(document: Json) -> Json:
    return {
        f"{method.upper()} {path}": _operation(operation, document)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def _documents() -> tuple[Json, Json]:
    app = portal_sandbox.create_app(tokens={"secret": "ann"})
    return app.openapi(), json.loads(CONTRACT.read_text())


def test_the_contract_has_nine_operations() -> None:
    assert len(_outline(json.loads(CONTRACT.read_text()))) == 9


@pytest.mark.parametrize("operation", _outline(json.loads(CONTRACT.read_text())))
def test_operation_agrees_with_the_contract(operation: str) -> None:
    ours, contract = _documents()

    assert _outline(ours)[operation] == _outline(contract)[operation]


def test_nothing_but_the_contract() -> None:
    ours, contract = _documents()

    assert list(_outline(ours)) == list(_outline(contract))
    assert ours["components"]["securitySchemes"] == contract["components"]["securitySchemes"]
    assert ours["info"]["title"] == contract["info"]["title"]
    assert ours["info"]["version"] == contract["info"]["version"]
    for name in ("HTTPError", "ValidationError"):
        error, promised = (document["components"]["schemas"][name] for document in (ours, contract))
        assert error["required"] == promised["required"]
        assert error.get("x-extension") == promised.get("x-extension")


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

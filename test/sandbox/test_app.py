"""The app: its OpenAPI document against the contract, the shape of errors, request ids."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import portal_sandbox
from portal_sandbox.service import Service
from portal_sandbox.store import Prompt

from .conftest import Caller

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


def _operation(operation: Json, document: Json) -> Json:
    parameters = {
        (each["name"], each["in"]): (each["required"], each["schema"]["type"])
        for each in operation.get("parameters", [])
    }
    form = operation.get("requestBody", {}).get("content", {})
    body = {kind: _resolved(each["schema"], document) for kind, each in form.items()}
    answers = operation["responses"]["200"]["content"]
    answer = answers["application/json"]["schema"]
    return {
        "operationId": operation["operationId"],
        "summary": operation["summary"],
        "tags": operation["tags"],
        "parameters": parameters,
        "body": {
            kind: (
                sorted(each["required"]),
                {name: each["properties"][name]["type"] for name in each["properties"]},
            )
            for kind, each in body.items()
        },
        "security": operation.get("security"),
        "statuses": sorted(operation["responses"]),
        "answer": _shape(answer, document),
        "other answers": {kind: each for kind, each in answers.items() if kind != "application/json"},
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


def test_events_are_an_extension_in_both_documents() -> None:
    for document in _documents():
        answers = _outline(document)["GET /sessions/{session_id}/subscribe"]["other answers"]

        assert list(answers) == ["text/event-stream"]
        assert answers["text/event-stream"]["x-extension"] is True


def test_nothing_but_the_contract() -> None:
    ours, contract = _documents()

    assert list(_outline(ours)) == list(_outline(contract))
    assert ours["components"]["securitySchemes"] == contract["components"]["securitySchemes"]
    assert ours["info"]["title"] == contract["info"]["title"]
    assert ours["info"]["version"] == contract["info"]["version"]
    error = ours["components"]["schemas"]["ValidationError"]
    assert error["required"] == contract["components"]["schemas"]["ValidationError"]["required"]


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


@pytest.mark.parametrize("in_file", [True, False])
def test_an_app_may_be_started_again(tmp_path: Path, in_file: bool) -> None:
    db = tmp_path / "box.sqlite" if in_file else None
    app = portal_sandbox.create_app(tokens={"secret": "ann"}, db=db)

    async def run() -> list[str]:
        async with app.router.lifespan_context(app):
            service: Service = app.state.service
            asked = await asyncio.to_thread(service.answers.create, "ann", "echo", Prompt("hello"))
            return [row.status async for row in service.changes.follow(asked.id)]

    assert [asyncio.run(run())[-1] for _ in range(2)] == ["Ready", "Ready"]

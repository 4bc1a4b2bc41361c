"""What is declared is what the Candela contract says, and a change of either side is noticed and named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Optional

import pytest
from pydantic import StrictBool, StrictInt, StrictStr

import finbourne_candela.api
import finbourne_candela.models
from finbourne_candela import (
    BaseTool,
    CircuitDTO,
    Configuration,
    Directive,
    DTOArr,
    DTOObj,
    DTOReal,
    Event,
    NoOpDTO,
    ObjectMetadata,
    SessionsApi,
    SubmitPrompt,
)
from finbourne_candela.models import Fields, Keys
from openapi import operations
from portal_client.endpoint import event_stream
from portal_client.model import Model, Nullable, Wrapper
from portal_client.streaming import EventStream
from portal_client.union import ByType
from support import mutations
from support.contract import (
    FORMS,
    configuration_differences,
    model_differences,
    of_tag,
    operation_differences,
)
from support.mutations import DROP, changed, moved, ref

CONTRACTS = Path(__file__).parents[2] / "contracts"
CANDELA: dict[str, Any] = json.loads((CONTRACTS / "candela.openapi.json").read_text(encoding="utf-8"))
APIS = [getattr(finbourne_candela.api, name) for name in finbourne_candela.api.__all__]
#: The part of it that is changed below, so that further tags change nothing here.
SESSIONS = of_tag(CANDELA, "Sessions")
ALL_MODELS = {name: getattr(finbourne_candela.models, name) for name in finbourne_candela.models.__all__}
MODELS = {name: ALL_MODELS[name] for name in ALL_MODELS if name in SESSIONS["components"]["schemas"]}


def differences(contract: Any = SESSIONS, apis: Any = (SessionsApi,), models: Any = MODELS) -> list[str]:
    """Return all that differs between the contract and the package, or a changed one of the two."""
    return [
        *operation_differences(contract, apis, models),
        *model_differences(contract, models),
        *configuration_differences(contract, Configuration(access_token="t")),
    ]


def test_the_package_is_what_the_contract_says() -> None:
    found = differences(CANDELA, APIS, ALL_MODELS)

    assert not found, "\n".join(found)
    assert differences() == []


#: The schemas of the service; the sandbox has some of its own besides.
THEIRS = {n: s for n, s in CANDELA["components"]["schemas"].items() if not s.get("x-extension")}


def test_it_is_compared_whole() -> None:
    found = {name: getattr(api, name) for api in APIS for name in dir(api)}
    declared = {name: form.operation for name, form in found.items() if hasattr(form, "operation")}
    streams = {name for name, operation in declared.items() if operation.stream_of}
    promised = {operation["operationId"] + form for *_, operation in operations(CANDELA) for form in FORMS}

    assert declared.keys() == promised | streams
    assert "submit_prompt_to_agent_stream" in streams
    assert ALL_MODELS.keys() == THEIRS.keys() > set()


# ── a changed contract ──

LIST = ("paths", "/sessions/list", "get")
GET = ("paths", "/sessions/", "get")
START = ("paths", "/session", "post")
STOP = ("paths", "/session/stop", "get")
AGENT = ("paths", "/session/agent_submit", "post")
PIPELINE = ("paths", "/session/pipeline_submit", "post")
JSON_BODY = ("requestBody", "content", "application/json", "schema")
JSON_ANSWER = ("responses", "200", "content", "application/json", "schema")
SCHEMAS = ("components", "schemas")

CONTRACT_CHANGES: dict[str, tuple[tuple[Any, ...], Any, list[str]]] = {
    "an operation dropped": (GET, DROP, ["get_session: not in the contract"]),
    "an operation added": (
        ("paths", "/no/such/path"),
        {"put": {"tags": ["Sessions"], "operationId": "no_such_operation", "responses": {"204": {}}}},
        ["no_such_operation: missing here"],
    ),
    "another method": (
        ("paths", "/session/stop"),
        moved("get", "post"),
        ["stop_session: method: GET here, POST in the contract"],
    ),
    "another path": (
        ("paths",),
        moved("/sessions/", "/sessions"),
        [
            "delete_session: path: /sessions/ here, /sessions in the contract",
            "get_session: path: /sessions/ here, /sessions in the contract",
        ],
    ),
    "a parameter required": (
        (*GET, "parameters", 2, "required"),
        True,
        ["get_session: parameter version: optional here, required in the contract"],
    ),
    "another order": (
        (*GET, "parameters"),
        lambda old: [old[1], old[0], old[2]],
        [
            "get_session: parameters in the order "
            "scope, identifier, version here, identifier, scope, version in the contract"
        ],
    ),
    "another default": (
        (*LIST, "parameters", 0, "schema", "default"),
        True,
        ["list_sessions: parameter all_versions: default False here, default True in the contract"],
    ),
    "no default": (
        (*LIST, "parameters", 0, "schema", "default"),
        DROP,
        ["list_sessions: parameter all_versions: default False here, no default in the contract"],
    ),
    "another body": (
        (*START, *JSON_BODY),
        ref("SubmitPrompt"),
        [
            "start_session: parameter submit_prompt: missing here",
            "start_session: parameter session_start_request: not in the contract",
        ],
    ),
    "a body that may be left out": (
        (*START, "requestBody", "required"),
        False,
        ["start_session: parameter session_start_request: required here, optional in the contract"],
    ),
    "a response where there was none": (
        (*STOP, "responses", "204", "content"),
        {"application/json": {"schema": {"type": "boolean"}}},
        ["stop_session: response: nothing here, boolean in the contract"],
    ),
    "a response of a known kind": (
        (*PIPELINE, *JSON_ANSWER),
        {"type": "string"},
        ["submit_pipeline_prompt: response: anything here, string in the contract"],
    ),
    "another response": (
        (*AGENT, *JSON_ANSWER),
        {"type": "array", "items": ref("Event")},
        ["submit_prompt_to_agent: response: Event here, array[Event] in the contract"],
    ),
    "no token": (
        (*GET, "security"),
        [],
        ["get_session: security: with a token here, without a token in the contract"],
    ),
    "a variant of a union dropped": (
        (*SCHEMAS, "Keys", "oneOf", 1),
        DROP,
        ["Keys: variants: DTOEnum | DTOStr here, DTOStr in the contract"],
    ),
    "a variant of a union added": (
        (*SCHEMAS, "Keys", "oneOf"),
        lambda old: [*old, ref("DTOInt")],
        ["Keys: variants: DTOEnum | DTOStr here, DTOEnum | DTOInt | DTOStr in the contract"],
    ),
    "another key of a variant": (
        (*SCHEMAS, "NoOpDTO", "properties", "type", "default"),
        "noop",
        ["NoOpDTO: field type: default 'no-op' here, default 'noop' in the contract"],
    ),
    "an enum that is enforced": (
        (*SCHEMAS, "Event", "properties", "event_type", "x-client-enforces-enum"),
        True,
        [
            "Event: field event_type: string here, "
            "one of 'chat', 'info', 'intent', 'result', 'sys', 'user', 'wait' in the contract"
        ],
    ),
    "anything that is a text": (
        (*SCHEMAS, "Directive", "properties", "identity"),
        {"type": "string"},
        [
            "Directive: field identity: nullable here, not nullable in the contract",
            "Directive: field identity: anything here, string in the contract",
        ],
    ),
    "a field that may be null": (
        (*SCHEMAS, "CircuitDTO", "properties", "first", "type"),
        ["string", "null"],
        ["CircuitDTO: field first: not nullable here, nullable in the contract"],
    ),
    "a field that may not be null": (
        (*SCHEMAS, "NoOpDTO", "properties", "child_id", "type"),
        "string",
        ["NoOpDTO: field child_id: nullable here, not nullable in the contract"],
    ),
    "a reference that may not be null": (
        (*SCHEMAS, "Session", "properties", "app"),
        ref("ObjectId"),
        ["Session: field app: nullable here, not nullable in the contract"],
    ),
    "whole numbers only": (
        (*SCHEMAS, "DTOReal", "properties", "min_value", "type"),
        ["integer", "null"],
        ["DTOReal: field min_value: number here, integer in the contract"],
    ),
    "values of a map": (
        (*SCHEMAS, "CircuitDTO", "properties", "nodes", "additionalProperties"),
        ref("NoOpDTO"),
        ["CircuitDTO: field nodes: map[Nodes] here, map[NoOpDTO] in the contract"],
    ),
    "a text that is a date": (
        (*SCHEMAS, "ObjectMetadata", "properties", "domain", "format"),
        "date-time",
        ["ObjectMetadata: field domain: string here, date-time in the contract"],
    ),
    "plain data that is typed": (
        (*SCHEMAS, "ToolObj", "anyOf", 0),
        ref("ToolModule"),
        ["ToolObj: variants: BaseTool | map[anything] here, BaseTool | ToolModule in the contract"],
    ),
}


@pytest.mark.parametrize("change", CONTRACT_CHANGES)
def test_a_changed_contract_is_noticed(change: str) -> None:
    path, new, expected = CONTRACT_CHANGES[change]

    assert sorted(differences(changed(SESSIONS, path, new))) == sorted(expected)


@pytest.mark.parametrize(
    ("schema", "field"),
    [(schema, field) for schema in THEIRS for field in THEIRS[schema].get("properties", ())],
)
def test_each_field_is_compared(schema: str, field: str) -> None:
    contract = changed(CANDELA, (*SCHEMAS, schema, "properties", field), {"type": "null"})
    found = model_differences(contract, ALL_MODELS)

    assert found
    assert all(difference.startswith(f"{schema}: field {field}: ") for difference in found)


# ── a changed package ──


def redeclared(name: str, **changes: Any) -> list[type]:
    return [mutations.redeclared(SessionsApi, name, MODELS, **changes)]


def remodelled(model: type[Model], **changes: Any) -> dict[str, Any]:
    return mutations.remodelled(MODELS, model, **changes)


def united(union: type, names: str) -> dict[str, Any]:
    base = Wrapper[Annotated[Any, ByType("finbourne_candela.models", names)]]  # type: ignore[misc]
    return {**MODELS, union.__name__: type(union)(union.__name__, (base,), {"__module__": union.__module__})}


DECLARATIONS: dict[str, tuple[list[type], list[str]]] = {
    "another method": (
        redeclared("delete_session", method="POST"),
        ["delete_session: method: POST here, DELETE in the contract"],
    ),
    "another default": (
        redeclared("list_sessions", defaults={"all_versions": None}),
        ["list_sessions: parameter all_versions: no default here, default False in the contract"],
    ),
    "a lax type": (
        redeclared("list_sessions", arguments={"all_versions": Optional[bool]}),
        ["list_sessions: parameter all_versions: lax boolean here, boolean in the contract"],
    ),
    "another body": (
        redeclared("start_session", arguments={"session_start_request": SubmitPrompt}),
        [
            "start_session: parameter session_start_request: "
            "SubmitPrompt here, SessionStartRequest in the contract"
        ],
    ),
    "another response": (
        redeclared("submit_prompt_to_agent", returns=list[Event]),
        ["submit_prompt_to_agent: response: array[Event] here, Event in the contract"],
    ),
    "a lax response": (
        redeclared("session_exists", returns=bool),
        ["session_exists: response: lax boolean here, boolean in the contract"],
    ),
    "a response where there is none": (
        redeclared("stop_session", returns=StrictBool),
        ["stop_session: response: boolean here, nothing in the contract"],
    ),
    "a response less": (
        redeclared("start_session", returns=type(None)),
        ["start_session: response: nothing here, ObjectMetadata in the contract"],
    ),
}


@pytest.mark.parametrize("change", DECLARATIONS)
def test_a_changed_declaration_is_noticed(change: str) -> None:
    apis, expected = DECLARATIONS[change]

    assert differences(apis=apis) == expected


class Streams(SessionsApi):
    """The operations, and two streams that are not what they should be."""

    @event_stream(SessionsApi.submit_prompt_to_agent)
    def submit_prompt_to_agent_stream(  # type: ignore[override]
        self, prompt: StrictStr
    ) -> EventStream[ObjectMetadata]: ...

    @event_stream(SessionsApi.list_sessions)
    def listing(self, all_versions: Optional[StrictBool] = False) -> EventStream[list[ObjectMetadata]]: ...


def test_a_changed_stream_is_noticed() -> None:
    streams = type("SessionsApi", (Streams,), {})
    agent = "submit_prompt_to_agent_stream"

    assert sorted(differences(apis=[streams])) == [
        "list_sessions: its stream is called listing here",
        f"{agent}: body: no body here, application/json in the contract",
        f"{agent}: parameter prompt: not in the contract",
        f"{agent}: parameter submit_prompt: missing here",
        f"{agent}: response: EventStream[ObjectMetadata] here, EventStream[Event] in the contract",
    ]


MODEL_CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a model missing": (
        {name: model for name, model in MODELS.items() if name != "Event"},
        ["Event: missing here"],
    ),
    "a model too many": ({**MODELS, "NoSuchModel": Event}, ["NoSuchModel: not in the contract"]),
    "a field missing": (remodelled(DTOArr, without="max_len"), ["DTOArr: field max_len: missing here"]),
    "another key": (
        remodelled(DTOArr, type=(Optional[StrictStr], "list")),
        ["DTOArr: field type: default 'list' here, default 'array' in the contract"],
    ),
    "no key": (
        remodelled(DTOArr, type=(Optional[StrictStr], None)),
        ["DTOArr: field type: no default here, default 'array' in the contract"],
    ),
    "not nullable": (
        remodelled(NoOpDTO, child_id=(StrictStr, ...)),
        ["NoOpDTO: field child_id: not nullable here, nullable in the contract"],
    ),
    "anything but null": (
        remodelled(Directive, identity=(Any, None)),
        ["Directive: field identity: not nullable here, nullable in the contract"],
    ),
    "whole numbers only": (
        remodelled(DTOReal, min_value=(Nullable[StrictInt], None)),
        ["DTOReal: field min_value: integer here, number in the contract"],
    ),
    "lax numbers": (
        remodelled(DTOReal, min_value=(Nullable[float], None)),
        ["DTOReal: field min_value: lax number here, number in the contract"],
    ),
    "no longer required": (
        remodelled(DTOObj, fields=(Nullable[dict[str, Fields]], None)),
        ["DTOObj: field fields: optional here, required in the contract"],
    ),
    "another union": (
        remodelled(CircuitDTO, nodes=(Nullable[dict[str, Keys]], ...)),
        ["CircuitDTO: field nodes: map[Keys] here, map[Nodes] in the contract"],
    ),
    "a text for a date": (
        remodelled(ObjectMetadata, created_at=(StrictStr, ...)),
        ["ObjectMetadata: field created_at: string here, date-time in the contract"],
    ),
    "a variant missing": (
        united(Keys, "DTOStr"),
        ["Keys: variants: DTOStr here, DTOEnum | DTOStr in the contract"],
    ),
    "a variant too many": (
        united(Keys, "DTOStr | DTOEnum | DTOInt"),
        ["Keys: variants: DTOEnum | DTOInt | DTOStr here, DTOEnum | DTOStr in the contract"],
    ),
    "a union that is an object": (
        {**MODELS, "ToolObj": BaseTool},
        [
            "UseToolDTO: field tool_obj: "
            "finbourne_candela.models.tool_obj.ToolObj here, ToolObj in the contract",
            "ToolObj: kind: object here, one of several in the contract",
            "ToolObj: variants: missing here",
            "ToolObj: field tool_type: not in the contract",
            "ToolObj: field instruction: not in the contract",
        ],
    ),
}


@pytest.mark.parametrize("change", MODEL_CHANGES)
def test_a_changed_model_is_noticed(change: str) -> None:
    models, expected = MODEL_CHANGES[change]

    assert sorted(model_differences(SESSIONS, models)) == sorted(expected)

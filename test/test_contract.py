"""What is declared is what the contract says, and a change of either side is noticed and named."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Optional, Union

import pytest
from pydantic import RootModel, StrictBool, StrictFloat, StrictInt, StrictStr, create_model
from typing_extensions import Unpack

import portal_client.api
import portal_client.models
from openapi import IncompleteError, operations, placed
from pages import packages, pages
from portal_client import Configuration, SessionsApi
from portal_client.endpoint import Api, RequestOptions, endpoint, with_http_info
from portal_client.model import Model, Nullable, OpenEnum, Wrapper
from portal_client.models.message import Message
from portal_client.models.message_agent import MessageAgent
from portal_client.models.session import Session
from support import mutations
from support.contract import configuration_differences, model_differences, of_tag, operation_differences
from support.mutations import DROP, changed, moved, ref

CONTRACTS = Path(__file__).parent.parent / "contracts"
PORTAL: dict[str, Any] = json.loads((CONTRACTS / "portal.openapi.json").read_text(encoding="utf-8"))
APIS = [getattr(portal_client.api, name) for name in portal_client.api.__all__]
#: The part of it that is changed below, so that further tags change nothing here.
SESSIONS = of_tag(PORTAL, "Sessions")
ALL_MODELS = {name: getattr(portal_client.models, name) for name in portal_client.models.__all__}
MODELS = {name: ALL_MODELS[name] for name in ALL_MODELS if name in SESSIONS["components"]["schemas"]}
OPERATIONS = [operation["operationId"] for *_, operation in operations(SESSIONS)]


def differences(contract: Any = SESSIONS, apis: Any = (SessionsApi,), models: Any = MODELS) -> list[str]:
    """Return all that differs between the contract and the package, or a changed one of the two."""
    return [
        *operation_differences(contract, apis, models),
        *model_differences(contract, models),
        *configuration_differences(contract, Configuration(access_token="t")),
    ]


def test_the_package_is_what_the_contract_says() -> None:
    found = differences(PORTAL, APIS, ALL_MODELS)

    assert not found, "\n".join(found)
    assert differences() == []


# ── a changed contract ──

GET = ("paths", "/sessions/{session_id}", "get")
PUT = ("paths", "/sessions/{session_id}", "put")
REPLAY = ("paths", "/sessions/replay", "post")
CREATE = ("paths", "/sessions", "post")
CREATE_FORM = (*CREATE, "requestBody", "content", "multipart/form-data", "schema")
SCHEMAS = ("components", "schemas")
SESSION = (*SCHEMAS, "Session")
MESSAGE = (*SCHEMAS, "Message", "properties")
JSON_ANSWER = ("responses", "200", "content", "application/json", "schema")


CONTRACT_CHANGES: dict[str, tuple[tuple[Any, ...], Any, list[str]]] = {
    "an operation renamed": (
        (*GET, "operationId"),
        "no_such_operation",
        ["no_such_operation: missing here", "get_session: not in the contract"],
    ),
    "an operation dropped": (GET, DROP, ["get_session: not in the contract"]),
    "an operation added": (
        ("paths", "/no/such/path"),
        {"get": {"tags": ["Sessions"], "operationId": "no_such_operation", "responses": {"204": {}}}},
        ["no_such_operation: missing here"],
    ),
    "another method": (
        ("paths", "/sessions/replay"),
        moved("post", "put"),
        ["create_session_from_replay: method: POST here, PUT in the contract"],
    ),
    "another path": (
        ("paths",),
        moved("/sessions/grouped", "/sessions/by-time"),
        ["get_grouped_sessions: path: /sessions/grouped here, /sessions/by-time in the contract"],
    ),
    "another tag": (
        (*GET, "tags"),
        ["NoSuch"],
        ["get_session: class: SessionsApi here, NoSuchApi in the contract"],
    ),
    "from path to query": (
        (*GET, "parameters", 0, "in"),
        "query",
        ["get_session: parameter session_id: in path here, in query in the contract"],
    ),
    "from query to path": (
        (*REPLAY, "parameters", 1, "in"),
        "path",
        ["create_session_from_replay: parameter last_message_index: in query here, in path in the contract"],
    ),
    "a parameter dropped": (
        (*REPLAY, "parameters", 1),
        DROP,
        ["create_session_from_replay: parameter last_message_index: not in the contract"],
    ),
    "a parameter added": (
        (*GET, "parameters"),
        lambda old: [*old, {"name": "version", "in": "query", "schema": {"type": "string"}}],
        ["get_session: parameter version: missing here"],
    ),
    "a parameter of all methods of a path": (
        ("paths", "/sessions/grouped", "parameters"),
        [{"name": "zone", "in": "query", "required": True, "schema": {"type": "string"}}],
        ["get_grouped_sessions: parameter zone: missing here"],
    ),
    "a parameter no longer required": (
        (*REPLAY, "parameters", 1, "required"),
        False,
        ["create_session_from_replay: parameter last_message_index: required here, optional in the contract"],
    ),
    "the type of a parameter": (
        (*REPLAY, "parameters", 1, "schema", "type"),
        "number",
        ["create_session_from_replay: parameter last_message_index: integer here, number in the contract"],
    ),
    "a parameter that may be null": (
        (*REPLAY, "parameters", 0, "schema", "type"),
        ["string", "null"],
        ["create_session_from_replay: parameter session_id: string here, string | null in the contract"],
    ),
    "the order of parameters": (
        (*REPLAY, "parameters"),
        lambda old: old[::-1],
        [
            "create_session_from_replay: parameters in the order "
            "session_id, last_message_index here, last_message_index, session_id in the contract"
        ],
    ),
    "a form field dropped": (
        (*CREATE_FORM, "properties", "text_prompt"),
        DROP,
        ["create_session: parameter text_prompt: not in the contract"],
    ),
    "a form field added": (
        (*CREATE_FORM, "properties", "title"),
        {"type": "string"},
        ["create_session: parameter title: missing here"],
    ),
    "a form field no longer required": (
        (*CREATE_FORM, "required"),
        ["agent_id"],
        ["create_session: parameter text_prompt: required here, optional in the contract"],
    ),
    "files required": (
        (*CREATE_FORM, "required"),
        ["agent_id", "text_prompt", "files"],
        ["create_session: parameter files: optional here, required in the contract"],
    ),
    "files that are text": (
        (*CREATE_FORM, "properties", "files", "items", "format"),
        DROP,
        [
            "create_session: parameter files: in file here, in form in the contract",
            "create_session: parameter files: array[binary] here, array[string] in the contract",
        ],
    ),
    "one file only": (
        (*CREATE_FORM, "properties", "files"),
        {"type": "string", "format": "binary"},
        ["create_session: parameter files: array[binary] here, binary in the contract"],
    ),
    "a body that may be left out": (
        (*PUT, "requestBody", "required"),
        False,
        ["update_session: parameter text_prompt: required here, optional in the contract"],
    ),
    "another body": (
        (*CREATE, "requestBody", "content"),
        moved("multipart/form-data", "application/x-www-form-urlencoded"),
        ["create_session: body: multipart/form-data here, application/x-www-form-urlencoded in the contract"],
    ),
    "no body": (
        (*PUT, "requestBody"),
        DROP,
        [
            "update_session: body: multipart/form-data here, no body in the contract",
            "update_session: parameter text_prompt: not in the contract",
            "update_session: parameter files: not in the contract",
        ],
    ),
    "security dropped": (
        (*GET, "security"),
        DROP,
        ["get_session: security: with a token here, without a token in the contract"],
    ),
    "security switched off": (
        (*GET, "security"),
        [],
        ["get_session: security: with a token here, without a token in the contract"],
    ),
    "security for all": (
        ("security",),
        [{"HTTPBearer": []}],
        [
            f"{operation['operationId']}: security: without a token here, with a token in the contract"
            for *_, operation in operations(SESSIONS)
            if not operation.get("security")
        ],
    ),
    "another security scheme": (
        ("components", "securitySchemes", "HTTPBearer"),
        {"type": "apiKey", "in": "header", "name": "X-Key"},
        ["security HTTPBearer: bearer in header Authorization here, apiKey in header X-Key in the contract"],
    ),
    "another response": (
        (*GET, *JSON_ANSWER),
        ref("AsyncSessionResponse"),
        ["get_session: response: Session here, AsyncSessionResponse in the contract"],
    ),
    "a list as response": (
        (*GET, *JSON_ANSWER),
        {"type": "array", "items": ref("Session")},
        ["get_session: response: Session here, array[Session] in the contract"],
    ),
    "a response that is not JSON": (
        (*GET, "responses", "200", "content"),
        {"text/csv": {"schema": {"type": "string"}}},
        ["get_session: response: Session here, text/csv in the contract"],
    ),
    "a response in a second form": (
        (*GET, "responses", "200", "content", "text/event-stream"),
        {"schema": {"type": "string"}},
        ["get_session: response: Session here, Session | text/event-stream in the contract"],
    ),
    "a second form that is marked as an extension": (
        (*GET, "responses", "200", "content", "text/event-stream"),
        {"x-extension": True, "schema": {"type": "string"}},
        [],
    ),
    "an extension that is unmarked": (
        (
            "paths",
            "/sessions/{session_id}/subscribe",
            "get",
            "responses",
            "200",
            "content",
            "text/event-stream",
        ),
        lambda old: {key: old[key] for key in old if key != "x-extension"},
        ["subscribe_to_session: response: Session here, Session | text/event-stream in the contract"],
    ),
    "a second kind of success": (
        (*GET, "responses", "204"),
        {"description": "No news"},
        ["get_session: response: Session here, Session | nothing in the contract"],
    ),
    "an error of the service itself": (
        (*GET, "responses", "404", "x-extension"),
        DROP,
        ["get_session: response 404 is HTTPError in the contract, which is not read here"],
    ),
    "another error body": (
        (*GET, "responses", "409"),
        {"content": {"application/json": {"schema": ref("Message")}}},
        ["get_session: response 409 is Message in the contract, which is not read here"],
    ),
    "another server": (
        ("servers", 0, "url"),
        "http://localhost/v2",
        ["server: http://localhost here, http://localhost/v2 in the contract"],
    ),
    "another version": (("info", "version"), "0.2.0", ["version: 0.1.0 here, 0.2.0 in the contract"]),
    "a schema renamed": (
        SCHEMAS,
        moved("MessageAgent", "NoSuchModel"),
        ["NoSuchModel: missing here", "MessageAgent: not in the contract"],
    ),
    "a schema of the service itself": (
        (*SCHEMAS, "HTTPError", "x-extension"),
        DROP,
        ["HTTPError: missing here"],
    ),
    "a schema added": ((*SCHEMAS, "NoSuchModel"), {"type": "object"}, ["NoSuchModel: missing here"]),
    "a field added": (
        (*SESSION, "properties", "title"),
        {"type": "string"},
        ["Session: field title: missing here"],
    ),
    "a field dropped": (
        (*SESSION, "properties", "user_id"),
        DROP,
        ["Session: field user_id: not in the contract"],
    ),
    "a field no longer required": (
        (*SESSION, "required"),
        lambda old: [name for name in old if name != "status"],
        ["Session: field status: required here, optional in the contract"],
    ),
    "a field required": (
        (*SESSION, "required"),
        lambda old: [*old, "routine_id"],
        ["Session: field routine_id: optional here, required in the contract"],
    ),
    "a field that may be null": (
        (*SESSION, "properties", "user_id", "type"),
        ["string", "null"],
        ["Session: field user_id: not nullable here, nullable in the contract"],
    ),
    "a reference that may be null": (
        (*MESSAGE, "role"),
        {"anyOf": [ref("MessageRole"), {"type": "null"}]},
        ["Message: field role: not nullable here, nullable in the contract"],
    ),
    "a field that may not be null": (
        (*SESSION, "properties", "routine_id", "type"),
        "string",
        ["Session: field routine_id: nullable here, not nullable in the contract"],
    ),
    "a reference that may not be null": (
        (*MESSAGE, "agent"),
        ref("MessageAgent"),
        ["Message: field agent: nullable here, not nullable in the contract"],
    ),
    "a default": (
        (*SESSION, "properties", "routine_id", "default"),
        "none",
        ["Session: field routine_id: no default here, default 'none' in the contract"],
    ),
    "the type of a field": (
        (*SESSION, "properties", "user_id", "type"),
        "integer",
        ["Session: field user_id: string here, integer in the contract"],
    ),
    "a date that is text": (
        (*SESSION, "properties", "created_at", "format"),
        DROP,
        ["Session: field created_at: date-time here, string in the contract"],
    ),
    "text that is a date": (
        (*MESSAGE, "text", "format"),
        "date-time",
        ["Message: field text: string here, date-time in the contract"],
    ),
    "a reference to another schema": (
        (*SESSION, "properties", "messages", "items"),
        ref("MessageAgent"),
        ["Session: field messages: array[Message] here, array[MessageAgent] in the contract"],
    ),
    "an array that is one": (
        (*SESSION, "properties", "messages"),
        ref("Message"),
        ["Session: field messages: array[Message] here, Message in the contract"],
    ),
    "values of a map": (
        (*SCHEMAS, "GroupedSessionsResponse", "properties", "time_to_sessions", "additionalProperties"),
        ref("Session"),
        ["GroupedSessionsResponse: field time_to_sessions: map[anything] here, map[Session] in the contract"],
    ),
    "an enum value added": (
        (*SCHEMAS, "SessionStatus"),
        lambda old: {
            **old,
            "enum": [*old["enum"], "Paused"],
            "x-enum-varnames": [*old["x-enum-varnames"], "PAUSED"],
        },
        ["SessionStatus: member PAUSED: missing here"],
    ),
    "an enum value dropped": (
        (*SCHEMAS, "MessageRole"),
        lambda old: {**old, "enum": ["user"], "x-enum-varnames": ["USER"]},
        ["MessageRole: member ASSISTANT: not in the contract"],
    ),
    "an enum value changed": (
        (*SCHEMAS, "MessageRole", "enum"),
        ["user", "agent"],
        ["MessageRole: member ASSISTANT: 'assistant' here, 'agent' in the contract"],
    ),
    "an enum member renamed": (
        (*SCHEMAS, "MessageRole", "x-enum-varnames"),
        ["HUMAN", "ASSISTANT"],
        ["MessageRole: member HUMAN: missing here", "MessageRole: member USER: not in the contract"],
    ),
    "an enum that is text": (
        (*MESSAGE, "role"),
        {"type": "string"},
        ["Message: field role: MessageRole here, string in the contract"],
    ),
    "a variant of a union": (
        (*SCHEMAS, "ValidationErrorLocInner", "anyOf"),
        lambda old: [*old, {"type": "boolean"}],
        [
            "ValidationErrorLocInner: variants: "
            "integer | string here, boolean | integer | string in the contract"
        ],
    ),
    "a union that is an object": (
        (*SCHEMAS, "ValidationErrorLocInner"),
        {"type": "object"},
        [
            "ValidationErrorLocInner: kind: one of several here, object in the contract",
            "ValidationErrorLocInner: variants: not in the contract",
        ],
    ),
}


@pytest.mark.parametrize("change", CONTRACT_CHANGES)
def test_a_changed_contract_is_noticed(change: str) -> None:
    path, new, expected = CONTRACT_CHANGES[change]

    assert differences(changed(SESSIONS, path, new)) == expected


def test_changes_that_say_nothing_are_not_differences() -> None:
    contract = changed(SESSIONS, (*SCHEMAS, "ValidationErrorLocInner", "anyOf"), lambda old: old[::-1])
    contract = changed(contract, (*SESSION, "properties"), lambda old: dict(reversed(old.items())))
    contract = changed(contract, ("paths",), lambda old: dict(reversed(old.items())))
    contract = changed(contract, (*GET, "summary"), "Another text")

    assert differences(contract) == []


LACKING = [
    (("paths",), "the document: 'paths'"),
    (("info", "version"), "info: 'version'"),
    (("servers", 0, "url"), "servers > 0: 'url'"),
    (("components", "schemas"), "components: 'schemas'"),
    (
        ("components", "securitySchemes", "HTTPBearer", "type"),
        "components > securitySchemes > HTTPBearer: 'type'",
    ),
    ((*GET, "tags"), "paths > /sessions/{session_id} > get: 'tags'"),
    ((*GET, "operationId"), "paths > /sessions/{session_id} > get: 'operationId'"),
    ((*GET, "responses"), "paths > /sessions/{session_id} > get: 'responses'"),
    ((*GET, "parameters", 0, "name"), "paths > /sessions/{session_id} > get > parameters > 0: 'name'"),
    ((*GET, "parameters", 0, "in"), "paths > /sessions/{session_id} > get > parameters > 0: 'in'"),
    ((*GET, "parameters", 0, "schema"), "paths > /sessions/{session_id} > get > parameters > 0: 'schema'"),
    (CREATE_FORM, "paths > /sessions > post > requestBody > content > multipart/form-data: 'schema'"),
    (
        (*CREATE_FORM, "properties"),
        "paths > /sessions > post > requestBody > content > multipart/form-data > schema: 'properties'",
    ),
]


@pytest.mark.parametrize(("path", "place"), LACKING)
def test_what_a_contract_lacks_is_told_by_its_place(path: tuple[Any, ...], place: str) -> None:
    with pytest.raises(IncompleteError, match=f"^{re.escape(place)} is missing$"):
        differences(changed(SESSIONS, path, DROP))


def test_the_pages_tell_it_too() -> None:
    (portal, *_) = packages()
    contract = changed(portal.contract, (*GET, "responses", "200", "description"), DROP)

    with pytest.raises(IncompleteError, match="get > responses > 200: 'description' is missing"):
        pages(replace(portal, contract=contract))


def test_a_contract_is_copied_with_its_places() -> None:
    copied = changed(placed(PORTAL), (*GET, "tags"), DROP)

    with pytest.raises(IncompleteError, match="get: 'tags' is missing"):
        copied["paths"]["/sessions/{session_id}"]["get"]["tags"]
    assert "tags" not in copied["paths"]["/sessions/{session_id}"]["get"]


# ── a changed declaration ──


def redeclared(name: str, **changes: Any) -> list[type]:
    return [mutations.redeclared(SessionsApi, name, MODELS, **changes)]


FOREIGN_SESSION = create_model("Session", __base__=Model, __module__=__name__, id=(StrictStr, ...))

DECLARATIONS: dict[str, tuple[list[type], list[str]]] = {
    "another method": (
        redeclared("update_session", method="POST"),
        ["update_session: method: POST here, PUT in the contract"],
    ),
    "another path": (
        redeclared("get_session", path="/session/{session_id}"),
        ["get_session: path: /session/{session_id} here, /sessions/{session_id} in the contract"],
    ),
    "from path to query": (
        redeclared("get_session", path="/sessions"),
        [
            "get_session: path: /sessions here, /sessions/{session_id} in the contract",
            "get_session: parameter session_id: in query here, in path in the contract",
        ],
    ),
    "another type": (
        redeclared("get_session", arguments={"session_id": StrictInt}),
        ["get_session: parameter session_id: integer here, string in the contract"],
    ),
    "a lax type": (
        redeclared("create_session_from_replay", arguments={"last_message_index": int}),
        [
            "create_session_from_replay: parameter last_message_index: "
            "lax integer here, integer in the contract"
        ],
    ),
    "a type that may be None": (
        redeclared("get_session", arguments={"session_id": Optional[StrictStr]}),
        ["get_session: parameter session_id: string | null here, string in the contract"],
    ),
    "files that are text": (
        redeclared("create_session", arguments={"files": Optional[StrictStr]}),
        [
            "create_session: parameter files: in form here, in file in the contract",
            "create_session: parameter files: string here, array[binary] in the contract",
        ],
    ),
    "an argument dropped": (
        redeclared("create_session_from_replay", arguments={"last_message_index": DROP}),
        ["create_session_from_replay: parameter last_message_index: missing here"],
    ),
    "an argument added": (
        redeclared("get_sessions", arguments={"limit": StrictInt}),
        ["get_sessions: parameter limit: not in the contract"],
    ),
    "an argument renamed": (
        redeclared("get_sessions", arguments={"agent_id": DROP, "agent": StrictStr}),
        [
            "get_sessions: parameter agent_id: missing here",
            "get_sessions: parameter agent: not in the contract",
        ],
    ),
    "a required argument made optional": (
        redeclared("get_sessions", toggled={"agent_id"}),
        ["get_sessions: parameter agent_id: optional here, required in the contract"],
    ),
    "an optional argument made required": (
        redeclared("create_session", toggled={"files"}),
        ["create_session: parameter files: required here, optional in the contract"],
    ),
    "arguments in another order": (
        redeclared("create_session_from_replay", reversed=True),
        [
            "create_session_from_replay: parameters in the order "
            "last_message_index, session_id here, session_id, last_message_index in the contract"
        ],
    ),
    "another body": (
        redeclared("update_session", consumes="application/x-www-form-urlencoded"),
        ["update_session: body: application/x-www-form-urlencoded here, multipart/form-data in the contract"],
    ),
    "no token": (
        redeclared("get_session", secured=False),
        ["get_session: security: without a token here, with a token in the contract"],
    ),
    "a token where none belongs": (
        redeclared("subscribe_to_session", secured=True),
        ["subscribe_to_session: security: with a token here, without a token in the contract"],
    ),
    "another response": (
        redeclared("get_session", returns=Message),
        ["get_session: response: Message here, Session in the contract"],
    ),
    "no response": (
        redeclared("get_session", returns=type(None)),
        ["get_session: response: nothing here, Session in the contract"],
    ),
    "a model of the same name from elsewhere": (
        redeclared("get_session", returns=FOREIGN_SESSION),
        [f"get_session: response: {__name__}.Session here, Session in the contract"],
    ),
    "an operation under another name": (
        [type("SessionsApi", (SessionsApi,), {"read_session": SessionsApi.get_session})],
        [
            "read_session: not in the contract",
            "read_session: read_session_with_http_info is not a form of it here",
            "read_session: read_session_without_preload_content is not a form of it here",
        ],
    ),
    "a stub under another name": (
        [type("SessionsApi", (SessionsApi,), {"get_session": SessionsApi.subscribe_to_session})],
        [
            "get_session: name: subscribe_to_session here, get_session in the contract",
            "get_session: path: "
            "/sessions/{session_id}/subscribe here, /sessions/{session_id} in the contract",
            "get_session: security: without a token here, with a token in the contract",
            "get_session: get_session_with_http_info is not a form of it here",
            "get_session: get_session_without_preload_content is not a form of it here",
        ],
    ),
    "a form of another operation": (
        [
            type(
                "SessionsApi",
                (SessionsApi,),
                {"get_session_with_http_info": SessionsApi.subscribe_to_session_with_http_info},
            )
        ],
        ["get_session: get_session_with_http_info is not a form of it here"],
    ),
    "a form missing": (
        [type("SessionsApi", (SessionsApi,), {"get_session_with_http_info": None})],
        ["get_session: get_session_with_http_info is not a form of it here"],
    ),
    "another class": (
        [type("TalksApi", (SessionsApi,), {})],
        [f"{name}: class: TalksApi here, SessionsApi in the contract" for name in OPERATIONS],
    ),
    "no operations": (
        [type("SessionsApi", (Api,), {})],
        [f"{name}: missing here" for name in OPERATIONS],
    ),
}


@pytest.mark.parametrize("change", DECLARATIONS)
def test_a_changed_declaration_is_noticed(change: str) -> None:
    apis, expected = DECLARATIONS[change]

    assert sorted(differences(apis=apis)) == sorted(expected)


# ── a changed model ──


def remodelled(model: type[Model], **changes: Any) -> dict[str, Any]:
    return mutations.remodelled(MODELS, model, **changes)


def enumerated(name: str, members: dict[str, str]) -> dict[str, Any]:
    return {**MODELS, name: OpenEnum(name, members, module=MODELS[name].__module__)}


def united(variants: Any) -> dict[str, Any]:
    name, base = "ValidationErrorLocInner", Wrapper[variants]
    return {**MODELS, name: create_model(name, __base__=base, __module__=MODELS[name].__module__)}


MODEL_CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a model missing": (
        {name: model for name, model in MODELS.items() if name != "HTTPValidationError"},
        ["HTTPValidationError: missing here"],
    ),
    "a model too many": ({**MODELS, "NoSuchModel": Message}, ["NoSuchModel: not in the contract"]),
    "a field missing": (remodelled(Session, without="user_id"), ["Session: field user_id: missing here"]),
    "a field too many": (
        remodelled(Session, title=(StrictStr, ...)),
        ["Session: field title: not in the contract"],
    ),
    "a field under another name": (
        remodelled(Message, without="text", text_=(StrictStr, ...)),
        ["Message: field text: missing here", "Message: field text_: not in the contract"],
    ),
    "another type": (
        remodelled(Message, text=(StrictInt, ...)),
        ["Message: field text: integer here, string in the contract"],
    ),
    "a lax type": (
        remodelled(Message, text=(str, ...)),
        ["Message: field text: lax string here, string in the contract"],
    ),
    "a date that is text": (
        remodelled(Session, created_at=(StrictStr, ...)),
        ["Session: field created_at: string here, date-time in the contract"],
    ),
    "a reference to another model": (
        remodelled(Session, messages=(list[MessageAgent], ...)),
        ["Session: field messages: array[MessageAgent] here, array[Message] in the contract"],
    ),
    "a reference to a model from elsewhere": (
        remodelled(MODELS["GetSessionsResponse"], sessions=(list[FOREIGN_SESSION], ...)),
        [
            f"GetSessionsResponse: field sessions: "
            f"array[{__name__}.Session] here, array[Session] in the contract"
        ],
    ),
    "items that may be None": (
        remodelled(Session, messages=(list[Optional[Message]], ...)),
        ["Session: field messages: array[Message | null] here, array[Message] in the contract"],
    ),
    "no longer required": (
        remodelled(Session, user_id=(Optional[StrictStr], None)),
        ["Session: field user_id: optional here, required in the contract"],
    ),
    "required": (
        remodelled(Session, routine_id=(Nullable[StrictStr], ...)),
        ["Session: field routine_id: required here, optional in the contract"],
    ),
    "not marked as nullable": (
        remodelled(Session, routine_id=(Optional[StrictStr], None)),
        ["Session: field routine_id: not nullable here, nullable in the contract"],
    ),
    "required, None, but not marked": (
        remodelled(Session, user_id=(Optional[StrictStr], ...)),
        ["Session: field user_id: string | null here, string in the contract"],
    ),
    "nullable": (
        remodelled(Session, user_id=(Nullable[StrictStr], ...)),
        ["Session: field user_id: nullable here, not nullable in the contract"],
    ),
    "a default": (
        remodelled(Session, routine_id=(Nullable[StrictStr], "none")),
        ["Session: field routine_id: default 'none' here, no default in the contract"],
    ),
    "an enum member missing": (
        enumerated("MessageRole", {"USER": "user"}),
        ["MessageRole: member ASSISTANT: missing here"],
    ),
    "an enum member too many": (
        enumerated("MessageRole", {"USER": "user", "ASSISTANT": "assistant", "SYSTEM": "system"}),
        ["MessageRole: member SYSTEM: not in the contract"],
    ),
    "another enum value": (
        enumerated("MessageRole", {"USER": "user", "ASSISTANT": "agent"}),
        ["MessageRole: member ASSISTANT: 'agent' here, 'assistant' in the contract"],
    ),
    "another variant of a union": (
        united(Union[StrictStr, StrictInt, StrictBool]),
        [
            "ValidationErrorLocInner: variants: "
            "boolean | integer | string here, integer | string in the contract",
        ],
    ),
    "a lax union": (
        united(Union[str, int]),
        [
            "ValidationErrorLocInner: variants: "
            "lax integer | lax string here, integer | string in the contract",
        ],
    ),
}


@pytest.mark.parametrize("change", MODEL_CHANGES)
def test_a_changed_model_is_noticed(change: str) -> None:
    models, expected = MODEL_CHANGES[change]

    assert model_differences(SESSIONS, models) == expected


# ── another package: JSON bodies, unions of models ──


class Circle(Model):
    """A variant with a default that is sent."""

    type: StrictStr = "circle"
    radius: StrictFloat


class Square(Model):
    """Another variant."""

    type: StrictStr = "square"
    filled: Optional[StrictBool] = None


class Shape(Wrapper[Union[Circle, Square]]):
    """One of the two."""


class HTTPShape(RootModel[Union[StrictStr, dict[str, Any]]]):
    """A union of plain data."""


class DrawingRequest(Model):
    """A body with what the Portal models do not have."""

    shapes: dict[str, Shape]
    frame: Nullable[Circle] = None
    size: Nullable[list[StrictInt]]
    kind: Literal["plan", "view"]
    note: Nullable[Any] = None


class DrawingsApi(Api):
    """A service with a JSON body and a response without one."""

    @endpoint("POST", "/drawings")
    def draw(
        self,
        drawing_request: DrawingRequest,
        exact: Optional[StrictBool] = None,
        **options: Unpack[RequestOptions],
    ) -> list[DrawingRequest]:
        """Draw."""
        raise NotImplementedError

    @endpoint("GET", "/drawings/stop", secured=False)
    def stop(self, **options: Unpack[RequestOptions]) -> None:
        """Stop drawing."""

    draw_with_http_info = with_http_info(draw)
    stop_with_http_info = with_http_info(stop)


DRAWINGS_MODELS = {model.__name__: model for model in (Circle, Square, Shape, HTTPShape, DrawingRequest)}
DRAWINGS: dict[str, Any] = {
    "paths": {
        "/drawings": {
            "post": {
                "tags": ["Drawings"],
                "operationId": "draw",
                "security": [{"HTTPBearer": []}],
                "parameters": [{"name": "exact", "in": "query", "schema": {"type": "boolean"}}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": ref("DrawingRequest")}},
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/x-ndjson": {"schema": ref("DrawingRequest")},
                            "application/json": {"schema": {"type": "array", "items": ref("DrawingRequest")}},
                        }
                    }
                },
            }
        },
        "/drawings/stop": {
            "get": {"tags": ["Drawings"], "operationId": "stop", "responses": {"204": {"description": ""}}}
        },
    },
    "components": {
        "schemas": {
            "Circle": {
                "type": "object",
                "properties": {
                    "type": {
                        "type": "string",
                        "default": "circle",
                        "enum": ["circle", "disc"],
                        "x-client-enforces-enum": False,
                    },
                    "radius": {"type": "number"},
                },
                "required": ["radius"],
            },
            "Square": {
                "type": "object",
                "properties": {
                    "type": {"type": "string", "default": "square"},
                    "filled": {"type": "boolean"},
                },
            },
            "Shape": {"oneOf": [ref("Circle"), ref("Square")]},
            "HTTPShape": {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": True}]},
            "DrawingRequest": {
                "type": "object",
                "properties": {
                    "shapes": {"type": "object", "additionalProperties": ref("Shape")},
                    "frame": {"anyOf": [ref("Circle"), {"type": "null"}]},
                    "size": {"type": ["array", "null"], "items": {"type": "integer"}},
                    "kind": {"type": "string", "enum": ["plan", "view"]},
                    "note": {},
                },
                "required": ["shapes", "size", "kind"],
            },
        }
    },
}


def test_another_package_is_compared_the_same_way() -> None:
    forms = ("", "_with_http_info")

    assert operation_differences(DRAWINGS, [DrawingsApi], DRAWINGS_MODELS, forms) == []
    assert model_differences(DRAWINGS, DRAWINGS_MODELS) == []


@pytest.mark.parametrize(
    ("path", "new", "expected"),
    [
        (
            ("paths", "/drawings", "post", "requestBody", "required"),
            False,
            ["draw: parameter drawing_request: required here, optional in the contract"],
        ),
        (
            ("paths", "/drawings", "post", "requestBody", "content", "application/json", "schema"),
            ref("Circle"),
            ["draw: parameter circle: missing here", "draw: parameter drawing_request: not in the contract"],
        ),
        (
            ("paths", "/drawings/stop", "get", "responses", "200"),
            {"content": {"application/json": {"schema": {"type": "boolean"}}}},
            ["stop: response: nothing here, boolean | nothing in the contract"],
        ),
    ],
)
def test_changes_of_its_contract_are_noticed(path: tuple[str, ...], new: Any, expected: list[str]) -> None:
    contract = changed(DRAWINGS, path, new)

    forms = ("", "_with_http_info")
    assert operation_differences(contract, [DrawingsApi], DRAWINGS_MODELS, forms) == expected


@pytest.mark.parametrize(
    ("path", "new", "expected"),
    [
        (
            (*SCHEMAS, "Shape", "oneOf", 1),
            DROP,
            "Shape: variants: Circle | Square here, Circle in the contract",
        ),
        (
            (*SCHEMAS, "Circle", "properties", "type", "x-client-enforces-enum"),
            True,
            "Circle: field type: string here, one of 'circle', 'disc' in the contract",
        ),
        (
            (*SCHEMAS, "Square", "properties", "type", "default"),
            DROP,
            "Square: field type: default 'square' here, no default in the contract",
        ),
        (
            (*SCHEMAS, "DrawingRequest", "properties", "kind", "enum"),
            ["plan"],
            "DrawingRequest: field kind: one of 'plan', 'view' here, one of 'plan' in the contract",
        ),
    ],
)
def test_changes_of_its_schemas_are_noticed(path: tuple[str, ...], new: Any, expected: str) -> None:
    assert model_differences(changed(DRAWINGS, path, new), DRAWINGS_MODELS) == [expected]

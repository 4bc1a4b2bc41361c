"""The operations beside those of sessions: what goes over the wire, and what comes back of it."""

from __future__ import annotations

import inspect
import json
from typing import Any, NamedTuple

import pydantic
import pytest

import finbourne_candela
from candela.calls import ID, METADATA, calling
from candela.test_contract import CANDELA
from finbourne_candela import (
    ApiConnectionError,
    ApiResponseError,
    AppsApi,
    AppSpec,
    BadRequestException,
    CircuitDTO,
    CircuitsApi,
    Directive,
    DirectivesApi,
    ModelsApi,
    ObjectMetadata,
    PostApp,
    PostCircuit,
    PostDirective,
    PostToolModule,
    SlotData,
    SlotsPutResponse,
    SlotState,
    SystemApi,
    ToolMetadata,
    ToolModule,
    ToolModuleMetadata,
    ToolModulesApi,
    Trace,
    TracesApi,
    UserSlotsApi,
)
from openapi import operations
from support.clients import TOKEN, closes
from support.scripted import reply


class Case(NamedTuple):
    """An operation, its arguments in order, and both sides of a call with them."""

    api: Any
    arguments: dict[str, Any]
    method: str
    target: str
    answer: Any = b""
    data: Any = None
    body: Any = None
    signature: str = ""


APP = {"type": "agent", "circuit": ID, "directive": {**ID, "version": "2.0.1"}}
CIRCUIT = {"first": "a", "nodes": {"a": {"type": "no-op", "node_id": "a", "child_id": None, "label": "l"}}}
DIRECTIVE = {"point": " * ", "hide": False, "identity": ["I"], "context_vals": {"region": "EMEA"}}
MODULE = {"content": "class Tool(BaseTool): ..."}
OF_MODULE = {**METADATA, "tools": ["Tool"]}
TOOL = {"tool_name": "Tool", "scope": "default", "module_name": "s1", "module_version": "1.0.0"}
SLOT = {"slot_id": "s", "slot_type": "local", "domain": "d", "state": 3, "ready": "2026-01-02T03:04:05Z"}
TRACE = {"session_ids": ["s1"], "trace_items": [{"item_type": "user", "content": "Hi"}]}
PUT = {"old_value": 1, "new_value": 2}
ONE = {"scope": "default", "identifier": "a b/ü"}
QUERY = "scope=default&identifier=a%20b/%C3%BC"
MODEL: dict[str, Any] = {
    "hf_url": "https://hf.co/a?b=c",
    **ONE,
    "quantisation": "q6k",
    "description": "small & fast",
}
MODEL_QUERY = f"hf_url=https%3A//hf.co/a%3Fb%3Dc&{QUERY}&quantisation=q6k&description=small%20%26%20fast"

NAMED = "scope: 'StrictStr', identifier: 'StrictStr', version: 'Optional[StrictStr]' = None, "
LISTING = "all_versions: 'Optional[StrictBool]' = None, "
LEVEL = "system_level: 'Optional[StrictBool]' = None, "
TYPED = "slot_type: 'StrictStr', "


def stored(api: Any, kind: str, post: Any, model: Any, data: Any, one: Any) -> dict[str, Case]:
    """The operations on one kind of object; `one` is its metadata as the service sends it."""
    of_one = ToolModuleMetadata.from_dict(one) if "tools" in one else ObjectMetadata.from_dict(one)
    path = f"/{kind}s"
    cases = {
        f"delete_{kind}": Case(api, ONE, "DELETE", f"{path}/?{QUERY}", [one], [of_one], None, NAMED),
        f"get_{kind}_metadata": Case(api, ONE, "GET", f"{path}/metadata?{QUERY}", one, of_one, None, NAMED),
        f"{kind}_exists": Case(api, ONE, "GET", f"{path}/exists?{QUERY}", True, True, None, NAMED),
        f"list_{kind}s": Case(api, {}, "GET", f"{path}/list", [one], [of_one], None, LISTING),
    }
    if post is not None:
        body = {"scope": "default", "identifier": "s1", "version_bump": "patch", "data": data}
        name = f"post_{kind}"
        made = {name: post.from_dict(body)}
        signature = f"{name}: '{post.__name__}', {LEVEL}"
        cases |= {
            f"add_{kind}": Case(api, made, "PUT", f"{path}/", one, of_one, body, signature),
            f"get_{kind}": Case(
                api, ONE, "GET", f"{path}/?{QUERY}", data, model.from_dict(data), None, NAMED
            ),
        }
    return cases


NAME = {"scope": "default", "name": "Tool"}
TOOL_QUERY = "scope=default&name=Tool"
TOOL_NAMED = "scope: 'StrictStr', name: 'StrictStr', "
CASES: dict[str, Case] = {
    **stored(AppsApi, "app", PostApp, AppSpec, APP, METADATA),
    **stored(CircuitsApi, "circuit", PostCircuit, CircuitDTO, CIRCUIT, METADATA),
    **stored(DirectivesApi, "directive", PostDirective, Directive, DIRECTIVE, METADATA),
    **stored(ModelsApi, "model", None, None, None, METADATA),
    **stored(ToolModulesApi, "tool_module", PostToolModule, ToolModule, MODULE, OF_MODULE),
    "add_model": Case(
        ModelsApi,
        MODEL,
        "PUT",
        f"/models/?{MODEL_QUERY}",
        {"status": "complete", "details": METADATA},
        signature="hf_url: 'StrictStr', scope: 'StrictStr', identifier: 'StrictStr', "
        "quantisation: 'StrictStr', description: 'StrictStr', "
        f"version_bump: 'Optional[StrictStr]' = None, {LEVEL}",
    ),
    "list_tools": Case(
        ToolModulesApi,
        {},
        "GET",
        "/tool_modules/tool/list",
        [TOOL],
        [ToolMetadata.from_dict(TOOL)],
        signature=LISTING,
    ),
    "tool_exists": Case(
        ToolModulesApi,
        NAME,
        "GET",
        f"/tool_modules/tool/exists?{TOOL_QUERY}",
        False,
        False,
        signature=TOOL_NAMED,
    ),
    "get_tool_metadata": Case(
        ToolModulesApi,
        NAME,
        "GET",
        f"/tool_modules/tool/metadata?{TOOL_QUERY}",
        TOOL,
        ToolMetadata.from_dict(TOOL),
        signature=TOOL_NAMED,
    ),
    "get_trace": Case(
        TracesApi,
        {"trace_id": "t 1", "scope": "default"},
        "GET",
        "/traces/?trace_id=t%201&scope=default",
        TRACE,
        Trace.from_dict(TRACE),
        signature="trace_id: 'StrictStr', scope: 'StrictStr', ",
    ),
    "list_traces": Case(
        TracesApi, {}, "GET", "/traces/list", [METADATA], [ObjectMetadata.from_dict(METADATA)]
    ),
    "assign_slot": Case(
        UserSlotsApi, {"slot_type": "local"}, "PUT", "/slot?slot_type=local", signature=TYPED
    ),
    "dispose_slot": Case(UserSlotsApi, {}, "DELETE", "/slot"),
    "get_slot_metadata": Case(UserSlotsApi, {}, "GET", "/slot/metadata", SLOT, SlotData.from_dict(SLOT)),
    "get_slot_state": Case(UserSlotsApi, {}, "GET", "/slot/state", 3, SlotState.HOST_READY),
    "user_has_slot": Case(UserSlotsApi, {}, "GET", "/slot/user_has_slot", True, True),
    "admin_delete_slot": Case(
        SystemApi,
        {"slot_id": "s/1"},
        "DELETE",
        "/system/slot?slot_id=s/1",
        {"deleted": "s/1"},
        signature="slot_id: 'StrictStr', ",
    ),
    "get_domain_state": Case(
        SystemApi, {}, "GET", "/system/status", {"local": {"free": 1}}, {"local": {"free": 1}}
    ),
    "list_slots": Case(SystemApi, {}, "GET", "/system/list_slots", [SLOT], [SlotData.from_dict(SLOT)]),
    "set_free_slots_target": Case(
        SystemApi,
        {"slot_type": "local", "target_free_slots": 0},
        "PUT",
        "/system/free_slots_target?slot_type=local&target_free_slots=0",
        PUT,
        SlotsPutResponse.from_dict(PUT),
        signature=f"{TYPED}target_free_slots: 'StrictInt', ",
    ),
    "set_max_slots": Case(
        SystemApi,
        {"slot_type": "local", "max_slots": 8},
        "PUT",
        "/system/max_slots?slot_type=local&max_slots=8",
        PUT,
        SlotsPutResponse.from_dict(PUT),
        signature=f"{TYPED}max_slots: 'StrictInt', ",
    ),
}
EMPTY = {"assign_slot", "dispose_slot"}


def answered(case: Case) -> bytes:
    return reply(case.answer, status=204 if case.answer == b"" else 200)


def test_these_are_all() -> None:
    promised = {
        (operation["operationId"], f"{operation['tags'][0]}Api")
        for *_, operation in operations(CANDELA)
        if operation["tags"] != ["Sessions"]
    }

    assert promised == {(name, case.api.__name__) for name, case in CASES.items()}
    assert len(promised) == 44


# ── both sides ──


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    case = CASES[name]
    with calling(answered(case)) as c:
        api = case.api(c.client)
        data = getattr(api, name)(**case.arguments)
        by_position = getattr(api, f"{name}_with_http_info")(*case.arguments.values())
        raw = getattr(api, f"{name}_without_preload_content")(**case.arguments)
        body = raw.data

    assert data == by_position.data == case.data
    assert by_position.status_code == (204 if name in EMPTY else 200)
    assert by_position.raw_data == body == answered(case).partition(b"\r\n\r\n")[2]
    assert len(c.server.requests) == 3
    for request in c.server.requests:
        assert (request.method, request.target) == (case.method, case.target)
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["Accept"] == (None if name == "dispose_slot" else "application/json")
        assert request.headers["Content-Type"] == ("application/json" if case.body else None)
        assert (json.loads(request.body) if request.body else None) == case.body


@pytest.mark.parametrize("name", CASES)
def test_signatures_are_those_of_the_documents(name: str) -> None:
    case = CASES[name]
    for suffix in ("", "_with_http_info", "_without_preload_content"):
        signature = str(inspect.signature(getattr(case.api, name + suffix)))
        assert signature.startswith(f"(self, {case.signature}*, _request_timeout: ")


@pytest.mark.fault("Sent once", "Of Candela's operations only those that read are repeated")
@pytest.mark.parametrize("name", CASES)
def test_only_reading_is_repeated(name: str) -> None:
    case = CASES[name]
    with calling(closes) as c:
        with pytest.raises(ApiConnectionError) as info:
            getattr(case.api(c.client), name)(**case.arguments)
        assert len(c.server.requests) == (4 if case.method == "GET" else 1)

    assert info.value.request_sent is True


@pytest.mark.parametrize("api", sorted({case.api for case in CASES.values()}, key=lambda api: api.__name__))
def test_the_class_says_what_its_arguments_are(api: Any) -> None:
    arguments = {
        p.name for name in CASES if hasattr(api, name) for p in getattr(api, name).operation.parameters
    }

    assert all(f"\n    {name}: " in (inspect.getdoc(api) or "") for name in arguments)


# ── optional arguments ──


@pytest.mark.parametrize(
    ("api", "call", "arguments", "target"),
    [
        (AppsApi, "get_app", ("s", "i", "1.0.0"), "/apps/?scope=s&identifier=i&version=1.0.0"),
        (AppsApi, "get_app", ("s", "i", None), "/apps/?scope=s&identifier=i"),
        (AppsApi, "list_apps", (True,), "/apps/list?all_versions=true"),
        (AppsApi, "list_apps", (False,), "/apps/list?all_versions=false"),
        (AppsApi, "list_apps", (None,), "/apps/list"),
        (
            ModelsApi,
            "add_model",
            ("u", "s", "i", "q", "d", "major", False),
            "d&version_bump=major&system_level=false",
        ),
        (ModelsApi, "add_model", ("u", "s", "i", "q", "d", None, True), "description=d&system_level=true"),
        (ToolModulesApi, "list_tools", (True,), "/tool_modules/tool/list?all_versions=true"),
    ],
)
def test_what_is_left_out_is_not_sent(api: Any, call: str, arguments: tuple[Any, ...], target: str) -> None:
    with calling(reply([] if "list" in call else APP)) as c:
        getattr(api(c.client), call)(*arguments)

    assert c.server.requests[0].target.endswith(target)


@pytest.mark.parametrize("level", [True, False])
def test_the_level_of_an_object_is_sent_in_the_query(level: bool) -> None:
    with calling(reply(METADATA)) as c:
        AppsApi(c.client).add_app({"scope": "s", "identifier": "i", "data": APP}, level)  # type: ignore[arg-type]

    (request,) = c.server.requests
    assert request.target == f"/apps/?system_level={str(level).lower()}"
    assert json.loads(request.body)["version_bump"] == "patch"


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda c: SystemApi(c).set_max_slots("local", True), "max_slots"),
        (lambda c: SystemApi(c).set_max_slots("local", "8"), "max_slots"),
        (lambda c: UserSlotsApi(c).assign_slot(None), "slot_type"),
        (lambda c: AppsApi(c).list_apps("yes"), "all_versions"),
        (lambda c: AppsApi(c).add_app({"scope": "s", "identifier": "i"}), "post_app.data"),
        (lambda c: TracesApi(c).get_trace("t"), "scope"),
        (lambda c: ModelsApi(c).add_model("u", "s", "i", "q"), "description"),
    ],
)
def test_wrong_arguments(call: Any, names: str) -> None:
    with calling(reply()) as c, pytest.raises(pydantic.ValidationError, match=names):
        call(c.client)

    assert c.server.requests == []


# ── what comes back ──


def test_a_directive_that_was_read_is_added_whole() -> None:
    with calling(reply(DIRECTIVE), reply(METADATA)) as c:
        api = DirectivesApi(c.client)
        api.add_directive(PostDirective(scope="s", identifier="i", data=api.get_directive("s", "i")))

    assert json.loads(c.server.requests[1].body)["data"] == DIRECTIVE


def test_a_new_state_of_a_slot_does_not_hide_the_others() -> None:
    with calling(reply([{**SLOT, "state": 99}, SLOT])) as c:
        new, ready = SystemApi(c.client).list_slots()

    assert new.state == 99
    assert ready.state == SlotState.HOST_READY


@pytest.mark.parametrize("body", ["3", True, None, {}])
def test_a_state_of_a_slot_is_an_integer(body: Any) -> None:
    with calling(reply(json.dumps(body).encode())) as c, pytest.raises(ApiResponseError, match="integer"):
        UserSlotsApi(c.client).get_slot_state()


@pytest.mark.parametrize("name", ["assign_slot", "dispose_slot", "get_slot_state"])
def test_a_slot_that_is_not_there(name: str) -> None:
    case = CASES[name]
    with calling(reply({"detail": "No slot"}, status=400)) as c, pytest.raises(BadRequestException) as info:
        getattr(case.api(c.client), name)(**case.arguments)

    assert info.value.status == 400


@pytest.mark.parametrize("body", ["false", 1, None])
def test_exists_is_a_bool(body: Any) -> None:
    with calling(reply(json.dumps(body).encode())) as c, pytest.raises(ApiResponseError, match="boolean"):
        UserSlotsApi(c.client).user_has_slot()


@pytest.mark.parametrize(("body", "data"), [(b"[1, {}]", [1, {}]), (b"text", "text"), (b"", "")])
def test_the_state_of_a_domain_is_whatever_comes(body: bytes, data: Any) -> None:
    with calling(reply(body)) as c:
        assert SystemApi(c.client).get_domain_state() == (
            json.loads(body) if body[:1] == b"[" else body.decode()
        )


# ── the download of a model ──

PROGRESS: list[dict[str, Any]] = [
    {"status": "started", "details": {"total_bytes": 3}},
    {"status": "in_progress", "details": {"written_bytes": 1}},
    {"status": "complete", "details": METADATA},
]
LINES = "".join(json.dumps(each) + "\n" for each in PROGRESS).encode()


def test_the_progress_of_a_download_comes_as_events() -> None:
    with calling(reply(LINES, Content_Type="application/x-ndjson")) as c:
        api = ModelsApi(c.client)
        with api.add_model_stream(**MODEL) as progress:
            assert list(progress) == PROGRESS
        last = api.add_model_stream(*MODEL.values(), system_level=True).until_done()

    assert ObjectMetadata.from_dict(last["details"]) == ObjectMetadata.from_dict(METADATA)
    first, second = c.server.requests
    assert (first.method, first.target, first.body) == ("PUT", f"/models/?{MODEL_QUERY}", b"")
    assert first.headers["Accept"].startswith("application/x-ndjson")
    assert second.target == f"/models/?{MODEL_QUERY}&system_level=true"


def test_without_the_stream_the_progress_is_kept_as_raw_data() -> None:
    with calling(reply(LINES, Content_Type="application/x-ndjson")) as c:
        response = ModelsApi(c.client).add_model_with_http_info(**MODEL)

    assert response.data is None
    assert response.raw_data == LINES


def test_a_download_is_started_once() -> None:
    with calling(closes) as c, pytest.raises(ApiConnectionError):
        ModelsApi(c.client).add_model_stream(**MODEL)

    assert len(c.server.requests) == 1


def test_all_classes_are_public() -> None:
    for case in CASES.values():
        assert getattr(finbourne_candela, case.api.__name__) is case.api

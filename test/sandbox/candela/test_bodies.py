"""JSON bodies: what the contract allows is accepted and returned, and all else refused without a crash."""

import json
from typing import Any

import pytest
import urllib3

from .conftest import Candela, Json, named

NODE = {"node_id": "n", "child_id": None}
NODES: list[Json] = [
    {"type": "response", **NODE, "as_block": True, "template": None, "context": "c", "inserts": {"a": "b"}},
    {"type": "response", **NODE, "as_block": False, "template": "t", "context": None, "inserts": None},
    {"type": "intent", **NODE, "spec": {"type": "bool"}, "instruction": None},
    {"type": "confirm", **NODE, "options": ["yes", "no"]},
    {"type": "no-op", **NODE, "label": "l"},
    {"type": "use-tool", **NODE, "intent_id": "i", "tool_obj": {"tool_type": "t", "any": [{}]}},
    {"type": "use-tool", **NODE, "intent_id": "i", "tool_obj": {"tool_type": 5}},
    {"type": "switch", "node_id": "n", "case_spec": {"a": "b"}, "case_objs": {"a": {**NODE, "label": "l"}}},
    {"type": "switch", "node_id": "n", "case_spec": None, "case_objs": None, "isolate": True},
    {"type": "insert", **NODE, "label": "l", "context": "c"},
]
SPECS: list[Json] = [
    {"type": "string", "min_length": 1, "max_tokens": None, "regex": "^é$"},
    {"type": "enum", "options": ["a"], "default_value": "a"},
    {"type": "bool", "default_value": False},
    {"type": "real", "min_value": -0.5, "lower_bound": "inclusive", "upper_bound": None},
    {"type": "int", "values": [1, 2], "max_value": 12345678901234567890},
    {"type": "array", "min_len": 0, "max_len": None, "obj": {"type": "string"}},
    {"type": "object", "fields": {"a": {"type": "constant", "value": "v"}}},
    {"type": "object", "fields": None},
    {
        "type": "dictionary",
        "obj": {"type": "constant", "value": "v"},
        "keys": {"type": "enum", "options": []},
    },
]


def _with_node(node: object) -> Json:
    circuit = {"first": "a", "nodes": {"a": node}}
    return {"model_id": named("echo"), "circuit": circuit, "directive": {}}


def _with_spec(spec: object) -> Json:
    return _with_node({"type": "intent", **NODE, "spec": spec})


def _arrays(depth: int) -> Json:
    spec: Json = {"type": "string"}
    for _ in range(depth):
        spec = {"type": "array", "min_len": 0, "max_len": None, "obj": spec}
    return spec


def _objects(depth: int) -> Json:
    spec: Json = {"type": "string"}
    for _ in range(depth):
        spec = {"type": "object", "fields": {"a": spec}}
    return spec


def _kept(candela: Candela, body: Json) -> Json:
    """Start a session with this body and return its details."""
    response = candela.post("/session/dev", body)
    assert response.status == 200, response.data
    name = response.json()["obj_id"]
    candela.stop()
    session: Json = candela.get("/sessions/", **name)
    return session


def _refused(response: urllib3.BaseHTTPResponse) -> list[Json]:
    assert response.status == 422, response.data
    detail: list[Json] = response.json()["detail"]
    assert all(set(each) == {"loc", "msg", "type"} for each in detail)
    return detail


# ── accepted ──


@pytest.mark.parametrize("node", NODES, ids=lambda node: node["type"])
def test_a_node_goes_by_its_type(candela: Candela, node: Json) -> None:
    kept = _kept(candela, _with_node({**node, "own": [None]}))

    assert kept["circuit"]["nodes"] == {"a": {**node, "own": [None]}}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec["type"])
def test_a_spec_goes_by_its_type(candela: Candela, spec: Json) -> None:
    kept = _kept(candela, _with_spec({**spec, "own": {}}))

    assert kept["circuit"]["nodes"]["a"]["spec"] == {**spec, "own": {}}


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        ({**NODE, "as_block": True, "template": None, "context": None, "inserts": None}, "response"),
        ({**NODE, "spec": {"type": "bool"}}, "intent"),
        ({**NODE, "options": []}, "confirm"),
        ({**NODE, "label": "l"}, "no-op"),
        ({**NODE, "intent_id": "i", "tool_obj": {}}, "use-tool"),
        ({"node_id": "n", "case_spec": None, "case_objs": None}, "switch"),
    ],
)
def test_without_a_type_the_one_that_fits_is_meant(candela: Candela, node: Json, kind: str) -> None:
    assert _kept(candela, _with_node(node))["circuit"]["nodes"]["a"]["type"] == kind


def test_the_names_of_a_dictionary_are_texts_unless_options_are_given(candela: Candela) -> None:
    spec = {"type": "dictionary", "obj": {"type": "bool"}, "keys": {"max_length": 3}}

    kept = _kept(candela, _with_spec(spec))
    assert kept["circuit"]["nodes"]["a"]["spec"]["keys"] == {"type": "string", "max_length": 3}


@pytest.mark.parametrize("value", [None, "text", 1, ["a", {"b": None}], {"c": {}}])
def test_a_directive_takes_any_identity(candela: Candela, value: object) -> None:
    directive = dict.fromkeys(("identity", "purpose", "style", "restriction"), value)
    directive.update(point=" * ", hide=False, context_vals={"a": "b"}, own=1)

    assert _kept(candela, {**_with_node(NODES[4]), "directive": directive})["directive"] == directive


@pytest.mark.parametrize("name", ["scope", "parent_session", "tool_module_override"])
def test_what_may_be_null_may_be_null(candela: Candela, name: str) -> None:
    assert candela.post("/session/dev", {**_with_node(NODES[4]), name: None}).status == 200


@pytest.mark.parametrize("spec", [_arrays(195), _objects(97)], ids=["arrays", "objects"])
def test_deep_specs_are_kept(candela: Candela, spec: Json) -> None:
    assert _kept(candela, _with_spec(spec))["circuit"]["nodes"]["a"]["spec"] == spec


# ── refused ──


@pytest.mark.parametrize(
    "node",
    [
        {"type": "insert", **NODE, "label": "l"},
        {"type": "no-op", "node_id": "n", "label": "l"},
        {"type": "intent", **NODE, "spec": None},
        {
            "type": "switch",
            "node_id": "n",
            "case_spec": None,
            "case_objs": {"a": {"type": "insert", **NODE, "label": "l"}},
        },
        {"type": "other", **NODE, "label": "l"},
        {"type": None, **NODE, "label": "l"},
        {**NODE, "label": "l", "context": "c"},  # an insert or a no-op
        {},
        [],
        "no-op",
        None,
    ],
)
def test_a_node_that_fits_none_is_refused(candela: Candela, node: object) -> None:
    (error,) = _refused(candela.post("/session/dev", _with_node(node)))

    assert error["loc"][:4] == ["body", "circuit", "nodes", "a"]


@pytest.mark.parametrize(
    "spec",
    [
        {"max_length": 1},
        {"options": []},
        {"type": "constant", "value": "only as a field, or in a dictionary"},
        {"type": "dictionary", "obj": {"type": "bool"}, "keys": {"type": "int"}},
        {"type": "dictionary", "obj": {"type": "bool"}, "keys": {"options": []}},
        {"type": "string", "max_length": "1"},
        {"type": "string", "max_length": 1.5},
        {"type": "string", "max_length": True},
        {"type": "real", "min_value": "1"},
        {"type": "real", "lower_bound": "outside"},
        {"type": "bool", "is_nullable": 1},
        {"type": "int", "values": None},
    ],
)
def test_a_spec_that_fits_none_is_refused(candela: Candela, spec: Json) -> None:
    (error,) = _refused(candela.post("/session/dev", _with_spec(spec)))

    assert error["loc"][:5] == ["body", "circuit", "nodes", "a", "intent"]


@pytest.mark.parametrize(
    ("path", "body", "names"),
    [
        ("/session", {}, ["app", "model_cfg"]),
        ("/session", {"app": None, "model_cfg": None}, ["app", "model_cfg"]),
        ("/session", {"app": {"scope": "s"}, "model_cfg": named("m")}, ["app"]),
        ("/session/dev", {}, ["model_id", "circuit", "directive"]),
        ("/session/dev", {**_with_node(NODES[4]), "directive": {"hide": None}}, ["directive"]),
        ("/session/dev", {**_with_node(NODES[4]), "directive": {"point": "*"}}, ["directive"]),
        ("/session/dev", {**_with_node(NODES[4]), "circuit": {"first": "a"}}, ["circuit"]),
        ("/session/pipeline_submit", {}, ["prompt", "session_id"]),
        ("/session/agent_submit", {"prompt": 1, "session_id": "s", "scope": None}, ["prompt", "scope"]),
    ],
)
def test_each_property_that_is_wrong_is_named(
    candela: Candela, path: str, body: Json, names: list[str]
) -> None:
    assert [error["loc"][1] for error in _refused(candela.post(path, body))] == names


@pytest.mark.parametrize("name", ["scope", "identifier"])
def test_a_name_must_be_whole(candela: Candela, name: str) -> None:
    query = {"scope": "s", "identifier": "i"}
    del query[name]
    for path in ("/sessions/", "/sessions/metadata", "/sessions/exists"):
        (error,) = _refused(candela.call("GET", path, fields=query))
        assert error == {"loc": ["query", name], "msg": "Field required", "type": "missing"}


# ── invalid JSON ──


def _raw(candela: Candela, body: bytes, kind: str = "application/json") -> urllib3.BaseHTTPResponse:
    headers = {**candela.http.headers, "Content-Type": kind}
    return candela.call("POST", "/session/dev", body=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"a": NaN}',
        b'{"a": 1e400}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_cannot_be_read_is_refused(candela: Candela, body: bytes) -> None:
    _refused(_raw(candela, body))


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_refused(candela: Candela, kind: str) -> None:
    _refused(_raw(candela, json.dumps(_with_node(NODES[4])).encode(), kind))


@pytest.mark.parametrize(
    "body",
    [
        _with_spec(_arrays(196)),
        _with_spec(_objects(98)),
        {**_with_node(NODES[4]), "own": _arrays(200)},
    ],
    ids=["arrays", "objects", "unknown"],
)
def test_what_is_nested_too_deeply_is_refused(candela: Candela, body: Any) -> None:
    (error,) = _refused(candela.post("/session/dev", body))

    assert (error["loc"], error["type"]) == (["body"], "json_invalid")
    assert error["msg"].startswith("JSON that cannot be read: recursion limit exceeded")


def test_unknown_properties_may_be_as_deep(candela: Candela) -> None:
    own: Any = []
    for _ in range(198):
        own = [own]

    assert _kept(candela, {**_with_node(NODES[4]), "own": own})["own"] == own

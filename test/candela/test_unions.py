"""The six unions: each variant in each form, the kinds that clash in the original, and how deep they go."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pydantic
import pytest

from candela.schemas import SCHEMAS
from candela.test_models import MADE
from finbourne_candela import Configuration, SessionsApi, SyncApiClient
from finbourne_candela.models import (
    CircuitDTO,
    DevSessionStartRequest,
    Directive,
    DTOArr,
    DTODict,
    DTOEnum,
    DTOInt,
    DTOObj,
    DTOReal,
    DTOStr,
    Fields,
    InsertContextDTO,
    IntentDTO,
    Keys,
    Nodes,
    NoOpDTO,
    Obj,
    Obj1,
    ObjectId,
    Spec,
)
from support.scripted import playing, reply

UNIONS: dict[Any, list[Any]] = {
    union: [next(m for m in MADE if m.__name__ == v["$ref"].rpartition("/")[2]) for v in variants]
    for union in (Nodes, Spec, Fields, Obj, Obj1, Keys)
    for variants in [SCHEMAS[union.__name__]["oneOf"]]
}
PAIRS = [(union, model) for union, models in UNIONS.items() for model in models]
NAMES: Callable[[Any], str] = lambda value: value.__name__  # noqa: E731


def test_there_are_so_many() -> None:
    assert [len(models) for models in UNIONS.values()] == [7, 8, 9, 8, 9, 2]


# ── each variant ──


@pytest.mark.parametrize(("union", "model"), PAIRS, ids=NAMES)
def test_a_variant_in_each_form(union: Any, model: Any) -> None:
    one = model(**MADE[model])
    wrapped = union(one)

    assert wrapped.actual_instance is one
    assert wrapped.to_dict() == one.to_dict()
    assert wrapped.to_json() == one.to_json()
    assert type(union(one.to_dict()).actual_instance) is model
    assert type(union.from_json(one.to_json()).actual_instance) is model
    assert union.from_json(wrapped.to_json()).to_dict() == union(wrapped).to_dict() == one.to_dict()
    assert pickle.loads(pickle.dumps(wrapped)) == copy.deepcopy(wrapped) == wrapped
    assert repr(wrapped) == f"{union.__name__}({one!r})"


@pytest.mark.parametrize(("union", "model"), PAIRS, ids=NAMES)
def test_a_variant_sends_its_type(union: Any, model: Any) -> None:
    key = SCHEMAS[model.__name__]["properties"]["type"]["default"]

    assert model(**MADE[model]).type == key
    assert json.loads(union(model(**MADE[model])).to_json())["type"] == key


@pytest.mark.parametrize(("union", "model"), PAIRS, ids=NAMES)
def test_a_wrong_field_is_named_with_its_variant(union: Any, model: Any) -> None:
    data = {**json.loads(model(**MADE[model]).to_json()), "type": model(**MADE[model]).type}
    name = next(n for n, f in SCHEMAS[model.__name__]["properties"].items() if n != "type" and "type" in f)
    with pytest.raises(pydantic.ValidationError) as info:
        union({**data, name: object()})

    assert info.value.errors()[0]["loc"][:2] == (data["type"], name)


@pytest.mark.parametrize("union", UNIONS, ids=NAMES)
def test_a_variant_of_another_union(union: Any) -> None:
    others = {model for models in UNIONS.values() for model in models} - set(UNIONS[union])

    for model in others:
        with pytest.raises(pydantic.ValidationError, match="Input should be a dict or one of"):
            union(model(**MADE[model]))


@pytest.mark.parametrize("union", UNIONS, ids=NAMES)
def test_an_unknown_type(union: Any) -> None:
    data = {"type": "from-the-future", "node_id": 5, "more": {"a": [None]}}

    assert union(data).actual_instance == data
    assert json.loads(union.from_json(json.dumps(data)).to_json()) == data


# ── what clashed in the original ──


def test_a_node_that_fits_two_models_is_the_one_of_its_type() -> None:
    insert = {"type": "insert", "node_id": "a", "child_id": None, "label": "l", "context": "c"}

    assert type(Nodes(insert).actual_instance) is InsertContextDTO
    assert Nodes({**insert, "type": "no-op"}).actual_instance == NoOpDTO(
        node_id="a",
        child_id=None,
        label="l",
        context="c",  # type: ignore[call-arg]
    )
    assert type(Spec({"type": "enum", "options": []}).actual_instance) is DTOEnum


@pytest.mark.parametrize(
    ("union", "data", "model"),
    [
        (Nodes, {"node_id": "a", "child_id": None, "label": "l", "context": "c"}, InsertContextDTO),
        (Nodes, {"node_id": "a", "child_id": None, "label": "l"}, NoOpDTO),
        (Nodes, {"node_id": "a", "child_id": None, "spec": {"options": []}}, IntentDTO),
        (Spec, {"options": ["a"]}, DTOEnum),
        (Spec, {"fields": {"a": {"options": ["a"]}}}, DTOObj),
        (Spec, {"min_len": 0, "max_len": None, "obj": {"options": []}}, DTOArr),
        (Spec, {"obj": {"value": "v"}, "keys": {"options": []}}, DTODict),
        (Spec, {"values": [1]}, DTOInt),
        (Spec, {"min_value": 1.5}, DTOReal),
        (Spec, {"max_tokens": 5}, DTOStr),
        (Keys, {"max_tokens": 5}, DTOStr),
    ],
)
def test_without_a_type_the_one_that_fits(union: Any, data: dict[str, Any], model: Any) -> None:
    assert type(union(data).actual_instance) is model


@pytest.mark.parametrize("data", [{}, {"description": "d"}, {"min_value": 1}, {"is_nullable": None}])
def test_without_a_type_more_than_one_that_fit(data: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError, match="fit exactly one of them"):
        Spec(data)


def test_without_types_nothing_is_tried_twice() -> None:
    data: dict[str, Any] = {"options": []}
    for _ in range(60):
        data = {"min_len": 0, "max_len": None, "obj": data, "keys": {"options": []}}

    with pytest.raises(pydantic.ValidationError, match="fit exactly one of them"):
        Spec(data)


# ── within a circuit ──


def test_a_circuit_is_made_of_models_dicts_and_unions() -> None:
    circuit = CircuitDTO(
        first="ask",
        nodes={
            "ask": IntentDTO(node_id="ask", child_id="end", spec=DTOObj(fields={"n": DTOInt()})),  # type: ignore
            "end": {"type": "no-op", "node_id": "end", "child_id": None, "label": "end"},  # type: ignore
            "odd": Nodes({"type": "later", "x": 1}),
        },
    )
    expected = {
        "first": "ask",
        "nodes": {
            "ask": {
                "type": "intent",
                "node_id": "ask",
                "child_id": "end",
                "spec": {"type": "object", "fields": {"n": {"type": "int"}}},
            },
            "end": {"type": "no-op", "node_id": "end", "child_id": None, "label": "end"},
            "odd": {"type": "later", "x": 1},
        },
    }

    assert circuit.nodes is not None
    assert {type(node) for node in circuit.nodes.values()} == {Nodes}
    ask = circuit.nodes["ask"].actual_instance
    assert isinstance(ask, IntentDTO)
    assert isinstance(ask.spec.actual_instance, DTOObj)
    assert circuit.nodes["odd"].actual_instance == {"type": "later", "x": 1}
    assert circuit.to_dict() == json.loads(circuit.to_json()) == expected
    assert CircuitDTO.from_dict(expected) == CircuitDTO.from_json(json.dumps(expected)) == circuit


def test_an_error_in_a_circuit_tells_where_it_is() -> None:
    spec = {"type": "object", "fields": {"n": {"type": "int", "min_value": "1"}}}
    nodes = {"ask": {"type": "intent", "node_id": "ask", "child_id": None, "spec": spec}}
    with pytest.raises(pydantic.ValidationError) as info:
        CircuitDTO.from_dict({"first": "ask", "nodes": nodes})

    assert [".".join(map(str, e["loc"])) for e in info.value.errors()] == [
        "nodes.ask.intent.spec.object.fields.n.int.min_value"
    ]


# ── how deep ──

KINDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "lists": lambda inner: {"type": "array", "min_len": 0, "max_len": None, "obj": inner},
    "objects": lambda inner: {"type": "object", "fields": {"a": inner}},
    "mappings": lambda inner: {"type": "dictionary", "obj": inner, "keys": {"type": "string"}},
}
CONSTRUCTORS: dict[str, Callable[[Any], Any]] = {
    "lists": lambda inner: DTOArr(min_len=0, max_len=None, obj=inner),
    "objects": lambda inner: DTOObj(fields={"a": inner}),
    "mappings": lambda inner: DTODict(obj=inner, keys=DTOStr()),  # type: ignore[arg-type]
}
LEVELS = [140, 10_000, pytest.param(1_000_000, marks=pytest.mark.slow)]


def nested(kind: str, levels: int) -> dict[str, Any]:
    spec: dict[str, Any] = {"type": "enum", "options": ["a"]}
    for _ in range(levels):
        spec = KINDS[kind](spec)
    return spec


def request(spec: Any) -> dict[str, Any]:
    node = {"type": "intent", "node_id": "a", "child_id": None, "spec": spec}
    return {
        "model_id": {"scope": "s", "identifier": "m"},
        "circuit": {"first": "a", "nodes": {"a": node}},
        "directive": {"point": " * ", "hide": True},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_sixty_levels_come_back(kind: str) -> None:
    data = request(nested(kind, 60))
    one = DevSessionStartRequest.from_dict(data)
    spec: Any = DTOEnum(options=["a"])
    for _ in range(60):
        spec = CONSTRUCTORS[kind](spec)

    assert one.to_dict() == json.loads(one.to_json()) == data
    assert DevSessionStartRequest.from_json(json.dumps(data)) == one
    assert DevSessionStartRequest.from_json(one.to_json()) == one
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    assert spec.to_dict() == nested(kind, 60)
    assert Spec(spec).to_json() == Spec.from_dict(nested(kind, 60)).to_json()
    assert repr(one).startswith("DevSessionStartRequest(model_id=")
    for text in (str(one), one.to_str()):
        assert "enum" in text


@pytest.mark.parametrize("kind", KINDS)
def test_sixty_levels_are_sent(kind: str) -> None:
    data = request(nested(kind, 60))
    answer = {"obj_id": {"scope": "s", "identifier": "i"}, "domain": "d", "created_by": "me"}
    answered = reply({**answer, "created_at": "2026-01-02T03:04:05Z"})
    with playing(answered) as server, SyncApiClient(Configuration(server.host)) as client:
        SessionsApi(client).start_dev_session(data)  # type: ignore[arg-type]
        SessionsApi(client).start_dev_session(DevSessionStartRequest.from_dict(data))

    assert [json.loads(r.body) for r in server.requests] == [data, data]


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("kind", ["objects", "lists"])
def test_more_in_a_dict_is_an_error_that_says_so(kind: str, levels: int) -> None:
    spec = nested(kind, levels)
    for make in (
        lambda: Spec(spec),
        lambda: Spec.from_dict(spec),
        lambda: DevSessionStartRequest.from_dict(request(spec)),
        lambda: DTOObj(fields={"a": spec}),
    ):
        with pytest.raises(pydantic.ValidationError, match="Nested more than 128 levels deep") as info:
            make()
        assert len(str(info.value)) < 1000


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ('{"type":"object","fields":{"a":', "}}"),
        ('{"type":"array","min_len":0,"max_len":0,"obj":{"obj":', "}}"),
    ],
)
def test_more_in_json_is_an_error_that_says_so(start: str, end: str, levels: int) -> None:
    levels = 2 * levels // len(end)
    text = start * levels + '{"type":"string"}' + end * levels
    for make in (Spec.from_json, DTOObj.from_json, CircuitDTO.from_json, Directive.from_json):
        with pytest.raises(pydantic.ValidationError) as info:
            make(text)
        assert len(str(info.value)) < 10_000
    with pytest.raises(pydantic.ValidationError, match=r"Nested (more than 128 levels deep|too deeply)"):
        Spec.from_json(text)


@pytest.mark.parametrize("kind", KINDS)
def test_constructors_stop_at_the_limit(kind: str) -> None:
    made: list[Any] = [DTOStr()]
    with pytest.raises(pydantic.ValidationError, match="Nested more than 128 levels deep"):  # noqa: PT012
        while len(made) < 10_000:
            made.append(CONSTRUCTORS[kind](made[-1]))

    assert 60 < len(made) <= 130
    assert Spec.from_json(made[-5].to_json()).actual_instance == made[-5]


def test_too_deep_a_request_is_not_sent() -> None:
    deep = request(nested("objects", 10_000))
    model = DevSessionStartRequest.from_dict(request(nested("lists", 2)))
    model.additional_properties["more"] = deep
    with playing(reply()) as server, SyncApiClient(Configuration(server.host)) as client:
        api = SessionsApi(client)
        with pytest.raises(pydantic.ValidationError, match="dev_session_start_request"):
            api.start_dev_session(deep)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="DevSessionStartRequest is nested more than 128 levels deep"):
            api.start_dev_session(model)

    assert server.requests == []


def test_an_object_id_knows_no_nesting() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    one = ObjectId(scope="s", identifier="i", more=deep)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="ObjectId is nested more than 128 levels deep"):
        one.to_json()

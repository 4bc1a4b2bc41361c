"""The models: to plain data and back without loss, whatever the contract allows."""

from __future__ import annotations

import copy
import json
import math
import pickle
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import finbourne_candela.models
import portal_client.models
from candela.schemas import SCHEMAS, data_for, with_defaults
from finbourne_candela.models import *  # noqa: F403
from finbourne_candela.models import (
    AppSpec,
    BaseTool,
    CircuitDTO,
    ConfirmDTO,
    DevSessionStartRequest,
    Directive,
    DTOArr,
    DTOBool,
    DTOConst,
    DTODict,
    DTOEnum,
    DTOInt,
    DTOObj,
    DTOReal,
    DTOStr,
    Event,
    InsertContextDTO,
    IntentDTO,
    NoOpDTO,
    ObjectId,
    ObjectMetadata,
    PostApp,
    PostCircuit,
    PostDirective,
    PostToolModule,
    ResponseDTO,
    Session,
    SessionStartRequest,
    SlotData,
    SlotsPutResponse,
    SlotState,
    SubmitPrompt,
    SwitchDTO,
    ToolMetadata,
    ToolModule,
    ToolModuleMetadata,
    ToolObj,
    Trace,
    TraceItem,
    UseToolDTO,
)

MODELS: dict[str, Any] = {
    name: getattr(finbourne_candela.models, name) for name in finbourne_candela.models.__all__
}

#: A slow machine is no failure.
patient = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

# ── there and back ──


@pytest.mark.parametrize("name", [name for name, schema in SCHEMAS.items() if "enum" not in schema])
@patient
@given(data=st.data())
def test_what_the_contract_allows_comes_back(name: str, data: st.DataObject) -> None:
    model, given_ = MODELS[name], data.draw(data_for(name))
    before, text = copy.deepcopy(given_), json.dumps(given_)
    one = model.from_dict(given_)

    assert json.loads(one.to_json()) == with_defaults(SCHEMAS[name], given_)
    assert model.from_json(text) == one
    assert model.from_json(one.to_json()) == model.from_dict(one.to_dict()) == one
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    assert type(one) is model
    assert given_ == before
    assert one.to_str()
    assert repr(one).startswith(f"{name}(")


ID = ObjectId(scope="default", identifier="x")
#: Each model as a script makes it, by keyword.
MADE: dict[Any, dict[str, Any]] = {
    AppSpec: {"type": "agent", "circuit": ID, "directive": ID},
    BaseTool: {"tool_type": "t", "instruction": "i"},
    CircuitDTO: {"first": "a", "nodes": {}},
    ConfirmDTO: {"node_id": "n", "child_id": None, "instruction": "i", "options": ["yes", "no"]},
    DTOArr: {"is_nullable": True, "min_len": 0, "max_len": None, "obj": DTOStr(), "description": "d"},
    DTOBool: {"is_nullable": False, "description": "d", "default_value": True},
    DTOConst: {"value": "v", "is_nullable": None, "description": "d"},
    DTODict: {"obj": DTOConst(value="v"), "keys": DTOEnum(options=["a"]), "min_size": 1, "max_size": 2},
    DTOEnum: {"options": ["a", "b"], "is_nullable": True, "description": "d", "default_value": "a"},
    DTOInt: {"values": [1, 2], "default_value": 1, "min_value": 0, "lower_bound": "exclusive"},
    DTOObj: {"is_nullable": None, "description": "d", "fields": {"f": DTOReal()}},
    DTOReal: {"default_value": 1.5, "min_value": 1, "max_value": 2.5, "allow_negative": False},
    DTOStr: {"min_length": 1, "max_length": 2, "regex": "a+", "format": "f", "stop": ".", "max_tokens": 9},
    DevSessionStartRequest: {
        "model_id": ID,
        "circuit": CircuitDTO(first="a", nodes=None),
        "directive": Directive(),
        "scope": None,
        "parent_session": ID,
        "tool_module_override": ToolModule(content="pass"),
    },
    Directive: {
        "point": " - ",
        "hide": False,
        "identity": "You are kind.",
        "purpose": ["to", {"help": None}],
        "style": 5,
        "restriction": None,
        "context_vals": {"a": "b"},
    },
    Event: {"event_type": "something new", "content": "c"},
    InsertContextDTO: {"node_id": "n", "child_id": "m", "label": "l", "context": "c"},
    IntentDTO: {"node_id": "n", "child_id": None, "spec": DTOObj(fields=None), "instruction": "i"},
    NoOpDTO: {"node_id": "n", "child_id": None, "label": "l"},
    ObjectId: {"scope": "s", "identifier": "i", "version": "1.0.0"},
    ObjectMetadata: {
        "obj_id": ID,
        "domain": "d",
        "created_by": "me",
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "description": None,
    },
    PostApp: {
        "scope": "s",
        "identifier": "i",
        "description": "d",
        "version_bump": "major",
        "data": AppSpec(type="pipeline", circuit=ID, directive=ID),
    },
    PostCircuit: {"scope": "s", "identifier": "i", "data": CircuitDTO(first="a", nodes={})},
    PostDirective: {"scope": "s", "identifier": "i", "description": None, "data": Directive()},
    PostToolModule: {"scope": "s", "identifier": "i", "data": ToolModule(content="pass")},
    ResponseDTO: {
        "node_id": "n",
        "child_id": None,
        "as_block": True,
        "template": None,
        "context": None,
        "inserts": {"a": "b"},
    },
    Session: {"app": None, "model_cfg": ID, "host_id": "h", "parent_session": ID, "dev_session": True},
    SessionStartRequest: {"app": ID, "model_cfg": ID, "scope": "s", "circuit_override": ID},
    SlotData: {
        "slot_id": "s",
        "slot_type": "t",
        "domain": "d",
        "state": SlotState.HOST_READY,
        "assigned_to": None,
        "ready": datetime(2026, 1, 2, tzinfo=UTC),
    },
    SlotsPutResponse: {"old_value": 1, "new_value": 2},
    SubmitPrompt: {"prompt": "p", "session_id": "i", "scope": "other"},
    SwitchDTO: {
        "node_id": "n",
        "case_spec": {"yes": "if so"},
        "case_objs": {"yes": NoOpDTO(node_id="m", child_id=None, label="l")},
        "isolate": True,
    },
    ToolMetadata: {"tool_name": "t", "scope": "s", "module_name": "m", "module_version": "1.0.0"},
    ToolModule: {"content": "pass"},
    ToolModuleMetadata: {
        "obj_id": ID,
        "domain": "d",
        "created_by": "me",
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "tools": ["t"],
    },
    Trace: {"session_ids": ["s"], "trace_items": []},
    TraceItem: {"item_type": "chat_resp", "content": "c"},
    UseToolDTO: {"node_id": "n", "child_id": None, "intent_id": "i", "tool_obj": BaseTool(tool_type="t")},
}


@pytest.mark.parametrize("model", MADE, ids=lambda model: model.__name__)
def test_what_a_constructor_is_given_is_sent(model: Any) -> None:
    fields = MADE[model]
    one = model(**fields)

    assert set(fields) <= set(one.to_dict())
    sent = json.loads(one.to_json())
    assert {name: sent[name] for name in fields if not hasattr(fields[name], "to_dict")} == {
        name: json.loads(pydantic.TypeAdapter(Any).dump_json(plain(value)))
        for name, value in fields.items()
        if not hasattr(value, "to_dict")
    }
    schema = SCHEMAS[model.__name__]["properties"]
    assert {name: schema[name].get("default") for name in set(sent) - set(fields)} == {
        name: sent[name] for name in set(sent) - set(fields)
    }
    assert (
        model.from_json(one.to_json()).to_dict() == model.from_dict(one.to_dict()).to_dict() == one.to_dict()
    )


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.to_dict() if hasattr(value, "to_dict") else value


def test_every_model_is_made() -> None:
    unions = {name for name, schema in SCHEMAS.items() if "oneOf" in schema or "anyOf" in schema}
    shared = {"HTTPValidationError", "ValidationError"}

    assert {model.__name__ for model in MADE} | unions | shared | {"SlotState"} == set(SCHEMAS)


# ── the states of a slot ──


def test_a_state_is_an_integer_with_two_names() -> None:
    assert SlotState.NUMBER_3 is SlotState.HOST_READY
    assert SlotState.HOST_READY == 3 == SlotState(3)
    assert [state.value for state in SlotState] == list(range(9))


def test_a_new_state_is_a_member_of_its_own() -> None:
    data = {"slot_id": "s", "slot_type": "t", "domain": "d", "state": 12}
    slot = SlotData.from_dict(data)

    assert slot.state == 12 == SlotState(12) != SlotState.HOST_READY
    assert (repr(slot.state), f"{slot.state}") == ("<SlotState.12: 12>", "12")
    assert json.loads(slot.to_json()) == data
    assert pickle.loads(pickle.dumps(slot)) == copy.deepcopy(slot) == slot
    assert SlotState.from_json("12") == 12
    assert 12 not in [state.value for state in SlotState]


@pytest.mark.parametrize("state", ["3", 3.0, True, "HOST_READY", None])
def test_a_state_is_nothing_else(state: Any) -> None:
    with pytest.raises(pydantic.ValidationError, match="integer"):
        pydantic.TypeAdapter(SlotState).validate_python(state)


def test_an_older_client_reads_the_other_slots_of_a_list() -> None:
    slots = pydantic.TypeAdapter(list[SlotData]).validate_python(
        [{"slot_id": str(n), "slot_type": "t", "domain": "d", "state": n} for n in (0, 99)]
    )

    assert [slot.state for slot in slots] == [SlotState.START_REQUEST, 99]


# ── names ──


@pytest.mark.parametrize("name", MODELS)
def test_each_model_has_its_module(name: str) -> None:
    model = MODELS[name]
    special = {"DTOObj": "dto_obj", "HTTPValidationError": "http_validation_error", "Obj1": "obj1"}
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in name.replace("DTO", "Dto")).lstrip("_")
    module = import_module(f"finbourne_candela.models.{special.get(name, words)}")

    assert getattr(module, name) is model is globals()[name]


@pytest.mark.parametrize("name", ["HTTPValidationError", "ValidationError", "ValidationErrorLocInner"])
def test_what_was_refused_is_told_by_the_cores_own_models(name: str) -> None:
    assert MODELS[name] is getattr(portal_client.models, name)


# ── null and absent ──


def test_null_is_sent_where_it_was_set() -> None:
    request = SessionStartRequest(app=ID, model_cfg=ID, scope=None)

    assert request.to_dict()["scope"] is None
    assert "parent_session" not in request.to_dict()
    request.parent_session = None
    assert json.loads(request.to_json())["parent_session"] is None
    assert json.loads(Directive(identity=None).to_json())["identity"] is None


def test_what_is_absent_stays_absent() -> None:
    data = {"scope": "s", "identifier": "i"}

    assert ObjectId.from_dict(data).to_dict() == ObjectId(**data).to_dict() == data
    assert Directive.from_dict({}).to_dict() == Directive().to_dict() == {"point": " * ", "hide": True}


@pytest.mark.parametrize(
    ("model", "fields", "left_out"),
    [
        (SubmitPrompt, {"prompt": "p", "session_id": "i"}, "scope"),
        (Directive, {}, "point"),
        (Directive, {}, "hide"),
        (DTOInt, {}, "values"),
        (DTOStr, {}, "type"),
    ],
)
def test_none_leaves_a_field_out_that_is_not_nullable(
    model: Any, fields: dict[str, Any], left_out: str
) -> None:
    assert left_out not in model(**fields, **{left_out: None}).to_dict()


@pytest.mark.parametrize(
    ("model", "name"),
    [(m, n) for m in MADE for n in SCHEMAS[m.__name__].get("required", ())],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_required_field_is_required(model: Any, name: str) -> None:
    without = {key: value for key, value in MADE[model].items() if key != name}
    with pytest.raises(pydantic.ValidationError, match=f"{name}\n  Field required"):
        model(**without)
    schema = SCHEMAS[model.__name__]["properties"][name]
    nullable = "null" in schema.get("type", ()) or {"type": "null"} in schema.get("anyOf", ())
    if nullable:
        assert json.loads(model(**without, **{name: None}).to_json())[name] is None
    else:
        with pytest.raises(pydantic.ValidationError, match=name):
            model(**without, **{name: None})


# ── strictness ──


@pytest.mark.parametrize(
    ("model", "name", "wrong"),
    [
        (ObjectId, "scope", 5),
        (ObjectId, "version", 5),
        (DTOInt, "min_value", "1"),
        (DTOInt, "min_value", True),
        (DTOInt, "min_value", 1.0),
        (DTOReal, "min_value", "1"),
        (DTOReal, "min_value", True),
        (DTOReal, "min_value", math.nan),
        (DTOReal, "min_value", math.inf),
        (DTOBool, "default_value", "true"),
        (DTOBool, "default_value", 1),
        (DTOEnum, "options", "ab"),
        (DTOEnum, "options", [1]),
        (SwitchDTO, "case_objs", {"a": DTOStr()}),
        (SwitchDTO, "case_spec", {"a": 1}),
        (ObjectMetadata, "created_at", "soon"),
        (UseToolDTO, "tool_obj", "tool"),
        (CircuitDTO, "nodes", [NoOpDTO(node_id="a", child_id=None, label="b")]),
        (CircuitDTO, "nodes", {"a": DTOStr()}),
        (DevSessionStartRequest, "circuit", DTOStr()),
    ],
)
def test_wrong_values(model: Any, name: str, wrong: Any) -> None:
    with pytest.raises(pydantic.ValidationError, match=name):
        model(**{**MADE[model], name: wrong})
    one = model(**MADE[model])
    with pytest.raises(pydantic.ValidationError):
        setattr(one, name, wrong)
    assert one == model(**MADE[model])


def test_a_whole_number_stays_whole() -> None:
    real = DTOReal(default_value=2**60 + 1, min_value=1, max_value=1.0)

    assert [type(v) for v in (real.default_value, real.min_value, real.max_value)] == [int, int, float]
    assert json.loads(real.to_json())["default_value"] == 2**60 + 1
    assert DTOReal.from_json(real.to_json()) == real


def test_enumerations_are_not_enforced() -> None:
    assert Event(event_type="new", content="c").event_type == "new"
    assert DTOInt(lower_bound="neither").lower_bound == "neither"
    assert type(Event.from_json('{"event_type": "chat", "content": ""}').event_type) is str


def test_a_date_is_iso_text() -> None:
    one = ObjectMetadata.from_dict(
        {"obj_id": ID.to_dict(), "domain": "d", "created_by": "me", "created_at": "20260102T030405Z"}
    )

    assert one.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert one.to_dict()["created_at"] is one.created_at
    assert json.loads(one.to_json())["created_at"] == "2026-01-02T03:04:05Z"
    assert ObjectMetadata.from_json(one.to_json()) == one


# ── a tool, typed or not ──


@pytest.mark.parametrize("data", [{}, {"tool_type": "t"}, {"any": [1, {"thing": None}]}])
def test_a_tool_as_data_stays_data(data: dict[str, Any]) -> None:
    for tool in (ToolObj(data), ToolObj.from_dict(data), ToolObj.from_json(json.dumps(data))):
        assert tool.actual_instance == data
        assert type(tool.actual_instance) is dict
        assert tool.to_dict() == json.loads(tool.to_json()) == data
    used = UseToolDTO(node_id="n", child_id=None, intent_id="i", tool_obj=data)
    assert used.to_dict()["tool_obj"] == data


def test_a_tool_as_a_model_stays_a_model() -> None:
    class Search(BaseTool):
        """A tool with a setting."""

        index: str

    search = Search(tool_type="search", index="news")
    used = UseToolDTO(node_id="n", child_id=None, intent_id="i", tool_obj=search)

    assert used.tool_obj.actual_instance is search
    assert used.to_dict()["tool_obj"] == {"tool_type": "search", "index": "news"}


@pytest.mark.parametrize("wrong", [None, 5, "tool", [{}], DTOStr()])
def test_what_is_no_tool(wrong: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        ToolObj(wrong)


# ── the first use ──


@pytest.mark.parametrize("text", ["", "{}", "null", "[]", '{"prompt": "p"}'])
def test_text_that_is_no_prompt(text: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="SubmitPrompt"):
        SubmitPrompt.from_json(text)


def test_none_gives_none() -> None:
    assert SubmitPrompt.from_dict(None) is None


# ── fields that are almost known ──

WRITTEN = {"scope": "default", "identifier": "i"}
RESPONSE = {
    "node_id": "n",
    "child_id": None,
    "as_block": True,
    "template": None,
    "context": None,
    "inserts": None,
    "typ": "response",  # for type
}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: SubmitPrompt(prompt="x", session_id="y", scop="z"),
            "SubmitPrompt has no field scop, which is kept and sent as it is; did you mean scope?",
        ),
        (lambda: Directive(purpos="x"), "Directive has no field purpos, .*purpose"),
        (
            lambda: SessionStartRequest(app={**WRITTEN, "vesion": "1"}, model_cfg=ID),
            "ObjectId .*vesion, .*version",
        ),
        (lambda: CircuitDTO(first="n", nodes={"n": RESPONSE}), "ResponseDTO has no field typ, .*type"),
        (lambda: finbourne_candela.models.Nodes(RESPONSE), "ResponseDTO has no field typ, .*type"),
    ],
)
def test_a_field_that_is_almost_one(make: Any, said: str) -> None:
    with pytest.warns(UserWarning, match=said) as told:
        make()

    assert [warning.filename for warning in told] == [__file__]


def test_what_a_service_says_is_told_of_nobody() -> None:
    read = CircuitDTO.from_dict({"first": "n", "nodes": {"n": RESPONSE}, "frist": "n"})
    again = CircuitDTO.from_json(read.to_json())
    DevSessionStartRequest(model_id=ObjectId(**WRITTEN), circuit=again, directive=Directive())

    assert again.to_dict() == read.to_dict()

"""The models: to plain data and back without loss, strict in what they take."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_client import (
    ApiValueError,
    AsyncSessionResponse,
    BusinessResponse,
    GetSessionsResponse,
    GroupedSessionsResponse,
    HTTPValidationError,
    Message,
    MessageAgent,
    MessageRole,
    Report,
    ReportValue,
    Session,
    SessionStatus,
    SessionSummary,
    ValidationError,
    ValidationErrorLocInner,
    Widget,
)
from portal_client.model import Model
from portal_client.serialization import to_json as sent
from support.scripted import SESSION

AGENT = {
    "id": "a1",
    "name": "Ada",
    "assistant_id": "x",
    "assistant_nickname": "A",
    "welcome_message": "",
    "user_initial_message": "",
    "icon": "ada",
    "visibility_requirements": [],
}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def session(**changes: Any) -> Session:
    return Session.model_validate(SESSION | changes)


#: A slow machine is no failure.

# ── there and back ──

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ZONES = st.none() | st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
AGENTS = st.builds(MessageAgent, id=TEXT, name=TEXT, icon=TEXT)
MESSAGES = st.builds(
    Message, text=TEXT, role=st.sampled_from(MessageRole) | TEXT.map(MessageRole), agent=st.none() | AGENTS
)
TIMES = st.datetimes(timezones=ZONES)
SESSIONS = st.builds(
    Session,
    id=TEXT,
    agent_id=TEXT,
    thread_id=TEXT,
    created_at=TIMES,
    updated_at=TIMES,
    messages=st.lists(MESSAGES, max_size=3),
    status=st.sampled_from(SessionStatus) | TEXT.map(SessionStatus),
    user_id=TEXT,
    routine_id=st.none() | TEXT,
    future=JSON,
)


@pytest.mark.fault("Property tests", "A model comes back from JSON, pickle and copy as it was")
@given(SESSIONS)
def test_a_session_comes_back(one: Session) -> None:
    assert Session.from_dict(one.to_dict()) == one
    assert Session.from_json(one.to_json()) == one
    assert Session.from_dict(json.loads(one.to_json())) == one
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) == one
    assert copy.copy(one) == one
    assert json.loads(Session.from_json(one.to_json()).to_json()) == json.loads(one.to_json())


ALL: list[tuple[type, dict[str, Any]]] = [
    (AsyncSessionResponse, {"session_id": "s1"}),
    (GetSessionsResponse, {"sessions": [SESSION]}),
    (GetSessionsResponse, {"sessions": []}),
    (GroupedSessionsResponse, {"time_to_sessions": {"Today": [SESSION], "Odd": [None, {}]}}),
    (GroupedSessionsResponse, {"time_to_sessions": None}),
    (HTTPValidationError, {"detail": [{"loc": ["body", 0], "msg": "m", "type": "t"}]}),
    (HTTPValidationError, {"detail": []}),
    (HTTPValidationError, {}),
    (Message, {"text": "x", "role": "user"}),
    (Message, {"text": "x", "role": "user", "agent": None}),
    (MessageAgent, {"id": "a", "name": "b", "icon": "c"}),
    (Session, SESSION),
    (ValidationError, {"loc": [], "msg": "m", "type": "t"}),
]


@pytest.mark.parametrize(("model", "data"), ALL)
def test_what_the_service_sends_is_written_back(model: Any, data: dict[str, Any]) -> None:
    text = json.dumps(data)
    one = model.from_dict(data)

    assert json.loads(one.to_json()) == json.loads(
        text.replace("05Z", "05+00:00").replace("06Z", "06+00:00")
    ) or (json.loads(one.to_json()) == data)
    assert model.from_json(text) == one
    assert model.from_dict(one.to_dict()) == one
    assert type(one) is model


def test_to_dict_keeps_values() -> None:
    data = session().to_dict()

    assert data["created_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert data["status"] is SessionStatus.READY
    assert data["messages"][0] == {"text": "Hello", "role": MessageRole.USER, "agent": None}
    assert type(data["messages"][1]["agent"]) is dict


def test_to_json_is_json() -> None:
    data = json.loads(session().to_json())

    assert datetime.fromisoformat(data["created_at"].replace("Z", "+00:00")) == session().created_at
    assert data["status"] == "Ready"
    assert data["routine_id"] is None


def test_to_str_shows_all_fields() -> None:
    text = Message(text="x", role=MessageRole.USER).to_str()

    assert "'agent': None" in text
    assert "'text': 'x'" in text


def test_none_gives_none() -> None:
    assert Session.from_dict(None) is None


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '"x"', "{}"])
def test_text_that_is_no_session(text: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        Session.from_json(text)


# ── unknown fields ──


def test_unknown_fields_are_kept_and_written_back() -> None:
    data = {**SESSION, "new": {"a": [1, None]}, "nothing": None}
    one = session(new={"a": [1, None]}, nothing=None)

    assert one.model_extra == {"new": {"a": [1, None]}, "nothing": None}
    assert one.to_dict()["new"] == {"a": [1, None]}
    assert one.to_dict()["nothing"] is None
    assert set(json.loads(one.to_json())) == set(data)
    assert one != session()
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one


def test_unknown_fields_within_are_kept_too() -> None:
    message = {**SESSION["messages"][1], "new": 1, "agent": {**SESSION["messages"][1]["agent"], "deep": None}}
    data = session(messages=[message]).to_dict()

    assert data["messages"][0]["new"] == 1
    assert data["messages"][0]["agent"]["deep"] is None


@pytest.mark.parametrize("name", ["nothing", "mesages", "Id", "model_new"])
def test_an_undeclared_attribute_is_not_assigned(name: str) -> None:
    one = session()
    with pytest.raises((ValueError, AttributeError), match=name):
        setattr(one, name, 1)

    assert one == session()


def test_an_unknown_field_is_not_assigned_either() -> None:
    one = session(new=1)
    with pytest.raises(ValueError, match="new"):
        one.new = 2  # type: ignore[attr-defined]


def test_unknown_fields_are_additional_properties() -> None:
    one = session(new=1)

    assert one.additional_properties == {"new": 1}
    one.additional_properties["more"] = [MessageAgent(id="a", name="b", icon="c")]
    assert one.to_dict()["more"] == [{"id": "a", "name": "b", "icon": "c"}]
    assert json.loads(one.to_json())["new"] == 1
    one.additional_properties = {"other": None}
    assert one.additional_properties == {"other": None}
    assert set(one.to_dict()) == {*SESSION, "other"}
    assert Session.from_dict(one.to_dict()) == one
    assert session().additional_properties == {}


def test_additional_properties_in_a_constructor() -> None:
    one = Message(text="x", role=MessageRole.USER, additional_properties={"new": 1}, more=2)  # type: ignore[call-arg]

    assert one.additional_properties == {"new": 1, "more": 2}
    assert one.to_dict() == {"text": "x", "role": "user", "new": 1, "more": 2}
    assert Message(text="x", role="user", additional_properties=None).to_dict() == {
        "text": "x",
        "role": "user",
    }  # type: ignore


def test_a_field_of_that_name_from_the_service_is_one_like_others() -> None:
    data = {"text": "x", "role": "user", "additional_properties": {"new": 1}}

    assert Message.from_dict(data).to_dict() == Message.from_json(json.dumps(data)).to_dict() == data


@pytest.mark.parametrize("wrong", [5, "x", [1]])
def test_additional_properties_are_a_mapping(wrong: Any) -> None:
    one = session(new=1)
    with pytest.raises((TypeError, ValueError)):
        one.additional_properties = wrong

    assert one.additional_properties == {"new": 1}


# ── strictness ──


@pytest.mark.parametrize("name", ["id", "agent_id", "thread_id", "user_id", "routine_id"])
@pytest.mark.parametrize("wrong", [5, True, b"x", ["x"], {}])
def test_a_text_is_a_str(name: str, wrong: Any) -> None:
    with pytest.raises(pydantic.ValidationError, match=name):
        session(**{name: wrong})
    one = session()
    with pytest.raises(pydantic.ValidationError):
        setattr(one, name, wrong)
    assert one == session()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("messages", None),
        ("messages", {}),
        ("messages", "x"),
        ("messages", [5]),
        ("status", 5),
        ("status", None),
        ("created_at", "soon"),
        ("created_at", None),
        ("created_at", True),
        ("created_at", []),
        ("id", None),
    ],
)
def test_other_wrong_values(name: str, wrong: Any) -> None:
    with pytest.raises(pydantic.ValidationError, match=name):
        session(**{name: wrong})
    one = session()
    with pytest.raises(pydantic.ValidationError):
        setattr(one, name, wrong)
    assert one == session()


@pytest.mark.parametrize("name", sorted(set(SESSION) - {"routine_id"}))
def test_a_missing_field(name: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=name):
        Session.from_dict({key: value for key, value in SESSION.items() if key != name})


def test_assignment_is_checked_and_converted() -> None:
    one = session()
    one.status = "Running"  # type: ignore[assignment]
    one.created_at = "2026-01-02T12:00:00Z"  # type: ignore[assignment]
    one.messages = [{"text": "x", "role": "user"}]  # type: ignore[list-item]

    assert one.status is SessionStatus.RUNNING
    assert one.created_at == NOON
    assert isinstance(one.messages[0], Message)


def test_a_constructor_takes_keywords_only() -> None:
    with pytest.raises(TypeError):
        Message("x", "user")  # type: ignore[misc]


# ── null ──


def test_null_is_written_where_it_was_set_and_is_known() -> None:
    assert Message(text="x", role=MessageRole.USER).to_dict() == {"text": "x", "role": "user"}
    assert Message(text="x", role=MessageRole.USER, agent=None).to_dict()["agent"] is None
    without = {key: value for key, value in SESSION.items() if key != "routine_id"}
    assert "routine_id" not in Session.model_validate(without).to_dict()
    assert session().to_dict()["routine_id"] is None
    assert GroupedSessionsResponse(time_to_sessions=None).to_dict() == {"time_to_sessions": None}


def test_null_is_written_after_assignment() -> None:
    message = Message(text="x", role=MessageRole.USER)
    message.agent = None

    assert json.loads(message.to_json())["agent"] is None


def test_null_is_left_out_where_the_service_does_not_know_it() -> None:
    assert HTTPValidationError(detail=None).to_dict() == {}


def test_what_the_contract_requires_is_required() -> None:
    with pytest.raises(pydantic.ValidationError, match=r"id\n +Field required"):
        Session.from_dict({})
    with pytest.raises(pydantic.ValidationError, match=r"time_to_sessions\n +Field required"):
        GroupedSessionsResponse()  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("model", "data", "name"),
    [
        (GroupedSessionsResponse, {}, "time_to_sessions"),
        (BusinessResponse, {}, "business"),
        (Widget, {"agent": AGENT}, "latest_session"),
    ],
)
def test_a_nullable_field_that_a_response_leaves_out_is_none(
    model: type[Model], data: dict[str, Any], name: str
) -> None:
    read = model.from_dict(data)

    assert getattr(read, name) is None
    assert read.to_dict() == data  # what was left out, is
    assert getattr(model.from_dict({**data, name: None}), name) is None


def test_null_is_read_as_the_default_of_a_field_in_a_response() -> None:
    report = Report.from_json('{"text": null}')
    value = ReportValue.from_dict({"key": "k", "text": "t", "link": None, "is_downloadable": None})

    assert (report.text, report.tables) == ("", None)
    assert (value.link, value.is_downloadable) == ("", False)
    with pytest.raises(pydantic.ValidationError, match="is_downloadable"):
        ReportValue.from_dict({"key": "k", "text": "t", "is_downloadable": 1})


def test_grouped_sessions_are_sessions_where_that_fits_and_else_what_came() -> None:
    summary = {"id": "s2", "agent": AGENT, "updated_at": "2026-01-02T03:04:05", "name": "Hi"}
    full = session().to_dict()
    data = {"Today": [full, {**full, "agent": AGENT, "name": "Hi"}, summary, {"id": "s3"}], "other": "text"}

    read = GroupedSessionsResponse.from_dict({"time_to_sessions": data}).time_to_sessions

    assert read is not None
    first, both, short, plain = read["Today"]
    assert (type(first), type(both), type(short)) == (Session, Session, SessionSummary)
    assert both.additional_properties == {"agent": AGENT, "name": "Hi"}
    assert short.agent.name == "Ada"
    assert plain == {"id": "s3"}
    assert read["other"] == "text"


# ── enumerations ──


@pytest.mark.parametrize("kind", [SessionStatus, MessageRole])
def test_an_unknown_value_is_taken_and_not_stored(kind: Any) -> None:
    before = dict(kind.__members__), dict(kind._value2member_map_), set(vars(kind))
    unknown = [kind(f"new-{number}") for number in range(100)]

    assert (dict(kind.__members__), dict(kind._value2member_map_), set(vars(kind))) == before
    assert unknown[0] == "new-0" == unknown[0].value == unknown[0].name
    assert unknown[0] == kind("new-0")
    assert unknown[0] != unknown[1]
    assert hash(unknown[0]) == hash(kind("new-0"))
    assert isinstance(unknown[0], kind)
    assert unknown[0] not in list(kind)


@pytest.mark.parametrize("value", [SessionStatus.READY, SessionStatus("Paused")])
def test_members_survive_pickle_and_copy(value: SessionStatus) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(value, protocol))
        assert (again, type(again), again.value) == (value, SessionStatus, value.value)
    for again in (copy.copy(value), copy.deepcopy(value)):
        assert (again, type(again), again.name) == (value, SessionStatus, value.name)


@pytest.mark.parametrize(
    ("value", "spec", "shown"),
    [
        (SessionStatus.READY, "", "Ready"),
        (SessionStatus("New"), "", "New"),
        (MessageRole.USER, ">6", "  user"),
        (MessageRole.USER, ".2", "us"),
    ],
)
def test_a_member_in_an_f_string_is_its_value(value: Any, spec: str, shown: str) -> None:
    assert f"{value:{spec}}" == format(value, spec) == f"{{:{spec}}}".format(value) == shown
    assert str(value) == f"{type(value).__name__}.{value.name}"  # as with the original


def test_members_from_json() -> None:
    assert SessionStatus.from_json('"Ready"') is SessionStatus.READY
    assert SessionStatus.from_json('"Paused"') == "Paused"
    for wrong in ("5", "null", "[]"):
        with pytest.raises(ValueError, match="SessionStatus"):
            SessionStatus.from_json(wrong)
    with pytest.raises(ValueError, match="Expecting value"):
        SessionStatus.from_json("Ready")


@pytest.mark.parametrize("wrong", [5, None, True, b"Ready", ["Ready"]])
def test_a_member_is_made_of_a_str(wrong: Any) -> None:
    with pytest.raises(ValueError, match="SessionStatus"):
        SessionStatus(wrong)


def test_an_unknown_status_in_a_session() -> None:
    one = session(status="Paused")

    assert one.status == "Paused"
    assert isinstance(one.status, SessionStatus)
    assert json.loads(one.to_json())["status"] == "Paused"
    assert Session.from_json(one.to_json()) == one
    assert one.status not in (SessionStatus.READY, SessionStatus.ERROR)


@pytest.mark.parametrize("name", ["name", "value", "mro", "from_json", "READY", "_missing_", "__class__"])
def test_a_value_that_is_the_name_of_something_else(name: str) -> None:
    assert SessionStatus(name) == name
    assert SessionStatus(name).value == name
    assert SessionStatus.READY.value == "Ready"
    assert callable(SessionStatus.from_json)


# ── dates ──


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-02T12:00:00Z", NOON),
        ("2026-01-02T12:00:00.000001Z", NOON + timedelta(microseconds=1)),
        ("2026-01-02 12:00:00+00:00", NOON),
        ("2026-01-02T14:00:00+02:00", NOON),
        ("2026-01-02T12:00:00-0000", NOON),
        # ISO 8601 forms that pydantic refuses.
        ("20260102T120000Z", NOON),
        ("2026-W01-5T12:00:00Z", NOON),
        ("2026-002T12:00:00Z", NOON),
        # Without a zone it stays without.
        ("2026-01-02T12:00:00", NOON.replace(tzinfo=None)),
        ("20260102T120000", NOON.replace(tzinfo=None)),
        ("2026-01-02", NOON.replace(tzinfo=None, hour=0)),
    ],
)
def test_dates(text: str, value: datetime) -> None:
    one = session(created_at=text)

    assert one.created_at == value
    assert (one.created_at.tzinfo is None) is (value.tzinfo is None)
    assert Session.from_json(json.dumps({**SESSION, "created_at": text})).created_at == value
    again = Session.from_json(one.to_json())
    assert again.created_at == value
    assert (again.created_at.tzinfo is None) is (value.tzinfo is None)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-01-02T25:00:00Z", "T12:00", "\ud800"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="created_at") as info:
        session(created_at=text)

    assert len(info.value.errors()) == 1


def test_a_datetime_stays_the_same() -> None:
    assert session(created_at=NOON).created_at is NOON


# ── the wrapper ──


@pytest.mark.parametrize("value", ["body", "", 0, 7])
def test_a_wrapper(value: Any) -> None:
    one = ValidationErrorLocInner(value)

    assert one == ValidationErrorLocInner(actual_instance=value)
    assert one.actual_instance == value
    assert type(one.actual_instance) is type(value)
    assert one.to_dict() == value
    assert json.loads(one.to_json()) == value
    assert ValidationErrorLocInner.from_json(one.to_json()) == one
    assert ValidationErrorLocInner.from_dict(value) == one
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one


def test_a_wrapper_is_assigned() -> None:
    one = ValidationErrorLocInner("body")
    one.actual_instance = 5

    assert one == ValidationErrorLocInner(5)
    with pytest.raises(pydantic.ValidationError):
        one.actual_instance = 1.5  # type: ignore[assignment]
    assert one.actual_instance == 5


@pytest.mark.parametrize("wrong", [None, True, 1.5, [], b"x"])
def test_a_wrapper_takes_two_types(wrong: Any) -> None:
    for make in (
        lambda: ValidationErrorLocInner(wrong),
        lambda: ValidationErrorLocInner(actual_instance=wrong),
    ):
        with pytest.raises(pydantic.ValidationError):
            make()


@pytest.mark.parametrize(
    "arguments", [((), {}), (("a", "b"), {}), (("a",), {"actual_instance": "b"}), ((), {"x": 1})]
)
def test_a_wrapper_takes_one_value(arguments: tuple[Any, Any]) -> None:
    args, kwargs = arguments
    with pytest.raises((pydantic.ValidationError, TypeError)):
        ValidationErrorLocInner(*args, **kwargs)


def test_a_wrapper_within() -> None:
    error = ValidationError.model_validate({"loc": ["body", 0], "msg": "m", "type": "t"})

    assert [step.actual_instance for step in error.loc] == ["body", 0]
    assert error.to_dict() == {"loc": ["body", 0], "msg": "m", "type": "t"}


# ── apart from the caller ──


def test_the_callers_dict_is_untouched() -> None:
    data = {**copy.deepcopy(SESSION), "new": {"a": [1]}}
    before = copy.deepcopy(data)
    one = Session.model_validate(data)
    one.id = "other"
    one.messages.clear()
    one.to_dict()["messages"] = 5
    one.to_dict()["new"]["a"].append(2)

    assert data == before
    assert one.to_dict()["new"] == {"a": [1]}


def test_to_dict_shares_nothing_with_the_model() -> None:
    one = session()
    data = one.to_dict()
    data["messages"][0]["text"] = "other"
    data["messages"].append({})

    assert one == session()


def test_a_deep_copy_is_apart() -> None:
    one = session()
    two = copy.deepcopy(one)
    two.messages[0].text = "other"

    assert one == session()
    assert two != one


def test_equality() -> None:
    assert session() == session()
    assert session() != session(id="other")
    assert session() != SESSION
    assert Message(text="x", role=MessageRole.USER) != MessageAgent(id="x", name="y", icon="z")


@pytest.mark.parametrize("text", ["9999-12-31T24:00:00", "9999-W53-7"])
def test_a_date_past_the_last_year_is_refused(text: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="created_at"):
        Session.from_dict({**SESSION, "created_at": text})


def _without_an_end(schema: Any, path: str = "") -> list[str]:
    """Where in a core schema a list or dict goes on behind a wrong item."""
    if isinstance(schema, dict):
        known: dict[str, Any] = schema
        here = known.get("type") in ("list", "tuple", "set", "frozenset", "dict") and not known.get(
            "fail_fast"
        )
        return [path] * here + [x for k, v in known.items() for x in _without_an_end(v, f"{path}/{k}")]
    if isinstance(schema, (list, tuple)):
        items: list[Any] = list(schema)
        return [x for item in items for x in _without_an_end(item, path)]
    return []


@pytest.mark.parametrize("package", ["portal_client.models", "finbourne_candela.models"])
def test_each_list_of_each_model_ends_at_its_first_wrong_item(package: str) -> None:
    names: Any = import_module(package)
    models = [getattr(names, name) for name in names.__all__]
    kinds = [kind for kind in models if issubclass(kind, pydantic.BaseModel)]
    assert len(kinds) > 5
    for kind in kinds:
        kind.model_rebuild()
        assert _without_an_end(kind.__pydantic_core_schema__) == []


# ── what JSON cannot hold ──


@pytest.mark.parametrize("half", [r"\ud83d", r"\uDE00", "\ud83d"], ids=["high", "low", "raw"])
def test_half_a_surrogate_pair_is_read_as_in_a_response(half: str) -> None:
    text = json.dumps(SESSION | {"user_id": "HALF", "new": {"HALF": ["HALF"]}}).replace("HALF", half)

    for document in (text, text.encode("utf-8", "surrogatepass"), bytearray(text, "utf-8", "surrogatepass")):
        one = Session.from_json(document)  # type: ignore[arg-type]
        assert one.user_id == "\ufffd"
        assert one.additional_properties == {"new": {"\ufffd": ["\ufffd"]}}
        assert Session.from_json(one.to_json()) == one
    assert SessionStatus.from_json(f'"{half}"') == "\ufffd"
    assert ValidationErrorLocInner.from_json(f'"{half}"').actual_instance == "\ufffd"


def test_what_is_no_text_stays_wrong() -> None:
    with pytest.raises(pydantic.ValidationError, match="JSON input should be string"):
        Session.from_json(None)  # type: ignore[arg-type]


@pytest.mark.fault("The body", "NaN and Infinity are refused before anything is sent")
@pytest.mark.fault("Injection", "A lone surrogate is refused by the name of its argument, and nothing sent")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"user_id": "a\ud83d"}, "user_id: the text holds a lone surrogate"),
        ({"status": SessionStatus("a\ud83d")}, "status: the text holds a lone surrogate"),
        ({"new": {"tags": ["a", "\ud83d"]}}, "new: tags: the text holds a lone surrogate"),
        ({"new": {"a\ud83d": 1}}, r"new: the name 'a\ud83d' holds a lone surrogate"),
        ({"new": b"\xff"}, "new: the bytes are not UTF-8"),
        ({"new": float("nan")}, "new: nan is not a number"),
        ({"new": {"x": [1, float("-inf")]}}, "new: x: -inf is not a number"),
        ({"a\x1b": float("nan")}, r"a\x1b: nan is not a number"),
    ],
)
def test_no_json_is_written_that_could_not_be_sent(changes: dict[str, Any], told: str) -> None:
    for write in (session(**changes).to_json, lambda: sent(session(**changes))):
        with pytest.raises(ApiValueError) as caught:
            write()
        assert told in str(caught.value)
        assert str(caught.value).isprintable()
    assert session(**changes).to_str().replace("\n", "").isprintable()

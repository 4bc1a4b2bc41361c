"""Rows and tables of models: flat columns, times with their zones, enumerations as text."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, Optional

import pydantic
import pytest

from finbourne_candela import Event, ObjectMetadata, SlotData
from portal_client import (
    ApiResponse,
    ApiTypeError,
    EventStream,
    GetSessionsResponse,
    GroupedSessionsResponse,
    Report,
    Session,
    Widget,
    to_pandas,
    to_records,
)
from portal_client.models import RoutineWithSessions
from support.hostile import HOSTILE, Shown
from support.samples import agent, samples
from support.scripted import SESSION
from test_imports import fresh

ONE = Session.model_validate(SESSION)
COLUMNS = [
    "id",
    "agent_id",
    "thread_id",
    "created_at",
    "updated_at",
    "messages",
    "status",
    "user_id",
    "routine_id",
    "answer",
]


def column(values: Any, name: str) -> list[Any]:
    return [record[name] for record in to_records(values)]


# ── what a row holds ──


def test_a_session_is_a_flat_row_with_its_answer() -> None:
    assert to_records([ONE]) == [
        {
            "id": "s1",
            "agent_id": "a1",
            "thread_id": "t1",
            "created_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "updated_at": datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
            "messages": 2,
            "status": "Ready",
            "user_id": "u1",
            "routine_id": None,
            "answer": "Hi",
        }
    ]
    assert type(column([ONE], "status")[0]) is str


def test_a_conversation_is_a_table_of_its_own() -> None:
    assert to_records(ONE.messages) == [
        {"text": "Hello", "role": "user", "agent.id": None, "agent.name": None, "agent.icon": None},
        {"text": "Hi", "role": "assistant", "agent.id": "a1", "agent.name": "Echo", "agent.icon": "e"},
    ]


def test_the_columns_do_not_depend_on_what_is_none() -> None:
    assert [*to_records(ONE.messages[:1])[0]] == [*to_records(ONE.messages[1:])[0]]
    widgets = [Widget.model_validate({"agent": agent("x"), "latest_session": one}) for one in (None, SESSION)]
    empty, full = to_records(widgets)
    assert [*empty] == [*full]
    assert (empty["latest_session.answer"], full["latest_session.answer"]) == (None, "Hi")
    assert (empty["agent.visibility_requirements"], full["latest_session.messages"]) == ("x, x", 2)


def test_a_zone_is_kept() -> None:
    times = ["2026-07-02T03:04:05+05:30", "2026-07-02T03:04:05", "20260702T030405-0400"]
    found = column([Session.model_validate({**SESSION, "created_at": each}) for each in times], "created_at")

    assert [time.isoformat() for time in found] == [
        "2026-07-02T03:04:05+05:30",
        "2026-07-02T03:04:05",
        "2026-07-02T03:04:05-04:00",
    ]
    assert found[0].tzinfo == timezone(timedelta(hours=5, minutes=30))


def test_an_enumeration_is_its_text() -> None:
    odd = Session.model_validate({**SESSION, "status": "Pondering"})
    slot = SlotData.model_validate({"slot_id": "1", "slot_type": "t", "domain": "d", "state": 3})

    assert column([ONE, odd], "status") == ["Ready", "Pondering"]
    assert column([slot], "state") == ["HOST_READY"]


def test_models_of_ones_own_are_rows_too() -> None:
    class Size(Enum):
        SMALL = 1

    class Best(pydantic.BaseModel):
        region: str
        size: Size
        shares: list[float]
        above: Optional[Best] = None
        listed: Optional[list[Best]] = None

    Best.model_rebuild(_types_namespace={"Best": Best})
    low = Best(region="low", size=Size.SMALL, shares=[])
    high = Best(region="high", size=Size.SMALL, shares=[0.5, 1], above=low, listed=[low, low])

    first, second = to_records([low, high])
    assert first == {
        "region": "low",
        "size": "SMALL",
        "shares": "",
        "above": None,
        "listed": None,
        "above.region": None,
        "above.size": None,
        "above.shares": None,
        "above.above": None,
        "above.listed": None,
    }
    assert (second["shares"], second["listed"], second["above.region"]) == ("0.5, 1.0", 2, "low")


def test_fields_of_a_newer_service_are_columns_at_the_end() -> None:
    more = {"cost": {"tokens": 5, "by": {"Ada": 1}, "none": {}}, "tags": ["a", "b"], "steps": [{}, {}]}
    newer = Session.model_validate({**SESSION, **more})

    first, second = to_records([ONE, newer])
    own = {"cost.tokens": 5, "cost.by.Ada": 1, "cost.none": None, "tags": "a, b", "steps": 2}
    assert list(second) == [*COLUMNS, *own]
    assert {name: second[name] for name in own} == own
    assert {name: first[name] for name in own} == dict.fromkeys(own)


def test_a_field_does_not_take_the_place_of_a_column() -> None:
    sly = Session.model_validate({**SESSION, "answer": "theirs", "agent": {"x": 1}, "agent.x": 2})

    records = to_records([sly, ONE, sly])
    assert [record["answer"] for record in records] == ["Hi"] * 3
    assert [record["agent.x"] for record in records] == [1, None, 1]


# ── what may be passed ──


def test_models_of_both_services_and_mixed_lists() -> None:
    metadata = samples("x")["metadata"]
    assert isinstance(metadata, ObjectMetadata)

    first, second = to_records([metadata, ONE])

    assert list(first) == list(second)
    assert (first["obj_id.identifier"], second["obj_id.identifier"]) == ("x", None)
    assert (first["answer"], second["answer"]) == (None, "Hi")
    assert (first["created_at"].tzinfo, second["created_at"].tzinfo) == (UTC, UTC)


@pytest.mark.parametrize("kind", [kind for kind in samples("x") if kind not in ("error", "circuit")])
def test_every_record_is_flat(kind: str) -> None:
    (keys,) = {tuple(record) for record in to_records(samples("x")[kind])}
    values = [value for record in to_records(samples("x")[kind]) for value in record.values()]

    assert len(keys) > 1
    assert {type(value) for value in values} <= {str, int, bool, type(None), datetime}


def test_a_response_is_the_list_that_it_holds() -> None:
    response = GetSessionsResponse(sessions=[ONE, ONE])
    told = ApiResponse[GetSessionsResponse](status_code=200, data=response, raw_data=b"")

    assert to_records(response) == to_records(told) == to_records([ONE, ONE]) == to_records(iter([ONE, ONE]))
    assert to_records(ONE) == to_records([ONE])
    assert to_records({"a": 1, "b": {"c": [1, 2]}}) == [{"a": 1, "b.c": "1, 2"}]
    assert to_records([{"a": 1}, {"b": 2}]) == [{"a": 1, "b": None}, {"a": None, "b": 2}]


def test_groups_have_their_names() -> None:
    groups = {"Today": [SESSION, "odd"], "Earlier": [SESSION], "Never": []}
    response = GroupedSessionsResponse.model_validate({"time_to_sessions": groups})

    assert column(response, "group") == ["Today", "Today", "Earlier"]
    assert column(response.time_to_sessions, "id") == ["s1", None, "s1"]
    assert column(response, "value") == [None, "odd", None]
    assert to_records(GroupedSessionsResponse(time_to_sessions=None)) == []


def test_a_table_of_a_report_is_a_table() -> None:
    rows = [
        {"values": [{"key": "region", "text": "north"}, {"key": "sold", "text": "5", "link": "https://x"}]}
    ]
    table = {"title": "Best", "columns": ["region", "of", "sold"], "rows": rows}
    report = Report.model_validate({"tables": [table]})
    assert report.tables

    assert to_records(report.tables[0]) == [{"region": "north", "of": None, "sold": "5"}]
    assert to_records(report) == [{"text": "", "tables": 1}]
    assert to_records(Report()) == [{"text": "", "tables": None}]


EVENTS = [{"event_type": "info", "content": "on it"}, {"event_type": "chat", "content": "The ", "at": 1}]


def test_events_are_rows_whether_read_or_not() -> None:
    lines = b"".join(json.dumps(event).encode() + b"\n" for event in EVENTS)
    stream = EventStream(io.BytesIO(lines), Event.model_validate_json, "application/x-ndjson")

    assert to_records(stream) == to_records([Event.from_dict(event) for event in EVENTS])
    assert stream.closed
    assert column([Event.from_dict(event) for event in EVENTS], "at") == [None, 1]


def test_an_empty_list_has_no_rows() -> None:
    assert to_records([]) == to_records({}) == to_records(GetSessionsResponse(sessions=[])) == []
    routine = samples("x")["routines"].routines[0].to_dict() | {"sessions": []}
    assert column(RoutineWithSessions.model_validate(routine), "sessions") == [0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "values must be models, not NoneType"),
        ("text", "values must be models, not str"),
        (5, "values must be models, not int"),
        ([ONE, "text"], r"values\[1\] must be a model or a dict, not str"),
        ([[ONE]], r"values\[0\] must be a model or a dict, not list"),
    ],
)
def test_what_is_no_model_is_refused(values: Any, message: str) -> None:
    with pytest.raises(ApiTypeError, match=message):
        to_records(values)


def test_records_are_written_by_csv() -> None:
    out = io.StringIO()
    records = to_records([ONE, samples("x")["metadata"]])
    writer = csv.DictWriter(out, records[0])
    writer.writeheader()
    writer.writerows(records)

    assert len(out.getvalue().splitlines()) == 3


def test_texts_of_others_stay_what_they_are() -> None:
    texts = [text for text in HOSTILE if text != "\ud83d"]
    messages = [{"text": text, "role": "user"} for text in texts]

    assert column(Session.model_validate({**SESSION, "messages": messages}).messages, "text") == texts


# ── pandas ──


@pytest.fixture
def pandas() -> Any:
    return pytest.importorskip("pandas", reason="pandas is not installed")


def test_times_are_a_column_of_times(pandas: Any) -> None:
    offset = {**SESSION, "created_at": "2026-07-02T03:04:05+02:00"}
    table = to_pandas([ONE, Session.model_validate(SESSION | {"updated_at": offset["created_at"]})])

    assert [*table] == COLUMNS
    assert isinstance(table["created_at"].dtype, pandas.DatetimeTZDtype)
    assert table["created_at"].dt.tz is UTC
    assert table["created_at"].dt.tz_convert("Asia/Tokyo")[0].isoformat() == "2026-01-02T12:04:05+09:00"
    assert [each.isoformat() for each in table["updated_at"]] == [
        "2026-01-02T03:04:06+00:00",
        "2026-07-02T03:04:05+02:00",
    ]
    alone = to_pandas([Session.model_validate(offset)])
    assert alone["created_at"].dt.tz == timezone(timedelta(hours=2))
    assert table["messages"].sum() == 4
    assert table["status"].value_counts().to_dict() == {"Ready": 2}


def test_zones_of_whatever_class_are_one_column(pandas: Any) -> None:
    made = ONE.model_copy(update={"created_at": datetime(2026, 1, 1, tzinfo=UTC)})

    assert type(ONE.created_at.tzinfo) is not type(UTC)  # pydantic's own
    assert isinstance(to_pandas([ONE, made])["created_at"].dtype, pandas.DatetimeTZDtype)


def test_a_frame_without_rows_has_the_columns_that_are_known(pandas: Any) -> None:
    assert [*to_pandas(GetSessionsResponse(sessions=[]))] == COLUMNS
    assert [*to_pandas(GroupedSessionsResponse(time_to_sessions={}))] == ["group"]
    assert to_pandas([]).shape == (0, 0)
    assert to_pandas([{}] * 3).shape == (3, 0)
    assert to_records([{}] * 3) == [{}] * 3


def test_a_generator_is_read_once(pandas: Any) -> None:
    table = to_pandas(ONE for _ in range(2_000))

    assert table.shape == (2_000, len(COLUMNS))


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
def test_a_frame_shows_texts_of_others_as_text(pandas: Any) -> None:
    def form(texts: list[str]) -> set[tuple[str, ...]]:
        said = [{"text": text, "role": text, text: text} for text in texts]
        conversation = Session.model_validate({**SESSION, "messages": said})
        with pandas.option_context(
            "display.max_columns", None, "display.max_colwidth", None, "display.max_rows", None
        ):
            return Shown(to_pandas(conversation.messages)._repr_html_()).form

    assert form([text for text in HOSTILE if text != "\ud83d"]) == form(["plain", "texts"])


def test_the_error_names_the_extra_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def events() -> Iterator[Any]:
        raise AssertionError("it was read")
        yield

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'pip install "portal-client\[pandas\]"'):
        to_pandas(events())


# ── what it costs ──


def test_a_plain_script_loads_none_of_it() -> None:
    loaded = fresh("from portal_client import ApiClient, SessionsApi; answer = sorted(sys.modules)")

    assert not {"portal_client.records", "pandas"} & set(loaded)
    loaded = fresh("from portal_client import to_records; to_records([]); answer = sorted(sys.modules)")
    assert not {"portal_client.batch", "pandas", "portal_client.views.html"} & set(loaded)

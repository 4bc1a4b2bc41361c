"""JSON as it is written, and values in paths and queries."""

from __future__ import annotations

import enum
import json
import math
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_client import (
    ApiClient,
    ApiValueError,
    Configuration,
    Session,
    SessionsApi,
    SessionStatus,
)
from portal_client import serialization as s
from support.scripted import SESSION, playing, reply

CHARACTERS = st.text(st.characters(exclude_categories=["Cs"]))

# ── paths ──


@given(CHARACTERS)
def test_a_path_parameter_is_one_segment(value: str) -> None:
    if value in ("", ".", ".."):
        return
    quoted = s.segment("id", value)

    assert not set(quoted) & set("/?#\\ \r\n%") - {"%"}
    assert quoted.isascii()
    assert unquote(quoted) == value
    assert urlsplit(f"http://h/sessions/{quoted}").path == f"/sessions/{quoted}"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_segment_that_changes_the_path(value: str) -> None:
    with pytest.raises(ApiValueError, match="session_id"):
        s.segment("session_id", value)


@pytest.mark.parametrize("value", ["a/../b", "../a", "a/.", "a//b", "/"])
def test_safe_slashes_do_not_let_dots_through(value: str) -> None:
    assert "/" not in s.segment("id", value)
    with pytest.raises(ApiValueError, match="id"):
        s.segment("id", value, "/")


@pytest.mark.parametrize(
    ("value", "safe", "quoted"),
    [
        ("a b", "", "a%20b"),
        ("a/b", "", "a%2Fb"),
        ("a/b", "/", "a/b"),
        ("...", "", "..."),
        ("é~", "", "%C3%A9~"),
        ("%2e%2e", "", "%252e%252e"),
        (7, "", "7"),
    ],
)
def test_segments(value: Any, safe: str, quoted: str) -> None:
    assert s.segment("id", value, safe) == quoted


def test_a_lone_surrogate_names_the_parameter() -> None:
    with pytest.raises(ApiValueError, match="session_id") as info:
        s.segment("session_id", "secret\ud800")
    assert "secret" not in str(info.value)
    assert info.value.__context__ is None  # which would hold the text
    with pytest.raises(ApiValueError, match="agent_id"):
        s.query_string({"agent_id": "\udcff"})
    with pytest.raises(ApiValueError, match="query"):
        s.query_string({"\udcff": 1})
    with pytest.raises(ApiValueError, match="tags"):
        s.query_string({"tags": ["a", "\udcff"]})
    with pytest.raises(ApiValueError, match="filter"):
        s.query_string({"filter": {"a": "\udcff"}})


def test_an_id_arrives_as_it_was_given() -> None:
    odd = "a/b?c#d e%2F\r\n;é\U0001f600"
    with playing(reply()) as server, ApiClient(Configuration(f"{server.host}/api")) as client:
        SessionsApi(client).get_session(odd)

    (request,) = server.requests
    assert request.target.startswith("/api/sessions/")
    assert request.target.count("/") == 3
    assert unquote(request.target.rpartition("/")[2]) == odd


# ── queries ──


@given(st.lists(st.tuples(CHARACTERS, CHARACTERS)))
def test_a_query_reads_back(pairs: list[tuple[str, str]]) -> None:
    query = s.query_string(pairs)

    assert query.isascii()
    assert not set(query) & set(" #?\r\n")
    assert [tuple(map(unquote, part.split("=", 1))) for part in query.split("&") if part] == pairs


@given(st.lists(CHARACTERS, min_size=1))
def test_a_multi_query_reads_back(items: list[str]) -> None:
    query = s.query_string({"a": items}, {"a": "multi"})

    assert [value for _, value in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)] == items


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (1.5, "1.5"),
        (SessionStatus.READY, "Ready"),
        (SessionStatus("New"), "New"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        ({"a": SessionStatus.READY}, '{"a": "Ready"}'),
    ],
)
def test_text(value: Any, text: str) -> None:
    assert s.text(value) == text


# ── JSON bodies ──


def test_to_json() -> None:
    body = s.to_json({"a": [Session.model_validate(SESSION)], "b": None, "c": datetime(2026, 1, 2)})

    assert json.loads(body)["a"][0]["created_at"] == "2026-01-02T03:04:05+00:00"
    assert json.loads(body)["b"] is None
    assert json.loads(body)["c"] == "2026-01-02T00:00:00"


@pytest.mark.parametrize("value", [[], {}, "", 0, False, None])
def test_falsy_bodies_are_bodies(value: Any) -> None:
    assert json.loads(s.to_json(value)) == value


# ── what JSON cannot hold ──


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("value", "path"),
    [
        (lambda n: {"a": {"b": [1, n]}}, "a: b: "),
        (lambda n: Session.model_validate({**SESSION, "new": {"x": (n,)}}), "new: x: "),
        (lambda n: [n], ""),
        (lambda n: n, ""),
        (lambda n: enum.Enum("Odd", {"N": n}).N, ""),
        (lambda n: type("Float", (float,), {})(n), ""),
    ],
    ids=["nested", "an unknown field", "a list", "alone", "an enum", "a subclass"],
)
def test_no_json_is_written_with_what_is_no_number(value: Any, path: str, number: float) -> None:
    for write in (s.to_json, s.sanitize, s.text):
        with pytest.raises(ApiValueError) as caught:
            write(value(number))
        assert str(caught.value) == f"{path}{number} is not a number that JSON can hold (RFC 8259, 6)"

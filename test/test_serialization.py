"""JSON and URLs: quoting that keeps each value in its place, and decoding that says what is wrong."""

from __future__ import annotations

import enum
import gc
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_client import (
    ApiClient,
    ApiResponseError,
    ApiValueError,
    Configuration,
    ServiceException,
    Session,
    SessionsApi,
    SessionStatus,
)
from portal_client import serialization as s
from support.scripted import SESSION, playing, reply

#: A slow machine is no failure.

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


# ── decoding ──

ANY = pydantic.TypeAdapter(Any).validator.validate_json


def decoded(body: bytes, content_type: str) -> Any:
    return s.decode(ANY, body, content_type, pause=True)


@pytest.mark.parametrize(
    ("text", "codec", "content_type"),
    [
        ("é", "utf-8", "application/json"),
        ("é", "utf-8", ""),
        ("é", "utf-8", "application/json; charset=utf-8"),
        ("é", "utf-8", "application/json; charset=UTF-8"),
        ("é", "utf-8", 'application/json; charset="utf-8"'),
        ("é", "utf-8", "application/json; charset=utf8"),
        ("é", "latin-1", "application/json; charset=iso-8859-1"),
        ("é", "latin-1", 'application/json; charset="ISO-8859-1"; x=y'),
        ("é", "latin-1", "application/json; Charset=iso-8859-1"),
        ("é", "utf-16", "application/json; charset=utf-16"),
        ("é\U0001f600", "utf-16-le", "application/json; charset=utf-16le"),
        ("é", "utf-8-sig", "application/json"),
        ("é", "utf-8-sig", "application/json; charset=utf-8"),
        ("é", "utf-8-sig", "application/json; charset=utf-8-sig"),
        # A label that is wrong: JSON is UTF-8 by its own standard.
        ("é", "utf-8", "application/json; charset=bogus"),
        ("é", "utf-8", "application/json; charset="),
        ("é", "utf-8", "application/json; charset=hex"),
        ("é", "utf-8", "application/json; charset=zlib"),
        ("é", "utf-8", "application/json; charset=ascii"),
        ("é", "utf-8", "application/json; charset=undefined"),
        ("é", "utf-8", "application/json; charset=a\x00b"),
    ],
)
def test_charsets(text: str, codec: str, content_type: str) -> None:
    assert decoded(json.dumps([text], ensure_ascii=False).encode(codec), content_type) == [text]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nul", b"[1]x", b'"\xe9"'])
def test_bodies_that_are_not_json(body: bytes) -> None:
    with pytest.raises(pydantic.ValidationError):
        decoded(body, "application/json")


def test_a_charset_in_a_real_answer() -> None:
    body = json.dumps({**SESSION, "user_id": "é"}, ensure_ascii=False).encode("latin-1")
    latin = reply(body, Content_Type="application/json; charset=latin-1")
    with playing(latin) as server, ApiClient(Configuration(server.host)) as client:
        answer = SessionsApi(client).get_session_with_http_info("s1")

    assert answer.data.user_id == "é"
    assert answer.raw_data == body


# ── the collector ──


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    yield
    gc.enable()


def watched(size: int, pause: bool = True, fails: bool = False) -> tuple[bool, bool]:
    """Whether the collector ran while a body of this size was decoded, and whether it does afterwards."""
    seen = []

    def validate(body: Any) -> None:
        seen.append(gc.isenabled())
        if fails:
            raise ValueError

    try:
        s.decode(validate, b" " * size, "", pause)
    except ValueError:
        assert fails
    return seen[0], gc.isenabled()


def test_the_collector_is_paused_for_large_bodies_only() -> None:
    assert watched(s.PAUSE_FROM_SIZE - 1) == (True, True)
    assert watched(s.PAUSE_FROM_SIZE) == (False, True)
    assert watched(s.PAUSE_FROM_SIZE, pause=False) == (True, True)


def test_the_collector_is_enabled_after_an_error() -> None:
    assert watched(s.PAUSE_FROM_SIZE, fails=True) == (False, True)


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()

    assert watched(s.PAUSE_FROM_SIZE) == (False, False)
    assert watched(s.PAUSE_FROM_SIZE, fails=True) == (False, False)
    assert watched(10) == (False, False)


@pytest.mark.parametrize("pause", [True, False])
def test_the_switch_reaches_a_call(pause: bool) -> None:
    seen: list[bool] = []
    body = json.dumps({**SESSION, "filler": "x" * s.PAUSE_FROM_SIZE}).encode()
    with playing(reply(body)) as server:
        configuration = Configuration(server.host)
        configuration.pause_gc = pause
        with ApiClient(configuration) as client, pytest.MonkeyPatch.context() as patch:
            real = s.decode

            def spying(validate: Any, *rest: Any) -> Any:
                return real(lambda text: (seen.append(gc.isenabled()), validate(text))[1], *rest)

            patch.setattr(s, "decode", spying)
            SessionsApi(client).get_session("s1")

    assert seen == [not pause]
    assert gc.isenabled()


# ── what is said about a wrong answer ──


def clarified(change: dict[str, Any]) -> str:
    with pytest.raises(pydantic.ValidationError) as info:
        Session.model_validate(SESSION | change)
    return s.explain(info.value)


def test_the_full_path() -> None:
    messages = [SESSION["messages"][0], {"text": "Hi", "role": 5}]

    assert clarified({"messages": messages}).startswith("messages.1.role: ")


def test_three_places_at_most_and_no_values() -> None:
    text = clarified(
        {"id": 271828, "agent_id": 271828, "thread_id": 271828, "user_id": 271828, "status": 271828}
    )

    assert [part.partition(":")[0] for part in text.split("; ")] == [
        "id",
        "agent_id",
        "thread_id",
        "and 2 more",
    ]
    assert "271828" not in text


def test_a_body_that_is_no_json_at_all() -> None:
    with pytest.raises(pydantic.ValidationError) as info:
        Session.model_validate_json("{")

    assert s.explain(info.value).startswith("the body: Invalid JSON")


def test_the_path_is_in_the_error_of_a_call() -> None:
    messages = [SESSION["messages"][0], {"text": "Hi", "role": 5}]
    with (
        playing(reply({**SESSION, "messages": messages})) as server,
        ApiClient(Configuration(server.host)) as client,
        pytest.raises(ApiResponseError, match=r"get_session: .*messages\.1\.role") as info,
    ):
        SessionsApi(client).get_session("s1")

    assert info.value.status == 200
    assert len(server.requests) == 1


# ── nesting ──


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def grouped(depth: int) -> bytes:
    return b'{"time_to_sessions": {"Today": ' + nested(depth) + b"}}"


def test_sixty_levels_round_trip() -> None:
    with playing(reply(grouped(60))) as server, ApiClient(Configuration(server.host)) as client:
        got = SessionsApi(client).get_grouped_sessions()

    assert got.to_dict()["time_to_sessions"]["Today"] == json.loads(nested(60))
    assert json.loads(got.to_json()) == json.loads(grouped(60))
    assert client.sanitize_for_serialization(got) == json.loads(grouped(60))


def test_a_hundred_thousand_levels_are_a_clear_error() -> None:
    with (
        playing(reply(grouped(100_000))) as server,
        ApiClient(Configuration(server.host)) as client,
        pytest.raises(ApiResponseError, match="Nested too deeply"),
    ):
        SessionsApi(client).get_grouped_sessions()

    assert len(server.requests) == 1


def test_a_deep_error_body_does_not_hide_the_error() -> None:
    with (
        playing(reply(nested(100_000), status=500)) as server,
        ApiClient(Configuration(server.host)) as client,
        pytest.raises(ServiceException) as info,
    ):
        SessionsApi(client).create_session("a1", "hi")

    assert info.value.data is None
    assert info.value.body == nested(100_000).decode()


# ── JSON bodies ──


def test_to_json() -> None:
    body = s.to_json({"a": [Session.model_validate(SESSION)], "b": None, "c": datetime(2026, 1, 2)})

    assert json.loads(body)["a"][0]["created_at"] == "2026-01-02T03:04:05+00:00"
    assert json.loads(body)["b"] is None
    assert json.loads(body)["c"] == "2026-01-02T00:00:00"


@pytest.mark.parametrize("value", [[], {}, "", 0, False, None])
def test_falsy_bodies_are_bodies(value: Any) -> None:
    assert json.loads(s.to_json(value)) == value


def test_the_server_does_not_choose_the_codec() -> None:
    """Some take for ever; this one would read the text as {"a": "a"}."""
    body = b'{"a": "+AGE-"}'

    assert s.decode(json.loads, body, "application/json; charset=utf-7", pause=False) == {"a": "+AGE-"}


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

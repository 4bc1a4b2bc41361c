"""JSON as it is read: charsets, the collector, errors with the full path, deep nesting."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest

from portal_client import (
    ApiClient,
    ApiResponseError,
    Configuration,
    ServiceException,
    Session,
    SessionsApi,
    parsing,
)
from support.scripted import SESSION, playing, reply

# ── charsets ──

ANY = pydantic.TypeAdapter(Any).validator.validate_json


def decoded(body: bytes, content_type: str) -> Any:
    return parsing.parse_body(ANY, body, content_type, pause=True)


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


def test_a_charset_in_a_real_response() -> None:
    body = json.dumps({**SESSION, "user_id": "é"}, ensure_ascii=False).encode("latin-1")
    latin = reply(body, Content_Type="application/json; charset=latin-1")
    with playing(latin) as server, ApiClient(Configuration(server.host)) as client:
        answer = SessionsApi(client).get_session_with_http_info("s1")

    assert answer.data.user_id == "é"
    assert answer.raw_data == body


def test_the_server_does_not_choose_the_codec() -> None:
    """Some take for ever; this one would read the text as {"a": "a"}."""
    body = b'{"a": "+AGE-"}'

    assert parsing.parse_body(json.loads, body, "application/json; charset=utf-7", pause=False) == {
        "a": "+AGE-"
    }


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
        parsing.parse_body(validate, b" " * size, "", pause)
    except ValueError:
        assert fails
    return seen[0], gc.isenabled()


def test_the_collector_is_paused_for_large_bodies_only() -> None:
    assert watched(parsing.PAUSE_FROM_SIZE - 1) == (True, True)
    assert watched(parsing.PAUSE_FROM_SIZE) == (False, True)
    assert watched(parsing.PAUSE_FROM_SIZE, pause=False) == (True, True)


def test_the_collector_is_enabled_after_an_error() -> None:
    assert watched(parsing.PAUSE_FROM_SIZE, fails=True) == (False, True)


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()

    assert watched(parsing.PAUSE_FROM_SIZE) == (False, False)
    assert watched(parsing.PAUSE_FROM_SIZE, fails=True) == (False, False)
    assert watched(10) == (False, False)


@pytest.mark.parametrize("pause", [True, False])
def test_the_switch_reaches_a_call(pause: bool) -> None:
    seen: list[bool] = []
    body = json.dumps({**SESSION, "filler": "x" * parsing.PAUSE_FROM_SIZE}).encode()
    with playing(reply(body)) as server:
        configuration = Configuration(server.host)
        configuration.pause_gc = pause
        with ApiClient(configuration) as client, pytest.MonkeyPatch.context() as patch:
            real = parsing.parse_body

            def spying(validate: Any, *rest: Any) -> Any:
                return real(lambda text: (seen.append(gc.isenabled()), validate(text))[1], *rest)

            patch.setattr(parsing, "parse_body", spying)
            SessionsApi(client).get_session("s1")

    assert seen == [not pause]
    assert gc.isenabled()


# ── what is said about a wrong response ──


def clarified(change: dict[str, Any]) -> str:
    with pytest.raises(pydantic.ValidationError) as info:
        Session.model_validate(SESSION | change)
    return parsing.explain(info.value)


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

    assert parsing.explain(info.value).startswith("the body: Invalid JSON")


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

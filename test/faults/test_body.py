"""The body: what was not promised is told with its place, and an error is that error, whatever its body."""

from __future__ import annotations

import gzip
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pydantic
import pytest

from portal_client.exceptions import ApiResponseError, NotFoundException, ServiceException, error_for
from support.clients import calling, drips, failing
from support.scripted import SESSION, Answer, reply

UTC = UTC


def having(**fields: Any) -> bytes:
    return json.dumps({**SESSION, **fields}).encode()


def written(name: str, text: str) -> bytes:
    """A session in which a field holds this JSON, which Python might not write."""
    return having(**{name: "MARK"}).replace(b'"MARK"', text.encode())


# ── not what was promised ──


@pytest.mark.fault("The body", "A success that is not the promised response is an error with status and body")
@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><body>Please sign in</body></html>",
        b"\r\n\r\n",
        b"true",
        b'"text"',
        b"{}",
        having() + having(),
        b")]}'\n" + having(),
        having().decode().encode("utf-16"),
        having(id="\udcff").replace(b"\\udcff", b"\xff"),
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        written("id", "9" * 100_000),
        written("id", "NaN"),
        written("id", "-Infinity"),
        b"{'id': 's1'}",
        b"// comment\n" + having(),
        having()[:-1] + b",}",
        b"\x00" * 1000,
    ],
    ids=[
        "html",
        "white space",
        "true",
        "text",
        "empty object",
        "twice",
        "guarded",
        "utf-16",
        "not utf-8",
        "nested arrays",
        "nested objects",
        "digits",
        "nan",
        "infinity",
        "single quotes",
        "comment",
        "trailing comma",
        "zeros",
    ],
)
def test_what_was_not_promised_is_an_error(body: bytes) -> None:
    with calling(reply(body), reply()) as c:
        error = failing(lambda: c.api.create_session("a1", "hello"))
        assert c.api.get_session("s1").id == "s1"

    assert isinstance(error, ApiResponseError)
    assert (error.status, error.request_sent) == (200, True)
    assert error.body == body.decode("utf-8", "replace")
    assert error.headers is not None
    assert error.headers["Content-Type"] == "application/json"
    assert len(str(error)) < 10_000
    assert [request.method for request in c.server.requests] == ["POST", "GET"]
    assert c.server.connections == 1


MESSAGE = {"text": "Hi", "role": "assistant", "agent": {"id": "a1", "name": "Echo", "icon": "e"}}


@pytest.mark.fault("The body", "A field that is missing or wrong is named by its path, without its value")
@pytest.mark.parametrize(
    ("body", "path"),
    [
        (having(id=5), "id"),
        (having(id=None), "id"),
        (having(created_at="yesterday"), "created_at"),
        (having(created_at=None), "created_at"),
        (having(messages={}), "messages"),
        (having(messages=[MESSAGE, {"role": "user"}]), "messages.1.text"),
        (having(messages=[MESSAGE, MESSAGE, {**MESSAGE, "agent": {"id": "a1"}}]), "messages.2.agent.name"),
        (having(messages=[{**MESSAGE, "agent": "the-private-text"}]), "messages.0.agent"),
        (having(status=["Ready"]), "status"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named_by_its_path(body: bytes, path: str) -> None:
    with calling(reply(body)) as c:
        error = failing(lambda: c.api.create_session("a1", "hello"))

    assert isinstance(error, ApiResponseError)
    assert f"create_session: the response is not what it declares: {path}: " in str(error.reason)
    assert "the-private-text" not in str(error.reason)
    assert len(c.server.requests) == 1


@pytest.mark.fault("The body", "An impossible date is an error, not another date")
@pytest.mark.parametrize(
    "date",
    [
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-02T25:00:00Z",
        "2026-01-02T03:04:61Z",
        "0000-01-01T00:00:00Z",
        "99999-01-01T00:00:00Z",
        "2026-01-02T03:04:05+99:00",
        "٢٠٢٦-01-02T03:04:05Z",
        "",
        "null",
    ],
)
def test_an_impossible_date_is_an_error(date: str) -> None:
    with calling(reply(having(created_at=date))) as c:
        error = failing(lambda: c.api.create_session("a1", "hello"))

    assert isinstance(error, ApiResponseError)
    assert "created_at" in str(error.reason)
    assert len(c.server.requests) == 1


# ── odd, but a response ──


@pytest.mark.fault("The body", "Dates are read with a zone and without, and with nanoseconds")
@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+05:30", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5.5)))),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02 03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04Z", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("20260102T030405Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_dates_are_read(text: str, date: datetime) -> None:
    with calling(reply(having(created_at=text))) as c:
        read = c.api.get_session("s1").created_at

    assert (read, read.tzinfo is None) == (date, date.tzinfo is None)
    assert len(c.server.requests) == 1


@pytest.mark.fault("The body", "A charset that is odd or bogus does not choose the codec, and costs nothing")
@pytest.mark.parametrize(
    "charset",
    [
        "",
        '"',
        "nonsense",
        "utf-8; charset=utf-16",
        "utf_7",
        "rot13",
        "idna",
        "punycode",
        "unicode_escape",
        "\xff",
        "x" * 9000,
    ],
    ids=lambda charset: ascii(charset[:20]),
)
def test_a_bogus_charset_is_utf_8(charset: str) -> None:
    body = having(user_id="Grüße ☃ " * 100).decode("ascii").encode().decode("unicode_escape")
    with calling(reply(body.encode(), Content_Type=f"application/json; charset={charset}")) as c:
        assert c.api.get_session("s1").user_id == "Grüße ☃ " * 100

    assert len(c.server.requests) == 1


@pytest.mark.fault(
    "The body", "Unknown fields and enumeration values are kept; of equal keys the last counts"
)
def test_what_is_new_is_kept() -> None:
    body = having(
        status="Paused", model_new={"deep": [1, None]}, messages=[{**MESSAGE, "role": "robot", "x": 1.5}]
    )
    with calling(reply(body[:-1] + b', "id": "last"}')) as c:
        session = c.api.get_session("s1")

    assert session.id == "last"
    assert session.status.value == "Paused"
    assert session.messages[0].role.value == "robot"
    assert session.to_dict()["model_new"] == {"deep": [1, None]}
    assert session.to_dict()["messages"][0]["x"] == 1.5
    assert len(c.server.requests) == 1


@pytest.mark.fault("The body", "Odd numbers in unknown fields are read or refused, and break no later call")
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("NaN", True),
        ("-Infinity", True),
        ("1e999", True),
        ("-0", True),
        ("9" * 4000, True),
        ("9" * 100_000, False),
        ("0.1" + "0" * 100_000, True),
    ],
    ids=lambda value: str(value)[:12],
)
def test_odd_numbers_in_unknown_fields(text: str, read: bool) -> None:
    with calling(reply(written("new", text)), reply()) as c:
        if read:
            assert c.api.get_session("s1").model_extra is not None
        else:
            assert "Invalid JSON" in str(failing(lambda: c.api.get_session("s1")).reason)
        assert c.api.get_session("s1").id == "s1"

    assert len(c.server.requests) == 2


# ── errors ──

BODIES: dict[str, bytes] = {
    "html": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    "empty": b"",
    "null": b"null",
    "text": b"upstream connect error",
    "not utf-8": b"\xff\xfe caf\xe9",
    "nested": b"[" * 100_000 + b"]" * 100_000,
    "digits": b"9" * 100_000,
    "nan": b'{"detail": NaN}',
    "twice": b'{"a": 1}{"a": 2}',
    "another detail": b'{"detail": {"loc": 5}}',
    "a million bytes": b"x" * 1_000_000,
}


@pytest.mark.fault("The body", "An error keeps status, headers and body, whatever its body is")
@pytest.mark.parametrize("status", [400, 404, 422, 502])
@pytest.mark.parametrize("kind", BODIES)
def test_an_error_is_that_error_whatever_its_body(kind: str, status: int) -> None:
    body = BODIES[kind]
    with calling(reply(body, status=status, X_Trace="t1"), reply()) as c:
        error = failing(lambda: c.api.create_session("a1", "hello"))
        assert c.api.get_session("s1").id == "s1"

    assert type(error) is error_for(status)
    assert error.status == status
    assert error.headers is not None
    assert error.headers["x-trace"] == "t1"
    assert error.body == body.decode("utf-8", "replace")
    assert len(str(error)) < 10_000
    assert [request.method for request in c.server.requests] == ["POST", "GET"]
    assert c.server.connections == 1


def cut(status: int, body: bytes, framing: bytes, **headers: str) -> Answer:
    return drips(b"HTTP/1.1 %d Reason\r\nX-Trace: t1\r\n%b\r\n\r\n%b" % (status, framing, body), b"")


@pytest.mark.fault("The body", "An error whose body is cut or cannot be unpacked is still that error")
@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (cut(404, b"not all", b"Content-Length: 100"), "not all"),
        (cut(404, b"3\r\nnot\r\n4", b"Transfer-Encoding: chunked"), "not"),
        (cut(404, b"-5\r\nnot\r\n", b"Transfer-Encoding: chunked"), None),
        (cut(404, b"", b"Content-Length: 100"), ""),
        (reply(b"no gzip", status=404, X_Trace="t1", Content_Encoding="gzip"), ""),
        (reply(gzip.compress(b"x" * 500)[:-20], status=404, X_Trace="t1", Content_Encoding="gzip"), None),
    ],
    ids=["length", "chunk", "negative chunk", "nothing", "no gzip", "gzip"],
)
def test_an_error_with_half_a_body_is_still_that_error(answer: Answer, left: str | None) -> None:
    with calling(answer, reply()) as c:
        error = failing(lambda: c.api.create_session("a1", "hello"))
        assert c.api.get_session("s1").id == "s1"

    assert isinstance(error, NotFoundException)
    assert error.headers is not None
    assert error.headers["x-trace"] == "t1"
    assert left is None or error.body == left
    assert [request.method for request in c.server.requests] == ["POST", "GET"]


@pytest.mark.fault("The body", "A 502 in HTML is repeated for a GET, and told when it stays")
def test_a_502_in_html() -> None:
    with calling(reply(BODIES["html"], status=502, Content_Type="text/html")) as c:
        error = failing(lambda: c.api.get_session("s1"))

    assert isinstance(error, ServiceException)
    assert (error.status, error.body, error.data) == (502, BODIES["html"].decode(), None)
    assert len(c.server.requests) == 4


@pytest.mark.fault("The body", "Half a surrogate pair is read as U+FFFD, in lists, events and errors")
@pytest.mark.parametrize("half", [rb"\ud83d", b"\xed\xa0\xbd"], ids=["escaped", "raw"])
def test_half_a_surrogate_pair_hides_no_session(half: bytes) -> None:
    sessions = b",".join(having(id=name).replace(b"Hello", text) for name, text in (("a", b"x"), ("b", half)))
    with calling(reply(b'{"sessions":[%b]}' % sessions)) as c:
        found = c.api.get_sessions("a1").sessions

    assert [(session.id, session.messages[0].text) for session in found] == [("a", "x"), ("b", "\ufffd")]


@pytest.mark.fault("The body", "Half a surrogate pair is read as U+FFFD, in lists, events and errors")
def test_half_a_surrogate_pair_in_an_error() -> None:
    detail = rb'{"detail":[{"loc":["a"],"msg":"\ud83d","type":"t"}]}'
    with calling(reply(detail, status=422)) as c:
        error = failing(lambda: c.api.get_session("s1"))
    assert error.data.detail[0].msg == "\ufffd"

    with calling(reply(rb'{"detail":"\ud83d"}', status=409)) as c:
        error = failing(lambda: c.api.get_session("s1"))
    assert error.data == {"detail": "\ufffd"}


@pytest.mark.fault("The body", "An error survives pickle, however deep its body is nested")
@pytest.mark.parametrize("status", [409, 422, 500])
@pytest.mark.parametrize("depth", [100, 130, 190, 500, 900, 100_000])
@pytest.mark.parametrize(
    "around",
    [(b"[", b"]"), (b'{"a":', b"}"), (b'{"detail":[],"x":', b"}")],
    ids=["arrays", "objects", "fields"],
)
def test_an_error_of_any_depth_survives_pickle(status: int, depth: int, around: tuple[bytes, bytes]) -> None:
    body = around[0] * depth + b"1" + around[1] * depth
    with calling(reply(body, status=status), retries=False) as c:
        error = failing(lambda: c.api.get_session("s1"))

    again = pickle.loads(pickle.dumps(error))
    assert (again.status, again.body, str(again)) == (status, body.decode(), str(error))
    assert (error.data is None) == (depth > 128)


@pytest.mark.fault("The body", "A body of wrong items costs no more than a few times its size")
@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda api: api.get_sessions("a1"), b'{"sessions":[%b]}'),
        (lambda api: api.get_session("s1"), having(messages=[]).replace(b"[]", b"[%b]")),
    ],
    ids=["a list", "a list within"],
)
def test_the_first_wrong_item_is_told(call: Any, body: bytes) -> None:
    items = b",".join([b"1"] * 100_000)
    with calling(reply(body % items)) as c:
        error = failing(lambda: call(c.api))

    assert isinstance(error.__cause__, pydantic.ValidationError)
    assert error.__cause__.error_count() == 1
    assert "more" not in str(error.reason)
    assert ".0: " in str(error.reason)

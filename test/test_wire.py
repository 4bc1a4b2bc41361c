"""What goes over the wire, seen from the server: method, path, query, headers and body of each operation."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Optional
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from portal_client import (
    ApiClient,
    ApiException,
    ApiResponse,
    ApiResponseError,
    ApiValueError,
    AsyncSessionResponse,
    AuthenticationError,
    BadRequestException,
    Configuration,
    ConflictException,
    ForbiddenException,
    GetSessionsResponse,
    GroupedSessionsResponse,
    HTTPValidationError,
    NotFoundException,
    ServiceException,
    Session,
    SessionsApi,
    TooManyRequestsException,
    UnauthorizedException,
    UnprocessableEntityException,
)
from portal_client.multipart import Multipart
from portal_client.wire import prepare
from support import scripted
from support.scripted import SESSION, Received, Script, playing, reply

FORM = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"

ASYNC = {"session_id": "s1"}


class Call(NamedTuple):
    """What an operation is called with, what it puts on the wire, and what comes back."""

    arguments: dict[str, Any]
    method: str
    target: str
    form: Optional[dict[str, str]]
    answer: Any
    model: Any


CALLS = {
    "create_async_session": Call(
        {"agent_id": "a1", "text_prompt": "Hi"},
        "POST",
        "/sessions/async",
        {"agent_id": "a1", "text_prompt": "Hi"},
        ASYNC,
        AsyncSessionResponse,
    ),
    "create_session": Call(
        {"agent_id": "a1", "text_prompt": "Hi"},
        "POST",
        "/sessions",
        {"agent_id": "a1", "text_prompt": "Hi"},
        SESSION,
        Session,
    ),
    "create_session_from_replay": Call(
        {"session_id": "s1", "last_message_index": 56},
        "POST",
        "/sessions/replay?session_id=s1&last_message_index=56",
        None,
        SESSION,
        Session,
    ),
    "get_grouped_sessions": Call(
        {},
        "GET",
        "/sessions/grouped",
        None,
        {"time_to_sessions": {"Today": []}},
        GroupedSessionsResponse,
    ),
    "get_session": Call({"session_id": "s1"}, "GET", "/sessions/s1", None, SESSION, Session),
    "get_sessions": Call(
        {"agent_id": "a1"},
        "GET",
        "/sessions?agent_id=a1",
        None,
        {"sessions": [SESSION]},
        GetSessionsResponse,
    ),
    "subscribe_to_session": Call(
        {"session_id": "s1"},
        "GET",
        "/sessions/s1/subscribe",
        None,
        SESSION,
        Session,
    ),
    "update_async_session": Call(
        {"session_id": "s1", "text_prompt": "Hi"},
        "PUT",
        "/sessions/s1/async",
        {"text_prompt": "Hi"},
        ASYNC,
        AsyncSessionResponse,
    ),
    "update_session": Call(
        {"session_id": "s1", "text_prompt": "Hi"},
        "PUT",
        "/sessions/s1",
        {"text_prompt": "Hi"},
        SESSION,
        Session,
    ),
}
WITH_BODY = [name for name, call in CALLS.items() if call.form is not None]
WITHOUT_BODY = [name for name in CALLS if name not in WITH_BODY]


@contextmanager
def serving(
    *answers: Any, path: str = "", token: Any = "t", **client: Any
) -> Iterator[tuple[SessionsApi, Script]]:
    """An API whose client talks to a scripted server; it returns a session unless told otherwise."""
    with (
        playing(*answers or [reply()]) as server,
        ApiClient(Configuration(server.host + path, access_token=token), **client) as api_client,
    ):
        yield SessionsApi(api_client), server


def only(server: Script) -> Received:
    (request,) = server.requests
    return request


def boundary(request: Received) -> str:
    kind, _, parameter = request.headers["Content-Type"].partition("; boundary=")
    assert kind == FORM
    return parameter


def parts(content_type: str, body: bytes) -> list[tuple[dict[str, str], bytes]]:
    """The headers and the bytes of each part of a form."""
    return [(dict(part.items()), scripted.content(part)) for part in scripted.parts(content_type, body)]


def fields(request: Received) -> dict[str, str]:
    """The text fields of a form, in order."""
    return {
        head["Content-Disposition"].removeprefix('form-data; name="').rstrip('"'): content.decode()
        for head, content in parts(request.headers["Content-Type"], request.body)
    }


# ── the nine operations ──


@pytest.mark.parametrize("name", CALLS)
def test_an_operation_sends_its_method_path_query_and_body(name: str) -> None:
    arguments, method, target, form, answer, model = CALLS[name]
    with serving(reply(answer)) as (api, server):
        result = getattr(api, name)(**arguments)

    assert type(result) is model
    assert result == model.from_dict(answer)
    request = only(server)
    assert (request.method, request.target) == (method, target)
    if form is None:
        assert request.body == b""
    else:
        assert list(fields(request).items()) == list(form.items())


@pytest.mark.parametrize("name", CALLS)
def test_an_operation_sends_exactly_these_headers(name: str) -> None:
    arguments, method, _, form, answer, _ = CALLS[name]
    with serving(reply(answer)) as (api, server):
        getattr(api, name)(**arguments)

    request = only(server)
    names = sorted(header.lower() for header in request.headers)
    expected = {"host", "accept", "accept-encoding", "user-agent", "x-request-id"}
    expected |= {"content-type", "content-length"} if form else set()
    expected |= {"content-length"} if method == "POST" else set()  # 0, since a POST is expected to have one
    expected |= {"authorization"} if name != "subscribe_to_session" else set()
    assert names == sorted(expected)  # so each is there once
    assert request.headers["Host"] == f"127.0.0.1:{server.port}"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Authorization"] == (None if name == "subscribe_to_session" else "Bearer t")
    assert request.headers["Content-Length"] == (str(len(request.body)) if method != "GET" else None)


@pytest.mark.parametrize("name", CALLS)
def test_arguments_may_be_given_by_position(name: str) -> None:
    arguments, method, target, form, answer, _ = CALLS[name]
    with serving(reply(answer)) as (api, server):
        getattr(api, name)(*arguments.values())

    request = only(server)
    assert (request.method, request.target) == (method, target)
    assert form is None or fields(request) == form


@pytest.mark.parametrize("name", CALLS)
def test_the_form_with_http_info_sends_the_same_and_returns_more(name: str) -> None:
    arguments, method, target, form, answer, model = CALLS[name]
    with serving(reply(answer, X_Extra="1")) as (api, server):
        response = getattr(api, f"{name}_with_http_info")(**arguments)

    assert isinstance(response, ApiResponse)
    assert (response.status_code, response.headers["X-Extra"]) == (200, "1")
    assert response.data == model.from_dict(answer)
    assert model.from_json(response.raw_data.decode()) == response.data
    request = only(server)
    assert (request.method, request.target) == (method, target)
    assert form is None or fields(request) == form


@pytest.mark.parametrize("name", CALLS)
def test_the_form_without_preload_content_sends_the_same_and_returns_the_raw_response(name: str) -> None:
    arguments, method, target, form, answer, model = CALLS[name]
    with serving(reply(answer)) as (api, server):
        response = getattr(api, f"{name}_without_preload_content")(**arguments)
        assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
        assert model.from_json(response.data.decode()) == model.from_dict(answer)

    request = only(server)
    assert (request.method, request.target) == (method, target)
    assert form is None or fields(request) == form


@pytest.mark.parametrize("status", [201, 301, 404, 422, 500])
def test_the_raw_form_raises_for_no_status(status: int) -> None:
    with serving(reply({"detail": "text"}, status)) as (api, server):
        response = api.create_session_without_preload_content("a1", "Hi")
        assert (response.status, response.json()) == (status, {"detail": "text"})

    only(server)


def test_the_raw_form_hands_over_the_body_unread() -> None:
    def headers_only(connection: Any, request: Received) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        body_wanted.wait(30)
        connection.send(b"body")

    body_wanted = threading.Event()
    with serving(headers_only) as (api, server):
        response = api.get_session_without_preload_content("s1")
        body_wanted.set()
        assert response.read() == b"body"

    only(server)


# ── paths and queries ──

QUOTED = [
    ("a b", "a%20b"),
    ("a/b", "a%2Fb"),
    ("a%2Fb", "a%252Fb"),
    ("100%", "100%25"),
    ("what?x=1&y=2", "what%3Fx%3D1%26y%3D2"),
    ("a#b", "a%23b"),
    ("a+b", "a%2Bb"),
    ("a:b@c;d,e", "a%3Ab%40c%3Bd%2Ce"),
    ("Grüße 世界", "Gr%C3%BC%C3%9Fe%20%E4%B8%96%E7%95%8C"),
    ("..%2f", "..%252f"),
    ("../secret", "..%2Fsecret"),
    ("...", "..."),
    ("a\r\nb", "a%0D%0Ab"),
    ("\x00", "%00"),
    ("a\\b", "a%5Cb"),
    ("{session_id}", "%7Bsession_id%7D"),
    ("~-._", "~-._"),
    ("//", "%2F%2F"),
]


@pytest.mark.parametrize(("value", "quoted"), QUOTED)
def test_a_path_parameter_arrives_as_one_quoted_segment(value: str, quoted: str) -> None:
    with serving() as (api, server):
        api.get_session(value)
        api.subscribe_to_session(value)
        api.update_session(value, "Hi")

    targets = [request.target for request in server.requests]
    assert targets == [f"/sessions/{quoted}", f"/sessions/{quoted}/subscribe", f"/sessions/{quoted}"]
    assert unquote(quoted) == value


@pytest.mark.parametrize("value", ["", ".", ".."])
@pytest.mark.parametrize(
    "name", ["get_session", "subscribe_to_session", "update_session", "update_async_session"]
)
def test_a_path_parameter_that_would_lead_elsewhere_is_refused(name: str, value: str) -> None:
    arguments = CALLS[name].arguments | {"session_id": value}
    with serving() as (api, server), pytest.raises(ApiValueError, match="session_id must not be"):
        getattr(api, name)(**arguments)

    assert server.connections == 0


@pytest.mark.parametrize(("value", "quoted"), QUOTED)
def test_a_query_value_is_quoted_but_for_its_slashes(value: str, quoted: str) -> None:
    with serving(reply({"sessions": []})) as (api, server):
        api.get_sessions(value)

    target = only(server).target
    assert target == f"/sessions?agent_id={quoted.replace('%2F', '/')}"
    assert parse_qsl(target.partition("?")[2], keep_blank_values=True) == [("agent_id", value)]


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_query_value_may_be_anything(value: str) -> None:
    with serving(reply({"sessions": []})) as (api, server):
        api.get_sessions(value)

    assert only(server).target == f"/sessions?agent_id={value}"


@pytest.mark.parametrize("index", [0, -1, 2**63])
def test_the_query_has_the_order_of_the_contract(index: int) -> None:
    with serving() as (api, server):
        api.create_session_from_replay(last_message_index=index, session_id="a/b c")

    assert only(server).target == f"/sessions/replay?session_id=a/b%20c&last_message_index={index}"


@pytest.mark.parametrize(
    ("path", "before"), [("", ""), ("/", ""), ("/api", "/api"), ("/api/v1/", "/api/v1"), ("/a%20b", "/a%20b")]
)
def test_the_host_may_end_in_a_slash_and_have_a_path(path: str, before: str) -> None:
    with serving(reply(), reply({"sessions": []}), path=path) as (api, server):
        api.get_session("s1")
        api.get_sessions("a1")

    targets = [request.target for request in server.requests]
    assert targets == [f"{before}/sessions/s1", f"{before}/sessions?agent_id=a1"]


def test_characters_may_be_declared_safe_in_paths() -> None:
    with serving() as (api, server):
        api.api_client.configuration.safe_chars_for_path_param = "@:"
        api.get_session("a@b:c/d")

    assert only(server).target == "/sessions/a@b:c%2Fd"


def test_a_lone_surrogate_is_refused_before_anything_is_sent() -> None:
    with serving() as (api, server):
        for call in (
            lambda: api.get_session("\ud800"),
            lambda: api.get_sessions("\ud800"),
            lambda: api.create_session("a1", "\ud800"),
        ):
            with pytest.raises(ValueError, match=r"surrogate|string"):
                call()

    assert server.connections == 0


# ── forms and files ──


def test_a_multipart_body_byte_by_byte(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(b"<p>\r\n--x</p>")
    with serving() as (api, server):
        api.create_session(
            text_prompt="Grüße\r\n世界",
            files=[str(page), ("data.bin", b"\x00\xff"), ("notes", b"", "text/markdown")],
            agent_id="a1",
        )

    request = only(server)
    mark = boundary(request)
    assert (
        request.body
        == (
            f"--{mark}\r\n"
            'Content-Disposition: form-data; name="agent_id"\r\n\r\n'
            "a1\r\n"
            f"--{mark}\r\n"
            'Content-Disposition: form-data; name="text_prompt"\r\n\r\n'
            "Grüße\r\n世界\r\n"
            f"--{mark}\r\n"
            'Content-Disposition: form-data; name="files"; filename="page.html"\r\n'
            "Content-Type: text/html\r\n\r\n"
            "<p>\r\n--x</p>\r\n"
            f"--{mark}\r\n"
            'Content-Disposition: form-data; name="files"; filename="data.bin"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        + b"\x00\xff\r\n"
        + (
            f"--{mark}\r\n"
            'Content-Disposition: form-data; name="files"; filename="notes"\r\n'
            "Content-Type: text/markdown\r\n\r\n"
            "\r\n"
            f"--{mark}--\r\n"
        ).encode()
    )


def test_an_update_has_the_prompt_and_then_the_files() -> None:
    with serving() as (api, server):
        api.update_session("s1", "Hi", ("a.txt", b"A"))

    assert parts(only(server).headers["Content-Type"], only(server).body) == [
        ({"Content-Disposition": 'form-data; name="text_prompt"'}, b"Hi"),
        (
            {
                "Content-Disposition": 'form-data; name="files"; filename="a.txt"',
                "Content-Type": "text/plain",
            },
            b"A",
        ),
    ]


@pytest.mark.parametrize("files", [None, []])
@pytest.mark.parametrize("name", WITH_BODY)
def test_no_files_are_no_part(name: str, files: Any) -> None:
    arguments, _, _, form, answer, _ = CALLS[name]
    with serving(reply(answer)) as (api, server):
        getattr(api, name)(**arguments, files=files)

    assert fields(only(server)) == form


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ('say "hi".txt', "say %22hi%22.txt"),
        ("Grüße 世界.txt", "Grüße 世界.txt"),
        ("a\r\nX-Bad: 1.txt", "a%0D%0AX-Bad: 1.txt"),
        ("back\\slash.txt", "back\\slash.txt"),
        ("50%.txt", "50%.txt"),
        ("'; filename=b.txt", "'; filename=b.txt"),
    ],
)
def test_a_file_name_is_utf_8_with_its_quotes_escaped(filename: str, shown: str) -> None:
    with serving() as (api, server):
        api.create_session("a1", "Hi", (filename, b"A"))

    request = only(server)
    head = f'Content-Disposition: form-data; name="files"; filename="{shown}"\r\nContent-Type: text/plain\r\n'
    assert f"--{boundary(request)}\r\n{head}\r\nA\r\n".encode() in request.body
    assert len(parts(request.headers["Content-Type"], request.body)) == 3


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("a.txt", "text/plain"),
        ("a.csv", "text/csv"),
        ("a.json", "application/json"),
        ("a.pdf", "application/pdf"),
        ("a.png", "image/png"),
        ("a.unheard-of", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_content_type_of_a_file_is_guessed_from_its_name(
    filename: str, content_type: str, tmp_path: Path
) -> None:
    path = tmp_path / filename
    path.write_bytes(b"A")
    with serving() as (api, server):
        api.create_session("a1", "Hi", [path, str(path), (filename, b"A")])

    heads = [head for head, _ in parts(only(server).headers["Content-Type"], only(server).body)[2:]]
    disposition = f'form-data; name="files"; filename="{filename}"'
    assert heads == [{"Content-Disposition": disposition, "Content-Type": content_type}] * 3


@pytest.mark.fault("Files", "Each kind of file arrives with its bytes, empty ones too")
def test_each_kind_of_file_arrives_with_its_bytes_in_order(tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_bytes(b"path")
    with serving() as (api, server), path.open("rb") as opened:
        api.create_session(
            "a1",
            "Hi",
            [
                str(path),
                path,
                b"bytes",
                bytearray(b"bytearray"),
                memoryview(b"memoryview"),
                opened,
                io.BytesIO(b"BytesIO"),
                ("n.txt", b"named"),
                ("n.txt", path),
            ],
        )

    sent = parts(only(server).headers["Content-Type"], only(server).body)[2:]
    assert [content for _, content in sent] == [
        b"path",
        b"path",
        b"bytes",
        b"bytearray",
        b"memoryview",
        b"path",
        b"BytesIO",
        b"named",
        b"path",
    ]


@pytest.mark.parametrize("name", WITH_BODY)
def test_a_form_may_be_urlencoded(name: str) -> None:
    arguments, method, target, form, answer, _ = CALLS[name]
    arguments = arguments | {"text_prompt": "a b&c=Grüße+/\r\n"}
    with serving(reply(answer)) as (api, server):
        getattr(api, name)(**arguments, _content_type=URLENCODED)

    request = only(server)
    assert (request.method, request.target) == (method, target)
    assert request.headers.get_all("Content-Type") == [URLENCODED]
    agent = "agent_id=a1&" if "agent_id" in form else ""  # type: ignore[operator]
    assert request.body == f"{agent}text_prompt=a+b%26c%3DGr%C3%BC%C3%9Fe%2B%2F%0D%0A".encode()


def test_files_cannot_be_urlencoded() -> None:
    with serving() as (api, server), pytest.raises(ApiValueError, match="files cannot be sent"):
        api.create_session("a1", "Hi", b"A", _content_type=URLENCODED)

    assert server.connections == 0


def test_multipart_may_be_asked_for() -> None:
    with serving() as (api, server):
        api.create_session("a1", "Hi", _content_type=FORM)

    assert fields(only(server)) == {"agent_id": "a1", "text_prompt": "Hi"}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/mixed", "nonsense"])
@pytest.mark.parametrize("name", WITH_BODY)
def test_another_content_type_is_refused_before_anything_is_sent(name: str, content_type: str) -> None:
    with (
        serving() as (api, server),
        pytest.raises(ApiValueError, match=f"_content_type: {name} cannot send '{content_type}'"),
    ):
        getattr(api, name)(**CALLS[name].arguments, _content_type=content_type)

    assert server.connections == 0


@pytest.mark.parametrize("name", WITHOUT_BODY)
def test_a_content_type_without_a_body_is_refused_before_anything_is_sent(name: str) -> None:
    with (
        serving() as (api, server),
        pytest.raises(ApiValueError, match=f"_content_type: {name} sends no body"),
    ):
        getattr(api, name)(**CALLS[name].arguments, _content_type=FORM)

    assert server.connections == 0


# ── who calls ──


@pytest.mark.parametrize(
    ("token", "shown"),
    [("t", "Bearer t"), ("", None), (None, None), (lambda: "asked", "Bearer asked")],
)
def test_the_token_is_shown_as_a_bearer(token: Any, shown: Optional[str]) -> None:
    with serving(token=token) as (api, server):
        api.get_session("s1")

    assert only(server).headers["Authorization"] == shown


def test_a_callable_is_asked_for_each_call() -> None:
    tokens = iter(["one", "two"])
    with serving(token=lambda: next(tokens)) as (api, server):
        api.get_session("s1")
        api.get_session("s1")

    shown = [request.headers["Authorization"] for request in server.requests]
    assert shown == ["Bearer one", "Bearer two"]


def test_a_callable_that_fails_sends_nothing() -> None:
    def failing() -> str:
        raise RuntimeError("no")

    with (
        serving(token=failing) as (api, server),
        pytest.raises(AuthenticationError, match="RuntimeError") as caught,
    ):
        api.get_session("s1")

    assert caught.value.request_sent is False
    assert server.connections == 0


@pytest.mark.fault("Secrets", "An operation without authorization is shown no token")
def test_a_subscription_shows_no_token_and_asks_for_none() -> None:
    with serving(token=lambda: pytest.fail("was asked")) as (api, server):
        api.subscribe_to_session("s1")

    assert "Authorization" not in only(server).headers
    assert b"Bearer" not in only(server).headers.as_bytes()


@pytest.mark.parametrize("name", ["get_session", "subscribe_to_session", "update_session"])
def test_request_auth_in_a_header_replaces_the_token(name: str) -> None:
    auth = {"in": "header", "type": "apiKey", "key": "X-Key", "value": "k"}
    with serving() as (api, server):
        getattr(api, name)(**CALLS[name].arguments, _request_auth=auth)

    assert only(server).headers.get_all("X-Key") == ["k"]
    assert "Authorization" not in only(server).headers
    assert auth == {"in": "header", "type": "apiKey", "key": "X-Key", "value": "k"}


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("get_session", "/sessions/s1?k%20y=v%26/%C3%BC"),
        ("subscribe_to_session", "/sessions/s1/subscribe?k%20y=v%26/%C3%BC"),
        (
            "create_session_from_replay",
            "/sessions/replay?session_id=s1&last_message_index=56&k%20y=v%26/%C3%BC",
        ),
    ],
)
def test_request_auth_in_the_query_is_appended(name: str, target: str) -> None:
    with serving() as (api, server):
        getattr(api, name)(
            **CALLS[name].arguments, _request_auth={"in": "query", "key": "k y", "value": "v&/ü"}
        )

    assert only(server).target == target
    assert "Authorization" not in only(server).headers


@pytest.mark.parametrize(("cookie", "shown"), [(None, "k=v"), ("a=1", "a=1; k=v")])
def test_request_auth_in_a_cookie_has_its_key(cookie: Optional[str], shown: str) -> None:
    with serving(cookie=cookie) as (api, server):
        api.get_session("s1", _request_auth={"in": "cookie", "key": "k", "value": "v"})

    assert only(server).headers.get_all("Cookie") == [shown]
    assert "Authorization" not in only(server).headers


def test_a_signature_is_left_to_the_caller() -> None:
    auth = {"in": "header", "type": "http-signature", "key": "Authorization", "value": "x"}
    with serving() as (api, server):
        api.get_session("s1", _request_auth=auth)

    assert "Authorization" not in only(server).headers


@pytest.mark.parametrize(
    "auth",
    [{"in": "body", "key": "k", "value": "v"}, {"in": "header", "key": "k"}, {"key": "k", "value": "v"}],
)
def test_request_auth_that_cannot_be_used_is_refused(auth: dict[str, Any]) -> None:
    with serving() as (api, server), pytest.raises(ApiValueError, match="_request_auth"):
        api.get_session("s1", _request_auth=auth)

    assert server.connections == 0


def test_an_empty_request_auth_is_none() -> None:
    with serving() as (api, server):
        api.get_session("s1", _request_auth={})
        api.get_session("s1", _request_auth=None)

    assert [request.headers["Authorization"] for request in server.requests] == ["Bearer t", "Bearer t"]


# ── headers ──


def test_headers_of_the_call_beat_default_headers_which_beat_the_operation() -> None:
    with serving() as (api, server):
        api.api_client.set_default_header("Accept", "from/default")
        api.get_session("s1")
        api.get_session("s1", _headers={"Accept": "from/call"})

    shown = [request.headers.get_all("Accept") for request in server.requests]
    assert shown == [["from/default"], ["from/call"]]


def test_header_names_are_compared_without_case() -> None:
    given = {"aCCept": "from/call", "x-DEFAULT": "call", "USER-AGENT": "me"}
    with serving() as (api, server):
        api.api_client.set_default_header("ACCEPT", "from/default")
        api.api_client.set_default_header("X-Default", "default")
        api.get_session("s1", _headers=given)

    headers = only(server).headers
    for name, value in given.items():
        assert headers.get_all(name) == [value]


def test_headers_of_the_call_do_not_stay() -> None:
    given = {"X-Once": "1"}
    with serving() as (api, server):
        api.create_session("a1", "Hi", _headers=given)
        api.create_session("a1", "Hi")

    first, second = server.requests
    assert first.headers.get_all("X-Once") == ["1"]
    assert "X-Once" not in second.headers
    assert given == {"X-Once": "1"}


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
def test_credentials_beat_headers_of_the_call(name: str) -> None:
    with serving() as (api, server):
        api.api_client.set_default_header("AUTHORIZATION", "Basic default")
        api.get_session("s1", _headers={name: "Basic call"})

    assert only(server).headers.get_all("Authorization") == ["Bearer t"]


@pytest.mark.parametrize("name", ["subscribe_to_session", "get_session"])
def test_a_header_may_hold_the_credentials_where_none_are_shown(name: str) -> None:
    with serving(token="t" if name == "subscribe_to_session" else None) as (api, server):
        getattr(api, name)("s1", _headers={"Authorization": "Basic call"})

    assert only(server).headers.get_all("Authorization") == ["Basic call"]


def test_the_cookie_of_the_client_is_sent_and_can_be_overridden() -> None:
    with serving(cookie="a=1") as (api, server):
        api.get_session("s1")
        api.subscribe_to_session("s1")
        api.get_session("s1", _headers={"cookie": "b=2"})

    shown = [request.headers.get_all("Cookie") for request in server.requests]
    assert shown == [["a=1"], ["a=1"], ["b=2"]]


def test_the_first_default_header_and_the_user_agent() -> None:
    with serving(header_name="X-Team", header_value="red") as (api, server):
        api.get_session("s1")
        api.api_client.user_agent = "mine/1"
        api.get_session("s1")

    first, second = server.requests
    assert [first.headers["X-Team"], second.headers["X-Team"]] == ["red", "red"]
    assert first.headers["User-Agent"].startswith("portal-client/")
    assert second.headers.get_all("User-Agent") == ["mine/1"]


def test_a_number_as_header_is_sent_as_text() -> None:
    with serving() as (api, server):
        api.get_session("s1", _headers={"X-Number": 5})

    assert only(server).headers["X-Number"] == "5"


@pytest.mark.parametrize("where", ["call", "default"])
def test_a_content_type_header_keeps_the_boundary_of_a_multipart_body(where: str) -> None:
    with serving() as (api, server):
        if where == "default":
            api.api_client.set_default_header("content-type", "text/plain")
        api.create_session("a1", "Hi", _headers={"content-type": "text/plain"} if where == "call" else None)

    assert only(server).headers.get_all("Content-Type") == [f"{FORM}; boundary={boundary(only(server))}"]
    assert fields(only(server)) == {"agent_id": "a1", "text_prompt": "Hi"}


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_headers_that_frame_the_body_are_refused(name: str) -> None:
    with serving() as (api, server), pytest.raises(ApiValueError, match=name):
        api.create_session("a1", "Hi", _headers={name: "3"})

    assert server.connections == 0


@pytest.mark.parametrize("value", ["a\r\nX-Bad: 1", "a\nb", "a\x00b", "世界", None, 1.5])
def test_a_header_that_cannot_be_sent_is_refused(value: Any) -> None:
    with serving() as (api, server), pytest.raises(ApiValueError, match="X-Odd"):
        api.get_session("s1", _headers={"X-Odd": value})

    assert server.connections == 0


def test_each_call_has_a_request_id_of_its_own_unless_it_is_given() -> None:
    with serving() as (api, server):
        api.get_session("s1")
        api.get_session("s1")
        api.get_session("s1", _headers={"x-request-id": "mine"})

    ids = [request.headers.get_all("X-Request-ID") for request in server.requests]
    assert ids[2] == ["mine"]
    assert len({id_ for (id_,) in ids}) == 3  # type: ignore[misc]


# ── responses ──


@pytest.mark.parametrize("status", [200, 201, 202, 206])
def test_a_success_with_a_body_is_read_whatever_its_number(status: int) -> None:
    with serving(reply(status=status)) as (api, server):
        session = api.create_session("a1", "Hi")
        response = api.create_session_with_http_info("a1", "Hi")

    assert session == Session.from_dict(SESSION) == response.data
    assert response.status_code == status
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"null"),
        (200, b""),
        (204, b""),
        (200, b'{"time_to_sessions": 1}'),
        (200, b"[]"),
        (200, b"not JSON"),
        (200, b'{"id": "s1"'),
        (200, b"\xff\xfe\x00"),
    ],
)
@pytest.mark.parametrize("name", CALLS)
def test_a_success_that_is_not_what_was_promised_is_an_error(name: str, status: int, body: bytes) -> None:
    with serving(reply(body, status)) as (api, server), pytest.raises(ApiResponseError, match=name) as caught:
        getattr(api, name)(**CALLS[name].arguments)

    error = caught.value
    assert isinstance(error, ApiException)
    assert isinstance(error, ValueError)
    assert (error.status, error.body) == (status, body.decode("utf-8", "replace"))
    assert error.request_sent is True
    assert error.request_id == only(server).headers["X-Request-ID"]


def test_the_place_of_what_was_not_promised_is_named() -> None:
    wrong = SESSION | {"messages": [SESSION["messages"][0], {"text": "Hi", "role": 5}]}
    with serving(reply(wrong)) as (api, server), pytest.raises(ApiResponseError, match=r"messages\.1\.role"):
        api.get_session("s1")

    only(server)


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("application/json", "utf-8"),
        ("application/json; charset=utf-8", "utf-8"),
        ("application/json; charset=UTF-8", "utf-8"),
        ('application/json; charset="iso-8859-1"', "iso-8859-1"),
        ("application/json; charset=utf-16", "utf-16"),
        ("application/json", "utf-8-sig"),
        ("text/plain", "utf-8"),
        ("application/problem+json", "utf-8"),
    ],
)
def test_the_charset_of_a_response_is_honoured(content_type: str, encoding: str) -> None:
    body = json.dumps(SESSION | {"user_id": "Grüße"}, ensure_ascii=False).encode(encoding)
    with serving(reply(body, Content_Type=content_type)) as (api, server):
        session = api.get_session("s1")

    assert session.user_id == "Grüße"
    only(server)


# ── errors ──

REFUSED = {"detail": [{"loc": ["body", "text_prompt", 0], "msg": "Field required", "type": "missing"}]}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestException),
        (401, UnauthorizedException),
        (403, ForbiddenException),
        (404, NotFoundException),
        (409, ConflictException),
        (418, ApiException),
        (422, UnprocessableEntityException),
        (429, TooManyRequestsException),
        (500, ServiceException),
        (501, ServiceException),
        (503, ServiceException),
        (599, ServiceException),
    ],
)
@pytest.mark.parametrize("suffix", ["", "_with_http_info"])
def test_a_status_is_raised_as_its_class(status: int, kind: type, suffix: str) -> None:
    with (
        serving(reply({"detail": "Grüße"}, status, X_Request_Id="theirs")) as (api, server),
        pytest.raises(ApiException) as caught,
    ):
        getattr(api, f"create_session{suffix}")("a1", "Hi")

    error = caught.value
    assert type(error) is kind
    assert (error.status, error.reason) == (status, "Reason")
    assert error.headers is not None
    assert error.headers["CONTENT-TYPE"] == error.headers["content-type"] == "application/json"
    assert error.body == json.dumps({"detail": "Grüße"})
    assert error.data == {"detail": "Grüße"}
    assert (error.request_id, error.request_sent) == ("theirs", True)
    assert str(error).startswith(f"({status})\nReason: Reason\nHTTP response headers: ")
    assert f"HTTP response body: {error.body}\n" in str(error)
    only(server)  # what starts a session is sent once


def test_a_refused_argument_is_read_as_its_model() -> None:
    with serving(reply(REFUSED, 422)) as (api, server), pytest.raises(UnprocessableEntityException) as caught:
        api.create_session("a1", "Hi")

    data = caught.value.data
    assert data == HTTPValidationError.from_dict(REFUSED)
    assert isinstance(data, HTTPValidationError)
    assert data.detail is not None
    assert [step.actual_instance for step in data.detail[0].loc] == ["body", "text_prompt", 0]
    only(server)


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'{"detail": "text"}', {"detail": "text"}),
        (b"[1, 2]", [1, 2]),
        (b'"text"', "text"),
        (b"null", None),
        (b"", None),
        (b"<html>", None),
        (b"\xff\xfe", None),
    ],
)
@pytest.mark.parametrize("status", [404, 422])
def test_an_error_body_of_any_kind_is_kept(status: int, body: bytes, data: Any) -> None:
    with serving(reply(body, status)) as (api, server), pytest.raises(ApiException) as caught:
        api.get_session("s1")

    assert (caught.value.body, caught.value.data) == (body.decode("utf-8", "replace"), data)
    only(server)


def test_the_wait_that_a_429_asks_for_is_told() -> None:
    with serving(reply({"detail": "slow"}, 429, Retry_After="3600"), reply({}, 429)) as (api, server):
        for expected in (3600.0, None):
            with pytest.raises(TooManyRequestsException) as caught:
                api.create_session("a1", "Hi")
            assert caught.value.retry_after == expected

    assert len(server.requests) == 2


def test_an_error_does_not_hold_the_token() -> None:
    with serving(reply({}, 500), token="hush") as (api, server), pytest.raises(ServiceException) as caught:
        api.create_session("a1", "Hi")

    assert "hush" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert only(server).headers["Authorization"] == "Bearer hush"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"agent_id": 1, "text_prompt": "Hi"}, "agent_id"),
        ({"agent_id": "a1", "text_prompt": None}, "text_prompt"),
        ({"agent_id": "a1"}, "text_prompt"),
        ({"agent_id": "a1", "text_prompt": "Hi", "colour": "red"}, "colour"),
        ({"agent_id": "a1", "text_prompt": "Hi", "_headers": "X: 1"}, "_headers"),
        ({"agent_id": "a1", "text_prompt": "Hi", "_request_auth": "t"}, "_request_auth"),
        ({"agent_id": "a1", "text_prompt": "Hi", "_content_type": 5}, "_content_type"),
        ({"agent_id": "a1", "text_prompt": "Hi", "_host_index": 1}, "_host_index"),
        ({"agent_id": "a1", "text_prompt": "Hi", "_host_index": False}, "_host_index"),
        ({"agent_id": "a1", "text_prompt": "Hi", "_request_timeout": 0}, "_request_timeout"),
        ({"agent_id": "a1", "text_prompt": "Hi", "_request_timeout": True}, "_request_timeout"),
    ],
)
@pytest.mark.parametrize("suffix", ["", "_with_http_info", "_without_preload_content"])
def test_wrong_arguments_are_named_before_anything_is_sent(
    arguments: dict[str, Any], named: str, suffix: str
) -> None:
    with serving() as (api, server), pytest.raises(ValidationError) as caught:
        getattr(api, f"create_session{suffix}")(**arguments)

    assert [error["loc"] for error in caught.value.errors()] == [(named,)]
    assert server.connections == 0


@pytest.mark.parametrize("index", ["1", 1.0, True, None])
def test_an_index_is_an_int(index: Any) -> None:
    with serving() as (api, server), pytest.raises(ValidationError, match="last_message_index"):
        api.create_session_from_replay("s1", index)

    assert server.connections == 0


# ── any text ──

#: Every character but the halves of surrogate pairs, which are none.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
CONFIGURATION = Configuration("http://localhost/api", access_token="t")


def prepared(name: str, *arguments: Any, **options: Any) -> Any:
    """The request of a call as it would be sent."""
    operation = getattr(SessionsApi, name).operation
    return prepare(operation.request(arguments, options), CONFIGURATION, {}, None)


@given(TEXT.filter(lambda text: text not in ("", ".", "..")))
@example("%2e%2e")
@example("/../")
@example("\x00")
def test_any_text_is_one_segment_of_the_path(text: str) -> None:
    target = prepared("update_session", text, "Hi").target

    segment = target.removeprefix("/api/sessions/")
    assert target == f"/api/sessions/{segment}"
    assert unquote(segment, errors="strict") == text
    assert target.isascii()
    assert not set(segment) & set("/?#&+ \t\r\n")


@given(TEXT)
@example("a+b&c=d")
def test_any_text_is_one_value_of_the_query(text: str) -> None:
    target = prepared("create_session_from_replay", text, 5).target

    path, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    assert path == "/api/sessions/replay"
    assert pairs == [("session_id", text), ("last_message_index", "5")]
    assert target.isascii()
    assert not set(query) & set("?#+ \t\r\n")


@given(TEXT, TEXT, st.lists(st.tuples(TEXT.filter(bool), st.binary()), max_size=3))
@example("a1", "\r\n--", [('"a"', b"\r\n"), ("b", b"--\r\n")])
@example("\n", "\r", [("\r\n", b"")])
def test_any_text_and_any_bytes_arrive_in_a_multipart_form(
    agent_id: str, prompt: str, files: list[tuple[str, bytes]]
) -> None:
    request = prepared("create_session", agent_id, prompt, files)

    body = b"".join(request.body)
    assert isinstance(request.body, Multipart)
    assert len(body) == request.body.length
    assert body == b"".join(request.body)  # the same for a second attempt
    contents = [content for _, content in parts(request.headers["Content-Type"], body)]
    assert contents == [agent_id.encode(), prompt.encode(), *(content for _, content in files)]
    for name, _ in files:
        shown = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        assert f'; name="files"; filename="{shown}"\r\n'.encode() in body


@given(TEXT, TEXT)
def test_any_text_arrives_in_an_urlencoded_form(agent_id: str, prompt: str) -> None:
    body = prepared("create_session", agent_id, prompt, _content_type=URLENCODED).body

    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    assert pairs == [("agent_id", agent_id), ("text_prompt", prompt)]

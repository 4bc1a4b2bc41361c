"""Injection: what a caller or a disk hands in stays what it is: no header, no part, no other path."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pydantic
import pytest

from portal_client import ApiClient, ApiException, ApiValueError, Configuration
from portal_client.operation import URLENCODED
from support.clients import Calling, calling
from support.scripted import content, reply

BREAKS = ["\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "\r\n\r\nGET /evil HTTP/1.1\r\n\r\n", "\x00", "\x7f"]


def _default_header(c: Calling, bad: str) -> None:
    c.client.set_default_header("X-Own", f"secret{bad}")


def _default_name(c: Calling, bad: str) -> None:
    c.client.set_default_header(f"X-Own{bad}", "secret")


def _dict(c: Calling, bad: str) -> None:
    c.client.default_headers["X-Own"] = f"secret{bad}"
    c.api.get_session("s1")


def _cookie(c: Calling, bad: str) -> None:
    c.client.cookie = f"secret{bad}"
    c.api.get_session("s1")


def _user_agent(c: Calling, bad: str) -> None:
    c.client.user_agent = f"secret{bad}"


def _token(c: Calling, bad: str) -> None:
    c.client.configuration.access_token = f"secret{bad}"


def _callable_token(c: Calling, bad: str) -> None:
    c.client.configuration.access_token = lambda: f"secret{bad}"
    c.api.get_session("s1")


def _host(c: Calling, bad: str) -> None:
    c.client.configuration.host = f"http://localhost{bad}"


def _proxy_header(c: Calling, bad: str) -> None:
    c.client.configuration.proxy = c.server.host
    c.client.configuration.proxy_headers = {"X-Own": f"secret{bad}"}
    c.api.get_session("s1")


def _option(name: str, **pairs: str) -> Callable[[Calling, str], None]:
    """An option of a call, a dict in which BAD stands for what must be refused."""

    def call(c: Calling, bad: str) -> None:
        given = {key.replace("BAD", bad): value.replace("BAD", bad) for key, value in pairs.items()}
        c.api.get_session("s1", **{name: given})  # type: ignore[arg-type]

    return call


def _auth(place: str, key: str, value: str) -> Callable[[Calling, str], None]:
    return _option("_request_auth", **{"in": place, "key": key, "value": value})


def _content_type(c: Calling, bad: str) -> None:
    c.api.create_session("a1", "hello", _content_type=f"multipart/form-data{bad}")


def _file_type(c: Calling, bad: str) -> None:
    c.api.create_session("a1", "hello", ("name", b"x", f"text/csv{bad}"))


PLACES: dict[str, Callable[[Calling, str], None]] = {
    "a default header": _default_header,
    "the name of a default header": _default_name,
    "the dict of default headers": _dict,
    "the cookie": _cookie,
    "the User-Agent": _user_agent,
    "a token": _token,
    "a token that is asked for": _callable_token,
    "the host": _host,
    "a header for the proxy": _proxy_header,
    "a header of the call": _option("_headers", **{"X-Own": "secretBAD"}),
    "the name of a header of the call": _option("_headers", **{"X-OwnBAD": "secret"}),
    "the request id": _option("_headers", **{"X-Request-ID": "secretBAD"}),
    "a credential in a header": _auth("header", "X-Own", "secretBAD"),
    "the name of a credential": _auth("header", "X-OwnBAD", "secret"),
    "a credential in a cookie": _auth("cookie", "sid", "secretBAD"),
    "a content type": _content_type,
    "the content type of a file": _file_type,
}


@pytest.mark.fault("Injection", "Line breaks and control characters are refused before anything is sent")
@pytest.mark.parametrize("bad", BREAKS, ids=ascii)
@pytest.mark.parametrize("place", PLACES)
def test_a_line_break_is_refused(place: str, bad: str) -> None:
    refused = pytest.raises((ApiValueError, ApiException, pydantic.ValidationError))
    with calling(reply()) as c, refused as caught:
        PLACES[place](c, bad)

    assert "secret" not in str(caught.value)
    assert (c.server.requests, c.server.connections) == ([], 0)


@pytest.mark.fault("Injection", "An id that would lead elsewhere is refused; any other stays one segment")
@pytest.mark.parametrize("name", ["", ".", ".."])
def test_an_id_that_leads_elsewhere_is_refused(name: str) -> None:
    with calling(reply()) as c:
        calls: list[Any] = [c.api.get_session, c.api.subscribe_to_session]
        for call in [*calls, lambda name: c.api.update_session(name, "hello")]:
            with pytest.raises(ApiValueError, match="session_id"):
                call(name)

    assert c.server.connections == 0


HOSTILE = ["../admin", "..%2fadmin", "a/b", "a?x=1", "a#b", "a;b", "a\\b", "%", "%00", "\x00", " ", "..."]
HOSTILE += ["./.", "http://evil.test/", "//evil.test", "@evil.test", "a\r\nX-Evil: 1", "\u2025", "é"]
HOSTILE += ["\U0001f600", "x" * 5000]


@pytest.mark.fault("Injection", "An id that would lead elsewhere is refused; any other stays one segment")
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_id_stays_one_segment(name: str) -> None:
    with calling(reply(), reply(), reply({"sessions": []})) as c:
        c.api.get_session(name)
        c.api.update_session(name, "hello")
        c.api.get_sessions(name)

    for request in c.server.requests[:2]:
        assert request.target.count("/") == 2
        assert unquote(request.target.removeprefix("/sessions/")) == name
    path, _, query = c.server.requests[2].target.partition("?")
    assert (path, parse_qsl(query)) == ("/sessions", [("agent_id", name)])
    assert all("X-Evil" not in request.headers for request in c.server.requests)


# ── forms ──


def text(part: Message) -> str:
    return content(part).decode()


TEXTS = {
    "a header": 'x\r\nContent-Disposition: form-data; name="agent_id"\r\n\r\nother',
    "NUL": "a\x00b",
    "emoji": "\U0001f600" * 1000,
    "a megabyte": "line\r\n" * 170_000,
    "line ends": "\r\n\n\r\r\n",
    "dashes": "--\r\n----\r\n--x--",
    "nothing": "",
    "right to left": "\u202e\u2066abc\u2069",
}


@pytest.mark.fault("Injection", "Any text arrives in a form as it is: headers, NUL, emoji, a megabyte")
@pytest.mark.parametrize("encoding", ["multipart/form-data", URLENCODED])
@pytest.mark.parametrize("name", TEXTS)
def test_any_text_arrives_in_a_form(name: str, encoding: str) -> None:
    with calling(reply()) as c:
        c.api.create_session("a1", TEXTS[name], _content_type=encoding)

    (request,) = c.server.requests
    if encoding == URLENCODED:
        assert parse_qsl(request.body.decode(), keep_blank_values=True)[1] == ("text_prompt", TEXTS[name])
    else:
        agent, prompt = request.parts
        assert (text(agent), text(prompt)) == ("a1", TEXTS[name])


@pytest.mark.fault("Injection", "A boundary that was seen before and comes back in a prompt ends no part")
def test_a_boundary_within_a_text_ends_no_part() -> None:
    with calling(reply()) as c:
        c.api.create_session("a1", "hello")
        boundary = c.server.requests[0].headers.get_boundary()
        assert boundary is not None
        evil = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="agent_id"\r\n\r\nb2'
        evil += f"\r\n--{boundary}--\r\n"
        c.api.create_session("a1", evil, ("name", evil.encode()))

    agent, prompt, file = c.server.requests[1].parts
    assert (text(agent), text(prompt), text(file)) == ("a1", evil, evil)
    assert c.server.requests[1].headers.get_boundary() != boundary


@pytest.mark.fault("Injection", "A lone surrogate is refused by the name of its argument, and nothing sent")
@pytest.mark.parametrize("encoding", ["multipart/form-data", URLENCODED])
@pytest.mark.parametrize("argument", ["agent_id", "text_prompt"])
def test_a_lone_surrogate_is_refused(argument: str, encoding: str) -> None:
    given = {"agent_id": "a1", "text_prompt": "hello", argument: "secret\ud800"}
    refused = pytest.raises((ApiValueError, pydantic.ValidationError), match=argument)
    with calling(reply()) as c, refused as caught:
        c.api.create_session(**given, _content_type=encoding)

    assert "secret" not in str(caught.value)
    assert c.server.connections == 0


NAMES = ['say "hi".txt', "a\r\nX-Evil: 1\r\n\r\nb", "a;name=agent_id", "%22%0d%0a", "a\\b", "a\nb", ".."]
NAMES += ["\u202etxt.exe", "x" * 255, "-rf", "~", "$(id)", "`id`", "é" * 100, "\udcff\udcfe"]


@pytest.mark.fault("Injection", "A hostile file name makes no header and no part, on disk and given")
@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_stays_a_name(name: str, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/" + os.fsencode(name)
    files: list[Any] = [(name, b"content")]
    with ExitStack() as stack:
        with suppress(OSError):  # a folder, or a file system that knows UTF-8 names only
            with open(path, "wb") as file:
                file.write(b"content")
            files += [os.fsdecode(path), stack.enter_context(open(path, "rb"))]
        with calling(reply()) as c:
            c.api.create_session("a1", "hello", files)

    agent, prompt, *received = c.server.requests[0].parts
    assert (text(agent), text(prompt)) == ("a1", "hello")
    assert [text(part) for part in received] == ["content"] * len(files)
    assert all(part.keys() == ["Content-Disposition", "Content-Type"] for part in received)
    shown = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    sent = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in shown)
    assert c.server.requests[0].body.count(f'; filename="{sent}"\r\n'.encode()) == len(files)


def test_a_configuration_is_refused_as_an_assignment_is() -> None:
    for bad in BREAKS:
        with pytest.raises(ApiValueError):
            Configuration(f"http://localhost{bad}")
        with pytest.raises(ApiValueError):
            Configuration(access_token=f"secret{bad}")
        with pytest.raises(ApiValueError):
            ApiClient(Configuration(), "X-Own", f"secret{bad}")

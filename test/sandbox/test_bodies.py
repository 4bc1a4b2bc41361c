"""Forms, malformed ones included: each gets a reason, and none is an error of the server."""

from urllib.parse import urlencode

import pytest
import urllib3

from .conftest import Caller

FORM = "multipart/form-data; boundary=b"


def _part(value: bytes, disposition: bytes, content_type: bytes = b"") -> bytes:
    kind = b"Content-Type: " + content_type + b"\r\n" if content_type else b""
    return (
        b"--b\r\nContent-Disposition: form-data; " + disposition + b"\r\n" + kind + b"\r\n" + value + b"\r\n"
    )


def _form(text: bytes = b"hello", agent: bytes = b"echo", more: bytes = b"") -> bytes:
    return _part(agent, b'name="agent_id"') + _part(text, b'name="text_prompt"') + more + b"--b--\r\n"


def _send(caller: Caller, body: bytes, content_type: str | bytes = FORM) -> urllib3.BaseHTTPResponse:
    return caller.call(
        "POST", "/sessions", body=body, headers={**caller.http.headers, "Content-Type": content_type}
    )


def _prompt(response: urllib3.BaseHTTPResponse) -> str:
    assert response.status == 200, response.data
    text: str = response.json()["messages"][0]["text"]
    return text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"garbage", FORM),
        (_form()[5:], FORM),
        (_form(), "multipart/form-data"),
        (_form(), "multipart/form-data; boundary="),
        (_form(), b"multipart/form-data; boundary=\xff"),
        (_form(more=_part(b"", b"no-name")), FORM),
        (_form(more=_part(b"", b'name="files"; filename="a"') * 1_001), FORM),
        (_form(more=_part(b"", b'name="x"') * 1_001), FORM),
    ],
)
def test_what_is_not_a_form_is_a_bad_request(caller: Caller, body: bytes, content_type: str | bytes) -> None:
    response = _send(caller, body, content_type)

    assert response.status == 400, response.data
    assert list(response.json()) == ["detail"]
    assert isinstance(response.json()["detail"], str)


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "", "multipart/mixed; boundary=b", "x" * 5_000]
)
def test_another_type_of_body_holds_no_fields(caller: Caller, content_type: str) -> None:
    response = _send(caller, _form(), content_type)

    assert response.status == 422
    assert [item["loc"] for item in response.json()["detail"]] == [
        ["body", "agent_id"],
        ["body", "text_prompt"],
    ]


@pytest.mark.parametrize("field", ["agent_id", "text_prompt"])
def test_an_empty_field_is_told_from_a_missing_one(caller: Caller, field: str) -> None:
    given = {"agent_id": "echo", "text_prompt": "hello"}
    multipart, missing = {**given, field: ""}, {name: text for name, text in given.items() if name != field}
    urlencoded = {**caller.http.headers, "Content-Type": "application/x-www-form-urlencoded"}

    answers = [
        caller.call("POST", "/sessions", fields=multipart),
        caller.call("POST", "/sessions/async", body=urlencode(multipart), headers=urlencoded),
        caller.call("POST", "/sessions", fields=missing),
    ]

    assert [answer.status for answer in answers] == [422] * 3
    empty = {"loc": ["body", field], "msg": "Field must not be empty", "type": "string_too_short"}
    required = {"loc": ["body", field], "msg": "Field required", "type": "missing"}
    assert [answer.json()["detail"] for answer in answers] == [[empty], [empty], [required]]


def test_a_urlencoded_form_is_a_form(caller: Caller) -> None:
    kind = "application/x-www-form-urlencoded"

    assert _prompt(_send(caller, b"agent_id=echo&text_prompt=a+%C3%BC%00", kind)) == "a ü\x00"


@pytest.mark.parametrize("field", ["agent_id", "text_prompt"])
@pytest.mark.parametrize(
    ("charset", "half"),
    [("utf-7", b"+2AA-"), ("unicode_escape", rb"\ud800"), ("raw_unicode_escape", rb"\ud800")],
)
def test_text_that_is_not_unicode_is_refused(caller: Caller, field: str, charset: str, half: bytes) -> None:
    body = _form(agent=half) if field == "agent_id" else _form(half)

    response = _send(caller, body, f"{FORM}; charset={charset}")

    assert response.status == 422
    (error,) = response.json()["detail"]
    assert (error["loc"], error["type"]) == (["body", field], "string_unicode")


@pytest.mark.parametrize("charset", ["utf-16", "utf-8", "nonsense", "rot13", "undefined", "\xff"])
def test_no_charset_is_an_error_of_the_server(caller: Caller, charset: str) -> None:
    assert _send(caller, _form(b"\xed\xa0\x80"), f"{FORM}; charset={charset}").status in (200, 400, 422)


def test_text_may_hold_any_character(caller: Caller) -> None:
    text = "a\x00b\x1b\u202e\U0001f469\u200d\ufeff\r\n\uffff"

    assert _prompt(_send(caller, _form(text.encode()))) == text


@pytest.mark.parametrize(
    ("disposition", "charset", "name"),
    [
        (b'filename=""', "utf-8", "file"),
        (b'filename="../../a"', "utf-8", "../../a"),
        (b'filename="\xff"', "utf-8", "ÿ"),
        (b'filename="a\x00b"', "utf-8", "a\x00b"),
    ],
)
def test_names_of_files(caller: Caller, disposition: bytes, charset: str, name: str) -> None:
    file = _part(b"x", b'name="files"; ' + disposition, b"text/plain")

    response = _send(caller, _form(more=file), f"{FORM}; charset={charset}")

    assert _prompt(response) == "hello"
    assert response.json()["messages"][1]["text"] == f"hello\n{name} (1 byte, text/plain)"


@pytest.mark.parametrize(
    ("more", "place"),
    [
        (_part(b"text", b'name="files"'), ["body", "files", 0]),
        (_part(b"text", b'name="text_prompt"; filename="a"'), ["body", "text_prompt"]),
    ],
)
def test_text_is_no_file_and_a_file_no_text(caller: Caller, more: bytes, place: list[object]) -> None:
    response = _send(caller, _form(more=more))

    assert response.status == 422
    assert [item["loc"] for item in response.json()["detail"]] == [place]

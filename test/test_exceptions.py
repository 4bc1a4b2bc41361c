"""The tree of errors: who is whose child, what each says, and that all of it survives a pickle."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
import re
from concurrent.futures import ProcessPoolExecutor
from traceback import format_exception
from typing import Any

import pytest
import urllib3

from portal_client import ApiClient, Configuration, HTTPValidationError, Session, SessionsApi, exceptions
from portal_client.exceptions import ApiException, OpenApiException, error_for
from support.chain import chain
from support.scripted import SESSION, Connection, Received, playing, reply

TREE = {
    "OpenApiException": ("Exception",),
    "ApiTypeError": ("OpenApiException", "TypeError"),
    "ApiValueError": ("OpenApiException", "ValueError"),
    "ApiKeyError": ("OpenApiException", "KeyError"),
    "ApiAttributeError": ("OpenApiException", "AttributeError"),
    "ApiException": ("OpenApiException",),
    "BadRequestException": ("ApiException",),
    "UnauthorizedException": ("ApiException",),
    "ForbiddenException": ("ApiException",),
    "NotFoundException": ("ApiException",),
    "ConflictException": ("ApiException",),
    "UnprocessableEntityException": ("ApiException",),
    "TooManyRequestsException": ("ApiException",),
    "ServiceException": ("ApiException",),
    "ApiConnectionError": ("ApiException", "ConnectionError"),
    "ApiTimeoutError": ("ApiConnectionError", "TimeoutError"),
    "WaitTimeout": ("ApiTimeoutError",),
    "ApiStreamError": ("ApiConnectionError",),
    "ApiStreamTimeout": ("ApiStreamError", "ApiTimeoutError"),
    "ApiResponseError": ("ApiException", "ValueError"),
    "AuthenticationError": ("ApiException", "ValueError"),
    "SessionFailed": ("ApiException",),
}
AT_PATH = ["ApiTypeError", "ApiValueError", "ApiKeyError", "ApiAttributeError"]
API = sorted(name for name in TREE if issubclass(getattr(exceptions, name), ApiException))
REFUSED = {"detail": [{"loc": ["body", 0], "msg": "too long", "type": "value_error"}]}


def parents(kind: type[BaseException]) -> set[str]:
    """The public parents: a helper class in between does not count, nor what is no error."""
    found: set[str] = set()
    for base in [each for each in kind.__bases__ if issubclass(each, BaseException)]:
        found |= parents(base) if base.__name__.startswith("_") else {base.__name__}
    return found


@pytest.mark.parametrize(("name", "bases"), TREE.items())
def test_the_tree_is_as_drawn(name: str, bases: tuple[str, ...]) -> None:
    assert parents(getattr(exceptions, name)) == set(bases)


def test_no_error_is_left_out_of_the_tree() -> None:
    public = {
        name
        for name, kind in vars(exceptions).items()
        if isinstance(kind, type) and issubclass(kind, BaseException) and not name.startswith("_")
    }
    assert public == set(TREE)
    assert all(name in (exceptions.__doc__ or "") for name in TREE)


# ── each with all its state ──


def made(name: str) -> OpenApiException:
    """An error of this class with everything set that it can carry."""
    kind: Any = getattr(exceptions, name)
    if name in AT_PATH:
        return kind("bad", ["a", 0])
    if name == "OpenApiException":
        return kind("plain", 1)
    error = kind(
        status=422,
        reason="Why",
        headers=urllib3.HTTPHeaderDict({"X-Request-ID": "r1", "Content-Type": "application/json"}),
        body='{"detail": []}',
        data=HTTPValidationError.from_dict(REFUSED),
        retry_after=1.5,
        request_id="r1",
        request_sent=False,
        safe_to_repeat=True,
    )
    extra: dict[str, dict[str, Any]] = {
        "WaitTimeout": {"session_id": "s1", "session": Session.from_dict(SESSION)},
        "SessionFailed": {"session_id": "s1", "session": Session.from_dict(SESSION)},
        "ApiStreamError": {"events": 3},
        "ApiStreamTimeout": {"events": 3},
        "ApiResponseError": {"line": b"{", "line_number": 7},
    }
    for attribute, value in extra.get(name, {}).items():
        setattr(error, attribute, value)
    return error


def same(one: BaseException, other: BaseException) -> None:
    assert type(one) is type(other)
    assert one is not other
    assert one.args == other.args
    assert vars(one) == vars(other)
    assert str(one) == str(other)
    if isinstance(one, ApiException):
        assert one.headers is not None
        assert one.headers["x-REQUEST-id"] == "r1"
        assert isinstance(one.data, HTTPValidationError)


@pytest.mark.fault("Life cycle", "Each error survives pickle and copy, and comes out of another process")
@pytest.mark.parametrize("name", TREE)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_each_survives_pickle(name: str, protocol: int) -> None:
    error = made(name)

    same(pickle.loads(pickle.dumps(error, protocol)), error)


@pytest.mark.fault("Life cycle", "Each error survives pickle and copy, and comes out of another process")
@pytest.mark.parametrize("name", TREE)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_each_survives_copy(name: str, copied: Any) -> None:
    error = made(name)

    same(copied(error), error)


def fail(name: str) -> None:
    raise made(name)


@pytest.mark.fault("Life cycle", "Each error survives pickle and copy, and comes out of another process")
def test_each_comes_out_of_another_process() -> None:
    # spawn: a fork of a process with threads is what Python warns of
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        futures = {name: pool.submit(fail, name) for name in TREE}
        for name, future in futures.items():
            error = future.exception()
            assert error is not None
            same(error, made(name))


class Own(ApiException):
    """As a user may write it: an argument that `args` does not hold."""

    def __init__(self, session_id: str, *, note: str) -> None:
        super().__init__(status=0, reason="own")
        self.session_id = session_id
        self.note = note


def test_a_subclass_with_required_arguments_survives_pickle() -> None:
    error = pickle.loads(pickle.dumps(Own("s1", note="n")))

    assert (error.session_id, error.note, error.status, error.reason) == ("s1", "n", 0, "own")


@pytest.mark.parametrize("name", API)
def test_args_are_filled(name: str) -> None:
    # OSError.__new__ leaves them empty for a class with its own __init__.
    assert getattr(exceptions, name)(status=0, reason="Why").args == (0, "Why")
    assert getattr(exceptions, name)(0, "Why").args == (0, "Why")


@pytest.mark.parametrize("name", API)
def test_each_can_be_made_empty(name: str) -> None:
    error = getattr(exceptions, name)()

    assert (error.status, error.reason, error.headers, error.body, error.data) == (0, None, None, None, None)
    assert (error.request_id, error.request_sent, error.safe_to_repeat) == (None, True, False)
    assert error.retry_after is None
    assert str(error) == "(0)\n"


def test_the_defaults_of_what_some_carry() -> None:
    assert exceptions.WaitTimeout().session is None
    assert exceptions.ApiStreamError().events == 0


# ── what they say ──


@pytest.mark.parametrize("name", AT_PATH)
def test_the_text_holds_the_path(name: str) -> None:
    kind = getattr(exceptions, name)

    assert str(kind("msg", ["a", 0])) == "msg at ['a'][0]"
    assert str(kind("msg")) == "msg"
    assert kind("msg", ["a", 0]).path_to_item == ["a", 0]
    assert kind("msg").path_to_item is None


def test_the_text_of_a_response() -> None:
    answer = urllib3.HTTPResponse(b"gone", headers={"A": "b"}, status=404, reason="Not Found")
    error = ApiException(http_resp=answer)

    assert str(error) == (
        "(404)\n"
        "Reason: Not Found\n"
        "HTTP response headers: HTTPHeaderDict({'A': 'b'})\n"
        "HTTP response body: gone\n"
    )
    assert (error.status, error.reason, error.body) == (404, "Not Found", "gone")


def test_the_text_hides_a_cookie_of_the_server() -> None:
    headers = {"Set-Cookie": "sid=3141592653", "A": "b"}
    error = ApiException(http_resp=urllib3.HTTPResponse(b"gone", headers=headers, status=404))

    assert "HTTP response headers: {'Set-Cookie': '...', 'A': 'b'}" in str(error)
    assert error.headers is not None
    assert error.headers["Set-Cookie"] == "sid=3141592653"


def test_arguments_beat_the_response() -> None:
    answer = urllib3.HTTPResponse(b"gone", status=404, reason="Not Found")
    error = ApiException(500, "Worse", answer, body="other")

    assert (error.status, error.reason, error.body) == (500, "Worse", "other")


def test_a_request_id_is_in_the_text() -> None:
    assert str(ApiException(0, "Why", request_id="r1")) == "Why\nRequest id: r1\n"


def test_a_long_body_is_cut_in_the_text_only() -> None:
    body = "x" * 4000 + "the end"
    error = ApiException(500, "Why", body=body)

    assert error.body == body
    assert "the end" not in str(error)
    assert "x" * 4000 in str(error)
    assert f"({len(body)} characters)" in str(error)
    assert "characters" not in str(ApiException(500, "Why", body="x" * 4000))


# ── from a real response ──


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestException"),
        (401, "UnauthorizedException"),
        (403, "ForbiddenException"),
        (404, "NotFoundException"),
        (409, "ConflictException"),
        (422, "UnprocessableEntityException"),
        (429, "TooManyRequestsException"),
        (500, "ServiceException"),
        (501, "ServiceException"),
        (599, "ServiceException"),
        (402, "ApiException"),
        (418, "ApiException"),
        (600, "ApiException"),
    ],
)
def test_each_status_has_its_class(status: int, name: str) -> None:
    assert error_for(status) is getattr(exceptions, name)

    with playing(reply({"detail": "no"}, status=status, X_Request_ID="r7", X_Two="2")) as server:
        error = raised(server.host)

    assert type(error) is getattr(exceptions, name)
    assert (error.status, error.reason, error.request_id) == (status, "Reason", "r7")
    assert (error.body, error.data, error.request_sent) == ('{"detail": "no"}', {"detail": "no"}, True)
    assert error.headers is not None
    assert error.headers["x-tWo"] == "2"
    assert len(server.requests) == 1
    same_after_pickle(error)


def raised(host: str, **settings: Any) -> ApiException:
    """The error of a call that is sent once."""
    with (
        ApiClient(Configuration(host, retries=False, **settings)) as client,
        pytest.raises(ApiException) as info,
    ):
        SessionsApi(client).get_session("s1")
    return info.value


def same_after_pickle(error: ApiException) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.args, vars(again), str(again)) == (error.args, vars(error), str(error))


def test_a_422_holds_what_was_refused() -> None:
    with playing(reply(REFUSED, status=422)) as server:
        error = raised(server.host)

    assert isinstance(error.data, HTTPValidationError)
    assert error.data.to_dict() == REFUSED
    assert error.request_id == server.requests[0].headers["X-Request-ID"]
    same_after_pickle(error)


@pytest.mark.parametrize("body", [b'{"detail": "not a list"}', b'{"detail": [{"loc": 5}]}'])
def test_a_422_of_another_form_holds_plain_data(body: bytes) -> None:
    with playing(reply(body, status=422)) as server:
        error = raised(server.host)

    assert isinstance(error, exceptions.UnprocessableEntityException)
    assert isinstance(error.data, dict)
    assert error.body == body.decode()


@pytest.mark.parametrize(
    ("body", "text"), [(b"<html>", "<html>"), (b"\xff\xfe caf\xe9", "�� caf�"), (b"", "")]
)
def test_a_body_that_is_not_json(body: bytes, text: str) -> None:
    with playing(reply(body, status=500)) as server:
        error = raised(server.host)

    assert isinstance(error, exceptions.ServiceException)
    assert (error.body, error.data) == (text, None)


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-1", "café"),
        ('"ISO-8859-2"', "žluťoučký"),
        ("windows-1251", "ошибка"),
        ("Shift_JIS", "障害"),
        ("gbk", "错误"),
        ("utf-16", "café"),
        ("utf-8", "café"),
    ],
)
def test_the_body_of_an_error_is_read_by_its_charset(charset: str, text: str) -> None:
    answer = reply(text.encode(charset.strip('"')), status=502, Content_Type=f"text/html; charset={charset}")
    with playing(answer) as server:
        assert raised(server.host).body == text


@pytest.mark.parametrize(
    "charset", ["utf-7", "idna", "unicode_escape", "rot13", "hex", "zip", "no-such", "", "\x01"]
)
def test_a_charset_that_is_not_usual_is_left_alone(charset: str) -> None:
    answer = reply("café \\x41 +AGE-".encode(), status=502, Content_Type=f"text/html; charset={charset}")
    with playing(answer) as server:
        assert raised(server.host).body in ("café \\x41 +AGE-", None)


@pytest.mark.parametrize("status", [403, 413, 429, 503])
@pytest.mark.parametrize(("header", "seconds"), [("90", 90.0), ("soon", None), (None, None)])
def test_an_error_says_when_to_come_back(status: int, header: str | None, seconds: float | None) -> None:
    with playing(reply({}, status=status, **({"Retry_After": header} if header else {}))) as server:
        error = raised(server.host)

    assert error.retry_after == seconds
    assert len(server.requests) == 1
    same_after_pickle(error)


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_what_is_no_redirect_is_not_called_one(status: int) -> None:
    with playing(reply(b"", status=status, Location="/elsewhere", close=True)) as server:
        error = raised(server.host)

    assert (error.status, error.reason) == (status, "Reason")


# ── what a server says is data ──

TOKEN = "SECRET-TOKEN-1"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def odd(body: bytes = b"", reason: str = "No", status: int = 500, **headers: str) -> bytes:
    """An error of the server, byte for byte."""
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(body)}\r\n".encode()
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return head + named.encode("latin-1") + b"\r\n" + body


@pytest.mark.fault("Secrets", "What a server says reaches a terminal as text, in each part of an error")
@pytest.mark.parametrize(
    "answer",
    [
        odd(f"oops {ESCAPES}\r\n".encode()),
        odd(X_Request_ID="\x9b2J\xad"),
        odd(X_Other="\x9b2J"),
        odd(json.dumps({"detail": ESCAPES}, ensure_ascii=False).encode(), status=409),
    ],
    ids=range(4),
)
def test_no_part_of_an_error_is_obeyed_by_a_terminal(answer: bytes) -> None:
    with playing(answer) as server:
        error = raised(server.host)

    assert not OBEYED.search(str(error))
    assert not OBEYED.search(str(error.reason))


def test_the_attributes_stay_as_they_came() -> None:
    with playing(odd(f"one\r\n{ESCAPES}".encode(), X_Request_ID="r\xad1")) as server:
        error = raised(server.host)

    assert (error.body, error.request_id) == (f"one\r\n{ESCAPES}", "r\xad1")
    assert "one\n\\x1b]0;owned" in str(error)


def test_headers_and_reason_are_cut_in_the_text() -> None:
    with playing(odd(reason="y" * 50_000, X_Long="x" * 60_000)) as server:
        error = raised(server.host)

    assert len(str(error)) < 10_000
    assert error.headers is not None
    assert error.headers["X-Long"] == "x" * 60_000


def echo(connection: Connection, request: Received) -> None:
    """What a server in debug mode does: it shows the request."""
    connection.send(
        reply(f"{request.target}\n{request.headers}".encode(), status=500, X_Echo=str(request.target))
    )


@pytest.mark.fault(
    "Secrets", "A credential that the server repeats stands in no text, reason or pickle of an error"
)
@pytest.mark.parametrize(
    ("auth", "secret"),
    [
        (None, TOKEN),
        ({"in": "header", "key": "X-Api-Key", "value": "SECRET-KEY-2"}, "SECRET-KEY-2"),
        ({"in": "query", "key": "key", "value": "SECRET/KEY&3"}, "SECRET/KEY%263"),
        ({"in": "cookie", "key": "sid", "value": "SECRET-KEY-4"}, "SECRET-KEY-4"),
        ({"in": "header", "key": "Authorization", "value": "Basic U0VDUkVU"}, "U0VDUkVU"),
    ],
    ids=["bearer", "header", "query", "cookie", "basic"],
)
def test_a_repeated_credential_is_masked(auth: dict[str, Any] | None, secret: str) -> None:
    with (
        playing(echo) as server,
        ApiClient(Configuration(server.host, access_token=TOKEN, retries=False)) as client,
    ):
        client.cookie = "crumb=SECRET-CRUMB"
        client.set_default_header("X-Secret", "SECRET-HEADER")
        with pytest.raises(ApiException) as info:
            SessionsApi(client).get_session("s1", _request_auth=auth) if auth else SessionsApi(
                client
            ).get_session("s1")
    error = info.value

    again = pickle.loads(pickle.dumps(error))
    for private in (secret, "SECRET-CRUMB", "SECRET-HEADER"):
        assert private in str(error.body)
        for seen in (str(error), repr(error), str(again), f"{vars(again)}", "".join(format_exception(error))):
            assert private not in seen
    assert "***" in str(error)
    assert "User-Agent" in str(error)
    assert str(again) == str(error)


@pytest.mark.fault(
    "Secrets", "A credential that the server repeats stands in no text, reason or pickle of an error"
)
@pytest.mark.parametrize(
    "answer",
    [
        lambda connection, request: (
            connection.send(f"GET {request.target} HTTP/1.1\r\n\r\n".encode()) and False
        ),
        lambda connection, request: connection.send(
            f"HTTP/1.1 500 {request.headers['Authorization']}\r\nContent-Length: 0\r\n\r\n".encode()
        ),
        lambda connection, request: connection.send(reply({request.headers["Authorization"]: 1})),
        lambda connection, request: connection.send(reply({"id": request.headers["Authorization"]})),
        lambda connection, request: connection.send(
            reply(b"no gzip", Content_Encoding="gzip", X_Echo=request.headers["Authorization"])
        ),
    ],
    ids=["as a status line", "as a reason", "in an odd field", "in a value", "in a header"],
)
def test_a_repeated_credential_is_masked_wherever_it_stands(answer: Any) -> None:
    auth = {"in": "query", "key": "key", "value": TOKEN}
    with playing(answer) as server, ApiClient(Configuration(server.host, retries=False)) as client:
        for given in (auth, {"in": "header", "key": "Authorization", "value": f"Bearer {TOKEN}"}):
            with pytest.raises(ApiException) as info:
                SessionsApi(client).get_session("s1", _request_auth=given)
            assert TOKEN not in "".join(format_exception(info.value))
            assert TOKEN.encode() not in pickle.dumps(chain(info.value))


@pytest.mark.parametrize("body", [r'{"detail":"SECRET\/TOKEN"}', r'{"detail":"\u0053ECRET/TOKEN"}'])
def test_a_credential_that_is_repeated_in_escapes_is_in_no_pickle(body: str) -> None:
    with playing(reply(body.encode(), status=400)) as server:
        error = raised(server.host, access_token="SECRET/TOKEN")

    assert error.data == {"detail": "SECRET/TOKEN"}
    assert pickle.loads(pickle.dumps(error)).data == {"detail": "***"}


@pytest.mark.fault(
    "Secrets", "A credential that the server repeats stands in no text, reason or pickle of an error"
)
@pytest.mark.parametrize(
    "written",
    [
        r"\u0053\u0045CRET-TOKEN-1",
        r"\\u0053ECRET-TOKEN-1",
        "&#83;&#69;CRET-TOKEN-1",
        "&#x53;ECRET&#X2D;TOKEN-1",
        "%53ECRET%2dTOKEN-1",
        "U0VDUkVULVRPS0VOLTE=",
        "U0VDUkVULVRPS0VOLTE",
    ],
)
@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_repeated_credential_is_masked_in_each_writing(written: str, status: int) -> None:
    answer = odd(f'{{"detail": "no {written} here"}}'.encode(), written, status, X_Echo=f"Bearer {written}")
    with playing(answer) as server:
        error = raised(server.host, access_token=TOKEN)

    again = pickle.loads(pickle.dumps(error))
    assert written in str(error.body)
    for seen in (str(error), repr(error), repr(vars(again)), "".join(format_exception(error))):
        assert written.replace("\\\\", "\\") not in seen.replace("\\\\", "\\")
    assert "no *** here" in str(error)
    assert error.reason is not None
    assert TOKEN not in error.reason


# ── the first line is what a log shows ──


@pytest.mark.parametrize(
    ("error", "first"),
    [
        (ApiException(0, "refused (nothing was sent)"), "refused (nothing was sent)"),
        (exceptions.ApiStreamError(200, "the stream was cut"), "the stream was cut"),
        (
            exceptions.ApiResponseError(200, "the response is not what it declares"),
            "the response is not what it declares",
        ),
        (exceptions.AuthenticationError(400, "no token: refused"), "no token: refused"),
        (exceptions.AuthenticationError(0, "no token: gone"), "no token: gone"),
        (exceptions.NotFoundException(404, "Not Found"), "(404)"),
        (ApiException(), "(0)"),
    ],
)
def test_the_first_line_says_what_happened(error: ApiException, first: str) -> None:
    assert str(error).splitlines()[0] == first
    assert str(error).endswith("\n")


@pytest.mark.parametrize("body", [b"not json", b"", b'{"id": 5}', b"[]"])
def test_a_success_that_is_not_what_was_promised(body: bytes) -> None:
    with playing(reply(body, X_Request_ID="r9")) as server:
        error = raised(server.host)

    assert isinstance(error, exceptions.ApiResponseError)
    assert isinstance(error, ValueError)
    assert (error.status, error.body, error.request_id) == (200, body.decode(), "r9")
    assert "get_session" in str(error.reason)
    same_after_pickle(error)


def test_no_connection() -> None:
    with playing(reply()) as server:
        host = server.host
    error = raised(host)

    assert isinstance(error, exceptions.ApiConnectionError)
    assert isinstance(error, ConnectionError)
    assert (error.status, error.request_sent, error.body, error.data) == (0, False, None, None)
    assert error.request_id
    assert error.args == (0, error.reason)
    same_after_pickle(error)

"""What a request shows of who calls, and what a header can carry."""

from __future__ import annotations

import enum
import traceback
from base64 import b64decode
from typing import Any

import pytest

from portal_client import ApiClient, ApiValueError, Configuration, SessionsApi, UnauthorizedException
from portal_client.credential import Credential, check_header, split_url
from support.clients import call, client_of, shown
from support.scripted import playing, reply

TOKEN = "tok-3141592653"


# ── headers ──


@pytest.mark.fault("Secrets", "A token that no header can carry is refused by name, without showing it")
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("\rx", "a line break"),
        ("\nx", "a line break"),
        ("\r\nX: y", "a line break"),
        ("ł", "U+0142"),
        ("\x7f", "U+007F"),
    ],
)
def test_a_literal_that_no_header_can_carry(bad: str, said: str) -> None:
    configuration = Configuration(access_token="good")
    for refused in (
        lambda: Configuration(access_token=TOKEN + bad),
        lambda: setattr(configuration, "access_token", TOKEN + bad),
    ):
        with pytest.raises(ApiValueError) as info:
            refused()
        assert "access_token" in str(info.value)
        assert said in str(info.value)
        assert TOKEN not in "".join(traceback.format_exception(info.value))
    assert configuration.access_token == "good"


@pytest.mark.parametrize("value", [5, b"bytes", ["list"], True])
def test_a_token_of_another_type(value: Any) -> None:
    with pytest.raises(ApiValueError, match="access_token must be a str or a callable"):
        Configuration(access_token=value)


def test_a_token_that_was_not_awaited() -> None:
    async def token() -> str:
        return TOKEN

    with pytest.raises(ApiValueError, match="not coroutine, which is to be awaited"):
        Configuration(access_token=token())  # type: ignore[arg-type]


def test_latin_1_and_tabs_are_sent() -> None:
    with playing(reply()) as server:
        call(server.host, "caf\xe9\tx\x80\xff")

    (request,) = server.requests
    raw = dict(request.headers.raw_items())["Authorization"]
    assert raw.encode("ascii", "surrogateescape") == b"Bearer caf\xe9\tx\x80\xff"


@pytest.mark.fault("Secrets", "A token that no header can carry is refused by name, without showing it")
@pytest.mark.parametrize("value", ["a\nb", "ł", "\x00"])
def test_check_header_names_the_header_only(value: str) -> None:
    with pytest.raises(ApiValueError, match="X-Key holds") as info:
        check_header("X-Key", TOKEN + value)

    assert TOKEN not in str(info.value)


@pytest.mark.parametrize("name", ["", "X: y", "X-Ä", "X\n"])
def test_a_name_that_no_header_can_have_is_refused(name: str) -> None:
    with playing(reply()) as server, pytest.raises(ApiValueError) as info:
        call(server.host, TOKEN, _headers={name: "x"})

    assert str(info.value) == f"a header: {name!r} is not the name of a header"
    assert server.connections == 0


@pytest.mark.parametrize("value", [5, b"bytes", None])
def test_a_header_of_another_type_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ApiValueError, match=rf"^X-Key must be a str, not {type(value).__name__}$"):
        check_header("X-Key", value)


# ── the address of a proxy ──


@pytest.mark.parametrize(
    ("proxy", "credentials"),
    [
        ("http://{}", None),
        ("{}", None),
        ("ann:word@{}", b"ann:word"),
        ("http://ann:w://@rd@{}", b"ann:w://@rd"),
        ("http://CORP%5Cann@{}", b"CORP\\ann:"),
    ],
)
def test_the_credentials_of_a_proxy_stand_in_its_address(proxy: str, credentials: bytes | None) -> None:
    with playing(reply()) as server:
        settings = {"proxy": proxy.format(server.host.removeprefix("http://"))}
        with client_of("http://service.test", **settings) as client:
            SessionsApi(client).get_session("s1")

    (request,) = server.requests
    header = request.headers["Proxy-Authorization"]
    assert (header and b64decode(header.removeprefix("Basic "))) == credentials
    assert request.target == "http://service.test/sessions/s1"


def test_an_address_without_a_scheme_is_one_of_http() -> None:
    assert split_url("ann:word@proxy:3128") == ("http://proxy:3128", b"ann", b"word")


# ── _request_auth ──


AUTH = {"in": "header", "key": "X-Key", "value": TOKEN}


def test_a_header_replaces_the_bearer() -> None:
    with playing(reply()) as server:
        call(server.host, "other", _request_auth=AUTH)

    (request,) = server.requests
    assert request.headers["X-Key"] == TOKEN
    assert request.headers["Authorization"] is None
    assert request.target == "/sessions/s1"


def test_a_header_of_the_same_name_is_replaced() -> None:
    with playing(reply()) as server:
        call(server.host, "other", _request_auth={**AUTH, "key": "x-key"}, _headers={"X-KEY": "mine"})

    assert server.requests[0].headers.get_all("x-key") == [TOKEN]


def test_a_query_parameter_is_appended() -> None:
    with playing(reply({"sessions": []})) as server, ApiClient(Configuration(server.host)) as client:
        auth = {"in": "query", "key": "k&", "value": "v w/&"}
        SessionsApi(client).get_sessions("a1", _request_auth=auth)
        SessionsApi(client).get_grouped_sessions_without_preload_content(_request_auth=auth).close()

    assert [r.target for r in server.requests] == [
        "/sessions?agent_id=a1&k%26=v%20w/%26",
        "/sessions/grouped?k%26=v%20w/%26",
    ]


def test_a_cookie_joins_the_others() -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host), cookie="a=1") as client:
        SessionsApi(client).get_session("s1", _request_auth={"in": "cookie", "key": "sid", "value": TOKEN})

    assert server.requests[0].headers.get_all("Cookie") == [f"a=1; sid={TOKEN}"]


def test_it_counts_where_no_token_would_be_sent() -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host)) as client:
        SessionsApi(client).subscribe_to_session("s1", _request_auth=AUTH)

    assert server.requests[0].headers["X-Key"] == TOKEN


class Name(str, enum.Enum):
    """A text that is called otherwise: str() of it is Name.DEV."""

    DEV = TOKEN


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (f"Bearer {TOKEN}", f"Bearer {TOKEN}"),
        (f"bearer {TOKEN}", f"bearer {TOKEN}"),
        (f"\ufeff Bearer Bearer  {TOKEN}\n", f"Bearer {TOKEN}"),
        (f"Bearer \ufeff{TOKEN}\n", f"Bearer {TOKEN}"),
        (f"Token {TOKEN}\n", f"Token {TOKEN}"),
        (Name.DEV, TOKEN),
    ],
)
def test_its_value_as_it_is_pasted(value: str, sent: str) -> None:
    with playing(reply()) as server:
        call(server.host, "other", _request_auth={**AUTH, "key": "Authorization", "value": value})

    assert shown(server) == [sent]


@pytest.mark.parametrize("value", ["", " \n", "Bearer ", "bearer", "Bearer Bearer "])
def test_an_empty_value_is_none(value: str) -> None:
    with (
        playing(reply({}, status=401)) as server,
        pytest.raises(UnauthorizedException, match="without a token"),
    ):
        call(server.host, "other", _request_auth={**AUTH, "key": "Authorization", "value": value})

    assert shown(server) == [None]


@pytest.mark.parametrize("place", ["query", "cookie", "header"])
def test_a_key_of_another_kind_is_sent_as_it_is(place: str) -> None:
    with playing(reply()) as server:
        auth = {"in": place, "key": Name.DEV, "value": "bearer\n"}
        call(server.host, "other", _request_auth=auth)

    (request,) = server.requests
    assert {
        "query": request.target.partition("?")[2],
        "cookie": request.headers["Cookie"],
        "header": f"{TOKEN}={request.headers[TOKEN]}",
    }[place] == f"{TOKEN}=bearer"


def test_a_header_of_an_enumeration_is_its_value() -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host), cookie=Name.DEV) as client:
        client.set_default_header("X-Default", Name.DEV)
        SessionsApi(client).get_session("s1", _headers={"X-Call": Name.DEV})

    headers = server.requests[0].headers
    assert [headers[name] for name in ("X-Default", "X-Call", "Cookie")] == [TOKEN] * 3


def test_a_signature_sends_nothing() -> None:
    with playing(reply()) as server:
        call(
            server.host,
            TOKEN,
            _request_auth={"type": "http-signature", "in": "header", "key": "k", "value": "v"},
        )

    assert shown(server) == [None]
    assert server.requests[0].headers["k"] is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"in": "body"}, ': "in" must be "header", "query" or "cookie"'),
        ({"in": None}, ': "in" must be "header", "query" or "cookie"'),
        ({"in": ["header"]}, ': "in" must be "header", "query" or "cookie"'),
        ({"key": 5}, ': "key" must be a str'),
        ({"key": None}, ': "key" must be a str'),
        ({"key": "X\r\nEvil"}, r": 'X\r\nEvil' is not the name of a header"),
        ({"key": "X: y"}, ": 'X: y' is not the name of a header"),
        ({"key": ""}, ": '' is not the name of a header"),
        ({"key": "ł"}, ": 'ł' is not the name of a header"),
        ({"value": 5}, ': "value" must be a str'),
        ({"value": None}, ': "value" must be a str'),
        ({"value": f"{TOKEN}\r\nEvil: 1"}, " holds a line break, which a header cannot carry"),
        ({"value": f"{TOKEN}ł"}, " holds the character U+0142, which a header cannot carry"),
    ],
)
def test_a_wrong_request_auth_is_refused(change: dict[str, Any], why: str) -> None:
    with playing(reply()) as server, pytest.raises(ApiValueError) as info:
        call(server.host, TOKEN, _request_auth={**AUTH, **change})

    assert str(info.value) == f"_request_auth{why}"
    assert server.connections == 0


def test_a_credential_does_not_show_its_value() -> None:
    credential = Credential.of(AUTH)

    assert credential is not None
    assert credential.resolve() == TOKEN
    assert TOKEN not in f"{credential!r} {credential}"


def test_a_query_parameter_whose_name_is_no_text_is_refused() -> None:
    with pytest.raises(ApiValueError, match='_request_auth: "key" holds a lone surrogate'):
        Credential.of({"in": "query", "key": "k\ud83d", "value": "v"})

"""Secrets are held so that nothing shows them: no repr, log, error or pickle."""

from __future__ import annotations

import copy
import enum
import logging
import multiprocessing
import pickle
import ssl
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from finbourne_candela.extensions.proxy_config import ProxyConfig
from portal_client import (
    ApiClient,
    ApiException,
    ApiValueError,
    AuthenticationError,
    Configuration,
    EnvToken,
    FileToken,
    SessionsApi,
)
from portal_client.secret import Hidden, HiddenBytes, Lost, Secret, Secrets
from support.clients import call, own_frames, shown
from support.scripted import playing, reply

TOKEN = "tok-3141592653"


def journey(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


# ── how secrets are held ──


def test_a_secret_shows_itself_to_those_who_ask() -> None:
    secret = Secret("password", TOKEN)

    assert secret.reveal() == TOKEN
    assert f"{secret} {secret!r} {[secret]}" == "'***' '***' ['***']"
    assert copy.copy(secret).reveal() == copy.deepcopy(secret).reveal() == TOKEN
    assert TOKEN.encode() not in pickle.dumps(secret)


def test_texts_on_their_way_to_the_wire_show_nothing_to_tools_that_print_variables() -> None:
    variables = {"token": Hidden(TOKEN), "body": HiddenBytes(TOKEN.encode())}

    assert repr(variables) == """{'token': '***', 'body': b'***'}"""
    assert [variables["token"], variables["body"]] == [TOKEN, TOKEN.encode()]


GIVE_A_REFERENCE = ", or give a reference such as EnvToken(...) where a callable is taken"


@pytest.mark.parametrize(
    ("value", "what", "instead"),
    [(TOKEN, "a literal", GIVE_A_REFERENCE), (ssl.create_default_context(), "an object", "")],
)
def test_a_lost_secret_names_what_was_lost(value: Any, what: str, instead: str) -> None:
    lost = journey(Secret("password", value))

    for each in (lost, journey(lost)):  # a second journey loses nothing more
        assert isinstance(each, Lost)
        with pytest.raises(AuthenticationError) as info:
            each()
        assert info.value.reason == (
            f"password was given as {what}, which pickle does not carry; set it again{instead}"
        )
        assert (info.value.status, info.value.request_sent) == (0, False)


def test_secrets_show_names_and_plain_headers() -> None:
    secrets = Secrets({"X-Key": TOKEN, "User-Agent": "me"}, label="default header")

    assert repr(secrets) == str(secrets) == "{'X-Key': '***', 'User-Agent': 'me'}"
    assert secrets["X-Key"] == TOKEN
    for copied in (copy.copy(secrets), copy.deepcopy(secrets)):
        assert copied == secrets
        assert copied is not secrets
        assert TOKEN not in repr(copied)


def test_pickled_secrets_keep_plain_headers_only() -> None:
    secrets = Secrets({"X-Key": TOKEN, "User-Agent": "me"}, label="default header")
    data = pickle.dumps(secrets)
    again = pickle.loads(data)

    assert TOKEN.encode() not in data
    assert again["User-Agent"] == "me"
    for unpickled in (again, journey(again), journey(copy.copy(secrets))):
        with pytest.raises(AuthenticationError, match="default header 'X-Key' was given"):
            unpickled["X-Key"]()
    with pytest.raises(AuthenticationError, match=r"^value 'X-Key' was given"):
        journey(Secrets(secrets))["X-Key"]()


class Name(str, enum.Enum):
    """A text that is called otherwise: str() of it is Name.DEV."""

    DEV = TOKEN


class Late:
    """A text that is fetched when it is used; it says that it is a str, as the proxies of wrapt do."""

    fetched = 0

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return str

    def __str__(self) -> str:
        self.fetched += 1
        return TOKEN


def basic(configuration: Configuration) -> str:
    return b64decode(configuration.get_basic_auth_token().removeprefix("Basic ")).decode()


def test_a_setting_that_is_an_enumeration_is_its_value() -> None:
    assert basic(Configuration(username=Name.DEV, password=Name.DEV)) == f"{TOKEN}:{TOKEN}"


def test_a_setting_that_is_fetched_late_is_fetched_when_it_is_used() -> None:
    password: Any = Late()
    configuration = Configuration(username="ann", password=password)

    assert password.fetched == 0
    assert basic(configuration) == f"ann:{TOKEN}"


# ── nothing is shown ──


def full() -> Configuration:
    """A configuration with a secret in each argument that takes one."""
    return Configuration(
        api_key={"key": TOKEN},
        username=TOKEN,
        password=TOKEN,
        access_token=TOKEN,
        proxy=f"http://user:{TOKEN}@localhost:1",
    )


def full_client() -> ApiClient:
    client = ApiClient(full(), "X-Key", TOKEN, cookie=TOKEN)
    client.set_default_header("Authorization", TOKEN)
    return client


def api() -> SessionsApi:
    return SessionsApi(full_client())


def assigned_api_key() -> Configuration:
    configuration = Configuration()
    configuration.api_key = {"key": TOKEN}
    return configuration


def assigned_proxy_headers() -> Configuration:
    configuration = Configuration()
    configuration.proxy_headers = {"Proxy-Authorization": TOKEN}
    return configuration


def assigned_default_headers() -> ApiClient:
    client = ApiClient(Configuration())
    client.default_headers = {"X-Key": TOKEN}
    return client


HOLDERS = [full, full_client, api, assigned_api_key, assigned_proxy_headers, assigned_default_headers]


@pytest.mark.fault("Secrets", "No repr, str or vars() shows a secret")
@pytest.mark.parametrize("make", HOLDERS)
def test_nothing_shows_a_secret(make: Callable[[], Any]) -> None:
    thing = make()

    assert TOKEN not in f"{thing} {thing!r}"
    assert TOKEN not in str(vars(thing))


@pytest.mark.fault("Secrets", "Pickle carries no secret, and what comes out says what it lost")
@pytest.mark.parametrize("make", HOLDERS)
def test_pickle_carries_no_secret(make: Callable[[], Any]) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert TOKEN.encode() not in pickle.dumps(make(), protocol)


@pytest.mark.fault("Life cycle", "Copies of a client work, over connections of their own")
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_keep_all_secrets(copied: Callable[[Any], Any]) -> None:
    client = copied(full_client())
    configuration = copied(full())

    assert configuration.access_token == configuration.username == configuration.password == TOKEN
    assert configuration.api_key == {"key": TOKEN}
    assert configuration.proxy == f"http://user:{TOKEN}@localhost:1"
    assert client.configuration.access_token == client.cookie == TOKEN
    assert client.default_headers["X-Key"] == TOKEN


def with_token(host: str) -> ApiClient:
    return ApiClient(Configuration(host, access_token=TOKEN))


def with_header(host: str) -> ApiClient:
    return ApiClient(Configuration(host), "X-Key", TOKEN)


def with_cookie(host: str) -> ApiClient:
    return ApiClient(Configuration(host), cookie=TOKEN)


@pytest.mark.fault("Secrets", "Pickle carries no secret, and what comes out says what it lost")
@pytest.mark.parametrize(
    ("make", "name"),
    [(with_token, "access_token"), (with_header, "X-Key"), (with_cookie, "cookie")],
)
def test_an_unpickled_client_says_what_it_lost(make: Callable[[str], ApiClient], name: str) -> None:
    with playing(reply()) as server:
        with journey(make(server.host)) as client, pytest.raises(AuthenticationError, match=name) as info:
            SessionsApi(client).get_session("s1")
        assert server.connections == 0

    assert info.value.request_sent is False
    assert "EnvToken" in str(info.value)


def test_an_unpickled_client_can_be_given_the_token_again() -> None:
    with playing(reply()) as server, journey(with_token(server.host)) as client:
        client.configuration.access_token = "again"
        SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer again"]


@pytest.mark.parametrize("ask_for", ["username", "password", "proxy"])
def test_an_unpickled_configuration_says_what_it_lost(ask_for: str) -> None:
    with pytest.raises(AuthenticationError, match=ask_for):
        getattr(journey(full()), ask_for)


def test_an_unpickled_api_key_says_that_it_is_lost() -> None:
    with pytest.raises(AuthenticationError, match="api_key 'key'"):
        journey(full()).get_api_key_with_prefix("key")


@pytest.mark.fault("Secrets", "References to tokens survive pickle, the tokens do not travel")
def test_references_survive_a_journey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text("from-file", encoding="utf-8")
    monkeypatch.setenv("TOK", "from-env")
    with playing(reply()) as server:
        for source in (EnvToken("TOK"), FileToken(path)):
            client = ApiClient(Configuration(server.host, access_token=source))
            assert b"from-" not in pickle.dumps(client)
            with journey(client) as again:
                SessionsApi(again).get_session("s1")

    assert shown(server) == ["Bearer from-env", "Bearer from-file"]


def read(api: SessionsApi) -> str:
    with api.api_client:
        return api.get_session("s1").id


@pytest.mark.fault("Life cycle", "A client with an EnvToken works in a pool of processes")
def test_a_client_works_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TEST_TOKEN", TOKEN)
    with playing(reply()) as server:
        api = SessionsApi(ApiClient(Configuration(server.host, access_token=EnvToken("PORTAL_TEST_TOKEN"))))
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            assert list(pool.map(read, [api, api])) == ["s1", "s1"]

    assert shown(server) == [f"Bearer {TOKEN}"] * 2


# ── errors, logs ──


def refused(host: str) -> None:
    call(host, TOKEN)


def refused_callable(host: str) -> None:
    call(host, lambda: TOKEN)


def refused_default_header(host: str) -> None:
    with ApiClient(Configuration(host, retries=False), "X-Key", TOKEN, cookie=TOKEN) as client:
        SessionsApi(client).get_session("s1")


WAYS = [refused, refused_callable, refused_default_header]


@pytest.mark.fault("Secrets", "Tools that print the variables of a traceback see no token")
@pytest.mark.parametrize("way", WAYS)
def test_locals_of_a_refused_call_hold_no_token(way: Callable[[str], None]) -> None:
    with playing(reply({}, status=403)) as server, pytest.raises(ApiException) as info:
        way(server.host)

    assert len(server.requests) == 1
    assert TOKEN not in str(info.value)
    assert TOKEN not in own_frames(info.value)


@pytest.mark.fault("Secrets", "Tools that print the variables of a traceback see no token")
@pytest.mark.parametrize("way", WAYS)
def test_locals_of_a_lost_connection_hold_no_token(way: Callable[[str], None]) -> None:
    with playing(lambda connection, request: False) as server, pytest.raises(ApiException) as info:
        way(server.host)

    assert len(server.requests) == 1
    assert TOKEN not in str(info.value)
    assert TOKEN not in own_frames(info.value)


@pytest.mark.fault(
    "Secrets",
    "No log holds a token, prompt, file, cookie or header, with the root logger at its lowest level",
)
@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_no_log_holds_a_token(place: str, caplog: pytest.LogCaptureFixture) -> None:
    # The root logger is set to DEBUG, as a script does that looks for a fault.
    with playing(reply()) as server, caplog.at_level(logging.DEBUG):
        call(server.host, TOKEN, _headers={"X-Own": TOKEN})
        call(server.host, _request_auth={"in": place, "key": "X-Key", "value": TOKEN})

    assert len(server.requests) == 2
    assert "get_session" in caplog.text
    assert TOKEN not in caplog.text


# ── what it is not ──


@pytest.mark.parametrize(
    ("owner", "name", "value", "message"),
    [
        (Configuration, "username", 5, "username must be a str, not int"),
        (Configuration, "password", b"word-3141592653", "password must be a str, not bytes"),
        (Configuration, "proxy", 3128, "proxy must be a str, not int"),
        (Configuration, "api_key", "key-3141592653", "api_key must be a mapping, not str"),
        (Configuration, "proxy_headers", ["X-A: 3141592653"], "proxy_headers must be a mapping, not list"),
        (ApiClient, "cookie", {"a": "3141592653"}, "cookie must be a str, not dict"),
        (ApiClient, "default_headers", "X-A: 3141592653", "default_headers must be a mapping, not str"),
        (partial(ProxyConfig, "http://p:1"), "password", 3141592653, "password must be a str, not int"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name_and_not_shown(
    owner: Callable[[], Any], name: str, value: Any, message: str
) -> None:
    holder = owner()
    before = getattr(holder, name)
    with pytest.raises(ApiValueError) as raised:
        setattr(holder, name, value)

    assert str(raised.value) == message
    assert "314" not in own_frames(raised.value)
    assert getattr(holder, name) == before

"""Where tokens come from, and that they go nowhere but to the server."""

from __future__ import annotations

import copy
import functools
import logging
import multiprocessing
import pickle
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import portal_client
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
from portal_client.auth import Credential, Lost, Secret, Secrets, ask, check_header
from scripted import Script, playing, reply

TOKEN = "tok-3141592653"


def call(host: str, token: Any = None, **options: Any) -> None:
    with ApiClient(Configuration(host, access_token=token, retries=False)) as client:
        SessionsApi(client).get_session("s1", **options)


def shown(server: Script) -> list[str | None]:
    return [request.headers["Authorization"] for request in server.requests]


# ── how secrets are held ──


def test_a_secret_shows_itself_to_those_who_ask() -> None:
    secret = Secret("password", TOKEN)

    assert secret.reveal() == TOKEN
    assert TOKEN not in f"{secret} {secret!r} {[secret]}"
    assert copy.copy(secret).reveal() == copy.deepcopy(secret).reveal() == TOKEN
    assert TOKEN.encode() not in pickle.dumps(secret)


def test_a_lost_secret_names_what_was_lost() -> None:
    lost = pickle.loads(pickle.dumps(Secret("password", TOKEN)))

    assert isinstance(lost, Lost)
    with pytest.raises(AuthenticationError, match="password was given as a literal") as info:
        lost()
    assert (info.value.status, info.value.request_sent) == (0, False)
    assert isinstance(pickle.loads(pickle.dumps(lost)), Lost)  # a second journey loses nothing more


def test_secrets_show_names_and_plain_headers() -> None:
    secrets = Secrets({"X-Key": TOKEN, "User-Agent": "me"}, label="default header")

    assert repr(secrets) == str(secrets) == "{'X-Key': '***', 'User-Agent': 'me'}"
    assert secrets["X-Key"] == TOKEN
    for copied in (copy.copy(secrets), copy.deepcopy(secrets)):
        assert copied == secrets
        assert copied is not secrets
        assert TOKEN not in repr(copied)


def test_pickled_secrets_keep_plain_headers_only() -> None:
    data = pickle.dumps(Secrets({"X-Key": TOKEN, "User-Agent": "me"}, label="default header"))
    again = pickle.loads(data)

    assert TOKEN.encode() not in data
    assert again["User-Agent"] == "me"
    with pytest.raises(AuthenticationError, match="default header 'X-Key'"):
        again["X-Key"]()


# ── where tokens come from ──


def test_a_string_is_sent_as_it_is() -> None:
    with playing(reply()) as server:
        call(server.host, TOKEN)

    assert shown(server) == [f"Bearer {TOKEN}"]


def test_an_empty_string_sends_the_scheme_alone() -> None:
    with playing(reply()) as server:
        call(server.host, "")

    assert [value and value.rstrip() for value in shown(server)] == ["Bearer"]


def test_none_sends_no_header() -> None:
    with playing(reply()) as server:
        call(server.host, None)

    assert shown(server) == [None]


def test_a_callable_is_asked_for_each_request() -> None:
    tokens = iter(["one", "two"])
    configuration = Configuration(access_token=lambda: next(tokens))
    with playing(reply()) as server, ApiClient(configuration) as client:
        configuration.host = server.host
        SessionsApi(client).get_session("s1")
        SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer one", "Bearer two"]
    assert next(tokens, None) is None


def test_a_variable_is_read_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        playing(reply()) as server,
        ApiClient(Configuration(server.host, access_token=EnvToken("TOK"))) as client,
    ):
        for value in ("one", " two\n"):
            monkeypatch.setenv("TOK", value)
            SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_is_read_for_each_request(tmp_path: Path, kind: Callable[[Path], Any]) -> None:
    path = tmp_path / "token"
    configuration = Configuration(access_token=FileToken(kind(path)))
    with playing(reply()) as server, ApiClient(configuration) as client:
        configuration.host = server.host
        for value in ("one\r\n", "\n two "):
            path.write_text(value, encoding="utf-8")
            SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer one", "Bearer two"]


def test_a_later_token_is_taken() -> None:
    configuration = Configuration(access_token="one")
    with playing(reply()) as server, ApiClient(configuration) as client:
        configuration.host = server.host
        SessionsApi(client).get_session("s1")
        configuration.access_token = "two"
        SessionsApi(client).get_session("s1")

    assert shown(server) == ["Bearer one", "Bearer two"]


def test_an_operation_without_security_sends_no_token() -> None:
    def must_not_be_asked() -> str:
        raise AssertionError

    with playing(reply()) as server:
        for token in (TOKEN, must_not_be_asked):
            with ApiClient(Configuration(server.host, access_token=token)) as client:
                SessionsApi(client).subscribe_to_session("s1")

    assert shown(server) == [None, None]


def test_a_fixed_token_is_not_tried_again_after_401() -> None:
    with playing(reply({}, status=401)) as server, pytest.raises(ApiException):
        call(server.host, TOKEN)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("tokens", "sent"), [(["old", "new"], ["Bearer old", "Bearer new"]), (["old"] * 2, ["Bearer old"])]
)
def test_a_callable_is_asked_again_after_401(tokens: list[str], sent: list[str]) -> None:
    left = iter(tokens)
    with playing(reply({}, status=401)) as server:
        configuration = Configuration(server.host, access_token=lambda: next(left))
        with ApiClient(configuration) as client, pytest.raises(portal_client.UnauthorizedException):
            SessionsApi(client).get_session("s1")

    assert shown(server) == sent


# ── tokens that cannot be used ──


def boom() -> str:
    raise RuntimeError(TOKEN)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (EnvToken("PORTAL_NO_SUCH"), "environment variable PORTAL_NO_SUCH is missing or empty"),
        (FileToken("/no/such/token"), "token file /no/such/token cannot be read: FileNotFoundError"),
        (boom, "access_token: boom raised RuntimeError"),
        (lambda: None, "answered NoneType, not str"),
        (lambda: TOKEN.encode(), "answered bytes, not str"),
        (lambda: f"{TOKEN}\n", "access_token holds a line break"),
        (lambda: f"{TOKEN}\r\nX: y", "access_token holds a line break"),
        (lambda: f"{TOKEN}→", "access_token holds the character U\\+2192"),
        (lambda: f"{TOKEN}\x00", "access_token holds the character U\\+0000"),
        (functools.partial(boom), "access_token: partial raised RuntimeError"),
        (functools.partial(lambda token: None, TOKEN), "partial answered NoneType"),
    ],
)
def test_no_token_could_be_had(source: Any, reason: str) -> None:
    with playing(reply()) as server, pytest.raises(AuthenticationError, match=reason) as info:
        call(server.host, source)

    error = info.value
    assert (error.status, error.request_sent) == (0, False)
    assert isinstance(error, ApiException)
    assert isinstance(error, ValueError)
    assert TOKEN not in str(error)
    assert server.connections == 0


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\xfa"])
def test_a_file_without_a_token(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with (
        playing(reply()) as server,
        pytest.raises(AuthenticationError, match=r"token file .*token (is|cannot)"),
    ):
        call(server.host, FileToken(path))

    assert server.connections == 0


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TOK", value)

    with pytest.raises(AuthenticationError, match="TOK is missing or empty"):
        ask(EnvToken("TOK"))


def test_a_directory_is_no_token_file(tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError, match="cannot be read"):
        FileToken(tmp_path)()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("\r", "a line break"),
        ("\n", "a line break"),
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


def test_latin_1_and_tabs_are_sent() -> None:
    with playing(reply()) as server:
        call(server.host, "caf\xe9\tx")

    (request,) = server.requests
    raw = dict(request.headers.raw_items())["Authorization"]
    assert raw.encode("ascii", "surrogateescape") == b"Bearer caf\xe9\tx"


@pytest.mark.parametrize("value", ["a\nb", "ł", "\x00"])
def test_check_header_names_the_header_only(value: str) -> None:
    with pytest.raises(ApiValueError, match="X-Key holds") as info:
        check_header("X-Key", TOKEN + value)

    assert TOKEN not in str(info.value)


# ── _request_auth ──


AUTH = {"in": "header", "key": "X-Key", "value": TOKEN}


def test_a_header_replaces_the_bearer() -> None:
    with playing(reply()) as server:
        call(server.host, "other", _request_auth=AUTH)

    (request,) = server.requests
    assert request.headers["X-Key"] == TOKEN
    assert request.headers["Authorization"] is None


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
    "change",
    [
        {"in": "body"},
        {"in": None},
        {"in": ["header"]},
        {"key": 5},
        {"key": None},
        {"key": "X\r\nEvil"},
        {"key": "X: y"},
        {"key": ""},
        {"key": "ł"},
        {"value": 5},
        {"value": None},
        {"value": f"{TOKEN}\r\nEvil: 1"},
        {"value": f"{TOKEN}ł"},
    ],
)
def test_a_wrong_request_auth_is_refused(change: dict[str, Any]) -> None:
    with (
        playing(reply()) as server,
        pytest.raises(ApiValueError, match=r"_request_auth|name of a header") as info,
    ):
        call(server.host, TOKEN, _request_auth={**AUTH, **change})

    assert TOKEN not in str(info.value)
    assert server.connections == 0


def test_a_credential_does_not_show_its_value() -> None:
    credential = Credential.of(AUTH)

    assert credential is not None
    assert credential.shown() == TOKEN
    assert TOKEN not in f"{credential!r} {credential}"


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


@pytest.mark.parametrize("make", HOLDERS)
def test_nothing_shows_a_secret(make: Callable[[], Any]) -> None:
    thing = make()

    assert TOKEN not in f"{thing} {thing!r}"
    assert TOKEN not in str(vars(thing))


@pytest.mark.parametrize("make", HOLDERS)
def test_pickle_carries_no_secret(make: Callable[[], Any]) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert TOKEN.encode() not in pickle.dumps(make(), protocol)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_keep_all_secrets(copied: Callable[[Any], Any]) -> None:
    client = copied(full_client())
    configuration = copied(full())

    assert configuration.access_token == configuration.username == configuration.password == TOKEN
    assert configuration.api_key == {"key": TOKEN}
    assert configuration.proxy == f"http://user:{TOKEN}@localhost:1"
    assert client.configuration.access_token == client.cookie == TOKEN
    assert client.default_headers["X-Key"] == TOKEN


def journey(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


def with_token(host: str) -> ApiClient:
    return ApiClient(Configuration(host, access_token=TOKEN))


def with_header(host: str) -> ApiClient:
    return ApiClient(Configuration(host), "X-Key", TOKEN)


def with_cookie(host: str) -> ApiClient:
    return ApiClient(Configuration(host), cookie=TOKEN)


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


def test_a_client_works_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TEST_TOKEN", TOKEN)
    with playing(reply()) as server:
        api = SessionsApi(ApiClient(Configuration(server.host, access_token=EnvToken("PORTAL_TEST_TOKEN"))))
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            assert list(pool.map(read, [api, api])) == ["s1", "s1"]

    assert shown(server) == [f"Bearer {TOKEN}"] * 2


# ── errors, logs ──


def own_frames(error: BaseException) -> str:
    """The locals of this package's frames, as tools that print them would show them."""
    found, package = "", str(Path(portal_client.__file__).parent)
    trace: traceback.TracebackException | None = traceback.TracebackException.from_exception(
        error, capture_locals=True
    )
    while trace is not None:
        frames = [frame for frame in trace.stack if frame.filename.startswith(package)]
        found += "".join(
            f"{f.filename}:{f.lineno} {f.name} {name}={value}\n"
            for f in frames
            for name, value in (f.locals or {}).items()
        )
        trace = trace.__cause__ or trace.__context__
    assert found
    return found


def refused(host: str) -> None:
    call(host, TOKEN)


def refused_callable(host: str) -> None:
    call(host, lambda: TOKEN)


def refused_default_header(host: str) -> None:
    with ApiClient(Configuration(host, retries=False), "X-Key", TOKEN, cookie=TOKEN) as client:
        SessionsApi(client).get_session("s1")


WAYS = [refused, refused_callable, refused_default_header]


@pytest.mark.parametrize("way", WAYS)
def test_locals_of_a_refused_call_hold_no_token(way: Callable[[str], None]) -> None:
    with playing(reply({}, status=403)) as server, pytest.raises(ApiException) as info:
        way(server.host)

    assert len(server.requests) == 1
    assert TOKEN not in str(info.value)
    assert TOKEN not in own_frames(info.value)


@pytest.mark.parametrize("way", WAYS)
def test_locals_of_a_lost_connection_hold_no_token(way: Callable[[str], None]) -> None:
    with playing(lambda connection, request: False) as server, pytest.raises(ApiException) as info:
        way(server.host)

    assert len(server.requests) == 1
    assert TOKEN not in str(info.value)
    assert TOKEN not in own_frames(info.value)


@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_no_log_holds_a_token(place: str, caplog: pytest.LogCaptureFixture) -> None:
    # The root logger is set to DEBUG, as a script does that looks for a fault.
    with playing(reply()) as server, caplog.at_level(logging.DEBUG):
        call(server.host, TOKEN, _headers={"X-Own": TOKEN})
        call(server.host, _request_auth={**AUTH, "in": place})

    assert len(server.requests) == 2
    assert "get_session" in caplog.text
    assert TOKEN not in caplog.text

"""The factory: its users' view, and the requests to the two servers."""

from __future__ import annotations

import json
import pickle
import socket
import threading
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import finbourne_candela
import portal_client
from finbourne_candela import SessionsApi, SyncApiClient
from finbourne_candela.extensions import (
    ArgsConfigurationLoader,
    EnvironmentVariablesConfigurationLoader,
    SyncApiClientFactory,
)
from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from portal_client.auth import OAuth2Password
from portal_client.exceptions import ApiException, ApiTypeError, ApiValueError, AuthenticationError
from support.identity import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    PRIVATE,
    USERNAME,
    basic,
    form,
    granted,
    refused,
    together,
)
from support.scripted import Answer, Connection, Received, playing, reply

NONE = reply([])


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def secrets(identity: str, service: str, **changes: Any) -> None:
    content = {
        "api": {
            "tokenUrl": f"{identity}/oauth2/v1/token",
            "candelaUrl": service,
            "username": USERNAME,
            "password": PASSWORD,
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            **changes,
        }
    }
    Path("secrets.json").write_text(json.dumps(content), encoding="utf-8")


def args(host: str, **changes: Any) -> list[Any]:
    return [ArgsConfigurationLoader(**{"api_url": host, "access_token": "t", **changes})]


# ── as the documents have it ──


def test_a_secrets_file_is_enough() -> None:
    with playing(granted(1)) as identity, playing(NONE) as service:
        secrets(identity.host, f"{service.host}/api/")
        factory = SyncApiClientFactory()
        api = factory.build(SessionsApi)
        assert (identity.connections, service.connections) == (0, 0)
        api.list_sessions()
        api.list_sessions()
        factory.close()

    assert form(identity.requests[0])["scope"] == "openid client groups offline_access"
    assert [r.target.partition("?")[0] for r in service.requests] == ["/api/sessions/list"] * 2
    assert [r.headers["Authorization"] for r in service.requests] == ["Bearer access-1"] * 2
    assert len(identity.requests) == 1


def test_a_refused_token_is_replaced() -> None:
    with playing(granted(1), granted(2)) as identity, playing(reply({}, status=401), NONE) as service:
        secrets(identity.host, service.host)
        with SyncApiClientFactory() as factory:
            factory.build(SessionsApi).list_sessions()

    assert [form(r)["grant_type"] for r in identity.requests] == ["password", "refresh_token"]
    assert basic(identity.requests[1]) == (CLIENT_ID, CLIENT_SECRET)
    assert [r.headers["Authorization"] for r in service.requests] == ["Bearer access-1", "Bearer access-2"]


def test_what_it_builds_shares_one_client_and_one_token() -> None:
    with playing(granted(1)) as identity, playing(NONE) as service:
        secrets(identity.host, service.host)
        with SyncApiClientFactory() as factory:
            apis = [factory.build(SessionsApi) for _ in range(3)]
            outcomes = together(20, lambda: apis[threading.get_ident() % 3].list_sessions())

    assert len({id(api.api_client) for api in apis}) == 1
    assert outcomes == [[]] * 20
    assert len(identity.requests) == 1


def test_a_token_that_cannot_be_had_is_an_api_exception() -> None:
    with playing(refused("invalid_grant", "Wrong password.", 400)) as identity, playing(NONE) as service:
        secrets(identity.host, service.host)
        with SyncApiClientFactory() as factory, pytest.raises(finbourne_candela.ApiException) as info:
            factory.build(SessionsApi).list_sessions()

    assert isinstance(info.value, AuthenticationError)
    assert (info.value.status, service.connections) == (400, 0)
    assert "invalid_grant: Wrong password." in str(info.value)


# ── the life of its client ──


def watched(closed: threading.Event) -> Answer:
    def answers(connection: Connection, request: Received) -> bool:
        connection.send(NONE)
        if connection.sock.recv(1) == b"":
            closed.set()
        return False

    return answers


def test_the_block_closes_the_connections() -> None:
    closed = threading.Event()
    with playing(watched(closed)) as server:
        with SyncApiClientFactory(args(server.host)) as factory:
            factory.build(SessionsApi).list_sessions()
            assert not closed.is_set()
        assert closed.wait(5)


def test_it_closes_them_after_an_error_too() -> None:
    closed = threading.Event()
    with playing(watched(closed)) as server:
        factory = SyncApiClientFactory(args(server.host))
        with suppress(ZeroDivisionError), factory:
            factory.build(SessionsApi).list_sessions()
            _ = 1 / 0
        assert closed.wait(5)


def test_making_it_sends_and_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_ACCESS_TOKEN_FILE", "not-there")
    with playing(granted()) as identity, playing(NONE) as service:
        secrets(identity.host, service.host)
        with SyncApiClientFactory() as factory:
            factory.build(SessionsApi)
            factory.explain()

    assert (identity.connections, service.connections) == (0, 0)


def test_derived_apis_are_built() -> None:
    class Mine(SessionsApi):
        pass

    with SyncApiClientFactory(args("http://localhost")) as factory:
        api = factory.build(Mine)

    assert type(api) is Mine
    assert type(api.api_client) is SyncApiClient


@pytest.mark.parametrize(
    "other", [portal_client.SessionsApi, portal_client.endpoint.Api, SyncApiClient, dict, "SessionsApi", None]
)
def test_other_classes_are_not(other: Any) -> None:
    with (
        SyncApiClientFactory(args("http://localhost")) as factory,
        pytest.raises(
            ApiTypeError, match=r"build\(\) takes an API class of finbourne_candela, such as .*SessionsApi"
        ),
    ):
        factory.build(other)


# ── headers ──


def sent(**options: Any) -> Received:
    changes = options.pop("settings", {})
    with playing(NONE) as server, SyncApiClientFactory(args(server.host, **changes), **options) as factory:
        factory.build(SessionsApi).list_sessions()
    (request,) = server.requests
    return request


def test_each_call_says_who_calls() -> None:
    headers = sent().headers

    assert headers["X-LUSID-SDK-Language"] == "Python"
    assert headers["X-LUSID-SDK-Version"] == finbourne_candela.__version__
    assert (headers["X-LUSID-Application"], headers["CorrelationId"]) == (None, None)


def test_the_name_of_the_application_is_that_of_the_factory_or_of_the_settings() -> None:
    assert sent(settings={"app_name": "theirs"}).headers["X-LUSID-Application"] == "theirs"
    assert sent(settings={"app_name": "theirs"}, app_name="mine").headers["X-LUSID-Application"] == "mine"


def test_the_correlation_id_is_given_or_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent(correlation_id="given").headers["CorrelationId"] == "given"
    monkeypatch.setenv("FBN_CORRELATION_ID", "set")
    assert sent().headers["CorrelationId"] == "set"
    assert sent(correlation_id="given").headers["CorrelationId"] == "given"


@pytest.mark.parametrize(
    ("options", "named"),
    [({"app_name": "a\nb"}, "X-LUSID-Application"), ({"correlation_id": "→"}, "CorrelationId")],
)
def test_a_header_that_cannot_be_sent(options: Any, named: str) -> None:
    with pytest.raises(ApiValueError, match=named):
        SyncApiClientFactory(args("http://localhost"), **options)


# ── options ──


def test_options_beat_the_settings() -> None:
    opts = ConfigurationOptions(total_timeout_ms=30_000, rate_limit_retries=0)
    factory = SyncApiClientFactory(args("http://localhost", total_timeout_ms=5, read_timeout_ms=7), opts=opts)
    configuration = factory.build(SessionsApi).api_client.configuration

    assert (configuration.timeout.total, configuration.timeout.read) == (30, 0.007)
    assert configuration.rate_limit_retries == 0


@pytest.mark.parametrize("opts", [{"total_timeout_ms": 5}, 5, "5"])
def test_options_are_options(opts: Any) -> None:
    with pytest.raises(ApiTypeError, match="opts must be ConfigurationOptions, not"):
        SyncApiClientFactory(args("http://localhost"), opts=opts)


def test_socket_options_reach_the_configuration() -> None:
    own = ((1, 2, 3),)
    configurations = [
        SyncApiClientFactory(args("http://localhost"), **options).build(SessionsApi).api_client.configuration
        for options in ({}, {"socket_options": own}, {"tcp_keep_alive": False})
    ]

    keep_alive = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    usual, given, off = (c.socket_options or [] for c in configurations)
    assert (keep_alive in usual, given, keep_alive in off) == (True, list(own), False)


@pytest.mark.fault("TLS and proxies", "A variable that cannot be used is named, as an ApiException")
@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("FBN_CLIENT_CERTIFICATE", "no/ca.pem", "FBN_CLIENT_CERTIFICATE: no/ca.pem cannot be read"),
        ("FBN_PROXY_ADDRESS", "http://ann:s3cret@127.0.0.1:9", "by the http proxy of FBN_PROXY_ADDRESS"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    variable: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    loaders = [EnvironmentVariablesConfigurationLoader(), *args("https://candela.test")]
    with SyncApiClientFactory(loaders) as factory, pytest.raises(ApiException) as caught:
        factory.build(SessionsApi).stop_session(_request_timeout=5)

    assert told in str(caught.value)
    assert caught.value.request_sent is False
    assert "s3cret" not in str(caught.value)


def test_responses_of_the_token_endpoint_can_be_looked_at() -> None:
    seen: list[tuple[int, str, str, Any]] = []

    def look(response: Any) -> None:
        seen.append((response.status_code, response.headers["x-own"], response.text, response.json()))

    answer = reply({"access_token": "a"}, X_Own="h")
    with playing(answer) as identity, playing(NONE) as service:
        secrets(identity.host, service.host)
        with SyncApiClientFactory(id_provider_response_handler=look) as factory:
            factory.build(SessionsApi).list_sessions()

    assert seen == [(200, "h", '{"access_token": "a"}', {"access_token": "a"})]


def test_arguments_may_be_given_by_position(monkeypatch: pytest.MonkeyPatch) -> None:
    opts = ConfigurationOptions(total_timeout_ms=1)
    factory = SyncApiClientFactory(args("http://localhost"), None, False, None, "cid", "app", opts)
    client = factory.build(SessionsApi).api_client

    assert client.default_headers["CorrelationId"] == "cid"
    assert client.default_headers["X-LUSID-Application"] == "app"
    assert client.configuration.timeout.total == 0.001


# ── what is missing ──


def test_what_is_missing_is_named_with_the_places_to_put_it() -> None:
    Path("secrets.json").write_text('{"api": {"username": "ann"}}', encoding="utf-8")
    with pytest.raises(ValueError, match="settings are missing") as info:
        SyncApiClientFactory()

    assert str(info.value).splitlines() == [
        "settings are missing:",
        "  api_url: FBN_CANDELA_URL, secrets.json: api.candelaUrl",
        "  token_url: FBN_TOKEN_URL, secrets.json: api.tokenUrl",
        "  password: FBN_PASSWORD, secrets.json: api.password",
        "  client_id: FBN_CLIENT_ID, secrets.json: api.clientId",
        "  client_secret: FBN_CLIENT_SECRET, secrets.json: api.clientSecret",
        "looked in the environment, secrets.json, FBN_ACCESS_TOKEN_FILE (not set); the last one wins",
        "(an access_token would do in place of token_url, username, password, client_id, client_secret)",
    ]


class Vault:
    def load_config(self) -> dict[str, object]:
        return {"api_url": "http://localhost"}


def test_the_sources_are_named_in_their_order() -> None:
    loaders = [ArgsConfigurationLoader(username="ann"), EnvironmentVariablesConfigurationLoader(), Vault()]
    with pytest.raises(ApiValueError) as info:
        SyncApiClientFactory(loaders)

    lines = str(info.value).splitlines()
    assert lines[2] == "  password: the argument password, FBN_PASSWORD, password of Vault"
    assert lines[-2] == "looked in the arguments, the environment, Vault; the last one wins"


def test_a_file_that_is_not_there_is_said_to_be_so() -> None:
    with pytest.raises(ApiValueError, match=r"looked in the environment, secrets.json \(not there\), FBN"):
        SyncApiClientFactory()


def test_a_placeholder_is_named_with_its_file() -> None:
    secrets("http://localhost", "https://<your-domain>.example.test")
    with pytest.raises(ApiValueError, match=r"^secrets.json: api.candelaUrl: host must be a URL"):
        SyncApiClientFactory()


# ── an address in clear ──


def test_a_password_in_clear_needs_a_word_of_ones_own() -> None:
    secrets("http://identity.test", "http://localhost")
    with pytest.raises(ApiValueError, match=r"^secrets.json: api.tokenUrl: .*in clear; use https"):
        SyncApiClientFactory()

    token = OAuth2Password("http://identity.test/t", "u", "p", "c", "s", allow_http=True)
    SyncApiClientFactory(args("http://localhost", access_token=token))


# ── nothing is shown ──


def test_it_hides() -> None:
    with playing(granted(1)) as identity, playing(NONE) as service:
        secrets(identity.host, service.host)
        with SyncApiClientFactory() as factory:
            factory.build(SessionsApi).list_sessions()
            shown = f"{factory!r} {vars(factory)} {vars(factory._settings)} {factory.explain()}"
            packed = pickle.dumps(factory)

    assert "SyncApiClientFactory(SyncApiClient(Configuration(host=" in shown
    for private in PRIVATE:
        assert private not in shown
        assert private.encode() not in packed


def test_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SyncApiClientFactory(args("http://localhost")).close()

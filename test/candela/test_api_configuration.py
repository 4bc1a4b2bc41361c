"""The settings of the service, and the Configuration that is made of them; nothing is sent."""

from __future__ import annotations

import copy
import math
import pickle
import socket
from collections import UserString
from pathlib import Path
from typing import Any

import pytest

from finbourne_candela import Configuration, SessionsApi, SyncApiClient
from finbourne_candela.extensions.api_configuration import ApiConfiguration
from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from finbourne_candela.extensions.file_access_token import FileAccessToken
from finbourne_candela.extensions.proxy_config import ProxyConfig
from finbourne_candela.extensions.refreshing_token import RefreshingToken
from finbourne_candela.extensions.socket_keep_alive import keep_alive_socket_options
from portal_client.auth import EnvToken
from portal_client.exceptions import ApiValueError
from portal_client.timeouts import Timeouts
from support.scripted import playing, reply

OAUTH: dict[str, Any] = {
    "token_url": "https://identity.test/token",
    "username": "ann",
    "password": "s3cret",
    "client_id": "client",
    "client_secret": "s3cret",
}


def settings(**changes: Any) -> ApiConfiguration:
    return ApiConfiguration(**{"api_url": "https://candela.test/api", **OAUTH, **changes})


# ── the token ──


@pytest.mark.parametrize("token", ["t", FileAccessToken("token"), EnvToken("TOKEN"), lambda: "t"])
def test_a_token_beats_the_password(token: Any) -> None:
    assert settings(access_token=token).get_access_token() == token
    assert settings(access_token=token).build_api_client_config().access_token == token


def test_what_a_token_is_fetched_with_may_be_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of-the-variable")
    secret: Any = EnvToken("SECRET")
    granted = reply({"access_token": "t", "expires_in": 60})
    with playing(granted) as identity:
        assert settings(token_url=identity.host, client_secret=secret).get_access_token()() == "t"

    assert "client_secret=of-the-variable" in identity.requests[0].body.decode()


@pytest.mark.parametrize("empty", ["", " \n", "Bearer "])
def test_an_empty_token_is_none(empty: str) -> None:
    assert isinstance(settings(access_token=empty).get_access_token(), RefreshingToken)
    with pytest.raises(ApiValueError, match="an access_token would do"):
        ApiConfiguration(api_url="http://localhost", access_token=empty).build_api_client_config()


@pytest.mark.parametrize("pasted", ["Bearer t", " t\n", "\ufefft"])
def test_a_token_as_it_is_pasted(pasted: str) -> None:
    assert settings(access_token=pasted).build_api_client_config().access_token == "t"


@pytest.mark.parametrize(("name", "meant"), [("acess_token", "access_token"), ("appname", "app_name")])
def test_a_setting_that_is_almost_one(name: str, meant: str) -> None:
    with pytest.warns(UserWarning, match=f"ApiConfiguration has no setting {name}; did you mean {meant}"):
        setattr(settings(), name, "x")
    with pytest.raises(TypeError, match=f"'{name}'; did you mean {meant}"):
        settings(**{name: "x"})


def test_a_copy_has_a_proxy_of_its_own() -> None:
    one = settings(proxy_config=ProxyConfig("http://proxy.test:1"))
    two = copy.copy(one)
    assert two.proxy_config is not None
    two.proxy_config.address = "HTTP://other.test:2"

    assert one.proxy_config is not None
    assert (one.proxy_config.address, two.proxy_config.address) == (
        "http://proxy.test:1",
        "http://other.test:2",
    )
    with pytest.warns(UserWarning, match="ProxyConfig has no setting adress; did you mean address"):
        two.proxy_config.adress = "http://third.test"  # type: ignore[attr-defined]


def test_a_token_needs_nothing_else() -> None:
    configuration = ApiConfiguration(api_url="http://localhost", access_token="t").build_api_client_config()

    assert (configuration.host, configuration.access_token) == ("http://localhost", "t")


def test_without_a_token_it_is_fetched() -> None:
    token = settings().build_api_client_config().access_token

    assert isinstance(token, RefreshingToken)
    assert isinstance(settings().get_access_token(), RefreshingToken)


def test_a_token_may_be_set_later() -> None:
    found = settings()
    found.access_token = "t"

    assert found.get_access_token() == "t"


def test_a_text_of_another_library_is_asked_for_each_request() -> None:
    class Rotating(UserString):
        """A token as of sister libraries: an instance of str that is fetched when it is used."""

        uses = 0

        def __init__(self) -> None:
            pass

        def __getattribute__(self, name: str) -> Any:
            if name == "__class__":
                return str
            if name == "data":
                Rotating.uses += 1
                return f"token-{Rotating.uses}"
            return object.__getattribute__(self, name)

    with playing(reply([])) as server:
        found = ApiConfiguration(api_url=server.host, access_token=Rotating())  # type: ignore[arg-type]
        with SyncApiClient(found.build_api_client_config()) as client:
            assert Rotating.uses == 0
            SessionsApi(client).list_sessions()
            SessionsApi(client).list_sessions()

    assert [r.headers["Authorization"] for r in server.requests] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_with_a_line_break_is_refused() -> None:
    with pytest.raises(ApiValueError, match=r"^access_token: access_token holds a line break") as info:
        settings(access_token="s3cret\nmore").build_api_client_config()

    assert "s3cret" not in str(info.value)


# ── what is missing ──


@pytest.mark.parametrize("name", OAUTH)
@pytest.mark.parametrize("value", [None, ""])
def test_without_a_token_all_credentials_are_needed(name: str, value: Any) -> None:
    for build in (
        settings(**{name: value}).build_api_client_config,
        settings(**{name: value}).get_access_token,
    ):
        with pytest.raises(ApiValueError, match=f"settings are missing:\n  {name}: the argument {name}\n"):
            build()


def test_the_url_is_needed() -> None:
    with pytest.raises(ApiValueError, match=r"^settings are missing:\n  api_url: the argument api_url$"):
        settings(api_url=None).build_api_client_config()


def test_all_that_is_missing_is_named() -> None:
    with pytest.raises(ApiValueError) as info:
        ApiConfiguration(username="ann").build_api_client_config()

    missing = ["api_url", "token_url", "password", "client_id", "client_secret"]
    lines = [f"  {name}: the argument {name}" for name in missing]
    alternative = f"(an access_token would do in place of {', '.join(OAUTH)})"
    assert str(info.value).splitlines() == ["settings are missing:", *lines, alternative]


# ── URLs ──


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://example.okta.com/oauth2/abc", "https://example.okta.com/oauth2/abc/v1/token"),
        ("https://example.okta.com/oauth2/abc/", "https://example.okta.com/oauth2/abc/v1/token"),
        ("https://Example.OKTA.com/OAuth2/abc", "https://Example.OKTA.com/OAuth2/abc/v1/token"),
        ("https://example.okta.com/oauth2/abc/v1/token", "https://example.okta.com/oauth2/abc/v1/token"),
        ("https://example.okta.com/oauth2/abc/v2/token/", "https://example.okta.com/oauth2/abc/v2/token/"),
        ("https://example.okta.com/oauth2", "https://example.okta.com/oauth2"),
        ("https://example.test/oauth2/abc", "https://example.test/oauth2/abc"),
        ("https://example.test/.okta.com/oauth2/abc", "https://example.test/.okta.com/oauth2/abc"),
        (None, None),
    ],
)
def test_the_issuer_of_an_okta_server_leads_to_its_endpoint(url: str | None, endpoint: str | None) -> None:
    later = ApiConfiguration()
    later.token_url = url

    assert ApiConfiguration(token_url=url).token_url == later.token_url == endpoint


def test_a_slash_at_the_end_is_dropped() -> None:
    assert settings(api_url="https://candela.test/api//").build_api_client_config().host == (
        "https://candela.test/api"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"api_url": "<your-domain>"}, "^api_url: host must be a URL"),
        ({"token_url": "<your-token-url>"}, "^token_url: token_url must be a URL"),
        (
            {"token_url": "http://identity.test/token"},
            "^token_url: token_url: http://identity.test/token .*clear",
        ),
        ({"password": "half \udc80 a pair"}, "^password: password must be text that can be sent"),
    ],
)
def test_a_setting_that_cannot_be_used(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiValueError, match=said):
        settings(**changes).build_api_client_config()


# ── limits ──


def limits(**changes: Any) -> Timeouts:
    opts = changes.pop("opts", None)
    return settings(**changes).build_api_client_config(opts=opts).timeout


def test_the_limits_are_those_of_the_service_unless_they_are_set() -> None:
    assert limits() == Timeouts(connect=10, read=math.inf, total=1800)


def test_each_limit_is_taken_by_itself() -> None:
    given = {"total_timeout_ms": 30_000, "connect_timeout_ms": 2_000}
    opts = ConfigurationOptions(connect_timeout_ms=500, read_timeout_ms=4_000)

    assert limits(**given) == Timeouts(connect=2, read=math.inf, total=30)
    assert limits(**given, opts=opts) == Timeouts(connect=0.5, read=4, total=30)


def test_0_is_no_limit() -> None:
    assert limits(total_timeout_ms=0) == Timeouts(connect=10, read=math.inf, total=math.inf)
    opts = ConfigurationOptions(total_timeout_ms=0, connect_timeout_ms=0)
    assert limits(total_timeout_ms=5, opts=opts) == Timeouts(math.inf, math.inf, math.inf)


@pytest.mark.parametrize(
    ("setting", "opt", "count"), [(None, None, 2), (5, None, 5), (5, 0, 0), (0, None, 0)]
)
def test_how_often_a_limit_of_calls_is_waited_for(setting: Any, opt: Any, count: int) -> None:
    opts = ConfigurationOptions(rate_limit_retries=opt)
    configuration = settings(rate_limit_retries=setting).build_api_client_config(opts=opts)

    assert configuration.rate_limit_retries == count


# ── the way to the service ──


def test_certificates_and_proxy_are_those_of_the_configuration() -> None:
    proxy = ProxyConfig("http://proxy.test:8080", "ann", "word")
    configuration = settings(certificate_filename="ca.pem", proxy_config=proxy).build_api_client_config()

    assert isinstance(configuration, Configuration)
    assert configuration.ssl_ca_cert == "ca.pem"
    assert (configuration.proxy, configuration.proxy_headers) == (proxy.address, proxy.headers)


def test_connections_are_kept_alive() -> None:
    usual = keep_alive_socket_options()
    own = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]

    assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in usual
    assert settings().build_api_client_config().socket_options == usual
    assert settings().build_api_client_config(socket_options=own).socket_options == own
    off = settings().build_api_client_config(tcp_keep_alive=False).socket_options
    assert off == [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


# ── nothing is shown ──


def test_settings_hide() -> None:
    found = settings(access_token="s3cret")

    assert repr(found) == "ApiConfiguration(api_url='https://candela.test/api')"
    assert "s3cret" not in f"{found} {vars(found)}"
    assert b"s3cret" not in pickle.dumps(found)


def test_making_it_touches_no_file(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    settings(certificate_filename=missing, access_token=FileAccessToken(missing)).build_api_client_config()

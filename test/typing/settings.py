"""Configuration and ApiClient: constructors, attributes, tokens, timeouts, retries, hooks."""

from __future__ import annotations

import math
import os
from logging import Logger
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Any, assert_type

import urllib3

from portal_client import (
    ApiClient,
    Configuration,
    EnvToken,
    FileToken,
    Hooks,
    KeyringToken,
    OAuth2Password,
    SessionsApi,
)
from portal_client.auth import AccessToken, TokenResponse
from portal_client.explanation import Explanation, Row
from portal_client.hooks import Attempt
from portal_client.timeouts import Timeouts


class Counter(Hooks):
    """A hook as a user writes it."""

    calls: int = 0

    def on_request(self, attempt: Attempt) -> None:
        self.calls += attempt.number == 1
        assert_type(attempt.operation, str)
        assert_type(attempt.method, str)
        assert_type(attempt.url, str)
        assert_type(attempt.request_id, str)

    def on_response(self, attempt: Attempt) -> None:
        assert_type(attempt.status, int | None)
        assert_type(attempt.elapsed, float)
        assert_type((attempt.sent, attempt.received), tuple[int, int])
        assert_type(attempt.final, bool)

    def on_error(self, attempt: Attempt) -> None:
        assert_type(attempt.error, BaseException | None)


def token() -> str:
    return "t"


def looks(response: TokenResponse) -> None:
    assert_type((response.status_code, response.text), tuple[int, str])
    response.headers["Retry-After"] = "1"


def tokens(config: Configuration) -> None:
    Configuration(access_token="t")
    Configuration(access_token=os.environ["BEARER_TOKEN"])
    Configuration(access_token=token)
    Configuration(access_token=lambda: "t")
    Configuration(access_token=EnvToken("BEARER_TOKEN"))
    Configuration(access_token=FileToken("/run/secrets/token"))
    Configuration(access_token=FileToken(Path("token")))
    Configuration(access_token=None)
    assert_type(config.access_token, AccessToken)
    assert_type(EnvToken("BEARER_TOKEN")(), str)
    assert_type(FileToken("token").path, str)
    source = OAuth2Password("https://localhost/t", "u", EnvToken("P"), client_id="c", client_secret=token)
    Configuration(access_token=source)
    assert_type(source(), str)
    OAuth2Password("https://localhost/t", "u", "p", "c", "s", scope="openid", leeway=30, on_response=looks)
    config.access_token = "t"
    config.access_token = token
    config.access_token = EnvToken("BEARER_TOKEN")
    config.access_token = KeyringToken("portal-client", "ann")
    config.access_token = None


def timeouts(config: Configuration) -> None:
    assert_type(config.timeout, Timeouts)
    assert_type(config.timeout.connect, float)
    for timeout in (30, 0.5, math.inf, None):
        Configuration(timeout=timeout)
    Configuration(timeout=(5, 60))
    Configuration(timeout=urllib3.Timeout(total=60))
    config.timeout = 30
    config.timeout = (5, 60.0)
    config.timeout = urllib3.Timeout(connect=5)
    config.timeout = None


def retries(config: Configuration) -> None:
    assert_type(config.retries, int | urllib3.Retry | None)
    Configuration(retries=5)
    Configuration(retries=False)
    Configuration(retries=urllib3.Retry(total=2, allowed_methods={"GET"}))
    Configuration(retries=None, rate_limit_retries=0)
    config.retries = 5
    config.retries = False
    config.retries = urllib3.Retry(2)
    config.retries = None
    config.rate_limit_retries = 1


def constructor() -> None:
    Configuration()
    Configuration("https://example.com/api")
    Configuration("http://localhost", {"key": "k"}, {"key": "Token"}, "user", "secret", "t", 0, {"v": "1"})
    assert_type(
        Configuration(
            host="https://example.com",
            api_key={"key": "k"},
            api_key_prefix={"key": "Token"},
            username="user",
            password="secret",
            access_token="t",
            server_index=0,
            server_variables={},
            server_operation_index={},
            server_operation_variables={"get_session": {"v": "1"}},
            ssl_ca_cert="ca.pem",
            timeout=30,
            retries=3,
            rate_limit_retries=2,
            verify_ssl=True,
            cert_file="client.pem",
            key_file="client.key",
            proxy="http://proxy:3128",
            trust_env=False,
            truststore=True,
            ssl_context=create_default_context(),
            max_response_size=1024,
            connection_pool_maxsize=4,
            hooks=[Counter()],
        ),
        Configuration,
    )


class Mine(Configuration):
    """A user's own configuration."""


def sources(config: Configuration) -> None:
    assert_type(Configuration.from_env(), Configuration)
    assert_type(Mine.from_env(host=os.environ.get("MY_HOST"), timeout=(5, 60), hooks=[Counter()]), Mine)
    assert_type(Configuration.from_profile("work"), Configuration)
    assert_type(Mine.from_profile("work", access_token=token, retries=False, verify_ssl=None), Mine)
    assert_type(config.explain(), Explanation)
    assert_type(list(config.explain()), list[Row])
    assert_type([(row.setting, row.source) for row in config.explain()], list[tuple[str, str]])
    assert_type(config.explain()[0].overrode, tuple[str, ...])
    assert_type(config.explain().warnings, list[str])


def attributes(config: Configuration) -> None:
    assert_type(config.host, str)
    assert_type(config.username, str | None)
    assert_type(config.password, str | None)
    assert_type(config.proxy, str | None)
    assert_type(config.api_key, dict[str, str])
    assert_type(config.api_key_prefix, dict[str, str])
    assert_type(config.server_index, int | None)
    assert_type(config.server_variables, dict[str, str])
    assert_type(config.server_operation_index, dict[str, int])
    assert_type(config.ssl_ca_cert, str | None)
    assert_type(config.cert_file, str | None)
    assert_type(config.key_file, str | None)
    assert_type(config.verify_ssl, bool)
    assert_type(config.trust_env, bool)
    assert_type(config.truststore, bool)
    assert_type(config.ssl_context, SSLContext | None)
    assert_type(config.tls_server_name, str | None)
    assert_type(config.assert_hostname, str | bool | None)
    assert_type(config.proxy_headers, dict[str, str] | None)
    assert_type(config.connection_pool_maxsize, int)
    assert_type(config.rate_limit_retries, int)
    assert_type(config.max_response_size, int)
    assert_type(config.safe_chars_for_path_param, str)
    assert_type(config.debug, bool)
    assert_type(config.logger, dict[str, Logger])
    assert_type(config.logger_file, str | None)
    assert_type(config.logger_format, str)
    assert_type(config.hooks, list[Hooks])
    assert_type(config.client_side_validation, bool)
    assert_type(config.datetime_format, str)
    assert_type(config.date_format, str)
    assert_type(config.temp_folder_path, str | None)


def assignments(config: Configuration) -> None:
    config.host = "https://example.com"
    config.username = "user"
    config.password = None
    config.proxy = "http://proxy:3128"
    config.proxy_headers = {"Proxy-Authorization": "Basic eDp5"}
    config.api_key["key"] = "k"
    config.ssl_ca_cert = "ca.pem"
    config.ssl_context = create_default_context()
    config.verify_ssl = False
    config.assert_hostname = False
    config.debug = True
    config.logger_file = "portal.log"
    config.hooks.append(Counter())


def methods(config: Configuration) -> None:
    assert_type(Configuration.get_default(), Configuration)
    assert_type(Configuration.get_default_copy(), Configuration)
    Configuration.set_default(config)
    Configuration.set_default(None)
    assert_type(config.auth_settings(), dict[str, dict[str, Any]])
    assert_type(config.get_api_key_with_prefix("key"), str | None)
    assert_type(config.get_basic_auth_token(), str)
    assert_type(config.get_host_settings(), list[dict[str, Any]])
    assert_type(config.get_host_from_settings(0, {"v": "1"}), str)
    assert_type(config.to_debug_report(), str)


class Tuned(ApiClient):
    """A user's own client."""


def client(config: Configuration) -> None:
    ApiClient()
    ApiClient(config, "X-Trace", "1", "session=1")
    with ApiClient(configuration=config, header_name="X-Trace", header_value="1", cookie="c=1") as api_client:
        assert_type(api_client, ApiClient)
        assert_type(api_client.configuration, Configuration)
        assert_type(api_client.default_headers, dict[str, str])
        assert_type(api_client.user_agent, str)
        assert_type(api_client.cookie, str | None)
        assert_type(SessionsApi(api_client).api_client, ApiClient)
        api_client.user_agent = "me/1"
        api_client.cookie = "c=2"
        api_client.set_default_header("X-Trace", "2")
    with Tuned(config) as tuned:
        assert_type(tuned, Tuned)
    SessionsApi()
    SessionsApi(None)
    SessionsApi(api_client=api_client)
    assert_type(ApiClient.get_default(), ApiClient)
    ApiClient.set_default(api_client)
    ApiClient.set_default(None)
    api_client.close()


def derived(api_client: ApiClient, tuned: Tuned) -> None:
    assert_type(tuned.with_options(), Tuned)
    assert_type(
        api_client.with_options(
            host="https://example.com",
            access_token=EnvToken("BEARER_TOKEN"),
            timeout=(5, 60),
            retries=urllib3.Retry(1),
            rate_limit_retries=0,
            max_response_size=1024,
            default_headers={"X-Trace": "1"},
            cookie=None,
        ),
        ApiClient,
    )


def for_scripts(api_client: ApiClient) -> None:
    assert_type(api_client.deserialize("[]", "List[Session]"), Any)
    assert_type(api_client.sanitize_for_serialization({"a": 1}), Any)
    assert_type(api_client.select_header_accept(["application/json"]), str | None)
    assert_type(api_client.select_header_content_type(["application/json"]), str | None)
    assert_type(api_client.parameters_to_url_query({"a": [1, 2]}, {"a": "csv"}), str)
    assert_type(api_client.parameters_to_url_query([("a", 1)], None), str)

"""The explanation of settings: values, sources, and what these overrode."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from finbourne_candela import ApiValueError, SessionsApi
from finbourne_candela.extensions import (
    ArgsConfigurationLoader,
    EnvironmentVariablesConfigurationLoader,
    SyncApiClientFactory,
)
from finbourne_candela.extensions.configuration_loaders import default_config_loaders
from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from finbourne_candela.extensions.explanation import Explanation, Row
from portal_client.auth import EnvToken

SECRET = "s3cret"


@pytest.fixture(autouse=True)
def signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set all that is needed in the environment."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "FBN_TOKEN_URL": "https://identity.test/token?key=s3cret",
        "FBN_CANDELA_URL": "https://candela.test/api",
        "FBN_USERNAME": "ann",
        "FBN_PASSWORD": SECRET,
        "FBN_CLIENT_ID": "script",
        "FBN_CLIENT_SECRET": SECRET,
    }.items():
        monkeypatch.setenv(name, value)


def secrets(**content: Any) -> None:
    Path("secrets.json").write_text(json.dumps(content), encoding="utf-8")


def rows(**options: Any) -> dict[str, Row]:
    return {row.setting: row for row in SyncApiClientFactory(**options).explain()}


def test_each_setting_has_a_row() -> None:
    assert list(rows()) == [
        "token_url",
        "api_url",
        "username",
        "password",
        "client_id",
        "client_secret",
        "app_name",
        "certificate_filename",
        "proxy_address",
        "proxy_username",
        "proxy_password",
        "access_token",
        "total_timeout_ms",
        "connect_timeout_ms",
        "read_timeout_ms",
        "rate_limit_retries",
        "correlation_id",
    ]


def test_a_row_says_who_has_won_and_who_was_beaten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_TOTAL_TIMEOUT_MS", "1000")
    monkeypatch.setenv("FBN_CORRELATION_ID", "one")
    secrets(api={"totalTimeoutMs": 2000, "readTimeoutMs": 3000, "applicationName": "file"})
    found = rows(
        opts=ConfigurationOptions(total_timeout_ms=4000, rate_limit_retries=0),
        app_name="mine",
        correlation_id="two",
    )

    assert found["username"] == Row("username", "ann", "FBN_USERNAME")
    assert found["total_timeout_ms"] == Row(
        "total_timeout_ms", "4000", "opts", ("FBN_TOTAL_TIMEOUT_MS", "secrets.json: api.totalTimeoutMs")
    )
    assert found["read_timeout_ms"] == Row("read_timeout_ms", "3000", "secrets.json: api.readTimeoutMs")
    assert found["connect_timeout_ms"] == Row("connect_timeout_ms", "10000", "default")
    assert found["rate_limit_retries"] == Row("rate_limit_retries", "0", "opts")
    assert found["app_name"] == Row(
        "app_name", "mine", "the argument app_name", ("secrets.json: api.applicationName",)
    )
    assert found["correlation_id"] == Row(
        "correlation_id", "two", "the argument correlation_id", ("FBN_CORRELATION_ID",)
    )
    assert found["proxy_address"] == Row("proxy_address", "", "not set")


def test_what_it_says_is_what_counts() -> None:
    secrets(api={"username": "file", "totalTimeoutMs": 2000})
    factory = SyncApiClientFactory(opts=ConfigurationOptions(read_timeout_ms=5))
    found = {row.setting: row.value for row in factory.explain()}
    configuration = factory._client.configuration

    assert found["username"] == configuration.access_token.username == "file"  # type: ignore[union-attr]
    assert (found["total_timeout_ms"], configuration.timeout.total) == ("2000", 2)
    assert (found["read_timeout_ms"], configuration.timeout.read) == ("5", 0.005)


def test_secrets_are_masked() -> None:
    secrets(
        api={"password": "s3cret-2", "clientSecret": "s3cret-3"},
        proxy={"address": "http://bob:s3cr%40et@proxy.test:1", "password": "s3cret-4", "username": "bob"},
    )
    explanation = SyncApiClientFactory().explain()
    found = {row.setting: row.value for row in explanation}

    for name in ("password", "client_secret", "proxy_password"):
        assert found[name] == "***"
    assert found["proxy_address"] == "http://proxy.test:1"
    assert (found["token_url"], found["client_id"], found["proxy_username"]) == (
        "https://identity.test/token",
        "script",
        "bob",
    )
    for shown in (
        str(explanation),
        repr(explanation),
        str(list(explanation)),
        str(pickle.dumps(explanation)),
    ):
        assert "s3cr" not in shown


@pytest.mark.parametrize(
    ("token", "shown"),
    [("s3cret", "***"), (lambda: "s3cret", "***"), (EnvToken("MY_TOKEN"), "EnvToken('MY_TOKEN')")],
)
def test_a_token_is_shown_if_it_is_a_reference(token: Any, shown: str) -> None:
    loaders = [*default_config_loaders, ArgsConfigurationLoader(access_token=token)]
    row = rows(config_loaders=loaders)["access_token"]

    assert (row.value, row.source) == (shown, "the argument access_token")


def test_the_file_of_a_token_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_ACCESS_TOKEN_FILE", "token")
    monkeypatch.setenv("FBN_ACCESS_TOKEN", SECRET)
    row = rows()["access_token"]

    assert row == Row(
        "access_token",
        "FileAccessToken('token')",
        "FBN_ACCESS_TOKEN_FILE",
        ("FBN_ACCESS_TOKEN",),
        "FBN_ACCESS_TOKEN_FILE overrides FBN_ACCESS_TOKEN, which is set",
    )


def test_the_endpoint_of_an_issuer_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_TOKEN_URL", "https://example.okta.com/oauth2/abc")

    assert rows()["token_url"].value == "https://example.okta.com/oauth2/abc/v1/token"


# ── warnings ──


def test_a_file_that_overrides_a_variable_is_a_warning() -> None:
    secrets(api={"username": "bob", "clientId": "script", "applicationName": "app"})
    explanation = SyncApiClientFactory().explain()

    said = "secrets.json: api.username overrides FBN_USERNAME, which is set"
    assert {row.setting: row.warning for row in explanation if row.warning} == {"username": said}
    assert explanation.warnings == [f"username: {said}"]
    assert str(explanation).splitlines()[-1] == f"warning: username: {said}"


def test_other_orders_are_no_surprise() -> None:
    secrets(api={"username": "bob"})
    environment, file, _ = default_config_loaders
    chosen = SyncApiClientFactory([file, EnvironmentVariablesConfigurationLoader()]).explain()
    argued = SyncApiClientFactory([environment, file, ArgsConfigurationLoader(username="eve")]).explain()

    assert chosen.warnings == argued.warnings == []
    found = {row.setting: row for row in argued}
    assert found["username"].overrode == ("FBN_USERNAME", "secrets.json: api.username")


def test_settings_that_are_not_used_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_ACCESS_TOKEN", SECRET)
    monkeypatch.setenv("FBN_PROXY_USERNAME", "bob")
    found = rows()

    assert found["password"].warning == "not used, as there is an access_token"
    assert found["proxy_username"].warning == "not used, as there is no proxy_address"
    assert found["api_url"].warning == found["access_token"].warning == ""


# ── for people and programs ──


def test_it_prints_as_a_table() -> None:
    explanation = Explanation(
        [
            Row("username", "ann", "secrets.json: api.username", ("FBN_USERNAME", "x"), "odd"),
            Row("password", "***", "FBN_PASSWORD"),
            Row("app_name", "", "not set"),
        ]
    )

    assert str(explanation) == repr(explanation)
    assert str(explanation).splitlines() == [
        "setting   value  source                      overrode",
        "username  ann    secrets.json: api.username  FBN_USERNAME, x",
        "password  ***    FBN_PASSWORD",
        "app_name         not set",
        "warning: username: odd",
    ]


def test_it_is_a_value() -> None:
    one, two = SyncApiClientFactory().explain(), SyncApiClientFactory().explain()

    assert one == two
    assert one is not two
    assert pickle.loads(pickle.dumps(one)) == one
    assert type(pickle.loads(pickle.dumps(one))) is Explanation
    assert (one[0].setting, len(one)) == ("token_url", 17)


def test_the_client_knows_the_sources_and_keeps_no_values_of_them() -> None:
    secrets(
        api={"accessToken": SECRET, "clientCertificate": "no.pem"},
        proxy={"address": "http://b:s3cret@p.test:1"},
    )
    configuration = SyncApiClientFactory()._client.configuration
    found = {row.setting: row.source for row in configuration.explain()}

    assert (found["proxy"], found["ssl_ca_cert"]) == (
        "secrets.json: proxy.address",
        "secrets.json: api.clientCertificate",
    )
    assert configuration.called("proxy") == "secrets.json: proxy.address"
    assert b"s3cret" not in pickle.dumps(configuration)


def test_errors_name_the_argument_of_a_loader() -> None:
    arguments = ArgsConfigurationLoader(
        api_url="https://127.0.0.1:9", access_token="t", certificate_filename="/no/ca.pem"
    )
    with (
        SyncApiClientFactory([arguments]) as factory,
        pytest.raises(ApiValueError, match=r"^the argument certificate_filename: /no/ca.pem cannot be read"),
    ):
        factory.build(SessionsApi).list_sessions()

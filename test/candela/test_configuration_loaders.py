"""The loaders of settings: their order, and the errors of invalid settings."""

from __future__ import annotations

import io
import json
import logging
import os
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from finbourne_candela.extensions import (
    ArgsConfigurationLoader,
    ConfigurationLoader,
    EnvironmentVariablesConfigurationLoader,
    FileTokenConfigurationLoader,
    SecretsFileConfigurationLoader,
)
from finbourne_candela.extensions.configuration_loaders import default_config_loaders, get_api_configuration
from finbourne_candela.extensions.file_access_token import FileAccessToken
from portal_client.exceptions import ApiTypeError, ApiValueError, AuthenticationError

VARIABLES = {
    "token_url": "FBN_TOKEN_URL",
    "api_url": "FBN_CANDELA_URL",
    "username": "FBN_USERNAME",
    "password": "FBN_PASSWORD",
    "client_id": "FBN_CLIENT_ID",
    "client_secret": "FBN_CLIENT_SECRET",
    "app_name": "FBN_APP_NAME",
    "certificate_filename": "FBN_CLIENT_CERTIFICATE",
    "proxy_address": "FBN_PROXY_ADDRESS",
    "proxy_username": "FBN_PROXY_USERNAME",
    "proxy_password": "FBN_PROXY_PASSWORD",
    "access_token": "FBN_ACCESS_TOKEN",
    "total_timeout_ms": "FBN_TOTAL_TIMEOUT_MS",
    "connect_timeout_ms": "FBN_CONNECT_TIMEOUT_MS",
    "read_timeout_ms": "FBN_READ_TIMEOUT_MS",
    "rate_limit_retries": "FBN_RATE_LIMIT_RETRIES",
}
KEYS = {
    "token_url": ("api", "tokenUrl"),
    "api_url": ("api", "candelaUrl"),
    "username": ("api", "username"),
    "password": ("api", "password"),
    "client_id": ("api", "clientId"),
    "client_secret": ("api", "clientSecret"),
    "app_name": ("api", "applicationName"),
    "certificate_filename": ("api", "clientCertificate"),
    "proxy_address": ("proxy", "address"),
    "proxy_username": ("proxy", "username"),
    "proxy_password": ("proxy", "password"),
    "access_token": ("api", "accessToken"),
    "total_timeout_ms": ("api", "totalTimeoutMs"),
    "connect_timeout_ms": ("api", "connectTimeoutMs"),
    "read_timeout_ms": ("api", "readTimeoutMs"),
    "rate_limit_retries": ("api", "rateLimitRetries"),
}
NUMBERS = ("total_timeout_ms", "connect_timeout_ms", "read_timeout_ms", "rate_limit_retries")


def value(name: str, by: str) -> Any:
    return 5 if name in NUMBERS else f"{name}-{by}"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def secrets(content: Any, path: str = "secrets.json") -> str:
    Path(path).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def given(loader: ConfigurationLoader) -> dict[str, object]:
    return {name: value for name, value in loader.load_config().items() if value is not None}


# ── the environment ──


def test_each_setting_has_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, str(value(name, "env")))

    loaded = EnvironmentVariablesConfigurationLoader().load_config()
    assert loaded == {name: value(name, "env") for name in VARIABLES}
    assert "password-env" not in f"{loaded}"


def test_an_environment_without_variables_gives_nothing() -> None:
    loaded = EnvironmentVariablesConfigurationLoader().load_config()
    assert loaded == dict.fromkeys(VARIABLES)
    assert SecretsFileConfigurationLoader("secrets.json").load_config() == dict.fromkeys(VARIABLES)


def test_the_former_variable_of_the_url_counts_where_the_new_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loader = EnvironmentVariablesConfigurationLoader()
    monkeypatch.setenv("FBN_FINBOURNE_CANDELA_API_URL", "former")
    assert loader.load_config()["api_url"] == "former"
    monkeypatch.setenv("FBN_CANDELA_URL", "")
    assert loader.load_config()["api_url"] == "former"
    monkeypatch.setenv("FBN_CANDELA_URL", "new")
    assert loader.load_config()["api_url"] == "new"


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["soon", "1.5", "0x10", "-"])
def test_a_variable_that_is_no_number(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[name], text)

    with pytest.raises(ValueError, match=rf"{VARIABLES[name]} must be a whole number, not '{text}'"):
        EnvironmentVariablesConfigurationLoader().load_config()


def test_a_variable_that_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_READ_TIMEOUT_MS", "-1")

    with pytest.raises(ValueError, match="FBN_READ_TIMEOUT_MS must be at least 0, not -1"):
        get_api_configuration([EnvironmentVariablesConfigurationLoader()])


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES.values():
        monkeypatch.setenv(variable, "")

    found = get_api_configuration([EnvironmentVariablesConfigurationLoader()])
    assert (found.access_token, found.proxy_config, found.total_timeout_ms) == (None, None, None)


# ── a file ──


def everything() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = {"api": {}, "proxy": {}}
    for name, (section, key) in KEYS.items():
        content[section][key] = value(name, "file")
    return content


@pytest.mark.parametrize("kind", [str, Path, lambda p: open(p), lambda p: open(p, "rb")])  # noqa: SIM115
def test_each_setting_has_its_key(kind: Any) -> None:
    file = kind(secrets(everything()))
    loader = SecretsFileConfigurationLoader(api_secrets_file=file)

    for _ in range(2):
        loaded = loader.load_config()
        assert loaded == {name: value(name, "file") for name in KEYS}
        assert "password-file" not in f"{loaded}"
    if hasattr(file, "close"):
        file.close()


def test_text_in_memory_is_a_file() -> None:
    loader = SecretsFileConfigurationLoader(io.StringIO('{"api": {"username": "ann"}}'))

    assert given(loader) == {"username": "ann"}
    assert str(loader) == "a secrets file"


def test_the_former_key_of_the_url_counts_where_the_new_one_does_not() -> None:
    loader = SecretsFileConfigurationLoader("secrets.json")
    for api, url in [
        ({"finbourne_candelaUrl": "former"}, "former"),
        ({"finbourne_candelaUrl": "former", "candelaUrl": ""}, "former"),
        ({"finbourne_candelaUrl": "former", "candelaUrl": "new"}, "new"),
    ]:
        secrets({"api": api})
        assert given(loader) == {"api_url": url}


@pytest.mark.parametrize(
    "content", ["{}", '{"api": {}}', '{"api": null, "proxy": null}', '{"api": {"other": 1}, "drive": []}']
)
def test_a_file_may_lack_all_of_it(content: str) -> None:
    assert given(SecretsFileConfigurationLoader(secrets(content))) == {}


def test_a_mark_at_the_start_is_no_content() -> None:
    assert given(SecretsFileConfigurationLoader(secrets('\ufeff{"api": {"username": "ann"}}'))) == {
        "username": "ann"
    }


@pytest.mark.parametrize("path", ["secrets.json", "no/such/folder/secrets.json", "", None])
def test_a_file_that_is_not_there_gives_nothing(path: Any, recwarn: Any) -> None:
    assert given(SecretsFileConfigurationLoader(path)) == {}
    assert not recwarn


BROKEN = '{"api": {\n  "password": "s3cret",\n  "username" "ann"\n}}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BROKEN, "secrets.json, line 3, column 14: Expecting ':' delimiter"),
        ("", "secrets.json, line 1, column 1: Expecting value"),
        ("[" * 100_000, "secrets.json is nested too deeply"),
        ("[]", "secrets.json: it must be a JSON object, not list"),
        ('"s3cret"', "secrets.json: it must be a JSON object, not str"),
        ('{"api": "s3cret"}', "secrets.json: api must be a JSON object, not str"),
        ('{"proxy": ["s3cret"]}', "secrets.json: proxy must be a JSON object, not list"),
        ('{"api": {"password": ["s3cret"]}}', "secrets.json: api.password must be a str, not list"),
        ('{"api": {"username": 5}}', "secrets.json: api.username must be a str, not int"),
        ('{"api": {"totalTimeoutMs": "5"}}', "secrets.json: api.totalTimeoutMs must be an int, not str"),
        ('{"api": {"totalTimeoutMs": true}}', "secrets.json: api.totalTimeoutMs must be an int, not bool"),
        ('{"api": {"totalTimeoutMs": 1.5}}', "secrets.json: api.totalTimeoutMs must be an int, not float"),
        (
            '{"api": {"rateLimitRetries": -1}}',
            "secrets.json: api.rateLimitRetries must be at least 0, not -1",
        ),
    ],
)
def test_a_broken_file_is_named(content: str, said: str) -> None:
    with pytest.raises((ApiValueError, ApiTypeError)) as info:
        get_api_configuration([SecretsFileConfigurationLoader(secrets(content))])

    assert str(info.value) == said
    shown = traceback.TracebackException.from_exception(info.value, capture_locals=True)
    ours = [f for f in shown.stack if "finbourne_candela" in f.filename]
    assert ours
    assert "s3cret" not in "".join(str(f.locals) for f in ours)
    assert info.value.__context__ is None


@pytest.mark.parametrize(
    ("content", "key", "meant"),
    [
        ({"api": {"acessToken": "s3cret"}}, "api.acessToken", "api.accessToken"),
        ({"api": {"token_url": "s3cret"}}, "api.token_url", "api.tokenUrl"),
        ({"apis": {"tokenUrl": "s3cret"}}, "apis.tokenUrl", "api.tokenUrl"),
        ({"proxy": {"adress": "s3cret"}}, "proxy.adress", "proxy.address"),
    ],
)
def test_a_key_that_is_almost_one(content: Any, key: str, meant: str) -> None:
    loader = SecretsFileConfigurationLoader(secrets(content))
    with pytest.warns(
        UserWarning, match=f"secrets.json: {key} is not a setting; did you mean {meant}"
    ) as told:
        assert given(loader) == {}

    assert [warning.filename for warning in told] == [__file__]
    assert "s3cret" not in str(told[0].message)


@pytest.mark.parametrize(
    "content",
    [
        {"api": {"lusidUrl": "x", "finbourne_accessUrl": "x", "driveUrl": "x", "tokenUrl": "y"}},
        {"comment": "mine", "list": [1], "api": {"note": None}},
    ],
)
def test_keys_of_other_programs(content: Any) -> None:
    given(SecretsFileConfigurationLoader(secrets(content)))


def test_a_default_file_that_is_broken_is_an_error_too() -> None:
    """The settings that it would have overridden are unknown, so there is no fallback."""
    secrets(BROKEN)

    with pytest.raises(ApiValueError, match=r"secrets.json, line 3"):
        get_api_configuration(default_config_loaders)


@pytest.mark.parametrize("how", ["folder", "bytes"])
def test_a_file_that_cannot_be_read(how: str) -> None:
    if how == "folder":
        Path("secrets.json").mkdir()
    else:
        Path("secrets.json").write_bytes(b'{"api": {"username": "\xff"}}')

    with pytest.raises(ApiValueError, match=r"^secrets.json cannot be read: \w+Error$"):
        SecretsFileConfigurationLoader("secrets.json").load_config()


# ── a token file ──


def test_the_variable_of_the_token_file_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = FileTokenConfigurationLoader()
    assert loader.load_config() == {"access_token": None}
    assert str(loader) == "FBN_ACCESS_TOKEN_FILE (not set)"

    monkeypatch.setenv("FBN_ACCESS_TOKEN_FILE", "token")
    (token,) = loader.load_config().values()
    assert isinstance(token, FileAccessToken)
    assert str(loader) == "FBN_ACCESS_TOKEN_FILE"
    Path("token").write_text("one\n", encoding="utf-8")
    assert token == loader.access_token == "one"


def test_a_location_beats_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_ACCESS_TOKEN_FILE", "elsewhere")
    Path("token").write_text("one", encoding="utf-8")

    assert FileTokenConfigurationLoader("token").access_token == "one"
    assert FileTokenConfigurationLoader("").load_config() == {"access_token": None}


# ── arguments ──


def test_each_setting_has_its_argument() -> None:
    arguments = {name: value(name, "arg") for name in VARIABLES}
    loader = ArgsConfigurationLoader(**arguments)

    assert loader.load_config() == arguments
    assert set(ArgsConfigurationLoader().load_config().values()) == {None}


def test_arguments_hide() -> None:
    loader = ArgsConfigurationLoader(password="s3cret", access_token="s3cret", username="ann")

    assert "s3cret" not in f"{vars(loader)} {loader!r} {loader} {loader.load_config()}"
    packed = pickle.dumps(loader)
    assert b"s3cret" not in packed
    with pytest.raises(AuthenticationError, match=r"(password|access_token) was given as a literal"):
        pickle.loads(packed).load_config()


# ── who wins ──


def test_the_default_is_environment_then_file_then_token_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [type(loader) for loader in default_config_loaders] == [
        EnvironmentVariablesConfigurationLoader,
        SecretsFileConfigurationLoader,
        FileTokenConfigurationLoader,
    ]
    monkeypatch.setenv("FBN_USERNAME", "env")
    monkeypatch.setenv("FBN_APP_NAME", "env")
    monkeypatch.setenv("FBN_ACCESS_TOKEN", "env")
    secrets({"api": {"username": "file", "clientId": "file", "accessToken": "file"}})
    found = get_api_configuration(default_config_loaders)
    assert (found.username, found.app_name, found.client_id) == ("file", "env", "file")
    assert found.access_token == "file"

    Path("token").write_text("token-file", encoding="utf-8")
    monkeypatch.setenv("FBN_ACCESS_TOKEN_FILE", "token")
    assert get_api_configuration(default_config_loaders).access_token == "token-file"


def test_the_last_one_that_gives_a_setting_wins() -> None:
    found = get_api_configuration(
        [
            ArgsConfigurationLoader(username="one", password="one", client_id="one"),
            ArgsConfigurationLoader(username="two", password="", client_id=None),
        ]
    )

    assert (found.username, found.password, found.client_id) == ("two", "one", "one")


def test_each_setting_arrives() -> None:
    found = get_api_configuration([SecretsFileConfigurationLoader(secrets({**everything(), "proxy": {}}))])

    for name in VARIABLES:
        if not name.startswith("proxy"):
            assert getattr(found, name) == value(name, "file")
    assert found.proxy_config is None


def test_a_proxy_is_made_of_its_three_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_PROXY_ADDRESS", "http://proxy.test:1")
    monkeypatch.setenv("FBN_PROXY_USERNAME", "ann")
    secrets({"proxy": {"password": "word"}})
    proxy = get_api_configuration(default_config_loaders).proxy_config

    assert proxy is not None
    assert (proxy.address, proxy.username, proxy.password) == ("http://proxy.test:1", "ann", "word")


def test_a_proxy_that_is_none_names_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBN_PROXY_ADDRESS", "proxy.test:1")

    with pytest.raises(ValueError, match=r"^FBN_PROXY_ADDRESS: the proxy's address must be a URL"):
        get_api_configuration(default_config_loaders)


@pytest.mark.parametrize(("file", "warned"), [("other", True), ("ann", False), (None, False)])
def test_a_file_that_overrides_a_variable_is_logged(
    file: str | None, warned: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FBN_USERNAME", "ann")
    secrets({"api": {"username": file}})
    get_api_configuration(default_config_loaders)

    lines = ["secrets.json: api.username overrides FBN_USERNAME, which is set"] if warned else []
    assert [record.getMessage() for record in caplog.records] == lines
    assert all(r.levelno == logging.WARNING and r.name == "finbourne_candela" for r in caplog.records)


def test_an_argument_that_overrides_a_variable_is_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FBN_USERNAME", "ann")
    get_api_configuration([*default_config_loaders, ArgsConfigurationLoader(username="bob")])

    assert caplog.records == []


# ── loaders of one's own ──


class Vault:
    """A loader as users write it: it has load_config, and no more."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def load_config(self) -> dict[str, object]:
        return self.settings


def test_a_loader_of_ones_own_is_enough() -> None:
    found = get_api_configuration([Vault(username="ann", password=None)])

    assert (found.username, found.password) == ("ann", None)


def test_it_may_derive_from_the_protocol() -> None:
    class Derived(ConfigurationLoader):
        def load_config(self) -> dict[str, object]:
            return {"username": "ann"}

    assert get_api_configuration([Derived()]).username == "ann"


@pytest.mark.parametrize(
    ("loader", "said"),
    [
        (Vault(user_name="ann"), "Vault has user_name, which is no setting; did you mean username?"),
        (Vault(xyz=1), "Vault has xyz, which is no setting"),
        (Vault(username=5), "username of Vault must be a str, not int"),
        (Vault(access_token=5), "access_token of Vault must be a str, not int"),
        (Vault(read_timeout_ms="5"), "read_timeout_ms of Vault must be an int, not str"),
        (Vault, "config_loaders: <class '.*Vault'> is no loader, which has load_config"),
        ("secrets.json", "config_loaders: 'secrets.json' is no loader, which has load_config"),
    ],
)
def test_what_a_loader_cannot_give(loader: Any, said: str) -> None:
    with pytest.raises(ApiTypeError, match=f"^{said}"):
        get_api_configuration([loader])


def test_an_import_reads_nothing() -> None:
    import subprocess

    code = (
        "import os, finbourne_candela.extensions.configuration_loaders as c\n"
        "os.environ['FBN_ACCESS_TOKEN_FILE'] = 'token'\n"
        "print(c.default_config_loaders[2].load_config())"
    )
    environment = {n: v for n, v in os.environ.items() if not n.startswith("FBN_")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )

    assert ran.stdout == "{'access_token': FileAccessToken('token')}\n", ran.stderr

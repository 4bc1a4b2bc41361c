"""The settings: what the constructor takes, what it refuses, and what it leaves alone."""

from __future__ import annotations

import copy
import http.client
import inspect
import logging
import math
import os
import pickle
import platform
import ssl
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import pytest
import urllib3

import portal_client
from portal_client import ApiClient, ApiValueError, Configuration, EnvToken, Hooks, SessionsApi
from portal_client.timeouts import Timeouts
from support.scripted import playing, reply


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """No test leaves a default behind."""
    yield
    Configuration.set_default(None)


# ── the constructor ──


def test_the_arguments_of_the_original_come_first() -> None:
    parameters = list(inspect.signature(Configuration).parameters.values())
    names = ["host", "api_key", "api_key_prefix", "username", "password", "access_token"]
    names += ["server_index", "server_variables", "server_operation_index", "server_operation_variables"]
    names += ["ssl_ca_cert"]

    assert [p.name for p in parameters[: len(names)]] == names
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD and p.default is None for p in parameters[: len(names)])
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[len(names) :])


def test_arguments_are_taken_by_position() -> None:
    c = Configuration(
        "http://h",
        {"k": "v"},
        {"k": "P"},
        "u",
        "p",
        "t",
        0,
        {"a": "b"},
        {"o": 0},
        {"o": {"a": "b"}},
        "/ca.pem",
    )

    assert (c.host, c.api_key, c.api_key_prefix) == ("http://h", {"k": "v"}, {"k": "P"})
    assert (c.username, c.password, c.access_token) == ("u", "p", "t")
    assert (c.server_index, c.server_variables) == (0, {"a": "b"})
    assert (c.server_operation_index, c.server_operation_variables) == ({"o": 0}, {"o": {"a": "b"}})
    assert c.ssl_ca_cert == "/ca.pem"


DEFAULTS: dict[str, Any] = {
    "host": "http://localhost",
    "api_key": {},
    "api_key_prefix": {},
    "username": None,
    "password": None,
    "access_token": None,
    "server_index": 0,
    "server_variables": {},
    "server_operation_index": {},
    "server_operation_variables": {},
    "ssl_ca_cert": None,
    "verify_ssl": True,
    "cert_file": None,
    "key_file": None,
    "assert_hostname": None,
    "tls_server_name": None,
    "proxy": None,
    "proxy_headers": None,
    "safe_chars_for_path_param": "",
    "retries": None,
    "client_side_validation": True,
    "socket_options": None,
    "datetime_format": "%Y-%m-%dT%H:%M:%S.%f%z",
    "date_format": "%Y-%m-%d",
    "temp_folder_path": None,
    "refresh_api_key_hook": None,
    "logger_format": "%(asctime)s %(levelname)s %(message)s",
    "logger_file": None,
    "debug": False,
    "timeout": (10, 600, math.inf),
    "rate_limit_retries": 2,
    "trust_env": True,
    "truststore": False,
    "max_response_size": 256 * 1024 * 1024,
    "connection_pool_maxsize": 100,
    "hooks": [],
    "middleware": [],
    "flight_recorder": 0,
}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_the_defaults(name: str, value: Any) -> None:
    assert getattr(Configuration(), name) == value


def test_the_loggers() -> None:
    assert {name: logger.name for name, logger in Configuration().logger.items()} == {
        "package_logger": "portal_client",
        "urllib3_logger": "urllib3",
    }


@pytest.mark.fault("Life cycle", "Two clients share nothing, nor do deep copies")
def test_two_share_nothing() -> None:
    one, two = Configuration(), Configuration()
    for name in (
        "api_key",
        "api_key_prefix",
        "server_variables",
        "server_operation_index",
        "hooks",
        "middleware",
        "logger",
    ):
        assert getattr(one, name) is not getattr(two, name)


def test_the_given_objects_are_copied() -> None:
    given: dict[str, Any] = {
        "api_key": {"k": "v"},
        "api_key_prefix": {"k": "P"},
        "server_variables": {"a": "b"},
    }
    hooks: list[Hooks] = []
    c = Configuration(**given, hooks=hooks)
    for name in given:
        getattr(c, name)["new"] = "x"
    c.hooks.append(Hooks())

    assert given == {"api_key": {"k": "v"}, "api_key_prefix": {"k": "P"}, "server_variables": {"a": "b"}}
    assert hooks == []


# ── the host ──


def test_the_default_host_with_only_a_token() -> None:
    assert Configuration(access_token="t").host == "http://localhost"
    assert Configuration(access_token=EnvToken("TOK")).host == "http://localhost"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://h", "http://h"),
        ("http://h/", "http://h"),
        ("http://h//", "http://h"),
        ("https://h.example:8443/api/v1/", "https://h.example:8443/api/v1"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("http://h/a%20b", "http://h/a%20b"),
        ("HTTP://h", "http://h"),
        ("Https://h.example/API/", "https://h.example/API"),
    ],
)
def test_hosts(given: str, kept: str) -> None:
    c = Configuration("http://other")
    c.host = given

    assert c.host == Configuration(given).host == kept


@pytest.mark.parametrize("end", ["", "/", "/api", "/api/"])
def test_a_slash_at_the_end_is_not_doubled(end: str) -> None:
    with playing(reply()) as server, ApiClient(Configuration(server.host + end)) as client:
        SessionsApi(client).get_session("s1")

    assert [r.target for r in server.requests] == [f"{end.rstrip('/')}/sessions/s1"]


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "localhost:8000",
        "//h",
        "ftp://h",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://user:tok-1@h",
        "http://user@h",
        "http://h?q=1",
        "https://<your-domain>.example.test",
        "http://h/#f",
        "http://h\n",
        "http://h\r\nX: y",
        "http://h/a b",
        " http://h",
        "http://h\\x",
        "http://h:99999",
        "http://h:port",
        "http://h:0",
        "HTTP:/h",
        "http://:80",
        "http://[::1",
        "http://[zz]",
        "http://a\x00b",
        b"http://h",
        5,
    ],
)
def test_refused_hosts(host: Any) -> None:
    c = Configuration("http://kept")
    for refused in (lambda: Configuration(host), lambda: setattr(c, "host", host)):
        with pytest.raises(ApiValueError, match="host") as info:
            refused()
        assert "tok-1" not in str(info.value)
    assert c.host == "http://kept"


def test_none_is_no_host_to_assign() -> None:
    with pytest.raises(ApiValueError, match="host"):
        Configuration().host = None  # type: ignore[assignment]


SERVERS = [
    {
        "url": "https://{region}.example.com/{version}",
        "variables": {
            "region": {"default_value": "eu", "enum_values": ["eu", "us"]},
            "version": {"default_value": "v1"},
        },
    },
    {"url": "http://second"},
]


@pytest.mark.parametrize(
    ("index", "variables", "url"),
    [
        (0, None, "https://eu.example.com/v1"),
        (0, {"region": "us"}, "https://us.example.com/v1"),
        (0, {"version": "v2"}, "https://eu.example.com/v2"),
        (1, {"region": "us"}, "http://second"),
    ],
)
def test_server_variables(index: int, variables: dict[str, str] | None, url: str) -> None:
    assert Configuration().get_host_from_settings(index, variables, SERVERS) == url


@pytest.mark.parametrize("index", [-1, 2])
def test_a_server_that_is_not_there(index: int) -> None:
    with pytest.raises(ApiValueError, match="server_index"):
        Configuration().get_host_from_settings(index, None, SERVERS)


def test_a_server_variable_with_another_value() -> None:
    with pytest.raises(ApiValueError, match="region"):
        Configuration().get_host_from_settings(0, {"region": "mars"}, SERVERS)


def test_the_contract_names_one_server() -> None:
    assert [server["url"] for server in Configuration().get_host_settings()] == ["http://localhost"]
    assert Configuration(server_index=0).host == "http://localhost"
    with pytest.raises(ApiValueError, match="server_index"):
        Configuration(server_index=1)


class Regional(Configuration):
    """A service with servers of its own."""

    def get_host_settings(self) -> list[dict[str, Any]]:
        return SERVERS


def test_a_subclass_with_other_servers() -> None:
    assert Regional().host == "https://eu.example.com/v1"
    assert Regional(server_index=1).host == "http://second"
    assert Regional(server_variables={"region": "us"}).host == "https://us.example.com/v1"
    assert Regional("http://h", server_variables={"region": "us"}).host == "http://h"


# ── values that are refused ──


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("access_token", [5, b"t", True, "a\nb"]),
        ("timeout", [0, -1, True, "5", math.nan, (1,), (1, 2, 3), (1, 0), (True, 1), (None, "x"), {}]),
        ("retries", [-1, True, "3", 1.5]),
        ("rate_limit_retries", [-1, True, "3", None, 1.5]),
        ("max_response_size", [0, -1, True, "1", None, 1.5]),
        ("connection_pool_maxsize", [0, -1, True, "1", None, 1.5]),
        ("server_index", [1, -1, "0"]),
    ],
)
def test_refused_values_name_the_argument(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(ApiValueError, match=name):
            Configuration(**{name: value})


@pytest.mark.parametrize("name", ["timeout", "retries", "access_token"])
def test_a_refused_assignment_keeps_the_old_value(name: str) -> None:
    c = Configuration()
    before = getattr(c, name)
    with pytest.raises(ApiValueError, match=name):
        setattr(c, name, -1)

    assert getattr(c, name) == before


@pytest.mark.parametrize("name", ["rate_limit_retries", "max_response_size", "connection_pool_maxsize"])
def test_assignments_are_checked_as_arguments_are(name: str) -> None:
    with pytest.raises(ApiValueError, match=name):
        setattr(Configuration(), name, "3")


def test_a_token_is_no_api_key() -> None:
    with pytest.raises(ApiValueError, match="access_token"):
        Configuration("http://h", "token")  # type: ignore[arg-type]


def test_an_unknown_argument() -> None:
    with pytest.raises(TypeError, match="hots"):
        Configuration(hots="http://h")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        (None, (10, 600, math.inf)),
        (5, (10, 5, 5)),
        (math.inf, (math.inf, math.inf, math.inf)),
        ((1, 2), (1, 2, math.inf)),
        ((math.inf, 2), (math.inf, 2, math.inf)),
        (urllib3.Timeout(total=9, connect=1, read=2), (1, 2, 9)),
        (urllib3.Timeout(connect=None, read=None), (math.inf, math.inf, math.inf)),
        (Timeouts(1, 2, 3), (1, 2, 3)),
    ],
)
def test_timeouts(given: Any, limits: tuple[float, float, float]) -> None:
    c = Configuration()
    c.timeout = given

    assert c.timeout == Configuration(timeout=given).timeout == limits


@pytest.mark.parametrize("value", [None, 0, 5, False, urllib3.Retry(2)])
def test_retries(value: Any) -> None:
    assert Configuration(retries=value).retries is value


# ── the default ──


def test_the_default_is_made_once() -> None:
    assert Configuration.get_default() is Configuration.get_default()
    assert Configuration.get_default_copy() is Configuration.get_default()  # as in the original


def test_the_default_can_be_set() -> None:
    mine = Configuration("http://mine")
    Configuration.set_default(mine)

    assert Configuration.get_default() is mine
    with ApiClient() as client:
        assert client.configuration is mine
    Configuration.set_default(None)
    assert Configuration.get_default() is not mine


def test_a_new_one_is_not_the_default() -> None:
    default = Configuration.get_default()
    Configuration("http://other")

    assert Configuration.get_default() is default


def test_a_subclass_has_its_own_default() -> None:
    mine = Configuration("http://mine")
    Configuration.set_default(mine)

    assert isinstance(Regional.get_default(), Regional)
    assert Regional.get_default() is Regional.get_default()
    assert Configuration.get_default() is mine
    Regional.set_default(None)


# ── copies ──


def changed() -> Configuration:
    c = Configuration(
        "http://h", {"k": "v"}, {"k": "P"}, "u", "p", "t", timeout=5, retries=1, proxy="http://p:1"
    )
    c.safe_chars_for_path_param = "/"
    c.proxy_headers = {"A": "b"}
    c.debug = True
    return c


def test_a_deep_copy_is_equal_and_apart() -> None:
    one = changed()
    two = copy.deepcopy(one)

    for name in [*DEFAULTS, "logger"]:
        assert getattr(two, name) == getattr(one, name)
    two.api_key["k"] = "other"
    two.api_key_prefix["k"] = "other"
    two.hooks.append(Hooks())
    two.host, two.access_token, two.debug = "http://two", "other", False
    assert (one.api_key, one.api_key_prefix, one.hooks) == ({"k": "v"}, {"k": "P"}, [])
    assert (one.host, one.access_token, one.debug) == ("http://h", "t", True)
    assert two.logger["package_logger"] is one.logger["package_logger"]


def test_a_pickle_keeps_what_is_not_secret() -> None:
    one = changed()
    two = pickle.loads(pickle.dumps(one))

    secret = {"api_key", "username", "password", "access_token", "proxy", "proxy_headers"}
    for name in set(DEFAULTS) - secret:
        assert getattr(two, name) == getattr(one, name)


#: How each setting that can be changed in place is changed.
CHANGES: dict[str, Callable[[Configuration], Any]] = {
    "api_key": lambda c: c.api_key.update(k="other"),
    "api_key_prefix": lambda c: c.api_key_prefix.update(k="other"),
    "server_variables": lambda c: c.server_variables.update(a="other"),
    "server_operation_index": lambda c: c.server_operation_index.update(get_session=1),
    "server_operation_variables": lambda c: cast("Any", c.server_operation_variables["get_session"]).clear(),
    "proxy_headers": lambda c: (c.proxy_headers or {}).update(A="other"),
    "hooks": lambda c: c.hooks.append(Hooks()),
    "logger": lambda c: c.logger.update(package_logger=logging.getLogger("other")),
    "socket_options": lambda c: (c.socket_options or []).append((0, 0, 0)),
    "retries": lambda c: setattr(c.retries, "total", 0),
}


def told(value: Any) -> Any:
    """What a setting holds, in a way that stays as it is."""
    return vars(value).copy() if isinstance(value, urllib3.Retry) else copy.deepcopy(value)


def copied_by(how: str, one: Configuration) -> Configuration:
    return ApiClient(one).with_options().configuration if how == "with_options" else copy.copy(one)


@pytest.mark.parametrize("how", ["with_options", "copy.copy"])
@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_has_settings_of_its_own(name: str, how: str) -> None:
    one = changed()
    one.retries, one.socket_options = urllib3.Retry(3), [(1, 2, 3)]
    one.server_operation_variables = {"get_session": {"a": "b"}}
    two = copied_by(how, one)
    before = {other: told(getattr(one, other)) for other in CHANGES}
    assert {other: told(getattr(two, other)) for other in CHANGES} == before

    CHANGES[name](two)

    assert told(getattr(two, name)) != before[name]
    assert {other: told(getattr(one, other)) for other in CHANGES} == before
    assert repr(vars(two)["_api_key"]) == "{'k': '***'}"


@pytest.mark.parametrize("how", ["with_options", "copy.copy"])
def test_a_copy_shares_hooks_loggers_and_sources_of_tokens(how: str) -> None:
    hook, source = Hooks(), EnvToken("TOK")
    one = Configuration("http://h", access_token=source, hooks=[hook])
    two = copied_by(how, one)

    assert two.hooks == [hook]
    assert two.access_token is source
    assert two.logger == one.logger


def test_the_text_shows_the_host() -> None:
    assert repr(Configuration("http://h", access_token="t")) == "Configuration(host='http://h')"


# ── debug and logs ──


def test_debug_sets_both_loggers() -> None:
    c = Configuration()
    c.debug = True
    assert c.debug is True
    assert [logger.level for logger in c.logger.values()] == [logging.DEBUG] * 2

    c.debug = False
    assert c.debug is False
    assert [logger.level for logger in c.logger.values()] == [logging.WARNING] * 2


@pytest.mark.fault("Secrets", "http.client prints nothing, though its debug level is set")
def test_debug_does_not_make_http_client_print(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 0)
    with playing(reply()) as server:
        c = Configuration(server.host, access_token="tok-1")
        c.debug = True
        assert http.client.HTTPConnection.debuglevel == 0
        # Not even where the user has turned it on: it would print the token.
        monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
        with ApiClient(c) as client:
            SessionsApi(client).get_session("s1")

    assert len(server.requests) == 1
    assert capfd.readouterr() == ("", "")
    c.debug = False
    assert http.client.HTTPConnection.debuglevel == 1


def test_a_new_one_resets_no_logger() -> None:
    for name, level in (("portal_client", logging.ERROR), ("urllib3", logging.CRITICAL)):
        logging.getLogger(name).setLevel(level)
    Configuration("http://h", access_token="t")
    copy.deepcopy(Configuration())

    assert logging.getLogger("portal_client").level == logging.ERROR
    assert logging.getLogger("urllib3").level == logging.CRITICAL


@pytest.mark.fault(
    "Secrets",
    "No log holds a token, prompt, file, cookie or header, with the root logger at its lowest level",
)
def test_the_log_file_holds_a_line_per_attempt_and_no_token(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with playing(reply()) as server:
        c = Configuration(server.host, access_token="tok-1")
        c.debug = True
        c.logger_format = "%(levelname)s! %(message)s"
        c.logger_file = str(path)
        assert not path.exists()  # nothing was logged yet
        with ApiClient(c) as client:
            SessionsApi(client).get_session("s1")

    text = path.read_text(encoding="utf-8")
    assert c.logger_file == str(path)
    assert "DEBUG! get_session attempt 1: GET" in text
    assert "INFO! get_session 200" in text
    assert "tok-1" not in text


LOGS = """
import logging, sys
from portal_client import Configuration
Configuration("http://h").logger_file = sys.argv[1]
logging.getLogger("portal_client").error("sch\\u00f6n \\u65e5 \\udcff")
"""


@pytest.mark.fault(
    "Observability", "No line of a log file is lost, whatever is in it and whatever the locale"
)
def test_a_log_file_holds_any_text(tmp_path: Path) -> None:
    path = tmp_path / "log"
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", LOGS, str(path)], env=env, capture_output=True, check=True, timeout=60
    )

    assert b"Logging error" not in done.stderr
    assert "schön 日 \\udcff" in path.read_text(encoding="utf-8")


def test_another_log_file_takes_the_place_of_the_first(tmp_path: Path) -> None:
    logger = logging.getLogger("portal_client")
    before = list(logger.handlers)
    c = Configuration()
    for name in ("one", "two", "two"):
        c.logger_file = str(tmp_path / name)
    logger.setLevel(logging.INFO)
    logger.info("once")
    c.logger_file = None

    assert logger.handlers == before
    assert not (tmp_path / "one").exists()
    assert (tmp_path / "two").read_text("utf-8").count("once") == 1


def test_no_log_file() -> None:
    before = list(logging.getLogger("portal_client").handlers)
    c = Configuration()
    c.logger_file = None

    assert logging.getLogger("portal_client").handlers == before


def test_the_debug_report() -> None:
    report = Configuration("http://h", access_token="tok-1").to_debug_report()
    title, system, python, contract, package, *libraries = report.splitlines()

    assert title == "Python SDK Debug Report:"
    assert system.startswith("OS: ")
    assert python == f"Python Version: {platform.python_version()}"
    assert contract == "Version of the API: 0.1.0"
    assert package == f"SDK Package Version: {portal_client.__version__}"
    assert libraries == [
        f"urllib3 Version: {version('urllib3')}",
        f"pydantic Version: {version('pydantic')} (pydantic-core {version('pydantic_core')})",
        f"OpenSSL Version: {ssl.OPENSSL_VERSION}",
    ]
    assert "tok-1" not in report


# ── who ──


def test_auth_settings() -> None:
    assert Configuration().auth_settings() == {}
    assert Configuration(access_token="t").auth_settings() == {
        "HTTPBearer": {"type": "bearer", "in": "header", "key": "Authorization", "value": "Bearer t"}
    }


def test_auth_settings_do_not_ask_a_callable() -> None:
    def source() -> str:
        raise AssertionError

    assert Configuration(access_token=source).auth_settings()["HTTPBearer"]["value"] is source


@pytest.mark.parametrize(
    ("user", "password", "pair"),
    [("u", "p", "u:p"), ("u", None, "u:"), (None, None, ":"), ("ü", "p:q", "ü:p:q")],
)
def test_basic_auth(user: str | None, password: str | None, pair: str) -> None:
    scheme, _, encoded = Configuration(username=user, password=password).get_basic_auth_token().partition(" ")

    assert scheme == "Basic"
    assert b64decode(encoded).decode() == pair


def test_an_api_key_with_its_prefix() -> None:
    c = Configuration(api_key={"a": "1", "b": "2"}, api_key_prefix={"a": "Token"})

    assert c.get_api_key_with_prefix("a") == "Token 1"
    assert c.get_api_key_with_prefix("b") == "2"
    assert c.get_api_key_with_prefix("none") is None
    assert c.get_api_key_with_prefix("none", "b") == "2"
    assert c.get_api_key_with_prefix("none", alias="none") is None


def test_the_hook_may_renew_an_api_key() -> None:
    c = Configuration(api_key={"a": "old"})
    asked = []

    def renew(configuration: Configuration) -> None:
        asked.append(configuration)
        configuration.api_key["a"] = f"new{len(asked)}"

    c.refresh_api_key_hook = renew

    assert [c.get_api_key_with_prefix("a") for _ in range(2)] == ["new1", "new2"]
    assert asked == [c, c]


# ── how, seen by a server ──


def test_characters_that_stay_in_a_path() -> None:
    with playing(reply()) as server:
        c = Configuration(server.host)
        c.safe_chars_for_path_param = "/:"
        with ApiClient(c) as client:
            SessionsApi(client).get_session("a/b:c d")

    assert [r.target for r in server.requests] == ["/sessions/a/b:c%20d"]


def test_settings_are_read_for_each_call() -> None:
    with playing(reply()) as one, playing(reply()) as two, ApiClient(Configuration(one.host)) as client:
        SessionsApi(client).get_session("s1")
        client.configuration.host = f"{two.host}/v2"
        SessionsApi(client).get_session("s1")

    assert [r.target for r in one.requests] == ["/sessions/s1"]
    assert [r.target for r in two.requests] == ["/v2/sessions/s1"]

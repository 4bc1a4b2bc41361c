"""The sources of the settings: what wins, as the server sees it, and what `explain` says of it."""

from __future__ import annotations

import copy
import inspect
import logging
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal_client import (
    ApiClient,
    ApiValueError,
    AuthenticationError,
    Configuration,
    EnvToken,
    FileToken,
    Hooks,
    SessionsApi,
)
from portal_client.explanation import Explanation, Row
from portal_client.sources import Arguments
from portal_client.timeouts import Timeouts
from support.clients import own_frames, shown
from support.scripted import Script, playing, reply

TOKEN = "tok-3141592653"


@pytest.fixture
def config(settings_folder: Path) -> Callable[[str], Path]:
    """Writes a file of profiles."""

    def write(text: str) -> Path:
        path = settings_folder / "config.toml"
        path.touch(0o600)
        path.write_text(text, "utf-8")
        return path

    return write


def ask(configuration: Configuration) -> None:
    with ApiClient(configuration) as client:
        SessionsApi(client).get_session("s1")


def rows(configuration: Configuration) -> dict[str, Row]:
    return {row.setting: row for row in configuration.explain()}


# ── the environment ──


def test_host_and_token_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", f" {TOKEN}\n")
    with playing(reply()) as server:
        monkeypatch.setenv("PORTAL_HOST", f" {server.host}/api ")
        ask(Configuration.from_env())

    assert shown(server) == [f"Bearer {TOKEN}"]
    assert [request.target for request in server.requests] == ["/api/sessions/s1"]


@pytest.mark.parametrize(
    ("portal", "bearer", "sent"),
    [
        ("one", None, "Bearer one"),
        (None, "two", "Bearer two"),
        ("one", "two", "Bearer one"),
        ("", "two", "Bearer two"),
        (" \n", "two", "Bearer two"),
        ("", "", None),
        (None, None, None),
    ],
)
def test_the_token_of_portal_else_that_of_all(
    monkeypatch: pytest.MonkeyPatch, portal: str | None, bearer: str | None, sent: str | None
) -> None:
    for name, value in (("PORTAL_TOKEN", portal), ("BEARER_TOKEN", bearer)):
        if value is not None:
            monkeypatch.setenv(name, value)
    with playing(reply()) as server:
        ask(Configuration.from_env(host=server.host))

    assert shown(server) == [sent]


def test_a_rotated_token_of_the_environment_is_used_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", "old")
    with playing(reply()) as server:
        configuration = Configuration.from_env(host=server.host)
        ask(configuration)
        monkeypatch.setenv("PORTAL_TOKEN", "new")
        ask(pickle.loads(pickle.dumps(configuration)))

    assert shown(server) == ["Bearer old", "Bearer new"]


def test_an_environment_without_settings_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORTAL_HOST", "PORTAL_TOKEN", "BEARER_TOKEN", "PORTAL_PROFILE"):
        monkeypatch.setenv(name, " ")

    assert Configuration.from_env().explain() == Configuration().explain()


def test_a_variable_that_is_named_like_a_setting_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (
        "TIMEOUT",
        "HOTS",
        "ACCESS_TOKEN",
        "PROFIL",
        "max_retries",
        "TOKENS",
        "PASSWORD",
        "TOKEN_FILE",
    ):
        monkeypatch.setenv(f"PORTAL_{name}", TOKEN)
    monkeypatch.setenv("PORTAL_RETRIES", "")
    monkeypatch.setenv("PORTAL_COLOUR", "never")
    c = Configuration.from_env()
    c.access_token = EnvToken("PORTAL_TOKENS")
    ask_for = {each.setting: each for each in c.explain() if each.source == "not read"}

    in_profile = "is set in a profile, or as an argument"
    assert {name: row.warning for name, row in ask_for.items()} == {
        "PORTAL_ACCESS_TOKEN": "it is not read; did you mean PORTAL_TOKEN?",
        "PORTAL_HOTS": "it is not read; did you mean PORTAL_HOST?",
        "PORTAL_PROFIL": "it is not read; did you mean PORTAL_PROFILE?",
        "PORTAL_TIMEOUT": f"it is not read: timeout {in_profile}",
        "PORTAL_TOKEN_FILE": "it is not read; did you mean PORTAL_TOKEN?",
        "PORTAL_max_retries": f"it is not read: retries {in_profile}",
    }
    assert f"warning: PORTAL_TIMEOUT: it is not read: timeout {in_profile}" in str(c.explain())
    assert pickle.loads(pickle.dumps(c)).explain() == c.explain()
    assert TOKEN not in repr(c.explain())
    assert caplog.records == []  # it may be a variable of another program
    assert c.host == "http://localhost"


def test_the_constructor_reads_no_environment(
    monkeypatch: pytest.MonkeyPatch, config: Callable[[str], Path]
) -> None:
    plain = Configuration().explain()
    config("[profiles.work]\nhost = 'http://profile'")
    for name in ("PORTAL_HOST", "PORTAL_TOKEN", "BEARER_TOKEN"):
        monkeypatch.setenv(name, "http://environment")
    monkeypatch.setenv("PORTAL_PROFILE", "work")
    monkeypatch.setenv("PORTAL_TIMEOUT", "5")

    assert Configuration().explain() == plain
    assert (Configuration().host, Configuration().access_token) == ("http://localhost", None)


# ── what wins ──

PLACES = ("profile", "environment", "argument")


def settled(
    config: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    server: Script,
    hosts: set[str],
    tokens: set[str],
    make: Callable[..., Configuration],
) -> Configuration:
    """A configuration whose host and token are set in some places; each value tells its place."""
    profile = "".join(
        f"{key} = '{value}'\n"
        for key, value, places in (("host", f"{server.host}/profile", hosts), ("token", "profile", tokens))
        if "profile" in places
    )
    config(f"[profiles.work]\n{profile}")
    monkeypatch.setenv("PORTAL_PROFILE", "work")
    if "environment" in hosts:
        monkeypatch.setenv("PORTAL_HOST", f"{server.host}/environment")
    if "environment" in tokens:
        monkeypatch.setenv("BEARER_TOKEN", "environment")
    arguments = {"host": f"{server.host}/argument"} if "argument" in hosts else {}
    return make(**arguments, access_token="argument" if "argument" in tokens else None)


def by_env(**arguments: Any) -> Configuration:
    return Configuration.from_env(**arguments)


def by_profile(**arguments: Any) -> Configuration:
    return Configuration.from_profile("work", **arguments)


@pytest.mark.parametrize("make", [by_env, by_profile])
@pytest.mark.parametrize("tokens", [set(), {"profile"}, {"profile", "environment"}, set(PLACES)])
@pytest.mark.parametrize("hosts", [{"profile"}, {"profile", "environment"}, set(PLACES)])
def test_an_argument_beats_the_environment_and_that_the_profile(
    config: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    hosts: set[str],
    tokens: set[str],
    make: Callable[..., Configuration],
) -> None:
    with playing(reply()) as server:
        configuration = settled(config, monkeypatch, server, hosts, tokens, make)
        ask(configuration)
    winner = [max(places, key=PLACES.index, default=None) for places in (hosts, tokens)]

    assert [request.target for request in server.requests] == [f"/{winner[0]}/sessions/s1"]
    assert shown(server) == [winner[1] and f"Bearer {winner[1]}"]
    found = rows(configuration)
    assert (len(found["host"].overrode), len(found["access_token"].overrode)) == (
        len(hosts) - 1,
        max(len(tokens) - 1, 0),
    )


def test_a_named_profile_beats_the_one_of_the_environment(
    config: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config("[profiles.home]\nhost = 'http://home'\n[profiles.work]\nhost = 'http://work'")
    monkeypatch.setenv("PORTAL_PROFILE", "home")

    assert Configuration.from_env().host == "http://home"
    assert Configuration.from_profile("work").host == "http://work"


def test_an_argument_wins_even_with_the_default(config: Callable[[str], Path]) -> None:
    path = config("[profiles.work]\nverify_ssl = false\nrate_limit_retries = 7\ntimeout = 3")
    one = Configuration.from_profile("work")
    two = Configuration.from_profile("work", verify_ssl=True, rate_limit_retries=2, timeout=(10, 600))

    assert (one.verify_ssl, one.rate_limit_retries, one.timeout.total) == (False, 7, 3)
    assert (two.verify_ssl, two.rate_limit_retries, two.timeout) == (True, 2, Configuration().timeout)
    assert rows(two)["verify_ssl"] == Row(
        "verify_ssl", "True", "the argument verify_ssl", (f"{path}: profiles.work.verify_ssl",)
    )


def test_none_leaves_a_setting_to_the_others(
    config: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config("[profiles.work]\nrate_limit_retries = 7\nverify_ssl = false")
    monkeypatch.setenv("PORTAL_HOST", "http://environment")
    c = Configuration.from_profile("work", **dict.fromkeys(Arguments.__annotations__))  # type: ignore[misc]

    assert (c.host, c.rate_limit_retries, c.verify_ssl) == ("http://environment", 7, False)
    assert c.explain() == Configuration.from_profile("work").explain()


def test_an_empty_token_as_an_argument_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", TOKEN)
    with playing(reply()) as server:
        c = Configuration.from_env(host=server.host, access_token="")
        ask(c)

    assert shown(server) == [None]
    assert rows(c)["access_token"] == Row("access_token", "", "the argument access_token", ("PORTAL_TOKEN",))


def test_all_settings_of_a_profile_count(config: Callable[[str], Path]) -> None:
    folder = config(
        "[profiles.work]\nhost='https://portal.test/api/'\ntimeout=[5, inf]\nretries=false\n"
        "rate_limit_retries=0\nverify_ssl=false\nssl_ca_cert='ca.pem'\ncert_file='c.pem'\nkey_file='k.pem'\n"
        "proxy='http://ann:pw@proxy.test:1'\ntrust_env=false\ntruststore=true\nmax_response_size=9\n"
        "connection_pool_maxsize=4"
    ).parent
    c = Configuration.from_profile("work")

    assert (c.host, c.timeout) == ("https://portal.test/api", Timeouts(5, float("inf")))
    assert (c.retries, c.rate_limit_retries) == (False, 0)
    assert (c.verify_ssl, c.trust_env, c.truststore) == (False, False, True)
    assert (c.ssl_ca_cert, c.cert_file, c.key_file) == tuple(
        str(folder / f"{n}.pem") for n in ("ca", "c", "k")
    )
    assert (c.max_response_size, c.connection_pool_maxsize) == (9, 4)
    assert c.proxy == "http://ann:pw@proxy.test:1"
    assert rows(c)["proxy"].value == "http://proxy.test:1"


def test_a_file_of_the_profile_that_changes(config: Callable[[str], Path]) -> None:
    folder = config("[profiles.work]\ntoken = 'file:token'").parent
    (folder / "token").write_text("old")
    with playing(reply()) as server:
        configuration = Configuration.from_profile("work", host=server.host)
        ask(configuration)
        (folder / "token").write_text("new")
        ask(pickle.loads(pickle.dumps(configuration)))

    assert shown(server) == ["Bearer old", "Bearer new"]
    assert repr(configuration.access_token) == repr(FileToken(folder / "token"))


def test_a_token_by_reference_reaches_the_sandbox(config: Callable[[str], Path], demo_box: Any) -> None:
    path = config(f"[profiles.work]\nhost = '{demo_box.host}'\ntoken = 'file:token'")
    (path.parent / "token").write_text("BEARER")
    with ApiClient(Configuration.from_profile("work")) as client:
        session = SessionsApi(client).create_session("echo", "Hello")

    assert session.user_id == "reader"  # that of the sandbox's token BEARER


class Regional(Configuration):
    """A configuration of a user's own."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"timeout": 5, **settings})
        self.rate_limit_retries = 9


def test_a_subclass_is_made_of_the_same_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HOST", "http://environment")
    c = Regional.from_env(retries=1)
    found = rows(c)

    assert isinstance(c, Regional)
    assert (c.host, c.timeout.total, c.retries, c.rate_limit_retries) == ("http://environment", 5, 1, 9)
    assert found["timeout"].source == "the argument timeout"
    assert found["rate_limit_retries"].source == "the attribute rate_limit_retries"


def test_the_arguments_are_those_of_the_constructor() -> None:
    assert list(Arguments.__annotations__) == list(inspect.signature(Configuration).parameters)


# ── what cannot be used ──


@pytest.mark.parametrize(
    ("variables", "text", "said"),
    [
        ({"PORTAL_HOST": "localhost:80"}, "", "PORTAL_HOST: host must be a URL"),
        (
            {"PORTAL_PROFILE": "wrok"},
            "[profiles.work]",
            "PORTAL_PROFILE: HERE has no profile 'wrok', but work; did",
        ),
        (
            {"PORTAL_PROFILE": "work"},
            "[profiles.work",
            "PORTAL_PROFILE: HERE, line 1: this is not valid TOML",
        ),
        ({"PORTAL_PROFILE": "work"}, None, "PORTAL_PROFILE: no profile 'work': there is no file HERE"),
        ({}, "host = 5", "HERE: profiles.work.host must be a str, not int"),
        ({}, f"host = 'http://ann:{TOKEN}@h'", "HERE: profiles.work.host: host must be a URL"),
        ({}, "timeout = '5'", "HERE: profiles.work.timeout: a timeout is a number of seconds, not str"),
        ({}, "timeout = [5]", "HERE: profiles.work.timeout: a timeout is a number of seconds or a pair"),
        (
            {},
            "timeout = 2026-01-01",
            "HERE: profiles.work.timeout: a timeout is a number of seconds, not date",
        ),
        ({}, "retries = true", "HERE: profiles.work.retries: retries must be an int of at least 0, not True"),
        (
            {},
            "rate_limit_retries = 1.5",
            "HERE: profiles.work.rate_limit_retries: rate_limit_retries must be",
        ),
        (
            {},
            "max_response_size = 0",
            "HERE: profiles.work.max_response_size: max_response_size must be an int",
        ),
        ({}, "connection_pool_maxsize = '4'", "HERE: profiles.work.connection_pool_maxsize: connection_pool"),
        ({}, "verify_ssl = 'no'", "HERE: profiles.work.verify_ssl must be true or false, not str"),
        ({}, f"token = '{TOKEN}→'", "HERE: profiles.work.token: access_token holds the character U\\+2192"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_source(
    config: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    text: str | None,
    said: str,
) -> None:
    path = config("[profiles.work]\n" if text is None else text if variables else f"[profiles.work]\n{text}")
    if text is None:
        path.unlink()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ApiValueError, match=said.replace("HERE", str(path))) as info:
        Configuration.from_env() if variables else Configuration.from_profile("work")

    assert TOKEN not in str(info.value)
    assert TOKEN not in own_frames(info.value)


def test_a_setting_that_is_overridden_is_not_used(config: Callable[[str], Path]) -> None:
    config("[profiles.work]\nretries = -1\ntimeout = '5'")
    c = Configuration.from_profile("work", retries=1, timeout=5)

    assert (c.retries, c.timeout.total) == (1, 5)


def test_a_wrong_argument_is_refused_as_by_the_constructor(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError, match="'hots'; did you mean host"):
        Configuration.from_env(hots="http://h")  # type: ignore[call-arg]
    with pytest.raises(ApiValueError, match=r"^host must be a URL"):
        Configuration.from_env(host="localhost")


def test_a_certificate_of_a_profile_that_is_not_there_is_named(config: Callable[[str], Path]) -> None:
    path = config("[profiles.work]\nhost = 'https://127.0.0.1:9'\nssl_ca_cert = 'no.pem'")
    with pytest.raises(
        ApiValueError, match=f"{path}: profiles.work.ssl_ca_cert: {path.parent}/no.pem cannot"
    ):
        ask(Configuration.from_profile("work"))
    with pytest.raises(ApiValueError, match=r"^ssl_ca_cert: /no/ca.pem cannot"):
        ask(Configuration.from_profile("work", ssl_ca_cert="/no/ca.pem"))
    changed = Configuration.from_profile("work")
    changed.ssl_ca_cert = "/no/ca.pem"
    with pytest.raises(ApiValueError, match=r"^ssl_ca_cert: /no/ca.pem cannot"):
        ask(changed)


def test_profiles_need_their_extra_and_the_environment_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setenv("PORTAL_TOKEN", TOKEN)
    with playing(reply()) as server:
        ask(Configuration.from_env(host=server.host))
    assert shown(server) == [f"Bearer {TOKEN}"]

    with pytest.raises(ApiValueError, match=r'^profiles: .* pip install "portal-client\[profiles\]"'):
        Configuration.from_profile("work")
    monkeypatch.setenv("PORTAL_PROFILE", "work")
    with pytest.raises(ApiValueError, match=r'^PORTAL_PROFILE: profiles: .* "portal-client\[profiles\]"'):
        Configuration.from_env()


# ── a token of a profile, and another host ──

PAIR = f"[profiles.work]\nhost = 'http://work.test/'\ntoken = '{TOKEN}'"


@pytest.mark.fault("Secrets", "A profile's token that goes to the host of a variable is warned of")
def test_the_token_of_a_profile_and_the_host_of_the_environment(
    config: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = config(PAIR)
    monkeypatch.setenv("PORTAL_HOST", "http://other.test")
    found = Configuration.from_profile("work").explain()

    said = f"access_token: that of {path}: profiles.work.token goes to the host of PORTAL_HOST"
    assert found.warnings == [said]
    assert [(r.name, r.levelno, r.getMessage()) for r in caplog.records] == [
        ("portal_client", logging.WARNING, said)
    ]


@pytest.mark.parametrize(
    ("variables", "arguments", "text"),
    [
        ({}, {}, PAIR),
        ({"PORTAL_HOST": "http://work.test"}, {}, PAIR),
        ({"PORTAL_HOST": "http://other.test", "BEARER_TOKEN": "t"}, {}, PAIR),
        ({"PORTAL_TOKEN": "t"}, {}, PAIR),
        ({"PORTAL_HOST": "http://other.test"}, {"host": "http://third.test"}, PAIR),
        ({"PORTAL_HOST": "http://other.test"}, {"access_token": "t"}, PAIR),
        ({"PORTAL_HOST": "http://other.test"}, {}, PAIR.partition("token")[0]),
        ({"PORTAL_HOST": "http://other.test"}, {}, f"[profiles.work]\ntoken = '{TOKEN}'"),
    ],
)
def test_other_pairs_are_no_surprise(
    config: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variables: dict[str, str],
    arguments: Any,
    text: str,
) -> None:
    config(text)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert Configuration.from_profile("work", **arguments).explain().warnings == []
    assert caplog.records == []


# ── what explain says ──


def test_explain_of_a_plain_configuration() -> None:
    c = Configuration("http://h", timeout=5, username="", hooks=[Hooks()])
    explanation = c.explain()
    found = rows(c)

    assert isinstance(explanation, Explanation)
    assert list(found) == list(Arguments.__annotations__)
    assert {name: row[1:] for name, row in found.items() if row.source != "not set"} == {
        "host": ("http://h", "the argument host", (), ""),
        "username": ("", "the argument username", (), ""),
        "timeout": ("Timeouts(connect=10, read=5.0, total=5.0)", "the argument timeout", (), ""),
        "retries": ("3", "default", (), ""),
        "rate_limit_retries": ("2", "default", (), ""),
        "verify_ssl": ("True", "default", (), ""),
        "trust_env": ("True", "default", (), ""),
        "truststore": ("False", "default", (), ""),
        "max_response_size": ("268435456", "default", (), ""),
        "connection_pool_maxsize": ("100", "default", (), ""),
        "hooks": ("Hooks", "the argument hooks", (), ""),
        "flight_recorder": ("0", "default", (), ""),
    }
    assert rows(Configuration())["host"] == Row("host", "http://localhost", "default")
    assert rows(Configuration())["server_index"] == Row("server_index", "0", "default")


def test_explain_says_what_was_set_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HOST", "http://environment")
    c = Configuration.from_env(timeout=5)
    c.host = c.host + "/v2"
    c.host = "http://h"
    c.timeout = 6
    c.api_key["key"] = TOKEN
    c.hooks.append(Hooks())
    found = rows(c)

    assert found["host"] == Row("host", "http://h", "the attribute host", ("PORTAL_HOST",))
    assert found["timeout"][2:4] == ("the attribute timeout", ("the argument timeout",))
    assert found["api_key"] == Row("api_key", "{'key': '***'}", "the attribute api_key")
    assert found["hooks"] == Row("hooks", "Hooks", "the attribute hooks")


def test_a_client_with_options_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", "t")
    c = Configuration.from_env()
    derived = ApiClient(c).with_options(access_token=TOKEN).configuration

    assert rows(derived)["access_token"] == Row(
        "access_token", "***", "the attribute access_token", ("PORTAL_TOKEN",)
    )
    assert rows(c)["access_token"] == Row("access_token", "EnvToken('PORTAL_TOKEN')", "PORTAL_TOKEN")


def test_explain_names_each_source_of_a_token(
    config: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config("[profiles.work]\ntoken = 'keyring:portal-client/ann'")
    where = f"{path}: profiles.work.token"
    assert rows(Configuration.from_profile("work"))["access_token"] == Row(
        "access_token", "KeyringToken('portal-client', 'ann')", where
    )
    monkeypatch.setenv("BEARER_TOKEN", TOKEN)
    monkeypatch.setenv("PORTAL_TOKEN", TOKEN)
    found = rows(Configuration.from_profile("work", access_token=lambda: TOKEN))

    assert found["access_token"] == Row(
        "access_token", "***", "the argument access_token", (where, "BEARER_TOKEN", "PORTAL_TOKEN")
    )


def full(config: Callable[[str], Path]) -> Configuration:
    """A configuration with a secret wherever there may be one."""
    config(
        f"[profiles.work]\nhost = 'http://work.test'\ntoken = '{TOKEN}'\nproxy = 'http://ann:{TOKEN}@p.test:1'"
    )
    return Configuration.from_profile(
        "work", api_key={"key": TOKEN}, username=TOKEN, password=TOKEN, host="http://h"
    )


@pytest.mark.fault("Secrets", "No repr, str or vars() shows a secret, nor does the table of settings")
def test_nothing_shows_a_secret_of_a_profile(
    config: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    c = full(config)
    explanation = c.explain()

    assert c.access_token == c.username == c.password == TOKEN
    for text in (repr(c), str(vars(c)), str(explanation), str(list(explanation)), caplog.text):
        assert TOKEN not in text
    for data in (pickle.dumps(c), pickle.dumps(explanation), pickle.dumps(ApiClient(c))):
        assert TOKEN.encode() not in data


def test_a_host_that_was_overridden_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HOST", f"http://ann:{TOKEN}@h")
    c = Configuration.from_env(host="http://h")

    assert rows(c)["host"] == Row("host", "http://h", "the argument host", ("PORTAL_HOST",))
    assert TOKEN.encode() not in pickle.dumps(c)


def test_copies_keep_settings_and_sources(config: Callable[[str], Path]) -> None:
    c = full(config)
    for again in (copy.copy(c), copy.deepcopy(c)):
        assert again.explain() == c.explain()
        assert (again.access_token, again.proxy) == (TOKEN, f"http://ann:{TOKEN}@p.test:1")
        before = c.explain()
        again.host = "http://other"
        assert c.explain() == before != again.explain()


@pytest.mark.fault("Secrets", "Pickle carries no secret, and what comes out says what it lost")
def test_explain_says_what_pickle_has_left_out(config: Callable[[str], Path]) -> None:
    again = pickle.loads(pickle.dumps(full(config)))
    lost = "pickle does not carry it; set it again"
    found = rows(again)

    assert {n for n, row in found.items() if row.warning} == {"access_token", "username", "password", "proxy"}
    assert found["access_token"][1:3] == ("***", f"{found['access_token'].source}")
    assert found["access_token"].source.endswith("profiles.work.token")
    assert found["proxy"].warning == lost
    again.proxy = None
    with pytest.raises(AuthenticationError, match="access_token was given as a literal"):
        ask(again)
    again.access_token = EnvToken("X")
    assert rows(again)["access_token"].warning == ""


def test_it_prints_as_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_HOST", "http://h")
    monkeypatch.setenv("PORTAL_TOKEN", TOKEN)
    monkeypatch.setenv("BEARER_TOKEN", TOKEN)
    lines = str(Configuration.from_env(retries=2).explain()).splitlines()

    assert lines[0].split() == ["setting", "value", "source", "overrode"]
    assert lines[1].split() == ["host", "http://h", "PORTAL_HOST"]
    assert lines[6].split() == ["access_token", "EnvToken('PORTAL_TOKEN')", "PORTAL_TOKEN", "BEARER_TOKEN"]
    assert "retries                     2 " in str(Configuration.from_env(retries=2).explain())

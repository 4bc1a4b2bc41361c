"""The configuration: the settings of the core, with timeouts in milliseconds."""

from __future__ import annotations

import copy
import inspect
import math
import pickle
import warnings
from typing import Any

import pytest
import urllib3

import portal_client
from finbourne_candela import ApiTypeError, ApiValueError, Configuration, EnvToken, SyncApiClient
from finbourne_candela.configuration import Timeouts
from portal_client.timeouts import Timeouts as Limits

NAMES = ["total_timeout_ms", "connect_timeout_ms", "read_timeout_ms"]


def test_the_defaults() -> None:
    c = Configuration()

    assert c.host == "http://localhost"
    assert c.timeouts == Timeouts.get_default() == Timeouts(1_800_000, 10_000, 0)
    assert c.timeout == Limits(connect=10, read=math.inf, total=1800)
    assert c.rate_limit_retries == 2
    assert c.connection_pool_maxsize == 100
    assert c.auth_settings() == {}
    assert {name: logger.name for name, logger in c.logger.items()} == {
        "package_logger": "finbourne_candela",
        "urllib3_logger": "urllib3",
    }
    assert "SDK Package Version: 2.0.0" in c.to_debug_report()


def test_the_defaults_are_shared_by_no_two() -> None:
    one, other = Configuration(), Configuration()
    one.timeouts.total_timeout_ms = 5

    assert other.timeouts == Timeouts.get_default()
    assert one.timeout.total == 0.005


def test_its_arguments_are_those_of_the_original_and_of_the_core() -> None:
    ours = inspect.signature(Configuration).parameters
    core = inspect.signature(portal_client.Configuration).parameters
    positional = [n for n, p in ours.items() if p.kind is p.POSITIONAL_OR_KEYWORD]

    assert positional == [*list(core)[:11], "timeouts", "rate_limit_retries"]
    assert set(core) | {"timeouts"} == set(ours)
    assert {n: p.default for n, p in core.items()} == {n: ours[n].default for n in core}


def test_its_arguments_are_handed_on() -> None:
    given: dict[str, Any] = {
        "host": "https://example.com/api",
        "api_key": {"a": "b"},
        "api_key_prefix": {"a": "c"},
        "username": "u",
        "password": "p",
        "access_token": "t",
        "ssl_ca_cert": "ca.pem",
        "timeouts": Timeouts(1, 2, 3),
        "rate_limit_retries": 7,
        "retries": False,
        "verify_ssl": False,
        "cert_file": "c.pem",
        "key_file": "k.pem",
        "proxy": "http://proxy:1",
        "trust_env": False,
        "truststore": True,
        "max_response_size": 5,
        "connection_pool_maxsize": 6,
        "hooks": [],
        "middleware": [],
        "flight_recorder": 3,
    }
    c = Configuration(**given)

    assert {name: getattr(c, name) for name in given} == given
    assert Configuration("http://x", timeout=5).timeout == Limits(connect=10, total=5)


# ── limits ──


def test_limits_are_milliseconds() -> None:
    c = Configuration("http://x", timeouts=Timeouts(1500, 20, 0))

    assert c.timeout == Limits(connect=0.02, read=math.inf, total=1.5)
    c.timeouts.connect_timeout_ms = 0
    assert c.timeout == Limits(total=1.5)


@pytest.mark.parametrize(
    ("given", "timeouts"),
    [
        (None, (1_800_000, 10_000, 0)),
        (5, (5000, 10_000, 0)),
        (0.0001, (1, 10_000, 0)),
        (math.inf, (0, 10_000, 0)),
        ((1, 2), (1_800_000, 1000, 2000)),
        ((1, math.inf), (1_800_000, 1000, 0)),
        (urllib3.Timeout(read=3), (1_800_000, 10_000, 3000)),
        (Limits(1, 2, 3), (1_800_000, 1000, 2000)),
    ],
)
def test_limits_in_seconds(given: Any, timeouts: tuple[int, int, int]) -> None:
    c = Configuration("http://x")
    c.timeout = given

    assert c.timeouts == Timeouts(*timeouts)


@pytest.mark.parametrize("name", NAMES)
def test_limits_are_checked(name: str) -> None:
    limits = Timeouts(1, 2, 3)
    for wrong in (True, 1.5, "1", None):
        with pytest.raises(TypeError, match=f"{name} must be an int"):
            setattr(limits, name, wrong)
        with pytest.raises(ApiTypeError, match=name):
            Timeouts(**{**dict.fromkeys(NAMES, 1), name: wrong})
    with pytest.raises(ValueError, match=f"{name} must be at least 0"):
        setattr(limits, name, -1)

    assert limits == Timeouts(1, 2, 3)


def test_a_misspelled_limit_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Timeouts(1, 2, 3).total_timeout = 5  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Timeouts(1, 2)  # type: ignore[call-arg]


@pytest.mark.parametrize("wrong", [5, (1, 2, 3), None, Limits()])
def test_timeouts_are_timeouts(wrong: Any) -> None:
    c = Configuration("http://x")
    with pytest.raises(ApiTypeError, match="timeouts must be a Timeouts"):
        c.timeouts = wrong

    assert c.timeouts == Timeouts.get_default()


def test_one_way_to_bound_a_call() -> None:
    with pytest.raises(ApiValueError, match="give one of them"):
        Configuration("http://x", timeouts=Timeouts(1, 2, 3), timeout=5)


@pytest.mark.parametrize("wrong", [0, -1, True, "5", math.nan, (1,), (0, 1)])
def test_limits_in_seconds_are_checked(wrong: Any) -> None:
    with pytest.raises(ValueError, match="timeout"):
        Configuration("http://x", timeout=wrong)


# ── as the core's ──


def test_the_default_is_of_its_own() -> None:
    try:
        assert type(Configuration.get_default()) is Configuration
        assert Configuration.get_default() is not portal_client.Configuration.get_default()
        mine = Configuration("http://mine")
        Configuration.set_default(mine)
        assert Configuration.get_default() is Configuration.get_default_copy() is mine
        assert portal_client.Configuration.get_default().host == "http://localhost"
    finally:
        Configuration.set_default(None)
        portal_client.Configuration.set_default(None)


def test_copies_and_pickles() -> None:
    c = Configuration(
        "http://x", access_token=EnvToken("T"), timeouts=Timeouts(1, 2, 3), rate_limit_retries=5
    )
    for again in (copy.copy(c), copy.deepcopy(c), pickle.loads(pickle.dumps(c))):
        assert (again.host, again.timeouts, again.rate_limit_retries) == ("http://x", Timeouts(1, 2, 3), 5)
    deep = copy.deepcopy(c)
    deep.timeouts.total_timeout_ms = 9

    assert c.timeouts == Timeouts(1, 2, 3)


def test_nothing_secret_is_shown() -> None:
    c = Configuration("http://x", access_token="secret-2718281828", password="secret-2718281828")

    assert "2718281828" not in repr(c) + repr(vars(c))
    assert b"2718281828" not in pickle.dumps(c)


@pytest.mark.parametrize("how", ["with_options", "copy.copy"])
def test_a_copy_has_limits_of_its_own(how: str) -> None:
    one = Configuration(timeouts=Timeouts(5, 6, 7), api_key_prefix={"k": "P"})
    two = SyncApiClient(one).with_options().configuration if how == "with_options" else copy.copy(one)
    assert isinstance(two, Configuration)
    assert two.timeouts == one.timeouts

    two.timeouts.total_timeout_ms = 1
    two.api_key_prefix["k"] = "other"

    assert (one.timeouts, one.api_key_prefix) == (Timeouts(5, 6, 7), {"k": "P"})
    assert two.timeouts == Timeouts(1, 6, 7)


@pytest.mark.parametrize(
    ("name", "meant"), [("timeots", "timeouts"), ("acces_token", "access_token"), ("rate_limit", "")]
)
def test_a_setting_that_is_almost_one(name: str, meant: str) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        setattr(Configuration(), name, None)

    assert [str(warning.message) for warning in told] == (
        [f"Configuration has no setting {name}; did you mean {meant}?"] if meant else []
    )
    assert all(warning.filename == __file__ for warning in told)


def test_an_argument_that_is_almost_one() -> None:
    with pytest.raises(TypeError, match="'timeot'; did you mean timeout"):
        Configuration(timeot=5)  # type: ignore[call-arg]


# ── sources ──


def test_the_settings_of_portal_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORTAL_HOST", "PORTAL_TOKEN", "PORTAL_PROFILE"):
        monkeypatch.setenv(name, "http://portal.test")

    for make in (Configuration.from_env, lambda: Configuration.from_profile("work", host="http://h")):
        with pytest.raises(ApiTypeError, match=r"SyncApiClientFactory\(\) reads the settings of Candela"):
            make()


def test_explain_says_where_the_timeouts_are_from() -> None:
    def source(c: Configuration) -> str:
        return next(row.source for row in c.explain() if row.setting == "timeout")

    c = Configuration(timeouts=Timeouts(1, 2, 3))
    assert [source(each) for each in (Configuration(), Configuration(timeout=5), c, copy.copy(c))] == [
        "default",
        "the argument timeout",
        "the argument timeouts",
        "the argument timeouts",
    ]
    c.timeouts = Timeouts(4, 5, 6)
    assert source(c) == "the attribute timeouts"
    c.timeout = 5
    assert source(c) == "the attribute timeout"

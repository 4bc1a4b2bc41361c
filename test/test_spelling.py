"""Names that are almost known ones: told where a person wrote them, and nowhere else."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from portal_client import ApiClient, Configuration, Message, Session, SessionsApi
from portal_client.spelling import hint
from support.scripted import SESSION, playing, reply


@pytest.mark.parametrize(
    ("name", "meant"),
    [("scop", "scope"), ("SCOPE", "scope"), ("tokenURL", "token_url"), ("hots", "host"), ("note", "")],
)
def test_a_hint(name: str, meant: str) -> None:
    known = ["scope", "token_url", "host"]

    assert hint(name, known) == (f"; did you mean {meant}?" if meant else "")


# ── settings ──


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("acess_token", "access_token"),
        ("accessToken", "access_token"),
        ("timout", "timeout"),
        ("retires", "retries"),
        ("rate_limit_retry", "rate_limit_retries"),
        ("hots", "host"),
        ("ca_cert", "ssl_ca_cert"),
        ("verify", "verify_ssl"),
        ("max_retries", "retries"),
        ("proxy_header", "proxy_headers"),
        ("server_variable", "server_variables"),
        ("hook", "hooks"),
        ("loger", "logger"),
        ("logger_fil", "logger_file"),
        ("debgu", "debug"),
    ],
)
def test_a_setting_that_is_almost_one(name: str, meant: str) -> None:
    configuration = Configuration("http://localhost")
    with pytest.warns(
        UserWarning, match=f"Configuration has no setting {name}; did you mean {meant}"
    ) as told:
        setattr(configuration, name, None)

    assert [warning.filename for warning in told] == [__file__]  # the line to mend


@pytest.mark.parametrize("name", ["note", "team", "_timout", "my_own_attribute"])
def test_an_attribute_of_ones_own(name: str) -> None:
    setattr(Configuration("http://localhost"), name, 5)


def test_all_settings_can_be_set() -> None:
    configuration = Configuration("http://localhost", api_key={"k": "v"})
    values = {n: getattr(configuration, n) for n in dir(configuration) if n[0] != "_" and n != "credential"}
    for name, value in values.items():
        if not callable(value):
            setattr(configuration, name, value)

    assert {"host", "access_token", "timeout", "retries", "debug", "logger", "logger_file"} < {*values}


def test_a_subclass_has_settings_of_its_own() -> None:
    class Tuned(Configuration):
        retry: int = 3
        hosts: tuple[str, ...] = ()

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.hosts = ("a", "b")

    tuned = Tuned(host="http://localhost")
    tuned.retry, tuned.hosts = 4, ()

    with pytest.warns(UserWarning, match="Tuned has no setting timout"):
        tuned.timout = 5  # type: ignore[attr-defined]


def test_an_argument_that_is_almost_one() -> None:
    with pytest.raises(
        TypeError, match="unexpected keyword argument 'acess_token'; did you mean access_token"
    ):
        Configuration("http://localhost", acess_token="t")  # type: ignore[call-arg]


def test_an_option_that_is_almost_one() -> None:
    with pytest.raises(TypeError, match="unexpected option 'hosst'; did you mean host"):
        ApiClient(Configuration()).with_options(hosst="http://h")  # type: ignore[call-arg]


# ── fields ──


def test_a_field_that_is_almost_one() -> None:
    with pytest.warns(UserWarning, match="Message has no field agnet, which .*; did you mean agent") as told:
        message = Message(text="x", role="user", agnet=None)  # type: ignore[call-arg]

    assert [warning.filename for warning in told] == [__file__]
    assert message.additional_properties == {"agnet": None}  # kept all the same


def test_an_assigned_field_that_is_almost_one() -> None:
    message = Message(text="x", role="user")  # type: ignore[call-arg, arg-type]
    with pytest.raises(ValueError, match='no field "txt"; did you mean text'):
        message.txt = "y"  # type: ignore[attr-defined]


def test_a_field_within() -> None:
    written = {**SESSION, "messages": [{"text": "Hi", "role": "user", "agnet": None}]}
    with pytest.warns(UserWarning, match="Message has no field agnet"):
        Session(**written)


@pytest.mark.parametrize(
    "fields",
    [
        {"flavour": "x"},  # of a later version
        {"agent": None, "agents": []},  # beside the one that it is like
        {"additional_properties": {"agnet": 1}},  # on purpose
    ],
)
def test_fields_that_are_told_of_nobody(fields: dict[str, Any]) -> None:
    Message(text="x", role="user", **fields)


def test_what_a_server_says_is_told_of_nobody() -> None:
    odd = {**SESSION, "statuss": "x", "messages": [{"text": "Hi", "role": "user", "agnet": None}]}
    del odd["routine_id"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with playing(reply(odd)) as server, ApiClient(Configuration(server.host)) as client:
            read = SessionsApi(client).get_session("s1")
        again = Session.from_json(Session.from_dict(read.to_dict()).to_json())
        kept = Session(**{name: getattr(read, name) for name in Session.model_fields})  # models as they were

    assert again == read
    assert kept.messages == read.messages

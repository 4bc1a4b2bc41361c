"""Settings with their sources: what a row shows of a value, and how errors name a source."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import urllib3

from portal_client import ApiValueError, EnvToken, Hooks
from portal_client.explanation import Explanation, Provenance, Row, Sourced, argument, shown
from portal_client.secret import Lost, Secret, Secrets

TOKEN = "tok-3141592653"


class Pretending:
    """An object of others, whose text shows what it holds."""

    def __repr__(self) -> str:
        return TOKEN


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (0, "0"),
        (False, "False"),
        (1.5, "1.5"),
        ((1, 2), "(1, 2)"),
        (EnvToken("X"), "EnvToken('X')"),
        (Secrets({"a": TOKEN}), "{'a': '***'}"),
        ({"a": "b"}, "{'a': 'b'}"),
        ([Hooks(), Pretending()], "Hooks, Pretending"),
        (Secret("x", TOKEN), "***"),
        (Secret("x", ""), ""),
        (Lost("x"), "***"),
        (lambda: TOKEN, "***"),
        (Pretending(), "***"),
    ],
)
def test_what_is_shown_of_a_value(value: Any, text: str) -> None:
    assert shown(value) == text


def test_a_policy_is_shown_as_it_is() -> None:
    assert shown(urllib3.Retry(3)).startswith("Retry(total=3")


def test_the_last_source_wins() -> None:
    default, file = Sourced(1, "default", "default"), Sourced(TOKEN, "a file", "file")

    assert Row.of("x", "5", []) == Row("x", "", "not set")
    assert Row.of("x", "5", [default]) == Row("x", "5", "default")
    assert Row.of("x", "5", [default, file, argument("x")], "odd") == Row(
        "x", "5", "the argument x", ("a file",), "odd"
    )
    assert TOKEN not in repr(file)


def test_an_error_names_the_source() -> None:
    provenance = Provenance()
    provenance.add("host", Sourced("a", "A", "environment"))
    provenance.add("host", Sourced(Secret("host", "b"), "B", "file"))

    assert provenance.values() == {"host": "b"}
    assert (provenance.where("host"), provenance.where("port")) == ("B", "port")
    with pytest.raises(ApiValueError, match=r"^B: host is odd"), provenance.naming_source("port", "host"):
        raise ApiValueError("host is odd")
    with pytest.raises(ApiValueError, match=r"^port: it is odd"), provenance.naming_source("port", "host"):
        raise ApiValueError("it is odd")
    with pytest.raises(KeyError), provenance.naming_source("port"):
        raise KeyError("port")


def test_warnings_stand_below_the_table() -> None:
    explanation = Explanation(
        [Row("host", "http://h", "HOST", ("a file", "x"), "odd"), Row("port", "", "not set")]
    )

    assert str(explanation) == repr(explanation)
    assert str(explanation).splitlines() == [
        "setting  value     source   overrode",
        "host     http://h  HOST     a file, x",
        "port               not set",
        "warning: host: odd",
    ]
    assert pickle.loads(pickle.dumps(explanation)) == explanation

"""Timeouts in all the forms that they are given in, and the deadline that is made of them."""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from typing import Any

import pytest
import urllib3

from portal_client import Configuration, SessionsApi
from portal_client.exceptions import ApiValueError
from portal_client.timeouts import Deadline, Timeouts, close_enough
from support.clients import calling, client_of
from support.scripted import reply

DEFAULT = Timeouts(connect=10, read=600)
NAN = float("nan")


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        (None, DEFAULT),
        (5, Timeouts(connect=10, read=5, total=5)),
        (0.5, Timeouts(connect=10, read=0.5, total=0.5)),
        (math.inf, Timeouts()),
        ((3, 4), Timeouts(connect=3, read=4)),
        ([3, 4.5], Timeouts(connect=3, read=4.5)),
        ((3, math.inf), Timeouts(connect=3)),
        (urllib3.Timeout(7), Timeouts(total=7)),
        (urllib3.Timeout(connect=1, read=2), Timeouts(connect=1, read=2)),
        (urllib3.Timeout(connect=1, read=2, total=2.5), Timeouts(connect=1, read=2, total=2.5)),
        (urllib3.Timeout(connect=None, read=None), Timeouts()),
        (Timeouts(1, 2, 3), Timeouts(1, 2, 3)),
    ],
    ids=repr,
)
def test_a_timeout_is_read(given: Any, limits: Timeouts) -> None:
    assert Timeouts.of(given, DEFAULT) == limits


REFUSED = [
    True,
    False,
    0,
    0.0,
    -1,
    -0.5,
    -math.inf,
    NAN,
    "5",
    b"5",
    Decimal(5),
    {},
    (),
    (1,),
    (1, 2, 3),
    [1, 2, 3],
    (0, 1),
    (1, 0),
    (1, None),
    (None, 1),
    (True, 1),
    (1, "2"),
    (NAN, 1),
]


@pytest.mark.parametrize("given", REFUSED, ids=repr)
def test_what_is_no_time_is_refused(given: Any) -> None:
    with pytest.raises(ApiValueError, match="timeout"):
        Timeouts.of(given, DEFAULT)
    with pytest.raises(ApiValueError, match="timeout"):
        Configuration(timeout=given)


@pytest.mark.parametrize(
    "given",
    [
        urllib3.Timeout(total=NAN),
        urllib3.Timeout(connect=NAN),
        urllib3.Timeout(read=NAN),
        Timeouts(total=0),
        Timeouts(read=-1),
        Timeouts(connect=NAN),
    ],
    ids=repr,
)
def test_what_is_no_time_is_refused_within_a_value_too(given: Any) -> None:
    with pytest.raises(ApiValueError, match="timeout"):
        Timeouts.of(given, DEFAULT)


@pytest.mark.parametrize("given", REFUSED, ids=repr)
def test_a_refused_timeout_of_a_call_sends_nothing(given: Any) -> None:
    with calling(reply()) as c, pytest.raises(ValueError, match="timeout"):
        c.api.get_session("s1", _request_timeout=given)

    assert c.server.connections == 0


@pytest.mark.parametrize("given", [1e12, sys.maxsize, math.inf, (1e12, 1e12)], ids=repr)
def test_a_very_long_time_is_a_time(given: Any) -> None:
    with calling(reply()) as c:
        assert c.api.get_session("s1", _request_timeout=given).id == "s1"


def test_none_is_the_default_and_a_number_leaves_the_connect_limit() -> None:
    with client_of("http://localhost", timeout=(3, 4)) as client:
        request = SessionsApi.get_session.operation.request  # type: ignore[attr-defined]
        limits = [
            client.prepare_request(request(("s1",), {"_request_timeout": given})).timeouts
            for given in (None, 9, (1, 2))
        ]

    assert limits == [Timeouts(3, 4), Timeouts(connect=3, read=9, total=9), Timeouts(1, 2)]


class _Time:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_deadline_runs_from_when_it_was_made() -> None:
    now = _Time()
    deadline = Deadline(Timeouts(total=10), now)
    assert deadline.left() == 10
    now.at += 4
    assert deadline.left() == 6
    now.at += 60
    assert deadline.left() == 0


def test_a_wait_is_given_the_shorter_of_its_limit_and_the_time_left() -> None:
    now = _Time()
    deadline = Deadline(Timeouts(total=10), now)
    assert deadline.within(3) == 3
    assert deadline.within(math.inf) == 10
    now.at += 8
    assert deadline.within(3) == 2
    now.at += 2
    with pytest.raises(TimeoutError):
        deadline.within(3)


def test_without_a_total_there_is_no_end() -> None:
    now = _Time()
    deadline = Deadline(Timeouts(read=5), now)
    now.at += 1e9
    assert deadline.left() == math.inf
    assert deadline.within(5) == 5
    assert deadline.within(math.inf) is None


def test_a_lifted_deadline_bounds_only_each_wait() -> None:
    now = _Time()
    deadline = Deadline(Timeouts(total=1), now)
    now.at += 2
    deadline.lift()
    assert deadline.left() == math.inf
    assert deadline.within(5) == 5
    assert deadline.within(math.inf) is None


@pytest.mark.parametrize(
    ("had", "limit", "good"),
    [
        (None, None, True),
        (None, 1.0, False),
        (1.0, None, False),
        (60.0, 60.0, True),
        (59.95, 60.0, True),
        (60.05, 60.0, True),
        (59.0, 60.0, False),
        (61.0, 60.0, False),
        (0.0, 60.0, False),
        (0.0011, 0.001, False),
    ],
)
def test_a_limit_within_a_thousandth_is_as_good(had: float | None, limit: float | None, good: bool) -> None:
    assert close_enough(had, limit) is good


def test_a_deadline_is_over_a_thousandth_before_its_end() -> None:
    clock = iter([0.0, 59.9, 59.95]).__next__
    deadline = Deadline(Timeouts(total=60), clock)

    assert [deadline.over, deadline.over] == [False, True]
    assert Deadline(Timeouts()).over is False

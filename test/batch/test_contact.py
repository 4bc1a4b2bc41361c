"""The contact to the server: its latest Date, and for how long it may be away."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from portal_client.batch import contact
from portal_client.batch.contact import Contact
from portal_client.batch.pace import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still; `at` is its time."""
    clock = SimpleNamespace(at=100.0)
    monkeypatch.setattr(contact, "time", SimpleNamespace(monotonic=lambda: clock.at))
    return clock


def away(outage: float = 10.0) -> Contact:
    return Contact(Pace(None, 1), outage)


def test_the_date_is_the_latest_one_whatever_comes_later() -> None:
    server = away()
    assert server.date is None
    for date, latest in [(None, None), (7.0, 7.0), (9.0, 9.0), (8.0, 9.0), (None, 9.0)]:
        server.reached(date)
        assert server.date == latest


def test_a_server_may_be_away_for_a_while(clock: SimpleNamespace) -> None:
    server = away(outage=10)
    assert not server.failed(100)
    clock.at += 10
    assert not server.failed(110)
    clock.at += 0.1

    assert server.failed(110)


def test_a_response_begins_the_time_anew(clock: SimpleNamespace) -> None:
    server = away(outage=10)
    server.failed(100)
    clock.at += 10
    server.reached(None)
    clock.at += 1
    assert not server.failed(111)
    clock.at += 10.1

    assert server.failed(121)


def test_nothing_is_sent_for_a_while_when_the_server_was_not_reached() -> None:
    pace = Pace(None, 1, now=lambda: 100.0, uniform=max)
    Contact(pace, 10).failed(99)

    assert pace.left() == 0.5

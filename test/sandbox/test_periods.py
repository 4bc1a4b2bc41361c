"""Headings by time, at their edges."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from portal_sandbox.periods import period

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "heading"),
    [
        ("2026-03-02T09:00+00:00", "Today"),  # a clock that is ahead
        ("2027-04-01T00:00+00:00", "Today"),
        ("2026-03-01T00:00+00:00", "Today"),
        ("2026-02-28T23:59+00:00", "Yesterday"),
        ("2026-02-28T00:00+00:00", "Yesterday"),
        ("2026-02-27T23:59+00:00", "Previous 7 days"),
        ("2026-02-22T00:00+00:00", "Previous 7 days"),
        ("2026-02-21T23:59+00:00", "February 2026"),
        ("2025-12-31T23:59+00:00", "December 2025"),
        ("2026-03-01T01:00+02:00", "Yesterday"),  # 23:00 of the day before in UTC
    ],
)
def test_heading(time: str, heading: str) -> None:
    assert period(datetime.fromisoformat(time), NOON) == heading


@pytest.mark.parametrize(
    ("now", "headings"),
    [
        ("2026-03-31", ["Today", "Yesterday", "Previous 7 days", "March 2026"]),
        ("2026-03-08", ["Today", "Yesterday", "Previous 7 days", "February 2026"]),
        ("2026-03-09", ["Today", "Yesterday", "Previous 7 days", "March 2026"]),
        ("2028-03-08", ["Today", "Yesterday", "Previous 7 days", "February 2028"]),  # the 29th
        ("2027-01-01", ["Today", "Yesterday", "Previous 7 days", "December 2026"]),
        ("2027-01-08", ["Today", "Yesterday", "Previous 7 days", "December 2026"]),
        ("2027-01-09", ["Today", "Yesterday", "Previous 7 days", "January 2027"]),
    ],
)
def test_headings_on_a_day(now: str, headings: list[str]) -> None:
    midnight = datetime.fromisoformat(f"{now}T00:00+00:00")

    assert [period(midnight - timedelta(days=days), midnight) for days in (0, 1, 7, 8)] == headings


def test_the_day_of_now_is_a_day_in_utc() -> None:
    far_east = datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=9)))

    assert period(NOON, far_east) == "Today"

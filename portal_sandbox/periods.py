"""Periods: the headings for sessions by the time of their last change."""

from collections.abc import Iterable
from datetime import UTC, datetime

from portal_sandbox.tables import SessionRow

# Not from `calendar`, whose names follow the locale of the process.
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def by_period(sessions: Iterable[SessionRow], now: datetime) -> dict[str, list[SessionRow]]:
    """Group sessions, given newest first, by the period of their last change. Days are days in UTC."""
    groups: dict[str, list[SessionRow]] = {}
    for session in sessions:
        groups.setdefault(period(session.updated_at, now), []).append(session)
    return groups


def period(time: datetime, now: datetime) -> str:
    """Return the heading for a time: Today, Yesterday, Previous 7 days, or a month such as November 2026."""
    day = time.astimezone(UTC).date()
    age = (now.astimezone(UTC).date() - day).days
    if age < 1:
        return "Today"
    if age == 1:
        return "Yesterday"
    if age <= 7:
        return "Previous 7 days"
    return f"{_MONTHS[day.month - 1]} {day.year}"

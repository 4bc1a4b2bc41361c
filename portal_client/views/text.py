"""Text of others as people read it: short, and every character of it seen."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import Any

from portal_client.text import plain_lines, shortened

#: Characters of a label.
MAX_LABEL_LENGTH = 100

#: Control characters, separators of lines, turns of direction, halves of surrogate pairs.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Return a text with its control characters, and those that turn its direction, as escapes.

    Unlike in `portal_client.text.printable`, lines, tabs, all kinds of spaces and joined characters stay.
    """
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), plain_lines(text))


def label(text: str) -> str:
    """Return a text on one line and cut, for a cell or a heading."""
    # Cut before it is looked at as a whole: it may hold megabytes.
    return shortened(" ".join(visible(text[: 4 * MAX_LABEL_LENGTH]).split()), MAX_LABEL_LENGTH)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 message", "1,000 messages"."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def titled(word: str) -> str:
    """Return a word with a capital at its beginning, as in a heading."""
    return word[:1].upper() + word[1:]


def is_empty(value: Any) -> bool:
    """Return whether there is nothing to show of a value."""
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def moment(time: datetime) -> str:
    """Return a time for people, in the zone of this machine and with its distance from UTC.

    A time without a zone stays as it is.
    """
    if time.tzinfo:
        with suppress(OverflowError, OSError, ValueError):  # the first and last hours of the calendar
            time = time.astimezone()
    return time.isoformat(" ", "seconds")

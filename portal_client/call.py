"""The description of a failed call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


def figures(seconds: float, attempt_seconds: Iterable[float], sent: int, received: int) -> str:
    """Return the times and bytes of a call in words."""
    each = ", ".join(f"{of_one:.3f}" for of_one in attempt_seconds)
    return f"in {seconds:.3f} s, attempts: {each} s, {sent} bytes sent, {received} received"


class Call(NamedTuple):
    """A failed call as it may be printed, logged and pickled; it holds nothing private.

    `url` has no query. `attempts` is the number of attempts, redirects included. `seconds` is the time of
    the whole call, waits between attempts included, `attempt_seconds` that of each attempt. `sent` and
    `received` are the bytes on the wire of all attempts, TLS not counted.

    `curl` is the call as a command for a POSIX shell, the token in it `$TOKEN`. What may be private is
    `...`, to be filled in: parameters of the query, form fields, files, and all headers but Accept,
    Accept-Language and User-Agent. Settings of TLS and of a proxy are not in it.

    Its text is three lines for people: what was tried, how long and with how many bytes, and `curl`.
    """

    operation: str
    method: str
    url: str
    attempts: int
    seconds: float
    attempt_seconds: tuple[float, ...]
    sent: int
    received: int
    curl: str

    def __str__(self) -> str:
        told = figures(self.seconds, self.attempt_seconds, self.sent, self.received)
        return f"{self.operation}, {self.method} {self.url}\nfailed {told}\n{self.curl}"

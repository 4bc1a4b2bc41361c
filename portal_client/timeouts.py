"""The limits of a call in seconds, and the deadline that follows from them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Optional, Union, cast

import urllib3

from portal_client.exceptions import ApiValueError

#: The types of a timeout; see `Timeouts.of`.
TimeoutArgument = Union[None, float, tuple[float, float], urllib3.Timeout]


class Timeouts(NamedTuple):
    """Limits in seconds; `math.inf` is no limit.

    `connect` bounds one attempt to connect, `read` each silence while sending or receiving, and
    `total` the whole call: retries, waits between them and slow drips included.
    """

    connect: float = math.inf
    read: float = math.inf
    total: float = math.inf

    @classmethod
    def of(cls, timeout: object, default: Timeouts) -> Timeouts:
        """Read a timeout: a number is the total, a pair is (connect, read), None the default.

        Raises ApiValueError for anything that is not positive, bool and NaN included.
        """
        if timeout is None:
            return default
        if isinstance(timeout, Timeouts):
            return cls(*map(_limit, timeout))
        if isinstance(timeout, urllib3.Timeout):
            return _from_urllib3(timeout)
        if isinstance(timeout, (tuple, list)):
            pair = cast("tuple[Any, ...]", timeout)
            if len(pair) != 2:
                raise ApiValueError("a timeout is a number of seconds or a pair (connect, read)")
            return cls(connect=_limit(pair[0]), read=_limit(pair[1]))
        total = _limit(timeout)
        # A number bounds the whole call, so the default limit of silence does not cut it short. It bounds the
        # silences of a response that is handed over unread.
        return cls(connect=math.inf if total == math.inf else default.connect, read=total, total=total)


def _limit(value: object) -> float:
    return check_seconds("a timeout", value)


def check_seconds(name: str, value: object) -> float:
    """Return a positive number of seconds as a float.

    Raises ApiValueError, which names the argument.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiValueError(f"{name} is a number of seconds, not {type(value).__name__}")
    if not value > 0:  # NaN is not either
        raise ApiValueError(f"{name} must be greater than 0, not {value}; no limit is math.inf")
    return float(value)


def _from_urllib3(timeout: urllib3.Timeout) -> Timeouts:
    each = timeout.clone()
    each.total = None  # so that the two properties return what was set, not what is left of the total
    limits = (each.connect_timeout, each.read_timeout, timeout.total)
    return Timeouts(*(_limit(n) if isinstance(n, (int, float)) else math.inf for n in limits))


#: The longest timeout of a socket in seconds; more is no limit.
_MAX_SOCKET_SECONDS = 1e9


def close_enough(current: Optional[float], limit: Optional[float]) -> bool:
    """Whether the timeout of a socket is within a thousandth of `limit`, and may be kept.

    Setting another one would let other threads run first.
    """
    if current is None or limit is None:
        return current is limit
    return abs(current - limit) * 1000 <= limit


class Deadline:
    """The end of a call: made when it starts, and read before each step that waits."""

    __slots__ = ("_end", "began", "limits", "now")

    def __init__(self, limits: Timeouts, now: Callable[[], float] = time.monotonic) -> None:
        self.limits: Timeouts = limits
        self.now: Callable[[], float] = now
        self.began: float = now()
        self._end = self.began + limits.total

    def left(self) -> float:
        """Return the seconds until the end: 0 when it has passed, infinite without a total."""
        return max(0.0, self._end - self.now())

    @property
    def over(self) -> bool:
        """Whether no time is left, or so little that a socket may have timed out already."""
        return self._end != math.inf and self.left() * 1000 <= self.limits.total

    def within(self, limit: float) -> float | None:
        """Return the timeout of a socket: the shorter of `limit` and the time left; None is no limit.

        Raises TimeoutError when no time is left.
        """
        if self._end != math.inf:
            limit = min(limit, self._end - self.now())
            if limit <= 0:
                raise TimeoutError("the time for the call is over")
        return None if limit > _MAX_SOCKET_SECONDS else limit

    def expire(self) -> None:
        """Leave no time."""
        self._end = self.began

    def lift(self) -> None:
        """Drop the total; from here only each silence is bounded."""
        self._end = math.inf

"""The pace: when the next prompt may be sent, one for all workers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Optional

from portal_client.randomness import jitter

#: Bounds in seconds: of the pause after trouble, and of the distance between prompts after a 429.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_FIRST_DISTANCE, _LONGEST_DISTANCE = 0.1, 10.0


class Pace:
    """When a prompt may be sent: at most `per_minute`, evenly spaced, `burst` of them at once after a rest.

    After a 429, and in trouble, nothing is sent for a while. A 429 also spaces the prompts behind it: the
    distance doubles, and shrinks again as prompts are accepted. Times are those of `now`, in seconds.
    """

    def __init__(
        self,
        per_minute: Optional[float],
        burst: int,
        now: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = jitter,
    ) -> None:
        self._distance = 60 / per_minute if per_minute else 0.0
        self._burst = burst
        self._now = now
        self._uniform = uniform
        self._wider = 0.0  # since a 429
        self._next = -math.inf  # when the next prompt is due, were none sent early
        self._resumed = -math.inf  # when the last pause is over
        self._began = -math.inf  # when the last pause began
        self._pauses = 0  # in a row

    @property
    def _between(self) -> float:
        return max(self._distance, self._wider)

    def left(self) -> float:
        """Return the seconds until the next prompt may be sent."""
        now = self._now()
        # Who has come out of a pause does not make up for it.
        early = 0.0 if self._wider else (self._burst - 1) * self._between
        return max(0.0, self._resumed - now, self._next - early - now)

    def take(self) -> None:
        """Count a prompt that is sent now."""
        self._next = max(self._next, self._now()) + self._between

    def accepted(self) -> None:
        """Note that a prompt was accepted: the pauses are over, and the distance shrinks."""
        self._pauses = 0
        self._wider = 0.0 if self._wider < _FIRST_DISTANCE / 2 else self._wider * 0.9

    def limited(self, sent: float, retry_after: Optional[float]) -> float:
        """Note a 429 for a prompt that was sent at this time; return the seconds of the pause.

        The others that were sent before the last pause say nothing new, unless they ask for a longer one.
        """
        if sent > self._began:
            self._wider = min(max(2 * self._between, _FIRST_DISTANCE), _LONGEST_DISTANCE)
        return self._pause(sent, retry_after)

    def troubled(self, sent: float) -> float:
        """Note that the server failed, or could not be reached; return the seconds of the pause."""
        return self._pause(sent, None)

    def _pause(self, sent: float, seconds: Optional[float]) -> float:
        now = self._now()
        if sent > self._began:
            self._began = now
            if seconds is None:
                longest = min(_SHORTEST_PAUSE * 2**self._pauses, _LONGEST_PAUSE)
                seconds = self._uniform(_SHORTEST_PAUSE / 2, longest)
            self._pauses += 1
        self._resumed = max(self._resumed, now + (seconds or 0.0))
        return self._resumed - now

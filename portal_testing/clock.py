"""The clock of a test: it goes as usual, but whatever waits by it does not wait; the clock is put forward."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread, current_thread
from typing import TypeVar

from portal_client import ApiClient

Client = TypeVar("Client", bound=ApiClient)

#: How long a pause of a client waits for the agents at work, and one of an agent for its readers, in seconds.
_FOR_AGENTS, _FOR_READERS = 1.0, 0.02

#: By how much each pause is longer than the last one while an agent that never replies is waited for, in
#: seconds: an hour is over after a hundred reads, where the pauses alone make it fifteen hundred.
_LONGER = 0.5

_LAST = datetime.max.replace(tzinfo=UTC)


class Clock:
    """The time of a server and of the clients that are given it. Safe with threads.

    A pause between attempts or between two reads of a session passes at once, and so does the pace of an
    agent: they only put the clock forward. The silence of a connection is waited for in real time. Whoever
    reads the session of an agent that never replies makes the clock go faster with each read.
    """

    def __init__(self) -> None:
        self._ahead = 0.0
        self._lock = Lock()
        self._silent = False
        self._reads = 0
        #: The threads of agents at work.
        self.at_work: set[Thread] = set()

    def now(self) -> datetime:
        """Return the date and time, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        """Return a number of seconds, whose differences count."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float | timedelta) -> None:
        """Put the clock forward, so that tokens and deadlines expire.

        Raises ValueError for a time below 0, as a clock does not go back, and for one beyond the calendar.
        """
        if isinstance(seconds, timedelta):
            seconds = seconds.total_seconds()
        if not seconds >= 0:
            raise ValueError(f"a clock is put forward, not back: {seconds} s")
        with self._lock:
            if self._ahead + seconds > (_LAST - datetime.now(UTC)).total_seconds():
                raise ValueError(f"a clock is put forward to a date, not by {seconds} s")
            self._ahead += seconds

    def sleep(self, seconds: float) -> None:
        """Put the clock forward, once the agents at work have come to their end; do not wait otherwise."""
        for thread in list(self.at_work - {current_thread()}):
            thread.join(min(seconds, _FOR_AGENTS))
            if not thread.is_alive():
                self.at_work.discard(thread)
        if self._silent and not self.at_work:
            seconds = max(seconds, self._reads * _LONGER)
        self.advance(seconds)

    def fall_silent(self) -> None:
        """Tell the clock, as an agent, that nothing more is to come from it."""
        self.at_work.discard(current_thread())
        self._silent = True

    def note(self, repeated: bool) -> None:
        """Count the calls that only repeat the one before."""
        self._reads = self._reads + 1 if repeated else 0

    def pause(self, seconds: float) -> None:
        """Put the clock forward as an agent, and let those who follow it read what it has said so far."""
        time.sleep(min(seconds, _FOR_READERS))
        self.advance(seconds)

    def install(self, client: Client) -> Client:
        """Give a client this clock, and return it."""
        client.rest_client.sleep = self.sleep
        client.rest_client.now = self.monotonic
        return client

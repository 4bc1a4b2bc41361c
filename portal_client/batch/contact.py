"""The contact to the server: its clock, and since when it cannot be reached."""

from __future__ import annotations

import time
from typing import Optional

from portal_client.batch.pace import Pace


class Contact:
    """What is known of the server.

    `date` is the latest Date that it has sent, None where there was none. Who cannot reach it for `outage`
    seconds gives up.
    """

    def __init__(self, pace: Pace, outage: float) -> None:
        self.date: Optional[float] = None
        self._pace = pace
        self._outage = outage
        self._failing_since: Optional[float] = None

    def reached(self, date: Optional[float]) -> None:
        """Note that the server has responded, with this Date."""
        self._failing_since = None
        if date is not None:
            self.date = date if self.date is None else max(date, self.date)

    def failed(self, sent: float) -> bool:
        """Note that a request that was sent then did not reach the server; return whether to give up."""
        self._pace.troubled(sent)
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since > self._outage

"""One attempt on its way: its deadline, and how far it has come."""

from __future__ import annotations

from typing import Any, Optional

from portal_client.timeouts import Deadline, as_good


class Exchange:
    """One attempt: its deadline, its times, and the bytes each way; `sent` is 0 until the request is written.

    `before` is the attempt before it. `query` is a credential for the URL; it is added as the request is
    written, later than urllib3 logs.
    """

    __slots__ = ("before", "began", "deadline", "ended", "query", "received", "sent", "silence")

    def __init__(self, deadline: Deadline, before: Optional[Exchange] = None) -> None:
        self.deadline: Deadline = deadline
        self.before: Optional[Exchange] = before
        self.began: float = deadline.now()
        self.ended: float = self.began
        self.silence: float = deadline.limits.read
        self.query: str = ""
        self.sent: int = 0
        self.received: int = 0

    def end(self) -> None:
        """Take down when the attempt ended."""
        self.ended = self.deadline.now()

    def give_time(self, sock: Any) -> None:
        """Bound the next wait on a socket; raises TimeoutError when no time is left."""
        limit = self.deadline.within(self.silence)
        if not as_good(sock.gettimeout(), limit):
            sock.settimeout(limit)

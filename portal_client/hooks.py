"""What observers see of a call: one value per attempt, handed to hooks and to `logging`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from portal_client.connection import Exchange
    from portal_client.request import HTTPRequest

log: logging.Logger = logging.getLogger("portal_client")
log.addHandler(logging.NullHandler())


@dataclass(slots=True)
class Attempt:
    """One attempt of a call, as far as it has come; it holds no header, body or token.

    `number` counts from 1, so 1 in `on_request` is the start of the call; `final` in `on_response`
    and `on_error` says that the call ends with this attempt. `elapsed` is in seconds and runs from
    the start of the attempt; `sent` and `received` are bytes on the wire, TLS not counted.
    """

    operation: str
    method: str
    url: str
    request_id: str
    number: int
    status: Optional[int] = None
    elapsed: float = 0.0
    sent: int = 0
    received: int = 0
    error: Optional[Exception] = None
    final: bool = False


class Hooks:
    """Base class of observers: override what you need and put an instance in `Configuration.hooks`.

    Hooks run in the caller's thread; what they raise ends the call.
    """

    def on_request(self, attempt: Attempt) -> None:
        """Before an attempt is sent."""

    def on_response(self, attempt: Attempt) -> None:
        """After an answer of any status."""

    def on_error(self, attempt: Attempt) -> None:
        """After an attempt that brought no answer; `attempt.error` says why."""


class Log(Hooks):
    """One line per call at INFO, one per attempt at DEBUG."""

    def on_request(self, attempt: Attempt) -> None:
        log.debug("%s attempt %d: %s %s", attempt.operation, attempt.number, attempt.method, attempt.url)

    def on_response(self, attempt: Attempt) -> None:
        self._ended(attempt, str(attempt.status))

    def on_error(self, attempt: Attempt) -> None:
        self._ended(attempt, type(attempt.error).__name__)

    def _ended(self, attempt: Attempt, outcome: str) -> None:
        log.log(
            logging.INFO if attempt.final else logging.DEBUG,
            "%s %s in %.3f s, attempt %d, %d bytes sent, %d received, request id %s",
            attempt.operation,
            outcome,
            attempt.elapsed,
            attempt.number,
            attempt.sent,
            attempt.received,
            attempt.request_id,
        )


_LOG = Log()


def log_to_file(logger: logging.Logger, path: Optional[str], before: Optional[str], layout: str) -> None:
    """Append a logger's lines to the file at `path`, and no longer to the one at `before`."""
    for handler in logger.handlers[:]:
        if isinstance(handler, logging.FileHandler) and handler.baseFilename == os.path.abspath(before or ""):
            logger.removeHandler(handler)
            handler.close()
    if path is not None:
        added = logging.FileHandler(path, delay=True)
        added.setFormatter(logging.Formatter(layout))
        logger.addHandler(added)


class Watch:
    """Tells the hooks, and the log if it is listened to, of one attempt."""

    def __init__(self, hooks: Sequence[Hooks], attempt: Attempt, now: Callable[[], float]) -> None:
        self._hooks = hooks
        self._attempt = attempt
        self._now = now
        self._started = now()
        for hook in hooks:
            hook.on_request(attempt)

    @classmethod
    def over(cls, request: HTTPRequest, number: int, now: Callable[[], float]) -> Optional[Watch]:
        """Watch an attempt; None when nobody wants to know, which costs nothing."""
        hooks = (*request.hooks, _LOG) if log.isEnabledFor(logging.INFO) else request.hooks
        if not hooks:
            return None
        attempt = Attempt(request.operation, request.method, request.url, request.request_id, number)
        return cls(hooks, attempt, now)

    def answered(self, status: int, exchange: Exchange, final: bool) -> None:
        """The attempt brought an answer."""
        self._attempt.status = status
        self._measure(exchange, final)
        for hook in self._hooks:
            hook.on_response(self._attempt)

    def failed(self, error: Exception, exchange: Exchange, final: bool) -> None:
        """The attempt brought none."""
        self._attempt.error = error
        self._measure(exchange, final)
        for hook in self._hooks:
            hook.on_error(self._attempt)

    def _measure(self, exchange: Exchange, final: bool) -> None:
        self._attempt.elapsed = self._now() - self._started
        self._attempt.sent, self._attempt.received = exchange.sent, exchange.received
        self._attempt.final = final

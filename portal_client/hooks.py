"""The observers of a call: hooks and log lines for each attempt."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

log: logging.Logger = logging.getLogger("portal_client")
log.addHandler(logging.NullHandler())


@dataclass(slots=True)
class Attempt:
    """One attempt of a call, up to now; it holds no header, body or token.

    `number` counts from 1, so 1 in `on_request` is the start of the call; `final` in `on_response` and
    `on_error` says that the call ends with this attempt. `elapsed` is in seconds from the start of the
    attempt, `since_call` from that of the call, waits included; `sent` and `received` are bytes on the
    wire, TLS not counted. `request_sent` says whether the server may have seen any of the request.

    `ids` are the arguments in the path and those that end in `_id`, such as session_id, and `prompts` says
    whether the call is a prompt to an agent. `state` is for hooks to keep what they need: one dict for all
    attempts of a call.
    """

    operation: str
    method: str
    url: str
    request_id: str
    number: int
    status: Optional[int] = None
    elapsed: float = 0.0
    since_call: float = 0.0
    sent: int = 0
    received: int = 0
    request_sent: bool = False
    error: Optional[BaseException] = None
    final: bool = False
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    prompts: bool = False
    state: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)


class Hooks:
    """Base class of observers: override what you need and put an instance in `Configuration.hooks`.

    Each `on_request` is followed by one `on_response` or `on_error`, after Ctrl-C too, and each call ends
    with one `on_end`. Hooks run in the caller's thread. An exception in one does not end the call: it is
    logged as an error, with its traceback.
    """

    def enabled(self) -> bool:
        """Return whether the call that begins is to be told of; asked once, before its first attempt.

        A call that is not does not pass this object where it is a middleware, too.
        """
        return True

    def on_request(self, attempt: Attempt) -> None:
        """Called before an attempt is sent."""

    def on_body(self, attempt: Attempt, written: int, total: Optional[int]) -> None:
        """Called as a form is written: at its start, and after each of its blocks.

        `written` counts the bytes of the body, from 0 in each attempt; `total` is None where a file is a
        stream of unknown length.
        """

    def on_response(self, attempt: Attempt) -> None:
        """Called after a response of any status."""

    def on_error(self, attempt: Attempt) -> None:
        """Called after an attempt without a response, or an interrupted one; `attempt.error` says why."""

    def on_end(self, attempt: Attempt, data: Any) -> None:
        """Called when a call has ended; `attempt` is its last one.

        `data` is what the call returns, None where `attempt.error` is what it raises. A stream of events ends
        when it was read to its end, closed or cut, in any thread, and its `data` is None.
        """


class Log(Hooks):
    """The log: one line per call at INFO, one per attempt at DEBUG."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def on_request(self, attempt: Attempt) -> None:
        """Log the number, method and URL of the attempt."""
        a = attempt
        self._logger.debug("%s attempt %d: %s %s", a.operation, a.number, a.method, a.url)

    def on_response(self, attempt: Attempt) -> None:
        """Log the status, times and bytes of the attempt."""
        self._ended(attempt, str(attempt.status))

    def on_error(self, attempt: Attempt) -> None:
        """Log the type of the error, times and bytes of the attempt."""
        self._ended(attempt, type(attempt.error).__name__)

    def _ended(self, attempt: Attempt, outcome: str) -> None:
        self._logger.log(
            logging.INFO if attempt.final else logging.DEBUG,
            "%s %s in %.3f s, attempt %d, %d bytes sent, %d received, request id %s",
            attempt.operation,
            outcome,
            attempt.since_call if attempt.final else attempt.elapsed,
            attempt.number,
            attempt.sent,
            attempt.received,
            attempt.request_id,
        )


def log_to_file(logger: logging.Logger, path: Optional[str], before: Optional[str], layout: str) -> None:
    """Append a logger's lines to the file at `path`, and no longer to the one at `before`."""
    for handler in logger.handlers[:]:
        if isinstance(handler, logging.FileHandler) and handler.baseFilename == os.path.abspath(before or ""):
            logger.removeHandler(handler)
            handler.close()
    if path is not None:
        added = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace", delay=True)
        added.setFormatter(logging.Formatter(layout))
        logger.addHandler(added)

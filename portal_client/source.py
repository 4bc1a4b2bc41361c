"""The source of a stream of events: an unread response, or a file that was recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Optional, Protocol

from urllib3 import BaseHTTPResponse


class Reader(Protocol):
    """A response or a file, as far as a stream reads it."""

    def read1(self, amount: int, /) -> bytes:
        """Return at most `amount` bytes, none at the end; wait only where there are none yet."""
        ...

    def close(self) -> None:
        """Close it, read or not."""
        ...


class Ending(Protocol):
    """An attempt whose call is to be told of as it ends."""

    @property
    def silence(self) -> float:
        """The limit for each silence, in seconds."""
        ...

    def end(self) -> None:
        """Record when it ended."""
        ...

    def call_ended(self, data: object = ..., error: Optional[BaseException] = ...) -> None:
        """Tell that the call has ended."""
        ...


class Watched:
    """A response whose end is told once: when it was read to its end, cut or closed."""

    def __init__(self, response: BaseHTTPResponse, exchange: Ending) -> None:
        self.response = response
        self.exchange = exchange
        self._untold = [True]

    def read1(self, amount: int, /) -> bytes:
        """Return at most `amount` bytes, none at the end."""
        try:
            block: bytes = self.response.read1(amount)
        except BaseException as error:
            self._ended(error)
            raise
        if not block:
            self._ended()
        return block

    def close(self) -> None:
        """Close the response."""
        self.response.close()
        self._ended()

    def _ended(self, error: Optional[BaseException] = None) -> None:
        with suppress(IndexError):  # of two threads one tells
            self._untold.pop()
            self.exchange.end()
            self.exchange.call_ended(error=error)


@dataclass(frozen=True, slots=True)
class Source:
    """What a stream is read from, and what an error of it tells of the call.

    `request` names the operation, method and URL; `progress` returns what is known of the call so far, as
    arguments of an ApiException.
    """

    reader: Reader
    content_type: str
    request: Optional[str] = None
    request_id: Optional[str] = None
    progress: Callable[[], Mapping[str, Any]] = dict

    @property
    def response(self) -> Optional[BaseHTTPResponse]:
        """The response; None for a file."""
        reader = self.reader.response if isinstance(self.reader, Watched) else self.reader
        return reader if isinstance(reader, BaseHTTPResponse) else None

    @property
    def silence(self) -> float:
        """The limit for each silence, in seconds."""
        limit: float = getattr(getattr(self.reader, "exchange", None), "silence", math.inf)
        return limit

    def described(self) -> dict[str, Any]:
        """Return what an error tells of the call, as arguments of an ApiException."""
        response = self.response
        return {
            "status": response and response.status,
            "headers": response and response.headers,
            "request": self.request,
            "request_id": self.request_id,
            **self.progress(),
        }

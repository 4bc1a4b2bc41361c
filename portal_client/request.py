"""A request as a value, ready for the wire."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Optional, Protocol, Union

import urllib3
from urllib3.util import Url

from portal_client.credential import Credential
from portal_client.hooks import Hooks, log
from portal_client.middleware import Middleware
from portal_client.multipart import Multipart
from portal_client.timeouts import Deadline, Timeouts

_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port: what credentials belong to."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: Url) -> Origin:
        """Return the origin of an absolute http or https URL."""
        scheme = url.scheme or "http"
        return cls(scheme, url.host or "", _PORTS[scheme] if url.port is None else url.port)

    def __str__(self) -> str:
        usual = self.port == _PORTS[self.scheme]
        return f"{self.scheme}://{self.host}" + ("" if usual else f":{self.port}")


class UnderWay(Protocol):
    """An attempt that another thread can end."""

    def interrupt(self) -> None:
        """End it: what waits for the server is woken, and nothing is sent again."""
        ...


@dataclass(slots=True)
class HTTPRequest:
    """A request as it goes over the wire, and its limits; `target` is the path with the query."""

    operation: str
    method: str
    origin: Origin
    target: str
    headers: dict[str, str] = field(repr=False)
    body: Union[bytes, Multipart, None] = field(repr=False)
    credential: Union[Credential, None]
    request_id: str
    timeouts: Timeouts
    retries: Union[int, urllib3.Retry, None]
    rate_limit_retries: int
    idempotent: bool
    max_response_size: int
    hooks: Sequence[Hooks]
    middleware: Sequence[Middleware] = ()
    logger: logging.Logger = field(default=log, repr=False)
    follows: bool = True  # redirects
    foreign: bool = False  # a redirect has led to another origin, which is shown nothing private
    idle_timeout: Optional[float] = None
    secrets: Sequence[str] = field(default=(), repr=False)  # those in its body
    ids: Callable[[], Mapping[str, str]] = field(default=dict, repr=False)  # of what it is about
    prompts: bool = False  # an agent
    watch: Optional[Callable[[UnderWay], object]] = field(default=None, repr=False)  # is given each attempt

    @property
    def repeatable(self) -> bool:
        """Whether the same bytes can be sent again."""
        return not isinstance(self.body, Multipart) or self.body.repeatable

    @property
    def described(self) -> str:
        """The request in a few words, for an error."""
        note = "" if self.credential else ", without a token"
        return f"{self.operation}, {self.method} {self.url}{note}"

    @property
    def url(self) -> str:
        """The URL without its query, as it may be shown."""
        return f"{self.origin}{self.target.partition('?')[0]}"


class ReadResponse(Protocol):
    """A response that was read to its end."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by names in any case."""
        ...

    @property
    def data(self) -> bytes:
        """The body, decompressed."""
        ...


@dataclass(slots=True)
class Caller:
    """A call that needs a token, and what its source may use to fetch one: connections, deadline, clock."""

    request: HTTPRequest
    deadline: Deadline
    send: Callable[[HTTPRequest], ReadResponse]
    sleep: Callable[[float], None]

"""Cassettes: calls recorded once against a real server, and replayed without one from then on.

What is compared is what a call asks for, and not its bytes: the boundary of a form, the host, the request id
and the order of headers are of no account, and a file is its name and its digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, get_args
from urllib.parse import parse_qsl

from portal_client.api_client import ApiClient
from portal_client.exceptions import ApiConnectionError
from portal_client.middleware import CallNext, MiddlewareRequest, MiddlewareResponse, everywhere
from portal_client.text import masked_data
from portal_client.transport.errors import secrets_in
from portal_testing.calls import Call
from portal_testing.clock import Clock
from portal_testing.exchanges import Exchange
from portal_testing.nearest import described, explained, same
from portal_testing.sent import call_of

Mode = Literal["once", "none", "all"]
Client = TypeVar("Client", bound=ApiClient)

_FORMAT = 1

#: The length of a test's name from which on it is cut, in the name of a file.
_MAX_NAME = 120

#: The requests for tokens: they pass as a cassette is recorded, and are none of it.
_FOR_TOKENS = ("fetch_token", "refresh_token")

#: By whole words: a `keyword`, or a `session_id`, is none.
_CREDENTIAL = re.compile(
    r"(?<![a-z])(apikey|credential|key|password|secret|sig|signature|token)(?![a-z])", re.IGNORECASE
)

#: Where a word begins in a name such as accessToken or APIKey.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class CassetteMismatch(AssertionError):
    """A call that the cassette does not hold, or one that it holds and that was not made."""


class Cassette:
    """The exchanges in a file, as a context manager: all clients of this process record or replay in it.

    With `record` "once" it is recorded where there is no file, and else replayed; with "none" it is always
    replayed, and with "all" always recorded anew. While it is replayed no call reaches the network, and none
    needs a token. What is recorded is written at the end of the block, unless that raises. `ignore` names
    arguments that are not compared, such as one that holds the time.

    At the end of a block that replays, where it is `strict`, CassetteMismatch is raised for calls that were
    not made; a call that the cassette does not hold raises it at once. Raises FileNotFoundError where there
    is nothing to replay, and ValueError for a file that is no cassette.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        record: Mode = "once",
        *,
        strict: bool = True,
        ignore: Collection[str] = (),
    ) -> None:
        if record not in get_args(Mode):
            raise ValueError(f"record must be one of {', '.join(get_args(Mode))}, not {record!r}")
        if isinstance(ignore, str):
            raise ValueError(f"ignore must be a list of names such as [{ignore!r}], not a str")
        self.path: Path = Path(path)
        self.strict: bool = strict
        self.ignore: Collection[str] = ignore
        self.exchanges: list[Exchange] = []
        self.replays: bool = record == "none" or (record == "once" and self.path.exists())
        self._clock = Clock()
        self._unexpected: list[Call] = []
        self._secrets: set[str] = set()
        self._lock = Lock()

    # ── the block ──

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None:
            self.finish()

    def open(self) -> None:
        """Read the file where it is to be replayed, and take over the calls of all clients."""
        if any(isinstance(other, Cassette) for other in everywhere):
            raise RuntimeError("another cassette is in use, and a call can be in one only")
        if self.replays:
            self.exchanges = _load(self.path)
        everywhere.append(self)

    def close(self) -> None:
        """Leave the calls of clients to the network again; harmless when closed already."""
        if self in everywhere:
            everywhere.remove(self)

    def finish(self) -> None:
        """Write what was recorded, or check what was replayed where that is strict."""
        if not self.replays:
            self.save()
        elif self.strict:
            self.check()

    def check(self) -> None:
        """Raise CassetteMismatch for each call that was not expected, and for those that were not made."""
        lines = [f"not in the cassette: {described(call)}" for call in self._unexpected]
        lines += [
            f"not made: {described(exchange.call)}, number {number}"
            for number, exchange in enumerate(self.exchanges, 1)
            if not exchange.used
        ]
        if lines:
            raise CassetteMismatch("\n  ".join([f"The calls are not those of {self.path}:", *lines]))

    def save(self) -> None:
        """Write the file; a test that is interrupted meanwhile leaves the one before."""
        data = {"portal_cassette": _FORMAT, "exchanges": [each.as_data() for each in self._kept()]}
        text = json.dumps(masked_data(data, sorted(self._secrets)), indent=1, ensure_ascii=False)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            part.write_text(text + "\n", "utf-8")
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)

    def to_har(self, path: str | os.PathLike[str], base_url: str = "http://localhost") -> None:
        """Write the exchanges as a HAR file, for browsers and other tools; `base_url` is before each path."""
        from portal_testing.har import archive

        data = masked_data(archive(self._kept(), base_url), sorted(self._secrets))
        Path(path).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def install(self, client: Client) -> Client:
        """Let the pauses of a client pass at once while this is replayed, and return the client."""
        return self._clock.install(client) if self.replays else client

    # ── the calls ──

    def __call__(self, request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        """Record an attempt of a call, or replay it."""
        if request.operation in _FOR_TOKENS:
            return _token() if self.replays else call_next(request)
        return self._replay(request) if self.replays else self._record(request, call_next)

    def _record(self, request: MiddlewareRequest, call_next: CallNext) -> MiddlewareResponse:
        exchange = Exchange(call_of(request))
        with self._lock:
            self.exchanges.append(exchange)
        try:
            self._secrets.update(secrets_in(request.headers), _in_url(request.url))
            response = call_next(request)
            self._secrets.update(_in_query(response), _in_url(response.headers.get("location", "")))
            return exchange.note(response)
        except ApiConnectionError as error:
            exchange.note_failure(error)
            raise
        finally:
            if not exchange.ended:  # it has not come to the network
                with self._lock:
                    self.exchanges.remove(exchange)

    def _replay(self, request: MiddlewareRequest) -> MiddlewareResponse:
        call = call_of(request)
        with self._lock:
            exchange = self._next(call)
            if exchange is None:
                self._unexpected.append(call)
                why = explained(call, self.exchanges, self.ignore)
                raise CassetteMismatch(
                    f"There is no {described(call)} left in {self.path}: {why}\n"
                    'To record it anew: pytest --portal-record=all, or Cassette(..., record="all")'
                )
            exchange.used += 1
        return exchange.replayed()

    def _next(self, call: Call) -> Exchange | None:
        """Return the exchange for a call: each one once and in order, but a GET as often as it is made.

        What was read again and again, as a wait for a session does, is recorded once for each change, and so
        the next one follows at the second call if nothing else was called in between.
        """
        known = [n for n, each in enumerate(self.exchanges) if same(each.call, call, self.ignore)]
        left = next((n for n in known if not self.exchanges[n].used), None)
        last = max((n for n in known if self.exchanges[n].used), default=None)
        if call.method == "GET" and last is not None and (left is None or self._waits(last, left)):
            return self.exchanges[last]
        return None if left is None else self.exchanges[left]

    def _waits(self, last: int, left: int) -> bool:
        """Whether what was recorded between two readings was not replayed yet."""
        return not all(each.used for each in self.exchanges[last + 1 : left])

    def _kept(self) -> list[Exchange]:
        """Return the exchanges that have ended, without readings that only repeat the one before."""
        kept: list[Exchange] = []
        with self._lock:
            ended = [each for each in self.exchanges if each.ended]
        for each in ended:
            repeats = bool(kept) and each.call.method == "GET" and each.as_data() == kept[-1].as_data()
            if not repeats:
                kept.append(each)
        secrets = sorted(self._secrets)
        return [each.masked(secrets) for each in kept]

    def __repr__(self) -> str:
        does = "replays" if self.replays else "records"
        return f"<{type(self).__name__} {does} {self.path}, {len(self.exchanges)} exchanges>"


def path_for(name: str, file: Path, folder: str) -> Path:
    """Return the path of the cassette of a test: `cassettes/test_file/test_name.json` beside its file."""
    safe = re.sub(r"[^\w.\-\[\]]", "-", name)
    if safe != name or len(safe) > _MAX_NAME:  # else two tests might have one
        safe = f"{safe[:_MAX_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return file.parent / folder / file.stem / f"{safe}.json"


def _load(path: Path) -> list[Exchange]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f'there is no cassette {path}: record it with pytest --portal-record=once, or record="once"'
        ) from None
    try:
        data: Any = json.loads(text.decode())
        if data["portal_cassette"] != _FORMAT:
            raise ValueError(f"its format is {data['portal_cassette']!r}, and not {_FORMAT}")
        return [Exchange.of_data(each) for each in data["exchanges"]]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no cassette: {error!r}") from error


def _in_query(response: MiddlewareResponse) -> list[str]:
    """Return the credential that was sent in the query, which no header shows."""
    exchange = getattr(getattr(response, "raw", None), "exchange", None)
    return [] if exchange is None or not exchange.query else [exchange.credential]


def _in_url(url: str) -> Iterator[str]:
    """Return what is a credential by its name in a query, as in a signed URL that a redirect leads to."""
    query = parse_qsl(url.partition("?")[2].partition("#")[0])
    return (value for name, value in query if _CREDENTIAL.search(f"{name} {_HUMP.sub('_', name)}"))


def _token() -> MiddlewareResponse:
    body = b'{"access_token": "replayed", "token_type": "Bearer", "expires_in": 3600}'
    return MiddlewareResponse(200, {"Content-Type": "application/json"}, body)

"""Reading an agent's sessions, to find those of items in doubt."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from importlib import import_module
from typing import Any, Optional

import urllib3
from dateutil.parser import isoparse
from urllib3.exceptions import HTTPError

from portal_client.api.default_api import DefaultApi
from portal_client.api.sessions_api import SessionsApi
from portal_client.batch.item import Likeness, likeness
from portal_client.batch.result import Candidate
from portal_client.exceptions import ApiConnectionError, ApiResponseError, error_for
from portal_client.transport.errors import strip_traceback
from portal_client.transport.retry import retry_after

#: Of a list without sessions so much is kept, to see that it is one; it is read in blocks of this size.
_BLOCK = 64 * 1024


class Found(Candidate):
    """A session that looks like that of an item in doubt."""

    @property
    def at(self) -> Optional[float]:
        """When it was made, in seconds since 1970; None where the time has no zone, or is none."""
        try:
            made = isoparse(self.created_at)
        except (ValueError, OverflowError):
            return None
        return None if made.tzinfo is None else made.timestamp()

    def may_be_since(self, time: float) -> bool:
        """Whether it may have been made since then, in seconds since 1970."""
        return self.at is None or self.at >= time


@dataclass(frozen=True, slots=True)
class Reading:
    """The sessions of an agent that look like those wanted, by what they have in common.

    `began` is when the request was sent, by the monotonic clock; `date` is the server's clock. `others` are
    the sessions that look otherwise, where they were asked for.
    """

    began: float
    date: Optional[float]
    found: Mapping[Likeness, list[Found]] = field(default_factory=dict[Likeness, list[Found]])
    others: Sequence[Found] = ()


def parser() -> Any:
    """Return the parser of JSON streams.

    Raises ImportError, which names the extra, where it is not installed.
    """
    try:
        return import_module("ijson")
    except ImportError as error:
        raise ImportError(
            'a batch needs ijson, to find what became of lost prompts: pip install "portal-client[batch]"',
            name=error.name,
        ) from error


def date_of(headers: Optional[Mapping[str, str]]) -> Optional[float]:
    """Return the server's Date in seconds since 1970; None where it names none."""
    value = urllib3.HTTPHeaderDict(headers).get("Date")
    if value is None:
        return None
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def server_date(api: SessionsApi) -> Optional[float]:
    """Ask for the server's Date by a request without effect."""
    with DefaultApi(api.api_client).root_get_without_preload_content() as response:
        return date_of(response.headers)


def read(
    api: SessionsApi, agent_id: str, wanted: Collection[Likeness], since: Optional[float] = None
) -> Reading:
    """Read an agent's sessions and keep those wanted; with `since` also the others that were made since then.

    They are read as a stream, however many there are. Raises ApiException, also for a list that breaks off.
    """
    began = time.monotonic()
    with api.get_sessions_without_preload_content(agent_id) as response:
        if response.status != 200:
            raise error_for(response.status)(
                response.status,
                f"get_sessions: {response.reason}",
                retry_after=retry_after(response.headers),
            )
        found: dict[Likeness, list[Found]] = {}
        others: list[Found] = []
        ijson = parser()
        try:
            for like, session in _sessions(ijson, agent_id, _Kept(response)):
                each = Found(str(session["id"]), str(session["created_at"]))
                if like and like in wanted:
                    found.setdefault(like, []).append(each)
                elif since is not None and each.may_be_since(since):
                    others.append(each)
        except (HTTPError, OSError) as error:
            reason = f"get_sessions: the list broke off: {type(error).__name__}"
            raise ApiConnectionError(status=0, reason=reason) from strip_traceback(error)
        except (ijson.JSONError, ValueError, ArithmeticError, LookupError, TypeError) as error:
            reason = f"get_sessions: this is no list of sessions: {type(error).__name__}"
            raise ApiResponseError(status=200, reason=reason) from strip_traceback(error)
        return Reading(began, date_of(response.headers), found, others)


def _sessions(ijson: Any, agent_id: str, source: _Kept) -> Iterator[tuple[Optional[Likeness], Any]]:
    some = False
    for session in ijson.items(source, "sessions.item"):
        some = True
        for message in session["messages"]:
            if message["role"] == "user":
                yield likeness(agent_id, message["text"]), session
                break
        else:
            yield None, session
    if not some and json.loads(source.beginning)["sessions"] != []:
        raise ValueError  # ijson says nothing where there is no list


class _Kept:
    """A response that is read in blocks, of which the first one is kept."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self.beginning = b""

    def read(self, size: int) -> bytes:
        block = self._response.read(size)
        if len(self.beginning) <= _BLOCK:
            self.beginning += block
        return block

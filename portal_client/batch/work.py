"""What a worker executes for an item: it sends the prompt, and it waits for the session."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Optional

from portal_client.api.sessions_api import SessionsApi
from portal_client.api_response import ApiResponse
from portal_client.batch.checked import checked
from portal_client.batch.claims import claimed, release
from portal_client.batch.item import Inputs
from portal_client.batch.reconcile import date_of
from portal_client.exceptions import ApiException, OpenApiException
from portal_client.models.session import Session
from portal_client.polling import is_final, is_transient, poll
from portal_client.timeouts import Deadline, Timeouts

#: The limit of one reading of a session, in seconds.
_READ_SECONDS = 60.0


class NotBegun(OpenApiException):
    """The attempt was handed out too long ago to be begun; nothing was sent."""


class NotSent(OpenApiException):
    """The item cannot be sent, such as for a file that is gone; nothing was."""


class Repeated(OpenApiException):
    """The attempt was begun before, on another worker; nothing was sent this time."""


class Calls:
    """The calls of an API as a worker makes them; pickled once, and kept by each process that gets them."""

    def __init__(self, api: SessionsApi) -> None:
        self.api = api
        #: Each attempt counts against the rate, so the client itself repeats none; but a token is renewed.
        self.once: SessionsApi = copy.copy(api)
        self.once.api_client = api.api_client.with_options(retries=0, rate_limit_retries=0)
        #: Set when nobody waits for sessions any longer.
        self.stopped: bool = False

    @cached_property
    def pickled(self) -> bytes:
        """The API for another process."""
        return pickle.dumps(self.api)

    def __reduce__(self) -> Any:
        return restored, (self.pickled,)

    def __dask_tokenize__(self) -> bytes:
        return self.pickled


@lru_cache(maxsize=4)
def restored(pickled: bytes) -> Calls:
    """Return the calls of a pickled API, the same ones each time: they share their connections."""
    return Calls(pickle.loads(pickled))


class Attempt(NamedTuple):
    """An item to send; `token` names this attempt alone.

    `contents` are those of the files that have no path. It is begun within `seconds` from `handed_out`, by
    the clock of the machine, or not at all, and it is over in as many. With `claims` it may be run more than
    once, and only the first run may send it.
    """

    token: str
    inputs: Inputs
    contents: tuple[Optional[bytes], ...]
    handed_out: float
    seconds: float
    claims: bool = False


class Started(NamedTuple):
    """The session that an attempt has started; `date` is the server's."""

    session_id: str
    date: Optional[float]


class Ended(NamedTuple):
    """A session at the end of the wait for it; it may still be running.

    `session` is the JSON that the server has sent, `said` the text of the last message. `prompt` is the first
    one of the user, None where there is none, and `created_at` is in seconds since 1970.
    """

    status: str
    final: bool
    session: str
    said: str
    prompt: Optional[str]
    created_at: float


def submit(calls: Calls, attempt: Attempt) -> Started:
    """Send the prompt of an item, and return its session, which is not waited for.

    Raises ApiException; NotBegun, NotSent or Repeated where nothing was sent.
    """
    if attempt.claims and not claimed(attempt.token):  # before all else: another run may have sent it
        raise Repeated("the attempt was begun before, by a worker that was lost")
    if time.time() - attempt.handed_out > attempt.seconds:
        raise NotBegun("the attempt was handed out too long ago, by the clock of the worker")
    inputs = attempt.inputs
    with ExitStack() as closing:
        try:
            files = [
                (file.name, checked(file, content, closing), file.content_type)
                for file, content in zip(inputs.files, attempt.contents, strict=True)
            ]
        except OSError as error:
            raise NotSent(f"{type(error).__name__}: {error}") from None
        try:
            response = calls.once.create_async_session_with_http_info(
                inputs.agent_id, inputs.text_prompt, files or None, _request_timeout=attempt.seconds
            )
        except ApiException as error:
            error.may_pass = is_transient(error)  # its cause is lost on the way from another process
            raise
    return Started(response.data.session_id, date_of(response.headers))


def wait(
    calls: Calls, session_id: str, seconds: float, grace: float, token: str, stale: Sequence[str] = ()
) -> Optional[Ended]:
    """Wait until a session is finished, for so many seconds at most; None where its state was never read.

    In the first `grace` seconds it may be missing: it was just started. `token` makes this wait another one
    than an earlier one; `stale` are the tokens of attempts that are too old to be begun. Raises ApiException
    for what is no passing failure.
    """
    last: Optional[ApiResponse[Session]] = None

    def read() -> Session:
        nonlocal last
        last = calls.api.get_session_with_http_info(session_id, _request_timeout=_READ_SECONDS)
        return last.data

    for _ in poll(read, Deadline(Timeouts(total=seconds)), grace=grace):
        if calls.stopped:
            break
    for claim in stale:
        release(claim)
    if last is None:
        return None
    session = last.data
    return ended(session, last.raw_data.decode("utf-8-sig"))


def ended(session: Session, text: str) -> Ended:
    """Return what a run needs to know of a session, whose JSON is given."""
    said = session.messages[-1].text if session.messages else ""
    prompt, created_at = first_prompt(session), session.created_at.timestamp()
    return Ended(session.status.value, is_final(session), text, said, prompt, created_at)


def first_prompt(session: Session) -> Optional[str]:
    """Return the first prompt of a session, None where it has none."""
    return next((message.text for message in session.messages if message.role == "user"), None)

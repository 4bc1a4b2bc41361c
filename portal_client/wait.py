"""A wait for one session: its requests, its progress, and what it ends in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Optional, Protocol, Self, Union, cast

from portal_client.exceptions import (
    ApiException,
    ApiResponseError,
    ApiValueError,
    SessionFailed,
    WaitTimeout,
)
from portal_client.hooks import Attempt, Hooks
from portal_client.models.async_session_response import AsyncSessionResponse
from portal_client.models.session import Session
from portal_client.operation import Operation, Request
from portal_client.options import RequestOptions
from portal_client.polling import is_final, poll
from portal_client.progress import Amount, progress_of
from portal_client.reading import SHORTEST_SECONDS, Readable, Reader
from portal_client.text import printable
from portal_client.timeouts import Deadline, Timeouts, check_seconds

#: Seconds for everything, where the call names none.
DEFAULT_SECONDS = 3600.0

#: Seconds by which all machines of a service know of a session that one of them has started.
GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SessionProgress:
    """How far a session is; `str()` says it in a line.

    `phase` is "sending", "waiting" or "done". While the prompt and its files are sent, `sent` counts the
    bytes of the body, anew in each attempt; `total` is None where a file is a stream of unknown length.
    `session_id` is None until it is known, `status` until the session was read; `messages` is the number of
    its messages, `elapsed` the seconds since the call began.
    """

    phase: str
    session_id: Optional[str] = None
    sent: int = 0
    total: Optional[int] = None
    status: Optional[str] = None
    messages: int = 0
    elapsed: float = 0.0

    @property
    def amount(self) -> Amount:
        """The same for a bar: the bytes sent, then how the session is."""
        if self.phase == "sending":
            note = f"{self.sent:,} bytes" if self.total is None else ""
            return Amount("Sending the prompt", self.sent, self.total, "B", note)
        count = f"{self.messages} message{'' if self.messages == 1 else 's'}"
        note = "started" if self.status is None else f"{printable(self.status)}, {count}"
        return Amount(f"Session {printable(self.session_id or '')}", note=note)

    def __str__(self) -> str:
        title, done, total, _, note = self.amount
        return f"{title}: {note or f'{done:,} of {total:,} bytes'}, {self.elapsed:.0f} s"


#: True for what fits where the program runs, False for nothing, or a callable that is given each value.
ProgressArgument = Union[bool, Callable[[SessionProgress], object]]


class Sessions(Readable, Protocol):
    """SessionsApi, as far as it is needed to send a prompt and wait."""

    @property
    def create_async_session(self) -> Callable[..., AsyncSessionResponse]:
        """Start a session."""
        ...

    @property
    def update_async_session(self) -> Callable[..., AsyncSessionResponse]:
        """Add a prompt to a session."""
        ...


class Wait:
    """One wait: its deadline, its progress, and what is known of its session."""

    def __init__(
        self,
        sessions: Sessions,
        timeout: Optional[float],
        progress: ProgressArgument,
        options: RequestOptions,
    ) -> None:
        self._sessions = sessions
        self._client = sessions.api_client
        self._options = options
        rest = self._client.rest_client
        total = check_seconds("timeout", DEFAULT_SECONDS if timeout is None else timeout)
        self._deadline = Deadline(Timeouts(total=total), rest.now)
        self._sleep = rest.sleep
        self._progress = progress_of(progress, rest.now)
        self._sending: Optional[_Sending] = None
        self._session_id: Optional[str] = None
        self._session: Optional[Session] = None
        #: How to look for a prompt that may have arrived.
        self.hint = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: Optional[BaseException], trace: object) -> None:
        self._progress.close()
        if isinstance(error, KeyboardInterrupt) and sys.stderr is not None:
            with suppress(Exception):  # it may be closed
                print(self._left_behind(), file=sys.stderr, flush=True)
        elif isinstance(error, Exception):
            self._explain(error)

    def _explain(self, error: Exception) -> None:
        """Add to an error what it leaves behind."""
        if isinstance(error, ApiException) and self._sending is not None and self._session_id is not None:
            # The error is that of a read; what counts for the caller is the prompt.
            error.request_sent, error.safe_to_repeat = True, False
            if not isinstance(error, (SessionFailed, WaitTimeout)):
                error.add_note(f"The prompt was sent. To wait for its session: {self._resumption}")

    @property
    def _resumption(self) -> str:
        return f'api.wait_for_session("{printable(self._session_id or "")}")'

    def _left_behind(self) -> str:
        """Return what an interrupt leaves behind."""
        if self._session_id is not None:
            return f"Interrupted. The session goes on; to wait for it again: {self._resumption}"
        if self._sending is not None and self._sending.request_sent:
            return f"Interrupted. The prompt may have arrived: {self.hint}."
        return "Interrupted. The prompt was not sent."

    # ── requests ──

    def prompt(self, call: Any, *arguments: Any) -> Request:
        """Return the request that sends a prompt.

        Raises pydantic.ValidationError and ApiValueError, which name the argument, and OSError.
        """
        return self.request(call, arguments, self._options)

    def request(self, call: Any, arguments: tuple[Any, ...], options: RequestOptions) -> Request:
        """Return the request of a call.

        Raises pydantic.ValidationError and ApiValueError, which name the argument, and OSError.
        """
        operation: Operation = call.operation
        for each in (operation, cast(Any, self._sessions.get_session).operation):
            each.prepare()  # so that Ctrl-C counts once the prompt is sent
        request = operation.request(arguments, options)
        self._client.prepare_request(request)
        return request

    @property
    def without_form(self) -> RequestOptions:
        """The options of a request that has no form."""
        options = self._options.copy()
        options.pop("_content_type", None)
        return options

    def reader(self, session_id: str) -> Reader:
        """Return what reads a session within the deadline.

        Raises pydantic.ValidationError and ApiValueError, which name the argument.
        """
        return Reader(self._sessions, session_id, self.without_form, self._deadline)

    def reader_of(self, session_id: str, started: Request) -> Reader:
        """Return what reads the session that a request has started.

        Raises ApiResponseError for an id that no session can have.
        """
        try:
            return self.reader(session_id)
        except ApiValueError as error:
            raise ApiResponseError(status=200, reason=f"{started.operation.name}: {error}") from None

    def started(self, prompt: Request) -> Reader:
        """Send the prompt of a new session and return what reads that."""
        return self.reader_of(self.send(prompt), prompt)

    def before(self, read: Reader) -> Session:
        """Return a session as it is before its prompt."""
        try:
            return read()
        except ApiException as error:
            error.safe_to_repeat = True  # nothing but a read was sent
            raise

    def send(self, prompt: Request) -> str:
        """Send a prompt and return the id of its session."""
        self._session_id = session_id = cast(AsyncSessionResponse, self.call(prompt)).session_id
        return session_id

    def call(self, request: Request) -> Any:
        """Send a request within the deadline and return its result."""
        self._sending = sending = _Sending(self._show_sending)
        limits = Timeouts.of(request.options.get("_request_timeout"), self._client.configuration.timeout)
        left = min(limits.total, max(self._deadline.left(), SHORTEST_SECONDS))
        request.options["_request_timeout"] = limits._replace(total=left)
        result, _ = self._client.observed(request, sending)
        return result

    # ── the wait ──

    def until_done(
        self,
        read: Reader,
        mine: Callable[[Session], bool] = lambda session: True,
        grace: float = 0.0,
    ) -> Session:
        """Return the session when its agent is done, in a state that is `mine`; for `grace` see `poll`.

        Raises SessionFailed, WaitTimeout, ApiException.
        """

        def done(session: Session) -> bool:
            return is_final(session) and mine(session)

        self._session_id = read.session_id
        self._show("waiting")
        for session in poll(read, self._deadline, until=done, grace=grace, sleep=self._sleep):
            self._session = session
            if not done(session):
                self._show("waiting")
                continue
            self._show("done")
            if session.status == "Error":
                raise self._session_failed(session, read)
            return session
        error = read.time_is_over(self._session, "wait_for_session")
        if self._session is not None and is_final(self._session):
            error.add_note("The state that was read last does not hold the prompt.")
        raise error

    def _session_failed(self, session: Session, read: Reader) -> SessionFailed:
        last = session.messages[-1] if session.messages else None
        words = "it has said nothing" if last is None or last.role == "user" else last.text
        reason = f'the agent failed in session "{session.id}": {words}'
        error = SessionFailed(status=200, reason=reason, data=session, **read.context)
        error.session_id, error.session = read.session_id, session
        return error

    # ── progress ──

    def _show(self, phase: str) -> None:
        session = self._session
        self._progress.show(
            SessionProgress(
                phase,
                self._session_id,
                status=None if session is None else session.status.value,
                messages=0 if session is None else len(session.messages),
                elapsed=self._elapsed,
            )
        )

    def _show_sending(self, sent: int, total: Optional[int]) -> None:
        self._progress.show(SessionProgress("sending", sent=sent, total=total, elapsed=self._elapsed))

    @property
    def _elapsed(self) -> float:
        return self._deadline.now() - self._deadline.began


class _Sending(Hooks):
    """Notes whether the server may have seen a prompt, and shows the bytes that are sent."""

    def __init__(self, show: Callable[[int, Optional[int]], None]) -> None:
        self._show = show
        self.request_sent = False

    def on_body(self, attempt: Attempt, written: int, total: Optional[int]) -> None:
        self._show(written, total)

    def on_response(self, attempt: Attempt) -> None:
        self.request_sent |= attempt.request_sent

    def on_error(self, attempt: Attempt) -> None:
        self.request_sent |= attempt.request_sent

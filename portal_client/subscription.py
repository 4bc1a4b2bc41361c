"""The states of a session as the service sends them: over a stream that is renewed, or by polling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from threading import TIMEOUT_MAX, Event, Timer
from typing import Any, Optional, Protocol

from portal_client.content_type import content_type
from portal_client.credential import check_header
from portal_client.exceptions import ApiException, ApiStreamError, ApiTimeoutError, ApiValueError
from portal_client.models.session import Session
from portal_client.polling import is_transient, pauses, poll
from portal_client.randomness import jitter
from portal_client.reading import Readable, Reader
from portal_client.streaming import EventStream
from portal_client.timeouts import Deadline

#: Reads that may fail in a row before the error is raised.
MAX_FAILURES = 20

#: A server that streams begins at once; one that has sent no headers until then waits for the agent.
_HEADERS_SECONDS = 5.0

#: The longest pause that a stream may ask for with `retry:`.
_LONGEST_RETRY_SECONDS = 60.0

_LAST_EVENT_ID = "Last-Event-ID"


class Sessions(Readable, Protocol):
    """SessionsApi, as far as it is needed to subscribe to a session."""

    @property
    def subscribe_to_session_stream(self) -> Callable[..., EventStream[Session]]:
        """Subscribe to a session."""
        ...


class Subscription:
    """The states of one session, some of them twice or older than those before.

    The session is read, and then subscribed to: both at once would need two connections, of which other
    subscriptions may hold all. That is done again when the stream breaks, after a pause.
    """

    def __init__(
        self,
        sessions: Sessions,
        reader: Reader,
        deadline: Deadline,
        idle_timeout: float,
        headers: Optional[Mapping[str, Any]] = None,
        sleep: Optional[Callable[[float], object]] = None,
        uniform: Callable[[float, float], float] = jitter,
    ) -> None:
        self._subscribe_to = sessions.subscribe_to_session_stream
        self._reader = reader
        self._deadline = deadline
        self._idle_timeout = idle_timeout
        self._headers = headers or {}
        self._closing = Event()
        self._sleep: Callable[[float], object] = sleep or self._closing.wait
        self._uniform = uniform
        self._failures = 0
        # The next step: to read a stream, to poll, to subscribe; else to wait and to read the session.
        self._stream: Optional[EventStream[Session]] = None
        self._polled: Optional[Iterator[Session]] = None
        self._was_read = False
        self._timer: Optional[Timer] = None
        self._pauses = self._new_pauses()
        self._pause = 0.0
        # What earlier streams have said.
        self._has_streamed = False
        self._last_event_id = ""
        self._retry = 0.0

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closing.is_set()

    def close(self) -> None:
        """End the connection, from any thread; a step that waits raises ApiStreamError."""
        self._closing.set()
        self._reader.interrupt()
        self._disconnect()

    def succeed(self) -> None:
        """Take the last state as progress: should the stream break, connect again at once."""
        if self._stream is not None:
            self._pauses = self._new_pauses()

    def step(self) -> Optional[Session]:
        """Do what is due; return the state that it brings, None where it brings none.

        Raises ApiStreamError when it is closed, the error of a read that will not succeed later, and that of
        the last of `MAX_FAILURES` reads in a row.
        """
        self._check()
        if self._stream is not None:
            return self._next_event(self._stream)
        if self._polled is not None:
            return self._next_polled(self._polled)
        if self._was_read:
            self._subscribe()
        elif self._pause:
            self._wait()
        else:
            return self._read_before_subscribing()
        return None

    # ── the steps ──

    def _next_event(self, stream: EventStream[Session]) -> Optional[Session]:
        try:
            return next(stream)
        except StopIteration:
            self._connect_later()
        except ApiException as error:
            self._connect_later(error)
        return None

    def _next_polled(self, polled: Iterator[Session]) -> Optional[Session]:
        state = next(polled, None)
        if state is None:  # the time is over, or the last step has raised an error
            self._polled = None
        return state

    def _subscribe(self) -> None:
        try:
            stream = self._subscribe_to(
                self._reader.session_id,
                idle_timeout=self._idle_timeout,
                _request_timeout=self._reader.within(_HEADERS_SECONDS),
                _headers={**self._headers, **_resuming(self._last_event_id)},
            )
        except ApiException as error:
            late = isinstance(error, ApiTimeoutError) and error.request_sent and not self._has_streamed
            if late or _is_refusal(error):
                self._poll()
            else:
                self._connect_later(error)
            return
        if not _is_stream(stream):
            stream.close()
            self._poll()
            return
        self._stream, self._has_streamed = stream, True
        if (left := self._deadline.left()) < TIMEOUT_MAX:  # a ping ends each silence, but not the time
            self._timer = Timer(left, stream.close)
            self._timer.daemon = True
            self._timer.start()
        if self._closing.is_set():  # by another thread, which has not seen the stream
            self._disconnect()

    def _poll(self) -> None:
        self._leave()
        self._polled = poll(
            self._read, self._deadline, on_failure=self._count, sleep=self._rest, uniform=self._uniform
        )

    def _wait(self) -> None:
        pause, self._pause = self._pause, 0.0
        self._rest(min(pause, self._deadline.left()))

    def _read_before_subscribing(self) -> Optional[Session]:
        try:
            state = self._read()
        except ApiException as error:
            if not is_transient(error):
                raise
            self._count(error)
            self._connect_later(error)
            return None
        self._was_read = True
        return state

    # ── their parts ──

    def _check(self) -> None:
        if self._closing.is_set():
            raise ApiStreamError(reason=f"the updates of session {self._reader.session_id!r} are closed")

    def _rest(self, seconds: float) -> None:
        self._sleep(seconds)
        self._check()

    def _read(self) -> Session:
        state = self._reader()
        self._failures = 0
        return state

    def _count(self, error: ApiException) -> None:
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            raise error

    def _new_pauses(self) -> Iterator[float]:
        """Return the pauses before connecting again: none before the first time."""
        return chain((0.0,), pauses(self._uniform))

    def _connect_later(self, error: Optional[ApiException] = None) -> None:
        """Leave the stream, and wait before the next one; always where it has ended without an error."""
        if (stream := self._stream) is not None:
            self._last_event_id = stream.last_event_id or self._last_event_id
            if stream.retry is not None:
                self._retry = min(stream.retry, _LONGEST_RETRY_SECONDS)
        self._leave()
        pause = next(self._pauses)
        if error is None:
            pause = pause or next(self._pauses)
        self._pause = max(pause, self._retry, (error and error.retry_after) or 0.0)

    def _leave(self) -> None:
        self._disconnect()
        self._stream = self._timer = None
        self._was_read = False

    def _disconnect(self) -> None:
        stream, timer = self._stream, self._timer
        if timer is not None:
            timer.cancel()
        if stream is not None:
            stream.close()


def _resuming(last_event_id: str) -> dict[str, str]:
    """Return the header that names the last event, as the HTML standard encodes it; none where it cannot."""
    try:
        text = check_header(_LAST_EVENT_ID, last_event_id.encode().decode("latin-1"))
    except ApiValueError:  # a control character
        text = ""
    return {_LAST_EVENT_ID: text} if text else {}


def _is_refusal(error: ApiException) -> bool:
    """Return whether the server does not stream, or not without a token."""
    return error.status == 501 or (400 <= error.status <= 499 and not is_transient(error))


def _is_stream(events: EventStream[Session]) -> bool:
    """Return whether a response is a stream, not one document."""
    media_type = content_type(events.response.headers.get("Content-Type", "")).media_type
    return media_type == "text/event-stream" or "ndjson" in media_type

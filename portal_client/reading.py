"""Reading one session again and again, within a limit for each read and a deadline for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, Protocol, cast

from portal_client.api_client import ApiClient
from portal_client.exceptions import ApiException, WaitTimeout
from portal_client.models.session import Session
from portal_client.operation import Operation
from portal_client.options import RequestOptions
from portal_client.request import UnderWay
from portal_client.text import printable
from portal_client.timeouts import Deadline, Timeouts

#: Seconds that one read may be silent, where the call does not say. There is another one.
_READ_SECONDS = 60.0

#: A read needs some time, should the last of it just be over.
SHORTEST_SECONDS = 0.001


class Readable(Protocol):
    """SessionsApi, as far as it is needed to read a session."""

    api_client: ApiClient

    @property
    def get_session(self) -> Callable[..., Session]:
        """Read a session."""
        ...


class Reader:
    """Reads one session: a call returns its state now.

    `failure` is the error of the last read, None where that was successful; `context` is what an error tells
    of the last one that was, as arguments of ApiException. Raises pydantic.ValidationError and
    ApiValueError, which name the argument, before anything is sent.
    """

    def __init__(
        self, sessions: Readable, session_id: str, options: RequestOptions, deadline: Deadline
    ) -> None:
        operation: Operation = cast(Any, sessions.get_session).operation
        self._request = operation.request((session_id,), options)
        self._client = sessions.api_client
        self._client.prepare_request(self._request)
        given = options.get("_request_timeout")
        limits = Timeouts.of(given, self._client.configuration.timeout)
        self._limits = limits if given is not None else limits._replace(read=min(limits.read, _READ_SECONDS))
        self._deadline = deadline
        self.context: dict[str, Any] = {}
        self.session_id: str = session_id
        self.failure: Optional[ApiException] = None
        self._under_way: Optional[UnderWay] = None
        self._is_interrupted = False

    def interrupt(self) -> None:
        """End the read that is under way, and later ones, from any thread: they raise ApiException."""
        self._is_interrupted = True
        if (under_way := self._under_way) is not None:
            under_way.interrupt()

    def _watch(self, attempt: UnderWay) -> None:
        self._under_way = attempt
        if self._is_interrupted:
            attempt.interrupt()

    def __call__(self) -> Session:
        """Return the state of the session now.

        Raises ApiException.
        """
        limits = self._limits._replace(total=self.within(self._limits.total))
        self._request.options["_request_timeout"] = limits
        try:
            session, self.context = self._client.observed(self._request, watch=self._watch)
        except ApiException as error:
            self.failure = error
            raise
        finally:
            self._under_way = None
        self.failure = None
        return cast(Session, session)

    def within(self, seconds: float) -> float:
        """Return the limit of a request that may take so many seconds, but no longer than the deadline."""
        return max(min(seconds, self._deadline.left()), SHORTEST_SECONDS)

    def time_is_over(self, session: Optional[Session], again: str) -> WaitTimeout:
        """Return the error of a wait whose last state is `session`; `again` is the call that goes on."""
        known = "not read yet" if session is None else f"last seen {session.status.value}"
        if self.failure is not None:
            known += f", the last read failed: {self.failure.reason}"
        reason = (
            f"the {self._deadline.limits.total:g} s for the session are over ({known}). "
            f'It goes on; to wait for it again: api.{again}("{printable(self.session_id)}")'
        )
        error = WaitTimeout(reason=reason, data=session, secrets=self.context.get("secrets", ()))
        error.session_id, error.session = self.session_id, session
        error.__cause__ = self.failure
        return error

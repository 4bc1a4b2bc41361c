"""Following a session: each of its states once, in order, until the agent is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional, Self

from typing_extensions import Unpack

from portal_client.conversation import Answer, is_newer
from portal_client.display import Growing
from portal_client.models.session import Session
from portal_client.options import RequestOptions
from portal_client.polling import is_final
from portal_client.reading import Reader
from portal_client.subscription import Sessions, Subscription
from portal_client.text import printable
from portal_client.timeouts import Deadline, Timeouts, check_seconds
from portal_client.wait import DEFAULT_SECONDS

#: The default of `idle_timeout`: a connection that is silent for longer may be dead.
_IDLE_SECONDS = 60.0


class SessionUpdates(Growing):
    """The states of a session as they come: none twice, in order, the last one final.

    Use it in a `with` block: leaving the block ends the connection. One thread may read it, any other may
    close it. `session_id` names the session; `session` is the state that came last, None before the first.
    """

    def __init__(self, reader: Reader, subscription: Subscription, deadline: Deadline) -> None:
        self.session_id: str = reader.session_id
        self.session: Optional[Session] = None
        self._reader = reader
        self._deadline = deadline
        self._answer = Answer()
        self._ended = False
        self._subscription = subscription

    @property
    def closed(self) -> bool:
        """Whether the updates were closed, or read to their end."""
        return self._ended or self._subscription.closed

    def __repr__(self) -> str:
        state = "ended" if self._ended else "closed" if self.closed else "open"
        status = f": {printable(self.session.status)}" if self.session else ""
        return f"<{type(self).__name__} {state} of {self.session_id!r}{status}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_subscription"):  # else the constructor failed
            self.close()

    def close(self) -> None:
        """End the connection; a loop under way raises ApiStreamError. The agent goes on."""
        self._subscription.close()
        self._finish()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Session:
        while not self._ended:
            if not self._deadline.left():
                raise self._reader.time_is_over(self.session, "follow_session")
            state = self._subscription.step()
            if state is None or not (self.session is None or is_newer(state, self.session)):
                continue
            self._subscription.succeed()
            self.session = state
            self._note(state)
            if is_final(state):
                self._ended = True
                self.close()
            return state
        raise StopIteration

    def words(self) -> Iterator[str]:
        """Yield the answer to the last prompt piece by piece, each as soon as it is there.

        Joined they are the whole answer, however much of it was there before; what was said before that
        prompt is left out, and so are further prompts. A blank line separates the messages of an agent; one
        that is replaced by another text, not extended, is followed by that text as by a new message.
        """
        if self.session is not None and (text := self._answer.added(self.session)):
            yield text
        for state in self:
            if text := self._answer.added(state):
                yield text


class Following:
    """The part of SessionsApi that follows a session."""

    def follow_session(
        self: Sessions,
        session_id: str,
        *,
        timeout: Optional[float] = None,
        idle_timeout: Optional[float] = None,
        **options: Unpack[RequestOptions],
    ) -> SessionUpdates:
        """Follow a session: each of its states once, in order, until the agent is done.

        Nothing is sent before the first state is asked for. Then the session is read and subscribed to. Where
        the stream breaks, or is silent for longer than `idle_timeout`, that is done again: at once, then
        after growing pauses until the stream has brought something new, never before the time that the server
        asks for; states in between may be missing. Where the server does not stream, the session is read
        again and again. The last state is in status Ready, Flushed or Error; any other one is on the way.

        Args:
            session_id: The session, as `Session.id` or `AsyncSessionResponse.session_id` names it.
            timeout: Seconds for everything; `math.inf` is no limit. None is an hour.
            idle_timeout: Seconds that the stream may be silent, 60 if None; any byte ends the silence.
            **options: Those of each request, see RequestOptions; a subscription takes `_headers` alone.

        Raises:
            pydantic.ValidationError, ApiValueError: An argument is wrong; nothing was sent.
            WaitTimeout: In the loop: the time is over, and the agent goes on.
            ApiStreamError: In the loop: another thread has closed it.
            ApiException: In the loop: the session cannot be read, or not in 20 attempts in a row.
        """
        total = check_seconds("timeout", DEFAULT_SECONDS if timeout is None else timeout)
        idle = check_seconds("idle_timeout", _IDLE_SECONDS if idle_timeout is None else idle_timeout)
        deadline = Deadline(Timeouts(total=total), self.api_client.rest_client.now)
        reader = Reader(self, session_id, options, deadline)
        subscription = Subscription(self, reader, deadline, idle, options.get("_headers"))
        updates = SessionUpdates(reader, subscription, deadline)
        self.api_client.rest_client.keep(updates)
        return updates

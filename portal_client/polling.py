"""Polling a session: its states, read again and again until a final one."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from typing import Optional, TypeVar

from portal_client.exceptions import ApiConnectionError, ApiException
from portal_client.randomness import jitter
from portal_client.session_state import SessionState
from portal_client.timeouts import Deadline

S = TypeVar("S", bound=SessionState)

#: The statuses in which the agent is done. One that is not known here may be a step on the way.
FINAL = frozenset({"Ready", "Flushed", "Error"})

#: The bounds of a pause in seconds: the first one, the longest one, and how much longer each may be.
_FIRST_SECONDS, _LONGEST_SECONDS, _GROWTH = 0.1, 5.0, 1.5

#: Statuses other than 5xx that say nothing about the next request.
_PASSING = (408, 425, 429)


def is_final(session: SessionState) -> bool:
    """Return whether the agent is done with a session."""
    return session.status in FINAL


def is_transient(error: BaseException) -> bool:
    """Return whether the next read may succeed where this one failed: no connection, 429, 5xx, a time-out.

    The same holds for the request of a token. A certificate that is not trusted will not be later.
    """
    if not isinstance(error, ApiException):
        return False
    if error.may_pass is not None:
        return error.may_pass
    if isinstance(error, ApiConnectionError):
        reasons = getattr(error.__cause__, "args", ())
        return not any(isinstance(reason, ssl.SSLCertVerificationError) for reason in reasons)
    if error.status == 0 and error.__cause__ is not None:  # why no token could be fetched
        return is_transient(error.__cause__)
    return error.status in _PASSING or 500 <= error.status <= 599


def pauses(uniform: Callable[[float, float], float] = jitter) -> Iterator[float]:
    """Yield the pauses between reads in seconds: short ones first, then longer ones, with full jitter."""
    longest = _FIRST_SECONDS
    while True:
        yield uniform(_FIRST_SECONDS, longest)
        longest = min(longest * _GROWTH, _LONGEST_SECONDS)


def poll(
    read: Callable[[], S],
    deadline: Deadline,
    *,
    until: Callable[[S], bool] = is_final,
    grace: float = 0.0,
    on_failure: Optional[Callable[[ApiException], None]] = None,
    sleep: Callable[[float], None] = time.sleep,
    uniform: Callable[[float, float], float] = jitter,
) -> Iterator[S]:
    """Yield the states of a session until the one that `until` accepts, or until the deadline is over.

    `read` reads the state now, with a limit of its own. A transient failure does not end the loop:
    `on_failure` is called with it, and the next read is not before its Retry-After. Any other error of
    `read` is raised. In the first `grace` seconds a 404 is transient, too: not each machine of a service
    knows at once of a session that another one has started.
    """
    began = deadline.now()
    for pause in pauses(uniform):
        if not deadline.left():
            return
        try:
            state = read()
        except ApiException as error:
            is_young = error.status == 404 and deadline.now() - began < grace
            if not (is_young or is_transient(error)):
                raise
            if on_failure is not None:
                on_failure(error)
            pause = max(pause, error.retry_after or 0.0)
        else:
            yield state
            if until(state):
                return
        sleep(min(pause, deadline.left()))

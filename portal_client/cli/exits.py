"""The exit codes: what each says, and which one an exception ends in."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from portal_client.exceptions import ApiException


class Exit(IntEnum):
    """The codes that a command ends with; scripts may rely on them."""

    DONE = 0
    """It is done."""
    AGENT_FAILED = 1
    """The agent failed: the session's status is Error."""
    USAGE = 2
    """An argument, a file or a setting cannot be used; nothing was sent."""
    REFUSED = 3
    """The service refused it (4xx)."""
    UNREACHABLE = 4
    """The service could not be reached, or failed (5xx); to repeat the command does no harm."""
    IN_DOUBT = 5
    """It may have been done: the reply was lost, or a 5xx. Look before you repeat it."""
    FAULT = 70
    """A fault of this program."""
    WAIT_OVER = 124
    """The wait is over (`--timeout`), and the agent goes on."""
    INTERRUPTED = 130
    """Ctrl-C."""
    PIPE_CLOSED = 141
    """Nobody reads the output any more, as with `| head`."""


def exit_code(error: BaseException, in_doubt: Callable[[ApiException], bool]) -> Exit:
    """Return the code of an exception; `in_doubt` tells whether a call that failed may have had an effect."""
    from pydantic import ValidationError

    from portal_client.exceptions import ApiException, OpenApiException, SessionFailed, WaitTimeout

    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    if isinstance(error, SessionFailed):
        return Exit.AGENT_FAILED
    if isinstance(error, WaitTimeout):
        return Exit.WAIT_OVER
    if isinstance(error, ApiException):
        return _of_call(error, in_doubt)
    if isinstance(error, BrokenPipeError):
        return Exit.PIPE_CLOSED
    if isinstance(error, (OpenApiException, ValidationError, OSError, ImportError)):
        return Exit.USAGE
    return Exit.FAULT


def _of_call(error: ApiException, in_doubt: Callable[[ApiException], bool]) -> Exit:
    from portal_client.exceptions import ApiException, AuthenticationError

    if in_doubt(error):
        return Exit.IN_DOUBT
    if 400 <= error.status <= 499:
        return Exit.REFUSED
    if isinstance(error, AuthenticationError) and not error.status:
        cause = error.__cause__  # of a token endpoint that could not be reached
        return _of_call(cause, in_doubt) if isinstance(cause, ApiException) else Exit.USAGE
    return Exit.UNREACHABLE

"""What follows for an item, and for the run, from an attempt that did not succeed."""

from __future__ import annotations

from enum import Enum, auto

from portal_client.batch.checked import FileChanged
from portal_client.batch.work import NotBegun, NotSent, Repeated
from portal_client.exceptions import ApiException, OpenApiException
from portal_client.polling import is_transient


class Outcome(Enum):
    """What follows from an attempt that did not succeed."""

    AGAIN = auto()
    """It was not begun; the item is pending again."""
    LIMITED = auto()
    """The server asks for a slower pace, and the item is pending again."""
    UNREACHABLE = auto()
    """The server cannot be reached, and the item is pending again."""
    FAILED = auto()
    """The item has failed, and certainly has no session."""
    DOUBT = auto()
    """The item may have a session."""
    STOP = auto()
    """What was refused will be refused to all: the run ends, and the item is pending again."""


def outcome_of(error: BaseException) -> Outcome:
    """Return what follows from the exception of an attempt.

    Whatever does not say for certain that the request had no effect, such as the death of a worker, leaves
    a doubt.
    """
    if isinstance(error, NotBegun):
        return Outcome.AGAIN
    if isinstance(error, Repeated):
        return Outcome.DOUBT
    if isinstance(error, (FileChanged, NotSent)):
        return Outcome.FAILED
    if not isinstance(error, ApiException):
        # Arguments were checked when the item was added: this is a setting, and nothing was sent.
        return Outcome.STOP if isinstance(error, OpenApiException) else Outcome.DOUBT
    if not error.safe_to_repeat:
        return Outcome.DOUBT
    if error.status == 429:
        return Outcome.LIMITED
    if error.request_sent:
        return Outcome.STOP if error.status == 401 else Outcome.FAILED
    return Outcome.UNREACHABLE if is_transient(error) else Outcome.STOP


def words(error: BaseException) -> str:
    """Return an error in a line."""
    if isinstance(error, ApiException) and error.reason:
        return f"{error.status} {error.reason}" if error.status else error.reason
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

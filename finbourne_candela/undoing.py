"""Undoing at the end of a block what was done for it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import ValidationError

from portal_client.exceptions import ApiException, OpenApiException

T = TypeVar("T")


@contextmanager
def undone(do: Callable[[], T], undo: Callable[[], object]) -> Generator[T, None, None]:
    """Do something for a block, whose value is its result, and undo it once at the end of the block.

    It is undone after an error of its own, too, unless the call certainly had no effect. An error of `undo`
    is added as a note to the one that has ended the block, and raised where there is none.
    """
    done = False
    try:
        result = do()
        done = True
        yield result
    except BaseException as failure:
        if done or not _had_no_effect(failure):
            try:
                undo()
            except Exception as error:
                failure.add_note(f"{undo.__name__} failed, too: {type(error).__name__}: {error}")
        raise
    undo()


def _had_no_effect(failure: BaseException) -> bool:
    """Whether a call that has ended in this error was refused, or not sent at all."""
    if isinstance(failure, ApiException):
        return failure.safe_to_repeat
    return isinstance(failure, (OpenApiException, ValidationError))

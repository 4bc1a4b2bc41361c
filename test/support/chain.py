"""The errors that an error comes from, also those that a traceback leaves out."""

from __future__ import annotations


def chain(error: BaseException) -> list[BaseException]:
    """Return an error and all of its causes and contexts, which debuggers show and tblib pickles."""
    found: list[BaseException] = []
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is not None and each not in found:
            found.append(each)
            left += (each.__cause__, each.__context__)
    return found

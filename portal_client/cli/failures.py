"""What an exception is to the reader of a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Optional

from portal_client.cli.exits import Exit
from portal_client.text import printable


def described(error: BaseException, code: Exit, advice: Optional[str]) -> str:
    """Return what a command prints on standard error: the reason, then what helps.

    It holds no control characters of others, and no credentials.
    """
    first, *more = _lines(error, code)
    more += map(printable, getattr(error, "__notes__", ()))
    if advice is not None:
        more.append(advice)
    return "\n".join([f"portal: {first}", *(f"  {line}" for line in more)])


def _lines(error: BaseException, code: Exit) -> Iterator[str]:
    from portal_client.reasons import reasons

    if isinstance(error, KeyboardInterrupt):
        yield "interrupted"
    elif code is Exit.FAULT:
        yield printable(f"{type(error).__name__}: {error}")
    else:
        yield from reasons(error)


def quoted(text: str) -> str:
    """Return a text of others as a word of a shell."""
    return shlex.quote(printable(text))

"""What an exception is to the reader of a terminal."""

from __future__ import annotations

import copy
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Optional, cast

from portal_client.cli.exits import Exit
from portal_client.text import printable, shortened

if TYPE_CHECKING:
    from portal_client.exceptions import ApiException

_MAX_DETAIL = 1000


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
    from pydantic import ValidationError

    from portal_client.exceptions import ApiException, WaitTimeout

    if isinstance(error, WaitTimeout):
        yield f"the wait for session {printable(error.session_id)} is over"
    elif isinstance(error, ApiException):
        # A copy, since that masks the credentials that the response repeats.
        yield from _of_call(copy.copy(error))
    elif isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        yield from (f"{'.'.join(map(str, each['loc']))}: {printable(each['msg'])}" for each in found)
    elif isinstance(error, KeyboardInterrupt):
        yield "interrupted"
    elif code is Exit.FAULT:
        yield printable(f"{type(error).__name__}: {error}")
    elif isinstance(error, OSError) and error.filename is not None:
        yield printable(f"{error.filename}: {error.strerror}")
    else:
        yield from map(printable, str(error).splitlines())


def _of_call(error: ApiException) -> Iterator[str]:
    reason = error.reason or type(error).__name__
    if error.status >= 300:
        reason = f"{error.status} {reason}"
    detail = printable(shortened(_detail(error), _MAX_DETAIL))
    yield f"{reason}: {detail}" if detail else reason
    if error.request:
        yield error.request
    if error.request_id:
        yield f"request id {printable(error.request_id)}"


def _detail(error: ApiException) -> str:
    """Return what the body of an error says, without the JSON around it."""
    if error.status < 300:
        return ""
    data: Any = error.data.to_dict() if hasattr(error.data, "to_dict") else error.data
    detail: Any = cast("dict[str, Any]", data).get("detail") if isinstance(data, dict) else None
    if isinstance(detail, str):
        return detail
    if isinstance(detail, list):
        return "; ".join(map(_item, cast("list[Any]", detail)))
    return error.body or ""


def _item(item: Any) -> str:
    """Return one error of a 422: the place and what is wrong there."""
    try:
        return f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
    except (KeyError, TypeError):
        return str(item)


def quoted(text: str) -> str:
    """Return a text of others as a word of a shell."""
    return shlex.quote(printable(text))

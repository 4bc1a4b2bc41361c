"""Why something failed, in lines for people."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, cast

from pydantic import ValidationError

from portal_client.exceptions import ApiException, WaitTimeout
from portal_client.text import printable, shortened

_MAX_DETAIL = 1000


def reasons(error: BaseException) -> Iterator[str]:
    """Yield the reason of an error, then what else is known of it.

    The lines hold no control characters of others, and no credentials.
    """
    if isinstance(error, WaitTimeout):
        yield f"the wait for session {printable(error.session_id)} is over"
    elif isinstance(error, ApiException):
        # A copy, since that masks the credentials that the response repeats.
        yield from _of_call(copy.copy(error))
    elif isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        yield from (
            f"{'.'.join(map(str, each['loc']))}: {printable(each['msg'].removeprefix('Value error, '))}"
            for each in found
        )
    elif isinstance(error, OSError) and error.filename is not None:
        yield printable(f"{error.filename}: {error.strerror}")
    else:
        yield from map(printable, str(error).splitlines())


def in_doubt(error: ApiException, api: Any) -> bool:
    """Return whether a call that failed may have had an effect; `api` is the class of its operation."""
    if error.safe_to_repeat:
        return False
    form = getattr(api, error.call.operation, None) if error.call else None
    return form is None or not form.operation.idempotent


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

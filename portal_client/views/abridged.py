"""The repr of a large value: its beginning, and how much there is besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel

from portal_client.text import shortened

#: How much of a text, of a list and of a model is left, first where it fits and then less.
_STEPS = ((200, 3, 40), (60, 1, 20))


def abridged(value: Any, max_length: int) -> str:
    """Return the repr of a value in at most `max_length` characters; … stands for what is left out."""
    texts = [_short(value, *limits) for limits in _STEPS]
    return next((text for text in texts if len(text) <= max_length), shortened(texts[-1], max_length - 1))


def _short(value: Any, length: int, items: int, fields: int) -> str:
    if isinstance(value, BaseModel):
        args = list(value.__repr_args__())
        shown = (
            f"{name}={_short(item, length, items, fields)}" if name else _short(item, length, items, fields)
            for name, item in args[:fields]
        )
        return f"{type(value).__name__}({', '.join(_with_rest(shown, len(args) - fields))})"
    if isinstance(value, (list, tuple)):
        listed = cast("list[Any]", value)
        head = (_short(item, length, items, fields) for item in listed[:items])
        return f"[{', '.join(_with_rest(head, len(listed) - items))}]"
    if isinstance(value, Mapping):
        entries = list(cast("Mapping[Any, Any]", value).items())
        named = (f"{key!r}: {_short(item, length, items, fields)}" for key, item in entries[:items])
        return f"{{{', '.join(_with_rest(named, len(entries) - items))}}}"
    if type(value) in (str, bytes) and len(value) > length:
        return f"{value[:length]!r}… {len(value) - length:,} more"
    return repr(value)


def _with_rest(shown: Iterable[str], hidden: int) -> Iterable[str]:
    yield from shown
    if hidden > 0:
        yield f"… {hidden:,} more"

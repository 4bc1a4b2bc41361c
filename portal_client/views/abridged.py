"""The repr of a large value: its beginning, and how much there is besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Optional, cast

from pydantic import BaseModel

from portal_client.text import shortened

#: Levels of values within values; what is deeper is left out, and is too much to be shown as a whole.
_MAX_DEPTH = 50


class _Limits(NamedTuple):
    """How much is left: characters of a text, items at the beginning and at the end, fields of a model."""

    length: int
    first: int
    last: int
    fields: int


#: What is left first, and then where that is too much.
_STEPS = (_Limits(200, 1, 2, 40), _Limits(60, 1, 1, 20))


def abridged(value: Any, max_length: int) -> Optional[str]:
    """Return the repr of a value in at most `max_length` characters, … where something is left out.

    It is None where the plain repr is not longer. A large value is not looked at as a whole.
    """
    whole = _Limits(max_length, max_length, 0, max_length)
    if _joined(value, whole, max_length) is not None:
        return None
    for limits in _STEPS:
        text = _joined(value, limits, max_length)
        if text is not None:
            return text
    return shortened("".join(islice(_pieces(value, _STEPS[-1], 0), max_length)), max_length - 1)


def _joined(value: Any, limits: _Limits, max_length: int) -> Optional[str]:
    text = ""
    for piece in _pieces(value, limits, 0):
        text += piece
        if len(text) > max_length:
            return None
    return text


def _pieces(value: Any, limits: _Limits, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        yield "..." if limits in _STEPS else "." * (limits.length + 1)
    elif isinstance(value, BaseModel):
        args = [(f"{name}=" if name else "", item) for name, item in value.__repr_args__()]
        yield f"{type(value).__name__}("
        yield from _listed(args, limits.fields, 0, limits, depth)
        yield ")"
    elif isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        yield "["
        yield from _listed([("", item) for item in items], limits.first, limits.last, limits, depth)
        yield "]"
    elif isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value).items()
        named = [(f"{shortened(repr(key), limits.length)}: ", item) for key, item in entries]
        yield "{"
        yield from _listed(named, limits.first, limits.last, limits, depth)
        yield "}"
    elif type(value) in (str, bytes) and len(value) > limits.length:
        yield f"{value[: limits.length]!r}… {len(value) - limits.length:,} more"
    else:
        yield repr(value)


def _listed(
    named: Sequence[tuple[str, Any]], first: int, last: int, limits: _Limits, depth: int
) -> Iterator[str]:
    """Yield items with commas between them: those at the beginning and at the end, where the newest are."""
    hidden = len(named) - first - last
    separator = ""
    for at, (name, item) in enumerate(named):
        if hidden > 0 and at == first:
            yield f"{separator}… {hidden:,} more"
            separator = ", "
        if at < first or at >= first + hidden:
            yield f"{separator}{shortened(name, limits.length)}"
            yield from _pieces(item, limits, depth + 1)
            separator = ", "

"""The way from values to bytes: JSON bodies, and texts in paths, queries and forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, Optional, TypeVar, Union, cast
from urllib.parse import quote
from uuid import UUID

import pydantic_core

from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.nesting import SCALARS, TOO_DEEP, too_deep
from portal_client.text import exact, printable

V = TypeVar("V")

_OTHER_SEGMENTS = frozenset({"", ".", ".."})
_DELIMITERS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}


def sanitize(value: Any) -> Any:
    """Return models, dates and enums, within plain data too, as JSON values; the value itself is not changed.

    Raises ApiTypeError and ApiValueError, which name the place, for what JSON in UTF-8 cannot hold: NaN and
    Infinity, half a surrogate pair, bytes that are no text.
    """
    if not hasattr(value, "to_dict") and too_deep(value):  # a model looks at that itself
        raise ApiValueError(f"{type(value).__name__} is {TOO_DEEP}")
    return _sanitized(value)


def _sanitized(value: Any) -> Any:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, float) and not isfinite(value):
        raise ApiValueError(f"{value} is not a number that JSON can hold (RFC 8259, 6)")
    if isinstance(value, str):
        if not value.isascii():
            encoded("the text", value)
        return value
    if isinstance(value, bytes):
        try:
            value.decode()
        except UnicodeDecodeError:
            raise ApiValueError("the bytes are not UTF-8, which JSON is in; Base64 can hold them") from None
        return value
    if type(value) in SCALARS or isinstance(value, (int, float)):
        return value
    if isinstance(value, (list, tuple)):
        items = map(_sanitized, cast("Sequence[Any]", value))
        return tuple(items) if isinstance(value, tuple) else list(items)
    if isinstance(value, Mapping):
        return {
            _name(key): _with_path(key, _sanitized, item)
            for key, item in cast("Mapping[Any, Any]", value).items()
        }
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if hasattr(value, "to_dict"):
        return _sanitized(value.to_dict())
    raise ApiTypeError(f"{type(value).__name__} cannot be sent as JSON")


def _name(key: Any) -> Any:
    if isinstance(key, str) and not key.isascii():
        encoded(f"the name {exact(key)!r}", key)
    return key


def _with_path(key: Any, write: Callable[[Any], V], value: Any) -> V:
    try:
        return write(value)
    except (ApiTypeError, ApiValueError) as error:
        raise type(error)(f"{printable(str(key))}: {error}") from None


def encoded(name: str, text: str) -> bytes:
    """Return a text in UTF-8.

    Raises ApiValueError, which names the field, for a lone surrogate.
    """
    with suppress(UnicodeEncodeError):  # which would hold the text
        return text.encode()
    raise ApiValueError(f"{name} holds a lone surrogate, which is not a character")


def to_json(value: Any) -> bytes:
    """Return the body of a JSON request.

    Raises ApiTypeError and ApiValueError as `sanitize` does.
    """
    return pydantic_core.to_json(sanitize(value))


def segment(name: str, value: object, safe: str = "") -> str:
    """Return a path parameter, quoted as one segment.

    Raises ApiValueError for '', '.' and '..', which would change the path.
    """
    text = str(value)
    if not _OTHER_SEGMENTS.isdisjoint(text.split("/") if "/" in safe else (text,)):
        raise ApiValueError(f"{name} must not be {text!r}: it would change the path")
    return _quoted(name, text, safe)


def _quoted(name: str, text: str, safe: str) -> str:
    return quote(encoded(name, text), safe=safe)


def query_string(
    parameters: Union[Mapping[str, Any], Iterable[tuple[str, Any]]],
    collection_formats: Optional[Mapping[str, str]] = None,
) -> str:
    """Return the quoted query of these parameters; None is left out, lists are joined by their format.

    Raises ApiTypeError and ApiValueError, which name the parameter.
    """
    pairs: Iterable[tuple[str, Any]] = (
        cast("Mapping[str, Any]", parameters).items() if isinstance(parameters, Mapping) else parameters
    )
    formats = collection_formats or {}
    return "&".join(
        f"{_quoted('query', name, '')}={item}"
        for name, value in pairs
        if value is not None
        for item in _query_items(name, value, formats.get(name, "csv"))
    )


def _query_items(name: str, value: Any, collection_format: str) -> list[str]:
    if isinstance(value, (list, tuple)):
        items = [_quoted(name, _with_path(name, text, item), "/") for item in cast("Sequence[Any]", value)]
        if collection_format == "multi":
            return items
        if collection_format not in _DELIMITERS:
            known = ", ".join((*_DELIMITERS, "multi"))
            raise ApiValueError(
                f"collection_formats: {name} must be one of {known}, not {collection_format!r}"
            )
        return [quote(_DELIMITERS[collection_format], safe=",").join(items)]
    return [_quoted(name, _with_path(name, text, value), "/")]


def text(value: Any) -> str:
    """Return a value as the text of a query or a form field.

    Raises ApiTypeError and ApiValueError as `sanitize` does.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return exact(value)  # checked when it is encoded, under its name
    if isinstance(value, Mapping):
        return json.dumps(sanitize(value))
    return str(sanitize(value))

"""JSON ↔ models at the speed of pydantic-core; values in paths and queries."""

from __future__ import annotations

import codecs
import gc
import json
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from importlib import import_module
from math import isfinite
from typing import Any, Optional, TypeVar, Union, cast
from urllib.parse import quote
from uuid import UUID

import pydantic_core
from pydantic import TypeAdapter, ValidationError

from portal_client.content_type import content_type as read_content_type
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.nesting import SCALARS, TOO_DEEP, clarified, too_deep, type_adapter
from portal_client.surrogates import without_halves
from portal_client.text import exact, printable

#: A body from this size on is decoded with the cyclic collector paused, which takes a third of the time.
PAUSE_FROM_SIZE = 1_000_000

#: Commas in the body of an error that is taken to pieces: each value takes at least 32 bytes.
_MAX_ERROR_COMMAS = 250_000

#: What a server may say besides UTF-8, by Python's names: the encodings of the web.
#: It must not choose freely, since some codecs take for ever.
_CHARSETS = frozenset(
    {
        *("ascii", "cp866", "koi8-r", "koi8-u", "mac-roman", "tis-620"),
        *(f"utf-{bits}{order}" for bits in (16, 32) for order in ("", "-le", "-be")),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp{page}" for page in range(1250, 1259)),
        *("big5", "big5hkscs", "cp932", "cp949", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "shift_jis"),
    }
)

V = TypeVar("V")

_OTHER_SEGMENTS = frozenset({"", ".", ".."})
_DELIMITERS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}


def sanitize(value: Any) -> Any:
    """Turn models, dates and enums within plain data into what JSON knows; the value stays as it is.

    Raises ApiTypeError and ApiValueError, which name the place, for what JSON in UTF-8 cannot hold: NaN and
    Infinity, half a surrogate pair, bytes that are no text.
    """
    if too_deep(value):
        raise ApiValueError(f"{type(value).__name__} is {TOO_DEEP}")
    return _sanitized(value)


def _sanitized(value: Any) -> Any:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, float) and not isfinite(value):
        raise ApiValueError(f"{value} is not a number that JSON can hold (RFC 8259, 6)")
    if isinstance(value, str):
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
    if isinstance(key, str):
        encoded(f"the name {exact(key)!r}", key)
    return key


def _with_path(key: Any, write: Callable[[Any], V], value: Any) -> V:
    try:
        return write(value)
    except (ApiTypeError, ApiValueError) as error:
        raise type(error)(f"{printable(str(key))}: {error}") from None


def encoded(name: str, text: str) -> bytes:
    """The bytes of a text. Raises ApiValueError, which names the field."""
    with suppress(UnicodeEncodeError):  # which would hold the text
        return text.encode()
    raise ApiValueError(f"{name} holds a lone surrogate, which is not a character")


def to_json(value: Any) -> bytes:
    """The body of a JSON request."""
    return pydantic_core.to_json(sanitize(value))


def segment(name: str, value: object, safe: str = "") -> str:
    """Quote a path parameter as one segment; '', '.' and '..' would lead to another path."""
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
    """The query for these parameters, quoted; None is left out, lists are joined by their format."""
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
        return (
            items
            if collection_format == "multi"
            else [quote(_DELIMITERS[collection_format], safe=",").join(items)]
        )
    return [_quoted(name, _with_path(name, text, value), "/")]


def text(value: Any) -> str:
    """A value as it stands in a query or a form field."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return exact(value)  # checked where it is encoded, by its name
    if isinstance(value, Mapping):
        return json.dumps(sanitize(value))
    return str(sanitize(value))


def decode(validate: Callable[[Union[bytes, str]], Any], body: bytes, content_type: str, pause: bool) -> Any:
    """Read a JSON body by a validator's `validate_json`; the charset is UTF-8 unless the server says other.

    Of a body with a document on each line (x-ndjson) it is the last one. Raises pydantic.ValidationError.
    """
    document = _decoded(body, content_type)
    if "ndjson" in read_content_type(content_type).media_type:
        document = _last_line(document)
    if pause and len(body) >= PAUSE_FROM_SIZE:
        with _collector_paused():
            return validated(validate, document)
    return validated(validate, document)


def validated(validate: Callable[[Union[bytes, str]], Any], document: Union[bytes, str]) -> Any:
    """Read JSON by a validator's `validate_json`, half a surrogate pair as U+FFFD.

    Raises pydantic.ValidationError.
    """
    try:
        return validate(document)
    except ValidationError:
        whole = (
            without_halves(document) if isinstance(cast(object, document), (str, bytes, bytearray)) else None
        )
        if whole is None:
            raise
    return validate(whole)


def error_data(body: bytes, content_type: str, model: Optional[TypeAdapter[Any]]) -> Any:
    """What the body of an error says: this model if it is one, else its JSON value, else None.

    None as well where it is nested so deeply that the error could not be pickled, or holds so many values
    that they would take many times the memory of the body.
    """
    if body.count(b",") > _MAX_ERROR_COMMAS:
        return None
    data = None
    with suppress(ValueError, RecursionError):
        document = _decoded(body, content_type)
        data = json.loads(without_halves(document) or document)
        if model is not None:
            with suppress(ValidationError):
                data = decode(model.validate_json, body, content_type, pause=False)
    return None if too_deep(data) else data


def as_text(body: bytes, content_type: str) -> str:
    """The text of a body that is not JSON; odd bytes are shown as �."""
    document = _decoded(body, content_type)
    return document if isinstance(document, str) else document.decode("utf-8", "replace")


def _last_line(document: Union[bytes, str]) -> Union[bytes, str]:
    if isinstance(document, str):
        return document.rstrip().rpartition("\n")[2]
    return document.rstrip().rpartition(b"\n")[2]


def _decoded(body: bytes, content_type: str) -> Union[bytes, str]:
    with suppress(LookupError, ValueError):  # the label was wrong; JSON is UTF-8 by its own standard
        codec = codecs.lookup(read_content_type(content_type).charset)
        if codec.name in _CHARSETS:
            return codec.decode(body)[0]
    return body.removeprefix(b"\xef\xbb\xbf")


@contextmanager
def _collector_paused() -> Generator[None, None, None]:
    # Who finds it enabled enables it again, whatever other threads do meanwhile: a shared counter
    # would keep it off for ever under load.
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def explain(error: ValidationError) -> str:
    """What is wrong with an answer, with the full path to each place, without its values."""
    found = clarified(error).errors(include_url=False, include_context=False)
    lines = [f"{'.'.join(map(str, e['loc'])) or 'the body'}: {e['msg']}" for e in found[:3]]
    return "; ".join(lines) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")


_NAMED: dict[str, Any] = {
    "bool": bool,
    "bytes": bytes,
    "date": date,
    "datetime": datetime,
    "decimal": Decimal,
    "float": float,
    "int": int,
    "object": Any,
    "str": str,
}


@lru_cache(maxsize=256)
def adapter(kind: Any, models: str) -> TypeAdapter[Any]:
    """The validator of a type, or of a name such as `List[Session]` or `Dict[str, int]`."""
    return type_adapter(_resolve(kind, models) if isinstance(kind, str) else kind)


def _resolve(name: str, models: str) -> Any:
    name = name.strip()
    if match := re.fullmatch(r"(?:List|list)\[(.+)\]", name):
        return list[_resolve(match[1], models)]  # type: ignore[misc]
    if match := re.fullmatch(r"(?:Dict|dict)\[\s*str\s*,(.+)\]", name):
        return dict[str, _resolve(match[1], models)]  # type: ignore[misc]
    if match := re.fullmatch(r"Optional\[(.+)\]", name):
        return Optional[_resolve(match[1], models)]
    if name in _NAMED:
        return _NAMED[name]
    module = import_module(models)
    if name not in module.__all__:
        raise ApiValueError(f"response_type {name!r} is neither a model nor a basic type")
    return getattr(module, name)

"""The way from bytes to models: JSON, at the speed of pydantic-core, and the text of errors."""

from __future__ import annotations

import codecs
import gc
import json
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib import import_module
from typing import Any, Optional, Union, cast

from pydantic import TypeAdapter, ValidationError

from portal_client.content_type import content_type as read_content_type
from portal_client.exceptions import ApiValueError
from portal_client.nesting import clarified, too_deep, type_adapter
from portal_client.surrogates import without_halves

#: The `validate_json` of a validator.
Validate = Callable[[Union[bytes, str]], Any]

#: Bodies of at least so many bytes are decoded with the cyclic collector paused, in a third of the time.
PAUSE_FROM_SIZE = 1_000_000

#: Commas in the body of an error that is decoded: each value takes at least 32 bytes of memory.
_MAX_ERROR_COMMAS = 250_000

#: The charsets of the web besides UTF-8, by Python's names; other codecs may take very long.
_CHARSETS = frozenset(
    {
        *("ascii", "cp866", "koi8-r", "koi8-u", "mac-roman", "tis-620"),
        *(f"utf-{bits}{order}" for bits in (16, 32) for order in ("", "-le", "-be")),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp{page}" for page in range(1250, 1259)),
        *("big5", "big5hkscs", "cp932", "cp949", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "shift_jis"),
    }
)


def parse_body(
    validate: Callable[[Union[bytes, str]], Any], body: bytes, content_type: str, pause: bool
) -> Any:
    """Read a JSON body by a validator's `validate_json`; the charset is UTF-8 unless it names another.

    A body with a document on each line (x-ndjson) is read as the last one. Raises pydantic.ValidationError.
    """
    document = _decoded(body, content_type)
    if "ndjson" in read_content_type(content_type).media_type:
        document = _last_line(document)
    if pause and len(body) >= PAUSE_FROM_SIZE:
        with _collector_paused():
            return parse_json(validate, document)
    return parse_json(validate, document)


def parse_json(validate: Validate, document: Union[bytes, str]) -> Any:
    """Read JSON by a validator's `validate_json`, half a surrogate pair as U+FFFD.

    Raises pydantic.ValidationError.
    """
    try:
        return validate(document)
    except ValidationError:
        known = isinstance(cast(object, document), (str, bytes, bytearray))
        repaired = without_halves(document) if known else None
        if repaired is None:
            raise
    return validate(repaired)


def error_data(body: bytes, content_type: str, model: Optional[TypeAdapter[Any]]) -> Any:
    """Return the body of an error as this model if it is one, else its JSON value, else None.

    It is None, too, where it is nested too deeply to be pickled, or holds so many values that they would take
    many times the memory of the body.
    """
    if body.count(b",") > _MAX_ERROR_COMMAS:
        return None
    data = None
    with suppress(ValueError, RecursionError):
        document = _decoded(body, content_type)
        data = json.loads(without_halves(document) or document)
        if model is not None:
            with suppress(ValidationError):
                data = parse_body(model.validate_json, body, content_type, pause=False)
    return None if too_deep(data) else data


def as_text(body: bytes, content_type: str) -> str:
    """Return a body as text, with � for bytes that are not."""
    document = _decoded(body, content_type)
    return document if isinstance(document, str) else document.decode("utf-8", "replace")


def _last_line(document: Union[bytes, str]) -> Union[bytes, str]:
    if isinstance(document, str):
        return document.rstrip().rpartition("\n")[2]
    return document.rstrip().rpartition(b"\n")[2]


def _decoded(body: bytes, content_type: str) -> Union[bytes, str]:
    with suppress(LookupError, ValueError):  # a wrong charset; JSON is UTF-8 by its own standard
        codec = codecs.lookup(read_content_type(content_type).charset)
        if codec.name in _CHARSETS:
            return codec.decode(body)[0]
    return body.removeprefix(b"\xef\xbb\xbf")


@contextmanager
def _collector_paused() -> Generator[None, None, None]:
    # Each thread that finds it enabled enables it again, whatever the others do: a shared counter would
    # keep it off for ever under load.
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def explain(error: ValidationError, whole: str = "the body") -> str:
    """Return what is wrong with JSON: the full path to each place, but none of its values.

    `whole` is what to call all of it.
    """
    found = clarified(error).errors(include_url=False, include_context=False)
    lines = [f"{'.'.join(map(str, e['loc'])) or whole}: {e['msg']}" for e in found[:3]]
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
    """Return the validator of a type, or of a name such as `List[Session]` or `Dict[str, int]`.

    Raises ApiValueError for an unknown name.
    """
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

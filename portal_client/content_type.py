"""The Content-Type header (RFC 9110, 8.3): names ignore case, and a value may be quoted."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_QUOTED = r'"(?:[^"\\]|\\.)*"?'
_PARAMETER = re.compile(rf';[\t ]*(?:([^\s;="]+)=({_QUOTED}|[^;"]*))?(?:{_QUOTED}|[^;"])*', re.DOTALL)


class ContentType(NamedTuple):
    """A media type such as text/event-stream, and the first charset or "", in lower case."""

    media_type: str
    charset: str


@lru_cache(maxsize=32)
def content_type(header: str) -> ContentType:
    """Read a Content-Type header."""
    media_type = header.partition(";")[0]
    named = (found for found in _PARAMETER.finditer(header, len(media_type)) if found[1])
    charset = next((found[2] for found in named if found[1].lower() == "charset"), "")
    if charset.startswith('"'):
        charset = re.sub(r"\\(.)", r"\1", charset.strip('"'))
    return ContentType(media_type.strip().lower(), charset.strip().lower())

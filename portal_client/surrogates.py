"""Halves of surrogate pairs in JSON, such as an emoji that was cut in two.

The grammar of JSON allows them (RFC 8259, 8.2) and json.loads reads them, but UTF-8 cannot hold them.
"""

from __future__ import annotations

import re
from typing import Optional, Union

#: One half, encoded as if UTF-8 could.
_RAW = re.compile(rb"\xed[\xa0-\xbf]")
_REPLACEMENT = b"\\ufffd"
#: An escape: a pair, or one half (in group 1), or any other.
_ESCAPE = re.compile(rb"\\(?:u[dD][89aAbB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL)


def without_halves(document: Union[bytes, str]) -> Optional[bytes]:
    """Return JSON with U+FFFD for each half of a surrogate pair; None where it holds none."""
    data = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    repaired = _ESCAPE.sub(lambda escape: _REPLACEMENT if escape[1] else escape[0], _without_raw_ones(data))
    return None if repaired == data else repaired


def _without_raw_ones(data: bytes) -> bytes:
    if not _RAW.search(data):
        return data
    try:  # UTF-16 joins the halves that belong together
        halves = data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
    except UnicodeDecodeError:
        return data
    return halves.decode("utf-16", "replace").encode()

"""The head of an answer, read at once where it can be read in one way only.

http.client has each head read by the parser for mail, which takes any and costs more than all else about a
small answer. Almost every head is plain; what is not is left to http.client, and so are its errors.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

#: A status line, and names with values in ASCII, none of them folded. http.client takes 100 lines of 64 KiB.
_PLAIN = re.compile(
    rb"HTTP/1\.1 ([2-9]\d\d) ([\x20-\x7e]*)\r\n((?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e]*\r\n){1,99})\r\n"
)
_HEADER = re.compile("([^:]+):[\t ]*([^\r]*)\r\n")
_LONGEST = 64 * 1024
_LENGTH = re.compile("[0-9]{1,18}")
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


class Head(NamedTuple):
    """A plain head: its size in bytes, what it says, and the length of the body (None: in chunks)."""

    size: int
    status: int
    reason: str
    headers: list[tuple[str, str]]
    length: Optional[int]


def plain(data: bytes) -> Optional[Head]:
    """Read the head that the data begins with; None where it is unusual, incomplete, or has no body to come.

    The connection stays open behind a plain head.
    """
    found = _PLAIN.match(data)
    if found is None or found.end() > _LONGEST:
        return None
    headers: list[tuple[str, str]] = _HEADER.findall(found[3].decode("ascii"))
    framing: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if key in _FRAMING:
            if key in framing:
                return None
            framing[key] = value
    status = int(found[1])
    if framing.pop("connection", "keep-alive").lower() != "keep-alive" or status in (204, 304):
        return None
    length = framing.pop("content-length", None)
    if length is None:
        if framing.get("transfer-encoding", "").lower() != "chunked":
            return None
    elif framing or not _LENGTH.fullmatch(length):
        return None
    reason = found[2].decode("ascii").strip()
    return Head(found.end(), status, reason, headers, None if length is None else int(length))

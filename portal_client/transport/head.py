"""The head of a response, as strict as RFC 9112 has it.

http.client has each head read by the parser for mail, which takes any and costs more than all else about a
small response. Almost every head is plain and read at once; the lines of any other are checked one by one.
"""

from __future__ import annotations

import http.client
import re
from typing import NamedTuple, Optional

#: Of a status line, a header, and the size of a chunk with its extensions, each with its line end.
MAX_LINE_BYTES = 64 * 1024
_MAX_LINES = 100

#: A status line, and names with values in ASCII, none of them folded or with blanks at its end.
_PLAIN = re.compile(
    rb"HTTP/1\.1 ([2-9]\d\d) ([\x20-\x7e]*)\r\n"
    rb"((?:[!#$%&'*+.^_`|~\w-]+:(?:[\t\x20-\x7e]*[\x21-\x7e])?\r\n){1,99})\r\n"
)
#: A reason is for people, who are shown what is not printable; a client should ignore it (RFC 9112, 4).
_STATUS = re.compile(rb"HTTP/(0\.9|1\.\d) ([1-9]\d\d)(?: ([^\0\r\n]*))?\r?\n")
_FIELD = re.compile(rb"(?:([!#$%&'*+.^_`|~\w-]+):|[\t ])([\t\x20-\x7e\x80-\xff]*)\r?\n")
_HEADER = re.compile("([^:]+):[\t ]*([^\r]*)\r\n")
_LENGTH = re.compile("[0-9]{1,18}")
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


class Head(NamedTuple):
    """A plain head: its size in bytes, what it says, and the length of the body (None: in chunks)."""

    size: int
    status: int
    reason: str
    headers: list[tuple[str, str]]
    length: Optional[int]


def read_plain_head(data: bytes) -> Optional[Head]:
    """Read the head that the data begins with; None where it is unusual, incomplete, or has no body to come.

    The connection stays open behind a plain head.
    """
    found = _PLAIN.match(data)
    if found is None or found.end() > MAX_LINE_BYTES:
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


def read_status_line(line: bytes) -> tuple[bytes, int, str]:
    """Read a status line: version, status and reason. Raises BadStatusLine."""
    found = _STATUS.fullmatch(line)
    if found is None:
        raise http.client.BadStatusLine(line.decode("latin-1"))
    return found[1], int(found[2]), (found[3] or b"").decode("latin-1").strip()


class Fields:
    """The fields of a head or a trailer, taken line by line.

    A body is whole without its trailer (RFC 9112, 8), so that alone may be cut.
    """

    def __init__(self, trailer: bool = False) -> None:
        self.trailer = trailer
        self._part = "trailer" if trailer else "head"
        self.found: list[tuple[str, str]] = []
        self._lines = 0

    def take(self, line: bytes) -> bool:
        """Take the next line; return whether more are to come. Raises HTTPException for a wrong one.

        A line may end in a lone LF, and begin with a blank where it continues the one before (RFC 9112, 2.2
        and 5.2). Whatever else two readers could read in two ways is refused, such as a lone LF behind the
        chunks (7.1): a reader may skip two bytes there.
        """
        if line == b"\r\n" or (line == b"\n" and not self.trailer):
            return False
        self._lines += 1
        if self._lines > _MAX_LINES:
            raise http.client.HTTPException(f"the {self._part} has more than {_MAX_LINES} lines")
        field = _FIELD.fullmatch(line)
        if field is None or not (field[1] or self.found):
            raise http.client.HTTPException(
                f"the {self._part} has a line that is no field: {line.decode('latin-1').rstrip()}"
            )
        value = field[2].decode("latin-1").strip("\t ")
        if field[1]:
            self.found.append((field[1].decode("ascii"), value))
        else:
            name, begun = self.found[-1]
            self.found[-1] = name, f"{begun} {value}".strip("\t ")
        return True

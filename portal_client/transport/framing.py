"""The framing of a response: where its body ends, and nothing read beyond it."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from typing import Any, Optional

import urllib3
from typing_extensions import override

from portal_client.transport.head import MAX_LINE_BYTES, Fields, Head, read_plain_head, read_status_line

#: A size, which servers may pad with blanks, and an extension, of which only the characters are looked at.
_CHUNK_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,16})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_LENGTH = re.compile("[0-9]{1,20}")
#: Responses such as 100 and 102 before the one that is waited for; endless ones would keep a call for ever.
_MAX_INTERIM_RESPONSES = 1000


def _headers(fields: list[tuple[str, str]]) -> urllib3.HTTPHeaderDict:
    headers = urllib3.HTTPHeaderDict()
    for name, value in fields:  # in half the time of its constructor
        headers.add(name, value)
    return headers


class FramedResponse(http.client.HTTPResponse):
    """A response framed as strictly as what follows on the connection needs.

    Interim responses are skipped, of which http.client itself skips only 100.
    """

    fp: Any  # None when it is closed
    headers: Any
    msg: Any
    code: int
    status: int
    reason: str
    version: int
    will_close: bool
    chunked: bool
    chunk_left: Optional[int]
    length: Optional[int]
    #: Whether it was closed before its end.
    abandoned = False
    _method: str
    _check_close: Callable[[], bool]
    _safe_read: Callable[[int], bytes]
    _read_and_discard_trailer: Callable[[], None]

    @override
    def begin(self, **limits: Any) -> None:
        if self._method != "HEAD" and (head := read_plain_head(self.fp.peek())) is not None:
            self._use(head)
            return
        fields: Any
        for _ in range(_MAX_INTERIM_RESPONSES):
            version, status, reason = self._read_status()
            fields = self.fp.fields
            while self.fp.fields is not None:
                self.fp.readline()
            if status != 100:
                break
        else:
            raise http.client.HTTPException(f"more than {_MAX_INTERIM_RESPONSES} interim responses")
        self.headers = self.msg = _headers(fields.found)
        self.code = self.status = status
        self.reason, self.version = reason, 10 if version == "HTTP/1.0" else 11
        self._find_end()

    def _use(self, head: Head) -> None:
        self.fp.read(head.size)
        self.headers = self.msg = _headers(head.headers)
        self.code = self.status = head.status
        self.reason, self.version = head.reason, 11
        self.length, self.will_close = head.length, False
        self.chunked, self.chunk_left = head.length is None, None

    def _find_end(self) -> None:
        """Determine where the response ends (RFC 9112, 6.3). Raises HTTPException where nobody can."""
        codings = [each.lower() for each in self.headers.get_all("transfer-encoding", [])]
        lengths = self.headers.get_all("content-length", [])
        self.chunked, self.chunk_left, self.length = codings[:1] == ["chunked"], None, None
        named = re.split("[, \t]+", ",".join(codings))
        if not self.chunked and (named[-1] == "chunked" or (lengths and set(named) - {"", "identity"})):
            raise http.client.HTTPException("the Transfer-Encoding holds a coding besides chunked")
        if self.status in (204, 304):
            self.chunked, self.length = False, 0
        elif not self.chunked and lengths:
            if len(set(lengths)) > 1 or not _LENGTH.fullmatch(lengths[0]):
                raise http.client.HTTPException("the Content-Length is not a number")
            self.length = int(lengths[0])
        if self._method == "HEAD":
            self.length = 0
        self.will_close = self._check_close() or (not self.chunked and self.length is None)
        # Where another reader could find another end, nothing that follows is taken for the next response.
        self.will_close |= bool(codings) and (codings != ["chunked"] or bool(lengths) or self.version == 10)
        self.will_close |= self.status == 204 and bool(codings or set(lengths) - {"0"})

    def _close_conn(self) -> None:
        fp, self.fp = self.fp, None
        if fp is None:  # another thread has closed it
            return
        try:
            if self.abandoned:  # not to be looked into: another thread may still read
                fp.raw.at_end = True
            else:
                fp.raw.end(fp)
        finally:
            fp.close()

    @override
    def flush(self) -> None:
        """Do nothing: where another thread has closed it, http.client would raise."""

    def chunk_size(self) -> int:
        """Read the size of the next chunk; behind the last one comes a trailer. Raises HTTPException."""
        line: bytes = self.fp.readline(MAX_LINE_BYTES)
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            wrong = "a chunk without its size" if line else "the connection ended before the response"
            raise http.client.HTTPException(wrong)
        size = int(found[1], 16)
        if size == 0:
            self.fp.fields = Fields(trailer=True)
        return size

    def end_chunk(self) -> None:
        """Read the line end behind a chunk. Raises HTTPException."""
        if self._safe_read(2) != b"\r\n":
            raise http.client.HTTPException("a chunk that is longer than its size")

    def _get_chunk_left(self) -> Optional[int]:
        if self.chunk_left == 0:
            self.end_chunk()
        if not self.chunk_left:
            self.chunk_left = self.chunk_size() or None
            if self.chunk_left is None:
                self._read_and_discard_trailer()
                self._close_conn()
        return self.chunk_left

    def _read_status(self) -> tuple[str, int, str]:
        line: bytes = self.fp.readline(MAX_LINE_BYTES)
        if not line:
            raise http.client.RemoteDisconnected("the connection ended before the response")
        if len(line) >= MAX_LINE_BYTES:
            raise http.client.LineTooLong("status line")
        version, status, reason = read_status_line(line)
        if status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise http.client.BadStatusLine("101, a change of protocol that nobody asked for")
        self.fp.fields = Fields()
        interim = status < 200
        return "HTTP/1.1" if version > b"1.0" else "HTTP/1.0", 100 if interim else status, reason

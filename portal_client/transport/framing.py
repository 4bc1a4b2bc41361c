"""An answer as it is read from a connection: within the deadline, to its end, and not a byte further."""

from __future__ import annotations

import http.client
import os
import re
import socket
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import Any, Optional

import urllib3
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError

from portal_client.transport.exchange import Exchange
from portal_client.transport.head import LONGEST_LINE, Fields, Head, plain, status_of

_CUT = "the answer was closed before its end"
#: A size, which servers may pad with blanks, and an extension, of which only the characters are looked at.
_CHUNK_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,16})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_LENGTH = re.compile("[0-9]{1,20}")
#: Bytes that may come without anything to decompress in them, beside twice those that were asked for.
_MOST_OF_NOTHING = 64 * 1024
#: Responses such as 100 and 102 before the one that is waited for; endless ones would keep a call for ever.
_MOST_INTERIM = 1000


class Answer(http.client.HTTPResponse):
    """An answer as strict as its framing must be for what follows on the connection.

    Interim answers are skipped, of which http.client itself skips only 100.
    """

    fp: Any  # None when it is closed
    headers: Any
    code: int
    status: int
    reason: str
    version: int
    will_close: bool
    chunked: bool
    chunk_left: Optional[int]
    length: Optional[int]
    #: Whether nobody reads it to its end.
    abandoned = False
    _method: str
    _check_close: Callable[[], bool]
    _safe_read: Callable[[int], bytes]
    _read_and_discard_trailer: Callable[[], None]

    def begin(self, **limits: Any) -> None:
        if self._method != "HEAD" and (head := plain(self.fp.peek())) is not None:
            self._take(head)
            return
        fields: Any
        for _ in range(_MOST_INTERIM):
            version, status, reason = self._read_status()
            fields = self.fp.fields
            while self.fp.fields is not None:
                self.fp.readline()
            if status != 100:
                break
        else:
            raise http.client.HTTPException(f"more than {_MOST_INTERIM} interim responses")
        self.headers = urllib3.HTTPHeaderDict(fields.found)
        self.code = self.status = status
        self.reason, self.version = reason, 10 if version == "HTTP/1.0" else 11
        self._frame()

    def _take(self, head: Head) -> None:
        self.fp.read(head.size)
        self.headers = urllib3.HTTPHeaderDict(head.headers)
        self.code = self.status = head.status
        self.reason, self.version = head.reason, 11
        self.length, self.will_close = head.length, False
        self.chunked, self.chunk_left = head.length is None, None

    def _frame(self) -> None:
        """Find out where the answer ends (RFC 9112, 6.3). Raises HTTPException where that cannot be known."""
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
        # Where another reader could find another end, nothing that follows is taken for the next answer.
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

    def chunk_size(self) -> int:
        """Read the size of the next chunk; behind the last one comes a trailer. Raises HTTPException."""
        line: bytes = self.fp.readline(LONGEST_LINE)
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            wrong = "a chunk without its size" if line else "the connection ended before the answer"
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
        line: bytes = self.fp.readline(LONGEST_LINE)
        if not line:
            raise http.client.RemoteDisconnected("the connection ended before the answer")
        if len(line) >= LONGEST_LINE:
            raise http.client.LineTooLong("status line")
        version, status, reason = status_of(line)
        if status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise http.client.BadStatusLine("101, a change of protocol that nobody asked for")
        self.fp.fields = Fields()
        interim = status < 200
        return "HTTP/1.1" if version > b"1.0" else "HTTP/1.0", 100 if interim else status, reason


class HTTPResponse(urllib3.HTTPResponse):
    """A response that gives its place in the pool back when it is closed or forgotten, read or not.

    Closed before its end, by another thread too, it raises ProtocolError to who reads on: what there is
    must not be taken for all.
    """

    # Looked at when it is closed, even if it was not made to its end.
    auto_close = True
    _fp: Any = None
    _sock_shutdown: Any = None
    chunk_left: Optional[int]
    _connection: Any = None
    _cut = False
    _in_vain = 0

    def __init__(
        self,
        answer: Answer,
        exchange: Exchange,
        shutdown: Optional[Callable[[int], None]],
        method: str,
        url: str,
        decode_content: bool,
    ) -> None:
        super().__init__(
            body=answer,
            headers=answer.headers,
            status=answer.status,
            version=answer.version,
            version_string="HTTP/1.1",
            reason=answer.reason,
            preload_content=False,
            decode_content=decode_content,
            original_response=answer,
            request_method=method,
            request_url=url,
            sock_shutdown=shutdown,
        )
        #: The attempt that has brought it, and the process.
        self.exchange: Exchange = exchange
        self.pid: int = os.getpid()

    def close(self) -> None:
        connection = self._taken()
        if self.closed and connection is None:
            return
        shutdown = self._sock_shutdown
        if not self.closed:
            self._cut = self._fp.abandoned = True
            # Wakes who waits for more; closing alone would wait too. After a fork the socket is the parent's.
            if connection is not None and shutdown is not None and self.pid == os.getpid():
                with suppress(OSError):
                    shutdown(socket.SHUT_RD)
        super().close()
        if connection is not None:
            connection.close()
            self._give_back(connection)

    def release_conn(self) -> None:
        if (connection := self._taken()) is not None:
            self._give_back(connection)

    def _taken(self) -> Any:
        """The connection, for one only of the threads that read to the end or close."""
        return vars(self).pop("_connection", None)

    def _give_back(self, connection: Any) -> None:
        vars(self)["_pool"]._put_conn(connection)

    def __del__(self) -> None:
        self.close()

    def _raw_read(self, amt: Optional[int] = None, *, read1: bool = False) -> bytes:
        try:
            data = super()._raw_read(amt, read1=read1)
        except (AttributeError, ValueError):  # taken from under http.client
            if not self._cut:
                raise
            data = b""
        except HTTPError:
            self._cut = True
            raise
        if self._cut:  # what has come may not be all
            raise ProtocolError(_CUT)
        self._count(data, amt)
        return data

    def read(self, amt: Optional[int] = None, *args: Any, **options: Any) -> bytes:
        self._in_vain = 0
        return super().read(amt, *args, **options)

    def read1(self, amt: Optional[int] = None, *args: Any, **options: Any) -> bytes:
        self._in_vain = 0
        return super().read1(amt, *args, **options)

    def _count(self, data: bytes, amt: Optional[int]) -> None:
        """Count what comes for one read: what is decompressed to nothing could go on for ever."""
        self._in_vain += len(data)
        if amt is not None and self._in_vain > 2 * amt + _MOST_OF_NOTHING:
            self._cut = True
            self.close()
            raise DecodeError(f"{self._in_vain} bytes hold less than the {amt} that were asked for")

    def _update_chunk_length(self) -> None:
        if self.chunk_left is None:
            self.chunk_left = self._fp.chunk_size()

    def _handle_chunk(self, amt: Optional[int]) -> bytes:
        left = self.chunk_left or 0
        data: bytes = self._fp._safe_read(left if amt is None else min(amt, left))
        self.chunk_left = left - len(data)
        if self.chunk_left == 0:
            self._fp.end_chunk()
            self.chunk_left = None
        self._count(data, amt)
        return data

    def stream(self, *args: Any, **options: Any) -> Generator[bytes, None, None]:
        return self._to_its_end(super().stream(*args, **options))

    def read_chunked(self, *args: Any, **options: Any) -> Generator[bytes, None, None]:
        return self._to_its_end(super().read_chunked(*args, **options))

    def _to_its_end(self, blocks: Iterable[bytes]) -> Generator[bytes, None, None]:
        self._in_vain = 0
        try:
            for block in blocks:
                if self._cut:  # under TLS what comes then is not deciphered
                    break
                yield block
                self._in_vain = 0
        except (AttributeError, ValueError):
            if not self._cut:
                raise
        except HTTPError:
            self._cut = True
            raise
        if self._cut:
            raise ProtocolError(_CUT)

"""An answer as it is read from a connection: within the deadline, to its end, and not a byte further."""

from __future__ import annotations

import http.client
import io
import os
import re
import socket
import ssl
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import Any, Optional, cast

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from portal_client.exchange import Exchange
from portal_client.head import Head, plain

_CUT = "the answer was closed before its end"
_FOLD = re.compile(r"\r\n[\t ]*")
_CHUNK_SIZE = re.compile(rb"0*[0-9A-Fa-f]{1,16}")
_LENGTH = re.compile("[0-9]+[\t ]*")
_LONGEST_LINE = 64 * 1024


class _TimedReader(socket.SocketIO):
    """A socket as http.client reads it."""

    timed: socket.socket
    connection: http.client.HTTPConnection
    exchange: Exchange
    at_end = False

    def readinto(self, b: Any) -> Optional[int]:
        if self.at_end:
            return 0
        self.exchange.give_time(self.timed)
        count = super().readinto(b)
        self.exchange.received += count or 0
        self.at_end = count == 0
        return count

    def end(self, buffered: io.BufferedReader) -> None:
        """Read no more; what was received and not read would be taken for the next answer."""
        self.at_end = True
        try:
            more = buffered.peek(1) or (isinstance(self.timed, ssl.SSLSocket) and self.timed.pending())
        except ValueError:  # another thread has closed it
            return
        if more:
            self.connection.close()


class TimedSocket:
    """What http.client takes for a socket when it makes a response: something with `makefile`."""

    def __init__(
        self, sock: socket.socket, connection: http.client.HTTPConnection, exchange: Exchange
    ) -> None:
        self._sock, self._connection, self._exchange = sock, connection, exchange

    def makefile(self, mode: str) -> io.BufferedReader:
        reader: Any = self._sock.makefile("rb", buffering=0)
        reader.__class__ = _TimedReader  # a socket knows no other way to have readers of one's own
        reader.timed, reader.connection, reader.exchange = self._sock, self._connection, self._exchange
        return io.BufferedReader(reader)


class _Headers(http.client.HTTPMessage):
    """The headers of a plain head, which need not be looked at once more for what mail may hold."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        super().__init__()
        self._headers = headers

    def items(self) -> list[tuple[str, str]]:
        return list(self._headers)


class Answer(http.client.HTTPResponse):
    """An answer as strict as its framing must be for what follows on the connection.

    Interim answers are skipped, of which http.client itself skips only 100.
    """

    fp: Any  # None when it is closed
    headers: http.client.HTTPMessage
    msg: http.client.HTTPMessage
    code: int
    status: int
    reason: str
    version: int
    will_close: bool
    chunked: bool
    chunk_left: Optional[int]
    _method: str

    def begin(self, **limits: Any) -> None:
        head = plain(self.fp.peek()) if self._method != "HEAD" else None
        if head is not None:
            self._take(head)
            return
        super().begin(**limits)
        if self.fp.raw.at_end:  # http.client takes it for the end of the headers
            raise http.client.RemoteDisconnected("the connection ended within the headers")
        if self.status in (204, 304):  # which http.client still reads in chunks if it is told so
            self.chunked, self.length = False, 0
        elif not self.chunked and not all(map(_LENGTH.fullmatch, self.headers.get_all("content-length", []))):
            raise http.client.HTTPException("the Content-Length is not a number")
        if self._may_end_elsewhere():
            self.will_close = True  # so that nothing which follows is taken for the next answer

    def _take(self, head: Head) -> None:
        self.fp.read(head.size)
        self.headers = self.msg = _Headers(head.headers)
        self.code = self.status = head.status
        self.reason, self.version = head.reason, 11
        self.length, self.will_close = head.length, False
        self.chunked, self.chunk_left = head.length is None, None

    def fields(self) -> urllib3.HTTPHeaderDict:
        """The headers, those that are folded in one line."""
        found = urllib3.HTTPHeaderDict()
        for name, value in self.headers.items():
            found.add(name, _FOLD.sub(" ", value) if "\r" in value else value)
        return found

    def _may_end_elsewhere(self) -> bool:
        """Whether another reader of the head could find another end of the answer."""
        codings = [each.lower() for each in self.headers.get_all("transfer-encoding", [])]
        usual = codings == ["chunked"] and self.version == 11 and "content-length" not in self.headers
        return bool(self.headers.defects) or (bool(codings) and not usual)

    def _close_conn(self) -> None:
        fp, self.fp = self.fp, None
        if fp is None:  # another thread has closed it
            return
        try:
            fp.raw.end(fp)
        finally:
            fp.close()

    def chunk_size(self) -> int:
        """Read the size of the next chunk. Raises ValueError."""
        line: bytes = self.fp.readline(_LONGEST_LINE)
        size = line.partition(b";")[0].rstrip()
        if line.endswith(b"\n") and _CHUNK_SIZE.fullmatch(size):
            return int(size, 16)
        self._close_conn()
        raise ValueError("a chunk without its size" if line else "the connection ended before the answer")

    #: http.client's own takes what Python's int() does: 0x5, -5, 1_0.
    _read_next_chunk_size = chunk_size

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = cast("tuple[str, int, str]", super()._read_status())  # type: ignore[misc]
        if status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise http.client.BadStatusLine("101, a change of protocol that nobody asked for")
        return version, http.HTTPStatus.CONTINUE if 100 <= status < 200 else status, reason


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

    def __init__(
        self, answer: Answer, exchange: Exchange, asked: Any, shutdown: Optional[Callable[[int], None]]
    ) -> None:
        super().__init__(
            body=answer,
            headers=answer.fields(),
            status=answer.status,
            version=answer.version,
            version_string="HTTP/1.1",
            reason=answer.reason,
            preload_content=False,
            decode_content=asked.decode_content,
            original_response=answer,
            request_method=asked.request_method,
            request_url=asked.request_url,
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
            self._cut = True
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
        pool: Any = vars(self)["_pool"]
        pool._put_conn(connection)

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
        return data

    def _update_chunk_length(self) -> None:
        if self.chunk_left is not None:
            return
        answer: Any = self._fp
        try:
            self.chunk_left = answer.chunk_size()
        except ValueError as error:
            self._cut = True
            self.close()
            raise ProtocolError(str(error)) from None

    def stream(self, *args: Any, **options: Any) -> Generator[bytes, None, None]:
        return self._to_its_end(super().stream(*args, **options))

    def read_chunked(self, *args: Any, **options: Any) -> Generator[bytes, None, None]:
        return self._to_its_end(super().read_chunked(*args, **options))

    def _to_its_end(self, blocks: Iterable[bytes]) -> Generator[bytes, None, None]:
        try:
            for block in blocks:
                if self._cut:  # under TLS what comes then is not deciphered
                    break
                yield block
        except (AttributeError, ValueError):
            if not self._cut:
                raise
        if self._cut:
            raise ProtocolError(_CUT)

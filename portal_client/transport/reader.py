"""The bytes of a response from its socket: within the deadline, and in lines that are checked."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Callable
from typing import Any, Optional

from typing_extensions import override
from urllib3.util.ssltransport import SSLTransport

from portal_client.transport.exchange import Exchange
from portal_client.transport.head import MAX_LINE_BYTES, Fields


class TimedReader(io.RawIOBase):
    """The bytes of a response as they come from its socket."""

    at_end: bool = False

    def __init__(
        self, sock: socket.socket, connection: http.client.HTTPConnection, exchange: Exchange
    ) -> None:
        self._sock, self._connection, self._exchange = sock, connection, exchange
        self._file = sock.makefile("rb", buffering=0)  # while it is open the socket is

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, b: Any) -> Optional[int]:
        if self.at_end:
            return 0
        self._exchange.give_time(self._sock)
        count = self._file.readinto(b)
        self._exchange.received += count or 0
        self.at_end = count == 0
        return count

    @override
    def close(self) -> None:
        self._file.close()
        super().close()

    def end(self, buffered: io.BufferedReader) -> None:
        """Read no more; what was received and not read would be taken for the next response."""
        self.at_end = True
        try:
            more = buffered.peek(1) or _deciphered(self._sock)
        except ValueError:  # another thread has closed it
            return
        if more:
            self._connection.close()


def _deciphered(sock: Any) -> bool:
    """Whether TLS holds more than was read from it, which the socket below does not tell."""
    if isinstance(sock, SSLTransport):
        return bool(sock.sslobj.pending() or sock.incoming.pending) or _deciphered(sock.socket)
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0


def shutdown_of(sock: Any) -> Optional[Callable[[int], None]]:
    """Return what wakes a thread that reads from a socket; TLS in TLS has it in the socket below."""
    return shutdown_of(sock.socket) if isinstance(sock, SSLTransport) else getattr(sock, "shutdown", None)


class Lines(io.BufferedReader):
    """The bytes of a response. Its lines are those of its head, its trailer and its framing."""

    #: Takes the lines of a head or trailer while there are any.
    fields: Optional[Fields] = None

    @override
    def readline(self, size: Optional[int] = -1, /) -> bytes:
        fields = self.fields
        if fields is None:
            return super().readline(size)
        line = super().readline(MAX_LINE_BYTES)
        if len(line) >= MAX_LINE_BYTES:
            raise http.client.LineTooLong("header line")
        cut = not line.endswith(b"\n")
        if cut and not fields.trailer:
            raise http.client.RemoteDisconnected("the connection ended within the headers")
        if not cut and fields.take(line):
            return line
        self.fields = None
        return b"\r\n"


class TimedSocket:
    """A socket as http.client needs it to make a response: it has `makefile`."""

    def __init__(
        self, sock: socket.socket, connection: http.client.HTTPConnection, exchange: Exchange
    ) -> None:
        self._sock, self._connection, self._exchange = sock, connection, exchange

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the bytes that come; `mode` is that of http.client, "rb"."""
        return Lines(TimedReader(self._sock, self._connection, self._exchange))

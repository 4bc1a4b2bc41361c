"""The response of urllib3 over a framed one: its body is whole or an error, whoever closes it when."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import Any, Optional

import urllib3
from typing_extensions import override
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError

from portal_client.transport.exchange import Exchange
from portal_client.transport.framing import FramedResponse

_CUT = "the response was closed before its end"
#: Bytes that may come without anything to decompress in them, beside twice those that were asked for.
_MAX_BYTES_WITHOUT_OUTPUT = 64 * 1024


class HTTPResponse(urllib3.HTTPResponse):
    """A response that gives its place in the pool back when it is closed or forgotten, read or not.

    Closed before its end, by another thread too, it raises ProtocolError in the thread that reads on: a part
    must not be taken for the whole.
    """

    # Looked at when it is closed, even if it was not made to its end.
    auto_close = True
    _fp: Any = None
    _sock_shutdown: Any = None
    chunk_left: Optional[int]
    _connection: Any = None
    _cut = False
    _input = 0

    def __init__(
        self,
        response: FramedResponse,
        exchange: Exchange,
        shutdown: Optional[Callable[[int], None]],
        method: str,
        url: str,
        decode_content: bool,
    ) -> None:
        super().__init__(
            body=response,
            headers=response.headers,
            status=response.status,
            version=response.version,
            version_string="HTTP/1.1",
            reason=response.reason,
            preload_content=False,
            decode_content=decode_content,
            original_response=response,
            request_method=method,
            request_url=url,
            sock_shutdown=shutdown,
        )
        #: The attempt that has brought it, and the process.
        self.exchange: Exchange = exchange
        self.pid: int = os.getpid()

    @override
    def close(self) -> None:
        connection = self._take_connection()
        if self.closed and connection is None:
            return
        shutdown = self._sock_shutdown
        if not self.closed:
            self._cut = self._fp.abandoned = True
            # Wakes a thread that waits for more; closing alone would wait for it.
            # After a fork the socket is the parent's.
            if connection is not None and shutdown is not None and self.pid == os.getpid():
                with suppress(OSError):
                    shutdown(socket.SHUT_RD)
        super().close()
        if connection is not None:
            connection.close()
            self._return_connection(connection)

    @override
    def release_conn(self) -> None:
        if (connection := self._take_connection()) is not None:
            self._return_connection(connection)

    def _take_connection(self) -> Any:
        """Return the connection to one of the threads that read to the end or close, None to the others."""
        return vars(self).pop("_connection", None)

    def _return_connection(self, connection: Any) -> None:
        vars(self)["_pool"]._put_conn(connection)

    def __del__(self) -> None:
        self.close()

    @override
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
        self._bound(data, amt)
        return data

    @override
    def read(self, amt: Optional[int] = None, *args: Any, **options: Any) -> bytes:
        self._input = 0
        return super().read(amt, *args, **options)

    @override
    def read1(self, amt: Optional[int] = None, *args: Any, **options: Any) -> bytes:
        self._input = 0
        return super().read1(amt, *args, **options)

    def _bound(self, data: bytes, amt: Optional[int]) -> None:
        """Bound the input of one read: compressed blocks without content could go on for ever."""
        self._input += len(data)
        if amt is not None and self._input > 2 * amt + _MAX_BYTES_WITHOUT_OUTPUT:
            self._cut = True
            self.close()
            raise DecodeError(f"{self._input} bytes hold less than the {amt} that were asked for")

    @override
    def _update_chunk_length(self) -> None:
        if self.chunk_left is None:
            self.chunk_left = self._fp.chunk_size()

    @override
    def _handle_chunk(self, amt: Optional[int]) -> bytes:
        left = self.chunk_left or 0
        data: bytes = self._fp._safe_read(left if amt is None else min(amt, left))
        self.chunk_left = left - len(data)
        if self.chunk_left == 0:
            self._fp.end_chunk()
            self.chunk_left = None
        self._bound(data, amt)
        return data

    @override
    def stream(self, *args: Any, **options: Any) -> Generator[bytes, None, None]:
        return self._whole(super().stream(*args, **options))

    @override
    def read_chunked(self, *args: Any, **options: Any) -> Generator[bytes, None, None]:
        return self._whole(super().read_chunked(*args, **options))

    def _whole(self, blocks: Iterable[bytes]) -> Generator[bytes, None, None]:
        self._input = 0
        try:
            for block in blocks:
                if self._cut:  # under TLS what comes then is not deciphered
                    break
                yield block
                self._input = 0
        except (AttributeError, ValueError):
            if not self._cut:
                raise
        except HTTPError:
            self._cut = True
            raise
        if self._cut:
            raise ProtocolError(_CUT)

"""The body of a request, noted in its call while the app reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress

from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.types import Message, Receive

from portal_testing.calls import Call, SentFile, add, decoded

#: The size in bytes up to which the content of a file is kept, or a body that is no form.
KEPT = 1024 * 1024

#: The fields of the token endpoint that are no secrets.
_OAUTH2 = ("grant_type", "scope", "username", "client_id", "token_type_hint")


#: The operations of the token endpoint.
TOKEN_OPERATIONS = ("fetch_token", "revoke_token")


class Body:
    """What is received of a request: `receive` passes it on, and `finish` reads what the app has left."""

    def __init__(self, call: Call, receive: Receive) -> None:
        self._call = call
        self._receive = receive
        # Else nothing is to be read: another reader may wait for the end of the connection.
        self._more = "content-length" in call.headers or "transfer-encoding" in call.headers
        self._kept = bytearray()
        kind, options = parse_options_header(call.headers.get("content-type", ""))
        self._kind = kind.decode("latin-1")
        self._form = _Form(call, options[b"boundary"]) if b"boundary" in options else None

    async def receive(self) -> Message:
        """Receive a message of the request, and note what it holds."""
        message = await self._receive()
        if message["type"] != "http.request":
            self._more = False
            return message
        block: bytes = message.get("body", b"")
        if self._form is not None:
            self._form.feed(block)
        elif len(self._kept) <= KEPT:
            self._kept += block
        if not message.get("more_body"):
            self._more = False
            self._end()
        return message

    async def finish(self) -> None:
        """Read the request to its end."""
        while self._more:
            await self.receive()

    def _end(self) -> None:
        call = self._call
        if self._kind == "application/x-www-form-urlencoded":
            call.form = decoded(self._kept.decode(errors="replace"))
            if call.operation in TOKEN_OPERATIONS:
                call.form = {name: v if name in _OAUTH2 else "***" for name, v in call.form.items()}
        elif self._kept and self._form is None:
            with suppress(ValueError):
                call.body = json.loads(self._kept)


class _Form:
    """A multipart form, read block by block."""

    def __init__(self, call: Call, boundary: bytes) -> None:
        self._call = call
        self._headers: dict[str, str] = {}
        self._name = self._value = b""
        self._end: Callable[[], None] = lambda: None
        self._take: Callable[[bytes], None] = lambda block: None
        self._parser: MultipartParser | None = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": self._in_name,
                "on_header_value": self._in_value,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._part_begins,
                "on_part_data": lambda data, start, end: self._take(data[start:end]),
                "on_part_end": lambda: self._end(),
            },
        )

    def feed(self, block: bytes) -> None:
        """Read a block; after one that is no form nothing is read any more."""
        if self._parser is not None:
            try:
                self._parser.write(block)
            except ValueError:  # MultipartParseError is one
                self._parser = None

    def _in_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _in_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode(errors="replace")
        self._name = self._value = b""

    def _part_begins(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", "").encode())
        name = options.get(b"name", b"").decode(errors="replace")
        if b"filename" in options:
            kind = self._headers.get("content-type", "")
            self._file_begins(SentFile(name, options[b"filename"].decode(errors="replace"), kind))
        else:
            self._field_begins(name)

    def _field_begins(self, name: str) -> None:
        value = bytearray()
        self._take = value.extend
        self._end = lambda: add(self._call.form, name, value.decode(errors="replace"))

    def _file_begins(self, file: SentFile) -> None:
        digest, kept, size = hashlib.sha256(), bytearray(), 0

        def take(block: bytes) -> None:
            nonlocal size
            digest.update(block)
            size += len(block)
            if size <= KEPT:
                kept.extend(block)

        def end() -> None:
            file.size, file.sha256 = size, digest.hexdigest()
            file.content = bytes(kept) if size <= KEPT else None
            self._call.files.append(file)

        self._take, self._end = take, end

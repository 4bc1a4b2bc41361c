"""The stream of events: each is validated and returned as soon as it is complete."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import BinaryIO, Generic, Optional, Self, TypeVar, Union

from pydantic import ValidationError
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from portal_client.content_type import content_type as read_content_type
from portal_client.display import Growing
from portal_client.events import MAX_SIZE, NONE_FOUND, Block, Lines, ServerSentEvents
from portal_client.exceptions import (
    ApiAttributeError,
    ApiException,
    ApiResponseError,
    ApiStreamError,
    ApiStreamTimeout,
)
from portal_client.nesting import type_adapter
from portal_client.parsing import explain
from portal_client.source import Reader, Source
from portal_client.surrogates import without_halves

T = TypeVar("T")
U = TypeVar("U")

#: The Accept header of a stream: lines first, then server-sent events, then one document.
ACCEPT = "application/x-ndjson, text/event-stream;q=0.9, application/json;q=0.8"

_BLOCK = 64 * 1024


class EventStream(Growing, Generic[T]):
    """The events of one response, in order, each as soon as it is complete.

    Use it in a `with` block: leaving the block closes the connection, or releases it when the stream was
    read to its end. `events` counts the events so far. One thread may read it, any other may close it.

    A line that is not a valid event raises ApiResponseError, which holds the line and its number; a new loop
    continues behind it. A stream that is cut raises ApiStreamError, one that is silent for longer than
    `idle_timeout` ApiStreamTimeout. Of a plain reader, such as a file, `content_type` says what it holds.
    """

    def __init__(
        self,
        source: Union[Source, Reader],
        validate: Callable[[bytes], T],
        content_type: str = "",
        tee: Optional[BinaryIO] = None,
    ) -> None:
        self.events: int = 0
        self._closed = False
        self._source = source if isinstance(source, Source) else Source(source, content_type)
        self._validate = validate
        media_type = read_content_type(self._source.content_type).media_type
        self._sse: Optional[ServerSentEvents] = (
            ServerSentEvents() if media_type == "text/event-stream" else None
        )
        self._decoder: Union[Lines, ServerSentEvents] = self._sse or Lines()
        # One document may span lines; if so, the first line is not a valid event.
        self._may_be_document = self._sse is None and "ndjson" not in media_type
        self._tee = tee
        self._block = Block(*NONE_FOUND, [""])
        self._id_when_closed: Optional[str] = None
        self._ended = False

    @classmethod
    def replay(cls, path: Union[str, os.PathLike[str]], kind: type[U]) -> EventStream[U]:
        """Return the events of a stream that was recorded with `tee`; no request is sent.

        Raises OSError for a file that cannot be read.
        """
        validate: Callable[[bytes], U] = type_adapter(kind).validate_json
        request = f"replay of {path}"
        return EventStream(Source(open(path, "rb"), "application/x-ndjson", request), validate)

    @property
    def response(self) -> BaseHTTPResponse:
        """The response that holds the events, with its status and headers.

        Raises ApiAttributeError for a replay, which has none.
        """
        if (response := self._source.response) is None:
            raise ApiAttributeError("a replay has no response")
        return response

    @property
    def closed(self) -> bool:
        """Whether the stream was closed, or read to its end."""
        return self._closed or self._ended

    @property
    def last_event_id(self) -> str:
        """The id of the last server-sent event that was read, or of one before it that has an id; else "".

        It is the id to resume from: not that of an event that is still to be read, or was cut. An event that
        raised ApiResponseError was read, too.
        """
        if self._id_when_closed is not None:
            return self._id_when_closed
        block = self._block  # one look: another thread may read
        return block.ids[block.at + 1] if self._sse else ""

    @property
    def retry(self) -> Optional[float]:
        """The seconds after which the server asks to connect again, in server-sent events; None else."""
        return self._sse.retry if self._sse else None

    def __repr__(self) -> str:
        state = "ended" if self._ended else "closed" if self._closed else "open"
        request = f": {self._source.request}" if self._source.request else ""
        return f"<{type(self).__name__} {state} after {self.events} events{request}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_ended"):  # else the constructor failed
            self.close()

    def close(self) -> None:
        """Close the connection, unless the stream was read to its end; closing twice does no harm."""
        if self._id_when_closed is None:
            self._id_when_closed = self.last_event_id
        self._closed = True
        self._drop()
        self._source.reader.close()
        if self._tee is not None:
            self._tee.close()
        self._finish()

    def _drop(self) -> None:
        """End a loop under way; what was read and is not returned is no end."""
        if deque(self._block.left, maxlen=1):
            self._ended = False

    def until_done(self) -> T:
        """Read to the end and return the last event.

        Raises ApiStreamError when there was none.
        """
        last: list[T] = []
        with self:
            for event in self:
                last[:] = [event]
        if not last:
            raise self._error("ended without an event")
        return last[0]

    def __next__(self) -> T:
        # No generator is kept between two calls: it would be a reference cycle, and a stream in a cycle is
        # closed late and with a ResourceWarning.
        for event in self:
            return event
        raise StopIteration

    def __iter__(self) -> Generator[T, None, None]:
        # All state is in `self`, so that a new loop continues where another one has stopped.
        while True:
            validate = self._noting(self._validate if self._tee is None else self._validate_and_record)
            block = self._block
            wrong: Optional[ValidationError] = None
            try:
                for at, text in block.left:
                    block.at = at
                    if not text:  # lines of spaces are left out in `_revalidate`
                        continue
                    event = validate(text)
                    self.events += 1
                    yield event
            except ValidationError as error:
                wrong = error.with_traceback(None)  # which would hold this frame
            if wrong is not None:
                # Not where it is caught: it would be the context of an error that must not hold it.
                yield from self._revalidate(wrong)
                continue
            if block is self._block:  # else a loop within this one has read further
                if self._ended:
                    return self._finish()
                self._fill()

    def _fill(self) -> None:
        if self._tee is not None:
            with suppress(ValueError):  # closed by another thread
                self._tee.flush()
        before = self._sse.last_event_id if self._sse else ""
        self._block = Block(*NONE_FOUND, [before])  # an id without an event counts from here
        block = self._read()
        try:
            if block:
                found = self._decoder.feed(block)
            else:
                self._ended = True
                found = self._decoder.end()
        except ValueError as error:
            raise self._error(f"cannot be read: {error}") from error
        if found[1]:
            self._block = Block(*found, [before, *self._sse.ids] if self._sse else [])
        if self._closed:  # by another thread, which has seen the block before
            self._drop()

    def _read(self) -> bytes:
        try:
            block = b"" if self._closed else self._source.reader.read1(_BLOCK)
        except (HTTPError, OSError, ValueError) as error:
            raise self._read_error(error) from error
        except BaseException:  # Ctrl-C, after which the position in the response is unknown
            self.close()
            raise
        if self._closed:
            raise self._error("is closed")
        return block

    def _read_error(self, error: Exception) -> ApiStreamError:
        if self._closed:  # by another thread
            return self._error("is closed")
        self.close()
        if any(isinstance(e, (ReadTimeoutError, TimeoutError)) for e in (error, *error.args)):
            limit = f"{self._source.silence:g} s, the limit for each silence"
            return self._error(f"was silent for {limit}", ApiStreamTimeout)
        what = str(error.args[-1] if isinstance(error, ProtocolError) and error.args else error)
        return self._error(f"was cut: {what}")

    def _validate_and_record(self, text: bytes) -> T:
        event = self._validate(text)
        self._record(text)
        return event

    def _record(self, text: bytes) -> None:
        if self._tee is None:
            return
        try:
            self._tee.write(text.replace(b"\n", b" ") + b"\n")
        except ValueError as error:
            raise self._error("is closed") from error

    def _revalidate(self, error: ValidationError) -> Iterator[T]:
        """Return the events of the text that was read last, and is not a valid event as it is.

        It may be blank, hold half of a surrogate pair, or begin a document. Raises ApiResponseError.
        """
        if self._closed:  # by another thread
            raise self._error("is closed") from error
        at = self._block.at
        number, text = self._block.numbers[at], self._block.texts[at]
        if text.isspace():
            return iter(())
        repaired = without_halves(text)
        if repaired is not None:
            try:
                event = self._validate(repaired)
            except ValidationError as other:
                error = other
            else:
                self._record(text)
                self._note(event)
                self.events += 1
                return iter((event,))
        if self._may_be_document and not self.events:
            self._block = Block((1,), (self._read_document(text),), [])
            return iter(())
        failure = self._line_error(number, text, error)
        raise failure from (None if failure.repeats_credentials else error)

    def _read_document(self, first: bytes) -> bytes:
        """Read to the end and return the document that begins with these bytes."""
        self._may_be_document = False
        document = bytearray(b"\n".join((first, *(text for _, text in self._block.left))))
        while not self._ended:
            self._fill()
            for _, text in self._block.left:
                document += b"\n"
                document += text
            if len(document) > MAX_SIZE:
                raise self._error(f"is one document of more than {MAX_SIZE} bytes")
        return bytes(document)

    def _line_error(self, number: int, text: bytes, error: ValidationError) -> ApiException:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if self._ended and found[0]["type"] == "json_invalid":
            return self._error(f"ends in the middle of line {number}")
        self._record(text)
        reason = f"line {number} is not the event it should be: {explain(error)}"
        return ApiResponseError(reason=reason, line=text, line_number=number, **self._source.described())

    def _error(self, what: str, kind: type[ApiStreamError] = ApiStreamError) -> ApiStreamError:
        error = kind(reason=f"the stream {what} (after {self.events} events)", **self._source.described())
        error.events = self.events
        return error

"""Decoders of streams, from bytes to the texts of events: lines of JSON, or server-sent events.

Each decoder is fed blocks as they come, and returns the texts that are complete with the numbers of the lines
in which they begin. Time and memory are linear in the length of what is read, however it is cut into blocks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Optional, Union

Found = tuple[Sequence[int], Sequence[bytes]]

#: The maximum size of a line, in bytes.
MAX_SIZE = 256 * 1024 * 1024

#: No text is complete.
NONE_FOUND: Found = (), ()

_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True, eq=False)
class Block:
    """Texts that came together: their line numbers, and the ids of server-sent events before and with each.

    `left` gives those that are not validated yet, each with its index; `at` is the index of the last one that
    was taken, -1 before the first.
    """

    numbers: Sequence[int]
    texts: Sequence[bytes]
    ids: Sequence[str]
    at: int = -1
    left: Iterator[tuple[int, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self.left = enumerate(self.texts)


class Lines:
    """Lines of JSON (application/x-ndjson): each line is an event, blank ones are none."""

    def __init__(self, max_size: int = MAX_SIZE) -> None:
        self._max_size = max_size
        self._begun = io.BytesIO()  # gives its bytes without a copy
        self._number = 0

    def feed(self, block: bytes) -> Found:
        """Return the lines that end in this block, without their line feeds.

        Raises ValueError for one that is too long.
        """
        lines = block.split(b"\n")
        rest = lines.pop()
        first = self._number + 1
        if lines:
            lines[0] = self._ended_by(lines[0])
            if first == 1 and lines[0].startswith(_BOM):
                lines[0] = lines[0][len(_BOM) :]
            self._number += len(lines)
        if rest:
            self._begun.write(rest)
            if self._begun.tell() > self._max_size:
                raise ValueError(f"line {self._number + 1} is longer than {self._max_size} bytes")
        return range(first, first + len(lines)), lines

    def end(self) -> Found:
        """Return what follows the last line feed: a line as well."""
        return self.feed(b"\n") if self._begun.tell() else NONE_FOUND

    def _ended_by(self, last: bytes) -> bytes:
        if not self._begun.tell():
            return last
        line, self._begun = self._begun, io.BytesIO()
        line.write(last)
        return line.getvalue()


class ServerSentEvents:
    """Server-sent events (text/event-stream), as the HTML standard defines them.

    Comments and events named "ping" keep a connection open and are no events here. An id counts from the
    blank line that ends its event, even if that is a ping or has no data.
    """

    def __init__(self, max_size: int = MAX_SIZE) -> None:
        self._lines = Lines(max_size)
        self._max_size = max_size
        self._after_cr = False
        self._data: Union[bytes, bytearray, None] = None
        self._begun = 0
        self._ping = False
        self._id = ""
        #: The id of the last event that was ended, and those of the events that `feed` returned last.
        self.last_event_id: str = ""
        self.ids: list[str] = []
        self.retry: Optional[float] = None

    def feed(self, block: bytes) -> Found:
        """Return the data of the events that end in this block.

        Raises ValueError for an event or a line that is too long.
        """
        if self._after_cr and block.startswith(b"\n"):  # the second half of a line end
            block = block[1:]
        self._after_cr = block.endswith(b"\r")
        numbers: list[int] = []
        texts: list[bytes] = []
        self.ids = []
        lines = self._lines.feed(block.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        for number, line in zip(*lines, strict=True):
            if line:
                self._take(number, line)
            else:
                self.last_event_id = self._id
                if self._data is not None and not self._ping:
                    numbers.append(self._begun)
                    texts.append(bytes(self._data))
                    self.ids.append(self._id)
                self._data, self._ping = None, False
        return numbers, texts

    def end(self) -> Found:
        """Return no event: the standard drops one without a blank line behind it.

        Raises ValueError for such an event.
        """
        for number, line in zip(*self._lines.end(), strict=True):
            self._take(number, line)
        if self._data is not None:
            raise ValueError(f"the event that begins in line {self._begun} is not ended")
        return NONE_FOUND

    def _take(self, number: int, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if name == b"data":
            if self._data is None:
                self._begun, self._data = number, value
            else:
                self._data = bytearray(self._data) if isinstance(self._data, bytes) else self._data
                self._data += b"\n"
                self._data += value
            if len(self._data) > self._max_size:
                raise ValueError(f"the event in line {self._begun} is longer than {self._max_size} bytes")
        elif name == b"event":
            self._ping = value == b"ping"
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(digits := value.lstrip(b"0")) < 10:
            self.retry = int(digits or b"0") / 1000

"""A form body with files, as a stream: iterated block by block, of a length that is known beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Optional, Union

from urllib3.fields import RequestField
from urllib3.filepost import choose_boundary

from portal_client.exceptions import ApiValueError
from portal_client.files import BLOCK, Part
from portal_client.files import Files as Files
from portal_client.serialization import encoded

Piece = Union[bytes, memoryview]


@dataclass(frozen=True, slots=True)
class FormPart:
    """A part of a form; `filename` and `content_type` are None for a text field.

    `size` in bytes is None where it is not known.
    """

    name: str
    filename: Optional[str]
    content_type: Optional[str]
    size: Optional[int]
    content: Union[Part, bytes] = field(repr=False)

    def blocks(self) -> Iterator[Piece]:
        """Return the content in blocks; each is valid until the next one is read.

        Raises ApiValueError for a stream, which can be read once only, ApiException where a file cannot be
        read.
        """
        if self.size is None:
            raise ApiValueError(f"files: {self.filename!r} is a stream, which is read as it is sent")
        return iter((self.content,)) if isinstance(self.content, bytes) else self.content.blocks()


class Multipart:
    """A multipart/form-data body: iterate it to get its bytes, anew for each attempt.

    A piece is valid until the next one is read. `length` is the number of bytes, None when one of the files
    is a stream of unknown length. The iteration never gives more bytes than that; it raises ApiException
    where a file cannot be read, or has become shorter.
    """

    def __init__(self, fields: Sequence[tuple[str, str]], files: Sequence[tuple[str, Part]]) -> None:
        self.boundary: str = choose_boundary()
        self.content_type: str = f"multipart/form-data; boundary={self.boundary}"
        texts = [(name, encoded(name, text)) for name, text in fields]
        #: The text fields, then the files.
        self.parts: tuple[FormPart, ...] = (
            *(FormPart(name, None, None, len(text), text) for name, text in texts),
            *(FormPart(name, f.filename, f.content_type, f.size, f) for name, f in files),
        )
        self._headed = [(self._head(part), part) for part in self.parts]
        self._pieces: Optional[Generator[Piece, None, None]] = None
        #: Called with the number of bytes that were written so far, from 0 in each iteration.
        self.observer: Optional[Callable[[int], None]] = None
        self._tail = f"--{self.boundary}--\r\n".encode()
        sizes = [part.size for part in self.parts if part.size is not None]
        self.repeatable: bool = len(sizes) == len(self.parts)
        self.length: Optional[int] = None
        if self.repeatable:
            framing = len(self._tail) + sum(len(head) + 2 for head, _ in self._headed)
            self.length = framing + sum(sizes)

    def _head(self, part: FormPart) -> bytes:
        # A name that is not UTF-8 on disk holds surrogates, which cannot be sent.
        filename = part.filename and re.sub("[\ud800-\udfff]", "\ufffd", part.filename)
        field = RequestField(part.name, b"", filename=filename)
        field.make_multipart(content_type=part.content_type)
        return f"--{self.boundary}\r\n{field.render_headers()}".encode()

    def __iter__(self) -> Iterator[Piece]:
        pieces = self._in_pieces()
        self._pieces = pieces if self.observer is None else _observed(pieces, self.observer)
        return self._pieces

    def blocks(self) -> Iterator[Piece]:
        """Return the bytes apart from those that are sent, to sign them; each piece as in the iteration.

        Raises ApiValueError where a file is a stream, which can be read once only.
        """
        if not self.repeatable:
            raise ApiValueError("files: one of them is a stream, which is read as it is sent")
        return self._in_pieces()

    def close(self) -> None:
        """End an iteration that was left in the middle, and close its file."""
        if self._pieces is not None:
            self._pieces.close()

    def _in_pieces(self) -> Generator[Piece, None, None]:
        # Small parts are joined, so that a prompt without files is one write, and so are many small files;
        # large ones are not copied. A stream of unknown length is sent as it comes.
        pending: list[Piece] = []
        held = 0
        for head, part in self._headed:
            size, content = part.size, part.content
            pending.append(head)
            held += len(head)
            pieces = (content,) if isinstance(content, bytes) else content.blocks()
            if size is None or held + size > BLOCK:
                yield b"".join(pending)
                pending, held = [], 0
            if size is None or size > BLOCK:
                yield from pieces
            else:
                pending += map(bytes, pieces)  # a copy: a file may use the same memory again
                held += size
            pending.append(b"\r\n")
        yield b"".join((*pending, self._tail))


def _observed(
    pieces: Generator[Piece, None, None], observer: Callable[[int], None]
) -> Generator[Piece, None, None]:
    written = 0
    with closing(pieces):
        observer(written)
        for piece in pieces:
            size = len(piece)
            yield piece
            written += size  # the next one is asked for once this one is written
            observer(written)

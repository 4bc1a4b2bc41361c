"""Form bodies with files: checked before anything is sent, then streamed in blocks of a known length."""

from __future__ import annotations

import io
import mimetypes
import os
import re
import stat
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Annotated, Any, BinaryIO, NamedTuple, Protocol, Union, cast

from pydantic import PlainValidator
from urllib3.fields import RequestField
from urllib3.filepost import choose_boundary

from portal_client.exceptions import ApiException, ApiValueError
from portal_client.serialization import encoded
from portal_client.settings import unawaited


class Readable(Protocol):
    """A file open for reading bytes."""

    def read(self, size: int = ..., /) -> bytes: ...


Content = Union[bytes, bytearray, memoryview, Readable, os.PathLike[str]]
File = Union[str, Content, tuple[str, Content], tuple[str, Content, str]]

BLOCK = 256 * 1024


class Part(NamedTuple):
    """One file: its name, type, and where its bytes come from; `size` is None for a stream without an end."""

    filename: str
    content_type: str
    source: Union[str, memoryview, BinaryIO]
    start: int
    size: Union[int, None]


def file_parts(given: Any) -> list[Part]:
    """Check the files of a call; nothing stays open and nothing is read but sizes.

    Raises FileNotFoundError, IsADirectoryError or PermissionError as `open` does, ApiValueError otherwise.
    """
    if given is None:
        return []
    many = isinstance(given, Sequence) and not isinstance(given, (str, tuple)) and _view(given) is None
    files = cast("Sequence[object]", given if many else [given])
    parts = [_part(file, number) for number, file in enumerate(files, 1)]
    streams = [id(part.source) for part in parts if part.size is None]
    if len(set(streams)) < len(streams):
        raise ApiValueError("files: a stream is given twice, but it can be read only once")
    return parts


#: Files to attach: a path (str or PathLike), bytes, bytearray, memoryview, an open binary file, BytesIO,
#: `(name, content)` or `(name, content, content type)`; one of them or a list of them. A tuple is one file.
#: A file object is read from where it stands, and is put back there when the call ends, so that a second call
#: sends the same bytes. One that cannot seek, such as a pipe, is used up by the call.
Files = Annotated[Union[File, Sequence[File], None], PlainValidator(file_parts)]


def _part(file: Any, number: int) -> Part:
    name, content, content_type = _named(cast(Any, file)) if isinstance(file, tuple) else (None, file, None)
    source: Any = content
    size: Union[int, None]
    if isinstance(content, (str, os.PathLike)):
        source = os.fsdecode(cast("os.PathLike[str]", content))
        start, size = 0, _size_of(source)
        name = name or os.path.basename(source)
    elif isinstance(content, (bytes, bytearray, memoryview)):
        source = cast(memoryview, _view(content))
        start, size = 0, len(source)
    elif hasattr(content, "read"):
        start, size = _extent(content)
        at = getattr(content, "name", None)
        name = name or (os.path.basename(os.fsdecode(at)) if isinstance(at, (str, bytes)) else None)
    else:
        awaited = ", which is to be awaited" if unawaited(content) else ""
        raise ApiValueError(f"files: a file cannot be made from {type(content).__name__}{awaited}")
    name = name or f"file{number}"
    # With a folder in front: a name such as data:x would be taken for a URL that tells its type.
    content_type = content_type or mimetypes.guess_type(f"./{name}")[0] or "application/octet-stream"
    return Part(name, content_type, source, start, size)


def _named(file: tuple[Any, ...]) -> tuple[str, Any, Union[str, None]]:
    if len(file) not in (2, 3) or not isinstance(file[0], str) or not file[0]:
        raise ApiValueError("files: a tuple is (name, content) or (name, content, content type)")
    if isinstance(file[1], str):
        raise ApiValueError(
            "files: the content in a tuple is bytes, an open binary file or a Path, not str; "
            "several paths are given as a list"
        )
    content_type = file[2] if len(file) == 3 else None
    if content_type is not None and (
        not isinstance(content_type, str) or not content_type.isprintable() or not content_type.isascii()
    ):
        raise ApiValueError("files: the content type in a tuple must be a str such as text/csv")
    return file[0], file[1], content_type


def _size_of(path: str) -> int:
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a pipe would wait for its other end
        raise ApiValueError(f"files: {path!r} is not a regular file; open it and give the file object")
    # Opened, not only looked at: whether it may be read is known then, before anything is sent.
    with open(path, "rb") as file:
        return os.fstat(file.fileno()).st_size


def _extent(file: Any) -> tuple[int, Union[int, None]]:
    """Where a file object stands, and how many bytes follow; it stays where it is."""
    start = _position(file)
    try:
        nothing = file.read(0)
    except Exception as error:
        raise ApiValueError(f"files: a file object cannot be read: {error!r}") from error
    if (view := _view(nothing)) is None:
        raise ApiValueError(f"files: a file object {_wrong(nothing)}")
    end = None if start is None else _end(file, start)
    if start is not None and end is not None:
        return start, max(0, end - start)
    if view:
        raise ApiValueError("files: a file object gave bytes to read(0); it must heed the size")
    return 0, None


def _position(file: Any) -> Union[int, None]:
    """Where a file object stands; None where it cannot tell."""
    try:
        at = file.tell()
    except Exception:
        return None
    return None if unawaited(at) or not isinstance(at, int) else at


def _end(file: Any, start: int) -> Union[int, None]:
    """Where a file object ends; None where it cannot seek."""
    try:
        file.seek(0, io.SEEK_END)
    except Exception:
        return None
    end = _position(file)  # seek() itself need not tell: that of mmap does not before Python 3.13
    try:
        file.seek(start)
    except Exception as error:
        raise ApiValueError("files: a file object cannot be put back to where it stood") from error
    return end


def _view(value: Any) -> Union[memoryview, None]:
    """The bytes of a buffer, one item for each; None for what is no buffer."""
    try:
        view = memoryview(value)
    except TypeError:
        return None
    return view.cast("B") if view.c_contiguous else memoryview(view.tobytes())


def _wrong(given: object) -> str:
    """What is wrong with the content that a file object gave, which is no bytes."""
    if isinstance(given, str):
        return "gave text where bytes were expected: open it in binary mode, open(path, 'rb')"
    if unawaited(given):
        return "has an asynchronous read(): give `await file.read()`, or the file below (UploadFile.file)"
    if given is None:
        return "gave None where bytes were expected, as one in non-blocking mode does that has none yet"
    return f"gave {type(given).__name__} where bytes were expected"


class Multipart:
    """A multipart/form-data body: iterate it to get its bytes, anew for each attempt.

    A piece keeps its bytes until the next one is asked for. `length` is the number of bytes, None when a
    stream among the files has no known end. Never more bytes than that are given; when a file has become
    shorter the iteration raises.
    """

    def __init__(self, fields: Sequence[tuple[str, str]], files: Sequence[tuple[str, Part]]) -> None:
        #: The names of the texts, and those of the files.
        self.names: tuple[list[str], list[str]] = [name for name, _ in fields], [name for name, _ in files]
        self.boundary: str = choose_boundary()
        self.content_type: str = f"multipart/form-data; boundary={self.boundary}"
        self._parts: list[tuple[bytes, Union[Part, bytes]]] = [
            (self._head(RequestField(name, b"")), encoded(name, text)) for name, text in fields
        ]
        self._parts += [
            (self._head(_file_field(name, part), part.content_type), part) for name, part in files
        ]
        self._pieces: Union[Generator[Union[bytes, memoryview], None, None], None] = None
        self._tail = f"--{self.boundary}--\r\n".encode()
        sizes = [len(content) if isinstance(content, bytes) else content.size for _, content in self._parts]
        self.repeatable: bool = None not in sizes
        self.length: Union[int, None] = None
        if self.repeatable:
            framing = len(self._tail) + sum(len(head) + 2 for head, _ in self._parts)
            self.length = framing + sum(cast("list[int]", sizes))

    def _head(self, field: RequestField, content_type: Union[str, None] = None) -> bytes:
        field.make_multipart(content_type=content_type)
        return f"--{self.boundary}\r\n{field.render_headers()}".encode()

    def __iter__(self) -> Iterator[Union[bytes, memoryview]]:
        self._pieces = self._in_pieces()
        return self._pieces

    def close(self) -> None:
        """Give an iteration up that was left in the middle, and close its file."""
        if self._pieces is not None:
            self._pieces.close()

    def _in_pieces(self) -> Generator[Union[bytes, memoryview], None, None]:
        # What is small is put together, so that a prompt without files is one write and so are many small
        # files; what is large is not copied. A stream without a known end is sent as it comes.
        pending: list[Union[bytes, memoryview]] = []
        held = 0
        for head, content in self._parts:
            pending.append(head)
            held += len(head)
            size = len(content) if isinstance(content, bytes) else content.size
            pieces = (content,) if isinstance(content, bytes) else _blocks(content)
            if size is None or held + size > BLOCK:
                yield b"".join(pending)
                pending, held = [], 0
            if size is None or size > BLOCK:
                yield from pieces
            else:
                pending += map(bytes, pieces)  # a copy: a file may give the same memory again
                held += size
            pending.append(b"\r\n")
        yield b"".join((*pending, self._tail))


def _file_field(name: str, part: Part) -> RequestField:
    # A name that is not UTF-8 on disk has surrogates in it, which cannot be sent.
    return RequestField(name, b"", filename=re.sub("[\ud800-\udfff]", "\ufffd", part.filename))


def _blocks(part: Part) -> Iterator[Union[bytes, memoryview]]:
    if isinstance(part.source, memoryview):
        yield from (part.source[at : at + BLOCK] for at in range(0, len(part.source), BLOCK))
    elif isinstance(part.source, str):
        # Into the same memory, block after block: to ask the system for new one takes longer.
        block = memoryview(bytearray(min(BLOCK, cast(int, part.size))))
        with _failing_as_call(part), open(part.source, "rb", buffering=0) as file:
            yield from _counted(part, lambda most: block[: file.readinto(block[:most])])
    else:
        with _failing_as_call(part), nullcontext() if part.size is None else _put_back(part):
            yield from _counted(part, part.source.read)


@contextmanager
def _put_back(part: Part) -> Generator[None, None, None]:
    """Read a file object from its start, and leave it there."""
    file = cast(BinaryIO, part.source)
    file.seek(part.start)
    try:
        yield
    finally:
        with suppress(Exception):  # what became of the call counts
            file.seek(part.start)


def _counted(part: Part, read: Callable[[int], Any]) -> Iterator[memoryview]:
    """Exactly the declared bytes of a file, or all of a stream; one that has grown is cut."""
    left = part.size
    while left is None or left > 0:
        given = read(BLOCK if left is None else min(BLOCK, left))
        if (block := _view(given)) is None:
            raise _failed(part, _wrong(given))
        if not block:
            if left is None:
                return
            raise _failed(part, "became shorter while it was being sent")
        if left is not None:
            block = block[:left]
            left -= len(block)
        yield block


@contextmanager
def _failing_as_call(part: Part) -> Generator[None, None, None]:
    try:
        yield
    except ApiException:
        raise
    except Exception as error:  # a file object may be anything: a decompressor, a driver
        what = f"could not be read while it was being sent: {type(error).__name__}: {error}"
        raise _failed(part, what) from error


def _failed(part: Part, what: str) -> ApiException:
    # Not an OSError: urllib3 would take it for a failure of the connection.
    return ApiException(status=0, reason=f"files: {part.filename!r} {what}")

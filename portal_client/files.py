"""Files to send: checked before anything is sent, then read in blocks, never more bytes than declared."""

from __future__ import annotations

import io
import mimetypes
import os
import stat
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Annotated, Any, BinaryIO, NamedTuple, Optional, Protocol, Union, cast

from pydantic import PlainValidator

from portal_client.exceptions import ApiException, ApiValueError
from portal_client.settings import unawaited


class Readable(Protocol):
    """A file that is open for reading bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        ...


Content = Union[bytes, bytearray, memoryview, Readable, os.PathLike[str]]
File = Union[str, Content, tuple[str, Content], tuple[str, Content, str]]

#: The size of the blocks that a file is read and sent in, in bytes.
BLOCK = 256 * 1024


class Part(NamedTuple):
    """A file to send, and where its bytes come from; `size` in bytes is None where it is not known."""

    filename: str
    content_type: str
    source: Union[str, memoryview, BinaryIO]
    start: int
    size: Optional[int]

    def blocks(self) -> Iterator[Union[bytes, memoryview]]:
        """Read the file in blocks; each is valid until the next one is read.

        Raises ApiException where the file cannot be read, or has become shorter.
        """
        if isinstance(self.source, memoryview):
            yield from (self.source[at : at + BLOCK] for at in range(0, len(self.source), BLOCK))
        elif isinstance(self.source, str):
            # One buffer for all blocks: to allocate new memory for each takes longer.
            buffer = memoryview(bytearray(min(BLOCK, cast(int, self.size))))
            with _as_api_exception(self), open(self.source, "rb", buffering=0) as file:
                yield from _counted(self, lambda most: buffer[: file.readinto(buffer[:most])])
        else:
            with _as_api_exception(self), nullcontext() if self.size is None else _put_back(self):
                yield from _counted(self, self.source.read)


def file_parts(files: Any) -> list[Part]:
    """Return the files of a call as parts; nothing stays open, and nothing is read but sizes.

    Raises FileNotFoundError, IsADirectoryError or PermissionError as `open` does, ApiValueError otherwise.
    """
    if files is None:
        return []
    many = isinstance(files, Sequence) and not isinstance(files, (str, tuple)) and _view(files) is None
    listed = cast("Sequence[object]", files if many else [files])
    parts = [_part(file, number) for number, file in enumerate(listed, 1)]
    streams = [id(part.source) for part in parts if part.size is None]
    if len(set(streams)) < len(streams):
        raise ApiValueError("files: a stream is given twice, but it can be read only once")
    return parts


#: Files to attach: a path (str or PathLike), bytes, bytearray, memoryview, an open binary file, BytesIO,
#: `(name, content)` or `(name, content, content type)`; one of them or a list of them. A tuple is one file.
#: A file object is read from its position, and is put back there when the call ends, so that a second call
#: sends the same bytes. One that cannot seek, such as a pipe, is used up by the call.
Files = Annotated[Union[File, Sequence[File], None], PlainValidator(file_parts)]


def _part(file: Any, number: int) -> Part:
    name, content, content_type = _split(file)
    source: Any = content
    size: Optional[int]
    if isinstance(content, (str, os.PathLike)):
        source = os.fsdecode(cast("os.PathLike[str]", content))
        start, size = 0, _file_size(source)
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
    # With a folder in front: a name such as data:x would be taken for a URL with a type in it.
    content_type = content_type or mimetypes.guess_type(f"./{name}")[0] or "application/octet-stream"
    return Part(name, content_type, source, start, size)


def _split(given: Any) -> tuple[Optional[str], Any, Optional[str]]:
    """Return name, content and content type of a file, the first and the last where they are given."""
    if not isinstance(given, tuple):
        return None, given, None
    file = cast("tuple[Any, ...]", given)
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


def _file_size(path: str) -> int:
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a pipe would wait for its other end
        raise ApiValueError(f"files: {path!r} is not a regular file; open it and give the file object")
    # Opened, not only looked at: whether it may be read is known then, before anything is sent.
    with open(path, "rb") as file:
        return os.fstat(file.fileno()).st_size


def _extent(file: Any) -> tuple[int, Optional[int]]:
    """Return the position of a file object and the number of bytes behind it; the position is kept."""
    start = _position(file)
    try:
        empty = file.read(0)
    except Exception as error:
        raise ApiValueError(f"files: a file object cannot be read: {error!r}") from error
    if (view := _view(empty)) is None:
        raise ApiValueError(f"files: a file object {_not_bytes(empty)}")
    end = None if start is None else _end(file, start)
    if start is not None and end is not None:
        return start, max(0, end - start)
    if view:
        raise ApiValueError("files: a file object gave bytes to read(0); it must heed the size")
    return 0, None


def _position(file: Any) -> Optional[int]:
    """Return the position of a file object; None where it has none."""
    try:
        at = file.tell()
    except Exception:
        return None
    return None if unawaited(at) or not isinstance(at, int) else at


def _end(file: Any, start: int) -> Optional[int]:
    """Return the position of the end of a file object; None where it cannot seek."""
    try:
        file.seek(0, io.SEEK_END)
    except Exception:
        return None
    end = _position(file)  # seek() of mmap returns None before Python 3.13
    try:
        file.seek(start)
    except Exception as error:
        raise ApiValueError("files: a file object cannot be put back to where it stood") from error
    return end


def _view(value: Any) -> Optional[memoryview]:
    """Return a buffer as bytes, one item for each; None for what is no buffer."""
    try:
        view = memoryview(value)
    except TypeError:
        return None
    return view.cast("B") if view.c_contiguous else memoryview(view.tobytes())


def _not_bytes(content: object) -> str:
    """Return what is wrong with content that `read()` has returned and that is not bytes."""
    if isinstance(content, str):
        return "gave text where bytes were expected: open it in binary mode, open(path, 'rb')"
    if unawaited(content):
        return "has an asynchronous read(): give `await file.read()`, or the file below (UploadFile.file)"
    if content is None:
        return "gave None where bytes were expected, as one in non-blocking mode does that has none yet"
    return f"gave {type(content).__name__} where bytes were expected"


@contextmanager
def _put_back(part: Part) -> Generator[None, None, None]:
    """Read a file object from its first position, and put it back there."""
    file = cast(BinaryIO, part.source)
    file.seek(part.start)
    try:
        yield
    finally:
        with suppress(Exception):  # the outcome of the call counts
            file.seek(part.start)


def _counted(part: Part, read: Callable[[int], Any]) -> Iterator[memoryview]:
    """Read the declared number of bytes, all of a stream; a file that has grown is cut."""
    left = part.size
    while left is None or left > 0:
        content = read(BLOCK if left is None else min(BLOCK, left))
        if (block := _view(content)) is None:
            raise _read_error(part, _not_bytes(content))
        if not block:
            if left is None:
                return
            raise _read_error(part, "became shorter while it was being sent")
        if left is not None:
            block = block[:left]
            left -= len(block)
        yield block


@contextmanager
def _as_api_exception(part: Part) -> Generator[None, None, None]:
    try:
        yield
    except ApiException:
        raise
    except Exception as error:  # of whatever kind: a file object may be a decompressor or a driver
        what = f"could not be read while it was being sent: {type(error).__name__}: {error}"
        raise _read_error(part, what) from error


def _read_error(part: Part, what: str) -> ApiException:
    # Not an OSError, which urllib3 would take for a failure of the connection.
    return ApiException(status=0, reason=f"files: {part.filename!r} {what}")

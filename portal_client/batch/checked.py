"""Files that are sent with the bytes that were added, or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from contextlib import ExitStack
from typing import BinaryIO, Optional, Union

from portal_client.batch.item import StoredFile, digest_of
from portal_client.exceptions import ApiException
from portal_client.files import BLOCK


class FileChanged(ApiException):
    """A file is not what it was when its item was added; the server has not seen all of the request."""


def checked(file: StoredFile, content: Optional[bytes], closing: ExitStack) -> Union[bytes, CheckedFile]:
    """Return what to send of a file, whose bytes have the digest; `content` is that of one without a path.

    A small file is read here, and a large one twice: here and, from the same open file, as it is sent.
    Raises FileChanged for other bytes, and OSError for a file that cannot be read.
    """
    if content is None:
        assert file.path is not None
        if not stat.S_ISREG(os.stat(file.path).st_mode):  # opening a pipe would wait for its other end
            raise changed(file, sent=False)
        opened = closing.enter_context(open(file.path, "rb", buffering=0))  # noqa: SIM115
        if os.fstat(opened.fileno()).st_size != file.size:
            raise changed(file, sent=False)
        if file.size > BLOCK:
            if digest_of(opened) != (file.sha256, file.size):
                raise changed(file, sent=False)
            return CheckedFile(file, opened)
        content = opened.readall()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise changed(file, sent=False)
    return content


class CheckedFile:
    """An open file of which the last block is read only if all of it has the digest.

    A request that declares its length cannot be completed without that block. It reads from the beginning
    to the end, and `seek` begins anew.
    """

    def __init__(self, file: StoredFile, opened: BinaryIO) -> None:
        self._file = file
        self._opened = opened
        self._at = 0
        self._read = hashlib.sha256()

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to the beginning, or to the end."""
        self._at = self._file.size if whence == io.SEEK_END else 0
        if not self._at:
            self._opened.seek(0)
            self._read = hashlib.sha256()
        return self._at

    def read(self, size: int = BLOCK, /) -> bytes:
        """Return the next block.

        Raises FileChanged in place of the last one where the bytes are not those of the digest.
        """
        block = self._opened.read(min(size, self._file.size - self._at))
        self._read.update(block)
        self._at += len(block)
        short = not block and size and self._at < self._file.size
        if short or (self._at == self._file.size and size and self._read.hexdigest() != self._file.sha256):
            raise changed(self._file, sent=True)
        return block


def changed(file: StoredFile, sent: bool) -> FileChanged:
    """Return the error for a file with other bytes than were added."""
    where = file.path or "the journal"
    when = ", while it was being sent" if sent else ""
    return FileChanged(
        status=0,
        reason=f"files: {file.name!r} ({where}) has changed since it was added{when}",
        request_sent=sent,
    )

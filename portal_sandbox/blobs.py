"""Blobs: the contents of files, stored once for each digest and in pieces, which need little memory."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal_sandbox.tables import BlobRow, ChunkRow

#: The size of a piece, in bytes.
CHUNK_SIZE = 1024 * 1024


@dataclass(frozen=True)
class Digest:
    """The identity of a content; `size` is in bytes."""

    sha256: str
    size: int


def digest(file: BinaryIO) -> Digest:
    """Return the digest of a file, read from its beginning."""
    sha256, size = hashlib.sha256(), 0
    for chunk in _chunks(file):
        sha256.update(chunk)
        size += len(chunk)
    return Digest(sha256.hexdigest(), size)


def put(db: Session, file: BinaryIO, sha256: str) -> None:
    """Store the content of a file, unless one with its digest is stored already."""
    if db.get(BlobRow, sha256) is None:
        db.add(BlobRow(sha256=sha256))
        db.flush()
        for chunk in _chunks(file):
            db.execute(insert(ChunkRow).values(sha256=sha256, data=chunk))


def get(db: Session, sha256: str) -> bytes:
    """Return the content with this digest."""
    query = select(ChunkRow.data).where(ChunkRow.sha256 == sha256).order_by(ChunkRow.key)
    content = io.BytesIO()
    for chunk in db.scalars(query.execution_options(yield_per=1)):
        content.write(chunk)
    return content.getvalue()


def pieces(db: Session, sha256: str) -> Sequence[int]:
    """Return the keys of the pieces of a content, in their order."""
    return db.scalars(select(ChunkRow.key).where(ChunkRow.sha256 == sha256).order_by(ChunkRow.key)).all()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK_SIZE):
        yield chunk

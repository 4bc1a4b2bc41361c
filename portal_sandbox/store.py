"""The store: sessions, messages and files in SQLite, each change in one transaction."""

import hashlib
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import BinaryIO
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, or_, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.sql.base import ExecutableOption

from portal_sandbox.agents import Message
from portal_sandbox.errors import (
    FileTooLarge,
    NoSuchSession,
    NotYours,
    OutOfRange,
    SandboxError,
    SessionRunning,
)
from portal_sandbox.tables import Base, BlobRow, FileRow, MessageRow, SessionRow
from portal_sandbox.wire import MessageRole, SessionStatus

#: How long a transaction waits for another one, in seconds.
BUSY_TIMEOUT = 30.0

#: The largest value that SQLite stores, in bytes.
MAX_FILE_SIZE = 1_000_000_000


@dataclass(frozen=True)
class Upload:
    """A file on its way into the store; `file` is read once, from its beginning."""

    name: str
    content_type: str
    file: BinaryIO


@dataclass(frozen=True)
class Prompt:
    """What a user asks: a text and the files attached to it."""

    text: str
    uploads: Sequence[Upload] = ()


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(timezone.utc)


class Store:
    """Sessions in the SQLite file `db`, or in memory where it is None.

    Safe with threads, and with several stores on one file. `now` gives a time with zone.
    """

    def __init__(self, db: str | os.PathLike[str] | None, now: Callable[[], datetime] = utc_now) -> None:
        # An absolute path stays right when the process changes its directory.
        self._path = None if db is None else os.path.abspath(db)
        self._now = now
        self._engine: Engine | None = None

    def open(self) -> None:
        """Open the database and create its tables where they are missing; harmless when open already.

        Raises SandboxError when the file is not a database or cannot be written.
        """
        if self._engine is not None:
            return
        engine = _engine_for(self._path)
        try:
            with engine.execution_options(begin="BEGIN IMMEDIATE").begin() as connection:
                Base.metadata.create_all(connection)
        except DBAPIError as error:
            engine.dispose()
            raise SandboxError(f"Cannot use {self._path} as a database: {error.orig}") from error
        self._engine = engine

    def close(self) -> None:
        """Close every connection; harmless when closed already."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def create(self, user: str, agent_id: str, prompt: Prompt) -> SessionRow:
        """A new session of `user` that is running on its first prompt."""
        with self._transaction("BEGIN IMMEDIATE") as db:
            row = self._new_session(user, agent_id, SessionStatus.RUNNING)
            row.messages.append(_asked(db, prompt))
            db.add(row)
        return row

    def begin(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """Add a prompt to a session, which is then running.

        Raises NoSuchSession, NotYours or SessionRunning, and then nothing has changed.
        """
        with self._transaction("BEGIN IMMEDIATE") as db:
            row = _found(db, session_id, user)
            if row.status == SessionStatus.RUNNING:
                raise SessionRunning
            row.messages.append(_asked(db, prompt))
            row.status = SessionStatus.RUNNING.value
            row.updated_at = self._now()
        return row

    def finish(self, session_id: str, text: str, status: SessionStatus) -> None:
        """Add the agent's answer to a session, which then has `status`."""
        with self._transaction("BEGIN IMMEDIATE") as db:
            row = _found(db, session_id)
            row.messages.append(
                MessageRow(role=MessageRole.ASSISTANT.value, text=text, agent_id=row.agent_id)
            )
            row.status = status.value
            row.updated_at = self._now()

    def replay(self, user: str, session_id: str, last_index: int) -> SessionRow:
        """A new session of `user` from messages 0 to `last_index`, that one included, with their files.

        Raises NoSuchSession, NotYours or OutOfRange.
        """
        with self._transaction("BEGIN IMMEDIATE") as db:
            source = _found(db, session_id, user, _WITH_FILES)
            if not 0 <= last_index < len(source.messages):
                raise OutOfRange(len(source.messages))
            row = self._new_session(user, source.agent_id, SessionStatus.READY)
            row.messages = [_copied(message) for message in source.messages[: last_index + 1]]
            db.add(row)
        return row

    def share(self, session_id: str, user: str, agent_id: str, messages: Sequence[Message]) -> None:
        """Add a session that is open to everyone, unless a session has this id already."""
        with self._transaction("BEGIN IMMEDIATE") as db:
            if db.scalar(select(SessionRow.key).where(SessionRow.id == session_id)) is not None:
                return
            row = self._new_session(user, agent_id, SessionStatus.READY)
            row.id, row.shared = session_id, True
            row.messages = [_said(message, agent_id) for message in messages]
            db.add(row)

    def session(self, session_id: str, user: str | None = None) -> SessionRow:
        """One session with its messages; for `user`, or whoever asks where that is None.

        Raises NoSuchSession or NotYours.
        """
        with self._transaction("BEGIN") as db:
            return _found(db, session_id, user)

    def sessions(self, user: str, agent_id: str | None = None) -> Sequence[SessionRow]:
        """The sessions open to `user`, of one agent or of all, newest first."""
        query = select(SessionRow).where(or_(SessionRow.user_id == user, SessionRow.shared))
        if agent_id is not None:
            query = query.where(SessionRow.agent_id == agent_id)
        with self._transaction("BEGIN") as db:
            return db.scalars(query.order_by(SessionRow.updated_at.desc(), SessionRow.key.desc())).all()

    def files(self, session_id: str) -> Sequence[FileRow]:
        """Every file of a session, in the order of arrival."""
        query = select(FileRow).join(MessageRow).join(SessionRow).where(SessionRow.id == session_id)
        with self._transaction("BEGIN") as db:
            return db.scalars(query.order_by(FileRow.key)).all()

    def content(self, sha256: str) -> bytes:
        """The bytes of the file with this digest."""
        with self._transaction("BEGIN") as db:
            return db.scalars(select(BlobRow.data).where(BlobRow.sha256 == sha256)).one()

    def reading(self) -> AbstractContextManager[Session]:
        """A transaction that sees one state of the database."""
        return self._transaction("BEGIN")

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction with no other beside it."""
        return self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def _transaction(self, begin: str) -> Generator[Session]:
        if self._engine is None:
            raise RuntimeError("The store is closed")
        engine = self._engine.execution_options(begin=begin)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    def _new_session(self, user: str, agent_id: str, status: SessionStatus) -> SessionRow:
        now = self._now()
        return SessionRow(
            id=uuid4().hex,
            thread_id=uuid4().hex,
            user_id=user,
            agent_id=agent_id,
            status=status.value,
            created_at=now,
            updated_at=now,
        )


def _engine_for(path: str | None) -> Engine:
    # A database in memory lives in its connection, so there is exactly one and transactions take turns.
    engine = create_engine(
        URL.create("sqlite", database=path),
        connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False},
        poolclass=QueuePool,
        pool_size=1 if path is None else 8,
        max_overflow=0,
        pool_timeout=2 * BUSY_TIMEOUT,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options()["begin"])


_WITH_FILES = selectinload(SessionRow.messages).selectinload(MessageRow.files)


def _found(db: Session, session_id: str, user: str | None = None, *options: ExecutableOption) -> SessionRow:
    row = db.scalar(select(SessionRow).where(SessionRow.id == session_id).options(*options))
    if row is None:
        raise NoSuchSession
    if user is not None and not row.shared and row.user_id != user:
        raise NotYours
    return row


def _asked(db: Session, prompt: Prompt) -> MessageRow:
    files = [_stored(db, upload) for upload in prompt.uploads]
    return MessageRow(role=MessageRole.USER.value, text=prompt.text, files=files)


def _stored(db: Session, upload: Upload) -> FileRow:
    upload.file.seek(0, os.SEEK_END)
    size = upload.file.tell()
    if size > MAX_FILE_SIZE:
        raise FileTooLarge
    upload.file.seek(0)
    data = upload.file.read()
    sha256 = hashlib.sha256(data).hexdigest()
    db.execute(insert(BlobRow).prefix_with("OR IGNORE").values(sha256=sha256, data=data))
    return FileRow(name=upload.name, content_type=upload.content_type, size=size, sha256=sha256)


def _said(message: Message, agent_id: str) -> MessageRow:
    author = agent_id if message.role == MessageRole.ASSISTANT else None
    return MessageRow(role=message.role, text=message.text, agent_id=author)


def _copied(message: MessageRow) -> MessageRow:
    files = [
        FileRow(name=file.name, content_type=file.content_type, size=file.size, sha256=file.sha256)
        for file in message.files
    ]
    return MessageRow(role=message.role, text=message.text, agent_id=message.agent_id, files=files)

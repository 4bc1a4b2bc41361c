"""The store: sessions, messages and files, each change in one transaction.

What is running names the server that runs it, and each server on a file shows that it is alive (presence.py).
So when one dies, its sessions are known, and another server, or the next one, makes errors of them: nobody
waits for ever, and nobody touches a session whose server lives. An answer is taken only while the session
runs on the prompt that it answers, so one that comes late changes nothing.

An answer may grow. What was said so far is then the last message of a session that is running. One that stays
unfinished ends with the reason, and the status is Error, so that nobody takes a part for the whole.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import NoneType
from uuid import uuid4

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.sql.base import ExecutableOption

from portal_sandbox import blobs, messages
from portal_sandbox.agents import Message
from portal_sandbox.arguments import check
from portal_sandbox.database import Database
from portal_sandbox.errors import (
    STOPPED,
    DatabaseUnusable,
    NoSuchSession,
    NotYours,
    OutOfRange,
    SandboxError,
    SessionRunning,
)
from portal_sandbox.presence import Presence
from portal_sandbox.prompt import Prompt
from portal_sandbox.tables import FileRow, MessageRow, SessionRow
from portal_sandbox.wire import SessionStatus

#: How long a server that stops waits for others to let it say so, in seconds.
STOP_PATIENCE = 1.0


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Store:
    """Sessions in the SQLite file `db`, or in memory where it is None, as one server sees them.

    Safe with threads, and with several stores on one file, in this process and in others. `now` gives a time
    with zone. Each method may raise DatabaseBusy or DatabaseUnusable.
    """

    def __init__(self, db: str | os.PathLike[str] | None, now: Callable[[], datetime] = utc_now) -> None:
        check("db", db, (str, os.PathLike, NoneType), 'a path such as "dev.sqlite"')
        # An absolute path stays right when the process changes its directory.
        self._path = None if db is None else os.path.abspath(db)
        self.database = Database(self._path)
        self.presence = Presence(self._path)
        self._now = now

    @property
    def is_shared(self) -> bool:
        """Whether others may work on the same sessions."""
        return self._path is not None

    def open(self) -> None:
        """Open the database, and make errors of what dead servers have left running; harmless when open.

        Raises SandboxError where the database cannot be used.
        """
        if self.database.is_open:
            return
        try:
            self.database.open()
            with self.database.writing() as db:
                self.presence.enter()
                self._settle(db, self._dead_servers(db))
                self.presence.clear()
        except (DatabaseUnusable, OSError) as error:
            self.close()
            raise SandboxError(f"Cannot use {self._path} as a database: {error}") from error

    def close(self) -> None:
        """Close every connection; harmless when closed already."""
        self.database.close()
        self.presence.leave()

    def create(self, user: str, agent_id: str, prompt: Prompt) -> SessionRow:
        """A new session of `user` that is running on its first prompt."""
        digests = messages.digested(prompt)
        with self.database.writing() as db:
            row = self._new_session(user, agent_id)
            self._ask(db, row, prompt, digests)
            db.add(row)
        return row

    def begin(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """Add a prompt to a session, which is then running.

        Raises NoSuchSession, NotYours or SessionRunning, and then nothing has changed.
        """
        digests = messages.digested(prompt)
        with self.database.writing() as db:
            row = _found(db, session_id, user)
            if row.status == SessionStatus.RUNNING:
                raise SessionRunning
            self._ask(db, row, prompt, digests)
        return row

    def grow(self, asked: SessionRow, text: str) -> bool:
        """Let the agent's answer to the prompt with which `asked` ends be `text` so far.

        False where the session does not run on that prompt any more; then nothing has changed.
        """
        return self.finish(asked, text, SessionStatus.RUNNING)

    def finish(self, asked: SessionRow, text: str, status: SessionStatus) -> bool:
        """End the agent's answer to the prompt with which `asked` ends; the session then has `status`.

        With the status Error, `text` says why there is no answer, or only a part. False where the session
        does not run on that prompt any more; then nothing has changed.
        """
        with self.database.writing() as db:
            row = db.scalar(select(SessionRow).where(SessionRow.id == asked.id))
            if row is None or row.status != SessionStatus.RUNNING:
                return False
            if messages.last_prompt(row).key != messages.last_prompt(asked).key:
                return False
            self._answer(db, row, text, status)
            return True

    def recover(self) -> None:
        """Make errors of the sessions whose server has died."""
        with self.database.reading() as db:
            dead = self._dead_servers(db)
        if dead:
            with self.database.writing() as db:
                self._settle(db, dead)

    def give_up(self) -> None:
        """Make errors of the sessions that this server runs."""
        with self.database.writing(STOP_PATIENCE) as db:
            self._settle(db, [self.presence.server])

    def replay(self, user: str, session_id: str, last_index: int) -> SessionRow:
        """A new session of `user` from messages 0 to `last_index`, that one included, with their files.

        An answer that is still growing is not there yet. Raises NoSuchSession, NotYours or OutOfRange.
        """
        with self.database.writing() as db:
            source = _found(db, session_id, user, _WITH_FILES)
            whole = messages.whole(source)
            if not 0 <= last_index < len(whole):
                raise OutOfRange(len(whole))
            row = self._new_session(user, source.agent_id)
            row.messages = [messages.copied(message) for message in whole[: last_index + 1]]
            db.add(row)
        return row

    def share(self, session_id: str, user: str, agent_id: str, said: Sequence[Message]) -> None:
        """Add a session that is open to everyone, unless a session has this id already."""
        with self.database.writing() as db:
            if db.scalar(select(SessionRow.key).where(SessionRow.id == session_id)) is not None:
                return
            row = self._new_session(user, agent_id)
            row.id, row.shared = session_id, True
            row.messages = [messages.said(message, agent_id) for message in said]
            db.add(row)

    def session(self, session_id: str, user: str | None = None) -> SessionRow:
        """One session with its messages; for `user`, or whoever asks where that is None.

        Raises NoSuchSession or NotYours.
        """
        with self.database.reading() as db:
            return _found(db, session_id, user)

    def sessions(self, user: str, agent_id: str | None = None) -> Sequence[SessionRow]:
        """The sessions open to `user`, of one agent or of all, newest first."""
        query = select(SessionRow).where(or_(SessionRow.user_id == user, SessionRow.shared))
        if agent_id is not None:
            query = query.where(SessionRow.agent_id == agent_id)
        with self.database.reading() as db:
            return db.scalars(query.order_by(SessionRow.updated_at.desc(), SessionRow.key.desc())).all()

    def revisions(self, session_ids: Collection[str]) -> Mapping[str, int]:
        """How often each of these sessions has changed."""
        query = select(SessionRow.id, SessionRow.revision).where(SessionRow.id.in_(session_ids))
        with self.database.reading() as db:
            return {row[0]: row[1] for row in db.execute(query)}

    def newest(self, limit: int) -> tuple[Sequence[SessionRow], int]:
        """At most `limit` sessions of all users, newest first, with their files; and how many there are."""
        query = select(SessionRow).order_by(SessionRow.updated_at.desc(), SessionRow.key.desc())
        with self.database.reading() as db:
            count = db.scalar(select(func.count()).select_from(SessionRow))
            return db.scalars(query.limit(limit).options(_WITH_FILES)).all(), count or 0

    def files(self, session_id: str) -> Sequence[FileRow]:
        """Every file of a session, in the order of arrival."""
        query = select(FileRow).join(MessageRow).join(SessionRow).where(SessionRow.id == session_id)
        with self.database.reading() as db:
            return db.scalars(query.order_by(FileRow.key)).all()

    def content(self, sha256: str) -> bytes:
        """The bytes of the file with this digest."""
        with self.database.reading() as db:
            return blobs.get(db, sha256)

    @property
    def path(self) -> str | None:
        """Where the database is; None for memory."""
        return self._path

    def _new_session(self, user: str, agent_id: str) -> SessionRow:
        now = self._now()
        return SessionRow(
            id=uuid4().hex,
            thread_id=uuid4().hex,
            user_id=user,
            agent_id=agent_id,
            status=SessionStatus.READY.value,
            created_at=now,
            updated_at=now,
            revision=0,
        )

    def _ask(self, db: Session, row: SessionRow, prompt: Prompt, digests: Sequence[blobs.Digest]) -> None:
        messages.ask(db, row, prompt, digests)
        self._change(row, SessionStatus.RUNNING)

    def _answer(self, db: Session, row: SessionRow, text: str, status: SessionStatus) -> None:
        messages.answer(db, row, text, failed=status == SessionStatus.ERROR)
        self._change(row, status)

    def _change(self, row: SessionRow, status: SessionStatus) -> None:
        row.status = status.value
        row.server = self.presence.server if status == SessionStatus.RUNNING else None
        row.updated_at = self._now()
        row.revision += 1

    def _dead_servers(self, db: Session) -> Sequence[str]:
        servers = db.scalars(select(SessionRow.server).where(SessionRow.server.is_not(None)).distinct())
        return [name for name in servers if name is not None and not self.presence.is_alive(name)]

    def _settle(self, db: Session, servers: Sequence[str]) -> None:
        for row in db.scalars(select(SessionRow).where(SessionRow.server.in_(servers))):
            self._answer(db, row, STOPPED, SessionStatus.ERROR)


_WITH_FILES = selectinload(SessionRow.messages).selectinload(MessageRow.files)


def _found(db: Session, session_id: str, user: str | None = None, *options: ExecutableOption) -> SessionRow:
    row = db.scalar(select(SessionRow).where(SessionRow.id == session_id).options(*options))
    if row is None:
        raise NoSuchSession
    if user is not None and not row.shared and row.user_id != user:
        raise NotYours
    return row

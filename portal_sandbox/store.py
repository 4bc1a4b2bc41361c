"""The store: sessions, messages and files, each change in one transaction.

A running session has the name of its server, and each server on a file holds a lock while it is alive
(presence.py). So when one dies, another server, or the next one, sets the status of its sessions to Error: no
request waits for ever, and no server touches the running sessions of another that is alive. An answer is
stored only while the session runs on its prompt, so a late one changes nothing.

An answer may grow. Its part so far is then the last message of a running session. One that stays unfinished
ends with the reason, and the status is Error, so that a part is not taken for the whole.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import NoneType
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from portal_sandbox import blobs, messages
from portal_sandbox.agents import Message
from portal_sandbox.arguments import check
from portal_sandbox.database import Database
from portal_sandbox.errors import (
    STOPPED,
    DatabaseUnusable,
    OutOfRange,
    SandboxError,
    SessionRunning,
)
from portal_sandbox.owned import found, open_to
from portal_sandbox.presence import Presence
from portal_sandbox.prompt import Prompt
from portal_sandbox.tables import FileRow, MessageRow, RoutineRunRow, SessionRow
from portal_sandbox.wire import SessionStatus

#: The time for which a stopping server waits for its last transaction, in seconds.
STOP_PATIENCE = 1.0


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return an id that nothing has yet."""
    return uuid4().hex


class Store:
    """Sessions in the SQLite file `db`, or in memory where it is None, as one server sees them.

    Safe with threads, and with several stores on one file, in this process and in others. `now` returns an
    aware datetime. Each method may raise DatabaseBusy or DatabaseUnusable.
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
        """Whether other servers may use the same sessions."""
        return self.presence.is_shared

    def open(self) -> None:
        """Open the database, and end the sessions that dead servers have left running; harmless when open.

        Raises SandboxError where the database cannot be used.
        """
        if self.database.is_open:
            return
        try:
            self.database.open()
            if not self.is_shared:
                self.presence.enter()
                return
            with self.database.writing() as db:
                self.presence.enter()
                self._settle(db, self.presence.dead_servers(db, SessionRow.server))
                self.presence.clear()
        except (DatabaseUnusable, OSError) as error:
            self.close()
            raise SandboxError(f"Cannot use {self._path} as a database: {error}") from error

    def close(self) -> None:
        """Close every connection; harmless when closed already."""
        self.database.close()
        self.presence.leave()

    def create(self, user: str, agent_id: str, prompt: Prompt, routine_id: str | None = None) -> SessionRow:
        """Return a new session of `user`, or run of a routine, that is running on its first prompt."""
        digests = messages.digests(prompt)
        with self.database.writing() as db:
            row = self._new_session(user, agent_id, routine_id)
            self._add_prompt(db, row, prompt, digests)
            db.add(row)
        return row

    def begin(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """Add a prompt to a session and return it; it is then running.

        Raises NotFound, NotYours or SessionRunning, and then nothing has changed.
        """
        digests = messages.digests(prompt)
        with self.database.writing() as db:
            row = found(db, SessionRow, session_id, user)
            if row.status == SessionStatus.RUNNING:
                raise SessionRunning
            self._add_prompt(db, row, prompt, digests)
        return row

    def grow(self, prompted: SessionRow, text: str) -> bool:
        """Store `text` as the answer so far to the prompt with which `prompted` ends.

        Returns False where the session does not run on that prompt any more; then nothing has changed.
        """
        return self.finish(prompted, text, SessionStatus.RUNNING)

    def finish(self, prompted: SessionRow, text: str, status: SessionStatus) -> bool:
        """Store `text` as the answer to the prompt with which `prompted` ends, and set the status.

        With the status Error, `text` is why there is no answer, or only a part. Returns False where the
        session does not run on that prompt any more; then nothing has changed.
        """
        with self.database.writing() as db:
            row = db.scalar(select(SessionRow).where(SessionRow.id == prompted.id))
            if row is None or row.status != SessionStatus.RUNNING:
                return False
            if messages.last_prompt(row).key != messages.last_prompt(prompted).key:
                return False
            self._add_answer(db, row, text, status)
            return True

    def recover(self) -> None:
        """End the running sessions of dead servers with the status Error."""
        with self.database.reading() as db:
            dead = self.presence.dead_servers(db, SessionRow.server)
        if dead:
            with self.database.writing() as db:
                self._settle(db, dead)

    def abandon(self) -> None:
        """End the running sessions of this server with the status Error."""
        with self.database.writing(STOP_PATIENCE) as db:
            self._settle(db, [self.presence.server])

    def replay(self, user: str, session_id: str, last_index: int) -> SessionRow:
        """Return a new session of `user` with messages 0 to `last_index`, that one included, and their files.

        An answer that is still growing is left out. Raises NotFound, NotYours or OutOfRange.
        """
        with self.database.writing() as db:
            source = found(db, SessionRow, session_id, user, _WITH_FILES)
            completed = messages.completed(source)
            if not 0 <= last_index < len(completed):
                raise OutOfRange(len(completed))
            row = self._new_session(user, source.agent_id)
            row.messages = [messages.copied(message) for message in completed[: last_index + 1]]
            db.add(row)
        return row

    def share(self, session_id: str, user: str, agent_id: str, conversation: Sequence[Message]) -> None:
        """Add a session that is open to everyone, unless a session has this id already."""
        with self.database.writing() as db:
            if db.scalar(select(SessionRow.key).where(SessionRow.id == session_id)) is not None:
                return
            row = self._new_session(user, agent_id)
            row.id, row.shared = session_id, True
            row.messages = [messages.message_row(message, agent_id) for message in conversation]
            db.add(row)

    def session(self, session_id: str, user: str | None = None) -> SessionRow:
        """Return a session with its messages; of any user where `user` is None.

        Raises NotFound or NotYours.
        """
        with self.database.reading() as db:
            return found(db, SessionRow, session_id, user)

    def sessions(self, user: str | None, agent_id: str | None = None) -> Sequence[SessionRow]:
        """Return the sessions open to `user`, of one agent or of all, newest first.

        Where `user` is None, those open to everybody.
        """
        query = select(SessionRow).where(open_to(user, SessionRow))
        if agent_id is not None:
            query = query.where(SessionRow.agent_id == agent_id)
        with self.database.reading() as db:
            return db.scalars(query.order_by(SessionRow.updated_at.desc(), SessionRow.key.desc())).all()

    def revisions(self, session_ids: Collection[str]) -> Mapping[str, int]:
        """Return the number of changes of each of these sessions."""
        query = select(SessionRow.id, SessionRow.revision).where(SessionRow.id.in_(session_ids))
        with self.database.reading() as db:
            return {row[0]: row[1] for row in db.execute(query)}

    def files(self, session_id: str) -> Sequence[FileRow]:
        """Return every file of a session, in the order of arrival."""
        query = select(FileRow).join(MessageRow).join(SessionRow).where(SessionRow.id == session_id)
        with self.database.reading() as db:
            return db.scalars(query.order_by(FileRow.key)).all()

    def content(self, sha256: str) -> bytes:
        """Return the bytes of the file with this digest."""
        with self.database.reading() as db:
            return blobs.get(db, sha256)

    @property
    def path(self) -> str | None:
        """The path of the database; None for memory."""
        return self._path

    def _new_session(self, user: str, agent_id: str, routine_id: str | None = None) -> SessionRow:
        now = self._now()
        return SessionRow(
            id=new_id(),
            thread_id=new_id(),
            user_id=user,
            agent_id=agent_id,
            status=SessionStatus.READY.value,
            created_at=now,
            updated_at=now,
            revision=0,
            run=None if routine_id is None else RoutineRunRow(routine_id=routine_id),
        )

    def _add_prompt(
        self, db: Session, row: SessionRow, prompt: Prompt, digests: Sequence[blobs.Digest]
    ) -> None:
        messages.add_prompt(db, row, prompt, digests)
        self._change(row, SessionStatus.RUNNING)

    def _add_answer(self, db: Session, row: SessionRow, text: str, status: SessionStatus) -> None:
        messages.add_answer(db, row, text, failed=status == SessionStatus.ERROR)
        self._change(row, status)

    def _change(self, row: SessionRow, status: SessionStatus) -> None:
        row.status = status.value
        row.server = self.presence.server if status == SessionStatus.RUNNING else None
        row.updated_at = self._now()
        row.revision += 1

    def _settle(self, db: Session, servers: Sequence[str]) -> None:
        for row in db.scalars(select(SessionRow).where(SessionRow.server.in_(servers))):
            self._add_answer(db, row, STOPPED, SessionStatus.ERROR)


_WITH_FILES = selectinload(SessionRow.messages).selectinload(MessageRow.files)

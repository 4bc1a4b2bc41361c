"""The sessions, each change in one transaction: who runs what, and what has been said."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.orm import Session, selectinload

from portal_sandbox.candela.errors import (
    NoSuchParent,
    NotRunning,
    ServerStopped,
    SessionRunning,
    SlotTaken,
    StillAnswering,
    Stopped,
)
from portal_sandbox.candela.tables import CandelaMessageRow, CandelaSessionRow
from portal_sandbox.errors import NoSuchSession
from portal_sandbox.wire import MessageRole

#: The scope of sessions for which none is given.
SCOPE = "default"

#: What runs the sessions; there is but one.
HOST_ID = "sandbox"


class Database(Protocol):
    """What gives transactions."""

    def reading(self) -> AbstractContextManager[Session]:
        """A transaction that sees one state of the database."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction with no other beside it."""
        ...


class Presence(Protocol):
    """Which of the servers on a database are alive."""

    @property
    def server(self) -> str:
        """The name of this server."""
        ...

    def is_alive(self, server: str) -> bool:
        """Whether a server is still there."""
        ...


@dataclass(frozen=True)
class Name:
    """Which session is meant; without a version, the latest one."""

    scope: str
    identifier: str
    version: str | None = None


@dataclass(frozen=True)
class New:
    """A session to be started: with which agent, as what it is read, and after which other one.

    One that `gives_way` is stopped when its user starts another.
    """

    agent_id: str
    answer: Mapping[str, Any]
    scope: str | None = None
    parent: Name | None = None
    gives_way: bool = False


class Sessions:
    """The sessions in a database, as one server sees them. Safe with threads and with other processes."""

    def __init__(self, database: Database, presence: Presence, now: Callable[[], datetime]) -> None:
        self._database = database
        self._presence = presence
        self._now = now

    def start(self, user: str, new: New) -> tuple[CandelaSessionRow, int | None]:
        """A new session, running in the slot of `user`; and the key of the one that gave way, if one did.

        Raises SlotTaken or NoSuchParent.
        """
        with self._database.writing() as db:
            before = db.scalar(_running_of(user))
            if before is not None:
                if not before.gives_way:
                    raise SlotTaken(before.scope, before.identifier)
                self._stop(db, before)
                db.flush()
            row = self._made(db, user, new)
            db.add(row)
        return row, None if before is None else before.key

    def stop(self, user: str) -> int | None:
        """Free the slot of `user`; the key of the session that was in it, if there was one."""
        with self._database.writing() as db:
            row = db.scalar(_running_of(user))
            if row is None:
                return None
            self._stop(db, row)
            return row.key

    def find(self, user: str, name: Name) -> CandelaSessionRow:
        """The session with this name that is open to `user`. Raises NoSuchSession."""
        with self._database.reading() as db:
            return _found(db, user, name)

    def exists(self, user: str, name: Name) -> bool:
        """Whether a session with this name is open to `user`."""
        with self._database.reading() as db:
            return db.scalar(_named(user, name).limit(1)) is not None

    def visible(self, user: str, all_versions: bool) -> Sequence[CandelaSessionRow]:
        """The sessions open to `user`, newest first; only the latest version of each, or all."""
        with self._database.reading() as db:
            rows = db.scalars(_open_to(user)).all()
        if all_versions:
            return rows
        latest: dict[tuple[str, str], CandelaSessionRow] = {}
        for row in rows:
            latest.setdefault((row.scope, row.identifier), row)
        return list(latest.values())

    def delete(self, user: str, name: Name) -> Sequence[CandelaSessionRow]:
        """Delete a version of a session, or all of them; what was deleted, newest first.

        A shared session only loses what was said in it. Raises NoSuchSession or SessionRunning, and then
        nothing has changed.
        """
        with self._database.writing() as db:
            rows = db.scalars(_named(user, name)).all()
            if not rows:
                raise NoSuchSession
            if any(row.running for row in rows):
                raise SessionRunning
            said = CandelaMessageRow.session_key.in_([row.key for row in rows])
            db.execute(delete(CandelaMessageRow).where(said))
            for row in rows:
                if row.shared:
                    row.failure = None
                else:
                    db.execute(delete(CandelaSessionRow).where(CandelaSessionRow.key == row.key))
                    db.expunge(row)
        return rows

    def taking_prompts(self, user: str, name: Name) -> CandelaSessionRow:
        """The session with this name that is running for `user`. Raises NoSuchSession or NotRunning."""
        with self._database.reading() as db:
            return _taking_prompts(db, user, name)

    def ask(self, user: str, name: Name, prompt: str) -> CandelaSessionRow:
        """Add a prompt to a running session; the session with all that was said in it.

        Raises NoSuchSession, NotRunning or StillAnswering, and then nothing has changed.
        """
        with self._database.writing() as db:
            row = _taking_prompts(db, user, name)
            if row.server is not None:
                if self._presence.is_alive(row.server):
                    raise StillAnswering
                _answer(db, row, ServerStopped.detail, failed=True)
                db.flush()
            # Users of a shared session know nothing of each other, so there prompts go side by side.
            row.server = None if row.shared else self._presence.server
            row.failure = None
            db.add(CandelaMessageRow(session_key=row.key, role=MessageRole.USER.value, text=prompt))
            db.flush()
            said = select(CandelaSessionRow).options(selectinload(CandelaSessionRow.messages))
            return db.scalars(said.where(CandelaSessionRow.key == row.key)).one()

    def finish(self, asked: CandelaSessionRow, text: str, failed: bool = False) -> bool:
        """Add the answer to the prompt with which `asked` ends; false where the session has gone on since.

        Then nothing changes: it was stopped or deleted, or another server took it over.
        """
        with self._database.writing() as db:
            row = db.get(CandelaSessionRow, asked.key)
            if row is None or not (row.shared or _last_message(db, row) == asked.messages[-1].key):
                return False
            _answer(db, row, text, failed)
            return True

    def settle(self) -> None:
        """Give up the answers of the servers that are gone."""
        with self._database.writing() as db:
            servers = db.scalars(
                select(CandelaSessionRow.server).where(CandelaSessionRow.server.is_not(None)).distinct()
            )
            gone = [name for name in servers if name is not None and not self._presence.is_alive(name)]
            self._give_up(db, gone)

    def give_up(self) -> None:
        """Give up the answers of this server."""
        with self._database.writing() as db:
            self._give_up(db, [self._presence.server])

    def share(self, user: str, identifier: str, version: str, new: New) -> None:
        """Add a session that is open to everyone, unless there is one with this name already."""
        with self._database.writing() as db:
            row = self._made(db, user, new)
            row.identifier, row.version, row.shared, row.running = identifier, version, True, False
            known = select(CandelaSessionRow.key)
            if db.scalar(known.filter_by(scope=row.scope, identifier=identifier, version=version)) is None:
                db.add(row)

    def _made(self, db: Session, user: str, new: New) -> CandelaSessionRow:
        parent = None
        if new.parent is not None:
            parent = db.scalar(_named(user, new.parent).options(selectinload(CandelaSessionRow.messages)))
            if parent is None:
                raise NoSuchParent
        scope = new.scope if new.scope is not None else parent.scope if parent else SCOPE
        continued = parent is not None and parent.scope == scope
        row = CandelaSessionRow(
            scope=scope,
            identifier=parent.identifier if parent is not None and continued else uuid4().hex,
            version=uuid4().hex[:12],
            user_id=user,
            shared=False,
            agent_id=new.agent_id,
            answer=dict(new.answer),
            running=True,
            gives_way=new.gives_way,
            created_at=self._now(),
        )
        if parent is not None:
            row.answer["parent_session"] = {**row.answer["parent_session"], "version": parent.version}
            row.messages = [CandelaMessageRow(role=said.role, text=said.text) for said in parent.messages]
        return row

    def _stop(self, db: Session, row: CandelaSessionRow) -> None:
        row.running = False
        if row.server is not None:
            _answer(db, row, Stopped.detail, failed=True)

    def _give_up(self, db: Session, servers: Collection[str]) -> None:
        for row in db.scalars(select(CandelaSessionRow).where(CandelaSessionRow.server.in_(servers))):
            _answer(db, row, ServerStopped.detail, failed=True)


def _open_to(user: str) -> Select[CandelaSessionRow]:
    """The sessions that a user can see, newest first."""
    seen = or_(CandelaSessionRow.user_id == user, CandelaSessionRow.shared)
    return select(CandelaSessionRow).where(seen).order_by(CandelaSessionRow.key.desc())


def _named(user: str, name: Name) -> Select[CandelaSessionRow]:
    query = _open_to(user).filter_by(scope=name.scope, identifier=name.identifier)
    return query if name.version is None else query.filter_by(version=name.version)


def _running_of(user: str) -> Select[CandelaSessionRow]:
    return select(CandelaSessionRow).where(CandelaSessionRow.user_id == user, CandelaSessionRow.running)


def _found(db: Session, user: str, name: Name) -> CandelaSessionRow:
    row = db.scalar(_named(user, name).limit(1))
    if row is None:
        raise NoSuchSession
    return row


def _taking_prompts(db: Session, user: str, name: Name) -> CandelaSessionRow:
    taking = or_(CandelaSessionRow.running, CandelaSessionRow.shared)
    row = db.scalar(_named(user, name).where(taking).limit(1))
    if row is None:
        _found(db, user, name)
        raise NotRunning
    return row


def _last_message(db: Session, row: CandelaSessionRow) -> int | None:
    return db.scalar(select(func.max(CandelaMessageRow.key)).where(CandelaMessageRow.session_key == row.key))


def _answer(db: Session, row: CandelaSessionRow, text: str, failed: bool) -> None:
    db.add(CandelaMessageRow(session_key=row.key, role=MessageRole.ASSISTANT.value, text=text))
    row.server = None
    row.failure = text if failed else None

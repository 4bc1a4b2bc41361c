"""The sessions and their messages, each change in one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from portal_sandbox.candela import queries, traces
from portal_sandbox.candela.errors import (
    NoSuchParent,
    ServerStopped,
    SessionRunning,
    SlotTaken,
    StillAnswering,
    Stopped,
)
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.tables import CandelaMessageRow, CandelaSessionRow
from portal_sandbox.candela.traces import Item
from portal_sandbox.database import Database
from portal_sandbox.errors import NoSuchSession
from portal_sandbox.presence import Presence
from portal_sandbox.wire import MessageRole

#: The scope of sessions for which none is given.
SCOPE = "default"


@dataclass(frozen=True)
class New:
    """A session to be started; `details` is what reading it returns, and `parent` the session it continues.

    One that `gives_way` is stopped when its user starts another.
    """

    agent_id: str
    details: Mapping[str, Any]
    scope: str | None = None
    parent: Name | None = None
    gives_way: bool = False


class Sessions:
    """The sessions in a database, as one server sees them. Safe with threads and with other processes."""

    def __init__(self, database: Database, presence: Presence, now: Callable[[], datetime]) -> None:
        self._database = database
        self._presence = presence
        self._now = now

    def start(
        self, user: str, new: New, host: Callable[[Session, str], str]
    ) -> tuple[CandelaSessionRow, int | None]:
        """Return a new session in the slot of `user`, and the key of the one that gave way, if one did.

        `host` returns the id of the slot. Raises what it raises, SlotTaken or NoSuchParent.
        """
        with self._database.writing() as db:
            before = queries.find_running(db, user)
            if before is not None:
                if not before.gives_way:
                    raise SlotTaken(before.scope, before.identifier)
                _stop(db, before)
                db.flush()
            parent = None if new.parent is None else _parent(db, user, new.parent)
            row = self._new_row(user, new, parent)
            row.details["host_id"] = host(db, user)
            db.add(row)
            db.flush()
            if parent is not None:
                traces.follow(db, row, parent)
        return row, None if before is None else before.key

    def stop(self, user: str) -> int | None:
        """Free the slot of `user`, and return the key of the session that was in it, if there was one."""
        with self._database.writing() as db:
            return stop_running(db, user)

    def find(self, user: str, name: Name) -> CandelaSessionRow:
        """Return the session with this name that is open to `user`. Raises NoSuchSession."""
        with self._database.reading() as db:
            return queries.get(db, user, name)

    def exists(self, user: str, name: Name) -> bool:
        """Whether a session with this name is open to `user`."""
        with self._database.reading() as db:
            return db.scalar(queries.named(user, name).limit(1)) is not None

    def visible(self, user: str, all_versions: bool) -> Sequence[CandelaSessionRow]:
        """Return the sessions open to `user`, newest first; only the latest version of each, or all."""
        with self._database.reading() as db:
            rows = db.scalars(queries.visible(user)).all()
        if all_versions:
            return rows
        latest: dict[tuple[str, str], CandelaSessionRow] = {}
        for row in rows:
            latest.setdefault((row.scope, row.identifier), row)
        return list(latest.values())

    def delete(self, user: str, name: Name) -> Sequence[CandelaSessionRow]:
        """Delete a version of a session, or all of them, and return what was deleted, newest first.

        A shared session only loses its messages. Raises NoSuchSession or SessionRunning, and then nothing has
        changed.
        """
        with self._database.writing() as db:
            rows = db.scalars(queries.named(user, name)).all()
            if not rows:
                raise NoSuchSession
            if any(row.running for row in rows):
                raise SessionRunning
            messages = CandelaMessageRow.session_key.in_([row.key for row in rows])
            db.execute(delete(CandelaMessageRow).where(messages))
            traces.remove(db, [row.key for row in rows if not row.shared])
            for row in rows:
                if row.shared:
                    row.failure = None
                else:
                    db.execute(delete(CandelaSessionRow).where(CandelaSessionRow.key == row.key))
                    db.expunge(row)
        return rows

    def accepting(self, user: str, name: Name) -> CandelaSessionRow:
        """Return the session with this name that accepts prompts. Raises NoSuchSession or NotRunning."""
        with self._database.reading() as db:
            return queries.get_accepting(db, user, name)

    def add_prompt(self, user: str, name: Name, prompt: str) -> CandelaSessionRow:
        """Add a prompt to a running session, and return the session with all its messages.

        Raises NoSuchSession, NotRunning or StillAnswering, and then nothing has changed.
        """
        with self._database.writing() as db:
            row = queries.get_accepting(db, user, name)
            if row.server is not None:
                if self._presence.is_alive(row.server):
                    raise StillAnswering
                _add_answer(db, row, ServerStopped.detail, failed=True)
                db.flush()
            # Users of a shared session know nothing of each other, so there prompts go side by side.
            row.server = None if row.shared else self._presence.server
            row.failure = None
            db.add(CandelaMessageRow(session_key=row.key, role=MessageRole.USER.value, text=prompt))
            traces.append(db, row, [Item("user", prompt)])
            db.flush()
            with_messages = select(CandelaSessionRow).options(selectinload(CandelaSessionRow.messages))
            return db.scalars(with_messages.where(CandelaSessionRow.key == row.key)).one()

    def finish(
        self, prompted: CandelaSessionRow, text: str, failed: bool = False, items: Sequence[Item] = ()
    ) -> bool:
        """Add the answer to the prompt with which `prompted` ends; with `failed`, why there is none.

        The `items` are added to the trace of the session.

        Returns False where the session has changed since: it was stopped or deleted, or another server took
        it over. Then nothing changes.
        """
        with self._database.writing() as db:
            row = db.get(CandelaSessionRow, prompted.key)
            if row is None or not (row.shared or _last_message(db, row) == prompted.messages[-1].key):
                return False
            traces.append(db, row, items)
            _add_answer(db, row, text, failed)
            return True

    def settle(self) -> None:
        """Abandon the answers of dead servers."""
        if not self._presence.is_shared:
            return
        with self._database.writing() as db:
            _abandon(db, self._presence.dead_servers(db, CandelaSessionRow.server))

    def abandon(self) -> None:
        """Abandon the answers of this server."""
        with self._database.writing() as db:
            _abandon(db, [self._presence.server])

    def share(self, user: str, identifier: str, version: str, new: New) -> None:
        """Add a session that is open to everyone, unless there is one with this name already."""
        with self._database.writing() as db:
            row = self._new_row(user, new, None)
            row.identifier, row.version, row.shared, row.running = identifier, version, True, False
            known = select(CandelaSessionRow.key)
            if db.scalar(known.filter_by(scope=row.scope, identifier=identifier, version=version)) is None:
                db.add(row)

    def _new_row(self, user: str, new: New, parent: CandelaSessionRow | None) -> CandelaSessionRow:
        scope = new.scope if new.scope is not None else parent.scope if parent else SCOPE
        continued = parent is not None and parent.scope == scope
        row = CandelaSessionRow(
            scope=scope,
            identifier=parent.identifier if parent is not None and continued else uuid4().hex,
            version=uuid4().hex[:12],
            user_id=user,
            shared=False,
            agent_id=new.agent_id,
            details=dict(new.details),
            running=True,
            gives_way=new.gives_way,
            created_at=self._now(),
        )
        if parent is not None:
            row.details["parent_session"] = {**row.details["parent_session"], "version": parent.version}
            row.messages = [CandelaMessageRow(role=each.role, text=each.text) for each in parent.messages]
        return row


def stop_running(db: Session, user: str) -> int | None:
    """Free the slot of `user`, and return the key of the session that was in it, if there was one."""
    row = queries.find_running(db, user)
    if row is None:
        return None
    _stop(db, row)
    return row.key


def _parent(db: Session, user: str, name: Name) -> CandelaSessionRow:
    row = db.scalar(queries.named(user, name).options(selectinload(CandelaSessionRow.messages)))
    if row is None:
        raise NoSuchParent
    return row


def _stop(db: Session, row: CandelaSessionRow) -> None:
    row.running = False
    if row.server is not None:
        _add_answer(db, row, Stopped.detail, failed=True)


def _abandon(db: Session, servers: Collection[str]) -> None:
    for row in db.scalars(select(CandelaSessionRow).where(CandelaSessionRow.server.in_(servers))):
        _add_answer(db, row, ServerStopped.detail, failed=True)


def _last_message(db: Session, row: CandelaSessionRow) -> int | None:
    return db.scalar(select(func.max(CandelaMessageRow.key)).where(CandelaMessageRow.session_key == row.key))


def _add_answer(db: Session, row: CandelaSessionRow, text: str, failed: bool) -> None:
    if failed:
        traces.append(db, row, [Item("sys", text)])
    db.add(CandelaMessageRow(session_key=row.key, role=MessageRole.ASSISTANT.value, text=text))
    row.server = None
    row.failure = text if failed else None

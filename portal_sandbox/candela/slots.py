"""Slots: the machines on which sessions run, one for each user, each change in one transaction.

A type of slots comes into being when it is named. A slot takes some time to start, in which its state goes
from START_REQUEST to HOST_READY; the state is computed from the clock, and so survives a restart.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal_sandbox.candela.errors import NoFreeSlot, NoSlot, NoSuchSlot, SlotNotReady
from portal_sandbox.candela.sessions import stop_running
from portal_sandbox.candela.tables import SlotRow, SlotTypeRow
from portal_sandbox.candela.wire import SlotState
from portal_sandbox.database import Database

#: The most slots of a type, until it is set.
MAX_SLOTS = 8

#: The states of a slot that starts, one after the other.
_STARTING = (SlotState.START_REQUEST, SlotState.NODE_STARTING, SlotState.HOST_STARTING)


class Slots:
    """The slots in a database. A slot takes `start_time` seconds to start."""

    def __init__(self, database: Database, now: Callable[[], datetime], start_time: float = 0.0) -> None:
        self._database = database
        self._now = now
        self._start_time = timedelta(seconds=start_time)

    def assign(self, user: str, slot_type: str, limited: bool = True) -> None:
        """Give a slot of a type to a user who has none, of any number where they are not `limited`.

        Raises NoFreeSlot, and then nothing has changed.
        """
        with self._database.writing() as db:
            if db.scalar(_of(user)) is not None:
                return
            row = next(iter(_free(db, slot_type)), None)
            if row is None:
                if limited and len(_existing(db, slot_type)) >= _type(db, slot_type).max_slots:
                    raise NoFreeSlot(slot_type)
                row = self._add(db, slot_type)
            row.user_id, row.assigned = user, self._now()
            self._keep_free(db, slot_type)

    def dispose(self, user: str) -> int | None:
        """Take a slot from its user, and return the key of the session that ran on it, if one did.

        Raises NoSlot.
        """
        with self._database.writing() as db:
            row = _get(db, user)
            if row.shared:
                return None
            gone = self._dispose(db, row)
            self._keep_free(db, row.type)
            return gone

    def delete(self, slot_id: str) -> int | None:
        """Take away any slot without replacing it, and return as `dispose` does. Raises NoSuchSlot."""
        with self._database.writing() as db:
            row = db.scalar(select(SlotRow).where(SlotRow.id == slot_id, SlotRow.disposed.is_(None)))
            if row is None:
                raise NoSuchSlot
            return None if row.shared else self._dispose(db, row)

    def get(self, user: str) -> SlotRow:
        """Return the slot of a user. Raises NoSlot."""
        with self._database.reading() as db:
            return _get(db, user)

    def exists(self, user: str) -> bool:
        """Whether a user has a slot."""
        with self._database.reading() as db:
            return db.scalar(_of(user)) is not None

    def all(self) -> Sequence[SlotRow]:
        """Return all slots that are not disposed of, in the order in which they were created."""
        with self._database.reading() as db:
            return _existing(db)

    def types(self) -> Sequence[SlotTypeRow]:
        """Return the types of slots."""
        with self._database.reading() as db:
            return db.scalars(select(SlotTypeRow).order_by(SlotTypeRow.name)).all()

    def set_max(self, slot_type: str, value: int) -> int:
        """Set the most slots of a type, and return what it was; existing slots stay."""
        with self._database.writing() as db:
            row = _type(db, slot_type)
            before, row.max_slots = row.max_slots, value
            self._keep_free(db, slot_type)
            return before

    def set_target(self, slot_type: str, value: int) -> int:
        """Set how many slots of a type are kept free, and return what it was."""
        with self._database.writing() as db:
            row = _type(db, slot_type)
            before, row.target_free_slots = row.target_free_slots, value
            self._keep_free(db, slot_type)
            return before

    def share(self, slot_id: str, slot_type: str) -> None:
        """Add demo data, unless it is there already."""
        with self._database.writing() as db:
            if db.scalar(select(SlotRow.key).where(SlotRow.id == slot_id)) is None:
                row = self._add(db, slot_type)
                row.id, row.shared = slot_id, True

    def host(self, db: Session, user: str) -> str:
        """Return the id of the slot on which a session of a user can start. Raises NoSlot or SlotNotReady."""
        row = _get(db, user)
        if (state := self.state(row)) != SlotState.HOST_READY:
            raise SlotNotReady(state.name)
        return row.id

    def state(self, row: SlotRow) -> SlotState:
        """Return the state of a slot now."""
        if row.disposed is not None:
            return SlotState.HOST_DISPOSED
        now = self._now()
        if now >= row.ready:
            return SlotState.HOST_READY
        passed = max(0.0, (now - row.created) / (row.ready - row.created))
        return _STARTING[int(passed * len(_STARTING))]

    def _add(self, db: Session, slot_type: str) -> SlotRow:
        now = self._now()
        row = SlotRow(id=uuid4().hex, type=slot_type, created=now, ready=now + self._start_time)
        _type(db, slot_type)
        db.add(row)
        return row

    def _dispose(self, db: Session, row: SlotRow) -> int | None:
        gone = None if row.user_id is None else stop_running(db, row.user_id)
        row.disposed = self._now()
        return gone

    def _keep_free(self, db: Session, slot_type: str) -> None:
        """Create slots of a type up to the target, as far as its maximum allows."""
        db.flush()
        limits = _type(db, slot_type)
        missing = limits.target_free_slots - len(_free(db, slot_type))
        for _ in range(min(missing, limits.max_slots - len(_existing(db, slot_type)))):
            self._add(db, slot_type)


def _of(user: str) -> Select[SlotRow]:
    return select(SlotRow).where(SlotRow.user_id == user, SlotRow.disposed.is_(None))


def _get(db: Session, user: str) -> SlotRow:
    """Return the slot of a user; that of the demo data, if there is one, for who has none."""
    row = db.scalar(_of(user)) or db.scalar(select(SlotRow).where(SlotRow.shared))
    if row is None:
        raise NoSlot
    return row


def _existing(db: Session, slot_type: str | None = None) -> Sequence[SlotRow]:
    query = select(SlotRow).where(SlotRow.disposed.is_(None)).order_by(SlotRow.key)
    return db.scalars(query if slot_type is None else query.where(SlotRow.type == slot_type)).all()


def _free(db: Session, slot_type: str) -> Sequence[SlotRow]:
    return [row for row in _existing(db, slot_type) if row.user_id is None and not row.shared]


def _type(db: Session, name: str) -> SlotTypeRow:
    row = db.get(SlotTypeRow, name)
    if row is None:
        row = SlotTypeRow(name=name, max_slots=MAX_SLOTS, target_free_slots=0)
        db.add(row)
    return row

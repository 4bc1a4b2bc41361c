"""Slots: the machines on which sessions run, one for each user, each change in one transaction.

A type of slots comes into being when it is named, unless the types are given. A slot takes some time to
start, in which its state goes from START_REQUEST to HOST_READY, and to stop, in which it is STOPPING and is
still its user's. These states are computed from the clock, and so survive a restart.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from portal_sandbox.candela import slot_limits
from portal_sandbox.candela.errors import NoFreeSlot, NoSlot, NoSuchSlot, SlotNotReady
from portal_sandbox.candela.sessions import stop_running
from portal_sandbox.candela.tables import SlotRow, SlotTypeRow
from portal_sandbox.candela.wire import SlotState
from portal_sandbox.database import Database
from portal_sandbox.routing import invalid

#: The states of a slot that starts, one after the other.
_STARTING = (SlotState.START_REQUEST, SlotState.NODE_STARTING, SlotState.HOST_STARTING)


class Slots:
    """The slots in a database. A slot takes `start_time` seconds to start, and `stop_time` to stop.

    The `types` are the ones that there are, with their limits until these are set; None for any.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        start_time: float,
        stop_time: float,
        types: Mapping[str, slot_limits.Slots] | None,
    ) -> None:
        self._database = database
        self._now = now
        self._start_time = timedelta(seconds=start_time)
        self._stop_time = timedelta(seconds=stop_time)
        self._types = types

    def start(self) -> None:
        """Create the given types, with their free slots, unless they are there already."""
        for name in self._types or ():
            with self._database.writing() as db:
                self._keep_free(db, name)

    def check_type(self, name: str) -> None:
        """Raise RequestValidationError for a type that is not among the given ones."""
        if self._types is not None and name not in self._types:
            message = f"Input should be a type of slots that there is: {', '.join(self._types)}"
            raise invalid("query", "slot_type", message, "value_error")

    def assign(self, user: str, slot_type: str, limited: bool = True) -> None:
        """Give a slot of a type to a user who has none, of any number where they are not `limited`.

        Raises NoFreeSlot, and then nothing has changed.
        """
        with self._database.writing() as db:
            if db.scalar(self._of(user)) is not None:
                return
            row = next(iter(_free(db, slot_type)), None)
            if row is None:
                if limited and len(_in_use(db, slot_type)) >= self._type(db, slot_type).max_slots:
                    raise NoFreeSlot(slot_type)
                row = self._add(db, slot_type)
            row.user_id, row.assigned = user, self._now()
            self._keep_free(db, slot_type)

    def dispose(self, user: str) -> int | None:
        """Take a slot from its user, and return the key of the session that ran on it, if one did.

        Raises NoSlot.
        """
        with self._database.writing() as db:
            row = self._get(db, user)
            gone = self._dispose(db, row)
            self._keep_free(db, row.type)
            return gone

    def delete(self, slot_id: str) -> int | None:
        """Take away any slot without replacing it, and return as `dispose` does. Raises NoSuchSlot."""
        with self._database.writing() as db:
            row = db.scalar(self._existing().where(SlotRow.id == slot_id))
            if row is None:
                raise NoSuchSlot
            return self._dispose(db, row)

    def fail(self, user: str, state: SlotState) -> tuple[bool, int | None]:
        """Let the slot of a user fail: it stays in this state until it is disposed of.

        Returns whether there was one that could, and the key of the session that ran on it, if one did.
        """
        with self._database.writing() as db:
            row = db.scalar(self._of(user))
            if row is None or row.disposed is not None or row.failure is not None:
                return False, None
            row.failure = state
            return True, self._end(db, row)

    def get(self, user: str) -> SlotRow:
        """Return the slot of a user. Raises NoSlot."""
        with self._database.reading() as db:
            return self._get(db, user)

    def exists(self, user: str) -> bool:
        """Whether a user has a slot."""
        with self._database.reading() as db:
            return db.scalar(self._of(user)) is not None

    def all(self) -> Sequence[SlotRow]:
        """Return all slots that are not disposed of, in the order in which they were created."""
        with self._database.reading() as db:
            return db.scalars(self._existing().order_by(SlotRow.key)).all()

    def types(self) -> Sequence[SlotTypeRow]:
        """Return the types of slots."""
        with self._database.reading() as db:
            return db.scalars(select(SlotTypeRow).order_by(SlotTypeRow.name)).all()

    def set_max(self, slot_type: str, value: int) -> int:
        """Set the most slots of a type, and return what it was; existing slots stay."""
        with self._database.writing() as db:
            row = self._type(db, slot_type)
            before, row.max_slots = row.max_slots, value
            self._keep_free(db, slot_type)
            return before

    def set_target(self, slot_type: str, value: int) -> int:
        """Set how many slots of a type are kept free, and return what it was."""
        with self._database.writing() as db:
            row = self._type(db, slot_type)
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
        row = self._get(db, user)
        if (state := self.state(row)) != SlotState.HOST_READY:
            raise SlotNotReady(state.name)
        return row.id

    def state(self, row: SlotRow) -> SlotState:
        """Return the state of a slot now."""
        now = self._now()
        if row.disposed is not None:
            return SlotState.STOPPING if now < row.disposed else SlotState.HOST_DISPOSED
        if row.failure is not None:
            return SlotState(row.failure)
        if row.ready is None or now >= row.ready:
            return SlotState.HOST_READY
        passed = max(0.0, (now - row.created) / (row.ready - row.created))
        return _STARTING[int(passed * len(_STARTING))]

    def times(self, row: SlotRow) -> tuple[datetime | None, datetime | None]:
        """Return when a slot was ready and when it was disposed of; None for what has not happened."""
        now = self._now()
        ready, disposed = (time if time and time <= now else None for time in (row.ready, row.disposed))
        return ready, disposed

    def _add(self, db: Session, slot_type: str) -> SlotRow:
        now = self._now()
        row = SlotRow(id=uuid4().hex, type=slot_type, created=now, ready=now + self._start_time)
        self._type(db, slot_type)
        db.add(row)
        return row

    def _dispose(self, db: Session, row: SlotRow) -> int | None:
        if row.shared or row.disposed is not None:
            return None
        row.disposed = self._now() + self._stop_time
        return self._end(db, row)

    def _end(self, db: Session, row: SlotRow) -> int | None:
        """End the work of a slot, and return the key of the session that ran on it, if one did."""
        if row.ready is not None and row.ready > self._now():
            row.ready = None
        return None if row.user_id is None else stop_running(db, row.user_id)

    def _keep_free(self, db: Session, slot_type: str) -> None:
        """Create slots of a type up to the target, as far as its maximum allows."""
        db.flush()
        limits = self._type(db, slot_type)
        missing = limits.target_free_slots - len(_free(db, slot_type))
        for _ in range(min(missing, limits.max_slots - len(_in_use(db, slot_type)))):
            self._add(db, slot_type)

    def _type(self, db: Session, name: str) -> SlotTypeRow:
        row = db.get(SlotTypeRow, name)
        if row is None:
            limits = (self._types or {}).get(name, slot_limits.Slots())
            row = SlotTypeRow(name=name, max_slots=limits.max, target_free_slots=limits.free)
            db.add(row)
        return row

    def _existing(self) -> Select[SlotRow]:
        """Return a query for the slots that are not disposed of, those that stop included."""
        return select(SlotRow).where(or_(SlotRow.disposed.is_(None), SlotRow.disposed > self._now()))

    def _of(self, user: str) -> Select[SlotRow]:
        return self._existing().where(SlotRow.user_id == user)

    def _get(self, db: Session, user: str) -> SlotRow:
        """Return the slot of a user; that of the demo data, if there is one, for who has none."""
        row = db.scalar(self._of(user)) or db.scalar(select(SlotRow).where(SlotRow.shared))
        if row is None:
            raise NoSlot
        return row


def _in_use(db: Session, slot_type: str) -> Sequence[SlotRow]:
    """Return the slots of a type that count; one that stops takes nobody's place."""
    query = select(SlotRow).where(SlotRow.type == slot_type, SlotRow.disposed.is_(None))
    return db.scalars(query.order_by(SlotRow.key)).all()


def _free(db: Session, slot_type: str) -> Sequence[SlotRow]:
    return [row for row in _in_use(db, slot_type) if row.user_id is None and not row.shared]

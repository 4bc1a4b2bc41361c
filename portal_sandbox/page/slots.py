"""The slots of Candela on the page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.slots import Slots
from portal_sandbox.candela.tables import CandelaSessionRow, SlotRow, SlotTypeRow
from portal_sandbox.candela.wire import SlotState
from portal_sandbox.page import texts, view
from portal_sandbox.page.view import Detail, Entry, Listing, Tone, Wanted

_TONES: Mapping[SlotState, Tone] = {
    SlotState.HOST_READY: "good",
    SlotState.HOST_DISPOSED: "quiet",
    SlotState.HOST_IDLE: "quiet",
    SlotState.ERRORED: "bad",
    SlotState.HOST_GONE: "bad",
}

#: Nobody has it.
FREE = "free"


class SlotList:
    """The slots of all users that are not disposed of, by their types."""

    noun = "slot"

    def __init__(self, slots: Slots, now: Callable[[], datetime]) -> None:
        self._slots = slots
        self._now = now

    def count(self, db: Session) -> int:
        """Return the number of all."""
        return len(self._existing(db))

    def listing(self, db: Session, wanted: Wanted) -> Listing:
        """Return those that are wanted, type by type, in the order in which they were created."""
        rows = self._existing(db)
        sessions = _sessions(db)
        limits = {each.name: each for each in db.scalars(select(SlotTypeRow))}
        entries = [self._entry(row, sessions.get(row.user_id), limits.get(row.type)) for row in rows]
        matching = [
            entry
            for row, entry in zip(rows, entries, strict=True)
            if _is_wanted(wanted, {"user": row.user_id or FREE, "status": entry.badge})
        ]
        values = {
            "user": view.labelled(sorted({row.user_id or FREE for row in rows})),
            "status": view.labelled(sorted({entry.badge for entry in entries})),
        }
        return Listing(matching[: wanted.limit], len(matching), values)

    def detail(self, db: Session, entry_id: str, after: int) -> Detail | None:
        """Return a slot in full; None where there is none."""
        row = db.scalar(select(SlotRow).filter_by(id=entry_id))
        if row is None:
            return None
        ready, disposed = self._slots.times(row)
        times = {"Created": row.created, "Assigned": row.assigned, "Ready": ready, "Disposed of": disposed}
        session = _sessions(db).get(row.user_id)
        return Detail(
            self._entry(row, session, db.get(SlotTypeRow, row.type)),
            [
                ("Slot", texts.name(row.id)),
                ("Type", texts.name(row.type)),
                ("User", texts.name(row.user_id or "nobody")),
                ("Session", texts.name("none" if session is None else str(session))),
                *((label, time) for label, time in times.items() if time is not None),
            ],
        )

    def text(self, db: Session, key: int) -> str | None:
        """Return None: slots say nothing."""
        return None

    def _existing(self, db: Session) -> Sequence[SlotRow]:
        existing = or_(SlotRow.disposed.is_(None), SlotRow.disposed > self._now())
        return db.scalars(select(SlotRow).where(existing).order_by(SlotRow.type, SlotRow.key)).all()

    def _entry(self, row: SlotRow, session: Name | None, limits: SlotTypeRow | None) -> Entry:
        state = self._slots.state(row)
        tone = _TONES.get(state, "busy")
        most = (
            "" if limits is None else f" · at most {limits.max_slots}, {limits.target_free_slots} kept free"
        )
        return Entry(
            id=row.id,
            revision=f"{state}-{row.user_id}-{session}",
            title=texts.name(row.id),
            badge=state.name,
            tone=tone,
            user=texts.name(row.user_id or FREE),
            time=row.created,
            preview=texts.preview("No session" if session is None else f"Session {session}"),
            group=f"{texts.plain(row.type)}{most}",
            moving=tone == "busy",
        )


def _is_wanted(wanted: Wanted, values: Mapping[str, str]) -> bool:
    return all(wanted.filters.get(name, value) == value for name, value in values.items())


def _sessions(db: Session) -> Mapping[str | None, Name]:
    """Return the sessions in slots by their users."""
    rows = db.scalars(select(CandelaSessionRow).where(CandelaSessionRow.running))
    return {row.user_id: Name(row.scope, row.identifier, row.version) for row in rows}

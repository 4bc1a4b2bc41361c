"""Traces: what was said in each conversation, written by its sessions in their own transactions."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from portal_sandbox.candela.errors import NotStored
from portal_sandbox.candela.tables import CandelaSessionRow, SessionTraceRow, TraceItemRow, TraceRow
from portal_sandbox.candela.wire import Event, ItemType, Trace, TraceItem
from portal_sandbox.database import Database

#: The maximum length of the description of a trace, which is the start of the first prompt that is left.
MAX_DESCRIPTION = 80

#: The items that several events in a row make together.
_JOINED: dict[str, ItemType] = {"chat": "chat_resp", "intent": "struct_resp"}


@dataclass(frozen=True)
class Item:
    """An item of a trace."""

    item_type: ItemType
    content: str


def items_of(events: Iterable[Event]) -> list[Item]:
    """Return the items that events make: those of type "chat" in a row one, and those of type "intent"."""
    items: list[Item] = []
    for event in events:
        kind = event.event_type
        joined = _JOINED.get(kind)
        if joined is not None and items and items[-1].item_type == joined:
            items[-1] = Item(joined, items[-1].content + event.content)
        elif joined is not None:
            items.append(Item(joined, event.content))
        elif kind != "chat" and kind != "intent":
            items.append(Item(kind, event.content))
    return items


class Traces:
    """The traces in a database, as their users read them."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def get(self, user: str, trace_id: str, scope: str) -> Trace:
        """Return a trace. Raises NotStored."""
        with self._database.reading() as db:
            row = db.scalar(select(TraceRow).where(_open_to(user)).filter_by(id=trace_id, scope=scope))
            if row is None:
                raise NotStored("Trace", f"{scope}/{trace_id}")
            sessions = select(CandelaSessionRow.identifier).join(SessionTraceRow)
            sessions = sessions.where(SessionTraceRow.trace_key == row.key).order_by(CandelaSessionRow.key)
            items = select(TraceItemRow).filter_by(trace_key=row.key).order_by(TraceItemRow.key)
            return Trace(
                session_ids=list(dict.fromkeys(db.scalars(sessions))),
                trace_items=[_item(each.item_type, each.content) for each in db.scalars(items)],
            )

    def listed(self, user: str) -> Sequence[TraceRow]:
        """Return the traces that a user sees, newest first."""
        with self._database.reading() as db:
            return db.scalars(select(TraceRow).where(_open_to(user)).order_by(TraceRow.key.desc())).all()

    def share(self, user: str, trace_id: str, scope: str, items: Sequence[Item]) -> None:
        """Add demo data, unless it is there already."""
        with self._database.writing() as db:
            if db.scalar(select(TraceRow.key).where(TraceRow.id == trace_id)) is None:
                row = _new(trace_id, scope, user, items[0].content, self._now())
                row.shared = True
                _store(db, row, None, items)


def follow(db: Session, session: CandelaSessionRow, parent: CandelaSessionRow) -> None:
    """Let a session share the trace of the one that it continues, if that has one."""
    link = db.get(SessionTraceRow, parent.key)
    if link is not None:
        db.add(SessionTraceRow(session_key=session.key, trace_key=link.trace_key))


def append(db: Session, session: CandelaSessionRow, items: Iterable[Item]) -> None:
    """Add to the trace of a session; the first item makes the trace. Nobody's session has none."""
    items = list(items)
    if session.shared or not items:
        return
    link = db.get(SessionTraceRow, session.key)
    if link is not None:
        trace = db.get_one(TraceRow, link.trace_key)
    else:
        trace = _new(uuid4().hex, session.scope, session.user_id, items[0].content, session.created_at)
        db.add(trace)
        db.flush()
        db.add(SessionTraceRow(session_key=session.key, trace_key=trace.key))
    _store(db, trace, session.key, items)


def remove(db: Session, session_keys: Collection[int]) -> None:
    """Delete what was said in sessions that are about to be deleted, and the traces that are empty then."""
    links = select(SessionTraceRow.trace_key).where(SessionTraceRow.session_key.in_(session_keys))
    traces = db.scalars(links).all()
    for table in (TraceItemRow, SessionTraceRow):
        db.execute(delete(table).where(table.session_key.in_(session_keys)))
    for trace in db.scalars(select(TraceRow).where(TraceRow.key.in_(traces))):
        said = select(TraceItemRow.content).filter_by(trace_key=trace.key).order_by(TraceItemRow.key)
        first = db.scalar(said.limit(1))
        if first is not None:
            trace.description = first[:MAX_DESCRIPTION]
        else:  # who goes on with it begins another one
            db.execute(delete(SessionTraceRow).where(SessionTraceRow.trace_key == trace.key))
            db.delete(trace)


def _open_to(user: str) -> ColumnElement[bool]:
    return or_(TraceRow.user_id == user, TraceRow.shared)


def _new(trace_id: str, scope: str, user: str, prompt: str, now: datetime) -> TraceRow:
    start = prompt[:MAX_DESCRIPTION]
    return TraceRow(id=trace_id, scope=scope, user_id=user, description=start, created_at=now)


def _store(db: Session, trace: TraceRow, session_key: int | None, items: Iterable[Item]) -> None:
    db.add(trace)
    db.flush()
    db.add_all(
        TraceItemRow(
            trace_key=trace.key, session_key=session_key, item_type=each.item_type, content=each.content
        )
        for each in items
    )


def _item(item_type: str, content: str) -> TraceItem:
    return TraceItem.model_validate({"item_type": item_type, "content": content})

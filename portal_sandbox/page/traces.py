"""The traces of Candela on the page."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal_sandbox.candela.tables import CandelaSessionRow, SessionTraceRow, TraceItemRow, TraceRow
from portal_sandbox.page import texts, view
from portal_sandbox.page.view import Detail, Entry, Listing, Said, Wanted


class TraceList:
    """The traces of all users."""

    noun = "trace"

    def count(self, db: Session) -> int:
        """Return the number of all."""
        return view.total(db, TraceRow.key)

    def listing(self, db: Session, wanted: Wanted) -> Listing:
        """Return the newest of those that are wanted."""
        matching = view.matching(wanted, user=TraceRow.user_id)
        query = select(TraceRow).where(*matching).order_by(TraceRow.key.desc()).limit(wanted.limit)
        values = {"user": view.values(db, TraceRow.user_id)}
        return Listing(_entries(db, db.scalars(query).all()), view.total(db, TraceRow.key, matching), values)

    def detail(self, db: Session, entry_id: str, after: int) -> Detail | None:
        """Return a trace in full, of its items those from the key `after` on; None where there is none."""
        row = db.get(TraceRow, view.number(entry_id))
        if row is None:
            return None
        items, earlier = view.newest(
            db, select(TraceItemRow).filter_by(trace_key=row.key), TraceItemRow.key, after
        )
        query = select(CandelaSessionRow.identifier).join(SessionTraceRow).filter_by(trace_key=row.key)
        sessions = dict.fromkeys(db.scalars(query.order_by(CandelaSessionRow.key)))
        (entry,) = _entries(db, [row])
        return Detail(
            entry,
            [
                ("Trace", texts.name(row.id)),
                ("Scope", texts.name(row.scope)),
                ("User", texts.name(row.user_id)),
                ("Sessions", texts.name(", ".join(sessions) or "none")),
                ("Created", row.created_at),
            ],
            said=[_said(item) for item in items],
            earlier=earlier,
        )

    def text(self, db: Session, key: int) -> str | None:
        """Return the whole text of an item; None where there is none."""
        return db.scalar(select(TraceItemRow.content).where(TraceItemRow.key == key))


def _entries(db: Session, rows: Sequence[TraceRow]) -> list[Entry]:
    item, keys = TraceItemRow, [row.key for row in rows]
    query = select(item.trace_key, func.count(item.key), func.max(item.key)).where(item.trace_key.in_(keys))
    found = {row[0]: (row[1], row[2]) for row in db.execute(query.group_by(item.trace_key))}
    return [_entry(row, *found.get(row.key, (0, 0))) for row in rows]


def _entry(row: TraceRow, items: int, last: int) -> Entry:
    return Entry(
        id=str(row.key),
        revision=f"{items}-{last}",
        title=texts.preview(row.description),
        badge=texts.counted(items, "item"),
        tone="quiet",
        user=texts.name(row.user_id),
        time=row.created_at,
        preview=texts.name(f"{row.scope}/{row.id}"),
    )


def _said(item: TraceItemRow) -> Said:
    text, more = texts.shortened(item.content)
    role = "user" if item.item_type == "user" else "assistant"
    failed = item.item_type == "sys"
    path = f"texts/traces/{item.key}"
    return Said(item.key, role, texts.name(item.item_type), text, more, path, failed=failed)

"""The sessions of Portal on the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, selectinload

from portal_sandbox.agents import display_name
from portal_sandbox.page import texts, view
from portal_sandbox.page.view import Attachment, Counts, Detail, Entry, Listing, Said, Tone, Wanted
from portal_sandbox.tables import FileRow, MessageRow, RoutineRunRow, SessionRow
from portal_sandbox.wire import MessageRole, SessionStatus

_RUNNING = SessionRow.status == SessionStatus.RUNNING.value

#: Those that run come first and keep their places; the others are in the order of their last change.
_ORDER = (
    _RUNNING.desc(),
    case((_RUNNING, SessionRow.created_at), else_=SessionRow.updated_at).desc(),
    SessionRow.key.desc(),
)

_TONES: Mapping[str, Tone] = {
    SessionStatus.READY: "good",
    SessionStatus.RUNNING: "busy",
    SessionStatus.ERROR: "bad",
}


class Sessions:
    """The sessions of all users of Portal."""

    noun = "session"

    def count(self, db: Session) -> int:
        """Return the number of all."""
        return view.total(db, SessionRow.key)

    def listing(self, db: Session, wanted: Wanted) -> Listing:
        """Return the newest of those that are wanted."""
        matching = view.matching(
            wanted, agent=SessionRow.agent_id, user=SessionRow.user_id, status=SessionRow.status
        )
        rows = db.execute(_HEADS.where(*matching).order_by(*_ORDER).limit(wanted.limit)).all()
        values = {
            "agent": view.values(db, SessionRow.agent_id),
            "user": view.values(db, SessionRow.user_id),
            "status": view.labelled(_TONES),
        }
        return Listing(_entries(db, rows), view.total(db, SessionRow.key, matching), values)

    def detail(self, db: Session, entry_id: str, after: int) -> Detail | None:
        """Return a session in full, its messages from the key `after` on; None where there is none."""
        row = db.execute(_HEADS.where(SessionRow.id == entry_id)).one_or_none()
        if row is None:
            return None
        query = select(MessageRow).filter_by(session_key=row.key).options(selectinload(MessageRow.files))
        messages, earlier = view.newest(db, query, MessageRow.key, after)
        said = [_said(message, row) for message in messages]
        if said and row.status == SessionStatus.ERROR:
            said[-1] = _said(messages[-1], row, failed=True)
        (entry,) = _entries(db, [row])
        routine = db.scalar(select(RoutineRunRow.routine_id).filter_by(session_key=row.key))
        return Detail(
            entry,
            [
                ("Session", texts.name(row.id)),
                ("Agent", texts.name(row.agent_id)),
                ("User", texts.name(row.user_id)),
                ("Thread", texts.name(row.thread_id)),
                *([] if routine is None else [("Routine", texts.name(routine))]),
                ("Created", row.created_at),
                ("Changed", row.updated_at),
            ],
            said=said,
            earlier=earlier,
            note="The agent is answering" if row.status == SessionStatus.RUNNING else "",
        )

    def text(self, db: Session, key: int) -> str | None:
        """Return the whole text of a message; None where there is none."""
        return db.scalar(select(MessageRow.text).where(MessageRow.key == key))


_HEADS = select(
    SessionRow.key,
    SessionRow.id,
    SessionRow.thread_id,
    SessionRow.agent_id,
    SessionRow.user_id,
    SessionRow.status,
    SessionRow.created_at,
    SessionRow.updated_at,
    SessionRow.revision,
)


def _entries(db: Session, rows: Sequence[Any]) -> list[Entry]:
    keys = [row.key for row in rows]
    counts = view.counts(db, MessageRow.session_key, MessageRow.key, MessageRow.text, keys)
    query = select(MessageRow.session_key, func.count(FileRow.key)).join(FileRow)
    query = query.where(MessageRow.session_key.in_(keys)).group_by(MessageRow.session_key)
    files: dict[int, int] = {row[0]: row[1] for row in db.execute(query)}
    return [_entry(row, counts(row.key), files.get(row.key, 0)) for row in rows]


def _entry(row: Any, counts: Counts, files: int) -> Entry:
    facts = [texts.counted(counts.messages, "message")]
    return Entry(
        id=row.id,
        revision=f"{row.revision}-{counts.messages}",
        title=texts.name(display_name(row.agent_id)),
        badge=row.status,
        tone=_TONES.get(row.status, "quiet"),
        user=texts.name(row.user_id),
        time=row.updated_at,
        preview=texts.preview(counts.begin),
        facts=[*facts, texts.counted(files, "file")] if files else facts,
        group="Running" if row.status == SessionStatus.RUNNING else None,
    )


def _said(message: MessageRow, session: Any, failed: bool = False) -> Said:
    text, more = texts.shortened(message.text)
    by_user = message.role == MessageRole.USER
    author = session.user_id if by_user else display_name(message.agent_id or session.agent_id)
    return Said(
        key=message.key,
        role=message.role,
        author=texts.name(author),
        text=text,
        more=more,
        path=f"texts/sessions/{message.key}",
        files=[_attachment(file) for file in message.files],
        failed=failed,
    )


def _attachment(file: FileRow) -> Attachment:
    about = texts.visible(f"{texts.size(file.size)} · ") + texts.name(file.content_type)
    return Attachment(texts.name(file.name), about, f"files/{file.key}")

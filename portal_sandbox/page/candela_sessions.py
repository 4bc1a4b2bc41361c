"""The sessions of Candela on the page."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from portal_sandbox.agents import display_name
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.tables import CandelaMessageRow, CandelaSessionRow
from portal_sandbox.page import texts, view
from portal_sandbox.page.texts import Text
from portal_sandbox.page.view import Counts, Detail, Entry, Listing, Said, Tone, Wanted
from portal_sandbox.wire import MessageRole

ANSWERING, FAILED, IN_SLOT, OPEN, STOPPED = "Answering", "Failed", "In a slot", "Open to all", "Stopped"

_STATUS = case(
    (CandelaSessionRow.server.is_not(None), ANSWERING),
    (CandelaSessionRow.failure.is_not(None), FAILED),
    (CandelaSessionRow.running, IN_SLOT),
    (CandelaSessionRow.shared, OPEN),
    else_=STOPPED,
)

_TONES: Mapping[str, Tone] = {
    ANSWERING: "busy",
    IN_SLOT: "good",
    FAILED: "bad",
    STOPPED: "quiet",
    OPEN: "quiet",
}

#: What a session was started with, and its label.
_PARTS = {
    "app": "App",
    "model_cfg": "Model",
    "circuit_override": "Circuit",
    "directive_override": "Directive",
    "parent_session": "Continues",
}


class CandelaSessions:
    """The sessions of all users of Candela."""

    noun = "session"

    def count(self, db: Session) -> int:
        """Return the number of all."""
        return view.total(db, CandelaSessionRow.key)

    def listing(self, db: Session, wanted: Wanted) -> Listing:
        """Return the newest of those that are wanted."""
        row = CandelaSessionRow
        matching = view.matching(wanted, agent=row.agent_id, user=row.user_id, status=_STATUS)
        query = _HEADS.where(*matching).order_by(row.running.desc(), row.key.desc()).limit(wanted.limit)
        values = {
            "agent": view.values(db, row.agent_id),
            "user": view.values(db, row.user_id),
            "status": view.labelled(_TONES),
        }
        return Listing(_entries(db, db.execute(query).all()), view.total(db, row.key, matching), values)

    def detail(self, db: Session, entry_id: str, after: int) -> Detail | None:
        """Return a session in full, its messages from the key `after` on; None where there is none."""
        found = db.execute(
            _HEADS.add_columns(CandelaSessionRow.details).where(
                CandelaSessionRow.key == view.number(entry_id)
            )
        ).one_or_none()
        if found is None:
            return None
        query = select(CandelaMessageRow).filter_by(session_key=found.key)
        messages, earlier = view.newest(db, query, CandelaMessageRow.key, after)
        said = [_said(message, found, failed=False) for message in messages]
        if said and found.failure is not None:
            said[-1] = _said(messages[-1], found, failed=True)
        (entry,) = _entries(db, [found])
        return Detail(
            entry,
            [
                ("Session", texts.name(str(Name(found.scope, found.identifier, found.version)))),
                ("Agent", texts.name(found.agent_id)),
                ("User", texts.name(found.user_id)),
                ("Slot", texts.name(str(found.details.get("host_id") or "none"))),
                *_parts(found.details),
                ("Created", found.created_at),
            ],
            [view.block("Started with", json.dumps(found.details, ensure_ascii=False, indent=2))],
            said,
            earlier,
            "The agent is answering" if found.server is not None else "",
        )

    def text(self, db: Session, key: int) -> str | None:
        """Return the whole text of a message; None where there is none."""
        return db.scalar(select(CandelaMessageRow.text).where(CandelaMessageRow.key == key))


_HEADS = select(
    CandelaSessionRow.key,
    CandelaSessionRow.scope,
    CandelaSessionRow.identifier,
    CandelaSessionRow.version,
    CandelaSessionRow.agent_id,
    CandelaSessionRow.user_id,
    CandelaSessionRow.running,
    CandelaSessionRow.server,
    CandelaSessionRow.failure,
    CandelaSessionRow.created_at,
    _STATUS.label("status"),
)


def _entries(db: Session, rows: Sequence[Any]) -> list[Entry]:
    keys = [row.key for row in rows]
    message = CandelaMessageRow
    counts = view.counts(db, message.session_key, message.key, message.text, keys)
    return [_entry(row, counts(row.key)) for row in rows]


def _entry(row: Any, counts: Counts) -> Entry:
    return Entry(
        id=str(row.key),
        revision=f"{row.status}-{row.running}-{counts.messages}-{counts.last}",
        title=texts.name(display_name(row.agent_id)),
        badge=row.status,
        tone=_TONES[row.status],
        user=texts.name(row.user_id),
        time=row.created_at,
        preview=texts.preview(counts.begin),
        facts=[texts.counted(counts.messages, "message")],
        group="In a slot" if row.running else None,
    )


def _parts(details: Mapping[str, Any]) -> list[tuple[str, Text]]:
    """Return what a session was started with, by name."""
    named = [(label, details[key]) for key, label in _PARTS.items() if details.get(key) is not None]
    return [
        (label, texts.name(str(Name(each["scope"], each["identifier"], each.get("version")))))
        for label, each in named
    ]


def _said(message: CandelaMessageRow, session: Any, failed: bool) -> Said:
    text, more = texts.shortened(message.text)
    author = session.user_id if message.role == MessageRole.USER else display_name(session.agent_id)
    path = f"texts/candela/{message.key}"
    return Said(message.key, message.role, texts.name(author), text, more, path, failed=failed)

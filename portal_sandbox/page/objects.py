"""The objects of Candela on the page: apps, circuits, directives, models and tool modules."""

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal_sandbox.candela.kinds import KINDS
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.service import DOMAIN, SYSTEM_DOMAIN
from portal_sandbox.candela.tables import ObjectRow
from portal_sandbox.page import texts, view
from portal_sandbox.page.view import Detail, Entry, Listing, Wanted


class ObjectList:
    """All versions of the objects that are stored."""

    noun = "object"

    def count(self, db: Session) -> int:
        """Return the number of all."""
        return view.total(db, ObjectRow.key, [~ObjectRow.deleted])

    def listing(self, db: Session, wanted: Wanted) -> Listing:
        """Return the newest of those that are wanted."""
        matching = [~ObjectRow.deleted, *view.matching(wanted, user=ObjectRow.user_id, kind=ObjectRow.kind)]
        rows = db.scalars(
            select(ObjectRow).where(*matching).order_by(ObjectRow.key.desc()).limit(wanted.limit)
        )
        values = {
            "user": view.values(db, ObjectRow.user_id, ~ObjectRow.deleted),
            "kind": [(name, kind.noun) for name, kind in KINDS.items()],
        }
        return Listing([_entry(row) for row in rows], view.total(db, ObjectRow.key, matching), values)

    def detail(self, db: Session, entry_id: str, after: int) -> Detail | None:
        """Return an object in full; None where there is none."""
        row = db.scalar(select(ObjectRow).where(~ObjectRow.deleted, ObjectRow.key == view.number(entry_id)))
        if row is None:
            return None
        return Detail(
            _entry(row),
            [
                ("Scope", texts.name(row.scope)),
                ("Identifier", texts.name(row.identifier)),
                ("Version", texts.name(row.version)),
                ("Domain", texts.name(SYSTEM_DOMAIN if row.system else DOMAIN)),
                ("User", texts.name(row.user_id)),
                ("Created", row.created_at),
            ],
            [
                *([view.block("Description", row.description)] if row.description else []),
                view.block("Content", _content(row), f"texts/objects/{row.key}"),
            ],
        )

    def text(self, db: Session, key: int) -> str | None:
        """Return the whole content of an object; None where there is none."""
        row = db.scalar(select(ObjectRow).where(~ObjectRow.deleted, ObjectRow.key == key))
        return None if row is None else _content(row)


def _entry(row: ObjectRow) -> Entry:
    return Entry(
        id=str(row.key),
        revision="",  # an object never changes
        title=texts.name(str(Name(row.scope, row.identifier))),
        badge=KINDS[row.kind].noun if row.kind in KINDS else row.kind,
        tone="quiet",
        user=texts.name(row.user_id),
        time=row.created_at,
        preview=texts.preview(row.description or ""),
        facts=[f"version {texts.plain(row.version)}"],
    )


def _content(row: ObjectRow) -> str:
    """Return the source of a tool module, or the data of another object as JSON."""
    source = row.data.get("content")
    if list(row.data) == ["content"] and isinstance(source, str):
        return source
    return json.dumps(row.data, ensure_ascii=False, indent=2)

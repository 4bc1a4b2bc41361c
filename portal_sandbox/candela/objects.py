"""Objects: apps, circuits, directives, models and tool modules, each change in one transaction.

All users share them. Adding one gives it a number: the bump applied to the highest one that its name has had,
deleted ones included, so that no number stands for two objects.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal_sandbox.candela.errors import NotAnAdmin, NotStored
from portal_sandbox.candela.kinds import Kind
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.tables import ObjectRow
from portal_sandbox.candela.wire import Bump
from portal_sandbox.database import Database

Version = tuple[int, int, int]

_HIGHEST = (ObjectRow.major.desc(), ObjectRow.minor.desc(), ObjectRow.patch.desc(), ObjectRow.key.desc())


@dataclass(frozen=True)
class NewObject:
    """An object to be added; one of the `system` level belongs to all domains."""

    scope: str
    identifier: str
    data: Mapping[str, Any]
    description: str | None
    bump: Bump
    system: bool


class Objects:
    """The objects in a database. Safe with threads and with other processes."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def add(self, user: str, kind: Kind, new: NewObject) -> ObjectRow:
        """Store an object, or the next version of one, and return it."""
        with self._database.writing() as db:
            query = select(ObjectRow).order_by(*_HIGHEST).limit(1)
            before = db.scalar(query.filter_by(kind=kind.name, scope=new.scope, identifier=new.identifier))
            version = _next(before, new.bump)
            row = self._row(user, kind, new, version, ".".join(map(str, version)))
            db.add(row)
        return row

    def share(self, user: str, kind: Kind, new: NewObject, version: str) -> None:
        """Add demo data, unless it is there already."""
        with self._database.writing() as db:
            known = select(ObjectRow.key).filter_by(kind=kind.name, scope=new.scope, shared=True)
            if db.scalar(known.filter_by(identifier=new.identifier, version=version)) is None:
                row = self._row(user, kind, new, (0, 0, 0), version)
                row.shared = True
                db.add(row)

    def get(self, kind: Kind, name: Name) -> ObjectRow:
        """Return an object. Raises NotStored."""
        row = self.find(kind, name)
        if row is None:
            raise _not_stored(kind, name)
        return row

    def find(self, kind: Kind, name: Name) -> ObjectRow | None:
        """Return an object; None where none has this name."""
        with self._database.reading() as db:
            return db.scalar(_named(kind, name).limit(1))

    def delete(self, kind: Kind, name: Name, system: bool) -> Sequence[ObjectRow]:
        """Delete a version of an object, or all of them, and return what was deleted.

        Raises NotStored, or NotAnAdmin for one of the system level unless `system` allows it; then nothing
        has changed.
        """
        with self._database.writing() as db:
            rows = db.scalars(_named(kind, name)).all()
            if not rows:
                raise _not_stored(kind, name)
            if not system and any(row.system for row in rows):
                raise NotAnAdmin
            db.expunge_all()  # what is returned keeps its data
            for row in rows:
                if not row.shared:
                    _delete(db, row)
        return rows

    def listed(self, kind: Kind, all_versions: bool) -> Sequence[ObjectRow]:
        """Return the objects, newest first; only the latest version of each, or all."""
        with self._database.reading() as db:
            rows = db.scalars(_stored(kind).order_by(*_HIGHEST)).all()
        if not all_versions:
            latest: dict[tuple[str, str], ObjectRow] = {}
            for row in rows:
                latest.setdefault((row.scope, row.identifier), row)
            rows = list(latest.values())
        return sorted(rows, key=lambda row: row.key, reverse=True)

    def _row(self, user: str, kind: Kind, new: NewObject, version: Version, text: str) -> ObjectRow:
        major, minor, patch = version
        return ObjectRow(
            kind=kind.name,
            scope=new.scope,
            identifier=new.identifier,
            version=text,
            major=major,
            minor=minor,
            patch=patch,
            user_id=user,
            system=new.system,
            data=dict(new.data),
            description=new.description,
            created_at=self._now(),
        )


def _stored(kind: Kind) -> Select[ObjectRow]:
    return select(ObjectRow).where(~ObjectRow.deleted).filter_by(kind=kind.name)


def _named(kind: Kind, name: Name) -> Select[ObjectRow]:
    """Return a query for the versions of an object, the latest first."""
    query = _stored(kind).filter_by(scope=name.scope, identifier=name.identifier).order_by(*_HIGHEST)
    return query if name.version is None else query.filter_by(version=name.version)


def _not_stored(kind: Kind, name: Name) -> NotStored:
    return NotStored(kind.noun.capitalize(), str(name))


def _next(before: ObjectRow | None, bump: Bump) -> Version:
    major, minor, patch = (0, 0, 0) if before is None else (before.major, before.minor, before.patch)
    if bump == "major":
        return major + 1, 0, 0
    return (major, minor + 1, 0) if bump == "minor" else (major, minor, patch + 1)


def _delete(db: Session, row: ObjectRow) -> None:
    stored = db.get_one(ObjectRow, row.key)
    stored.deleted, stored.data, stored.description = True, {}, None

"""Queries for sessions by their names, as a user may see them."""

from dataclasses import dataclass

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from portal_sandbox.candela.errors import NotRunning
from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.errors import NoSuchSession


@dataclass(frozen=True)
class Name:
    """The name of a session or an object; without a version, of the latest one."""

    scope: str
    identifier: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.scope}/{self.identifier}" + (f":{self.version}" if self.version is not None else "")


def visible(user: str) -> Select[CandelaSessionRow]:
    """Return a query for the sessions that a user can see, newest first."""
    open_to = or_(CandelaSessionRow.user_id == user, CandelaSessionRow.shared)
    return select(CandelaSessionRow).where(open_to).order_by(CandelaSessionRow.key.desc())


def named(user: str, name: Name) -> Select[CandelaSessionRow]:
    """Return a query for the versions of a session that a user can see, newest first."""
    query = visible(user).filter_by(scope=name.scope, identifier=name.identifier)
    return query if name.version is None else query.filter_by(version=name.version)


def find_running(db: Session, user: str) -> CandelaSessionRow | None:
    """Return the session in the slot of a user."""
    running = (CandelaSessionRow.user_id == user, CandelaSessionRow.running)
    return db.scalar(select(CandelaSessionRow).where(*running))


def get(db: Session, user: str, name: Name) -> CandelaSessionRow:
    """Return the session with this name. Raises NoSuchSession."""
    row = db.scalar(named(user, name).limit(1))
    if row is None:
        raise NoSuchSession
    return row


def get_accepting(db: Session, user: str, name: Name) -> CandelaSessionRow:
    """Return the session with this name that accepts prompts. Raises NoSuchSession or NotRunning."""
    accepting = or_(CandelaSessionRow.running, CandelaSessionRow.shared)
    row = db.scalar(named(user, name).where(accepting).limit(1))
    if row is None:
        get(db, user, name)
        raise NotRunning
    return row

"""Rows that belong to users: what each may see and change."""

from typing import TypeVar

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from portal_sandbox.errors import NotFound, NotYours
from portal_sandbox.tables import BusinessRow, RoutineRow, SessionRow

_NOUNS = {SessionRow: "session", RoutineRow: "routine", BusinessRow: "business"}

Row = TypeVar("Row", SessionRow, RoutineRow, BusinessRow)


def found(
    db: Session, kind: type[Row], row_id: str, user: str | None = None, *options: ExecutableOption
) -> Row:
    """Return the row with this id; of any user where `user` is None. Raises NotFound or NotYours."""
    row = db.scalar(select(kind).where(kind.id == row_id).options(*options))
    if row is None:
        raise NotFound(_NOUNS[kind])
    if user is not None and not row.shared and row.user_id != user:
        raise NotYours(_NOUNS[kind])
    return row


def open_to(user: str | None, kind: type[SessionRow] | type[RoutineRow]) -> ColumnElement[bool]:
    """Return the condition for the rows open to `user`; for those open to everybody where it is None."""
    return or_(kind.user_id == user, kind.shared)

"""The tables of Portal.

Sessions have messages, messages have files, and each content is stored once. Routines make sessions;
businesses and playgrounds are one for each user.

A change of a table changes the format of the file: increase `FORMAT` in ownership.py. A new table does not.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, Text, TypeDecorator, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC: SQLite itself has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value to store."""
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored value as an aware datetime."""
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The base of all tables."""


class SessionRow(Base):
    """A session; a shared one has no owner and is open to every user.

    `server` is the name of the server that runs the agent, while the session is running; `revision` is the
    number of changes.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_server", "server", sqlite_where=text("server IS NOT NULL")),)

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    thread_id: Mapped[str]
    user_id: Mapped[str] = mapped_column(index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    agent_id: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    server: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int]
    messages: Mapped[list["MessageRow"]] = relationship(lazy="selectin", order_by="MessageRow.key")
    run: Mapped["RoutineRunRow | None"] = relationship(lazy="joined")

    @property
    def routine_id(self) -> str | None:
        """The routine that the session is a run of."""
        return None if self.run is None else self.run.routine_id


class MessageRow(Base):
    """A message; `agent_id` is that of the agent that wrote it."""

    __tablename__ = "messages"

    key: Mapped[int] = mapped_column(primary_key=True)
    session_key: Mapped[int] = mapped_column(ForeignKey("sessions.key"), index=True)
    role: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    agent_id: Mapped[str | None]
    # Listing sessions must not load their files.
    files: Mapped[list["FileRow"]] = relationship(lazy="raise", order_by="FileRow.key")


class FileRow(Base):
    """An attached file; its content is the blob with the same digest."""

    __tablename__ = "files"

    key: Mapped[int] = mapped_column(primary_key=True)
    message_key: Mapped[int] = mapped_column(ForeignKey("messages.key"), index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))


class BlobRow(Base):
    """The content of all files with the same digest."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(primary_key=True)


class ChunkRow(Base):
    """A piece of a blob; in pieces, contents of any size take little memory."""

    __tablename__ = "chunks"

    key: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    data: Mapped[bytes]


class RoutineRow(Base):
    """A routine; a shared one has no owner and is open to every user."""

    __tablename__ = "routines"

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str] = mapped_column(index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    agent_id: Mapped[str]
    name: Mapped[str]
    requirements: Mapped[str] = mapped_column(Text)
    interval: Mapped[str]


class RoutineRunRow(Base):
    """The routine that a session is a run of, which may have been deleted since."""

    __tablename__ = "routine_runs"

    session_key: Mapped[int] = mapped_column(ForeignKey("sessions.key"), primary_key=True)
    routine_id: Mapped[str] = mapped_column(index=True)


class BusinessRow(Base):
    """The business of a user, who has one at most."""

    __tablename__ = "businesses"

    shared: ClassVar = False

    user_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(Text)


class PlaygroundRow(Base):
    """The agents that a user has put into the playground."""

    __tablename__ = "playgrounds"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    agents: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

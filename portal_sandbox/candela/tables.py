"""The tables of Candela, which are in the database of Portal.

Sessions have messages and traces, users have slots and tokens; the five kinds of objects have one table.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_sandbox.tables import Base, UtcDateTime


class CandelaSessionRow(Base):
    """One version of a session; a shared one has no owner, is open to every user, and needs no slot.

    `details` is what reading the session returns. A `running` one has its user's slot, which it leaves to the
    next one if it `gives_way`. `server` names the server whose agent works on a prompt, until it has
    answered, and `failure` says why the last prompt has no answer.
    """

    __tablename__ = "candela_sessions"
    __table_args__ = (
        UniqueConstraint("scope", "identifier", "version"),
        # One slot for each user, whatever the code does.
        Index("ix_candela_slot", "user_id", unique=True, sqlite_where=text("running")),
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str]
    identifier: Mapped[str]
    version: Mapped[str]
    user_id: Mapped[str] = mapped_column(index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    agent_id: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column("answer", JSON)  # the column's name in format 3
    running: Mapped[bool]
    gives_way: Mapped[bool]
    server: Mapped[str | None]
    failure: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Listing sessions must not load their messages.
    messages: Mapped[list["CandelaMessageRow"]] = relationship(lazy="raise", order_by="CandelaMessageRow.key")


class CandelaMessageRow(Base):
    """A message: a prompt, or the agent's answer to it."""

    __tablename__ = "candela_messages"
    # No key is used twice, so that a late answer is not stored for another prompt.
    __table_args__ = ({"sqlite_autoincrement": True},)

    key: Mapped[int] = mapped_column(primary_key=True)
    session_key: Mapped[int] = mapped_column(ForeignKey("candela_sessions.key"), index=True)
    role: Mapped[str]
    text: Mapped[str] = mapped_column(Text)


class ObjectRow(Base):
    """One version of a stored object, such as an app; one of the `system` level belongs to all domains.

    A `deleted` one only keeps its number from being given again; a `shared` one is demo data, which stays.
    """

    __tablename__ = "candela_objects"
    __table_args__ = (UniqueConstraint("kind", "scope", "identifier", "version"),)

    key: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    scope: Mapped[str]
    identifier: Mapped[str]
    version: Mapped[str]
    major: Mapped[int]
    minor: Mapped[int]
    patch: Mapped[int]
    user_id: Mapped[str]
    system: Mapped[bool]
    shared: Mapped[bool] = mapped_column(default=False)
    deleted: Mapped[bool] = mapped_column(default=False)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    description: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SlotTypeRow(Base):
    """A type of slots: the most slots of it, and how many free ones are kept."""

    __tablename__ = "candela_slot_types"

    name: Mapped[str] = mapped_column(primary_key=True)
    max_slots: Mapped[int]
    target_free_slots: Mapped[int]


class SlotRow(Base):
    """A slot, which is free where it has no user; a shared one is demo data, and stays.

    `ready` and `disposed` may be times to come; `ready` is None where it will never be. `failure` is the
    state of one that has failed.
    """

    __tablename__ = "candela_slots"
    # One slot for each user, whatever the code does.
    __table_args__ = (
        Index("ix_candela_slots_user", "user_id", unique=True, sqlite_where=text("disposed IS NULL")),
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[str | None]
    shared: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    ready: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assigned: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disposed: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[int | None]


class TraceRow(Base):
    """What was said in one conversation; a shared one is demo data, open to every user."""

    __tablename__ = "candela_traces"

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    scope: Mapped[str]
    user_id: Mapped[str] = mapped_column(index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SessionTraceRow(Base):
    """The trace of a session, which it shares with those that continue it."""

    __tablename__ = "candela_session_traces"

    session_key: Mapped[int] = mapped_column(ForeignKey("candela_sessions.key"), primary_key=True)
    trace_key: Mapped[int] = mapped_column(ForeignKey("candela_traces.key"), index=True)


class TraceItemRow(Base):
    """An item of a trace, and the session in which it was said; none in demo data."""

    __tablename__ = "candela_trace_items"

    key: Mapped[int] = mapped_column(primary_key=True)
    trace_key: Mapped[int] = mapped_column(ForeignKey("candela_traces.key"), index=True)
    session_key: Mapped[int | None] = mapped_column(ForeignKey("candela_sessions.key"), index=True)
    item_type: Mapped[str]
    content: Mapped[str] = mapped_column(Text)


class TokenRow(Base):
    """The digest of an issued token; the tokens of one sign-in have the same `grant_id`."""

    __tablename__ = "candela_tokens"

    digest: Mapped[str] = mapped_column(primary_key=True)
    is_refresh: Mapped[bool]
    grant_id: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[str]
    client_id: Mapped[str]
    scope: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""The tables of Candela: sessions with messages, and tokens; they are in the database of Portal."""

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

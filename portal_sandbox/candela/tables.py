"""The tables of Candela, in the same database as Portal's: sessions hold messages, tokens stand alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_sandbox.tables import Base, UtcDateTime


class CandelaSessionRow(Base):
    """One version of a session; a shared one belongs to no one, is open to every user, and needs no slot.

    `answer` is what a session is read as. `running` says that it has its user's slot, which it leaves to the
    next one if it `gives_way`. `server` names the server that is answering a prompt, for as long as it does,
    and `failure` says why the last prompt has no answer.
    """

    __tablename__ = "candela_sessions"
    __table_args__ = (
        UniqueConstraint("scope", "identifier", "version"),
        # One slot for each user, whatever the code says.
        Index("ix_candela_slot", "user_id", unique=True, sqlite_where=text("running")),
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str]
    identifier: Mapped[str]
    version: Mapped[str]
    user_id: Mapped[str] = mapped_column(index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    agent_id: Mapped[str]
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    running: Mapped[bool]
    gives_way: Mapped[bool]
    server: Mapped[str | None]
    failure: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Listing sessions must not load what is said in them.
    messages: Mapped[list["CandelaMessageRow"]] = relationship(lazy="raise", order_by="CandelaMessageRow.key")


class CandelaMessageRow(Base):
    """One message: a prompt, or the agent's answer to it."""

    __tablename__ = "candela_messages"
    # No key is used twice, so that an answer that comes late is not taken for that to another prompt.
    __table_args__ = ({"sqlite_autoincrement": True},)

    key: Mapped[int] = mapped_column(primary_key=True)
    session_key: Mapped[int] = mapped_column(ForeignKey("candela_sessions.key"), index=True)
    role: Mapped[str]
    text: Mapped[str] = mapped_column(Text)


class TokenRow(Base):
    """A token that was issued, as a digest; all that come from one sign-in have the same `grant_id`."""

    __tablename__ = "candela_tokens"

    digest: Mapped[str] = mapped_column(primary_key=True)
    is_refresh: Mapped[bool]
    grant_id: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[str]
    client_id: Mapped[str]
    scope: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

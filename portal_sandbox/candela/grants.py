"""Grants: the tokens that were issued, kept as digests.

A sign-in is one grant, with an access token and a refresh token. Renewing it replaces the refresh token; the
access token stays good until it expires. Revoking a refresh token ends the grant with all its tokens,
revoking an access token only that one.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal_sandbox.candela.sessions import Database
from portal_sandbox.candela.tables import TokenRow

#: How long a refresh token lasts.
REFRESH_LIFETIME = timedelta(days=7)


class InvalidGrant(Exception):
    """The refresh token is unknown, expired, used or revoked, or it belongs to another client."""


class InvalidScope(Exception):
    """More is asked for than was granted."""


@dataclass(frozen=True)
class Issued:
    """What a client gets: the tokens, and what the access token is good for; `lifetime` is in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    lifetime: int
    scope: str


class Grants:
    """The grants in a database. Safe with threads and with other processes."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], lifetime: int, refresh_tokens: bool
    ) -> None:
        self._database = database
        self._now = now
        self._lifetime = lifetime
        self._refresh_tokens = refresh_tokens

    def sign_in(self, user: str, client_id: str, scope: str) -> Issued:
        """A new grant for `user`."""
        with self._database.writing() as db:
            db.execute(delete(TokenRow).where(TokenRow.expires_at <= self._now()))
            return self._issue(db, _Grant(uuid4().hex, user, client_id, scope), scope)

    def renew(self, refresh_token: str, client_id: str, scope: str | None) -> Issued:
        """New tokens for a refresh token, which is then used up. Raises InvalidGrant or InvalidScope."""
        with self._database.writing() as db:
            row = db.get(TokenRow, _digest(refresh_token))
            if row is None or not row.is_refresh or row.client_id != client_id or self._is_over(row):
                raise InvalidGrant
            if scope is not None and not set(scope.split()) <= set(row.scope.split()):
                raise InvalidScope
            db.delete(row)
            grant = _Grant(row.grant_id, row.user_id, row.client_id, row.scope)
            return self._issue(db, grant, row.scope if scope is None else scope)

    def user(self, access_token: str) -> str | None:
        """The user of an access token; None where it is unknown, expired or revoked."""
        with self._database.reading() as db:
            row = db.get(TokenRow, _digest(access_token))
        return None if row is None or row.is_refresh or self._is_over(row) else row.user_id

    def revoke(self, token: str, client_id: str) -> None:
        """End an access token, or with a refresh token all of its grant; harmless for an unknown one.

        Raises InvalidGrant for a token of another client.
        """
        with self._database.writing() as db:
            row = db.get(TokenRow, _digest(token))
            if row is None:
                return
            if row.client_id != client_id:
                raise InvalidGrant
            one, all_ = TokenRow.digest == row.digest, TokenRow.grant_id == row.grant_id
            db.execute(delete(TokenRow).where(all_ if row.is_refresh else one))

    def _is_over(self, row: TokenRow) -> bool:
        return row.expires_at <= self._now()

    def _issue(self, db: Session, grant: "_Grant", scope: str) -> Issued:
        access = _issued(db, grant, scope, self._now() + timedelta(seconds=self._lifetime))
        refresh = None
        if self._refresh_tokens:  # for all that was granted, even where the access token is for less
            refresh = _issued(db, grant, grant.scope, self._now() + REFRESH_LIFETIME, is_refresh=True)
        return Issued(access, refresh, self._lifetime, scope)


@dataclass(frozen=True)
class _Grant:
    grant_id: str
    user_id: str
    client_id: str
    scope: str


def _issued(db: Session, grant: _Grant, scope: str, expires_at: datetime, is_refresh: bool = False) -> str:
    token = secrets.token_urlsafe(32)
    row = TokenRow(
        digest=_digest(token),
        is_refresh=is_refresh,
        grant_id=grant.grant_id,
        user_id=grant.user_id,
        client_id=grant.client_id,
        scope=scope,
        expires_at=expires_at,
    )
    db.add(row)
    return token


def _digest(token: str) -> str:
    # Of random tokens, which nobody can guess; so the digest needs no salt and no slow function.
    return hashlib.sha256(token.encode()).hexdigest()

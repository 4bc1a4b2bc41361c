"""Grants: the issued tokens, stored as digests.

A sign-in is one grant, with an access token and a refresh token. Renewing it replaces the refresh token; the
access token stays valid until it expires. Revoking a refresh token ends the grant with all its tokens,
revoking an access token ends only that one.

A digest is made of the token, the user, the password, the client and its secret. So after a restart with
other credentials, or without the user, the token is unknown.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.candela.tables import TokenRow
from portal_sandbox.database import Database

#: The lifetime of a refresh token.
REFRESH_LIFETIME = timedelta(days=7)


class InvalidGrant(Exception):
    """The refresh token is unknown, expired, used or revoked, or it belongs to another client."""


class InvalidScope(Exception):
    """The requested scope is more than was granted."""


@dataclass(frozen=True)
class Issued:
    """The issued tokens and the scope of the access token; `lifetime` is in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    lifetime: int
    scope: str


class Grants:
    """The grants in a database. Safe with threads and with other processes."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], oauth2: OAuth2, guest: str | None
    ) -> None:
        self._database = database
        self._now = now
        self._oauth2 = oauth2
        users = (*oauth2.users, *([] if guest is None else [guest]))
        self._proofs = {user: oauth2.proof(user) for user in users}

    def sign_in(self, user: str, client_id: str, scope: str) -> Issued:
        """Return the tokens of a new grant for `user`."""
        with self._database.writing() as db:
            db.execute(delete(TokenRow).where(TokenRow.expires_at <= self._now()))
            return self._issue(db, _Grant(uuid4().hex, user, client_id, scope), scope)

    def renew(self, refresh_token: str, client_id: str, scope: str | None) -> Issued:
        """Return new tokens for a refresh token, which ends. Raises InvalidGrant or InvalidScope."""
        with self._database.writing() as db:
            row = self._found(db, refresh_token)
            if row is None or not row.is_refresh or row.client_id != client_id or self._is_expired(row):
                raise InvalidGrant
            if scope is not None and not set(scope.split()) <= set(row.scope.split()):
                raise InvalidScope
            db.delete(row)
            grant = _Grant(row.grant_id, row.user_id, row.client_id, row.scope)
            return self._issue(db, grant, row.scope if scope is None else scope)

    def user(self, access_token: str) -> str | None:
        """Return the user of an access token; None where it is unknown, expired or revoked."""
        with self._database.reading() as db:
            row = self._found(db, access_token)
        return None if row is None or row.is_refresh or self._is_expired(row) else row.user_id

    def revoke(self, token: str, client_id: str) -> None:
        """Revoke an access token, or with a refresh token its whole grant; harmless for an unknown one.

        Raises InvalidGrant for a token of another client.
        """
        with self._database.writing() as db:
            row = self._found(db, token)
            if row is None:
                return
            if row.client_id != client_id:
                raise InvalidGrant
            grant, token_alone = TokenRow.grant_id == row.grant_id, TokenRow.digest == row.digest
            db.execute(delete(TokenRow).where(grant if row.is_refresh else token_alone))

    def _found(self, db: Session, token: str) -> TokenRow | None:
        digests = [_digest(token, proof) for proof in self._proofs.values()]
        return db.scalar(select(TokenRow).where(TokenRow.digest.in_(digests)))

    def _is_expired(self, row: TokenRow) -> bool:
        return row.expires_at <= self._now()

    def _issue(self, db: Session, grant: "_Grant", scope: str) -> Issued:
        access = self._new(db, grant, scope, timedelta(seconds=self._oauth2.lifetime))
        refresh = None
        if self._oauth2.refresh_tokens:  # for the whole scope, even where the access token is for less
            refresh = self._new(db, grant, grant.scope, REFRESH_LIFETIME, is_refresh=True)
        return Issued(access, refresh, self._oauth2.lifetime, scope)

    def _new(
        self, db: Session, grant: "_Grant", scope: str, lifetime: timedelta, is_refresh: bool = False
    ) -> str:
        token = secrets.token_urlsafe(32)
        row = TokenRow(
            digest=_digest(token, self._proofs[grant.user_id]),
            is_refresh=is_refresh,
            grant_id=grant.grant_id,
            user_id=grant.user_id,
            client_id=grant.client_id,
            scope=scope,
            expires_at=self._now() + lifetime,
        )
        db.add(row)
        return token


@dataclass(frozen=True)
class _Grant:
    grant_id: str
    user_id: str
    client_id: str
    scope: str


def _digest(token: str, proof: str) -> str:
    # A random token cannot be guessed; so its digest needs no salt and no slow function.
    return hmac.digest(token.encode(), proof.encode(), "sha256").hex()

"""OAuth2: the users and the client of the token endpoint, and the lifetime of its tokens."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal_sandbox.arguments import check, check_strings

#: The default user.
USER = "sandbox-user"

#: The maximum lifetime of a token, in seconds: its end must be a valid date.
MAX_LIFETIME = 1_000_000_000


def _random() -> str:
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class OAuth2:
    """The users and the client that may sign in; by default one user with a random password.

    `users` maps each name to its password; the name is also the user's id. `lifetime` is that of an access
    token, in seconds. Without `refresh_tokens` a client must sign in again with the password.

    Raises ValueError for no user at all, for a name, password, id or secret that is empty or no string, and
    for a lifetime that is not a whole number of seconds from 1 to a thousand million, which is 31 years.
    """

    users: Mapping[str, str] = field(default_factory=lambda: {USER: _random()}, repr=False)
    client_id: str = "sandbox-client"
    client_secret: str = field(default_factory=_random, repr=False)
    lifetime: int = 3600
    refresh_tokens: bool = True

    def __post_init__(self) -> None:
        check_strings("users", self.users, '{"ann": "password"}')
        for name in ("client_id", "client_secret"):
            check(name, getattr(self, name), str, 'a string such as "sandbox"')
        if not self.users:
            raise ValueError("users must hold at least one user")
        # An empty value in a form counts as missing (RFC 6749, 3.2), so nobody could sign in with it.
        if not all((*self.users, *self.users.values(), self.client_id, self.client_secret)):
            raise ValueError("users, passwords, client_id and client_secret must not be empty")
        if type(self.lifetime) is not int or not 1 <= self.lifetime <= MAX_LIFETIME:
            raise ValueError(
                f"lifetime must be a whole number of seconds from 1 to {MAX_LIFETIME}, not {self.lifetime!r}"
            )

    def knows_user(self, username: str, password: str) -> bool:
        """Whether this is the password of the user."""
        known = self.users.get(username)
        return known is not None and _equal(known, password)

    def knows_client(self, client_id: str, client_secret: str) -> bool:
        """Whether this is the client and its secret."""
        return client_id == self.client_id and _equal(self.client_secret, client_secret)

    def proof(self, user: str) -> str:
        """Return a text that changes with the credentials of a user, so that tokens of others are unknown."""
        return repr((user, self.users.get(user), self.client_id, self.client_secret))


def derived(seed: str, **given: Any) -> OAuth2:
    """Return an OAuth2 with a password and a secret derived from the seed where none is given."""
    defaults: dict[str, Any] = {
        "users": {USER: _derived(seed, "password")},
        "client_secret": _derived(seed, "client secret"),
    }
    return OAuth2(**{**defaults, **given})


def _derived(seed: str, name: str) -> str:
    return urlsafe_b64encode(hmac.digest(seed.encode(), name.encode(), "sha256")[:16]).decode().rstrip("=")


def _equal(one: str, other: str) -> bool:
    """Whether two secrets are the same, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())

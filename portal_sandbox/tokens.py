"""Tokens: the user of each bearer token."""

import hmac
from collections.abc import Mapping

from portal_sandbox.arguments import check_strings


class Tokens:
    """The users by their tokens; `guest`, if there is one, is the user of any other token.

    Raises ValueError for no token at all, for one that a header cannot carry, and for anything but a mapping
    of strings to strings.
    """

    def __init__(self, users: Mapping[str, str], guest: str | None = None) -> None:
        check_strings("tokens", users, '{"dev-token": "ann"}')
        if not users:
            raise ValueError("tokens must hold at least one token")
        if not all(token.isascii() and token.isprintable() and token.split() == [token] for token in users):
            raise ValueError("a token must be of printable ASCII characters without spaces")
        self._guest = guest
        self._users = {token.encode(): user for token, user in users.items()}

    def user(self, token: str) -> str | None:
        """Return the user of a token, in constant time; None for an unknown one."""
        found = self._guest
        for known, user in self._users.items():
            if hmac.compare_digest(known, token.encode()):
                found = user
        return found

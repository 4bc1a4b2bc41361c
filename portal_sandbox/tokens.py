"""Tokens: which user each one stands for."""

import hmac
from collections.abc import Mapping

from portal_sandbox.arguments import check_texts


class Tokens:
    """Which user each token stands for; `guest`, if there is one, is who comes with another token.

    Raises ValueError for no token at all, for one that a header cannot carry, and for what is no mapping of
    texts to texts.
    """

    def __init__(self, users: Mapping[str, str], guest: str | None = None) -> None:
        check_texts("tokens", users, '{"dev-token": "ann"}')
        if not users:
            raise ValueError("tokens must hold at least one token")
        if not all(token.isascii() and token.isprintable() and token.split() == [token] for token in users):
            raise ValueError("a token must be of printable ASCII characters without spaces")
        self._guest = guest
        self._users = {token.encode(): user for token, user in users.items()}

    def user(self, token: str) -> str | None:
        """The user of a token; None where nobody has it. Takes equally long for each token."""
        found = self._guest
        for known, user in self._users.items():
            if hmac.compare_digest(known, token.encode()):
                found = user
        return found

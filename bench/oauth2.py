"""A token that is fetched once, beside a token given as a string."""

from __future__ import annotations

from bench.contestants import PortalClient
from bench.harness import OURS, AtMost, Entry, Row

FETCHED = "token from OAuth2"


class SignedIn(PortalClient):
    """The client with a token from a token endpoint."""

    def __init__(self, host: str) -> None:
        from portal_client.auth import OAuth2Password

        super().__init__(host)
        source = OAuth2Password(f"{host}/token", "user", "password", "client", "secret")
        self.client.configuration.access_token = source
        self.session()  # the first call fetches it


def _entry(kind: type[PortalClient]) -> Entry:
    return Entry(kind, lambda one: one.session, 100, libraries=kind.libraries)


ROWS = [
    Row(
        "oauth2",
        "`get_session` with a token that was fetched, beside one that was given",
        {OURS: _entry(PortalClient), FETCHED: _entry(SignedIn)},
        [AtMost(1.05, OURS, who=FETCHED)],
        rounds=41,
        against=OURS,
        together=True,
        note="The first call fetches the token; the others ask its source, and nobody else.",
    ),
]

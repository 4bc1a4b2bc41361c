"""The first call of a client: many clients that make one call each."""

from __future__ import annotations

from collections.abc import Callable

from bench.contestants import ALL, Contestant, PortalClient
from bench.harness import AtMost, Entry, Row, Script, Work


class _Host:
    """A contestant whose work is to make other contestants."""

    def __init__(self, host: str) -> None:
        self.host = host

    def close(self) -> None:
        """Nothing is open."""


def _once(kind: type[Contestant]) -> Callable[[_Host], Work]:
    def work(place: _Host) -> Work:
        def call() -> None:
            one = kind(place.host)
            one.session()
            one.close()

        return call

    return work


_IMPORTS = """
from bench.contestants import PortalClient
from portal_client import ApiClient, SessionsApi
"""
_CALL = "one = PortalClient('{host}'); one.session()"

ROWS = [
    Row(
        "short_lived",
        "a client that lives for one call",
        {
            name: Entry(_Host, _once(kind), 20, libraries=kind.libraries, prepare=kind.prepare)
            for name, kind in ALL.items()
        },
        [AtMost(1.5, "floor")],
        rounds=21,
        note="Made, connected, used and closed; the floor compiles its validators anew each time.",
    ),
    Row(
        "first_call",
        "the first call of a process, and that of its second client",
        {
            "first client": Script(_CALL, PortalClient.libraries, setup=_IMPORTS),
            "second client": Script(_CALL, PortalClient.libraries, setup=_IMPORTS + _CALL),
        },
        [AtMost(0.3, "first client", who="second client")],
        rounds=9,
        against="first client",
        note="Validators are compiled once for the process, not for each client.",
    ),
]

"""A large response: 10,000 sessions, 14.7 MB of JSON."""

from __future__ import annotations

import gc
from functools import partial

from bench.contestants import Paused, PortalClient, Validation
from bench.harness import AtMost, Entry, Faster, Row, Work, everyone
from bench.server import sessions

COUNT = 10_000
PAUSED = "portal_client, the program's collector off"


def _collector_off(one: PortalClient) -> Work:
    gc.disable()
    return partial(one.sessions, COUNT)


ROWS = [
    Row(
        "get_sessions",
        "10,000 sessions, 14.7 MB of JSON",
        {
            **everyone(lambda one: partial(one.sessions, COUNT), calls=1, floor=Paused),
            PAUSED: Entry(PortalClient, _collector_off, 1, libraries=PortalClient.libraries),
            "validate_json, the response kept": Entry(
                Validation, lambda one: partial(one.many_kept, sessions(COUNT)), calls=1
            ),
            "validate_json": Entry(Validation, lambda one: partial(one.many, sessions(COUNT)), calls=1),
        },
        [AtMost(1.15, "floor"), AtMost(1.15, "floor", PAUSED), Faster(4, "generated")],
        rounds=9,
        note="The floor is `validate_json` alone, on bytes in memory, with the cyclic collector paused.",
    ),
]

"""A large answer: 10,000 sessions, 14.7 MB of JSON."""

from __future__ import annotations

from functools import partial

from bench.contestants import Validation
from bench.harness import FLOOR, AtMost, Entry, Faster, Row, everyone
from bench.server import sessions

COUNT = 10_000


ROWS = [
    Row(
        "get_sessions",
        "10,000 sessions, 14.7 MB of JSON",
        {
            **everyone(lambda one: partial(one.sessions, COUNT), calls=1),
            FLOOR: Entry(Validation, lambda one: partial(one.many_paused, sessions(COUNT)), calls=1),
            "validate_json": Entry(Validation, lambda one: partial(one.many, sessions(COUNT)), calls=1),
        },
        [AtMost(1.15, "floor"), Faster(4, "generated")],
        rounds=9,
        note="The floor is `validate_json` alone, on bytes in memory, with the cyclic collector paused; "
        "`validate_json` is the same with the collector at work.",
    ),
]

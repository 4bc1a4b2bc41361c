"""A small response: the cost of one call."""

from __future__ import annotations

from bench.harness import AtMost, Faster, Row, everyone

ROWS = [
    Row(
        "get_session",
        "`get_session`, small response",
        everyone(lambda one: one.session, calls=100),
        [AtMost(1.15, "floor"), Faster(1.4, "generated")],
        rounds=41,
        note="Here, and wherever it makes a call, `portal_client` has a deadline of 60 s and a hook.",
    ),
]

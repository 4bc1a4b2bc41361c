"""A prompt of 1 MB."""

from __future__ import annotations

from functools import partial

from bench.harness import AtMost, Row, everyone

ROWS = [
    Row(
        "prompt",
        "prompt of 1 MB",
        everyone(lambda one: partial(one.create, "word " * 200_000), calls=10),
        [AtMost(1.15, "floor")],
        rounds=21,
        note="The floor makes its form by urllib3, which holds it whole.",
    ),
]

"""Many small files in one call."""

from __future__ import annotations

from functools import partial

from bench.contestants import PROMPT, PortalClient
from bench.files import small
from bench.harness import AtMost, Entry, Flat, Row, everyone


def _sending(count: int) -> Entry:
    return Entry(
        PortalClient,
        lambda one: partial(one.create, PROMPT, small(count)),
        calls=max(1, 300 // count),
        items=count,
        libraries=PortalClient.libraries,
    )


ROWS = [
    Row(
        "many_files",
        "500 files of 100 bytes in one call",
        everyone(lambda one: partial(one.create, PROMPT, small(500)), calls=1),
        [AtMost(1.5, "floor")],
        rounds=11,
        note="The floor makes its form by urllib3, which holds it whole.",
    ),
    Row(
        "many_files_growth",
        "1 to 10,000 files of 100 bytes in one call",
        {f"portal_client {count}": _sending(count) for count in (1, 10, 100, 1000, 10_000)},
        [Flat(0.15)],
        rounds=7,
        per="file",
    ),
]

"""An upload of 256 MB from a file."""

from __future__ import annotations

from functools import partial

from bench.contestants import PROMPT, RawSocket
from bench.files import sparse
from bench.harness import AtMost, Memory, Row, everyone

ROWS = [
    Row(
        "upload",
        "upload of 256 MB",
        everyone(lambda one: partial(one.create, PROMPT, [sparse(256 * 2**20)]), calls=1, floor=RawSocket),
        [AtMost(1.25, "floor"), Memory(2 * 2**20)],
        rounds=9,
        note="The floor is a bare socket, fed from the file in blocks of 256 KiB.",
    ),
]

"""Whether an item costs the same whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from bench.contestants import PROMPT, Contestant, Paused, PortalClient, RawSocket
from bench.files import sparse
from bench.harness import FLOOR, OURS, Entry, Flat, Row, Work


def _row(
    name: str,
    title: str,
    sizes: Sequence[int],
    calls: Callable[[int], int],
    work: Callable[[int], Callable[[Contestant], Work]],
    floor: type[Contestant],
    per: str,
    rounds: int,
) -> Row:
    kinds: dict[str, type[Contestant]] = {OURS: PortalClient, FLOOR: floor}
    entries = {
        f"{who} {size}": Entry(kind, work(size), calls(size), size, kind.libraries)
        for size in sizes
        for who, kind in kinds.items()
    }
    return Row(name, title, entries, [Flat(0.15)], rounds, per=per)


def _sessions(count: int) -> Callable[[Contestant], Work]:
    return lambda one: partial(one.sessions, count)


def _upload(size: int) -> Callable[[Contestant], Work]:
    return lambda one: partial(one.create, PROMPT, [sparse(size)])


ROWS = [
    _row(
        "growth_sessions",
        "10 to 100,000 sessions",
        (10, 100, 1000, 10_000, 100_000),
        lambda count: max(1, min(200, 20_000 // count)),
        _sessions,
        Paused,
        "session",
        rounds=5,
    ),
    _row(
        "growth_upload",
        "upload of 1 kB to 1 GB",
        (2**10, 2**15, 2**20, 2**25, 2**30),
        lambda size: max(1, min(100, 2**27 // size)),
        _upload,
        RawSocket,
        "byte",
        rounds=7,
    ),
]

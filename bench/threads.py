"""Threads that share one client."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bench.contestants import Contestant, Floor, PortalClient
from bench.harness import FLOOR, OURS, AtMost, Entry, Row, Work


def _in_threads(work: Work, threads: int, calls: int) -> Work:
    def loop() -> None:
        for _ in range(calls // threads):
            work()

    def run() -> None:
        workers = [threading.Thread(target=loop) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return run


def _row(name: str, title: str, threads: int, calls: int, work: Callable[[Contestant], Work]) -> Row:
    def in_threads(one: Contestant) -> Work:
        return _in_threads(work(one), threads, calls)

    kinds: dict[str, type[Contestant]] = {OURS: PortalClient, FLOOR: Floor}
    return Row(
        name,
        title,
        {n: Entry(kind, in_threads, 1, calls, kind.libraries) for n, kind in kinds.items()},
        [AtMost(1 / 0.9, "floor")],
        rounds=15,
        clock="wall",
    )


ROWS = [
    _row("threads_8", "8 threads on one client", 8, 480, lambda one: one.session),
    _row("threads_32", "32 threads on one client", 32, 480, lambda one: one.session),
    _row("threads_slow", "32 threads, responses that take 20 ms", 32, 320, lambda one: one.slow_session),
]

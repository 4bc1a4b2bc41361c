"""Contestants in a process: asked over a pipe, it answers how long the work of one of them took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any


def main(program: str, row: str, host: str) -> None:
    """Answer each line, a number and a contestant, by its work so often, giving the times in seconds."""
    rows = import_module(f"bench.{program}").ROWS
    entries = next(each for each in rows if each.name == row).entries
    contestants: dict[str, Any] = {}
    works: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        calls, _, name = line.rstrip("\n").partition(" ")
        if name not in works:
            contestants[name] = entries[name].make(host)
            works[name] = entries[name].work(contestants[name])
        work = works[name]
        before = _start_of_memory()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(int(calls)):
            work()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        memory = None if before is None else max(0, _status("VmHWM") - before)
        print(json.dumps({"cpu": cpu, "wall": wall, "memory": memory}), flush=True)
    for contestant in contestants.values():
        contestant.close()


def _start_of_memory() -> int | None:
    """Forget the highest use of memory so far and answer the present one; None where Linux is not."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")
        return _status("VmRSS")
    return None


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])

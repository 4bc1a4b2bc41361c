"""A process with contestants, which reads orders from a pipe and writes the times of their work."""

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
    """Read lines of a count and a contestant, do its work so often, and write the times in seconds."""
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
    """Reset the highest use of memory and return the present one; None except on Linux."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")
        return _status("VmRSS")
    return None


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])

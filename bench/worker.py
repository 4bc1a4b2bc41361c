"""One contestant in a process of its own: asked over a pipe, it answers how long its work took."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path


def main(program: str, row: str, name: str, host: str) -> None:
    """Answer each line, a number, by working so often and giving the times in seconds."""
    rows = import_module(f"bench.{program}").ROWS
    entry = next(each for each in rows if each.name == row).entries[name]
    contestant = entry.make(host)
    work = entry.work(contestant)
    for line in sys.stdin:
        before = _start_of_memory()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(int(line)):
            work()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        memory = None if before is None else max(0, _status("VmHWM") - before)
        print(json.dumps({"cpu": cpu, "wall": wall, "memory": memory}), flush=True)
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

"""The resources that a process holds, from Linux's /proc, and whether they grow."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from statistics import median

PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """The resources of a process: open descriptors, threads, and megabytes of memory."""

    descriptors: float
    threads: float
    memory: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Return those of a process."""
        process = PROC / str(pid)
        pages = int((process / "statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        return cls(len(os.listdir(process / "fd")), len(os.listdir(process / "task")), memory)

    @classmethod
    def middle(cls, usages: Sequence[Usage]) -> Usage:
        """Return the medians of each resource."""
        return cls(*map(median, zip(*map(astuple, usages), strict=True)))


#: How much more the last quarter of the time may take than the first.
MORE = Usage(descriptors=8, threads=8, memory=20.0)


@dataclass(frozen=True)
class Growth:
    """The resources of a process in the first and the last quarter of the time, as medians."""

    first: Usage
    last: Usage

    @classmethod
    def over(cls, usages: Sequence[Usage]) -> Growth:
        """Return it for usages at regular times."""
        quarter = max(1, len(usages) // 4)
        return cls(Usage.middle(usages[:quarter]), Usage.middle(usages[-quarter:]))

    def is_flat(self, warm: bool = True) -> bool:
        """Return whether no resource has grown by more than `MORE`; memory is left out before all is warm."""
        limits = MORE if warm else replace(MORE, memory=math.inf)
        return all(
            last - first <= more
            for first, last, more in zip(*map(astuple, (self.first, self.last, limits)), strict=True)
        )

    def lines(self, process: str) -> str:
        """Return a line for each resource."""
        return "\n".join(
            f"{f'{process}, {name}':24}{format(getattr(self.first, key), form):>14}"
            f"{format(getattr(self.last, key), form):>14}{format(getattr(MORE, key), form):>14}"
            for key, name, form in (
                ("descriptors", "descriptors", ".0f"),
                ("threads", "threads", ".0f"),
                ("memory", "MB", ".1f"),
            )
        )

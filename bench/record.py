"""The last measurements, as plain data in bench/recorded.json, from which the page and the check are made."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from bench.harness import Judged, Ratio, Result

PATH = Path(__file__).with_name("recorded.json")


@dataclass(frozen=True)
class Recorded:
    """Seconds per call or item of one contestant; `ratio` is to the reference of the row."""

    median: float
    low: float
    high: float
    items: int
    memory: float | None
    ratio: Ratio | None
    versions: dict[str, str]


@dataclass(frozen=True)
class Line:
    """A row with its figures."""

    program: str
    name: str
    title: str
    clock: str
    per: str
    against: str
    note: str
    figures: dict[str, Recorded]
    claims: list[Judged]
    absent: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, program: str, result: Result) -> Line:
        """Return the record of a result."""
        row = result.row
        figures = {
            name: Recorded(
                figure.median,
                *figure.quartiles,
                row.entries[name].items,
                figure.memory,
                result.ratio(name, row.against),
                dict(figure.versions),
            )
            for name, figure in result.figures.items()
        }
        about = (program, row.name, row.title, row.clock, row.per, row.against, row.note)
        return cls(*about, figures, result.judged, dict(result.absent))


@dataclass(frozen=True)
class Record:
    """A whole run: where, and what."""

    python: str
    machine: str
    lines: list[Line]

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Record:
        """Return the record of a run on this machine."""
        machine = f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores"
        return cls(platform.python_version(), machine, list(lines))

    def line(self, name: str) -> Line | None:
        """The row of this name."""
        return next((line for line in self.lines if line.name == name), None)

    @property
    def versions(self) -> dict[str, str]:
        """The libraries that took part."""
        return {
            library: version
            for line in self.lines
            for figure in line.figures.values()
            for library, version in figure.versions.items()
        }

    def merged(self, newer: Record) -> Record:
        """Return this record with its rows replaced by those of a newer one."""
        lines = {line.name: line for line in self.lines} | {line.name: line for line in newer.lines}
        return Record(newer.python, newer.machine, list(lines.values()))

    def write(self) -> None:
        """Keep it."""
        PATH.write_bytes(TypeAdapter(Record).dump_json(self, indent=1) + b"\n")

    @classmethod
    def kept(cls) -> Record:
        """Return the record that was kept. Raises FileNotFoundError when there is none."""
        return TypeAdapter(Record).validate_json(PATH.read_bytes())

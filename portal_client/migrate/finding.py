"""What a check has found, as a line and as JSON."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple


class Severity(IntEnum):
    """How much a finding matters: it fails here, it behaves differently, or it works better now."""

    ERROR = 0
    CHANGE = 1
    NOTE = 2


class Place(NamedTuple):
    """A place in a file, or in a cell of a notebook: line and column as Python counts them, from 1."""

    file: str
    cell: int
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{f'cell {self.cell}:' if self.cell else ''}{self.line}:{self.column}"


class Finding(NamedTuple):
    """Something in a script that is different here, and the section of a page that says why."""

    place: Place
    severity: Severity
    check: str
    message: str
    anchor: str

    def __str__(self) -> str:
        return f"{self.place}: {self.severity.name.lower()}: {self.message} [{self.anchor}]"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON has it; `cell` is null where the file is no notebook."""
        found = {**self.place._asdict(), **self._asdict()}
        del found["place"]
        return {**found, "cell": self.place.cell or None, "severity": self.severity.name.lower()}

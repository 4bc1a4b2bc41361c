"""Settings, their sources, and what these overrode: a table for people, rows for programs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import urllib3

from portal_client.exceptions import ApiValueError
from portal_client.references import Reference
from portal_client.secret import Secret, Secrets


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value of a setting and its source; `kind` is "environment", "file", "argument" or "default"."""

    value: object = field(repr=False)
    where: str
    kind: str


def argument(name: str) -> Sourced:
    """Return the source of a setting that was given as an argument; its value is not kept."""
    return Sourced(None, f"the argument {name}", "argument")


def attribute(name: str) -> Sourced:
    """Return the source of a setting that was set later, as an attribute."""
    return Sourced(None, f"the attribute {name}", "argument")


class Provenance:
    """The values of each setting, in the order of their sources; the last one wins."""

    def __init__(self) -> None:
        self.values_of: dict[str, list[Sourced]] = {}

    def add(self, name: str, value: Sourced) -> None:
        """Add a value, which wins over those that are there."""
        self.values_of.setdefault(name, []).append(value)

    def values(self) -> dict[str, Any]:
        """Return the value of each setting that has one."""
        return Secrets({name: revealed(values[-1].value) for name, values in self.values_of.items()})

    def where(self, name: str) -> str:
        """Return the source of a setting, or its name where it has none."""
        return self.values_of[name][-1].where if name in self.values_of else name

    @contextmanager
    def naming_source(self, *names: str) -> Generator[None, None, None]:
        """Prefix an error that begins with the name of a setting with the source of the setting."""
        try:
            yield
            return
        except ApiValueError as error:
            message = str(error)
        name = next((name for name in names if message.startswith(name)), names[0])
        raise ApiValueError(f"{self.where(name)}: {message}")


class Row(NamedTuple):
    """A setting: its value with secrets masked, its source, the sources that it overrode, and a warning."""

    setting: str
    value: str
    source: str
    overrode: tuple[str, ...] = ()
    warning: str = ""

    @classmethod
    def of(cls, setting: str, value: str, sources: Sequence[Sourced], warning: str = "") -> Row:
        """Return the row of a setting, whose value is shown as `value`; the last of its sources has won."""
        if not sources:
            return cls(setting, "", "not set")
        *before, last = sources
        overrode = tuple(each.where for each in before if each.kind != "default")
        return cls(setting, value, last.where, overrode, warning)


#: The source of a row for a variable that is not read.
NOT_READ = "not read"


class Explanation(tuple[Row, ...]):
    """A Row for each setting; it prints as a table, with warnings below."""

    __slots__ = ()

    @property
    def warnings(self) -> list[str]:
        """The warnings, each after the name of its setting."""
        return [f"{row.setting}: {row.warning}" for row in self if row.warning]

    def __str__(self) -> str:
        head = ("setting", "value", "source", "overrode")
        lines = [head, *((r.setting, r.value, r.source, ", ".join(r.overrode)) for r in self)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([*table, *(f"warning: {warning}" for warning in self.warnings)])

    __repr__ = __str__


def revealed(value: object) -> object:
    """Return a value, and the text of one that hides."""
    return value.reveal() if isinstance(value, Secret) else value


def shown(value: object) -> str:
    """Return the value of a setting as a row shows it: secrets, and whatever may return one, are masked."""
    if isinstance(value, (str, int, float, tuple, urllib3.Retry)):
        return str(cast(object, value))
    if isinstance(value, (Reference, dict)):
        return repr(cast(object, value))
    if isinstance(value, list):
        return ", ".join(type(item).__name__ for item in cast("list[object]", value))
    return "" if revealed(value) == "" else "***"

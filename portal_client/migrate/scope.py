"""The names of a script, and what each stands for where it is used."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from portal_client.migrate.values import UNKNOWN, Value


class Scope:
    """The names of a module, a class or a function, each with the last value that it was set to.

    A name is unknown where a branch or a loop sets it to something else than it was.
    """

    def __init__(self, outer: Optional[Scope] = None) -> None:
        self.outer = outer
        #: The numbers of the branches and loops that are read, outermost first.
        self.block: tuple[int, ...] = ()
        self.names: dict[str, tuple[Value, tuple[int, ...]]] = {}
        #: What functions within see: names that are set to one thing only.
        self._steady: dict[str, Value] = {}

    def set(self, name: str, value: Value) -> None:
        """Assign a name."""
        old, block = self.names.get(name, (value, self.block))
        if block != self.block and old.call is not value.call:
            value = replace(value, call=None)
        if block[: len(self.block)] != self.block and old != value:
            value = UNKNOWN
        self.names[name] = value, self.block
        self._steady[name] = value if self._steady.get(name, value) == value else UNKNOWN

    def find(self, name: str) -> Optional[Value]:
        """Return what a name stands for; None where there is no such name."""
        if name in self.names:
            value, block = self.names[name]
            return value if all(a == b for a, b in zip(block, self.block, strict=False)) else UNKNOWN
        return self.outer.seen(name) if self.outer else None

    def seen(self, name: str) -> Optional[Value]:
        """Return what a name stands for in the functions within."""
        return self._steady[name] if name in self._steady else self.outer.seen(name) if self.outer else None

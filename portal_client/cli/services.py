"""The other services that the command knows: the names of their groups, and the modules of these."""

from __future__ import annotations

#: A module has a docstring, the help of its group, and a function `commands`.
SERVICES = {"candela": "finbourne_candela.cli"}


def doctor_of(module: str) -> tuple[str, ...]:
    """Return the command, without `portal`, that examines the service whose client a module makes."""
    return (*(name for name, each in SERVICES.items() if each == module), "doctor")

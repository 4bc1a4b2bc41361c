"""A request to add a circuit."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from finbourne_candela.models.circuit_dto import CircuitDTO
from portal_client.model import Model, Nullable


class PostCircuit(Model, defer_build=True):
    """A circuit to be added."""

    scope: StrictStr
    """Its scope, a namespace that users choose."""
    identifier: StrictStr
    """Its name within the scope."""
    description: Nullable[StrictStr] = None
    """What it is, for people to read."""
    version_bump: Optional[StrictStr] = "patch"
    """Which part of the version is counted up: major, minor or patch."""
    data: CircuitDTO
    """The circuit itself."""

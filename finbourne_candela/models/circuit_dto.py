"""The steps of a session as a graph."""

from __future__ import annotations

from typing import Any

from pydantic import StrictStr

from finbourne_candela.models.nodes import Nodes
from portal_client.model import Model, Nullable


class CircuitDTO(Model, defer_build=True):
    """The steps that a session goes through: named nodes, each of which names its follower."""

    first: StrictStr
    """The name of the node that it starts with."""
    nodes: Nullable[dict[str, Nodes]]
    """The nodes by their names."""

    def _view(self) -> Any:
        from finbourne_candela.graph import circuit_view

        return circuit_view(self)

"""Kinds: what distinguishes apps, circuits, directives, models and tool modules in the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portal_sandbox.candela import checks, wire
from portal_sandbox.candela.circuits import CircuitDTO
from portal_sandbox.candela.specs import Wire


@dataclass(frozen=True)
class Kind:
    """A kind of objects: its names, its models, and what is checked before one is stored.

    A kind without `post` is added in a way of its own, and cannot be read.
    """

    noun: str
    tag: str
    post: type[wire.Post[Any]] | None = None
    data: type[Wire] | None = None
    metadata: type[wire.ObjectMetadata] = wire.ObjectMetadata
    check: Callable[[Any], None] | None = None

    @property
    def path(self) -> str:
        """The path of its operations, and the name of many in theirs."""
        return f"{self.name}s"

    @property
    def name(self) -> str:
        """The name in operations and in the store."""
        return self.noun.replace(" ", "_")

    @property
    def article(self) -> str:
        """The noun with its article."""
        return f"an {self.noun}" if self.noun[0] == "a" else f"a {self.noun}"


APP = Kind("app", "Apps", wire.PostApp, wire.AppSpec)
CIRCUIT = Kind("circuit", "Circuits", wire.PostCircuit, CircuitDTO, check=checks.check_circuit)
DIRECTIVE = Kind("directive", "Directives", wire.PostDirective, wire.Directive)
MODEL = Kind("model", "Models")
TOOL_MODULE = Kind(
    "tool module",
    "ToolModules",
    wire.PostToolModule,
    wire.ToolModule,
    wire.ToolModuleMetadata,
    checks.check_tool_module,
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (APP, CIRCUIT, DIRECTIVE, MODEL, TOOL_MODULE)}

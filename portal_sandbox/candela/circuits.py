"""Circuits: the nodes of a pipeline; the model of a node is chosen by `type`."""

from typing import Annotated, Any, Literal

from pydantic import Tag
from typing_extensions import TypeAliasType

from portal_sandbox.candela.specs import BY_TYPE, Spec, Wire, fill_in_type


class BaseTool(Wire):
    """The properties that all tools share."""

    tool_type: str | None = None
    instruction: str | None = None


ToolObj = TypeAliasType("ToolObj", dict[str, Any] | BaseTool)


class ResponseDTO(Wire):
    """A node that answers."""

    type: Literal["response"] = "response"
    node_id: str
    child_id: str | None
    as_block: bool
    template: str | None
    context: str | None
    inserts: dict[str, str] | None


class IntentDTO(Wire):
    """A node that finds out the intent."""

    type: Literal["intent"] = "intent"
    node_id: str
    child_id: str | None
    spec: Spec
    instruction: str | None = None


class ConfirmDTO(Wire):
    """A node that asks for confirmation."""

    type: Literal["confirm"] = "confirm"
    node_id: str
    child_id: str | None
    instruction: str | None = None
    options: list[str]


class NoOpDTO(Wire):
    """A node that does nothing."""

    type: Literal["no-op"] = "no-op"
    node_id: str
    child_id: str | None
    label: str


class UseToolDTO(Wire):
    """A node that uses a tool."""

    type: Literal["use-tool"] = "use-tool"
    node_id: str
    child_id: str | None
    intent_id: str
    tool_obj: ToolObj


class SwitchDTO(Wire):
    """A node that chooses one of several branches."""

    type: Literal["switch"] = "switch"
    node_id: str
    case_spec: dict[str, str] | None
    case_objs: dict[str, NoOpDTO] | None
    isolate: bool | None = None


class InsertContextDTO(Wire):
    """A node that adds context."""

    type: Literal["insert"] = "insert"
    node_id: str
    child_id: str | None
    label: str
    context: str


Nodes = TypeAliasType(
    "Nodes",
    Annotated[
        Annotated[ResponseDTO, Tag("response")]
        | Annotated[IntentDTO, Tag("intent")]
        | Annotated[ConfirmDTO, Tag("confirm")]
        | Annotated[NoOpDTO, Tag("no-op")]
        | Annotated[UseToolDTO, Tag("use-tool")]
        | Annotated[SwitchDTO, Tag("switch")]
        | Annotated[InsertContextDTO, Tag("insert")],
        BY_TYPE,
        fill_in_type(ResponseDTO, IntentDTO, ConfirmDTO, NoOpDTO, UseToolDTO, SwitchDTO, InsertContextDTO),
    ],
)


class CircuitDTO(Wire):
    """The nodes by name, and the name of the first."""

    first: str
    nodes: dict[str, Nodes] | None

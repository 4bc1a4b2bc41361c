"""The requests and responses of the contract."""

from datetime import datetime
from enum import IntEnum
from typing import Any, Generic, Literal, TypeVar

from pydantic import Field

from portal_sandbox.candela.circuits import CircuitDTO
from portal_sandbox.candela.specs import Wire

EventType = Literal["chat", "intent", "info", "result", "wait", "user", "sys"]
ItemType = Literal["user", "sys", "chat_resp", "struct_resp", "info", "result", "wait"]
AppType = Literal["agent", "pipeline"]
Bump = Literal["major", "minor", "patch"]


class ObjectId(Wire):
    """The name of an object; without a version, of the latest one."""

    scope: str
    identifier: str
    version: str | None = None


class ObjectMetadata(Wire):
    """The metadata of an object."""

    obj_id: ObjectId
    domain: str
    created_by: str
    created_at: datetime
    description: str | None = None


class Session(Wire):
    """The details of a session: the objects it was started with."""

    app: ObjectId | None
    model_cfg: ObjectId
    host_id: str
    parent_session: ObjectId | None = None
    circuit_override: ObjectId | None = None
    directive_override: ObjectId | None = None
    dev_session: bool | None = None


class SessionStartRequest(Wire):
    """A request for a session of a stored app on a stored model."""

    app: ObjectId
    model_cfg: ObjectId
    scope: str | None = None
    parent_session: ObjectId | None = None
    circuit_override: ObjectId | None = None
    directive_override: ObjectId | None = None


class Directive(Wire):
    """The instructions for an agent."""

    point: Literal[" * "] = " * "
    hide: bool = True
    identity: Any = None
    purpose: Any = None
    style: Any = None
    restriction: Any = None
    context_vals: dict[str, str] | None = None


class ToolModule(Wire):
    """The source code of tools."""

    content: str


class DevSessionStartRequest(Wire):
    """A request for a session of a circuit and a directive that are not stored."""

    model_id: ObjectId
    circuit: CircuitDTO
    directive: Directive
    scope: str | None = None
    parent_session: ObjectId | None = None
    tool_module_override: ToolModule | None = None


class SubmitPrompt(Wire):
    """A prompt for the running session with this identifier in this scope."""

    prompt: str
    session_id: str
    scope: str = Field(default="default")


class Event(Wire):
    """An event while an agent answers."""

    event_type: EventType
    content: str


# ── stored objects ──


class AppSpec(Wire):
    """The circuit and the directive of an app, and how it takes prompts."""

    type: AppType
    circuit: ObjectId
    directive: ObjectId


Data = TypeVar("Data", bound=Wire)


class Post(Wire, Generic[Data]):
    """An object to be stored, or the next version of one."""

    scope: str = Field(min_length=1)
    identifier: str = Field(min_length=1)
    description: str | None = None
    version_bump: Bump = "patch"
    data: Data


class PostApp(Post[AppSpec]):
    """An app to be stored."""


class PostCircuit(Post[CircuitDTO]):
    """A circuit to be stored."""


class PostDirective(Post[Directive]):
    """A directive to be stored."""


class PostToolModule(Post[ToolModule]):
    """A tool module to be stored."""


class ToolModuleMetadata(ObjectMetadata):
    """The metadata of a tool module, with the names of its tools."""

    tools: list[str]


class ToolMetadata(Wire):
    """A tool, and the module that has it."""

    tool_name: str
    scope: str
    module_name: str
    module_version: str


# ── slots ──


class SlotState(IntEnum):
    """The state of a slot."""

    START_REQUEST = 0
    NODE_STARTING = 1
    HOST_STARTING = 2
    HOST_READY = 3
    STOPPING = 4
    HOST_DISPOSED = 5
    ERRORED = 6
    HOST_GONE = 7
    HOST_IDLE = 8


class SlotData(Wire):
    """A slot, its user and its times."""

    slot_id: str
    slot_type: str
    domain: str
    # Without a default in the schema, as in the contract.
    state: SlotState = Field(default_factory=lambda: SlotState.START_REQUEST)
    assigned_to: str | None = None
    url: str | None = None
    created: datetime | None = None
    assigned: datetime | None = None
    disposed: datetime | None = None
    ready: datetime | None = None


class SlotsPutResponse(Wire):
    """A number before a change, and after it."""

    old_value: int
    new_value: int


# ── traces ──


class TraceItem(Wire):
    """Something that was said."""

    item_type: ItemType
    content: str


class Trace(Wire):
    """What was said in one conversation, and in which sessions."""

    session_ids: list[str]
    trace_items: list[TraceItem]

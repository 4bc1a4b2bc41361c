"""The requests and responses of the contract."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from portal_sandbox.candela.circuits import CircuitDTO
from portal_sandbox.candela.specs import Wire

EventType = Literal["chat", "intent", "info", "result", "wait", "user", "sys"]


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

"""The response models of the contract."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class SessionStatus(StrEnum):
    """The status of a session."""

    READY = "Ready"
    RUNNING = "Running"
    FLUSHED = "Flushed"
    ERROR = "Error"


class MessageRole(StrEnum):
    """The author of a message."""

    USER = "user"
    ASSISTANT = "assistant"


class MessageAgent(BaseModel):
    """The agent that wrote a message."""

    id: str
    name: str
    icon: str


class Message(BaseModel):
    """A message; `agent` is null for the user's own."""

    text: str
    role: MessageRole
    agent: MessageAgent | None = None


class Session(BaseModel):
    """A conversation between a user and an agent. Times are in UTC."""

    id: str
    agent_id: str
    thread_id: str
    created_at: datetime
    updated_at: datetime
    messages: list[Message]
    status: SessionStatus
    user_id: str
    routine_id: str | None = None


class AsyncSessionResponse(BaseModel):
    """The id of a session on which its agent runs."""

    session_id: str


class GetSessionsResponse(BaseModel):
    """Sessions, newest first."""

    sessions: list[Session]


class GroupedSessionsResponse(BaseModel):
    """Sessions by time, newest first: Today, Yesterday, Previous 7 days, then month by month."""

    time_to_sessions: dict[str, list[Session]] | None


class HTTPError(BaseModel):
    """The reason for a refused request."""

    model_config = ConfigDict(json_schema_extra={"x-extension": True})

    detail: str = Field(description="The reason, for people to read")


class ValidationError(BaseModel):
    """An invalid argument; `loc` is its place."""

    loc: list[str | int]
    msg: str
    type: str


class HTTPValidationError(BaseModel):
    """All invalid arguments."""

    detail: list[ValidationError] = Field(default_factory=list[ValidationError])  # not required

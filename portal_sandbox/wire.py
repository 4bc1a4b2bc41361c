"""What goes over the wire: the response models of the contract."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class SessionStatus(StrEnum):
    """Where a session stands."""

    READY = "Ready"
    RUNNING = "Running"
    FLUSHED = "Flushed"
    ERROR = "Error"


class MessageRole(StrEnum):
    """Who wrote a message."""

    USER = "user"
    ASSISTANT = "assistant"


class MessageAgent(BaseModel):
    """The agent that wrote a message."""

    id: str
    name: str
    icon: str


class Message(BaseModel):
    """One message; `agent` is null for the user's own."""

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
    """The id of a session whose agent has begun to answer."""

    session_id: str


class GetSessionsResponse(BaseModel):
    """Sessions, newest first."""

    sessions: list[Session]


class GroupedSessionsResponse(BaseModel):
    """Sessions by time, newest first: Today, Yesterday, Previous 7 days, then month by month."""

    time_to_sessions: dict[str, list[Session]] | None


class HTTPError(BaseModel):
    """Why a request was refused."""

    model_config = ConfigDict(json_schema_extra={"x-extension": True})

    detail: str = Field(description="The reason, for people to read")


class ValidationError(BaseModel):
    """One argument that cannot be used; `loc` says where it stood."""

    loc: list[str | int]
    msg: str
    type: str


class HTTPValidationError(BaseModel):
    """Every argument that cannot be used."""

    detail: list[ValidationError] = Field(default_factory=list[ValidationError])  # not required

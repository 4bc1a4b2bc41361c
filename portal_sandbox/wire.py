"""The requests and responses of the contract."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny


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


class Agent(BaseModel):
    """An agent as its users see it."""

    id: str
    name: str
    assistant_id: str
    assistant_nickname: str
    welcome_message: str
    user_initial_message: str
    icon: str
    visibility_requirements: list[str]


class AgentsResponse(BaseModel):
    """Agents."""

    agents: list[Agent]


class SessionSummary(BaseModel):
    """A session in a list: its agent, and a name for it."""

    id: str
    agent: Agent
    updated_at: datetime
    name: str


class GroupedSession(Session, SessionSummary):
    """A session that has the fields of its summary, too: the contract does not say which of both it is."""


class GroupedSessionsResponse(BaseModel):
    """Sessions by time, newest first: Today, Yesterday, Previous 7 days, then month by month."""

    time_to_sessions: dict[str, list[SerializeAsAny[Session | SessionSummary]]] | None


class Widget(BaseModel):
    """An agent with its latest session, if there is one."""

    agent: Agent
    latest_session: Session | None


class Dashboard(BaseModel):
    """A widget for each agent."""

    widgets: list[Widget]


class CreateBusinessRequest(BaseModel):
    """A new business."""

    name: str
    description: str


class Business(BaseModel):
    """The business of a user."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    user_id: str
    name: str
    description: str


class BusinessResponse(BaseModel):
    """The caller's business, or null."""

    business: Business | None


class DeleteBusinessResponse(BaseModel):
    """Whether there was such a business."""

    success: bool


class PlaygroundAgent(BaseModel):
    """An agent with its instructions, to be tried out."""

    id: str
    name: str
    icon: str
    assistant_id: str
    instructions: str


class PlaygroundAgentsResponse(BaseModel):
    """The agents of the playground."""

    agents: list[PlaygroundAgent]


class PlaygroundUpdateAgentsRequest(BaseModel):
    """All agents that the playground is to have."""

    agents: list[PlaygroundAgent]


class ReportValue(BaseModel):
    """A cell of a table; `key` is its column."""

    key: str
    text: str
    link: str = ""
    is_downloadable: bool = False


class ReportRow(BaseModel):
    """A row of a table."""

    values: list[ReportValue]


class ReportTable(BaseModel):
    """A table of a report."""

    title: str
    columns: list[str]
    rows: list[ReportRow]


class Report(BaseModel):
    """The text and the tables of an agent."""

    text: str = ""
    tables: list[ReportTable] = Field(default_factory=list[ReportTable])  # not required


class TrendStatus(StrEnum):
    """The direction of a routine's results."""

    POSITIVE = "POSITIVE"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"


class Trend(BaseModel):
    """The direction of a routine's results, and why."""

    description: str
    status: TrendStatus


class CreateRoutineRequest(BaseModel):
    """A new routine."""

    agent_id: str
    name: str
    requirements: str = Field(min_length=1)
    interval: str = Field(min_length=1)


class Routine(BaseModel):
    """A named, recurring question of a user to an agent."""

    id: str
    agent_id: str
    user_id: str
    name: str
    requirements: str
    interval: str
    trend: Trend


class RoutineWithSessions(Routine):
    """A routine with its runs; `latest_answer` is "" before the first one."""

    sessions: list[Session]
    latest_answer: str


class RoutinesResponse(BaseModel):
    """Routines, newest first."""

    routines: list[RoutineWithSessions]


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

"""The errors of the sandbox: it cannot start, or it refuses a request."""

from collections.abc import Collection, Mapping
from itertools import islice

#: The maximum number of agents that an error names.
_MAX_NAMED = 10

#: The error of an answer that a server has left unfinished.
STOPPED = "The server stopped before the agent answered"


class SandboxError(Exception):
    """The sandbox cannot start: its port is taken, or its database cannot be used."""


class Refused(Exception):
    """A valid request that is not carried out; the response is ``{"detail": ...}`` with `status`."""

    status = 400
    detail = "Refused"
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.detail)
        self.detail = str(self)


class NotFound(Refused):
    """Nothing of a kind, such as "session", has this id."""

    status = 404

    def __init__(self, noun: str) -> None:
        super().__init__(f"{noun.capitalize()} not found")


class NoSuchSession(NotFound):
    """No session has this name."""

    def __init__(self) -> None:
        super().__init__("session")


class NoSuchAgent(Refused):
    """No agent has this id; the error names the agents, the first of many."""

    status = 404

    def __init__(self, agent_id: str, agents: Collection[str]) -> None:
        names = ", ".join([*islice(agents, _MAX_NAMED), *(["…"] if len(agents) > _MAX_NAMED else [])])
        super().__init__(f"Agent not found: {agent_id} (agents: {names})")


class NotYours(Refused):
    """What was asked for, such as a "session", belongs to another user."""

    status = 403

    def __init__(self, noun: str) -> None:
        super().__init__(f"This {noun} belongs to another user")


class HasBusiness(Refused):
    """The user has a business already."""

    status = 409
    detail = "You have a business already"


class SessionRunning(Refused):
    """The session's agent is still answering the last prompt."""

    status = 409
    detail = "Session is running"


class Stopping(Refused):
    """The server is stopping and accepts no new prompts."""

    status = 503
    detail = "The server is stopping"


#: The arguments of the RuntimeError that Python raises where it can start no thread.
NO_THREAD = ("can't start new thread",)


class NoThread(Refused):
    """The system has no thread in which the agent could run."""

    status = 503
    detail = "The server has no thread left to answer in"
    headers: Mapping[str, str] = {"Retry-After": "1"}


class AgentFailed(Refused):
    """The agent raised, was abandoned, or its answer cannot be sent or stored.

    Not 502 to 504, after which proxies and clients may try again: the prompt was accepted.
    """

    status = 500


class DatabaseUnusable(Refused):
    """The database cannot be used, for a short reason; nothing has changed."""

    status = 500

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.detail = f"The database cannot be used: {reason}"


class DatabaseBusy(DatabaseUnusable):
    """Another process holds the database locked for too long; nothing has changed."""

    status = 503
    headers: Mapping[str, str] = {"Retry-After": "1"}

    def __init__(self) -> None:
        super().__init__("another process keeps it locked")


class DatabaseFull(DatabaseUnusable):
    """There is no room on the disk; nothing has changed."""


class OutOfRange(Exception):
    """The session has no message at this index; `count` is the number of its messages."""

    def __init__(self, count: int) -> None:
        super().__init__(f"the session has {count} messages")
        self.count = count

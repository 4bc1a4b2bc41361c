"""What can go wrong: the sandbox that does not start, and the requests it refuses."""

from collections.abc import Collection, Mapping
from itertools import islice

#: How many agents a refusal names.
_NAMED = 10


#: What is said of an answer that a server has left unfinished.
STOPPED = "The server stopped before the agent answered."


class SandboxError(Exception):
    """The sandbox cannot start: its port is taken, or its database cannot be used."""


class Refused(Exception):
    """A request that is understood and not carried out; becomes ``{"detail": ...}`` with `status`."""

    status = 400
    detail = "Refused"
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.detail)
        self.detail = str(self)


class NoSuchSession(Refused):
    """No session has this id."""

    status = 404
    detail = "Session not found"


class NoSuchAgent(Refused):
    """No agent has this id; says which ones there are, the first of many."""

    status = 404

    def __init__(self, agent_id: str, agents: Collection[str]) -> None:
        there_are = ", ".join([*islice(agents, _NAMED), *(["…"] if len(agents) > _NAMED else [])])
        super().__init__(f"Agent not found: {agent_id} (there are {there_are})")


class NotYours(Refused):
    """The session belongs to somebody else."""

    status = 403
    detail = "This session belongs to another user"


class SessionRunning(Refused):
    """The session's agent is still answering the last prompt."""

    status = 409
    detail = "Session is running"


class Stopping(Refused):
    """The server is stopping and takes no new prompts."""

    status = 503
    detail = "The server is stopping"


#: What the RuntimeError says that Python raises where it can start no thread.
NO_THREAD = ("can't start new thread",)


class NoThread(Refused):
    """The system gives the server no thread in which the agent could answer."""

    status = 503
    detail = "The server has no thread left to answer in"
    headers: Mapping[str, str] = {"Retry-After": "1"}


class AgentFailed(Refused):
    """The agent raised, was given up, or answered what cannot be sent or stored.

    Not 502 to 504, which proxies and clients take as leave to try again: the prompt was taken.
    """

    status = 500


class DatabaseUnusable(Refused):
    """The database cannot be used, for a reason in a few words; nothing has changed."""

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
    """A message index that the session does not have.

    `count` is the number of messages that it has.
    """

    def __init__(self, count: int) -> None:
        super().__init__(f"the session has {count} messages")
        self.count = count

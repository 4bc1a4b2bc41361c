"""The errors of Candela: the requests that it refuses."""

from portal_sandbox.errors import STOPPED, Refused


class NoSuchParent(Refused):
    """The user can see no session with the name of the parent."""

    status = 404
    detail = "Parent session not found"


class SlotTaken(Refused):
    """Another session of the user is running."""

    status = 409

    def __init__(self, scope: str, identifier: str) -> None:
        super().__init__(f"Your slot is taken by session {identifier} of scope {scope}: stop it first")


class SessionRunning(Refused):
    """A session that is running cannot be deleted."""

    status = 409
    detail = "Session is running: stop it first"


class NotRunning(Refused):
    """A session that is not running takes no prompts."""

    status = 409
    detail = "Session is not running"


class StillAnswering(Refused):
    """The session's agent is still answering the last prompt."""

    status = 409
    detail = "The agent is still answering the last prompt"


class Stopped(Refused):
    """The session was stopped while its agent was answering."""

    status = 409
    detail = "The session was stopped before the agent answered"


class ServerStopped(Refused):
    """The server stopped while the agent was answering."""

    status = 503
    detail = STOPPED

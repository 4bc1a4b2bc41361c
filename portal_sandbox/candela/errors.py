"""The errors of Candela: the requests that it refuses."""

from portal_sandbox.errors import STOPPED, Refused


class NoSuchParent(Refused):
    """The user can see no session with the name of the parent."""

    status = 404
    detail = "Parent session not found"


class NotStored(Refused):
    """The user has no object, such as an app, with this name."""

    status = 404

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(f"{noun} not found: {name}")


class NoFreeSlot(Refused):
    """There are as many slots of a type as there may be, and all are taken."""

    def __init__(self, slot_type: str) -> None:
        super().__init__(f"No free slot of type {slot_type}")


class NoSlot(Refused):
    """The user has no slot."""

    detail = "You have no slot: assign one first"


class NoSuchSlot(Refused):
    """No slot has this id."""

    status = 404
    detail = "Slot not found"


class SlotNotReady(Refused):
    """The user's slot is starting or stopping, or it has failed."""

    status = 409

    def __init__(self, state: str) -> None:
        super().__init__(f"Your slot is not ready: its state is {state}")


class OtherAppType(Refused):
    """An agent was sent the prompt for a pipeline, or the other way round."""

    status = 409

    def __init__(self, given: str, wanted: str) -> None:
        super().__init__(f"The app of the session is of type {given}, not {wanted}")


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


class NotAnAdmin(Refused):
    """What was asked for is for administrators."""

    status = 403
    detail = "You are not an administrator"

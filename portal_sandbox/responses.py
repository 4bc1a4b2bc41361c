"""Responses: what the operations answer besides the taken-over contract, as the OpenAPI document says it."""

from typing import Any, TypeAlias

from portal_sandbox.wire import HTTPError, HTTPValidationError

Responses: TypeAlias = dict[int | str, dict[str, Any]]


def refusal(status: int, description: str) -> Responses:
    """A request that is understood and not carried out."""
    return {status: {"description": description, "model": HTTPError, "x-extension": True}}


def invalid(description: str) -> Responses:
    """A request with an argument that cannot be used."""
    return {422: {"description": description, "model": HTTPValidationError}}


UNREADABLE = refusal(400, "The body is not a form that can be read")
UNAUTHORIZED = refusal(401, "The token is missing or not known")
NOT_YOURS = refusal(403, "The session belongs to another user")
NO_SESSION = refusal(404, "No session has this id")
NO_AGENT = refusal(404, "No agent has this id")
NO_SESSION_OR_AGENT = refusal(404, "No session has this id, or the server no longer has its agent")
RUNNING = refusal(409, "The agent is still answering the last prompt")
INVALID = invalid("An argument is missing or of the wrong type")
OUT_OF_RANGE = invalid(
    "An argument is missing or of the wrong type, or the session has no message at this index"
)
BUSY = refusal(503, "The server is stopping, or others write to its database: try again after Retry-After")

#: What reading a session may answer, following it, a prompt that starts one, and a prompt that continues one.
TO_FOLLOW = {**NO_SESSION, **INVALID, **BUSY}
TO_READ = {**UNAUTHORIZED, **NOT_YOURS, **TO_FOLLOW}
TO_CREATE = {**UNREADABLE, **UNAUTHORIZED, **NO_AGENT, **INVALID, **BUSY}
TO_UPDATE = {**TO_CREATE, **NOT_YOURS, **NO_SESSION_OR_AGENT, **RUNNING}

"""Responses of the operations besides 200, for the OpenAPI document."""

from typing import Any, TypeAlias

from portal_sandbox.wire import HTTPError, HTTPValidationError

Responses: TypeAlias = dict[int | str, dict[str, Any]]


def refusal(status: int, description: str) -> Responses:
    """Return the response to a valid request that is not carried out: an extension of the contract."""
    return {status: {"description": description, "model": HTTPError, "x-extension": True}}


def invalid(description: str) -> Responses:
    """Return the response to a request with an invalid argument."""
    return {422: {"description": description, "model": HTTPValidationError}}


UNREADABLE = refusal(400, "The body is not a form that can be read")
UNAUTHORIZED = refusal(401, "The token is missing or not known")
NOT_YOURS = refusal(403, "The session belongs to another user")
NOT_YOUR_BUSINESS = refusal(403, "The business belongs to another user")
NOT_YOUR_ROUTINE = refusal(403, "The routine belongs to another user")
NO_SESSION = refusal(404, "No session has this id")
NO_BUSINESS = refusal(404, "No business has this id")
NO_ROUTINE = refusal(404, "No routine has this id")
NO_ROUTINE_OR_AGENT = refusal(404, "No routine has this id, or the server no longer has its agent")
NO_AGENT = refusal(404, "No agent has this id")
NO_SESSION_OR_AGENT = refusal(404, "No session has this id, or the server no longer has its agent")
RUNNING = refusal(409, "The agent is still answering the last prompt")
HAS_BUSINESS = refusal(409, "The caller has a business already")
INVALID = invalid("An argument is missing or of the wrong type")
OUT_OF_RANGE = invalid(
    "An argument is missing or of the wrong type, or the session has no message at this index"
)
NOT_THE_CALLER = invalid("An argument is missing or of the wrong type, or `user_id` is not the caller")
SAME_ID = invalid("An argument is missing or of the wrong type, or two agents have the same id")
BUSY = refusal(503, "The server is stopping, or others write to its database: try again after Retry-After")

#: The responses to every operation with a token, and to those with arguments.
TO_CALL = {**UNAUTHORIZED, **BUSY}
TO_PASS = {**TO_CALL, **INVALID}

#: The responses to following and reading a session, and to a prompt that starts or continues one.
TO_FOLLOW = {**NO_SESSION, **INVALID, **BUSY}
TO_READ = {**UNAUTHORIZED, **NOT_YOURS, **TO_FOLLOW}
TO_CREATE = {**UNREADABLE, **UNAUTHORIZED, **NO_AGENT, **INVALID, **BUSY}
TO_UPDATE = {**TO_CREATE, **NOT_YOURS, **NO_SESSION_OR_AGENT, **RUNNING}

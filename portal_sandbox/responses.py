"""Responses: what the operations answer besides the taken-over contract, as the OpenAPI document says it."""

from typing import Any, TypeAlias

from portal_sandbox.store import MAX_FILE_SIZE
from portal_sandbox.wire import HTTPError, HTTPValidationError

Responses: TypeAlias = dict[int | str, dict[str, Any]]


def _refusal(status: int, description: str) -> Responses:
    return {status: {"description": description, "model": HTTPError, "x-extension": True}}


def _invalid(description: str) -> Responses:
    return {422: {"description": description, "model": HTTPValidationError}}


UNREADABLE = _refusal(400, "The body is not a form that can be read")
UNAUTHORIZED = _refusal(401, "The token is missing or not known")
NOT_YOURS = _refusal(403, "The session belongs to another user")
NO_SESSION = _refusal(404, "No session has this id")
NO_AGENT = _refusal(404, "No agent has this id")
NO_SESSION_OR_AGENT = _refusal(404, "No session has this id, or the server no longer has its agent")
RUNNING = _refusal(409, "The agent is still answering the last prompt")
TOO_LARGE = _refusal(413, f"A file is larger than {MAX_FILE_SIZE:,} bytes")
INVALID = _invalid("An argument is missing or of the wrong type")
OUT_OF_RANGE = _invalid(
    "An argument is missing or of the wrong type, or the session has no message at this index"
)
STOPPING = _refusal(503, "The server is stopping and takes no more prompts")

#: What reading a session may answer, a prompt that starts one, and a prompt that continues one.
TO_READ = {**UNAUTHORIZED, **NOT_YOURS, **NO_SESSION, **INVALID}
TO_CREATE = {**UNREADABLE, **UNAUTHORIZED, **NO_AGENT, **TOO_LARGE, **INVALID, **STOPPING}
TO_UPDATE = {**TO_CREATE, **NOT_YOURS, **NO_SESSION_OR_AGENT, **RUNNING}

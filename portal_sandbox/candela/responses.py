"""Responses of the operations besides 200, for the OpenAPI document."""

from typing import Any

from portal_sandbox.responses import Responses, invalid, refusal
from portal_sandbox.wire import HTTPError

UNAUTHORIZED = refusal(401, "The token is missing, unknown, expired or revoked")
NO_SESSION = refusal(404, "The user has no session with this name")
STRICT = refusal(400, "The service is strict, and the user has no slot")
NO_AGENT = refusal(404, "No agent has the name of the app or the model, or there is no such parent session")
RUNNING = refusal(409, "A session to be deleted is running")
SLOT_TAKEN = refusal(409, "Another session of the user is running, or the user's slot is not ready")
NOT_RUNNING = refusal(
    409,
    "The session is not running, its app is of the other type, its agent is still answering, or it was "
    "stopped meanwhile",
)
INVALID = invalid("An argument is missing or of the wrong type")
INVALID_BODY = invalid("The body is not JSON that can be read, or something in it is missing or wrong")
FAILED = refusal(500, "The agent failed; its prompt was taken all the same")
STOPPING = refusal(503, "The server is stopping and takes no more prompts")


def documented(status: int, description: str) -> Responses:
    """Return the response to a request that is not carried out, as the service itself sends it."""
    response: dict[str, Any] = {"description": description, "model": HTTPError}
    return {status: response}


NO_SLOT = documented(400, "The caller has no slot")
NO_SLOT_HERE = refusal(400, "The caller has no slot")
NO_FREE_SLOT = documented(400, "No slot of this type is free")
NOT_AN_ADMIN = refusal(403, "The caller is not an administrator")
NOT_FOR_ALL = refusal(403, "Only an administrator may store an object for all domains")
OF_ALL_DOMAINS = refusal(403, "Only an administrator may delete an object of all domains")
NO_SUCH_SLOT = refusal(404, "There is no slot with this id")
NO_TOOL = refusal(404, "There is no tool with this name")
NO_TRACE = refusal(404, "The user has no trace with this id")


def no_object(noun: str) -> Responses:
    """Return the response to a request for an object that is not stored."""
    return refusal(404, f"There is no {noun} with this name")


#: The responses to starting a session, and to sending it a prompt.
TO_START = {**STRICT, **UNAUTHORIZED, **NO_AGENT, **SLOT_TAKEN, **INVALID_BODY}
TO_ASK = {**UNAUTHORIZED, **NO_SESSION, **NOT_RUNNING, **INVALID_BODY, **FAILED, **STOPPING}

"""Responses of the operations besides 200, for the OpenAPI document."""

from portal_sandbox.responses import invalid, refusal

UNAUTHORIZED = refusal(401, "The token is missing, unknown, expired or revoked")
NO_SESSION = refusal(404, "The user has no session with this name")
NO_AGENT = refusal(404, "No agent has the name of the app or the model, or there is no such parent session")
RUNNING = refusal(409, "A session to be deleted is running")
SLOT_TAKEN = refusal(409, "Another session of the user is running")
NOT_RUNNING = refusal(
    409, "The session is not running, its agent is still answering, or it was stopped meanwhile"
)
INVALID = invalid("An argument is missing or of the wrong type")
INVALID_BODY = invalid("The body is not JSON that can be read, or something in it is missing or wrong")
FAILED = refusal(500, "The agent failed; its prompt was taken all the same")
STOPPING = refusal(503, "The server is stopping and takes no more prompts")

#: The responses to starting a session, and to sending it a prompt.
TO_START = {**UNAUTHORIZED, **NO_AGENT, **SLOT_TAKEN, **INVALID_BODY}
TO_ASK = {**UNAUTHORIZED, **NO_SESSION, **NOT_RUNNING, **INVALID_BODY, **FAILED, **STOPPING}

"""Server-sent events: a session as it is now and after each change."""

from portal_sandbox import wire

MEDIA_TYPE = "text/event-stream"

#: Their part of the OpenAPI document, marked as an extension of the contract.
DOCUMENTATION = {
    "x-extension": True,
    "schema": {
        "type": "string",
        "description": (
            "Server-sent events: the session as it is now and after each change, until it is not running any "
            "more. While the agent answers, the last message may grow from event to event. An event is named "
            "`session`; its `data` is the session as one line of JSON, its `id` how often the session has "
            "changed. Changes that follow closely upon each other may come as one."
        ),
    },
}

#: The time without a change after which a comment keeps the connection alive, in seconds.
PING = 15.0

#: A comment, which readers ignore.
COMMENT = ": ping\n\n"


def event(session: wire.Session, revision: int) -> str:
    """Return an event named `session`; its id is the session's revision, its data is the session as JSON."""
    return f"event: session\nid: {revision}\ndata: {session.model_dump_json()}\n\n"

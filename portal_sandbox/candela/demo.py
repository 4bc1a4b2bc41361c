"""Demo data: the sessions of the documents' examples, open to every user."""

from portal_sandbox.candela.sessions import HOST_ID, New, Sessions
from portal_sandbox.demo import USER_ID

#: The agent of the demo sessions, and of every app and model that names no agent.
AGENT_ID = "identifier_example"

#: The scope, identifier and version of each session.
_NAMES = (
    ("scope_example", "identifier_example", "version_example"),
    ("default", "session_id_example", "version_example"),
)


def add_demo_data(sessions: Sessions) -> None:
    """Add the demo sessions, unless they are there already."""
    for scope, identifier, version in _NAMES:
        app = {"scope": "scope_example", "identifier": AGENT_ID, "version": "version_example"}
        details = {"app": app, "model_cfg": app, "host_id": HOST_ID, "dev_session": False}
        sessions.share(USER_ID, identifier, version, New(AGENT_ID, details, scope))

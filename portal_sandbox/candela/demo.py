"""Demo data: what the documents' examples name, open to every user."""

from portal_sandbox.candela.sessions import HOST_ID, New, Sessions
from portal_sandbox.demo import USER_ID

#: The agent of the demo sessions, and of every app and model that names none.
AGENT_ID = "identifier_example"

#: Scope, identifier and version of the sessions.
_NAMES = (
    ("scope_example", "identifier_example", "version_example"),
    ("default", "session_id_example", "version_example"),
)


def add_demo_data(sessions: Sessions) -> None:
    """Add the demo sessions, unless they are there already."""
    for scope, identifier, version in _NAMES:
        app = {"scope": "scope_example", "identifier": AGENT_ID, "version": "version_example"}
        answer = {"app": app, "model_cfg": app, "host_id": HOST_ID, "dev_session": False}
        sessions.share(USER_ID, identifier, version, New(AGENT_ID, answer, scope))

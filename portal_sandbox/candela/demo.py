"""Demo data: the sessions, objects, slot and trace of the documents' examples, open to every user."""

from typing import Any

from portal_sandbox.candela.kinds import APP, CIRCUIT, DIRECTIVE, MODEL, TOOL_MODULE, Kind
from portal_sandbox.candela.objects import NewObject, Objects
from portal_sandbox.candela.sessions import New, Sessions
from portal_sandbox.candela.slots import Slots
from portal_sandbox.candela.traces import Item, Traces
from portal_sandbox.demo import USER_ID

#: The agent of the demo sessions, and of every app and model that names no agent.
AGENT_ID = "identifier_example"

SCOPE = "scope_example"
VERSION = "version_example"
SLOT_ID = "slot_id_example"
SLOT_TYPE = "slot_type_example"
TRACE_ID = "trace_id_example"

#: The scope, identifier and version of each session.
_NAMES = ((SCOPE, "identifier_example", VERSION), ("default", "session_id_example", VERSION))

#: The name of every object.
_OBJECT = {"scope": SCOPE, "identifier": AGENT_ID, "version": VERSION}

_NODE = {
    "type": "response",
    "node_id": "reply",
    "child_id": None,
    "as_block": False,
    "template": None,
    "context": "What was asked",
    "inserts": None,
}

_TOOL = """\
from candela import BaseTool


class name_example(BaseTool):
    \"\"\"Return what it is given.\"\"\"

    def apply(self, value):
        return value
"""

_DATA: tuple[tuple[Kind, dict[str, Any]], ...] = (
    (APP, {"type": "agent", "circuit": _OBJECT, "directive": _OBJECT}),
    (CIRCUIT, {"first": "reply", "nodes": {"reply": _NODE}}),
    (DIRECTIVE, {"identity": ["You repeat what you are told."], "context_vals": {"language": "English"}}),
    (MODEL, {"origin": "hf_url_example", "quantisation": "quantisation_example"}),
    (TOOL_MODULE, {"content": _TOOL}),
)


def add_demo_data(sessions: Sessions, objects: Objects, slots: Slots, traces: Traces) -> None:
    """Add the demo data, unless it is there already."""
    for scope, identifier, version in _NAMES:
        details = {"app": _OBJECT, "model_cfg": _OBJECT, "host_id": SLOT_ID, "dev_session": False}
        sessions.share(USER_ID, identifier, version, New(AGENT_ID, details, scope))
    for kind, data in _DATA:
        new = NewObject(SCOPE, AGENT_ID, data, f"The {kind.noun} of the examples", "patch", True)
        objects.share(USER_ID, kind, new, VERSION)
    slots.share(SLOT_ID, SLOT_TYPE)
    items = (Item("user", "Hello"), Item("chat_resp", "Hello"), Item("result", "Hello"))
    traces.share(USER_ID, TRACE_ID, SCOPE, items)

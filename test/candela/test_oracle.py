"""The original client of the Candela service sends the same as ours, and returns the same.

It is installed into a folder of its own, since its package has the same name, and runs in a process of its
own. Where the two differ on purpose, `DELIBERATE` says so and why; anything else is a failure, and so is an
entry there that no longer holds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from candela.test_contract import CANDELA
from openapi import Argument, target
from support.clients import closes
from support.examples import example
from support.oracle import Differs, Scene, compared, lost, scenes_of
from support.scripted import Answer, reply

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ORIGINAL = "finbourne-candela-sdk==0.1.173"


def lines(values: list[dict[str, Any]]) -> bytes:
    """A response of one JSON document on each line."""
    body = "".join(json.dumps(each) + "\n" for each in values).encode()
    return reply(body, Content_Type="application/x-ndjson")


NASTY = "'a b/c%2F?x=1&y=#Grüße 世界+~'"
ID = "ObjectId(scope='s', identifier='i', version='1.0.0')"
DIRECTIVE = "Directive(point=' * ', hide=True)"
CIRCUIT = "CircuitDTO(first='a', nodes={})"
NAME = "scope='s', identifier='i', description='d', version_bump='major'"
BODIES = {
    "PostApp": f"PostApp({NAME}, data=AppSpec(type='agent', circuit={ID}, directive={ID}))",
    "PostCircuit": f"PostCircuit({NAME}, data={CIRCUIT})",
    "PostDirective": f"PostDirective({NAME}, data={DIRECTIVE})",
    "PostToolModule": f"PostToolModule({NAME}, data=ToolModule(content='pass'))",
    "SessionStartRequest": f"SessionStartRequest(app={ID}, model_cfg={ID}, scope='s')",
    "DevSessionStartRequest": (
        f"DevSessionStartRequest(model_id={ID}, circuit={CIRCUIT}, directive={DIRECTIVE})"
    ),
    "SubmitPrompt": "SubmitPrompt(prompt='p', session_id='s', scope='x')",
}
VALUES = {"string": NASTY, "boolean": "True", "integer": "5"}


def value(argument: Argument) -> str:
    """An argument of any operation."""
    return BODIES[target(argument.schema)] if argument.place == "body" else VALUES[argument.schema["type"]]


OPERATIONS = scenes_of(CANDELA, value)


def scene(operation: str, *arguments: str, answer: Answer | None = None) -> Scene:
    """A call of an operation with arguments as expressions, and another response if one is given."""
    ordinary = OPERATIONS[operation]
    call = f"{ordinary.call.partition('(client)')[0]}(client).{operation}({', '.join(arguments)})"
    return replace(ordinary, call=call, answer=ordinary.answer if answer is None else answer)


def schema(name: str) -> Any:
    return example(CANDELA, CANDELA["components"]["schemas"][name])


NODE = {"type": "no-op", "node_id": "a", "child_id": None, "label": "l"}
SECTIONS = {"identity": "I", "purpose": ["p", "q"], "context_vals": {"region": "EMEA"}}
LINES = [
    {"status": "in_progress", "details": {}},
    {"status": "complete", "details": schema("ObjectMetadata")},
]
EVENTS = [{"event_type": "chat", "content": "Hel"}, {"event_type": "result", "content": "Hello"}]
REFUSALS = (400, 401, 403, 404, 409, 418, 422, 429, 500)

SCENES = {
    **OPERATIONS,
    # arguments
    "a version that is empty": scene("get_app", "'s'", "'i'", "''"),
    "a version that is None": scene("get_app", "'s'", "'i'", "None"),
    "a level that is False": scene("add_app", BODIES["PostApp"], "False"),
    "empty texts": scene("assign_slot", "''"),
    "a negative number": scene("set_max_slots", "'t'", "-1"),
    "a truth value for a number": scene("set_max_slots", "'t'", "True"),
    "a text for a number": scene("set_max_slots", "'t'", "'8'"),
    "a missing argument": scene("get_trace", "'t'"),
    "an unknown argument": scene("get_trace", "'t'", "'s'", "color=1"),
    # bodies
    "a dict for a model": scene("add_app", f"{schema('PostApp')!r}"),
    "a description that is None": scene(
        "add_tool_module",
        "PostToolModule(scope='s', identifier='i', description=None, version_bump='patch',"
        " data=ToolModule(content=''))",
    ),
    "a body without the fields that have a default": scene(
        "add_directive", "PostDirective(scope='s', identifier='i', data=Directive())"
    ),
    "a directive with text": scene(
        "add_directive",
        f"PostDirective({NAME}, data=Directive(point=' * ', hide=True, **{SECTIONS!r}))",
    ),
    "a directive from a dict": scene(
        "add_directive",
        "PostDirective.from_dict("
        "{'scope': 's', 'identifier': 'i', 'data': {'context_vals': {'region': 'EMEA'}}})",
    ),
    "nodes as dicts": scene(
        "add_circuit", f"PostCircuit({NAME}, data=CircuitDTO(first='a', nodes={{'a': {NODE!r}}}))"
    ),
    "typed nodes": scene(
        "add_circuit",
        f"PostCircuit({NAME}, data=CircuitDTO(first='a', nodes={{'a': "
        "Nodes(NoOpDTO(node_id='a', child_id='b', label='l'))}))",
    ),
    "a node as a model": scene(
        "add_circuit",
        f"PostCircuit({NAME}, data=CircuitDTO(first='a', nodes={{'a': "
        "NoOpDTO(node_id='a', child_id='b', label='l')}))",
    ),
    "a circuit from a dict": scene("add_circuit", f"PostCircuit.from_dict({schema('PostCircuit')!r})"),
    # responses
    "a download told in lines": scene("add_model", *["'x'"] * 5, answer=lines(LINES)),
    "events": scene("submit_prompt_to_agent", BODIES["SubmitPrompt"], answer=lines(EVENTS)),
    "one event": scene("submit_prompt_to_agent", BODIES["SubmitPrompt"], answer=lines(EVENTS[:1])),
    "a pipeline's text": scene("submit_pipeline_prompt", BODIES["SubmitPrompt"], answer=reply(b"text")),
    "a pipeline's null": scene("submit_pipeline_prompt", BODIES["SubmitPrompt"], answer=reply(b"null")),
    "a state that is text": scene("get_domain_state", answer=reply(b"text")),
    "a state that is nothing": scene("get_domain_state", answer=reply(b"")),
    "false": scene("user_has_slot", answer=reply(False)),
    "the text false": scene("user_has_slot", answer=reply("false")),
    "null for a truth value": scene("user_has_slot", answer=reply(b"null")),
    "a body of what returns nothing": scene("assign_slot", "'t'", answer=reply({"a": 1})),
    "a new state among slots": scene("list_slots", answer=reply([{**schema("SlotData"), "state": 99}])),
    "an unknown field": scene("get_app", "'s'", "'i'", answer=reply({**schema("AppSpec"), "color": "red"})),
    "a field that is missing": scene("get_app", "'s'", "'i'", answer=reply({})),
    "null for all": scene("get_app", "'s'", "'i'", answer=reply(b"null")),
    "a circuit without nodes": scene("get_circuit", "'s'", "'i'", answer=reply({"first": "a", "nodes": {}})),
    **{
        f"a response {status}": scene("dispose_slot", answer=reply({"detail": "No"}, status=status))
        for status in REFUSALS
    },
    # repetition
    "stop_session: lost": scene("stop_session", answer=closes),
    "add_app while the service is busy": scene(
        "add_app", BODIES["PostApp"], answer=reply({}, status=503, Retry_After="0")
    ),
}


def cased(name: str) -> Differs:
    """A truth value in the query."""
    of = "system_level" if name.startswith("add_") else "all_versions"
    at = 6 if name.startswith("add_model") else 0
    return Differs(
        [f"query.{at}: '{of}=true' here, '{of}=True' there"],
        "a truth value is lower-case, as in JSON",
        "**Truth values in a query** are `true` and `false`",
    )


WRAPPED = [
    "body.data.nodes.a.type: 'no-op' here, nothing there",
    "body.data.nodes.a.node_id: 'a' here, nothing there",
    "body.data.nodes.a.child_id: 'b' here, nothing there",
    "body.data.nodes.a.label: 'l' here, nothing there",
    "body.data.nodes.a.actual_instance: nothing here, "
    "{'node_id': 'a', 'child_id': 'b', 'label': 'l', 'additional_properties': {}} there",
    "body.data.nodes.a.one_of_schemas: nothing here, ['ConfirmDTO', 'InsertContextDTO', 'IntentDTO', "
    "'NoOpDTO', 'ResponseDTO', 'SwitchDTO', 'UseToolDTO'] there",
    "body.data.nodes.a.discriminator_value_class_map: nothing here, {} there",
]

#: What ours does differently on purpose, why, and where the pages on migrating say so.
DELIBERATE: dict[str, Differs] = {
    **{
        name: cased(name)
        for name in OPERATIONS
        if name.startswith(("list_", "add_")) and name.endswith("with all")
    },
    "a level that is False": Differs(
        ["query.0: 'system_level=false' here, 'system_level=False' there"],
        "a truth value is lower-case, as in JSON",
        "**Truth values in a query** are `true` and `false`",
    ),
    **{
        name: Differs(
            ["query.0: 'all_versions=false' here, '' there"],
            "it sends the default of its signature, as it always did here",
            "`list_sessions()` sends the default that its signature shows",
        )
        for name in ("list_sessions", "list_sessions: null", "list_sessions: absent")
    },
    "an unknown argument": Differs(
        ["outcome: 'ValidationError' here, 'ApiTypeError' there"],
        "as other wrong arguments are",
        "**An unknown keyword** is a pydantic ValidationError",
    ),
    # bodies
    "a body without the fields that have a default": Differs(
        ["body.version_bump: 'patch' here, nothing there", "body.data.point: ' * ' here, nothing there"],
        "what is sent is what the object shows",
        "**Constructors set and send the defaults**",
    ),
    "a directive with text": Differs(
        ["requests: 1 here, 0 there", "outcome: 'returned' here, 'AttributeError' there"],
        "it can be sent",
        "a `Directive` with text",
    ),
    "a directive from a dict": Differs(
        [
            "body.data.context_vals: {'region': 'EMEA'} here, nothing there",
            *(
                f"body.data.{name}: nothing here, None there"
                for name in ("identity", "purpose", "style", "restriction")
            ),
            "body.description: nothing here, None there",
        ],
        "nothing is lost, and nothing is sent that was not said",
        "**What `from_dict` does not find stays absent.**",
    ),
    "typed nodes": Differs(
        WRAPPED, "a node is sent as itself", "typed nodes in a circuit are sent as dumped wrappers"
    ),
    "a node as a model": Differs(
        [WRAPPED[0], "body.data.nodes.a.additional_properties: nothing here, {} there"],
        "a node is sent as itself",
        "or without their `type`",
    ),
    "a circuit from a dict": Differs(
        ["requests: 1 here, 0 there", "outcome: 'returned' here, 'ValidationError' there"],
        "`nodes` is not lost",
        "`CircuitDTO.from_dict` loses `nodes`",
    ),
    # responses
    **{
        name: Differs(
            ["outcome: 'returned' here, 'ValidationError' there"],
            "it can be read",
            "`get_circuit` and `get_directive`",
        )
        for name in ("get_circuit", "get_circuit: null", "get_circuit with all", "a circuit without nodes")
    },
    **{
        name: Differs(
            ["outcome: 'returned' here, 'NameError' there"],
            "it can be read",
            "`get_circuit` and `get_directive`",
        )
        for name in ("get_directive", "get_directive: null", "get_directive with all")
    },
    **{
        name: Differs(
            ["outcome: 'ApiResponseError' here, 'ValidationError' there"],
            "what goes wrong once a request was sent is an ApiException",
            "raises `ApiResponseError`",
        )
        for name in ("get_circuit: absent", "a field that is missing")
    },
    "null for all": Differs(
        ["outcome: 'ApiResponseError' here, 'returned' there"],
        "the script would fail later, where it uses None",
        "raises `ApiResponseError`",
    ),
    "get_slot_state": Differs(
        ["outcome: 'returned' here, 'AttributeError' there"],
        "it can be read",
        "**`get_slot_state`** returns a SlotState",
    ),
    "a new state among slots": Differs(
        ["outcome: 'returned' here, 'ValidationError' there"],
        "a newer service does not make a list unreadable",
        "a state that a newer service has is a member of its own",
    ),
    **{
        name: Differs(
            ["outcome: 'ApiResponseError' here, 'returned' there"],
            "neither is true nor false",
            "are the service's true or false; anything else is an `ApiResponseError`",
        )
        for name in ("the text false", "null for a truth value")
    },
    "events": Differs(
        ["outcome: 'returned' here, 'ValidationError' there"],
        "the last one is the result",
        "**`submit_prompt_to_agent`** returns the last event",
    ),
    "a response 400": Differs(
        ["outcome: 'BadRequestException' here, 'ApiException' there"],
        "it can be told apart, and is an ApiException still",
        "**No slot** (400) is a BadRequestException",
    ),
    **{
        f"a response {status}": Differs(
            [f"outcome: '{error}Exception' here, 'ApiException' there"],
            "it can be told apart, and is an ApiException still",
            "**409, 422 and 429** have classes of their own",
        )
        for status, error in [(409, "Conflict"), (422, "UnprocessableEntity"), (429, "TooManyRequests")]
    },
    # repetition
    **lost(CANDELA, "PUT, POST and DELETE are sent once"),
    "stop_session: lost": Differs(
        ["requests: 1 here, 4 there", "outcome: 'ApiConnectionError' here, 'MaxRetryError' there"],
        "the repetition could stop the next session",
        "`stop_session` is a GET, but it names no session",
    ),
    "add_app while the service is busy": Differs(
        ["requests: 1 here, 4 there"], "it may have been done", "PUT, POST and DELETE are sent once"
    ),
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the original and what it needs."""
    folder = tmp_path_factory.mktemp("original")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--target",
        str(folder),
        ORIGINAL,
    ]
    if subprocess.run(pip, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{ORIGINAL} cannot be installed here")
    return folder


@pytest.fixture(scope="module")
def differences(original: Path) -> dict[str, list[str]]:
    """For each scene what the two clients do differently."""
    return compared(SCENES, "finbourne_candela", "finbourne_candela", original)


@pytest.mark.parametrize("name", SCENES)
def test_the_original_does_the_same(name: str, differences: dict[str, list[str]]) -> None:
    expected = DELIBERATE[name].seen if name in DELIBERATE else []

    assert differences[name] == expected


@pytest.mark.parametrize("name", DELIBERATE)
def test_what_differs_is_told_to_those_who_migrate(name: str) -> None:
    pages = [ROOT / "docs" / "migrating.md", ROOT / "docs" / "finbourne_candela" / "migrating.md"]

    assert name in SCENES
    assert DELIBERATE[name].said in " ".join("".join(page.read_text("utf-8") for page in pages).split())

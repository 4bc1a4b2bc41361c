"""The client that openapi-generator makes from the contract sends the same as ours, and returns the same.

It is made anew, without a network, by the jar in the package openapi-generator-cli, and runs in a process of
its own. Where the two differ on purpose, `DELIBERATE` says so and why; anything else is a failure, and so is
an entry there that no longer holds.

The original client came from generator 7.1.0. Version 7.26 has since mended two of its faults as we have, so
they are no entries: an Accept header of the call is taken, and a key in a cookie has its name.
"""

from __future__ import annotations

from contextlib import chdir
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from bench.generated import Absent, client
from openapi import Argument, target
from support.examples import example
from support.oracle import Differs, Scene, compared, lost, scenes_of
from support.scripted import reply
from test_contract import PORTAL

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
URLENCODED = "application/x-www-form-urlencoded"
NASTY = "a/b c%2F?x=1&y=#Grüße 世界+~"
VALUES = {"string": repr(NASTY), "integer": "56"}
BODIES = {
    "Business": f"Business(id={NASTY!r}, user_id='u', name='n', description='')",
    "CreateBusinessRequest": f"CreateBusinessRequest(name={NASTY!r}, description='')",
    "CreateRoutineRequest": (
        f"CreateRoutineRequest(agent_id='a', name={NASTY!r}, requirements='r', interval='i')"
    ),
    "PlaygroundUpdateAgentsRequest": (
        "PlaygroundUpdateAgentsRequest(agents=[PlaygroundAgent("
        f"id='a', name={NASTY!r}, icon='i', assistant_id='', instructions='Be\\n brief')])"
    ),
}


def value(argument: Argument) -> str:
    """An argument of any operation."""
    if argument.place == "body":
        return BODIES[target(argument.schema)]
    return "['a.txt', 'b.csv']" if argument.place == "file" else VALUES[argument.schema["type"]]


OPERATIONS = scenes_of(PORTAL, value)


def scene(operation: str, *expressions: str, **arguments: Any) -> Scene:
    """A call of an operation; what a Scene has besides is set before it."""
    ordinary = OPERATIONS[operation]
    settings = {each.name: arguments.pop(each.name) for each in fields(Scene) if each.name in arguments}
    given = ", ".join([*expressions, *(f"{name}={value!r}" for name, value in arguments.items())])
    call = f"{ordinary.call.partition('(client)')[0]}(client).{operation}({given})"
    return replace(ordinary, call=call, **settings)


def responded(schema: str, **changes: Any) -> bytes:
    """A response with an example of a schema, some of whose fields are others."""
    return reply(example(PORTAL, PORTAL["components"]["schemas"][schema]) | changes)


RISING = {**example(PORTAL, PORTAL["components"]["schemas"]["Trend"]), "status": "RISING"}
VALUE = {"key": "k", "text": "t", "link": None, "is_downloadable": None}
TABLE = {"title": "t", "columns": ["k"], "rows": [{"values": [VALUE]}]}

HI = {"agent_id": "a1", "text_prompt": "Hi"}
MORE = {"session_id": "s1", "text_prompt": "Hi"}

KEY_IN_HEADER = {"in": "header", "type": "apiKey", "key": "X-Key", "value": "k"}
KEY_IN_QUERY = {"in": "query", "type": "apiKey", "key": "key", "value": "k/ &"}
KEY_IN_COOKIE = {"in": "cookie", "type": "apiKey", "key": "key", "value": "k"}
SIGNATURE = {"in": "header", "type": "http-signature", "key": "X-Key", "value": "k"}
BASIC = {"Authorization": "Basic x"}

#: Files are named within the folder that holds them.
SCENES: dict[str, Scene] = {
    **OPERATIONS,
    # quoting
    "a nasty path": scene("get_session", session_id=NASTY),
    "a nasty path with more after it": scene("subscribe_to_session", session_id=NASTY),
    "a nasty path with a body": scene("update_session", session_id=NASTY, text_prompt="Hi"),
    "a nasty query": scene("get_sessions", agent_id=NASTY),
    "a nasty query of two": scene("create_session_from_replay", session_id=NASTY, last_message_index=-1),
    "an empty query value": scene("get_sessions", agent_id=""),
    "a host with a path": scene("get_sessions", agent_id="a1", path="/api/v1"),
    # bodies
    "a nasty prompt": scene("create_session", agent_id="ä\t", text_prompt=f"{NASTY}\r\n\n--x--\r\n"),
    "empty texts": scene("create_session", agent_id="", text_prompt=""),
    "no files": scene("create_session", **HI, files=[]),
    "files": scene("create_session", **HI, files=["a.txt", "b.csv", "odd.unheard"]),
    "files of an update": scene("update_session", **MORE, files=["empty.json"]),
    "files of an asynchronous update": scene("update_async_session", **MORE, files=["a.txt"]),
    "a file name to be escaped": scene("create_async_session", **HI, files=['sa"y Grüße.pdf']),
    "a urlencoded form": scene("create_session", agent_id="a1", text_prompt=NASTY, _content_type=URLENCODED),
    "a urlencoded update": scene("update_async_session", **MORE, _content_type=URLENCODED),
    "JSON in place of a form": scene("create_session", **HI, _content_type="application/json"),
    "plain text in place of a form": scene("create_session", **HI, _content_type="text/plain"),
    "a content type without a body": scene(
        "create_session_from_replay", session_id="s1", last_message_index=5, _content_type="application/json"
    ),
    # who calls
    "no token": scene("get_session", session_id="s1", token=None),
    "an empty token": scene("get_session", session_id="s1", token=""),
    "a key in a header": scene("get_session", session_id="s1", _request_auth=KEY_IN_HEADER),
    "a key in the query": scene("get_sessions", agent_id="a1", _request_auth=KEY_IN_QUERY),
    "a key in a cookie": scene("get_session", session_id="s1", _request_auth=KEY_IN_COOKIE),
    "a key in a cookie beside another": scene(
        "get_session", session_id="s1", _request_auth=KEY_IN_COOKIE, client={"cookie": "a=1"}
    ),
    "a signature": scene("get_session", session_id="s1", _request_auth=SIGNATURE),
    "a key for a subscription": scene("subscribe_to_session", session_id="s1", _request_auth=KEY_IN_HEADER),
    "a key for the dashboard": scene("get_dashboard", _request_auth=KEY_IN_HEADER),
    # headers
    "a header of the call": scene("create_session", **HI, _headers={"X-Call": "1"}),
    "authorization of a subscription": scene("subscribe_to_session", session_id="s1", _headers=BASIC),
    "authorization of a secured call": scene("get_session", session_id="s1", _headers=BASIC),
    "authorization without a token": scene("get_session", session_id="s1", _headers=BASIC, token=None),
    "authorization by default": scene("get_session", session_id="s1", default_headers=BASIC),
    "a default header": scene("get_session", session_id="s1", default_headers={"X-Default": "1"}),
    "a default accept": scene("get_session", session_id="s1", default_headers={"Accept": "text/plain"}),
    "a default header and one of the call": scene(
        "get_session", session_id="s1", _headers={"X-Both": "call"}, default_headers={"X-Both": "default"}
    ),
    "an accept of the call": scene("get_session", session_id="s1", _headers={"Accept": "text/plain"}),
    "an accept in another case": scene("get_session", session_id="s1", _headers={"accept": "text/plain"}),
    "a first header": scene(
        "get_session", session_id="s1", client={"header_name": "X-First", "header_value": "1"}
    ),
    "a cookie": scene("get_session", session_id="s1", client={"cookie": "a=1"}),
    "a cookie of a subscription": scene("subscribe_to_session", session_id="s1", client={"cookie": "a=1"}),
    "a cookie and one of the call": scene(
        "get_session", session_id="s1", _headers={"Cookie": "b=2"}, client={"cookie": "a=1"}
    ),
    # where
    "a dot": scene("get_session", session_id="."),
    "two dots": scene("get_session", session_id=".."),
    "an empty id": scene("get_session", session_id=""),
    "a host that ends in a slash": scene("get_session", session_id="s1", path="/"),
    "an id that climbs": scene("delete_routine", routine_id=".."),
    "an empty id of an agent": scene("get_agent", agent_id=""),
    # JSON
    "an empty list": scene("update_playground_agents", "PlaygroundUpdateAgentsRequest(agents=[])"),
    "a text that may not be empty": scene(
        "create_routine", "CreateRoutineRequest(agent_id='a', name='n', requirements='', interval='i')"
    ),
    # responses
    "an unknown field": scene("get_agent", agent_id="a", answer=responded("Agent", color="red")),
    "an unknown trend": scene(
        "create_routine", BODIES["CreateRoutineRequest"], answer=responded("Routine", trend=RISING)
    ),
    "null for a default": scene("get_report", agent_id="a", answer=reply({"text": None, "tables": [TABLE]})),
    "null for a list": scene("get_routines", agent_id="a", answer=reply({"routines": None})),
    "null for all": scene("get_agents", answer=reply(b"null")),
    "no body": scene("get_agents", answer=reply(b"")),
    "a page": scene("get_agents", answer=reply(b"<html>", Content_Type="text/html")),
    "a field that is missing": scene("get_agents", answer=reply({})),
    "a list in the place of text": scene("get_agent", agent_id="a", answer=responded("Agent", name=["n"])),
    "created": scene(
        "create_business",
        BODIES["CreateBusinessRequest"],
        answer=responded("Business").replace(b" 200 ", b" 201 ", 1),
    ),
    **{
        f"a response {status}": scene("get_agents", answer=reply({"detail": "No"}, status=status))
        for status in (400, 401, 403, 404, 409, 418, 429, 500)
    },
    "arguments that are refused": scene("get_agents", answer=reply({"detail": []}, status=422)),
    # repetition
    "run_routine while the service is busy": scene(
        "run_routine", "'i'", answer=reply({}, status=503, Retry_After="0")
    ),
}

REFUSED = ["requests: 0 here, 1 there", "outcome: 'ApiValueError' here, 'returned' there"]
TOLD = ["outcome: 'ApiResponseError' here, 'ValidationError' there"]
LEFT_TO_THE_SERVICE = ["requests: 1 here, 0 there", "outcome: 'returned' here, 'ValidationError' there"]
CREATED = example(PORTAL, PORTAL["components"]["schemas"]["Business"])

#: What ours does differently on purpose, why, and where the page on migrating says so.
DELIBERATE: dict[str, Differs] = {
    "root_get": Differs(
        [f"returned: None here, {example(PORTAL, {})!r} there"],
        "the original, of generator 7.1.0, decodes no response of it either; `raw_data` holds it",
    ),
    "an empty token": Differs(
        ["header authorization: nothing here, ['Bearer'] there"],
        "an empty token is none",
        "**An empty token is none:**",
    ),
    "JSON in place of a form": Differs(
        REFUSED,
        "the form would be dropped and an empty body sent",
        "the prompt was lost",
    ),
    "plain text in place of a form": Differs(
        ["outcome: 'ApiValueError' here, 'ApiException' there"],
        "a wrong argument is a ValueError, as other wrong arguments are",
        "Another one is an `ApiValueError`",
    ),
    "a content type without a body": Differs(
        REFUSED,
        "there is no body that it could describe",
        "On an operation without a body it is refused.",
    ),
    **{
        name: Differs(LEFT_TO_THE_SERVICE, "the service says what a text may be; so did the original")
        for name in ("empty texts", "a text that may not be empty")
    },
    "a key for a subscription": Differs(
        ["header x-key: ['k'] here, nothing there"],
        "what the caller gives for this call is not ignored",
        "`_request_auth` is ignored where an operation has no security",
    ),
    "a key for the dashboard": Differs(
        ["header x-key: ['k'] here, nothing there"],
        "what the caller gives for this call is not ignored",
        "`_request_auth` is ignored where an operation has no security",
    ),
    "a default header and one of the call": Differs(
        ["header x-both.0: 'call' here, 'default' there"],
        "what is said for one call beats what is said for all",
        "`_headers` cannot override a default header",
    ),
    "a cookie and one of the call": Differs(
        ["header cookie.0: 'b=2' here, 'a=1' there"],
        "what is said for one call beats what is said for all",
        "`_headers` cannot override a default header",
    ),
    "an accept in another case": Differs(
        ["header accept: ['text/plain'] here, ['text/plain', 'application/json'] there"],
        "header names have no case, so it is one header",
        "`_headers` cannot override a default header or `Accept`",
    ),
    **{
        name: Differs(REFUSED, "another operation would be called", "calls another URL")
        for name in ("a dot", "two dots", "an empty id", "an id that climbs", "an empty id of an agent")
    },
    "a host that ends in a slash": Differs(
        ["path: '/sessions/s1' here, '//sessions/s1' there"],
        "a doubled slash is another path",
        "a slash at the end of the host is doubled",
    ),
    "an unknown field": Differs(
        ["returned.color: 'red' here, nothing there"],
        "what a newer service sends is not lost when it is sent back",
        "a field that only the server knows is kept",
    ),
    "an unknown trend": Differs(
        ["outcome: 'returned' here, 'ValidationError' there"],
        "a newer service does not make a list unreadable",
        "a value that an enumeration does not know",
    ),
    **{
        name: Differs(
            TOLD, "what goes wrong once a request was sent is an ApiException", "raises `ApiResponseError`"
        )
        for name in (
            "null for a list",
            "no body",
            "a page",
            "a field that is missing",
            "a list in the place of text",
        )
    },
    "null for all": Differs(
        ["outcome: 'ApiResponseError' here, 'returned' there"],
        "the script would fail later, where it uses None",
        "raises `ApiResponseError`",
    ),
    "created": Differs(
        [f"returned: { {'is a': 'Business', **CREATED}!r} here, None there"],
        "201 is a success, and the body is what was promised",
        "A 201 with the promised body is decoded",
    ),
    "a response 429": Differs(
        ["outcome: 'TooManyRequestsException' here, 'ApiException' there"],
        "it has `retry_after`, and is an ApiException still",
        "**409, 422 and 429** have classes of their own",
    ),
    **lost(PORTAL, "which repeats PUT and DELETE after a lost connection"),
    "run_routine while the service is busy": Differs(
        ["requests: 1 here, 4 there"], "it may have been done", "four runs of one routine"
    ),
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the generated client."""
    folder = tmp_path_factory.mktemp("oracle")
    try:
        client(folder, "oracle_client")
    except Absent as reason:
        pytest.skip(str(reason))
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    contents = {
        "a.txt": b"A\r\nB",
        "b.csv": b"1,2",
        "odd.unheard": bytes(range(256)),
        "empty.json": b"",
        'sa"y Grüße.pdf': b"%PDF",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def differences(generated: Path, files: Path) -> dict[str, list[str]]:
    """For each scene what the two clients do differently."""
    with chdir(files):
        return compared(SCENES, "portal_client", "oracle_client", generated)


@pytest.mark.parametrize("name", SCENES)
def test_the_generated_client_does_the_same(name: str, differences: dict[str, list[str]]) -> None:
    expected = DELIBERATE[name].seen if name in DELIBERATE else []

    assert differences[name] == expected


@pytest.mark.parametrize("name", DELIBERATE)
def test_what_differs_is_told_to_those_who_migrate(name: str) -> None:
    page = (ROOT / "docs" / "migrating.md").read_text("utf-8")

    assert name in SCENES
    assert DELIBERATE[name].said in " ".join(page.split())

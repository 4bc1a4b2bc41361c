"""The client that openapi-generator makes from the contract puts the same on the wire as ours.

It is made anew, without a network, by the jar in the package openapi-generator-cli, and runs in a process of
its own. Where the two differ on purpose, `DELIBERATE` says so and why; anything else is a failure, and so is
an entry there that no longer holds.

The original client came from generator 7.1.0. Version 7.26 has since mended two of its faults as we have, so
they are no entries: an Accept header of the call is taken, and a key in a cookie has its name.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.generated import Absent, client
from portal_client import ApiClient, ApiException, Configuration, SessionsApi
from support.scripted import SESSION, Received, playing, reply

pytestmark = pytest.mark.slow

URLENCODED = "application/x-www-form-urlencoded"

#: Headers that are not compared.
OWN_HEADERS = {
    "user-agent": "names the client",
    "x-request-id": "only ours has one, a new one for each call",
    "accept-encoding": "only ours asks for compressed answers; the generated one sends identity",
    "host": "the port of another server",
    "content-length": "follows from the body, and from the length of the boundary in it",
}

ANSWERS = {
    "create_async_session": {"session_id": "s1"},
    "update_async_session": {"session_id": "s1"},
    "get_grouped_sessions": {"time_to_sessions": {"Today": []}},
    "get_sessions": {"sessions": [SESSION]},
}


def scene(
    operation: str,
    token: str | None = "t",
    client: dict[str, Any] | None = None,
    default_headers: dict[str, str] | None = None,
    path: str = "",
    **arguments: Any,
) -> dict[str, Any]:
    """A call and what the client is set to before it, all of it plain data."""
    return {
        "operation": operation,
        "arguments": arguments,
        "token": token,
        "client": client or {},
        "default_headers": default_headers or {},
        "path": path,
    }


HI = {"agent_id": "a1", "text_prompt": "Hi"}
MORE = {"session_id": "s1", "text_prompt": "Hi"}
NASTY = "a/b c%2F?x=1&y=#Grüße 世界+~"

KEY_IN_HEADER = {"in": "header", "type": "apiKey", "key": "X-Key", "value": "k"}
KEY_IN_QUERY = {"in": "query", "type": "apiKey", "key": "key", "value": "k/ &"}
KEY_IN_COOKIE = {"in": "cookie", "type": "apiKey", "key": "key", "value": "k"}
SIGNATURE = {"in": "header", "type": "http-signature", "key": "X-Key", "value": "k"}
BASIC = {"Authorization": "Basic x"}

#: Files are named within the folder that holds them.
SCENES: dict[str, dict[str, Any]] = {
    "create_async_session": scene("create_async_session", **HI),
    "create_session": scene("create_session", **HI),
    "create_session_from_replay": scene("create_session_from_replay", session_id="s1", last_message_index=56),
    "get_grouped_sessions": scene("get_grouped_sessions"),
    "get_session": scene("get_session", session_id="s1"),
    "get_sessions": scene("get_sessions", agent_id="a1"),
    "subscribe_to_session": scene("subscribe_to_session", session_id="s1"),
    "update_async_session": scene("update_async_session", **MORE),
    "update_session": scene("update_session", **MORE),
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
}

#: What ours does differently on purpose, and why.
DELIBERATE: dict[str, tuple[list[str], str]] = {
    "an empty token": (
        ["header authorization: None here, ['Bearer'] there"],
        "an empty token is none",
    ),
    "JSON in place of a form": (
        ["0 sent, ApiValueError here; 1 sent, answered there"],
        "the form would be dropped and an empty body sent",
    ),
    "plain text in place of a form": (
        ["0 sent, ApiValueError here; 0 sent, ApiException there"],
        "a wrong argument is a ValueError, as other wrong arguments are",
    ),
    "a content type without a body": (
        ["0 sent, ApiValueError here; 1 sent, answered there"],
        "there is no body that it could describe",
    ),
    "empty texts": (
        ["1 sent, answered here; 0 sent, ValidationError there"],
        "the service says what a text may be; the original, too, left that to it",
    ),
    "a key for a subscription": (
        ["header x-key: ['k'] here, None there"],
        "what the caller gives for this call is not ignored",
    ),
    "a default header and one of the call": (
        ["header x-both: ['call'] here, ['default'] there"],
        "what is said for one call beats what is said for all",
    ),
    "a cookie and one of the call": (
        ["header cookie: ['b=2'] here, ['a=1'] there"],
        "what is said for one call beats what is said for all",
    ),
    "an accept in another case": (
        ["header accept: ['text/plain'] here, ['text/plain', 'application/json'] there"],
        "header names have no case, so it is one header",
    ),
    "a dot": (
        ["0 sent, ApiValueError here; 1 sent, answered there"],
        "the path would be folded, and another operation called",
    ),
    "two dots": (
        ["0 sent, ApiValueError here; 1 sent, answered there"],
        "the path would be folded, and another operation called",
    ),
    "an empty id": (
        ["0 sent, ApiValueError here; 1 sent, answered there"],
        "another operation would be called",
    ),
    "a host that ends in a slash": (
        ["path: /sessions/s1 here, //sessions/s1 there"],
        "a doubled slash is another path",
    ),
}

#: Runs in a process of its own, so that the modules of the two clients do not meet.
DRIVER = """
import json
import sys

from oracle_client import ApiClient, Configuration, SessionsApi

outcomes = []
for scene in json.load(sys.stdin):
    configuration = Configuration(host=scene["host"], access_token=scene["token"])
    with ApiClient(configuration, **scene["client"]) as client:
        client.default_headers.update(scene["default_headers"])
        try:
            getattr(SessionsApi(client), scene["operation"])(**scene["arguments"])
            outcomes.append("answered")
        except Exception as error:
            outcomes.append(type(error).__name__)
json.dump(outcomes, sys.stdout)
"""


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


class Sent(NamedTuple):
    """How a call went: what came back to the caller, and what the server received."""

    outcome: str
    requests: list[dict[str, Any]]


@pytest.fixture(scope="module")
def compared(generated: Path, files: Path) -> dict[str, list[str]]:
    """For each scene what the two clients do differently."""
    ours = played(files, run_ours)
    theirs = played(files, lambda scenes: run_theirs(generated, scenes))
    return {name: differences(ours[name], theirs[name]) for name in SCENES}


@pytest.mark.parametrize("name", SCENES)
def test_the_generated_client_sends_the_same(name: str, compared: dict[str, list[str]]) -> None:
    expected, _ = DELIBERATE.get(name, ([], ""))

    assert compared[name] == expected


def test_each_operation_is_compared() -> None:
    operations = {name for name in dir(SessionsApi) if hasattr(getattr(SessionsApi, name), "operation")}

    derived = ("_with_http_info", "_without_preload_content", "_stream")

    assert {name for name in SCENES if name not in DELIBERATE} >= {
        name for name in operations if not name.endswith(derived)
    }


def played(files: Path, run: Any) -> dict[str, Sent]:
    """Let a client go through all scenes; each has a path of its own, by which its requests are known."""
    scenes = list(SCENES.values())

    def answer(connection: Any, request: Received) -> None:
        operation = scenes[int(request.target.split("/")[1])]["operation"]
        connection.send(reply(ANSWERS.get(operation, SESSION)))

    with playing(answer) as server:
        filled = [
            {**scene, "host": f"{server.host}/{number}{scene['path']}", "arguments": _placed(scene, files)}
            for number, scene in enumerate(scenes)
        ]
        outcomes = run(filled)
    received: dict[int, list[dict[str, Any]]] = {number: [] for number in range(len(scenes))}
    for request in server.requests:
        received[int(request.target.split("/")[1])].append(seen(request))
    return {name: Sent(outcomes[number], received[number]) for number, name in enumerate(SCENES)}


def _placed(scene: dict[str, Any], files: Path) -> dict[str, Any]:
    arguments: dict[str, Any] = scene["arguments"]
    if "files" not in arguments:
        return arguments
    return {**arguments, "files": [str(files / name) for name in arguments["files"]]}


def run_ours(scenes: list[dict[str, Any]]) -> list[str]:
    outcomes = []
    for scene in scenes:
        configuration = Configuration(scene["host"], access_token=scene["token"])
        with ApiClient(configuration, **scene["client"]) as client:
            client.default_headers.update(scene["default_headers"])
            try:
                getattr(SessionsApi(client), scene["operation"])(**scene["arguments"])
                outcomes.append("answered")
            except (ApiException, ValueError) as error:
                outcomes.append(type(error).__name__)
    return outcomes


def run_theirs(generated: Path, scenes: list[dict[str, Any]]) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-B", "-c", DRIVER],
        cwd=generated,
        input=json.dumps(scenes),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    outcomes: list[str] = json.loads(ran.stdout)
    return outcomes


def seen(request: Received) -> dict[str, Any]:
    """A request as it is compared: without the boundary, and without the headers that each has of its own."""
    path, _, query = request.target.removeprefix("/").partition("/")[2].partition("?")
    content_type = request.headers.get("Content-Type", "")
    form: dict[str, Any] = {"method": request.method, "path": f"/{path}", "query": query}
    for name in sorted({name.lower() for name in request.headers} - OWN_HEADERS.keys()):
        values = request.headers.get_all(name, [])
        form[f"header {name}"] = [value.partition("; boundary=")[0].rstrip() for value in values]
    if content_type.startswith("multipart/"):
        return form | _parts(content_type, request.body)
    return form | {"body": request.body.decode()}


def _parts(content_type: str, body: bytes) -> dict[str, bytes]:
    mark = f"--{content_type.partition('boundary=')[2]}".encode()
    return {f"part {number}": part for number, part in enumerate(body.split(mark))}


def differences(ours: Sent, theirs: Sent) -> list[str]:
    """What differs, or who sent nothing and why."""
    if len(ours.requests) != 1 or len(theirs.requests) != 1:
        each = [f"{len(sent.requests)} sent, {sent.outcome}" for sent in (ours, theirs)]
        return [] if ours == theirs else [f"{each[0]} here; {each[1]} there"]
    (here,), (there,) = ours.requests, theirs.requests
    return [
        f"{key}: {here.get(key)} here, {there.get(key)} there"
        for key in {**here, **there}
        if here.get(key) != there.get(key)
    ]

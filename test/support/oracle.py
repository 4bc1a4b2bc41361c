"""What another client of the same service does differently from ours, in the same scenes.

Both play them to one scripted server; what each has sent and what it returned is compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from openapi import Argument, arguments, operations
from support import player
from support.clients import closes
from support.examples import FORMS, Form, example
from support.scripted import Answer, Connection, Received, playing, reply

#: Headers that are not compared.
OWN_HEADERS = {
    "user-agent": "names the client",
    "x-lusid-sdk-version": "names its version",
    "x-request-id": "only ours has one, a new one for each call",
    "accept-encoding": "only ours asks for compressed answers; the generated one sends identity",
    "host": "the port of another server",
    "content-length": "follows from the body, and from the length of the boundary in it",
}


@dataclass(frozen=True)
class Scene:
    """A call as an expression of `client` and the package's names, its response, and what is set for it."""

    call: str
    answer: Answer = field(default=reply(), repr=False)
    token: str | None = "t"
    client: Mapping[str, Any] = field(default_factory=dict[str, Any])
    default_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    path: str = ""


class Differs(NamedTuple):
    """What ours does differently on purpose, why, and the words that say so to those who migrate.

    No words are needed where the client that users come from did as ours does.
    """

    seen: list[str]
    reason: str
    said: str = ""


class Sent(NamedTuple):
    """How a call went: what came back to the caller, and what the server received."""

    outcome: dict[str, Any]
    requests: list[dict[str, Any]]


def scenes_of(contract: Mapping[str, Any], value: Callable[[Argument], str]) -> dict[str, Scene]:
    """Return a call of each operation with what it needs and with all, and with each form of response.

    A connection that is lost is one, too, where an operation does not only read.

    Args:
        contract: The document of the operations.
        value: Returns an argument as an expression.
    """
    found: dict[str, Scene] = {}
    for method, _, item, operation in operations(contract):
        name = operation["operationId"]
        called = f"{operation['tags'][0]}Api(client).{name}"
        # The originals have the body first.
        taken = sorted(arguments(item, operation), key=lambda each: (not each.required, each.place != "body"))
        needed = [value(each) for each in taken if each.required]
        for form in FORMS:
            answer = _response(contract, operation, form)
            if form == "whole" or answer != found[name].answer:
                label = name if form == "whole" else f"{name}: {form}"
                found[label] = Scene(f"{called}({', '.join(needed)})", answer)
        if len(needed) < len(taken):
            found[f"{name} with all"] = Scene(f"{called}({', '.join(map(value, taken))})", found[name].answer)
        if method != "GET":
            found[f"{name}: lost"] = replace(found[name], answer=closes)
    return found


def lost(contract: Mapping[str, Any], said: str) -> dict[str, Differs]:
    """Return how the scenes of lost connections differ: urllib3 repeats PUT and DELETE three times.

    Args:
        contract: The document of the operations.
        said: The words that say so to those who migrate.
    """
    outcome = "outcome: 'ApiConnectionError' here, '{}' there"
    repeated = Differs(
        ["requests: 1 here, 4 there", outcome.format("MaxRetryError")], "it may have been done", said
    )
    raised = Differs(
        [outcome.format("ProtocolError")],
        "`except ApiException` catches it",
        "the original let urllib3's classes through",
    )
    return {
        f"{operation['operationId']}: lost": raised if method == "POST" else repeated
        for method, *_, operation in operations(contract)
        if method != "GET"
    }


def _response(contract: Mapping[str, Any], operation: Mapping[str, Any], form: Form) -> bytes:
    """Return what the service responds if all goes well."""
    status, response = next(iter(operation["responses"].items()))
    if "content" not in response:
        return reply(b"", status=int(status))
    return reply(example(contract, response["content"]["application/json"]["schema"], form))


Play = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def compared(scenes: Mapping[str, Scene], ours: str, theirs: str, folder: Path) -> dict[str, list[str]]:
    """Return for each scene what differs between our package and theirs, which lies in the folder."""
    here = _played(scenes, lambda each: player.play(ours, each))
    there = _played(scenes, lambda each: _elsewhere(theirs, folder, each))
    return {name: list(_differences(here[name], there[name])) for name in scenes}


def _played(scenes: Mapping[str, Scene], play: Play) -> dict[str, Sent]:
    """Let a client go through all scenes; each has a path of its own, by which its requests are known."""
    answers = [scene.answer for scene in scenes.values()]

    def respond(connection: Connection, request: Received) -> Any:
        answer = answers[_number(request)]
        return connection.send(answer) if isinstance(answer, bytes) else answer(connection, request)

    with playing(respond) as server:
        outcomes = play(
            [
                {**asdict(scene), "answer": None, "host": f"{server.host}/{number}{scene.path}"}
                for number, scene in enumerate(scenes.values())
            ]
        )
    received: dict[int, list[dict[str, Any]]] = {number: [] for number in range(len(scenes))}
    for request in server.requests:
        received[_number(request)].append(_seen(request))
    return {name: Sent(outcomes[number], received[number]) for number, name in enumerate(scenes)}


def _elsewhere(package: str, folder: Path, scenes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Play scenes in a process that finds the package in a folder."""
    ran = subprocess.run(
        [sys.executable, "-B", "-P", player.__file__, package],
        env={**os.environ, "PYTHONPATH": str(folder)},
        input=json.dumps(scenes),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    outcomes: list[dict[str, Any]] = json.loads(ran.stdout)
    return outcomes


def _number(request: Received) -> int:
    return int(request.target.split("/")[1])


def _seen(request: Received) -> dict[str, Any]:
    """A request as it is compared: without the boundary, and without the headers that each has of its own."""
    path, _, query = request.target.removeprefix("/").partition("/")[2].partition("?")
    content_type = request.headers.get("Content-Type", "")
    form: dict[str, Any] = {"method": request.method, "path": f"/{path}", "query": query.split("&")}
    for name in sorted({name.lower() for name in request.headers} - OWN_HEADERS.keys()):
        values = request.headers.get_all(name, [])
        form[f"header {name}"] = [value.partition("; boundary=")[0].rstrip() for value in values]
    if content_type.startswith("multipart/"):
        return form | _parts(content_type, request.body)
    body = request.body.decode()
    return form | {"body": json.loads(body) if body and content_type == "application/json" else body}


def _parts(content_type: str, body: bytes) -> dict[str, bytes]:
    mark = f"--{content_type.partition('boundary=')[2]}".encode()
    return {f"part {number}": part for number, part in enumerate(body.split(mark))}


def _differences(ours: Sent, theirs: Sent) -> Iterator[str]:
    yield from _compare("requests", len(ours.requests), len(theirs.requests))
    if ours.requests and theirs.requests:
        yield from _compare("", ours.requests[0], theirs.requests[0])
    if "returned" in ours.outcome and "returned" in theirs.outcome:
        yield from _compare("returned", ours.outcome["returned"], theirs.outcome["returned"])
    else:
        yield from _compare("outcome", *(each.outcome.get("raised", "returned") for each in (ours, theirs)))


_NOTHING = object()


def _compare(where: str, here: Any, there: Any) -> Iterator[str]:
    """Yield where two plain values differ: dicts key by key, lists item by item, if both have as many."""
    pairs: dict[Any, tuple[Any, Any]] = {}
    if isinstance(here, dict) and isinstance(there, dict):
        pairs = {key: (here.get(key, _NOTHING), there.get(key, _NOTHING)) for key in {**here, **there}}
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        pairs = dict(enumerate(zip(here, there, strict=True)))
    elif here != there or type(here) is not type(there):
        (ours, theirs) = ("nothing" if each is _NOTHING else repr(each) for each in (here, there))
        yield f"{where}: {ours} here, {theirs} there"
    for key, pair in pairs.items():
        yield from _compare(f"{where}.{key}" if where else str(key), *pair)

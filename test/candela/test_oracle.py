"""The original client of the Candela service puts the same on the wire as ours.

It is installed into a folder of its own, since its package has the same name, and runs in a process of its
own. Where the two differ on purpose, `DELIBERATE` says so and why; anything else is a failure, and so is an
entry there that no longer holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import finbourne_candela
from candela.test_contract import CANDELA
from finbourne_candela import ApiException, Configuration, SyncApiClient
from openapi import operations
from support.scripted import Received, playing, reply

pytestmark = pytest.mark.slow

ORIGINAL = "finbourne-candela-sdk==0.1.173"
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


def scenes() -> dict[str, str]:
    """Each operation as an expression, with the arguments that it needs, and with all."""
    found: dict[str, str] = {}
    for *_, operation in operations(CANDELA):
        name, parameters = operation["operationId"], operation.get("parameters", [])
        content = operation.get("requestBody", {}).get("content", {})
        needed = [BODIES[each["schema"]["$ref"].rpartition("/")[2]] for each in content.values()]
        needed += [VALUES[p["schema"]["type"]] for p in parameters if p["required"]]
        optional = [VALUES[p["schema"]["type"]] for p in parameters if not p["required"]]
        call = f"{operation['tags'][0]}Api(client).{name}"
        found[name] = f"{call}({', '.join(needed)})"
        if optional:
            found[f"{name} with all"] = f"{call}({', '.join([*needed, *optional])})"
    return found


SCENES = {
    **scenes(),
    "a body without the fields that have a default": (
        "DirectivesApi(client).add_directive(PostDirective(scope='s', identifier='i', data=Directive()))"
    ),
    "a version that is empty": "AppsApi(client).get_app('s', 'i', '')",
}
#: Where the two differ, and why.
DELIBERATE = {
    **{
        name: "a truth value is lower-case, as in JSON; the original sends True"
        for name in SCENES
        if name.startswith(("list_", "add_")) and name.endswith("with all")
    },
    "list_sessions": "it sends the default of `all_versions`, as it always did here",
    "a body without the fields that have a default": "the original sends no default of a constructor",
}

ASK = """
import json, sys, warnings
warnings.simplefilter("ignore")
import finbourne_candela
from finbourne_candela import *
from finbourne_candela.configuration import Configuration
from finbourne_candela.extensions import SyncApiClient
client = SyncApiClient(Configuration(host=sys.argv[1], access_token="t"))
for text in json.load(sys.stdin):
    try:
        eval(text)
    except finbourne_candela.ApiException:
        continue
    raise SystemExit(text)
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the original and what it needs."""
    folder = tmp_path_factory.mktemp("original")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), ORIGINAL]
    if subprocess.run(pip, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{ORIGINAL} cannot be installed here")
    return folder


def seen(request: Received) -> dict[str, Any]:
    """What is compared of a request."""
    names = ("Accept", "Authorization", "Content-Type")
    return {
        "method": request.method,
        "target": request.target,
        "body": json.loads(request.body) if request.body else None,
        **{name: request.headers[name] for name in names},
    }


@pytest.fixture(scope="module")
def theirs(original: Path) -> dict[str, dict[str, Any]]:
    """The request that the original sends in each scene."""
    with playing(reply({}, status=418)) as server:
        subprocess.run(
            [sys.executable, "-c", ASK, server.host],
            input=json.dumps(list(SCENES.values())),
            text=True,
            check=True,
            cwd=original,
            env={**os.environ, "PYTHONPATH": str(original)},
        )
    assert len(server.requests) == len(SCENES)
    return dict(zip(SCENES, map(seen, server.requests), strict=True))


def ours(name: str) -> dict[str, Any]:
    """The request that our client sends in a scene."""
    names = {each: getattr(finbourne_candela, each) for each in finbourne_candela.__all__}
    with playing(reply({}, status=418)) as server:
        configuration = Configuration(server.host, access_token="t")
        with SyncApiClient(configuration) as client, pytest.raises(ApiException):
            eval(SCENES[name], {**names, "client": client})
    (request,) = server.requests
    return seen(request)


@pytest.mark.parametrize("name", SCENES)
def test_the_wire_is_that_of_the_original(name: str, theirs: dict[str, dict[str, Any]]) -> None:
    if name not in DELIBERATE:
        assert ours(name) == theirs[name]
    else:
        assert ours(name) != theirs[name], f"{name} is no longer another: {DELIBERATE[name]}"


@pytest.mark.parametrize("name", [name for name in DELIBERATE if name.endswith("with all")])
def test_a_truth_value_differs_in_its_case_only(name: str, theirs: dict[str, dict[str, Any]]) -> None:
    there = theirs[name]

    assert ours(name) == {**there, "target": there["target"].replace("=True", "=true")}

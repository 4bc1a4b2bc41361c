"""A urllib3 or http.client in which a private name that the transport uses is called otherwise, or is gone.

Calls then go on in plain mode, which is told; none hangs, and no prompt is sent twice.
"""

from __future__ import annotations

import ast
import gzip
import importlib.util
import inspect
import json
import pkgutil
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from foreign.alone import alone
from portal_client.transport._private import NAMES, Name
from support.clients import ca_file, server_tls
from support.scripted import SESSION, Connection, Received, chunk, playing, reply

pytestmark = pytest.mark.slow

_BODY = json.dumps(SESSION).encode()
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: %b\r\n\r\n"
_EVENT = b"data: " + _BODY + b"\n\n"

#: What the server sends for each session.
_ANSWERS: dict[str, bytes] = {
    "plain": reply(),
    "chunked": _CHUNKED % b"application/json" + chunk(_BODY[:9]) + chunk(_BODY[9:]) + chunk(b""),
    "compressed": reply(gzip.compress(_BODY), Content_Encoding="gzip"),
    "closing": reply(close=True),
    "events": _CHUNKED % b"text/event-stream" + chunk(_EVENT) + chunk(_EVENT) + chunk(b""),
    "endless": _CHUNKED % b"text/event-stream" + chunk(_EVENT),
    "refused": reply({"detail": "no"}, 404),
}

_CALLS = """
import json, sys, threading, time, warnings

def outcome(call):
    began = time.monotonic()
    try:
        return call()
    except Exception as error:
        if time.monotonic() - began > 4:
            return "too late"
        return [type(error).__name__, getattr(error, "request_sent", None), str(error).splitlines()[0]]

def follow(session_id):
    with api.subscribe_to_session_stream(session_id) as sessions:
        return next(iter(sessions)).id

def close_while_another_thread_reads():
    response = api.subscribe_to_session_without_preload_content("endless")
    def read():
        try:
            response.read()
        except Exception:
            pass
    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    time.sleep(0.2)
    client.close()
    reading.join(5)
    return "still reading" if reading.is_alive() else "s1"

with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    try:
        from portal_client import ApiClient, Configuration, SessionsApi

        client = ApiClient(Configuration(sys.argv[1], access_token="t"))
        secure = ApiClient(Configuration(sys.argv[2], access_token="t", ssl_ca_cert=sys.argv[3]))
    except Exception as error:
        found = {"import": [type(error).__name__, False, str(error).splitlines()[0]]}
    else:
        api = SessionsApi(client)
        calls = {name: lambda name=name: api.get_session(name, _request_timeout=5).id for name in (
            "plain", "chunked", "compressed", "closing", "refused")}
        calls["again"] = calls["plain"]
        calls["silent"] = lambda: api.get_session("silent", _request_timeout=(1, 0.5)).id
        calls["tls"] = lambda: SessionsApi(secure).get_session("plain", _request_timeout=5).id
        calls["form"] = lambda: api.update_session("plain", "hello", b"x" * 300_000, _request_timeout=5).id
        calls["prompt"] = lambda: api.update_session("closed", "hello", _request_timeout=5).id
        calls["events"] = lambda: follow("events")
        calls["left"] = lambda: follow("endless")
        calls["close"] = close_while_another_thread_reads
        found = {name: outcome(call) for name, call in calls.items()}
        client.close()
        secure.close()
print(json.dumps([found, [f"{warning.category.__name__}: {warning.message}" for warning in told]]))
"""


def _renamed(folder: Path, private: Name) -> Path:
    """Make a folder with urllib3, and the package of the standard library that has the name, if one has."""
    defined = Path(inspect.getsourcefile(pkgutil.resolve_name(private.owner)) or "").name
    for top in {"urllib3", private.owner.partition(".")[0]}:
        spec = importlib.util.find_spec(top)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, folder / top)
    for path in folder.rglob("*.py"):
        source = path.read_text("utf-8")
        if path.name == defined or not re.search(rf"^    {private.name}: ", source, re.MULTILINE):
            path.write_text(_without(private, source), "utf-8")
    return folder


def _without(private: Name, source: str) -> str:
    """Call a name otherwise where it is defined or used as an attribute; in a module, wherever it stands."""
    name, of_module = private.name, private.owner.rpartition(".")[2].islower()
    ends: set[tuple[int, int]] = set()
    lines = source.encode().splitlines(keepends=True)
    tree = ast.parse(source)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=attribute) if module in imported:
                pass  # of another module
            case ast.Attribute(attr=attribute) if attribute == name:
                ends.add((node.end_lineno or 0, node.end_col_offset or 0))
            case ast.FunctionDef(name=defined) if defined == name:
                ends.add((node.lineno, node.col_offset + len(f"def {name}")))
            case ast.ClassDef(body=body):
                targets = [
                    target
                    for part in body
                    if isinstance(part, (ast.Assign, ast.AnnAssign))
                    for target in (part.targets if isinstance(part, ast.Assign) else [part.target])
                ]
                for target in targets:
                    if isinstance(target, ast.Name) and target.id == name:
                        ends.add((target.lineno, target.col_offset + len(name)))
            case ast.Constant(value=text) if text == name and name.startswith("_"):
                ends.add((node.lineno, node.col_offset + 1 + len(name)))
            case ast.Name(id=used) | ast.alias(name=used) if of_module and used == name:
                ends.add((node.lineno, node.col_offset + len(name)))
    for row, column in sorted(ends, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + b"_renamed" + line[column:]
    return b"".join(lines).decode()


def _answer(connection: Connection, request: Received) -> bool | None:
    name = request.target.split("/")[2]
    if name == "silent":
        connection.sock.settimeout(10)
        connection.sock.recv(1)
    if name in ("silent", "closed"):
        return False
    connection.send(_ANSWERS[name])
    if name == "endless":
        connection.sock.settimeout(10)
        connection.sock.recv(1)
    return name not in ("closing", "endless")


def _made(first: Path | None, ca: str) -> tuple[dict[str, Any], list[str], list[str]]:
    """What became of each call, what was warned of, and which prompts the server received."""
    with playing(_answer) as server, playing(reply(), tls=server_tls()) as secure:
        found, told = alone(_CALLS, server.host, secure.host, ca, first=first, limit=60)
        prompts = [r.target for r in server.requests if r.method == "PUT"]
    return found, told, prompts


_AS_EVER = ["plain", "chunked", "compressed", "closing", "again", "tls", "form", "events", "left", "close"]


def _check(found: dict[str, Any]) -> None:
    assert {name: found[name] for name in _AS_EVER} == dict.fromkeys(_AS_EVER, "s1")
    assert found["refused"][:2] == ["NotFoundException", True]
    assert found["silent"][:2] == ["ApiTimeoutError", True]
    assert found["prompt"][:2] == ["ApiConnectionError", True]


def test_the_urllib3_that_is_installed_is_used_in_full(tmp_path: Path) -> None:
    found, told, prompts = _made(None, ca_file(tmp_path))

    _check(found)
    assert told == []
    assert prompts == ["/sessions/plain", "/sessions/closed"]


@pytest.mark.parametrize("private", NAMES, ids=str)
def test_a_name_that_is_called_otherwise(private: Name, tmp_path: Path) -> None:
    first = _renamed(tmp_path / "first", private)

    found, told, prompts = _made(first, ca_file(tmp_path))

    _check(found)
    assert sorted(prompts) == ["/sessions/closed", "/sessions/plain"]
    assert [warning.partition(":")[0] for warning in told] == ["RuntimeWarning"]
    assert re.search(rf" urllib3 [\d.]+\S* without .*\b{private.name}\b", told[0])

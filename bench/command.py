"""The cost of the `portal` command: its help, and a call, each in a new interpreter."""

from __future__ import annotations

from bench.contestants import Floor, PortalClient
from bench.harness import FLOOR, OURS, Row, Script, Within

_LIBRARIES = ("typer", "rich")
_SILENCE = """
import contextlib, os
silent = contextlib.redirect_stdout(open(os.devnull, "w"))
os.environ |= {"PORTAL_HOST": "{host}", "PORTAL_TOKEN": "token"}
"""
_RUN = """
from portal_client.cli import main
with silent:
    assert main(%r) == 0
"""
_BARE_HELP = """
import typer
app = typer.Typer()
@app.command()
def first(name: str): "Do one thing."
@app.command()
def second(name: str): "Do another."
with silent, contextlib.suppress(SystemExit):
    app(["--help"])
"""
_BARE_CALL = """
import json, typer, urllib3
from pydantic import TypeAdapter
from portal_client.models.session import Session
validate = TypeAdapter(Session).validator.validate_json
app = typer.Typer()
@app.command()
def get(session_id: str):
    response = urllib3.PoolManager().request("GET", "{host}/sessions/" + session_id)
    print(json.dumps(validate(response.data).to_dict(), default=str))
with silent, contextlib.suppress(SystemExit):
    app(["s1"])
"""
_OURS = (*PortalClient.libraries, *_LIBRARIES)

ROWS = [
    Row(
        "help",
        "`portal --help`",
        {
            OURS: Script(_RUN % ["--help"], _OURS, setup=_SILENCE),
            FLOOR: Script(_BARE_HELP, _LIBRARIES, setup=_SILENCE),
        },
        [Within(0.3)],
        rounds=9,
        note="The floor is a typer program of two commands.",
    ),
    Row(
        "command",
        "`portal sessions get`",
        {
            OURS: Script(_RUN % ["sessions", "get", "s1", "--json"], _OURS, setup=_SILENCE),
            FLOOR: Script(_BARE_CALL, (*Floor.libraries, *_LIBRARIES), setup=_SILENCE),
        },
        [Within(0.6)],
        rounds=9,
        note="The floor is a typer program of one command, with urllib3, pydantic and the model.",
    ),
]

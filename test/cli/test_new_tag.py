"""A tag that is added to the contract has its commands, their help and their page without a line of code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.commands import environment
from support.scripted import playing, reply
from test_declare import PORTAL, copy, declare

pytestmark = pytest.mark.slow
copy = copy  # the fixture

NOTE = {
    "type": "object",
    "description": "What one remembers.",
    "properties": {"text": {"type": "string", "description": "The text."}},
    "required": ["text"],
}


def add_notes(root: Path) -> None:
    """Add the tag of CONTRIBUTING to the contract: one operation, one model."""
    contract = json.loads((root / PORTAL).read_text("utf-8"))
    operation = json.loads(json.dumps(contract["paths"]["/reports/{agent_id}"]["get"]))
    operation |= {
        "tags": ["Notes"],
        "operationId": "get_note",
        "summary": "Read a note",
        "description": "What one remembers of a conversation.",
    }
    operation["parameters"][0] |= {"name": "note_id", "description": "Which note."}
    schema = {"$ref": "#/components/schemas/Note"}
    operation["responses"]["200"]["content"]["application/json"]["schema"] = schema
    contract["tags"].append({"name": "Notes", "description": "What one remembers"})
    contract["paths"]["/notes/{note_id}"] = {"get": operation}
    contract["components"]["schemas"]["Note"] = NOTE
    (root / PORTAL).write_text(json.dumps(contract), "utf-8")


def test_a_new_tag_has_commands_their_help_and_their_page(copy: Path) -> None:
    add_notes(copy)
    status, _ = declare(copy, PORTAL)
    assert status == 0

    def portal(*words: str, host: str = "") -> str:
        variables = environment(host, PYTHONPATH=str(copy))
        command = [sys.executable, "-m", "portal_client", *words]
        done = subprocess.run(command, cwd=copy, env=variables, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    assert "notes " in portal("--help")
    assert "Read a note" in portal("notes", "--help")
    assert "NOTE_ID" in portal("notes", "get", "--help")
    with playing(reply({"text": "Ask Ada"})) as server:
        assert portal("notes", "get", "n1", host=server.host) == "text\tAsk Ada\n"
    assert server.requests[0].target == "/notes/n1"

    page = (copy / "docs/commands.md").read_text("utf-8")
    assert "## portal notes" in page
    assert "portal notes get NOTE_ID" in page

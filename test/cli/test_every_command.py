"""Each command of an operation as a process, against the sandbox: in a pipe, and in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.commands import COMMANDS, TOKEN, Command, plain, process, sample
from cli.test_process import Terminal
from portal_client.files import Files
from portal_client.operation import Parameter

pytestmark = pytest.mark.slow

#: What the demo data have no "..._example" for.
VALUES = {"last_message_index": "1", "slot_type": "local"}

#: What the sandbox may refuse: there may be no business, and the circuit of the example leads nowhere.
REFUSED = {"business-update": 404, "candela-circuits-add": 422}


@pytest.fixture(scope="module")
def box() -> Iterator[Any]:
    server = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    with server.running(demo_data=True, tokens={TOKEN: "me"}) as box:
        yield box


def given(command: Command, folder: Path) -> Iterator[str]:
    """The arguments of a command that must be given."""
    for parameter in command.operation.parameters:
        if parameter.required or parameter.type == Files:
            yield from _given(command, parameter, folder)


def _given(command: Command, parameter: Parameter, folder: Path) -> Iterator[str]:
    name = parameter.name
    value = VALUES.get(name, "1" if plain(parameter.type) is int else f"{name}_example")
    if parameter.place == "path":
        yield value
    elif parameter.place == "body":
        path = folder / "body.json"
        path.write_text(json.dumps(sample(command, parameter.type)), "utf-8")
        yield str(path)
    elif parameter.type == Files:
        (folder / "attached.txt").write_bytes(b"attached")
        yield from ("--file", str(folder / "attached.txt"))
    else:
        yield from (f"--{name.replace('_', '-')}", value)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_command_against_the_sandbox(command: Command, box: Any, tmp_path: Path) -> None:
    words = [*command.words, *given(command, tmp_path)]
    host = box.candela_url if command.words[0] == "candela" else box.host

    piped = process(*words, "--json", host=host)
    terminal = Terminal(*words, host=host)
    shown = terminal.read()

    assert "Traceback" not in piped.stderr + terminal.err
    if piped.returncode == 3 and (status := REFUSED.get(str(command))):
        assert (piped.stdout, terminal.code) == ("", 3)
        assert piped.stderr.startswith(f"portal: {status} ")
        return
    assert (piped.returncode, piped.stderr) == (0, "")
    data = command.operation.returns.validator.validate_json(piped.stdout)
    # What is done once is refused the second time.
    assert terminal.code == 0 or (command.operation.method != "GET" and terminal.code == 3)
    assert shown or terminal.err or data in (None, "")

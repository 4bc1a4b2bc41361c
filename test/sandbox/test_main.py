"""The command line, as a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import portal_sandbox
from portal_sandbox.__main__ import main

from .conftest import LIMIT, Caller

ROOT = Path(__file__).parents[2]
SIGNALS = (signal.SIGINT, signal.SIGTERM)
COMMAND = [sys.executable, "-W", "error", "-m", "portal_sandbox"]


@contextmanager
def _process(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", SIGNALS)
def test_it_runs_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    db = tmp_path / "box.sqlite"
    with _process("--port", "0", "--db", str(db), "--demo-data", "--token", "secret") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        found = re.search(r"export PORTAL_HOST=(http://127\.0\.0\.1:\d+) BEARER_TOKEN=secret\n", lines[1])
        assert found is not None, lines
        with Caller(found[1], "secret") as caller:
            caller.create()
            assert len(caller.get("/sessions/session_id_example")["messages"]) == 60
            process.send_signal(number)
            output, errors = process.communicate(timeout=LIMIT)

    assert (process.returncode, output, errors) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["box.sqlite"]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., str]]:
    """Run the command in this process, where it cannot start, and get its one line."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}

    def line(*arguments: str) -> str:
        assert main(arguments) == 1
        output, errors = capsys.readouterr()
        assert output == ""
        return errors

    yield line
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_port_that_is_taken(refused: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = refused("--port", str(port))

    assert line == f"portal_sandbox: Cannot listen on 127.0.0.1 port {port}: the port is taken\n"


def test_a_database_that_cannot_be_used(refused: Callable[..., str], tmp_path: Path) -> None:
    line = refused("--port", "0", "--db", str(tmp_path))

    assert line == f"portal_sandbox: Cannot use {tmp_path} as a database: unable to open database file\n"


def test_a_token_that_no_header_can_carry(refused: Callable[..., str]) -> None:
    line = refused("--port", "0", "--token", "two words")

    assert line == "portal_sandbox: a token must be of printable ASCII characters without spaces\n"


def test_without_the_extra_it_names_the_extra(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    for name in ("running", "SandboxError"):
        monkeypatch.delitem(vars(portal_sandbox), name, raising=False)

    line = refused("--port", "0")

    assert line == 'portal_sandbox: portal_sandbox needs uvicorn: pip install "portal-client[sandbox]"\n'


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "70000"],
        ["--port", "x"],
        ["--latency", "-1"],
        ["--latency", "nan"],
        ["--token", ""],
        ["--db", ""],
        ["--what"],
    ],
)
def test_arguments_that_make_no_sense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 2
    assert "python -m portal_sandbox: error: " in capsys.readouterr().err

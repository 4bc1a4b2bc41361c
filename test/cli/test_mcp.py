"""The server of tools as a process: what a host configures, the standard streams, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra [mcp] is not installed")

from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import CallToolResult

from cli.commands import ROOT, TOKEN, environment, process
from portal_client import ApiClient, Configuration, SessionsApi
from portal_client.mcp.tools import TOOLS
from support.scripted import SESSION, STEP, playing, reply

pytestmark = pytest.mark.slow

GUIDE = ROOT / "docs" / "guides" / "mcp.md"
RUNNING = {**SESSION, "status": "Running"}
_PIPES: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "bufsize": 1}
COMMAND = [sys.executable, "-W", "error", "-m", "portal_client", "mcp"]


@pytest.fixture(scope="module")
def box() -> Iterator[Any]:
    running = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed").running
    with running(tokens={TOKEN: "me", "dev-token": "me"}) as box:
        yield box


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The command as the package installs it."""
    path = tmp_path / "portal"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error -m portal_client "$@"\n', "utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_line_of_the_guide_works_with_the_sandbox(
    mode: Any, box: Any, program: Path, tmp_path: Path
) -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    configured = json.loads(block.replace("http://127.0.0.1:8000", box.host))["mcpServers"]["portal"]
    of_host = {**environment("", XDG_CONFIG_HOME=str(tmp_path)), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    configured["env"] |= {name: of_host[name] for name in ("PATH", "PYTHONPATH", "XDG_CONFIG_HOME")}

    async def conversation(errors: Any) -> list[CallToolResult]:
        transport = stdio_client(StdioServerParameters(**configured), errlog=errors)
        async with Client(transport, mode=mode) as client:
            assert len((await client.list_tools()).tools) == 8
            asked = {"agent_id": "echo", "text_prompt": f"Hello by {mode}"}
            started = await client.call_tool("start_session", asked)
            waited = await client.call_tool("wait_for_session", started.structured_content)
            nobody = await client.call_tool("get_agent", {"agent_id": "nobody"})
            return [started, waited, nobody]

    with open(tmp_path / "errors", "w+", encoding="utf-8") as errors:
        started, waited, nobody = asyncio.run(conversation(errors))
        errors.seek(0)
        assert errors.read() == ""

    said = [message["text"] for message in waited.structured_content["session"]["messages"]]
    assert said == [f"Hello by {mode}"] * 2
    assert nobody.is_error
    assert "Agent not found: nobody" in str(nobody.content)
    with ApiClient(Configuration(box.host, access_token="dev-token")) as client:
        stored = SessionsApi(client).get_session(started.structured_content["session_id"])
    assert [message.text for message in stored.messages] == said


def test_the_guide_lists_the_tools() -> None:
    rows = re.findall(r"^\| (`\w+`.*?) \|", GUIDE.read_text("utf-8"), re.MULTILINE)

    assert re.findall(r"`(\w+)`", " ".join(rows)) == [tool.name for tool in TOOLS]


class Raw:
    """A host that writes and reads the lines itself."""

    def __init__(self, host: str, *words: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            env=environment(host),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            bufsize=1,
        )
        self._number = 0
        info = {"name": "test", "version": "1"}
        self.call("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=info)
        self.send("notifications/initialized")

    def send(self, method: str, **message: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "method": method, **message}) + "\n")

    def begin(self, method: str, **params: Any) -> None:
        self._number += 1
        self.send(method, id=self._number, params=params)

    def call(self, method: str, **params: Any) -> Any:
        self.begin(method, **params)
        assert self.process.stdout
        response = json.loads(self.process.stdout.readline())
        assert response["id"] == self._number, response
        return response["result"]

    def end(self) -> tuple[int, str, str]:
        """The exit code, and what is left on both streams, once the input is closed."""
        out, err = self.process.communicate(timeout=STEP)
        return self.process.returncode, out, err


def test_the_log_is_on_standard_error_and_holds_no_token() -> None:
    with playing(reply({"agents": []}), reply({"detail": f"not {TOKEN}"}, 403)) as script:
        host = Raw(script.host, "--debug")
        host.call("tools/call", name="list_agents", arguments={})
        refused = host.call("tools/call", name="get_agent", arguments={"agent_id": "a1"})
        code, out, err = host.end()

    assert (code, out) == (0, "")
    assert refused["isError"]
    assert "not ***" in refused["content"][0]["text"]
    assert "portal_client: get_agents 200 in" in err
    assert TOKEN not in err
    assert "Traceback" not in err
    assert len(script.requests) == 2


def test_the_end_of_the_input_ends_a_wait_and_the_server() -> None:
    with playing(reply(RUNNING)) as script:
        host = Raw(script.host)
        host.begin("tools/call", name="wait_for_session", arguments={"session_id": "s1", "seconds": 60})
        while not script.requests:
            time.sleep(0.01)
        began = time.monotonic()
        code, out, err = host.end()

    assert (code, err) == (0, "")
    assert time.monotonic() - began < STEP
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in out.splitlines())


def test_ctrl_c_ends_it_though_the_input_is_open() -> None:
    with playing(reply(RUNNING)) as script:
        host = Raw(script.host)
        host.begin("tools/call", name="wait_for_session", arguments={"session_id": "s1", "seconds": 60})
        while not script.requests:
            time.sleep(0.01)
        host.process.send_signal(signal.SIGINT)
        code = host.process.wait(STEP)
        _, _, err = host.end()

    assert (code, err) == (-signal.SIGINT, "")


def test_somebody_who_starts_it_by_hand_is_told_so() -> None:
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals")
    keyboard, terminal = pty.openpty()
    started = subprocess.Popen(COMMAND, env=environment("http://127.0.0.1:9"), stdin=terminal, **_PIPES)
    with started as running:
        assert running.stderr
        assert running.stderr.readline() == "Waiting for the messages of an MCP host; Ctrl-C ends it.\n"
        running.send_signal(signal.SIGINT)
    os.close(keyboard)
    os.close(terminal)


def test_a_host_that_is_gone_is_no_fault() -> None:
    host = Raw("http://127.0.0.1:9")
    assert host.process.stdout
    host.process.stdout.close()
    for _ in range(50):
        host.begin("tools/list")
    assert host.process.stdin
    assert host.process.stderr
    host.process.stdin.close()
    code = host.process.wait(STEP)
    with host.process.stderr as errors:
        assert (code, errors.read()) == (0, "")


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "mcp.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'mcp'\", name='mcp')", "utf-8"
    )
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    ended = process("mcp", PYTHONPATH=path)
    help_ = process("mcp", "--help", PYTHONPATH=path)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == 'portal: it needs mcp: pip install "portal-client[mcp]"\n'
    assert (help_.returncode, help_.stderr) == (0, "")
    assert "--allow-files" in help_.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--allow-files", "/no/such/folder"], "portal: /no/such/folder: No such file or directory\n"),
        (["--timeout", "0"], "portal: --timeout must be greater than 0, not 0.0; no limit is inf\n"),
        (["--profile", "none"], "portal: "),
    ],
)
def test_a_wrong_option_ends_it_at_once(words: list[str], said: str, tmp_path: Path) -> None:
    ended = process("mcp", *words, host="http://127.0.0.1:9", XDG_CONFIG_HOME=str(tmp_path))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(said)

"""The command as a process: pipes, terminals, signals, and what comes when."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cli.commands import COMMANDS, ROOT, TOKEN, Command, arguments, environment, process, response
from cli.test_conversations import by_target
from support.scripted import SESSION, STEP, Connection, Received, Steps, chunk, playing, reply

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals")

AGENTS = reply({"agents": []})

#: Both are 130 in a shell: Python ends by the signal itself where it came while a text was evaluated.
INTERRUPTED = (130, -signal.SIGINT)


class Terminal:
    """A process in a pseudo-terminal of 80 columns."""

    def __init__(self, *words: str, host: str, **more: str) -> None:
        self._end, other = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "portal_client", *words],
            env=environment(host, COLUMNS="80", TERM="xterm", **more),
            stdin=other,
            stdout=other,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(other)

    def read(self) -> str:
        """All that comes until the process has ended."""
        found = b""
        while True:
            try:
                part = os.read(self._end, 65536)
            except OSError:  # the other end is closed
                part = b""
            if not part:
                break
            found += part
        self.code = self.process.wait(STEP)
        assert self.process.stderr
        self.err = self.process.stderr.read().decode()
        self.process.stderr.close()
        os.close(self._end)
        return found.decode().replace("\r\n", "\n")


@contextmanager
def running(*words: str, host: str, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that is still running, and is ended at the end."""
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    command = [sys.executable, "-W", "error", "-m", "portal_client", *words]
    with subprocess.Popen(command, env=environment(host), text=True, **piped) as process:
        try:
            yield process
        finally:
            process.kill()  # no more than a signal to one that has ended


# ── what comes when ──


def state(text: str, status: str = "Running") -> dict[str, Any]:
    said = [{"text": "Go", "role": "user", "agent": None}, {"text": text, "role": "assistant", "agent": None}]
    return {**SESSION, "messages": said, "status": status}


def test_the_first_words_are_there_before_the_next_are_sent() -> None:
    head = b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
    states = [state("The"), state("The north"), state("The north grew.", "Ready")]
    stream = Steps(head, [chunk(json.dumps(each).encode() + b"\n") for each in states], chunk(b""))
    script = by_target(
        POST_async=reply({"session_id": "s1"}),
        GET_s1=reply({**SESSION, "messages": [], "status": "Running"}),
        GET_subscribe=stream,
    )
    with playing(script) as server, running("ask", "a1", "Go", host=server.host) as ask:
        assert ask.stdout
        assert ask.stderr
        assert ask.stderr.readline() == "session s1\n"
        for words in ("The", " north", " grew.\n"):
            assert ask.stdout.read(len(words.rstrip("\n"))) == words.rstrip("\n")
            stream.arrived.release()
        assert ask.stdout.read() == "\n"
        assert ask.wait(STEP) == 0


def test_the_id_comes_before_the_wait() -> None:
    reading = Event()

    def read(connection: Connection, request: Received) -> bool:
        reading.set()
        return server.hang(connection, request)

    script = by_target(POST_async=reply({"session_id": "s1"}), GET_s1=read)
    with playing(script) as server, running("run", "a1", "Go", "--wait", host=server.host) as run:
        assert run.stderr
        assert run.stderr.readline() == "session s1\n"
        assert reading.wait(STEP)
        run.send_signal(signal.SIGINT)
        assert run.wait(STEP) in INTERRUPTED
        assert run.stderr.read() == "portal: interrupted\n  The agent goes on: portal wait s1\n"


def test_ctrl_c_while_the_prompt_is_sent() -> None:
    with (
        playing(lambda connection, request: server.hang(connection, request)) as server,
        running("ask", "a1", "Go", host=server.host) as ask,
    ):
        while not server.requests:
            time.sleep(0.01)
        ask.send_signal(signal.SIGINT)
        assert ask.wait(STEP) in INTERRUPTED
        assert ask.stderr
        assert "The prompt may have arrived" in ask.stderr.read()


# ── pipes ──


def test_nothing_but_data_is_on_standard_output() -> None:
    agent = {"id": "a1", "name": "\x1b[31m[red]Ada[/red]", "assistant_id": "x", "assistant_nickname": "x"}
    agent |= {"welcome_message": "", "user_initial_message": "", "icon": "", "visibility_requirements": []}
    with playing(reply({"agents": [agent]})) as server:
        table = process("agents", "list", host=server.host)
        document = process("agents", "list", "--json", host=server.host)

    assert (table.returncode, table.stderr, document.stderr) == (0, "", "")
    assert table.stdout.splitlines()[1].startswith("a1\t\x1b[31m[red]Ada[/red]\tx\t")
    assert json.loads(document.stdout) == {"agents": [agent]}


@pytest.mark.parametrize("words", [["agents", "list", "--json"], ["--help"]])
def test_a_closed_pipe_is_silent(words: list[str]) -> None:
    agent = {"id": "a" * 100_000, "name": "", "assistant_id": "", "assistant_nickname": ""}
    agent |= {"welcome_message": "", "user_initial_message": "", "icon": "", "visibility_requirements": []}
    reading, writing = os.pipe()
    os.close(reading)
    with (
        playing(reply({"agents": [agent]})) as server,
        running(*words, host=server.host, stdout=writing) as listing,
    ):
        os.close(writing)
        assert listing.wait(STEP) == 141
        assert listing.stderr
        assert listing.stderr.read() == ""


def test_standard_input_is_a_prompt_a_file_or_a_body(tmp_path: Path) -> None:
    routine = response(next(each for each in COMMANDS if str(each) == "routines-create"))
    body = {"agent_id": "a1", "name": "n", "requirements": "r", "interval": "i"}
    with playing(reply(), reply(), reply(routine)) as server:
        prompt = process(
            "sessions", "create", "--agent-id", "a1", "--text-prompt", "-", host=server.host, text="Hi\n"
        )
        file = process(
            "sessions",
            "create",
            "--agent-id",
            "a1",
            "--text-prompt",
            "Hi",
            "--file",
            "-",
            host=server.host,
            text="x",
        )
        document = process("routines", "create", "-", host=server.host, text=json.dumps(body))

    assert [each.returncode for each in (prompt, file, document)] == [0, 0, 0]
    assert server.requests[0].parts[1].get_payload() == "Hi"
    assert (server.requests[1].parts[2].get_filename(), server.requests[1].parts[2].get_payload()) == (
        "stdin",
        "x",
    )
    assert json.loads(server.requests[2].body) == body


def sh(redirection: str, *words: str, host: str) -> subprocess.CompletedProcess[str]:
    """Run `portal` in a shell, its streams changed by a redirection."""
    command = [
        "sh",
        "-c",
        f'exec "$@" {redirection}',
        "sh",
        sys.executable,
        "-W",
        "error",
        "-m",
        "portal_client",
    ]
    return subprocess.run(
        [*command, *words], env=environment(host), capture_output=True, text=True, timeout=60, check=False
    )


def test_a_closed_stream_is_no_error() -> None:
    refused = reply({"detail": "Not found"}, 404)
    with playing(AGENTS, refused) as server:
        output = sh(">&-", "agents", "list", host=server.host)
        errors = sh("2>&-", "agents", "get", "a1", host=server.host)
    text = sh("<&-", "routines", "create", "-", host="")

    assert (output.returncode, output.stderr) == (0, "")
    assert (errors.returncode, errors.stdout) == (3, "")
    assert (text.returncode, text.stderr) == (2, "portal: standard input is empty\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_output_that_cannot_be_written_tells_whether_something_was_done() -> None:
    script = by_target(POST_sessions=reply(), GET_agents=AGENTS)
    with playing(script) as server:
        for words, code in (
            (["--help"], 2),
            (["agents", "list", "--json"], 2),
            (["sessions", "create", "--agent-id", "a1", "--text-prompt", "Go"], 5),
        ):
            full = sh(">/dev/full", *words, host=server.host)
            assert full.returncode == code, words
            assert full.stderr.startswith("portal: standard output: No space left on device\n"), full.stderr
            assert "Traceback" not in full.stderr


# ── terminals ──


@pytest.mark.fault("Injection", "A terminal obeys nothing that an agent has written")
def test_a_terminal_shows_a_table_and_obeys_nothing() -> None:
    says = [{"text": "\x1b]0;title\x07[red]north[/red]", "role": "assistant", "agent": None}]
    with playing(reply({**SESSION, "messages": says})) as server:
        shown = Terminal("sessions", "get", "s1", host=server.host)
        colours = shown.read()
        plain = Terminal("sessions", "get", "s1", host=server.host, NO_COLOR="1")
        text = plain.read()
        document = Terminal("sessions", "get", "s1", "--json", host=server.host)
        lines = document.read()

    assert (shown.code, shown.err, plain.code, document.code) == (0, "", 0, 0)
    assert "\\x1b]0;title\\x07[red]north[/red]" in colours
    assert "\x1b]0;title" not in colours
    assert "messages" in text
    assert not re.search(r"\x1b\[\d*(;\d+)*3\dm", text)
    assert json.loads(lines)["messages"] == says


@pytest.mark.fault("Injection", "A terminal obeys nothing that an agent has written")
def test_words_in_a_terminal_are_escaped() -> None:
    script = by_target(
        POST_async=reply({"session_id": "s1"}),
        GET_s1=reply(state("two\n\x1b[2Jlines\u202e", "Ready")),
        GET_subscribe=reply({"detail": "No"}, 404),
    )
    with playing(script) as server:
        ask = Terminal("ask", "a1", "Go", host=server.host)
        assert ask.read() == "two\n\\x1b[2Jlines\\u202e\n"
    assert (ask.code, ask.err) == (0, "session s1\n")


def test_the_doctor_has_colours_in_a_terminal_alone() -> None:
    refusal = reply({"detail": "No"}, 404).replace(b" Reason", b" \x1b[2J")
    with playing(refusal) as server:
        shown = Terminal("doctor", host=server.host)
        colours = shown.read()
        plain = Terminal("doctor", host=server.host, NO_COLOR="1").read()
        piped = process("doctor", host=server.host)

    assert (shown.code, shown.err, piped.returncode) == (3, "", 3)
    assert re.search(r"\x1b\[32mok ", colours)
    assert re.search(r"\x1b\[1;31mFAILED ", colours)
    assert "\x1b[2J" not in colours + plain + piped.stdout
    assert not re.search(r"\x1b\[\d*(;\d+)*3\dm", plain)
    assert "\x1b" not in piped.stdout


def test_a_terminal_of_80_columns_shows_what_a_setting_overrides(tmp_path: Path) -> None:
    file = tmp_path / "portal-client" / "config.toml"
    file.parent.mkdir()
    file.write_text('[profiles.work]\nhost = "http://portal.test"\ntoken = "env:WORK"\n', "utf-8")
    file.chmod(0o600)
    more = {"XDG_CONFIG_HOME": str(tmp_path), "PORTAL_TOKEN": "", "NO_COLOR": "1"}

    explain = Terminal("config", "explain", "--profile", "work", host="http://other.test", **more)
    shown = " ".join(re.sub(r"\x1b\[\d*m", "", explain.read()).split())

    assert explain.code == 0
    assert "PORTAL_HOST, over" in shown
    assert "profiles.work.host" in shown
    assert "use a wider terminal" not in explain.err
    said = f"warning: access_token: that of {file}: profiles.work.token goes to the host of PORTAL_HOST\n"
    assert said in explain.err


def test_a_terminal_tells_of_a_variable_that_is_not_read_once() -> None:
    shown = Terminal("config", "explain", host="http://portal.test", PORTAL_TIMEOUT="5")
    table = shown.read()

    assert "PORTAL_TIMEOUT" not in table
    assert "warning" not in table
    assert shown.err.count("PORTAL_TIMEOUT: it is not read") == 1


def test_a_note_begins_a_line_of_its_own_in_a_terminal() -> None:
    head = b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
    first = chunk(json.dumps(state("The north")).encode() + b"\n")
    script = by_target(
        POST_async=reply({"session_id": "s1"}),
        GET_s1=reply({**SESSION, "messages": [], "status": "Running"}),
        GET_subscribe=lambda connection, request: Steps(head, [first], chunk(b""))(connection, request),
    )
    with playing(script) as server:
        ask = Terminal("ask", "a1", "Go", "--timeout", "1", host=server.host)
        words = ask.read()
        with running("ask", "a1", "Go", "--timeout", "1", host=server.host) as piped:
            assert piped.stdout
            assert piped.stdout.read() == "The north"

    assert (words, ask.code) == ("The north\n", 124)
    assert ask.err.startswith("session s1\nportal: the wait for session s1 is over\n")


# ── the program itself ──


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ImportError('no typer', name='typer')", "utf-8")

    done = process("agents", "list", PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'portal: it needs typer: pip install "portal-client[cli]"\n'


def test_without_the_sandbox_one_line_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules.update(dict.fromkeys(('fastapi', 'sqlalchemy', 'uvicorn')))"
    (tmp_path / "sitecustomize.py").write_text(hidden, "utf-8")
    without = {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    done = process("sandbox", "--port", "0", **without)

    assert process("sandbox", "--help", **without).returncode == 0
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == 'portal_sandbox: portal_sandbox needs fastapi: pip install "portal-client[sandbox]"\n'
    )


def test_ctrl_c_is_silent_before_a_command_has_begun(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt", "utf-8")

    done = process("agents", "list", PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_completion_that_cannot_be_installed_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("", "utf-8")

    # Otherwise typer asks which shell has started the tests.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = process("--install-completion", "bash", HOME=str(tmp_path / "home"), **named)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"portal: {tmp_path / 'home'}")
    assert "Traceback" not in done.stderr


def test_no_group_is_read_before_it_is_entered() -> None:
    code = (
        "import sys; from portal_client.cli import main\n"
        "status = main(['--help']); print(*sorted(sys.modules), sep='\\n', file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(""),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0
    loaded = set(done.stderr.split())
    assert "portal_client.cli.conversations" in loaded
    assert not {"urllib3", "portal_client.api_client", "portal_client.endpoint", "yaml"} & loaded
    assert not {name for name in loaded if name.startswith(("portal_client.api.", "portal_client.models."))}


def test_completion_knows_groups_and_commands() -> None:
    words = {"COMP_WORDS": "portal sessions cre", "COMP_CWORD": "2", "_PORTAL_COMPLETE": "complete_bash"}

    done = process(**words)

    assert {"create", "create-async", "create-from-replay"} <= set(done.stdout.split())


def test_the_version() -> None:
    assert process("--version").stdout == "portal-client 2.0.0\n"


@pytest.mark.fault("Secrets", "No command prints a token, with --debug neither")
def test_a_token_is_never_printed() -> None:
    echo = reply({"detail": f"wrong token {TOKEN}"}, 401)
    with playing(echo) as server:
        for words in (
            ["agents", "list", "--debug"],
            ["config", "explain"],
            ["doctor"],
            ["candela", "doctor"],
        ):
            done = process(*words, host=server.host)
            assert TOKEN not in done.stdout + done.stderr, words


@pytest.mark.slow
def test_a_sandbox_is_run_and_stopped() -> None:
    pytest.importorskip("fastapi", reason="the sandbox is not installed")
    with running("sandbox", "--port", "0", "--token", TOKEN, host="") as sandbox:
        assert sandbox.stdout
        found = re.match(r"The sandbox runs at (http://127\.0\.0\.1:\d+)\n", sandbox.stdout.readline())
        assert found
        assert process("ask", "echo", "Hello", host=found[1]).stdout == "Hello\n"
        sandbox.send_signal(signal.SIGINT)
        assert sandbox.wait(STEP) == 0
    assert "--port" in process("sandbox", "--help").stdout
    refused = process("sandbox", "--nonsense")
    assert (refused.returncode, refused.stdout) == (2, "")


# ── each command ──


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_command_in_a_pipe_and_in_a_terminal(command: Command, tmp_path: Path) -> None:
    given, _ = arguments(command, tmp_path)
    answered = response(command)
    with playing(reply(answered if answered is not None else b"null")) as server:
        piped = process(*command.words, *given, "--json", host=server.host)
        terminal = Terminal(*command.words, *given, host=server.host)
        shown = terminal.read()

    assert (piped.returncode, piped.stderr, terminal.code) == (0, "", 0)
    read = command.operation.returns.validator.validate_json
    assert read(piped.stdout) == read(json.dumps(answered))
    assert (shown != "", terminal.err) in ((True, ""), (False, "" if answered is None else "(none)\n"))
    assert [request.method for request in server.requests] == [command.operation.method] * 2

"""The command line, as a process of its own."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

import portal_sandbox
from portal_sandbox.__main__ import main

from .conftest import LIMIT, Caller

ROOT = Path(__file__).parents[2]
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
COMMAND = [sys.executable, "-W", "error", "-m", "portal_sandbox"]


@contextmanager
def _process(*arguments: str, cwd: Path = ROOT, quiet: bool = True) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *(["--quiet"] if quiet else []), *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _greeting(process: "subprocess.Popen[str]") -> str:
    """Return the whole greeting of the command."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("Ctrl-C"):
        lines.append(process.stdout.readline())
        assert lines[-1], process.communicate(timeout=LIMIT)
    return "".join(lines)


def _host(greeting: str) -> str:
    found = re.match(r"The sandbox runs at (http://127\.0\.0\.1:\d+)\n", greeting)
    assert found is not None, greeting
    return found[1]


def _stopped(process: "subprocess.Popen[str]", number: signal.Signals = signal.SIGTERM) -> str:
    """Stop the command and return its stderr."""
    process.send_signal(number)
    output, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, output) == (0, "")
    return errors


@pytest.mark.parametrize("number", SIGNALS)
def test_it_runs_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("the processes of these tests ignore this signal, as after nohup")
    db = tmp_path / "box.sqlite"
    sign_in = ("--user", "u=p", "--client", "c=s")
    with _process("--db", str(db), "--demo-data", "--token", "it's", *sign_in) as process:
        greeting = _greeting(process)
        with Caller(_host(greeting), "it's") as caller:
            caller.create()
            assert len(caller.get("/sessions/session_id_example")["messages"]) == 60
            errors = _stopped(process, number)

    assert errors == ""
    assert [path.name for path in tmp_path.iterdir()] == ["box.sqlite"]
    assert (
        greeting
        == f"""\
The sandbox runs at {_host(greeting)}

  sessions       {_host(greeting)}/
  documentation  {_host(greeting)}/docs
  agents         echo, agent_id_example
  data           {db}

Paste into another terminal:

  export PORTAL_HOST={_host(greeting)} BEARER_TOKEN='it'"'"'s'

  export FBN_CANDELA_URL={_host(greeting)}/candela FBN_TOKEN_URL={_host(greeting)}/candela/oauth2/v1/token \
FBN_USERNAME=u FBN_PASSWORD=p FBN_CLIENT_ID=c FBN_CLIENT_SECRET=s

Ctrl-C stops it.
"""
    )


def test_each_request_is_a_line_on_stderr() -> None:
    with (
        _process("--token", "dev-token=ann", quiet=False) as process,
        Caller(_host(_greeting(process)), "dev-token") as caller,
    ):
        caller.create("private")
        caller.call("GET", "/docs")
        errors = _stopped(process)

    one, two = errors.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO ann create_session 200 \d+ ms", one)
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO - GET /docs 200 \d+ ms", two)
    assert "dev-token" not in errors


def test_quiet_still_shows_what_fails() -> None:
    with (
        _process("--agent", "examples.agents:strict", "--token", "secret") as process,
        Caller(_host(_greeting(process)), "secret") as caller,
    ):
        caller.create(agent="strict")
        errors = _stopped(process)

    assert "INFO" not in errors
    assert " ERROR Agent strict failed in session " in errors


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_for_the_whole_network_is_warned_of(host: str) -> None:
    with _process("--host", host, "--token", "secret", "--allow-host", "sandbox") as process:
        greeting = _greeting(process)
        url = greeting.split()[4]
        assert url.rpartition(":")[0] == {"0.0.0.0": "http://127.0.0.1", "::": "http://[::1]"}[host]
        assert f"PORTAL_HOST={shlex.quote(url)} " in greeting
        assert f"FBN_CANDELA_URL={shlex.quote(url + '/candela')} " in greeting
        with Caller(url, "secret") as caller:
            headers = {**caller.http.headers, "Host": "sandbox"}
            assert caller.call("GET", "/sessions/grouped", headers=headers).status == 200
            assert caller.create()["status"] == "Ready"
        errors = _stopped(process)

    assert re.fullmatch(rf"\S+ WARNING The sandbox listens on {re.escape(host)}: other machines .*\n", errors)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP")
def test_it_outlives_its_terminal_where_it_was_told_to() -> None:
    """Ignore SIGHUP, as `nohup` does."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _process("--token", "secret") as process, Caller(_host(_greeting(process)), "secret") as caller:
            process.send_signal(signal.SIGHUP)
            caller.create()
            assert _stopped(process) == ""
    finally:
        signal.signal(signal.SIGHUP, before)


def test_several_tokens_are_several_users() -> None:
    with _process("--token", "one", "--token", "two===ann", "--token", "three=bob b") as process:
        greeting = _greeting(process)
        host = _host(greeting)
        for token, user in {"one": "sandbox-user", "two==": "ann", "three": "bob b"}.items():
            assert f"  export PORTAL_HOST={host} BEARER_TOKEN={token}  # {user}\n" in greeting
            with Caller(host, token) as caller:
                session = caller.create()
                assert session["user_id"] == user
                assert caller.get("/sessions", agent_id="echo") == {"sessions": [session]}
        assert _stopped(process) == ""


def test_a_random_token_is_one_that_works() -> None:
    with _process() as process:
        greeting = _greeting(process)
        found = re.search(r"BEARER_TOKEN=(\S{20,})\n", greeting)
        assert found is not None
        with Caller(_host(greeting), found[1]) as caller:
            assert caller.create()["user_id"] == "sandbox-user"
        assert "  data           in memory\n" in greeting
        assert _stopped(process) == ""


def test_agents_of_the_current_directory_answer_and_fail_in_sight(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def fine(conversation, files): return 'fine'\n"
        "def deep(): raise KeyError('no such fund')\n"
        "def bad(conversation, files): return deep()\n"
        "def none(conversation, files): pass\n"
    )
    agents = [each for name in ("fine", "bad", "none") for each in ("--agent", f"mine:{name}")]
    with _process(*agents, "--token", "secret", cwd=tmp_path) as process:
        greeting = _greeting(process)
        assert "  agents         echo, fine, bad, none\n" in greeting
        with Caller(_host(greeting), "secret") as caller:
            assert caller.create(agent="fine")["messages"][1]["text"] == "fine"
            ids = [caller.create("private", agent=agent)["id"] for agent in ("bad", "none")]
            errors = _stopped(process)

    bad, none = ids
    mine = tmp_path / "mine.py"
    first, *lines = [line for line in errors.splitlines() if line.strip(" ~^") != ""]
    assert re.fullmatch(rf"\d\d:\d\d:\d\d ERROR Agent bad failed in session {bad}", first)
    assert lines[:6] == [
        "  Traceback (most recent call last):",
        f'    File "{mine}", line 3, in bad',
        "      def bad(conversation, files): return deep()",
        f'    File "{mine}", line 2, in deep',
        "      def deep(): raise KeyError('no such fund')",
        "  KeyError: 'no such fund'",
    ]
    assert lines[6].endswith(f"ERROR Agent none failed in session {none}")
    assert lines[7:] == ["  TypeError: an agent returns a str, not NoneType"]


def test_what_nobody_has_foreseen_is_in_sight(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from portal_sandbox.store import Store\n"
        "def lost(*_): raise RuntimeError('lost')\n"
        "Store.sessions = lost\n"
        "def fine(conversation, files): return 'fine'\n"
    )
    with (
        _process("--agent", "mine:fine", "--token", "secret", cwd=tmp_path) as process,
        Caller(_host(_greeting(process)), "secret") as caller,
    ):
        response = caller.call("GET", "/sessions/grouped")
        errors = _stopped(process)

    assert (response.status, response.json()) == (500, {"detail": "Internal Server Error"})
    assert errors.count("Traceback (most recent call last):") == 1
    assert " ERROR GET /sessions/grouped failed\n" in errors
    assert errors.endswith("RuntimeError: lost\n")


def test_chaos_says_how_it_is_repeated_and_what_it_has_made() -> None:
    def ask(caller: Caller) -> int | None:
        try:
            return caller.call("GET", "/sessions/grouped").status
        except urllib3.exceptions.HTTPError:
            return None

    def run(*arguments: str) -> tuple[str, list[int | None], str]:
        chaos = ("--chaos", "404:30%,lost:10%,cut:10%,reset:10%", "--token", "secret", *arguments)
        with _process(*chaos) as process, Caller(_host(greeting := _greeting(process)), "secret") as caller:
            seen = [ask(caller) for _ in range(60)]
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=LIMIT)
        assert (process.returncode, errors) == (0, "")
        found = re.search(r"  chaos          404:30%,\S+  \(--chaos-seed (\d+)\)\n", greeting)
        assert found is not None, greeting
        return found[1], seen, output

    seed, seen, output = run()
    again = run("--chaos-seed", seed)

    faults = sum(status != 200 for status in seen)
    made = f"60 requests met {faults} faults: 404 {seen.count(404)}"
    assert output.startswith(f"Chaos of seed {seed}: {made}")
    assert again == (seed, seen, output)


def test_chaos_that_cannot_be_understood(refused: Callable[..., str]) -> None:
    line = refused("--port", "0", "--chaos", "503:5%,reset")

    assert line == "portal_sandbox: chaos: 'reset': it is not in the form reset:5%\n"


def test_a_stop_in_the_middle_of_an_upload_prints_nothing() -> None:
    with _process("--token", "secret") as process, Caller(_host(_greeting(process)), "secret") as caller:
        form = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n"
        with caller.send_raw("POST /sessions", form, "--b\r\n"):
            caller.create()  # by now the server has read the half
            assert _stopped(process) == ""


def test_a_bad_request_prints_nothing() -> None:
    with _process("--token", "secret") as process, Caller(_host(_greeting(process)), "secret") as caller:
        headers = {**caller.http.headers, "Content-Type": "multipart/form-data; boundary=b"}
        assert caller.call("POST", "/sessions", body=b"garbage", headers=headers).status == 400
        assert _stopped(process) == ""


def test_what_others_log_is_escaped_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import logging\n"
        "def says(conversation, files): logging.warning(conversation[-1].text); return 'fine'\n"
    )
    with (
        _process("--agent", "mine:says", "--token", "secret", "--quiet", cwd=tmp_path) as process,
        Caller(_host(_greeting(process)), "secret") as caller,
    ):
        caller.create("\x1b[2J\n12:00:00 INFO all is well", agent="says")
        errors = _stopped(process)

    assert re.fullmatch(r"\d\d:\d\d:\d\d WARNING \\x1b\[2J\\n12:00:00 INFO all is well\n", errors)


def test_a_module_of_agents_may_configure_logging(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import logging\n"
        "logging.basicConfig(level='INFO', format='mine: %(message)s')\n"
        "def fine(conversation, files): logging.info('asked'); return 'fine'\n"
    )
    with (
        _process("--agent", "mine:fine", "--token", "secret", cwd=tmp_path) as process,
        Caller(_host(_greeting(process)), "secret") as caller,
    ):
        caller.create(agent="fine")
        errors = _stopped(process)

    assert errors == "mine: asked\n"


def test_the_agents_of_the_example() -> None:
    agents = ["--agent", "examples.agents:word_count", "--agent", "strict table=examples.agents:strict"]
    table = ("sales.csv", b"region,revenue\nnorth,18240\n", "text/csv")
    with (
        _process(*agents, "--token", "secret") as process,
        Caller(_host(_greeting(process)), "secret") as caller,
    ):
        texts = [
            caller.create("one two three", "word_count")["messages"][1]["text"],
            caller.create("count", "word_count", [table, ("a.txt", b"x", "")])["messages"][1]["text"],
            caller.create("look", "strict table", [table])["messages"][1]["text"],
        ]
        refused = caller.create("look", "strict table")
        errors = _stopped(process)

    assert texts == [
        "The prompt has 3 words.",
        "sales.csv has 2 words.\na.txt has 1 word.",
        "sales.csv has 2 lines.",
    ]
    assert refused["status"] == "Error"
    assert refused["messages"][1]["text"] == "The agent failed: ValueError: attach a .csv file"
    assert errors.endswith("ValueError: attach a .csv file\n")


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command in this process, where it cannot start, and get its one line."""
    handlers = [signal.getsignal(number) for number in SIGNALS]

    def line(*arguments: str) -> str:
        assert main(arguments) == 1
        output, errors = capsys.readouterr()
        assert output == ""
        assert [signal.getsignal(number) for number in SIGNALS] == handlers
        return errors

    return line


def test_a_port_that_is_taken(refused: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        line = refused("--port", str(port))

    assert line == f"portal_sandbox: Cannot listen on 127.0.0.1 port {port}: the port is taken\n"


def test_a_database_that_cannot_be_used(refused: Callable[..., str], tmp_path: Path) -> None:
    line = refused("--port", "0", "--db", str(tmp_path))

    assert line == f"portal_sandbox: Cannot use {tmp_path} as a database: it is a directory\n"


def test_a_token_that_no_header_can_carry(refused: Callable[..., str]) -> None:
    line = refused("--port", "0", "--token", "two words")

    assert line == "portal_sandbox: a token must be of printable ASCII characters without spaces\n"


def test_an_agent_that_cannot_be_imported(refused: Callable[..., str]) -> None:
    line = refused("--port", "0", "--agent", "examples.agents:nothing")

    assert (
        line == "portal_sandbox: --agent examples.agents:nothing: examples.agents has no attribute nothing\n"
    )


def test_ctrl_c_while_agents_are_imported(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "print('importing', flush=True)\nimport time\nwhile True: time.sleep(0.01)\n"
    )
    with _process("--agent", "mine:fine", cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=LIMIT)

    assert (process.returncode, output, errors) == (130, "", "")


def test_an_output_that_nobody_reads_is_said_in_a_line() -> None:
    command = [sys.executable, "-m", "portal_sandbox", "--port", "0"]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        process = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # what was buffered is written again at the end
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=3 * LIMIT,
        )
    finally:
        os.close(writer)

    assert process.returncode == 1
    assert process.stderr.decode().splitlines() == ["portal_sandbox: [Errno 32] Broken pipe"]


def test_a_token_given_twice(refused: Callable[..., str]) -> None:
    line = refused("--port", "0", "--token", "secret=ann", "--token", "secret=bob")

    assert line == "portal_sandbox: --token: one token is given twice, for ann and for bob\n"


def test_as_a_process_it_names_the_extra(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules.update(dict.fromkeys(('fastapi', 'sqlalchemy', 'uvicorn')))"
    (tmp_path / "sitecustomize.py").write_text(hidden, "utf-8")
    command = [sys.executable, "-m", "portal_sandbox", "--port", "0"]
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=LIMIT
    )

    assert done.returncode == 1
    assert (
        done.stderr == 'portal_sandbox: portal_sandbox needs fastapi: pip install "portal-client[sandbox]"\n'
    )


def test_without_the_extra_it_names_the_extra(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    for name in ("running", "SandboxError"):
        monkeypatch.delitem(vars(portal_sandbox), name, raising=False)

    line = refused("--port", "0")

    assert line == 'portal_sandbox: portal_sandbox needs uvicorn: pip install "portal-client[sandbox]"\n'

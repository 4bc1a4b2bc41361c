"""`running` and `start`: a clean start and a clean stop, whatever runs meanwhile."""

import gc
import logging
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import urllib3

import portal_sandbox

from .conftest import LIMIT, Caller, Held, Start

#: A stop takes at most this long, in seconds; an agent alone would take LIMIT.
PROMPT = 5


def _descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts file descriptors in /proc")
@pytest.mark.parametrize("in_file", [True, False])
def test_nothing_is_left_behind(tmp_path: Path, in_file: bool) -> None:
    threads, descriptors = threading.enumerate(), _descriptors()

    with (
        portal_sandbox.running(db=tmp_path / "box.sqlite" if in_file else None) as box,
        Caller(box.host, box.token) as caller,
    ):
        session = caller.create(files=[("a", b"x" * 3_000_000, "text/plain")])
        caller.get(f"/sessions/{session['id']}")

    assert threading.enumerate() == threads
    assert _descriptors() == descriptors
    with pytest.raises(urllib3.exceptions.NewConnectionError), Caller(box.host, None) as nobody:
        nobody.call("GET", "/docs")


def test_a_stop_answers_whoever_waits(start: Start, held: Held, tmp_path: Path) -> None:
    db, tokens = tmp_path / "box.sqlite", {"secret": "ann"}
    with ThreadPoolExecutor() as threads:
        with (
            portal_sandbox.running(db=db, tokens=tokens, agents={"held": held}) as box,
            Caller(box.host, box.token) as caller,
        ):
            creating = threads.submit(caller.create, agent="held")
            assert held.asked.wait(LIMIT)
            (session,) = caller.get("/sessions", agent_id="held")["sessions"]
            path = f"/sessions/{session['id']}"
            subscriber = caller.send_raw(f"GET {path}/subscribe")
            caller.get(path)
            stopping = monotonic()
        took = monotonic() - stopping
        answered = creating.result(LIMIT)
    with subscriber, subscriber.makefile("rb") as answer:
        assert b'"status":"Error"' in answer.read()
    held.released.set()

    assert took < PROMPT
    assert answered["status"] == "Error"
    assert answered["messages"][1]["text"] == "The server stopped before the agent answered"
    assert start(db=db, tokens=tokens).get(path) == answered


def test_a_stop_does_not_wait_for_half_an_upload() -> None:
    with portal_sandbox.running() as box, Caller(box.host, box.token) as caller:
        form = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n"
        upload = caller.send_raw("POST /sessions", form, "--b\r\n")
        caller.create()  # by now the server has read the half
        stopping = monotonic()

    assert monotonic() - stopping < PROMPT
    upload.close()


def test_several_at_once(start: Start) -> None:
    callers = [start(demo_data=True) for _ in range(3)]

    assert len({caller.host for caller in callers}) == 3
    for caller in callers:
        assert caller.create()["status"] == "Ready"


def test_a_port_of_ones_own(start: Start) -> None:
    port = _free_port()

    assert start(port=port).host == f"http://127.0.0.1:{port}"


def test_the_port_can_be_used_again_at_once() -> None:
    port = _free_port()

    for _ in range(2):
        with portal_sandbox.running(port=port) as box, Caller(box.host, box.token) as caller:
            caller.create()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


# ── over the cells of a notebook ──


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts file descriptors in /proc")
def test_it_runs_from_start_to_stop() -> None:
    threads, descriptors = threading.enumerate(), _descriptors()

    box = portal_sandbox.start()
    gc.collect()
    with Caller(box.host, box.token) as caller:
        assert caller.create()["status"] == "Ready"
    for _ in range(3):  # once is enough, and more is harmless
        box.stop()

    assert threading.enumerate() == threads
    assert _descriptors() == descriptors
    _assert_stopped(box)


def test_what_was_entered_runs_on_without_its_block() -> None:
    box = portal_sandbox.running().__enter__()
    gc.collect()
    try:
        with Caller(box.host, box.token) as caller:
            assert caller.create()["status"] == "Ready"
    finally:
        box.stop()


def test_it_may_be_stopped_within_its_block() -> None:
    with portal_sandbox.running() as box:
        box.stop()
        _assert_stopped(box)
    with portal_sandbox.start() as box, Caller(box.host, box.token) as caller:
        caller.create()
    _assert_stopped(box)


def test_several_threads_may_stop_it() -> None:
    box = portal_sandbox.start()

    with ThreadPoolExecutor(4) as threads:
        for stopping in [threads.submit(box.stop) for _ in range(4)]:
            stopping.result(LIMIT)
            _assert_stopped(box)


def test_a_block_that_fails_stops_it() -> None:
    with pytest.raises(KeyError), portal_sandbox.running() as box:
        raise KeyError
    _assert_stopped(box)


def _assert_stopped(box: portal_sandbox.Sandbox) -> None:
    with pytest.raises(urllib3.exceptions.NewConnectionError), Caller(box.host, None) as nobody:
        nobody.call("GET", "/docs")


def _script(text: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-c", text, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3 * LIMIT)


def test_it_is_stopped_when_the_interpreter_exits(tmp_path: Path) -> None:
    script = """
import sys, threading, time, urllib3, portal_sandbox
asked = threading.Event()
def slow(conversation, files):
    asked.set()
    time.sleep(600)
box = portal_sandbox.start(db=sys.argv[1], agents={"slow": slow}, tokens={"t": "ann"})
form = {"agent_id": "slow", "text_prompt": "hello"}
headers = {"Authorization": "Bearer t"}
answer = urllib3.request("POST", box.host + "/sessions/async", fields=form, headers=headers)
print(answer.json()["session_id"])
asked.wait()
"""
    db = tmp_path / "box.sqlite"
    run = _script(script, db)

    assert (run.returncode, run.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["box.sqlite"]
    with portal_sandbox.running(db=db, tokens={"t": "ann"}) as box, Caller(box.host, "t") as caller:
        session = caller.get(f"/sessions/{run.stdout.strip()}")
    assert session["status"] == "Error"
    assert session["messages"][1]["text"] == "The server stopped before the agent answered"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_does_not_stop_it(tmp_path: Path) -> None:
    script = """
import os, sys, threading, time, urllib3, warnings, portal_sandbox
warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
asked, released = threading.Event(), threading.Event()
def held(conversation, files):
    asked.set()
    released.wait()
    return "at last"
box = portal_sandbox.start(db=sys.argv[1], agents={"held": held}, tokens={"t": "ann"})
form = {"agent_id": "held", "text_prompt": "hello"}
headers = {"Authorization": "Bearer t"}
answer = urllib3.request("POST", box.host + "/sessions/async", fields=form, headers=headers)
asked.wait()
child = os.fork()
if not child:
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
released.set()
session = f"{box.host}/sessions/{answer.json()['session_id']}/subscribe"
print(urllib3.request("GET", session).json()["messages"][-1]["text"])
"""
    run = _script(script, tmp_path / "box.sqlite")

    assert (run.returncode, run.stdout, run.stderr) == (0, "at last\n", "")


# ── failed starts ──


def _port_taken(tmp_path: Path, taken: int) -> None:
    with portal_sandbox.running(port=taken):
        pass


def _no_such_folder(tmp_path: Path, taken: int) -> None:
    with portal_sandbox.running(db=tmp_path / "missing" / "box.sqlite"):
        pass


def _no_such_host(tmp_path: Path, taken: int) -> None:
    with portal_sandbox.running(host="203.0.113.1"):
        pass


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (_port_taken, r"Cannot listen on 127\.0\.0\.1 port \d+: the port is taken"),
        (_no_such_host, r"Cannot listen on 203\.0\.113\.1 port 0: "),
        (_no_such_folder, r"Cannot use .*box\.sqlite as a database: its directory does not exist"),
    ],
)
def test_a_sandbox_that_cannot_start_says_why(
    tmp_path: Path, run: Callable[[Path, int], None], message: str
) -> None:
    threads = threading.enumerate()

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(portal_sandbox.SandboxError, match=message),
    ):
        run(tmp_path, listener.getsockname()[1])

    assert threading.enumerate() == threads


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_is_a_port(port: int) -> None:
    with pytest.raises(ValueError, match="port must be"), portal_sandbox.running(port=port):
        pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"agents": ["s3cret"]},
            'agents must be a mapping of ids to functions such as {"risk": risk}',
        ),
        ({"agents": "s3cret"}, 'agents must be a mapping of ids to functions such as {"risk": risk}'),
        ({"agents": {1: print}}, "agents[1] cannot have the id 1: an id is printable text"),
        ({"tokens": ["s3cret"]}, 'tokens must be a mapping such as {"dev-token": "ann"}'),
        ({"tokens": "s3cret"}, 'tokens must be a mapping such as {"dev-token": "ann"}'),
        (
            {"tokens": {"s3cret": 1}},
            'each key and value of tokens must be a string, as in {"dev-token": "ann"}',
        ),
        ({"tokens": {b"s3cret": "ann"}}, "each key and value of tokens must be a string"),
        (
            {"chaos": {"503": 0.05}},
            'chaos must be a string such as "503:5%,reset:1%", not a value of type dict',
        ),
        ({"chaos": 0.05}, 'chaos must be a string such as "503:5%,reset:1%", not a value of type float'),
        ({"chaos": "503:5%", "chaos_seed": "7"}, "chaos_seed must be a whole number such as 7"),
        ({"latency": "1"}, "latency must be a number of seconds such as 0.5, not a value of type str"),
        ({"pace": None}, "pace must be a number of seconds such as 0.5, not a value of type NoneType"),
        ({"db": b"s3cret"}, 'db must be a path such as "dev.sqlite", not a value of type bytes'),
        ({"now": "s3cret"}, "now must be a function that returns the time"),
        ({"oauth2": {"ann": "s3cret"}}, 'oauth2 must be an OAuth2 such as OAuth2(users={"ann": "password"})'),
        ({"host": 1}, 'host must be an address such as "127.0.0.1", not a value of type int'),
        ({"port": "80"}, "port must be a whole number such as 8000, not a value of type str"),
    ],
)
def test_an_argument_of_another_type_is_named(arguments: dict[str, Any], message: str) -> None:
    threads = threading.enumerate()

    with pytest.raises(ValueError, match=re.escape(message)) as caught, portal_sandbox.running(**arguments):
        pass

    assert "s3cret" not in str(caught.value)
    assert threading.enumerate() == threads


def test_nothing_is_logged(
    start: Start, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        caplog.at_level(logging.INFO),
        portal_sandbox.running() as box,
        Caller(box.host, box.token) as caller,
    ):
        caller.create()

    assert [record.name for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert capfd.readouterr() == ("", "")


def test_the_token_is_not_in_the_repr() -> None:
    with portal_sandbox.running() as box:
        assert box.token not in repr(box)
        assert box.host in repr(box)

"""Servers in processes of their own: killed in the middle of writes, and two of them on one file."""

import itertools
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from threading import Event, Semaphore
from typing import Any

import pytest
import urllib3

from portal_sandbox.errors import STOPPED
from portal_sandbox.store import Store

from .conftest import LIMIT, Caller, File
from .test_events import subscribed

pytestmark = pytest.mark.slow

TOKEN = "secret"
WORKERS = 4


class Server:
    """A sandbox in a process of its own, killed at the end of the block."""

    def __init__(self, db: Path, *options: str) -> None:
        arguments = [
            "--port",
            "0",
            "--db",
            str(db),
            "--token",
            TOKEN,
            "--latency",
            "20ms",
            "--quiet",
            *options,
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "portal_sandbox", *arguments],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.host = self._greeting()

    def _greeting(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"PORTAL_HOST=(\S+)", line):
                return found[1]
        raise AssertionError(self.process.communicate()[1])

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        _, errors = self.process.communicate()
        assert errors == ""


@dataclass
class Turn:
    """A prompt with its files and, once it is known for good, its answer."""

    text: str
    files: Sequence[File]
    answer: str | None = None
    #: The routine that its session is a run of.
    routine_id: str | None = None

    @property
    def echo(self) -> str:
        described = [f"{name} ({len(data):,} bytes, {kind})" for name, data, kind in self.files]
        return "\n".join([self.text, *described])


class Ledger:
    """The prompts that the servers have acknowledged, and those they may have accepted."""

    def __init__(self) -> None:
        self.sessions: dict[str, list[Turn]] = {}
        #: Sent, but no response came; with the session that it was to continue.
        self.unsure: list[tuple[str | None, Turn]] = []
        #: Changed since the last check.
        self.touched: set[str] = set()
        #: The routines that were acknowledged, and the names of those that may have been created.
        self.routines: set[str] = set()
        self.unsure_routines: set[str] = set()
        #: The states in which the playground and the business may be; None for no business.
        self.states: dict[str, list[str | None]] = {
            "playground": ["Echo"],
            **{kind: [None] for kind in ("business", *OF_CANDELA)},
        }
        self.found: Counter[str] = Counter()

    def acknowledge(self, session_id: str, turn: Turn) -> None:
        self.sessions.setdefault(session_id, []).append(turn)
        self.touched.add(session_id)

    def check(self, caller: Caller, db: Path) -> None:
        """Compare the ledger with the sessions of the server and the content of its file."""
        listed = caller.get("/sessions", agent_id="echo")["sessions"]
        sessions = {session["id"]: session for session in listed}
        assert len(sessions) == len(listed)
        for session_id, turn in self.unsure:
            self._decide(session_id, turn, sessions)
        self.unsure.clear()
        assert sessions.keys() == self.sessions.keys()
        for session_id, turns in self.sessions.items():
            self._compare(sessions[session_id], turns)
        self._check_routines(caller)
        for kind, states in self.states.items():
            state = READ[kind](caller)
            assert state in states
            self.found[kind] += len(states) > 1
            self.states[kind] = [state]
        self._check_file(db)
        self.touched.clear()

    def _check_routines(self, caller: Caller) -> None:
        routines = {each["id"]: each for each in caller.get("/routines", agent_id="echo")["routines"]}
        assert routines.keys() >= self.routines
        new = {routines[each]["name"] for each in routines.keys() - self.routines}
        assert new <= self.unsure_routines
        self.routines = {*routines}
        self.unsure_routines -= new
        runs = {run["id"]: routine["id"] for routine in routines.values() for run in routine["sessions"]}
        begun = {session_id: turns[0].routine_id for session_id, turns in self.sessions.items()}
        assert runs == {session_id: routine_id for session_id, routine_id in begun.items() if routine_id}
        self.found["runs"] += len(runs)

    def _decide(self, session_id: str | None, turn: Turn, sessions: dict[str, Any]) -> None:
        """Find out whether a prompt was taken; from now on that stays so."""
        if session_id is None:
            holders = [each for each, held in sessions.items() if held["messages"][0]["text"] == turn.text]
            assert len(holders) <= 1
        else:
            known = len(self.sessions[session_id])
            holders = [session_id] if len(sessions[session_id]["messages"]) > 2 * known else []
        self.found["taken" if holders else "not taken"] += 1
        for each in holders:
            self.acknowledge(each, turn)

    def _compare(self, session: Any, turns: Sequence[Turn]) -> None:
        messages = session["messages"]
        assert session["routine_id"] == turns[0].routine_id
        assert [message["role"] for message in messages] == ["user", "assistant"] * len(turns)
        for turn, asked, answered in zip(turns, messages[::2], messages[1::2], strict=True):
            assert asked["text"] == turn.text
            assert answered["text"] in ([turn.answer] if turn.answer else [turn.echo, STOPPED])
            self.found["stopped"] += turn.answer is None and answered["text"] == STOPPED
            turn.answer = answered["text"]
        assert session["status"] == ("Error" if turns[-1].answer == STOPPED else "Ready")

    def _check_file(self, db: Path) -> None:
        store = Store(db)
        store.open()
        try:
            for session_id in self.touched:
                files = [file for turn in self.sessions[session_id] for file in turn.files]
                stored = store.files(session_id)
                assert [
                    (file.name, store.content(file.sha256), file.content_type) for file in stored
                ] == files
                assert [(file.size, file.sha256) for file in stored] == [
                    (len(data), sha256(data).hexdigest()) for _, data, _ in files
                ]
        finally:
            store.close()
        with closing(sqlite3.connect(db)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def _business(caller: Caller) -> str | None:
    business = caller.get("/business")["business"]
    return business and str(business["name"])


def _playground(caller: Caller) -> str:
    (agent,) = caller.get("/playground/agents")["agents"]
    return str(agent["name"])


def _circuit(caller: Caller) -> str | None:
    listed = caller.get("/candela/circuits/list")
    return (listed and str(listed[0]["description"])) or None


def _slot(caller: Caller) -> str | None:
    slots = caller.get("/candela/system/list_slots")
    return (slots and str(slots[0]["slot_type"])) or None


def _trace(caller: Caller) -> str | None:
    """Return the prompt in the newest trace, as its description and its items have it."""
    listed = caller.get("/candela/traces/list")
    if not listed:
        return None
    name = listed[0]["obj_id"]
    trace = caller.get("/candela/traces/", trace_id=name["identifier"], scope=name["scope"])
    prompt = trace["trace_items"][0]
    assert prompt == {"item_type": "user", "content": listed[0]["description"]}
    return str(prompt["content"])


OF_CANDELA = {"circuit": _circuit, "slot": _slot, "trace": _trace}

#: The state of each is a name.
READ = {"business": _business, "playground": _playground, **OF_CANDELA}


class Keeper:
    """Changes what the service holds of one user, one thing after the other."""

    def __init__(self, ledger: Ledger, host: str, name: str) -> None:
        self._ledger = ledger
        self._caller = Caller(host, TOKEN)
        self._name = name
        self._random = Random(name)

    def run_until_it_is_killed(self) -> None:
        with self._caller, pytest.raises(urllib3.exceptions.HTTPError):
            self._run()

    def _run(self) -> None:
        for number in itertools.count():
            self._replace_playground(f"{self._name}.{number}")
            self._change_business(f"{self._name}.{number}")

    def _change(self, kind: str, state: str | None, method: str, path: str, body: Any) -> None:
        self._ledger.states[kind].append(state)  # from now on it may be so
        self._send(method, path, body)
        self._ledger.states[kind] = [state]

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        response = self._caller.call(method, path, json=body)
        assert response.status in (200, 204), response.data
        return response.json() if response.data else None

    def _replace_playground(self, name: str) -> None:
        agent = {"id": "x", "name": name, "icon": "", "assistant_id": "", "instructions": "☃" * 5_000}
        self._change("playground", name, "PUT", "/playground/agents", {"agents": [agent]})

    def _change_business(self, name: str) -> None:
        business = self._caller.get("/business")["business"]
        if business is None:
            self._change("business", name, "POST", "/business", {"name": name, "description": name})
        elif self._random.random() < 0.5:
            self._change("business", name, "PUT", "/business", {**business, "name": name})
        else:
            self._change("business", None, "DELETE", f"/business/{business['id']}", None)


class CandelaKeeper(Keeper):
    """The same for Candela: a circuit with a version more, a slot, and a session with a trace."""

    def _run(self) -> None:
        for number in itertools.count():
            name = f"{self._name}.{number}"
            self._add_circuit(name)
            if self._caller.get("/candela/slot/user_has_slot"):
                self._change("slot", None, "DELETE", "/candela/slot", None)
            self._change("slot", name, "PUT", f"/candela/slot?slot_type={name}", None)
            self._converse(name)

    def _add_circuit(self, name: str) -> None:
        node = {"type": "no-op", "node_id": "a", "child_id": None, "label": "☃" * 5_000}
        data = {"first": "a", "nodes": {"a": node}}
        body = {"scope": "default", "identifier": "x", "description": name, "data": data}
        self._change("circuit", name, "PUT", "/candela/circuits/", body)

    def _converse(self, name: str) -> None:
        self._send("GET", "/candela/session/stop")
        echo = {"scope": "default", "identifier": "echo"}
        session = self._send("POST", "/candela/session", {"app": echo, "model_cfg": echo})["obj_id"]
        prompt = {"prompt": name, "session_id": session["identifier"]}
        self._change("trace", name, "POST", "/candela/session/pipeline_submit", prompt)


class Worker:
    """Creates and updates sessions that no other worker updates, and runs routines once."""

    def __init__(self, ledger: Ledger, host: str, name: str, acknowledged: Semaphore) -> None:
        self._ledger = ledger
        self._acknowledged = acknowledged
        self._caller = Caller(host, TOKEN)
        self._name = name
        self._random = Random(name)
        self._count = 0
        self._own: list[str] = []

    def run(self, stopped: Event) -> None:
        with self._caller:
            while not stopped.is_set():
                self._send()

    def run_until_it_is_killed(self) -> None:
        with pytest.raises(urllib3.exceptions.HTTPError):
            self.run(Event())

    def _send(self) -> None:
        if self._random.random() < 0.2:
            self._run_routine()
        else:
            self._send_prompt()

    def _run_routine(self) -> None:
        turn = Turn(self._text(), ())
        body = {"agent_id": "echo", "name": turn.text, "requirements": turn.text, "interval": "daily"}
        self._ledger.unsure_routines.add(turn.text)
        created = self._caller.call("POST", "/routines", json=body)
        assert created.status == 200, created.data
        turn.routine_id = created.json()["id"]
        self._ledger.routines.add(turn.routine_id)
        how = self._random.choice(["run", "run/async"])
        try:
            response = self._caller.call("PUT", f"/routines/{turn.routine_id}/{how}")
        except urllib3.exceptions.HTTPError:
            self._ledger.unsure.append((None, turn))
            raise
        assert response.status == 200, response.data
        (routine,) = [each for each in response.json()["routines"] if each["id"] == turn.routine_id]
        (session,) = routine["sessions"]
        assert session["status"] == "Ready" or how == "run/async"
        self._ledger.acknowledge(session["id"], turn)
        self._own.append(session["id"])
        self._acknowledged.release()

    def _send_prompt(self) -> None:
        session_id = self._random.choice([None, *self._own[-5:]])
        waits = self._random.random() < 0.5
        turn = self._turn()
        path = "/sessions" + (f"/{session_id}" if session_id else "") + ("" if waits else "/async")
        agent, method = (None, "PUT") if session_id else ("echo", "POST")
        try:
            response = self._caller.send(method, path, turn.text, agent, turn.files)
        except urllib3.exceptions.HTTPError:
            self._ledger.unsure.append((session_id, turn))
            raise
        if response.status == 409:  # the last prompt is not answered yet
            return
        assert response.status == 200, response.data
        answer = response.json()
        if waits:
            turn.answer = turn.echo
            assert [message["text"] for message in answer["messages"][-2:]] == [turn.text, turn.echo]
        if session_id is None:
            session_id = answer["id" if waits else "session_id"]
            self._own.append(session_id)
        self._ledger.acknowledge(session_id, turn)
        self._acknowledged.release()

    def _text(self) -> str:
        self._count += 1
        return f"prompt {self._name}.{self._count} ☃\0\nof two lines"

    def _turn(self) -> Turn:
        files = [
            (f"ü {number}.bin", self._random.choice([b"the same", self._data()]), "application/x-data")
            for number in range(self._random.choice([0, 0, 1, 2]))
        ]
        return Turn(self._text(), files)

    def _data(self) -> bytes:
        return self._random.randbytes(self._random.randint(2, 60_000))


def _workers(ledger: Ledger, server: Server, name: str, acknowledged: Semaphore) -> Iterator[Worker]:
    for number in range(WORKERS):
        yield Worker(ledger, server.host, f"{name}.{number}", acknowledged)


def _await(acknowledged: Semaphore, count: int) -> None:
    for _ in range(count):
        assert acknowledged.acquire(timeout=LIMIT)


def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    db, ledger, random = tmp_path / "box.sqlite", Ledger(), Random(20)
    with ThreadPoolExecutor(WORKERS + 2) as threads:
        for number in range(20):
            with Server(db) as server, Caller(server.host, TOKEN) as caller:
                ledger.check(caller, db)
                acknowledged = Semaphore(0)
                workers = _workers(ledger, server, str(number), acknowledged)
                keepers = [kind(ledger, server.host, str(number)) for kind in (Keeper, CandelaKeeper)]
                everybody = [*workers, *keepers]
                running = [threads.submit(each.run_until_it_is_killed) for each in everybody]
                _await(acknowledged, random.randint(1, 30))
                Event().wait(random.uniform(0, 0.03))
                server.process.kill()
                for each in running:
                    each.result(LIMIT)

    with Server(db) as server, Caller(server.host, TOKEN) as caller:
        ledger.touched.update(ledger.sessions)
        ledger.check(caller, db)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(LIMIT) == 0
    assert os.listdir(tmp_path) == ["box.sqlite"]
    portal = ("taken", "not taken", "stopped", "runs", "business", "playground")
    assert min(ledger.found[each] for each in portal) > 0
    assert sum(ledger.found[each] for each in OF_CANDELA) > 0


def test_of_two_servers_on_one_file_one_is_killed_and_the_other_goes_on(tmp_path: Path) -> None:
    db, ledger, random = tmp_path / "box.sqlite", Ledger(), Random(2)
    with (
        Server(db) as survivor,
        Caller(survivor.host, TOKEN) as caller,
        ThreadPoolExecutor(2 * WORKERS) as threads,
    ):
        for number in range(3):
            with Server(db) as victim:
                stopped, survived, died = Event(), Semaphore(0), Semaphore(0)
                workers = _workers(ledger, survivor, f"{number}.survivor", survived)
                surviving = [threads.submit(worker.run, stopped) for worker in workers]
                workers = _workers(ledger, victim, f"{number}.victim", died)
                dying = [threads.submit(worker.run_until_it_is_killed) for worker in workers]
                _await(died, random.randint(5, 20))
                victim.process.kill()
                for each in dying:
                    each.result(LIMIT)
            while survived.acquire(blocking=False):
                pass
            _await(survived, 10)  # the other one goes on
            stopped.set()
            for each in surviving:
                each.result(LIMIT)
            for session in caller.get("/sessions", agent_id="echo")["sessions"]:
                if session["status"] == "Running":
                    caller.get(f"/sessions/{session['id']}/subscribe")
            ledger.check(caller, db)
    assert ledger.found["stopped"] > 0


def test_the_sessions_of_a_killed_server_are_errors_and_those_of_another_are_not(tmp_path: Path) -> None:
    """A request at the other server that waits for a session of the killed one ends."""
    db = tmp_path / "box.sqlite"
    with (
        Server(db, "--latency", "600") as victim,
        Server(db, "--latency", "2") as survivor,
        ThreadPoolExecutor() as threads,
    ):
        with Caller(victim.host, TOKEN) as doomed, Caller(survivor.host, TOKEN) as caller:
            theirs = [doomed.create_async(f"theirs {number}") for number in range(3)]
            waiting = [threads.submit(caller.get, f"/sessions/{each}/subscribe") for each in theirs]
            ours = [caller.create_async(f"ours {number}") for number in range(3)]
            victim.process.kill()

            left = [each.result(LIMIT) for each in waiting]
            answered = [caller.get(f"/sessions/{each}/subscribe") for each in ours]

        with Server(db) as again, Caller(again.host, TOKEN) as caller:
            seen = [caller.get(f"/sessions/{each}") for each in [*theirs, *ours]]

    assert [_outcome(session) for session in left] == [
        ("Error", [f"theirs {number}", STOPPED]) for number in range(3)
    ]
    assert [_outcome(session) for session in answered] == [("Ready", [f"ours {n}"] * 2) for n in range(3)]
    assert seen == [*left, *answered]


def test_what_was_said_before_a_kill_is_kept_and_ends_with_the_reason(tmp_path: Path) -> None:
    db = tmp_path / "box.sqlite"
    with (
        Server(db, "--agent", "examples.agents:word_by_word", "--pace", "600") as victim,
        Caller(victim.host, TOKEN) as caller,
    ):
        session_id = caller.create_async("one two", "word_by_word")
        with subscribed(caller, session_id) as stream:
            while len(stream.next()[1]["messages"]) < 2:
                pass
            victim.process.kill()
    with Server(db) as again, Caller(again.host, TOKEN) as caller:
        left = caller.get(f"/sessions/{session_id}")

    assert _outcome(left) == ("Error", ["one two", f"one \n\n{STOPPED}"])


def _outcome(session: Any) -> tuple[str, list[str]]:
    return session["status"], [message["text"] for message in session["messages"]]


def test_of_many_prompts_at_two_processes_one_wins(tmp_path: Path) -> None:
    db, options = tmp_path / "box.sqlite", ("--demo-data", "--latency", "600")
    with (
        Server(db, *options) as one,
        Server(db, *options) as two,
        Caller(one.host, TOKEN) as first,
        Caller(two.host, TOKEN) as second,
        ThreadPoolExecutor(8) as threads,
    ):
        session_id = first.replay("session_id_example", 0).json()["id"]
        path = f"/sessions/{session_id}/async"
        prompts = [f"prompt {number}" for number in range(8)]
        sent = [threads.submit((first, second)[i % 2].send, "PUT", path, prompts[i]) for i in range(8)]
        answers = [each.result(LIMIT) for each in sent]
        session = second.get(f"/sessions/{session_id}")

    (winner,) = [prompt for prompt, answer in zip(prompts, answers, strict=True) if answer.status == 200]
    lost = [(answer.status, answer.json()["detail"]) for answer in answers if answer.status != 200]
    assert lost == [(409, "Session is running")] * 7
    assert [message["text"] for message in session["messages"][1:]] == [winner]

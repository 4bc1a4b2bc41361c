"""The soak test for a short time, and that its balance notices what must not be."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from mmap import mmap
from pathlib import Path

import pytest

portal_sandbox = pytest.importorskip("portal_sandbox", reason="the sandbox is not installed")
pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")

import finbourne_candela
from bench import load_batch, soak, soak_agents
from bench.balance import balance
from bench.ledger import ACKNOWLEDGED, REFUSED, UNKNOWN, Ledger
from bench.load_batch import BatchWorker
from bench.load_candela import CandelaWorker
from bench.load_waiting import WaitingWorker
from bench.soak import Soak
from bench.usage import MORE, Growth, Usage
from finbourne_candela.extensions import ArgsConfigurationLoader, SyncApiClientFactory
from portal_client import ApiClient, Configuration, Session, SessionsApi
from portal_client.following import SessionUpdates
from portal_sandbox.errors import STOPPED

ROOT = Path(__file__).parents[1]
OUTCOMES = {"run 1": ACKNOWLEDGED, "run 2": REFUSED, "run 3": UNKNOWN, "candela 1": ACKNOWLEDGED}

FAILED = "UPDATE sessions SET status = 'Error' WHERE key = 1"

#: What each load does often enough to be seen in twenty seconds.
KINDS = {"batch", "candela-pipeline", "create", "stream", "update", "upload-bytes"}
#: Of these there are fewer, for each waits for its agent.
WAITED = {"follow", "run", "words"}
COUNTS = {
    "batches",
    "events",
    "files",
    "servers killed",
    "states followed",
    "tokens fetched",
    "uploads, bytes",
}

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")


@pytest.mark.slow
@needs_proc
def test_twenty_seconds_end_balanced() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "bench/soak.py", "--seconds", "20", "--seed", "25"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    rows = [line.split() for line in run.stdout.splitlines()]
    acknowledged = {row[0]: int(row[2].replace(",", "")) for row in rows if len(row) == 9}
    counted = {" ".join(row[:-1]) for row in rows if row}
    assert run.stdout.endswith("The balance holds.\n")
    assert all(acknowledged[kind] for kind in KINDS)
    assert any(acknowledged.get(kind) for kind in WAITED)
    assert acknowledged["all"] > 50
    assert counted >= COUNTS


def test_without_proc_it_ends_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soak, "PROC", tmp_path / "proc")
    monkeypatch.setattr(Soak, "run", lambda *_: pytest.fail("it was run"))
    monkeypatch.setattr(sys, "argv", ["soak.py"])

    assert soak.main() == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        f"The soak test needs Linux: what a process holds is read from {tmp_path / 'proc'}.\n",
    )


# ── the prompts ──


@pytest.mark.parametrize(
    ("found", "lost", "doubled", "unasked"),
    [
        ({"run 1": 1}, 0, 0, 0),
        ({"run 1": 1, "run 3": 1}, 0, 0, 0),
        ({}, 1, 0, 0),
        ({"run 1": 2}, 0, 1, 0),
        ({"run 1": 1, "run 3": 2}, 0, 1, 0),
        ({"run 1": 1, "run 2": 1}, 0, 0, 1),
        ({"run 1": 1, "run 9": 1}, 0, 0, 1),
    ],
)
def test_what_makes_a_balance(found: dict[str, int], lost: int, doubled: int, unasked: int) -> None:
    candela, run, total = balance(OUTCOMES, Counter({**found, "candela 1": 1}))

    assert (run.lost, run.doubled, run.unasked) == (lost, doubled, unasked)
    assert run.holds is total.holds is (lost + doubled + unasked == 0)
    assert (run.prompts, run.acknowledged, run.refused, run.unknown) == (3, 1, 1, 1)
    assert candela.holds
    assert total.prompts == 4


class Soaked:
    """A sandbox on the database of a soak test, and the parts of its load."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        agents = {name: getattr(soak_agents, name) for name in ("digests", "heard", "spell")}
        db, self.tokens = folder / "soak.sqlite", {"user": "user"}
        self.box = stack.enter_context(
            portal_sandbox.running(db=db, agents=agents, tokens=self.tokens, pace=0.1)
        )
        self.client = stack.enter_context(ApiClient(Configuration(self.box.host, access_token="user")))
        self.api = SessionsApi(self.client)
        self.ledger = Ledger(folder / "ledger")
        self.folder, self._db = folder, db
        self._soak = Soak(folder, self.ledger, 1)

    def waiting(self) -> WaitingWorker:
        return WaitingWorker(0, [self.client], self.ledger, 1)

    def run_batch(self) -> None:
        worker = BatchWorker(self.client, ["user"], self.folder / "large.bin", self.ledger, 1)
        worker.run_one("user", self.folder / "batch-1")

    def change(self, statements: str) -> None:
        with closing(sqlite3.connect(self._db)) as db:
            db.executescript(statements)

    def holds(self) -> bool:
        return self._soak.balance()[1]


@pytest.fixture
def soaked(tmp_path: Path) -> Iterator[Soaked]:
    with ExitStack() as stack:
        yield Soaked(tmp_path, stack)


def test_a_batch_item_that_is_doubled_is_noticed(soaked: Soaked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_batch, "ITEMS", 8)
    soaked.run_batch()
    held = soaked.holds()
    session = soaked.api.create_session("spell", "batch 7 ☃")

    assert held
    assert soaked.ledger.counts["batches killed"] + soaked.ledger.counts["batches interrupted"] > 0
    assert session.status == "Ready"
    assert len(soaked.ledger.outcomes()) == 8
    assert not soaked.holds()
    assert soaked.ledger.wrong == []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM messages WHERE key = (SELECT max(key) FROM messages)",
        "UPDATE messages SET text = 'another' WHERE key = (SELECT max(key) FROM messages)",
        f"UPDATE messages SET text = '{STOPPED}' WHERE key = 2; {FAILED}",
        FAILED,
    ],
)
def test_an_answer_that_is_lost_is_noticed(soaked: Soaked, change: str) -> None:
    for prompt in ("create 1", "create 2"):
        soaked.ledger.send(prompt, lambda prompt=prompt: soaked.api.create_session("spell", prompt))
    soaked.ledger.count("servers killed")  # which is no excuse: these agents were on the other one
    held = soaked.holds()
    soaked.change(change)

    assert held
    assert not soaked.holds()


def test_a_prompt_that_is_lost_is_noticed(soaked: Soaked) -> None:
    soaked.ledger.note("create 1", ACKNOWLEDGED)

    assert not soaked.holds()


def test_an_error_that_no_fault_makes_is_noticed(soaked: Soaked) -> None:
    soaked.ledger.send("create 1", lambda: soaked.api.create_session("nobody", "create 1"))

    assert not soaked.holds()
    assert "404" in soaked.ledger.wrong[0]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM candela_messages WHERE key = 1",
        "INSERT INTO candela_messages (session_key, role, text) SELECT session_key, role, text "
        "FROM candela_messages WHERE key = 1",
    ],
)
def test_a_prompt_to_candela_that_is_lost_or_doubled_is_noticed(soaked: Soaked, change: str) -> None:
    settings = ArgsConfigurationLoader(api_url=soaked.box.candela_url, access_token="user")
    with SyncApiClientFactory([settings]) as factory:
        worker = CandelaWorker(0, factory.build(finbourne_candela.SessionsApi), soaked.ledger, 1)
        worker.pipeline()
        factory.build(finbourne_candela.SessionsApi).stop_session()
        worker.agent()
    held = soaked.holds()
    soaked.change(change)

    assert held
    assert {prompt.split()[0] for prompt in soaked.ledger.outcomes()} >= {"candela-pipeline"}
    assert not soaked.holds()


# ── followed sessions ──


def test_a_followed_session_is_whole(soaked: Soaked) -> None:
    soaked.waiting().follow()
    soaked.waiting().words()

    assert soaked.ledger.counts["states followed"] > 2
    assert soaked.holds()


def _without_the_last(states: Sequence[Session]) -> Sequence[Session]:
    return states[:-1]


def _twice(states: Sequence[Session]) -> Sequence[Session]:
    return [states[0], *states]


def _in_another_order(states: Sequence[Session]) -> Sequence[Session]:
    return [states[-2], *states[:-2], states[-1]]


@pytest.mark.parametrize("changed", [_without_the_last, _twice, _in_another_order])
def test_states_that_are_lost_repeated_or_out_of_order_are_noticed(
    soaked: Soaked, monkeypatch: pytest.MonkeyPatch, changed: Callable[[Sequence[Session]], Sequence[Session]]
) -> None:
    def read(updates: SessionUpdates) -> Iterator[Session]:
        return iter(changed(list(iter(lambda: next(updates, None), None))))

    monkeypatch.setattr(SessionUpdates, "__iter__", read)
    soaked.waiting().follow()

    assert not soaked.holds()


def test_a_piece_of_an_answer_that_is_lost_is_noticed(
    soaked: Soaked, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = SessionUpdates.words

    def read(updates: SessionUpdates) -> Iterator[str]:
        return iter(list(words(updates))[1:])

    monkeypatch.setattr(SessionUpdates, "words", read)
    soaked.waiting().words()

    assert not soaked.holds()


# ── what a process holds ──
# Twice what is allowed: threads and files of other tests may end meanwhile.


def _files(stack: ExitStack) -> None:
    for _ in range(2 * int(MORE.descriptors)):
        stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))


def _threads(stack: ExitStack) -> None:
    over = threading.Event()
    for _ in range(2 * int(MORE.threads)):
        thread = threading.Thread(target=over.wait, args=(60,))
        thread.start()
        stack.callback(thread.join, 60)
    stack.callback(over.set)


def _memory(stack: ExitStack) -> None:
    held = stack.enter_context(mmap(-1, 2 * int(MORE.memory * 1e6)))  # and not what the process has freed
    held.write(bytes(len(held)))


@needs_proc
@pytest.mark.parametrize(
    ("leak", "resource"), [(_files, "descriptors"), (_threads, "threads"), (_memory, "memory")]
)
def test_what_a_process_does_not_give_back_is_noticed(
    leak: Callable[[ExitStack], None], resource: str
) -> None:
    with ExitStack() as stack:
        before = [Usage.of(os.getpid()) for _ in range(4)]
        flat = Growth.over([*before, *before])
        leak(stack)
        grown = Growth.over([*before, *(Usage.of(os.getpid()) for _ in range(4))])

    assert flat.is_flat()
    assert not grown.is_flat()
    assert grown.is_flat(warm=False) is (resource == "memory")
    alone = replace(grown.first, **{resource: getattr(grown.last, resource)})
    assert not Growth(grown.first, alone).is_flat()

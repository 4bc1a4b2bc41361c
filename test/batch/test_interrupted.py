"""Ctrl-C leaves a run at once, and another one goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from batch.conftest import Running
from portal_client import JournalBusy
from portal_client.batch import Batch, work
from portal_client.batch.runner import Runner
from support.clients import TOKEN, interrupt
from support.portal import Portal, after, found, lost
from support.scripted import Connection, Received
from test_imports import ROOT


def when(condition: Callable[[], object], then: Callable[[], object]) -> threading.Thread:
    """Do something when it is time, unless it is not within 20 s."""

    def watch() -> None:
        end = time.monotonic() + 20
        while not (due := condition()) and time.monotonic() < end:
            time.sleep(0.005)
        if due:
            then()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def interrupted(running: Running, prompts: int, **limits: object) -> float:
    """Press Ctrl-C when so many prompts have come; return the seconds until the run was left."""
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        interrupt()

    thread = when(lambda: len(running.portal.prompts) == prompts, press)
    with pytest.raises(KeyboardInterrupt):
        running.run(**limits)
    left = time.monotonic() - pressed[0]
    thread.join()
    return left


def test_it_leaves_at_once_and_says_how_to_resume(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    hangs = threading.Event()
    running.portal.faults["two"] = [after(hangs)]
    running.portal.statuses["one"] = ["Running"] * 999
    running.add("one", "two", "three", "four")
    left = interrupted(running, 2, workers=2)
    said = capsys.readouterr().err
    hangs.set()
    running.portal.statuses["one"] = []
    counts = running.run()

    assert left < 2
    assert said == f"\n{running.path}: 2 pending, 2 running; run() goes on from there\n"
    assert counts.done == 4
    assert sorted(running.portal.prompts) == ["four", "one", "three", "two"]


@pytest.mark.fault("Batches", "What is still being sent after Ctrl-C is waited for before the next run")
def test_what_is_still_being_sent_is_waited_for_before_the_next_run(running: Running) -> None:
    hangs = threading.Event()
    running.portal.faults["one"] = [after(hangs)]
    running.add("one")
    interrupted(running, 1)
    # Another one, in another process perhaps, must not take the item for missing meanwhile.
    with Batch(running.path, running.api) as other, pytest.raises(JournalBusy):
        other.run(settle=0.05)
    thread = when(lambda: True, lambda: (time.sleep(0.3), hangs.set()))
    running.run()
    thread.join()

    assert running.portal.prompts == ["one"]
    assert running.states() == {"one": "done"}


def test_a_second_ctrl_c_loses_nothing_either(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    running.portal.faults["one"] = [after(hangs)]
    running.add("one")

    def again(self: Runner) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Runner, "leave", again)
        interrupted(running, 1)
    with Batch(running.path, running.api) as other, pytest.raises(JournalBusy):
        other.run()
    hangs.set()
    running.run()

    assert running.portal.prompts == ["one"]
    assert running.states() == {"one": "done"}


def test_what_a_signal_handler_raises_leaves_the_run_too(running: Running) -> None:
    class Stopped(Exception):
        pass

    def stop(*signal: object) -> None:
        raise Stopped

    hangs = threading.Event()
    running.portal.faults["one"] = [after(hangs)]
    running.add("one")
    before = signal.signal(signal.SIGTERM, stop)
    try:
        thread = when(lambda: running.portal.prompts, lambda: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(Stopped):
            running.run()
        thread.join()
    finally:
        signal.signal(signal.SIGTERM, before)
    hangs.set()

    assert running.run().done == 1
    assert running.portal.prompts == ["one"]


def assert_that_threads_end(before: set[threading.Thread]) -> None:
    """Check that the threads of a run end, which were not there before."""
    left = [each for each in threading.enumerate() if each.name == "portal_client.batch"]
    for thread in {*left} - before:
        thread.join(5)
        assert not thread.is_alive()


def test_a_run_leaves_no_thread_behind(running: Running) -> None:
    before = {*threading.enumerate()}
    running.add("one", "two")
    running.run()
    assert_that_threads_end(before)


def test_ctrl_c_ends_the_waits_for_sessions_too(running: Running) -> None:
    def press(portal: Portal, connection: Connection, request: Received) -> None:
        interrupt()
        found(portal, connection, request)

    before = {*threading.enumerate()}
    running.portal.reading = [press]
    running.portal.statuses["one"] = ["Running"] * 999
    running.add("one")
    with pytest.raises(KeyboardInterrupt):
        running.run()
    assert_that_threads_end(before)


def test_what_no_worker_has_begun_is_pending(running: Running) -> None:
    hangs = threading.Event()
    running.portal.faults["one"] = [after(hangs)]
    running.add("one", "two", "three")
    with ThreadPoolExecutor(1) as executor:
        interrupted(running, 1, workers=3, executor=executor)
        states = running.states()
        hangs.set()

    assert states == {"one": "running", "two": "pending", "three": "pending"}
    assert [each.attempts for each in running.batch._results("TRUE")] == [1, 0, 0]


class Noting(ThreadPoolExecutor):
    """One worker, and what it was given to do; with `at_once` that is over when it is given."""

    def __init__(self, at_once: bool) -> None:
        super().__init__(1)
        self._at_once = at_once
        self.tasks: list[object] = []

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Any:
        future = super().submit(fn, *args, **more)
        self.tasks.append(fn)
        if self._at_once:
            wait([future], 20)
        return future


def test_a_wait_that_no_worker_has_begun_is_given_up(running: Running) -> None:
    hangs = threading.Event()
    running.portal.faults["two"] = [after(hangs)]
    running.add("one", "two", "three")
    with Noting(at_once=False) as executor:
        thread = when(lambda: work.wait in executor.tasks and len(running.portal.prompts) == 2, interrupt)
        with pytest.raises(KeyboardInterrupt):
            running.run(workers=3, executor=executor)
        thread.join()
        states = running.states()
        hangs.set()

    assert states == {"one": "running", "two": "running", "three": "pending"}
    assert "GET /sessions/s0" not in running.portal.paths
    assert running.run().done == 3
    assert sorted(running.portal.prompts) == ["one", "three", "two"]


def test_what_ends_as_the_run_is_left_is_kept(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    left = threading.Event()
    leave = Runner.interrupt

    def leaving(runner: Runner) -> None:
        leave(runner)
        left.set()

    def press(portal: Portal, connection: Connection, request: Received) -> None:
        interrupt()
        after(left)(portal, connection, request)

    monkeypatch.setattr(Runner, "interrupt", leaving)
    running.portal.faults["one"] = [press]
    running.add("one")
    with Noting(at_once=True) as executor, pytest.raises(KeyboardInterrupt):
        running.run(executor=executor)
    (result,) = running.batch.in_doubt()

    assert result.session_id == "s0"
    assert running.run().done == 1
    assert "GET /sessions" not in running.portal.paths  # none had to be looked for


RUN = """
import os, sys
from portal_client import ApiClient, Batch, Configuration, EnvToken, SessionsApi

api = SessionsApi(ApiClient(Configuration(sys.argv[1], access_token=EnvToken("BEARER_TOKEN"))))
Batch(sys.argv[2], api).run(workers=2)
"""


@pytest.mark.skipif(os.name == "nt", reason="there, Ctrl-C is no signal to one process")
def test_a_script_ends_within_seconds(running: Running) -> None:
    hangs = threading.Event()
    running.portal.faults["one"] = [after(hangs, lost)]
    running.add("one", "two")
    host = running.api.api_client.configuration.host
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BEARER_TOKEN": TOKEN}
    command = [sys.executable, "-W", "error", "-c", RUN, host, str(running.path)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as script:
        while len(running.portal.prompts) < 2:
            time.sleep(0.01)
        began = time.monotonic()
        script.send_signal(signal.SIGINT)
        _, said = script.communicate(timeout=20)
        took = time.monotonic() - began
    hangs.set()
    running.run()

    assert took < 3
    assert "run() goes on from there" in said
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert running.states() == {"one": "done", "two": "done"}
    assert running.portal.doubled == {}

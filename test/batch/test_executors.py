"""Any executor does: threads, and processes, to which secrets are named and not sent."""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from batch.conftest import Running
from portal_client import ApiValueError, AuthenticationError, EnvToken, SessionsApi
from portal_client.batch import Batch, runner, work
from portal_client.batch.claims import are_needed
from portal_client.batch.work import Attempt, NotBegun, submit
from support.clients import TOKEN, interrupt
from support.portal import Portal, after, dropped, found, lost, started
from support.scripted import Connection, Received


def test_threads_of_ones_own(running: Running) -> None:
    running.add("one", "two", "three")
    running.portal.faults["two"] = [lost]
    with ThreadPoolExecutor(2) as executor:
        counts = running.run(executor=executor)

        assert executor.submit(str).result() == ""  # it is not shut down
    assert counts.done == 3
    assert sorted(running.portal.prompts) == ["one", "three", "two"]


@pytest.fixture
def elsewhere(running: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """A batch whose token is named, and not held."""
    monkeypatch.setenv("BEARER_TOKEN", TOKEN)
    running.api.api_client.configuration.access_token = EnvToken("BEARER_TOKEN")
    return running


def test_processes(elsewhere: Running) -> None:
    elsewhere.add("one", "two")
    elsewhere.batch.add("a1", "three", [("a.txt", b"abc")])
    elsewhere.portal.faults |= {"two": [lost], "three": [dropped]}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        # What a process has told of is over; only of one that is lost would that be waited for.
        counts = elsewhere.run(executor=executor, send_timeout=300)

    assert counts.done == 3
    assert sorted(elsewhere.portal.prompts) == ["one", "three", "three", "two"]


def test_a_pool_that_breaks_leaves_a_doubt_and_the_next_run_settles_it(elsewhere: Running) -> None:
    elsewhere.add("one")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        os.kill(executor.submit(os.getpid).result(), 9)
        broken = executor.submit(str)
        with pytest.raises(BrokenProcessPool):
            broken.result()
        with pytest.raises(BrokenProcessPool):
            elsewhere.run(executor=executor, send_timeout=0.05)
    (doubt,) = elsewhere.batch.in_doubt()

    assert doubt.session_id is None
    assert elsewhere.portal.prompts == []
    assert elsewhere.run().done == 1
    assert elsewhere.portal.prompts == ["one"]


class Ahead(ThreadPoolExecutor):
    """Workers whose clock is ten minutes ahead."""

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Any:
        late = (a._replace(handed_out=a.handed_out - 600) if isinstance(a, Attempt) else a for a in args)
        return super().submit(fn, *late, **more)


@pytest.mark.fault("Batches", "A worker with a wrong clock ends the run, and costs no attempt")
def test_a_worker_with_a_wrong_clock_ends_the_run(running: Running) -> None:
    running.add("one")
    with Ahead(1) as executor, pytest.raises(NotBegun, match="by the clock of the worker"):
        running.run(executor=executor, workers=1)

    assert running.portal.prompts == []
    assert running.states() == {"one": "pending"}
    assert running.run().done == 1


class Busy(ThreadPoolExecutor):
    """Workers that are free too late, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__(1)
        self._times = times

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Any:
        if self._times:
            self._times -= 1
            super().submit(time.sleep, 0.6)
        return super().submit(fn, *args, **more)


def test_an_attempt_that_no_worker_began_in_time_is_handed_out_again(running: Running) -> None:
    running.add("one")
    with Busy(2) as executor:
        running.run(executor=executor, workers=1, send_timeout=0.5, outage=0.01)

    assert running.portal.prompts == ["one"]
    assert [result.attempts for result in running.batch.results()] == [1]


class Elsewhere(Executor):
    """Workers of which the runner does not know whether they end with it."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1)

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Any:
        return self._threads.submit(fn, *args, **more)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait, cancel_futures=cancel_futures)


@pytest.mark.parametrize(("executor", "seconds"), [(Elsewhere, 40.0), (lambda: ThreadPoolExecutor(1), 0.0)])
def test_the_journal_says_how_long_an_attempt_may_go_on_without_the_runner(
    elsewhere: Running, executor: Callable[[], Executor], seconds: float
) -> None:
    seen: list[Any] = []

    def look(portal: Portal, connection: Connection, request: Received) -> None:
        with Batch(elsewhere.path) as other:
            seen.extend(other._journal.ask("SELECT outlives FROM items"))
        started(portal, connection, request)

    elsewhere.portal.faults["one"] = [look]
    elsewhere.add("one")
    with executor() as workers:
        elsewhere.run(executor=workers, workers=1, send_timeout=20)

    assert seen == [(seconds,)]


def test_an_attempt_that_goes_on_elsewhere_locks_no_journal(elsewhere: Running) -> None:
    hangs = threading.Event()

    def press(portal: Portal, connection: Connection, request: Received) -> None:
        interrupt()
        after(hangs)(portal, connection, request)

    elsewhere.portal.faults["one"] = [press]
    key = elsewhere.batch.add("a1", "one").key
    with Elsewhere() as executor:
        try:
            with pytest.raises(KeyboardInterrupt):
                elsewhere.run(executor=executor, workers=1)
            with Batch(elsewhere.path, elsewhere.api) as other:
                assert other.retry(key) == 1
        finally:
            hangs.set()


@pytest.mark.parametrize(
    ("module", "runs_again"),
    [("distributed", True), ("distributed.cfexecutor", True), ("distribute.d", False)],
)
def test_only_an_executor_of_dask_has_its_attempts_claimed(module: str, runs_again: bool) -> None:
    with type("Own", (ThreadPoolExecutor,), {"__module__": module})(1) as executor:
        assert are_needed(executor) is runs_again


class Cluster(ThreadPoolExecutor):
    """Workers like those of Dask; with `again` the first run of an attempt is lost, and there is another."""

    __module__ = "distributed.cfexecutor"

    def __init__(self, again: bool) -> None:
        super().__init__(1)
        self._again = again

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Any:
        if fn is submit and self._again:
            wait([super().submit(fn, *args, **more)])
        return super().submit(fn, *args, **more)


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The tokens of the attempts that were begun, each with the time at which its claim was removed."""
    claims: dict[str, float] = {}

    def claimed(token: str) -> bool:
        first = token not in claims
        claims.setdefault(token, math.inf)
        return first

    monkeypatch.setattr(work, "claimed", claimed)
    monkeypatch.setattr(work, "release", lambda token: claims.update({token: time.monotonic()}))
    return claims


@pytest.mark.usefixtures("claims")
def test_an_attempt_that_is_run_twice_is_sent_once(running: Running) -> None:
    running.add("one")
    with Cluster(again=True) as executor:
        running.run(executor=executor, workers=1)

    assert running.portal.prompts == ["one"]
    assert running.states() == {"one": "done"}


def test_claims_are_removed_when_they_are_too_old_to_matter(
    running: Running, claims: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_PIECE", 0.01)

    def running_meanwhile(portal: Portal, connection: Connection, request: Received) -> None:
        portal.statuses["three"] = ["Running"] if math.inf in claims.values() else []
        found(portal, connection, request)

    running.add("one", "two", "three")
    running.portal.reading = [running_meanwhile] * 999
    began = time.monotonic()
    with Cluster(again=False) as executor:
        running.run(executor=executor, workers=1, send_timeout=0.3, timeout=3)

    assert running.batch.counts.done == 3
    assert len(claims) == 3
    assert min(claims.values()) - began >= 2 * 0.3


def test_a_token_that_is_not_carried_ends_the_run(running: Running) -> None:
    running.add("one")
    with (
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor,
        pytest.raises(AuthenticationError, match=r"such as EnvToken"),
    ):
        running.run(executor=executor)

    assert running.batch.counts.pending == 1
    assert running.portal.prompts == []


def test_an_api_that_cannot_be_sent_is_said_at_once(running: Running) -> None:
    running.api.api_client.configuration.access_token = lambda: TOKEN
    with ProcessPoolExecutor(1) as executor, pytest.raises(ApiValueError, match="sent to other processes"):
        running.run(executor=executor)


@pytest.mark.parametrize(("executor", "kind"), [(5, "int"), (SessionsApi, "type"), (object(), "object")])
def test_an_executor_is_one(running: Running, executor: Any, kind: str) -> None:
    with pytest.raises(ApiValueError) as caught:
        running.run(executor=executor)

    assert str(caught.value) == (
        "executor must be a concurrent.futures.Executor, such as client.get_executor() of dask.distributed, "
        f"not {kind}"
    )


def test_threads_have_a_connection_each(running: Running) -> None:
    running.api.api_client.configuration.connection_pool_maxsize = 3
    running.add("one")
    with pytest.raises(ApiValueError) as caught:
        running.run(workers=4)

    assert str(caught.value) == (
        "workers: 4 of them have only 3 connections; raise the setting connection_pool_maxsize"
    )
    assert running.portal.paths == []
    assert running.run(workers=3).done == 1


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"workers": 0}, "workers must be an int of at least 1"),
        ({"attempts": 0}, "attempts must be"),
        ({"per_minute": 0}, "per_minute must be greater than 0"),
        ({"settle": -1}, "settle must be"),
        ({"send_timeout": True}, "send_timeout is a number"),
        ({"timeout": "1"}, "timeout is a number"),
        ({"outage": float("nan")}, "outage must be"),
        ({"progress": 5}, "progress must be"),
    ],
)
def test_limits_are_checked_before_anything_is_done(running: Running, limits: Any, words: str) -> None:
    running.add("one")
    with pytest.raises(ApiValueError, match=words):
        running.run(**limits)

    assert running.portal.paths == []


def test_workers_bound_what_is_under_way(running: Running) -> None:
    most: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, *args: Any, **named: Any) -> Any:
            most.append(len(running.batch._journal.ask("SELECT 1 FROM items WHERE state = 'running'")))
            return super().submit(*args, **named)

    running.add(*(f"prompt {number}" for number in range(12)))
    executor: Executor = Counting(8)
    with executor:
        running.run(executor=executor, workers=3)

    assert max(most) == 3

"""A batch on a cluster of Dask, which runs the tasks of a dead worker again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from batch.conftest import Running
from portal_client import Batch, EnvToken
from portal_client.batch.item import inputs_of
from portal_client.batch.work import Attempt, Calls, Repeated, submit
from support.clients import TOKEN
from support.markdown import Page
from support.portal import Fault, started
from test_imports import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(find_spec("distributed") is None, reason="dask.distributed is not installed"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two processes on this machine; one that is killed is replaced."""
    import dask
    import distributed  # which changes how all exceptions of the process are pickled

    # Otherwise a worker that is down again 15 seconds after it was lost is given up for ever.
    patient = dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"})
    os.environ["BEARER_TOKEN"] = TOKEN  # the workers inherit it
    try:
        with (
            patient,
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, silence_logs=50
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
    finally:
        del os.environ["BEARER_TOKEN"]


@pytest.fixture
def elsewhere(running: Running, cluster: Any) -> Running:
    running.api.api_client.configuration.access_token = EnvToken("BEARER_TOKEN")
    return running


def until(condition: Callable[[], object]) -> None:
    """Wait a minute at most until something has happened: a cluster tells nobody of its tasks and workers."""
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)


def kill_workers(cluster: Any, condition: Callable[[], object]) -> threading.Thread:
    """Kill all workers as soon as something has happened."""
    nannies = cluster.cluster.workers.values()
    # Dask replaces no worker that dies before its nanny has seen it start.
    until(lambda: all(nanny.process and nanny.process.status.name == "running" for nanny in nannies))
    workers = [*cluster.run(os.getpid).values()]

    def kill() -> None:
        until(condition)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def held(then: Fault) -> Fault:
    """The session is started or not, and there is no reply for as long as the worker lives."""

    def fault(portal: Any, connection: Any, request: Any) -> bool:
        then(portal, connection, request)
        connection.sock.recv(1)
        return False

    return fault


def begun(portal: Any, connection: Any, request: Any) -> None:
    portal.start(request)


def nothing(portal: Any, connection: Any, request: Any) -> None:
    pass


def test_a_cluster_runs_a_batch(elsewhere: Running, cluster: Any) -> None:
    prompts = [f"prompt {number}" for number in range(20)]
    elsewhere.add(*prompts)
    elsewhere.batch.add("a1", "with a file", ("a.txt", b"abc"))
    counts = elsewhere.run(executor=cluster.get_executor(), workers=4)

    assert counts.done == 21
    assert sorted(elsewhere.portal.prompts) == sorted([*prompts, "with a file"])


def test_the_example_of_the_guide_runs(elsewhere: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(elsewhere.path.parent)
    monkeypatch.setenv("BEARER_TOKEN", TOKEN)
    example, _ = Page(ROOT / "docs/guides/scaling.md").blocks("python cluster")
    with Batch("many.sqlite3", elsewhere.api) as batch:
        batch.add("a1", "one")
        exec(compile(example.code, "scaling.md", "exec"), {"Batch": Batch, "api": elsewhere.api})

        assert batch.counts.done == 1


@pytest.mark.fault("Batches", "A prompt whose worker dies on a cluster is not sent blindly again")
@pytest.mark.parametrize(("fault", "times"), [(begun, 1), (nothing, 2)])
def test_an_attempt_whose_worker_dies_is_not_sent_blindly_again(
    elsewhere: Running, cluster: Any, fault: Fault, times: int
) -> None:
    elsewhere.portal.faults["one"] = [held(fault)]
    elsewhere.add("one", "two", "three")
    killer = kill_workers(cluster, lambda: "one" in elsewhere.portal.prompts)
    counts = elsewhere.run(executor=cluster.get_executor(), workers=1, send_timeout=4, settle=1)
    killer.join()

    assert counts.done == 3
    assert elsewhere.portal.prompts.count("one") == times
    assert elsewhere.portal.doubled == {}
    assert len(elsewhere.portal.sessions) == 3


def test_a_worker_that_dies_while_it_waits_is_replaced(elsewhere: Running, cluster: Any) -> None:
    elsewhere.portal.statuses["one"] = ["Running"] * 12
    elsewhere.add("one")
    killer = kill_workers(cluster, lambda: "GET /sessions/s0" in elsewhere.portal.paths)
    counts = elsewhere.run(executor=cluster.get_executor(), workers=1, send_timeout=4)
    killer.join()

    assert counts.done == 1
    assert elsewhere.portal.prompts == ["one"]


def test_what_dask_runs_twice_is_sent_once(elsewhere: Running, cluster: Any) -> None:
    # As where a worker dies that holds the result of a call: the same task on any worker once more.
    attempt = Attempt("a-token", inputs_of("a1", "one", None)[0], (), time.time(), 20.0, claims=True)
    calls = Calls(elsewhere.api)
    first, second = (cluster.submit(submit, calls, attempt, key=f"run {n}", pure=False) for n in range(2))
    cluster.gather([first, second], errors="skip")

    assert sorted([first.status, second.status]) == ["error", "finished"]
    with pytest.raises(Repeated):
        cluster.gather([first, second])
    assert elsewhere.portal.prompts == ["one"]


def test_claims_are_removed_when_they_are_too_old_to_matter(elsewhere: Running, cluster: Any) -> None:
    def places(dask_scheduler: Any = None) -> int:
        return len(dask_scheduler.extensions["queues"].queues)

    before = cluster.run_on_scheduler(places)
    prompts = [f"prompt {number}" for number in range(24)]
    for prompt in prompts:
        elsewhere.portal.faults[prompt] = [lambda *request: (time.sleep(0.2), started(*request))]
    elsewhere.add(*prompts)
    elsewhere.run(executor=cluster.get_executor(), workers=2, send_timeout=0.5)

    assert elsewhere.batch.counts.done == 24
    assert cluster.run_on_scheduler(places) - before < 20


def test_what_cannot_be_claimed_is_not_sent(running: Running) -> None:
    attempt = Attempt("another token", inputs_of("a1", "one", None)[0], (), time.time(), 20.0, claims=True)
    with pytest.raises(ValueError, match="worker"):  # here is none
        submit(Calls(running.api), attempt)

    assert running.portal.paths == []

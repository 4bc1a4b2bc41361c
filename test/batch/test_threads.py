"""The default executor: threads that nobody waits for at the end."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import wait
from pathlib import Path

import pytest

import portal_client
from portal_client.batch.threads import DaemonThreads

ROOT = Path(portal_client.__file__).parents[1]


def test_results_and_exceptions_come_back() -> None:
    threads = DaemonThreads(2)
    quotients = [threads.submit(lambda a, b: a / b, 6, b=b) for b in (2, 3, 0)]

    assert [quotient.result(5) for quotient in quotients[:2]] == [3, 2]
    with pytest.raises(ZeroDivisionError):
        quotients[2].result(5)
    with pytest.raises(SystemExit):
        threads.submit(sys.exit).result(5)
    threads.shutdown()


def test_no_more_threads_than_workers_and_as_many_as_needed() -> None:
    threads = DaemonThreads(3)
    together = threading.Barrier(3)
    ids = [threads.submit(lambda: (together.wait(10), threading.get_ident())[1]) for _ in range(6)]
    wait(ids, 10)
    alone = [threads.submit(threading.get_ident).result(5) for _ in range(5)]
    threads.shutdown()

    assert len({each.result() for each in ids}) == 3
    assert {*alone} <= {each.result() for each in ids}


def test_one_after_the_other_takes_one_thread() -> None:
    threads = DaemonThreads(8)
    ids = set()
    for _ in range(5):
        ids.add(threads.submit(threading.get_ident).result(5))
        while not threads._free:
            pass
    threads.shutdown()

    assert len(ids) == 1


def test_threads_end_when_they_are_not_needed() -> None:
    threads = DaemonThreads(2)
    mine = threads.submit(threading.current_thread).result(5)
    threads.shutdown()
    mine.join(5)

    assert not mine.is_alive()


def test_what_has_not_begun_can_be_cancelled() -> None:
    threads, go = DaemonThreads(1), threading.Event()
    first, second = threads.submit(go.wait, 10), threads.submit(go.wait, 10)
    assert second.cancel()
    go.set()
    threads.shutdown()

    assert first.result(5) is True


def test_a_call_that_hangs_does_not_keep_the_interpreter() -> None:
    code = (
        "import threading; from portal_client.batch.threads import DaemonThreads\n"
        "DaemonThreads(1).submit(threading.Event().wait); print('over')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", "")

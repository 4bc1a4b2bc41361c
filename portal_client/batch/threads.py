"""The default executor: threads that do not keep the interpreter from its end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Optional, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_Task = tuple["Future[Any]", Callable[[], Any]]


class DaemonThreads(Executor):
    """An executor with at most `workers` daemon threads, each started when none is free.

    ThreadPoolExecutor waits for its threads when the interpreter exits: Ctrl-C would wait for slow calls.
    """

    def __init__(self, workers: int) -> None:
        self._most = workers
        self._started = self._free = 0
        self._lock = Lock()
        self._tasks: SimpleQueue[Optional[_Task]] = SimpleQueue()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a thread call a function."""
        future: Future[T] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
            elif self._started < self._most:
                self._started += 1
                Thread(target=self._work, name="portal_client.batch", daemon=True).start()
        self._tasks.put((future, lambda: fn(*args, **kwargs)))
        return future

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            _run(*task)
            del task  # nothing of it is kept while this thread waits
            with self._lock:
                self._free += 1

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads as they become free; wait for none."""
        for _ in range(self._started):
            self._tasks.put(None)


def _run(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # whatever it is, who waits must see it
        future.set_exception(error)
    else:
        future.set_result(result)

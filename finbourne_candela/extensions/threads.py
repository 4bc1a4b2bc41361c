"""The threads behind `async_req=True`."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Optional

from portal_client.settings import check_count

if TYPE_CHECKING:
    from multiprocessing.pool import AsyncResult, ThreadPool


class Threads:
    """Runs calls in `size` threads, which are started for the first one.

    The program waits for them at its end. A copy in pickle starts its own threads.
    """

    def __init__(self, size: int) -> None:
        self._lock = Lock()
        self._pool: Optional[ThreadPool] = None
        self._pid = 0
        self._at_exit = partial(_close, weakref.ref(self))
        self._size = check_count("pool_threads", size, least=1)

    def start(self, call: Callable[[Any], Any], argument: Any) -> AsyncResult[Any]:
        """Start a call and return its result, which `.get(timeout)` waits for."""
        from multiprocessing.pool import ThreadPool

        with self._lock:
            if self._pool is None or self._pid != os.getpid():  # a fork leaves the threads behind
                self._pool, self._pid = ThreadPool(self._size), os.getpid()
                atexit.register(self._at_exit)  # after multiprocessing's own, so that it runs before it
            return self._pool.apply_async(call, (argument,))

    def close(self) -> None:
        """Wait for the calls that run, then stop the threads."""
        pool = self._detach()
        if pool is not None:
            pool.join()

    def __del__(self) -> None:
        self._detach()  # without a wait: this may be the thread of a call that ends

    def _detach(self) -> Optional[ThreadPool]:
        with self._lock:
            pool, self._pool = self._pool, None
        atexit.unregister(self._at_exit)
        if pool is None or self._pid != os.getpid():
            return None
        pool.close()
        return pool

    def __reduce__(self) -> tuple[type[Threads], tuple[int]]:
        return Threads, (self._size,)


def _close(threads: weakref.ref[Threads]) -> None:
    if (alive := threads()) is not None:
        alive.close()

"""Claims: of the runs of an attempt only one may send.

Dask runs a task again when the worker is lost that ran it, or that held its result. Its scheduler outlives
them, and has a place for each attempt that the first run fills. Other executors run a task once.
"""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import suppress
from importlib import import_module
from typing import Any, Optional

#: Seconds within which the scheduler fills a free place; who has to wait has come second.
_PATIENCE = 2


def are_needed(executor: Optional[Executor]) -> bool:
    """Whether an executor runs tasks again by itself."""
    return type(executor).__module__.partition(".")[0] == "distributed"


def claimed(token: str) -> bool:
    """Whether this is the first run of an attempt, and may send.

    Raises ValueError outside of a worker of Dask.
    """
    try:
        _place(token).put(1, timeout=_PATIENCE)
    except TimeoutError:
        return False
    return True


def release(token: str) -> None:
    """Remove the claim of an attempt whose outcome is known, and that is too old to be begun."""
    with suppress(Exception):  # it is only tidying up
        place = _place(token)
        place.close()  # as often as it was opened: here, and for the claim
        place.close()


def _place(token: str) -> Any:
    distributed = import_module("distributed")
    distributed.get_worker()
    return distributed.Queue(f"portal_client-{token}", maxsize=1)

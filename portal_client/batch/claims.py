"""Claims: of the runs of an attempt only one may send."""

from __future__ import annotations

import sys
from typing import Any

#: Seconds within which the scheduler fills a free place; who has to wait has come second.
_PATIENCE = 2


def claimed(token: str) -> bool:
    """Whether this is the first run of an attempt, and may send.

    Dask runs a task again when the worker is lost that ran it, or that held its result. Its scheduler
    outlives them, and has a place for each attempt that the first run fills. Other executors run a task once.
    """
    place = _place(token)
    if place is None:
        return True
    try:
        place.put(1, timeout=_PATIENCE)
    except TimeoutError:
        return False
    return True


def release(token: str) -> None:
    """Remove the claim of an attempt whose outcome is known, and that is too old to be begun."""
    if (place := _place(token)) is not None:
        place.close()  # as often as it was opened: here, and for the claim
        place.close()


def _place(token: str) -> Any:
    """Return the place of an attempt on the scheduler; None where this is no worker of Dask."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        distributed.get_worker()
    except ValueError:
        return None
    return distributed.Queue(f"portal_client-{token}", maxsize=1)

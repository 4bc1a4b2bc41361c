"""The slot that a session runs on: assigned where the caller has none, and waited for until it is ready."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Optional

from finbourne_candela.api.user_slots_api import UserSlotsApi
from finbourne_candela.models.slot_state import SlotState
from finbourne_candela.undoing import undone
from portal_client.api_client import ApiClient
from portal_client.exceptions import ApiException, ApiTimeoutError
from portal_client.polling import poll
from portal_client.timeouts import Deadline

#: States that no slot leaves for HOST_READY.
_ENDED = (SlotState.STOPPING, SlotState.HOST_DISPOSED, SlotState.ERRORED, SlotState.HOST_GONE)

#: What the states are called; of two names of one state it is the second that says something.
_NAMES = {state: name for name, state in SlotState.__members__.items()}

#: The limit of one reading of the state, in seconds; then the state is read again.
_READ_SECONDS = 30.0


@contextmanager
def ready_slot(client: ApiClient, slot_type: str, deadline: Deadline) -> Generator[None, None, None]:
    """Hold a slot on which a session can start: the caller's, else one that is disposed of after the block.

    Raises ApiTimeoutError where it is not ready by the deadline, and ApiException where it will not be.
    """
    slots = UserSlotsApi(client)
    with ExitStack() as stack:
        if not slots.user_has_slot(_request_timeout=time_left(client, deadline)):
            limit = time_left(client, deadline)
            assign = partial(slots.assign_slot, slot_type, _request_timeout=limit)
            stack.enter_context(undone(assign, slots.dispose_slot))
        _wait(slots, deadline)
        yield


def time_left(client: ApiClient, deadline: Deadline, limit: float = math.inf) -> float:
    """Return the limit of a call in seconds: that of the client or the time left, whichever is shorter.

    Raises ApiTimeoutError where no time is left.
    """
    left = deadline.left()
    if not left:
        raise ApiTimeoutError(reason=f"no session could start within {deadline.limits.total:g} s")
    return min(left, limit, client.configuration.timeout.total)


def _wait(slots: UserSlotsApi, deadline: Deadline) -> None:
    def read() -> Any:
        return slots.get_slot_state(_request_timeout=time_left(slots.api_client, deadline, _READ_SECONDS))

    state: Optional[SlotState] = None
    failures: list[ApiException] = []
    sleep = slots.api_client.rest_client.sleep
    for seen in poll(read, deadline, until=_is_final, on_failure=failures.append, sleep=sleep):
        state = seen
        failures.clear()
    if state == SlotState.HOST_READY:
        return
    known = "unknown" if state is None else _NAMES.get(state, state.name)
    if state in _ENDED:
        raise ApiException(reason=f"no session can start on the slot: its state is {known}")
    reason = f"the slot was not ready within {deadline.limits.total:g} s: its state is {known}"
    raise ApiTimeoutError(reason=reason) from (failures[-1] if failures else None)


def _is_final(state: SlotState) -> bool:
    return state == SlotState.HOST_READY or state in _ENDED

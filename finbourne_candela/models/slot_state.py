"""The states of a slot."""

from __future__ import annotations

from portal_client.model import OpenIntEnum


class SlotState(OpenIntEnum):
    """The state of a slot; sessions start on one that is HOST_READY."""

    NUMBER_0 = 0
    NUMBER_1 = 1
    NUMBER_2 = 2
    NUMBER_3 = 3
    NUMBER_4 = 4
    NUMBER_5 = 5
    NUMBER_6 = 6
    NUMBER_7 = 7
    NUMBER_8 = 8
    START_REQUEST = 0
    NODE_STARTING = 1
    HOST_STARTING = 2
    HOST_READY = 3
    STOPPING = 4
    HOST_DISPOSED = 5
    ERRORED = 6
    HOST_GONE = 7
    HOST_IDLE = 8

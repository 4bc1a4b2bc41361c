"""The views of a service by their names."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from portal_sandbox.page.candela_sessions import CandelaSessions
from portal_sandbox.page.objects import ObjectList
from portal_sandbox.page.sessions import Sessions
from portal_sandbox.page.slots import SlotList
from portal_sandbox.page.traces import TraceList
from portal_sandbox.page.view import View
from portal_sandbox.service import Service

Name: TypeAlias = Literal["sessions", "candela", "slots", "objects", "traces"]


def views(service: Service) -> Mapping[str, View]:
    """Return the views of a service."""
    return {
        "sessions": Sessions(),
        "candela": CandelaSessions(),
        "slots": SlotList(service.candela.slots, service.now),
        "objects": ObjectList(),
        "traces": TraceList(),
    }

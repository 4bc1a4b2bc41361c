"""A session as errors hold it, of whichever service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class SessionState(Protocol):
    """What every session has, such as a portal_client.Session."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def messages(self) -> Sequence[Any]: ...
    def to_dict(self) -> Any: ...
    def to_json(self) -> str: ...

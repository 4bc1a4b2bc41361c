"""Sessions that branch off another one, beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Union, overload

from pydantic import StrictInt, StrictStr

from portal_client.model import Model
from portal_client.models.session import Session


class Branches(Model):
    """Sessions that took over the first messages of another one, each up to another message, and one prompt.

    It is a list of these sessions: `len(branches)`, `branches[0]`, `for session in branches`. A notebook and
    rich show what they have in common once, and side by side where they differ.
    """

    session_id: StrictStr
    """The session that they branch off."""
    text_prompt: StrictStr
    """What was asked in each of them."""
    at: list[StrictInt]
    """The last message that each has taken over, counted from 0 as in `Session.messages`."""
    sessions: list[Session]
    """The sessions, in the order of `at`."""

    def __len__(self) -> int:
        return len(self.sessions)

    def __iter__(self) -> Iterator[Session]:  # type: ignore[override]
        return iter(self.sessions)

    @overload
    def __getitem__(self, at: int) -> Session: ...
    @overload
    def __getitem__(self, at: slice) -> list[Session]: ...
    def __getitem__(self, at: Union[int, slice]) -> Union[Session, list[Session]]:
        return self.sessions[at]

    def _rows(self) -> tuple[Iterable[str], Iterable[Any]]:
        from portal_client.records import Row, names_of

        rows = (Row({"at": at}, session) for at, session in zip(self.at, self.sessions, strict=True))
        return ("at", *names_of(Session)), rows

    def _view(self) -> Any:
        from portal_client.views.branches import branches_parts

        return branches_parts(self)

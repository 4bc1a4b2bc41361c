"""How a conversation goes on: which of two states of a session is the newer one, and what its agent added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Optional

from portal_client.models.message import Message
from portal_client.models.message_role import MessageRole
from portal_client.models.session import Session
from portal_client.polling import is_final
from portal_client.transcript import after_last_prompt


def is_newer(state: Session, last: Session) -> bool:
    """Return whether a state of a session follows `last`, which is not final.

    The messages decide first: they only grow, in number or the last one in length, while the clocks of two
    servers may differ. Where they do not tell, the later `updated_at` does, or that only one of the two is
    final. A state that differs in nothing but `updated_at` is no other one; where nothing tells which one is
    newer, neither is.
    """
    grown, cut = _extends(state.messages, last.messages), _extends(last.messages, state.messages)
    later = _moment(state.updated_at) > _moment(last.updated_at)
    if grown and cut:  # the same messages
        differs = state.model_copy(update={"updated_at": last.updated_at}) != last
        return is_final(state) or (later and differs)
    if grown or cut:
        return grown or later
    return later or (is_final(state) and _moment(state.updated_at) == _moment(last.updated_at))


def _extends(messages: Sequence[Message], start: Sequence[Message]) -> bool:
    """Return whether messages begin with those of `start`, the last one of which may have grown."""
    if not start:
        return True
    last = len(start) - 1
    return (
        len(messages) > last
        and all(a.text == b.text and a.role == b.role for a, b in zip(messages[:last], start, strict=False))
        and messages[last].role == start[last].role
        and messages[last].text.startswith(start[last].text)
    )


def _moment(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


class Answer:
    """What the agent says in answer to the last prompt, read from the states of a session in their order."""

    def __init__(self) -> None:
        self._at: Optional[int] = None  # the index of the message that is said
        self._said = ""
        self._begun = False

    def added(self, state: Session) -> str:
        """Return the text that is new in a state, "" where there is none.

        A message that begins behind another one, or that replaces what was said, has a blank line before it.
        """
        messages = state.messages
        if self._at is None:
            self._at = after_last_prompt(messages)
        return "".join(self._of(at, messages[at]) for at in range(self._at, len(messages)))

    def _of(self, at: int, message: Message) -> str:
        if at != self._at:
            self._at, self._said = at, ""
        if message.role != MessageRole.ASSISTANT:
            return ""
        before, self._said = self._said, message.text
        if before.startswith(message.text):  # no more than was said
            return ""
        goes_on = message.text.startswith(before)
        text = message.text[len(before) :] if goes_on else message.text
        separator = "\n\n" if self._begun and not (goes_on and before) else ""
        self._begun = True
        return separator + text

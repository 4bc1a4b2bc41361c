"""A conversation with an agent."""

from __future__ import annotations

import os
from typing import Any, Optional, TypeVar, Union, overload

from pydantic import StrictStr

from portal_client.model import DateTime, Model, Nullable
from portal_client.models.message import Message
from portal_client.models.session_status import SessionStatus

T = TypeVar("T")


class Session(Model):
    """A conversation with an agent: its messages in order, and whether the agent is at work."""

    id: StrictStr
    """What the operations take as `session_id`."""
    agent_id: StrictStr
    """The agent that answers."""
    thread_id: StrictStr
    """The service's own name for the conversation."""
    created_at: DateTime
    """When it was started."""
    updated_at: DateTime
    """When something was last said or changed."""
    messages: list[Message]
    """The conversation, oldest message first."""
    status: SessionStatus
    """Whether the agent is at work."""
    user_id: StrictStr
    """Whose session it is."""
    routine_id: Nullable[StrictStr] = None
    """The routine that started it; None where a person did."""

    @property
    def answer(self) -> Optional[str]:
        """The text of the agent's last message after the last prompt; None while there is none."""
        from portal_client.transcript import answer  # other scripts need not load these

        return answer(self.messages)

    @overload
    def parse(self, kind: type[T]) -> T: ...
    @overload
    def parse(self, kind: Any) -> Any: ...
    def parse(self, kind: Any) -> Any:
        """Read the answer as a value of this type: a pydantic model, or any type that pydantic knows.

        The answer is JSON, or has it in a code block, or is the bare value, such as a number or a word.

        Raises ApiValueError where there is no answer, or it is not of that type, with the path to the place
        and the text; also where several code blocks are of that type and differ. Raises ApiTypeError for what
        is no type.
        """
        from portal_client.transcript import parsed

        return parsed(self, kind)

    def to_markdown(self) -> str:
        """Return the conversation in Markdown.

        Each message is a quotation, or a code block where it holds what would not stay within a quotation or
        would be loaded, such as HTML or a picture.
        """
        from portal_client.transcript import markdown

        return markdown(self)

    @overload
    def to_html(self, path: None = None) -> str: ...
    @overload
    def to_html(self, path: Union[str, os.PathLike[str]]) -> None: ...
    def to_html(self, path: Optional[Union[str, os.PathLike[str]]] = None) -> Optional[str]:
        """Return the conversation as a page that can be printed, or write it to a file.

        The page is one file without scripts that loads nothing. What was said is shown as plain text.

        Raises OSError for a file that cannot be written.
        """
        from portal_client.views.page import page

        if path is None:
            return page(self)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(page(self))
        return None

"""A session as text: the answer to the last prompt, that answer as data, and the whole conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Optional, Protocol

from pydantic import PydanticUndefinedAnnotation, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.nesting import clarified, type_adapter
from portal_client.parsing import explain, parse_json
from portal_client.session_state import SessionState
from portal_client.text import exact, printable, shortened
from portal_client.views.text import label, titled, visible

#: Characters of an answer in the text of an error.
_MAX_TEXT_LENGTH = 500

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})(.*)")


class Conversation(SessionState, Protocol):
    """A session with its messages."""

    @property
    def agent_id(self) -> str:
        """The agent that answers."""
        ...

    @property
    def user_id(self) -> str:
        """Whose session it is."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was started."""
        ...

    @property
    def updated_at(self) -> datetime:
        """When something was last said or changed."""
        ...


# ── the answer ──


def after_last_prompt(messages: Sequence[Any]) -> int:
    """Return the index of the first message after the last prompt; 0 where there is no prompt."""
    prompts = (at for at in range(len(messages) - 1, -1, -1) if messages[at].role == "user")
    return next(prompts, -1) + 1


def answer(messages: Sequence[Any]) -> Optional[str]:
    """Return the text of the agent's last message after the last prompt, None where there is none."""
    said = (m.text for m in reversed(messages[after_last_prompt(messages) :]) if m.role == "assistant")
    return next(said, None)


def parsed(session: Conversation, kind: Any) -> Any:
    """Return the answer of a session as a value of this type.

    Raises ApiTypeError for what is no type, and ApiValueError where the answer is not of that type.
    """
    try:
        adapter = type_adapter(kind)
        adapter.rebuild()
    except (PydanticUserError, PydanticUndefinedAnnotation, TypeError, AttributeError) as error:
        raise ApiTypeError(f"{kind!r} is not a type that pydantic can read") from error
    text, name = answer(session.messages), printable(session.id)
    if text is None:
        status = printable(exact(session.status))
        raise ApiValueError(f"session {name} has no answer to read: its status is {status}")
    try:
        return _read(adapter, text)
    except ValueError as error:
        wanted = kind.__name__ if isinstance(kind, type) else str(kind)
        shown = shortened(printable(text, keep="\n\t"), _MAX_TEXT_LENGTH)
        mistake = error if isinstance(error, ValidationError) else None
        why = explain(mistake, "the text") if mistake else str(error)
        failure = ApiValueError(f"the answer of session {name} is no {wanted}: {why}\nThe answer: {shown}")
        if mistake:
            failure.path_to_item = list(_first(mistake)["loc"])
        raise failure from mistake


def _read(adapter: TypeAdapter[Any], text: str) -> Any:
    """Read a text as JSON, or the JSON in one of its code blocks, or the bare text, such as a word or a date.

    Raises pydantic.ValidationError, and ValueError where it is not clear which code block counts.
    """
    failures: list[ValidationError] = []
    blocks, found = list(_code_blocks(text)), list[Any]()
    for document in (text, *blocks):
        try:
            value = parse_json(adapter.validate_json, document)
        except ValidationError as error:
            failures.append(error)
            continue
        if document is text:
            return value
        found.append(value)
    if found and all(value == found[0] for value in found[1:]):
        return found[0]
    if found:
        raise ValueError(f"{len(found)} of its code blocks are, and they differ")
    if not blocks:
        try:
            return adapter.validate_strings(text.strip())
        except ValidationError as error:
            if not _first(error)["type"].endswith("_type"):  # else it is to be an object or a list
                raise
    # What is JSON at all tells more than what is not.
    raise min(failures, key=lambda error: _first(error)["type"] == "json_invalid")


def _first(error: ValidationError) -> ErrorDetails:
    return clarified(error).errors(include_url=False, include_context=False, include_input=False)[0]


def _code_blocks(text: str) -> Iterator[str]:
    """Yield what stands in the code blocks of a text; the last one may be open."""
    fence, block = "", list[str]()
    for line in text.splitlines():
        match = _FENCE.match(line)
        if not fence:
            fence = match[1] if match else ""
        elif match and match[1].startswith(fence) and not match[2].strip():
            yield "\n".join(block)
            fence, block = "", []
        else:
            block.append(line)
    if fence:
        yield "\n".join(block)


# ── the conversation in Markdown ──

#: What a quotation in Markdown does not hold together, or what a reader's program would load or run: HTML,
#: pictures, definitions of links for the whole document, links that lead to more than a page, also those in
#: formulas, and code blocks with braces, such as ```{python}, whose code is run.
_UNQUOTABLE = re.compile(
    r"<(?!https?://[^\s<>]*>)[A-Za-z/!?]|!\[|\]\((?!https?://|mailto:|\#)|(?:```|~~~)[ \t]*\{"
    r"|\\(?:href|url|style|class|cssId|require|includegraphics|html[A-Z]\w*|mmlToken)\b"
    r"|^[ \t>*+\-0-9.)]*\[(?:[^\[\]\\]|\\[\s\S]){1,999}\]:",
    re.MULTILINE,
)


def markdown(session: Conversation) -> str:
    """Return a session in Markdown: what it is, and what was said, each message as a quotation.

    A message with something in it that a quotation would not hold, such as HTML, is a code block.
    """
    facts = {
        "Agent": _code(session.agent_id),
        "User": _code(session.user_id),
        "Status": _escaped(exact(session.status)),
        "Started": _moment(session.created_at),
        "Changed": _moment(session.updated_at),
    }
    head = [f"# Session {_code(session.id)}", "\n".join(f"- {name}: {fact}" for name, fact in facts.items())]
    said = [f"## {at}. {_author(m)}\n\n{_quoted(m.text)}" for at, m in enumerate(session.messages, 1)]
    return "\n\n".join((*head, *said)) + "\n"


def _author(message: Any) -> str:
    role = _escaped(titled(exact(message.role)))
    return f"{role}: {_escaped(message.agent.name)}" if message.agent and message.agent.name else role


def _quoted(text: str) -> str:
    lines = visible(text)
    if _UNQUOTABLE.search(lines):
        fence = _ticks(lines, 3)
        return f"{fence}text\n{lines}\n{fence}"
    return "\n".join(f"> {line}" if line else ">" for line in lines.split("\n"))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#!|~&$^])", r"\\\1", label(text))


def _code(text: str) -> str:
    line = label(text)
    ticks = _ticks(line, 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}" if line else ""


def _ticks(text: str, least: int) -> str:
    """Return more backticks than there are in a row in a text."""
    return "`" * max([least, *(len(run) + 1 for run in re.findall("`+", text))])


def _moment(time: datetime) -> str:
    return time.isoformat(" ", "seconds")

"""Agents: plain functions that answer a conversation."""

import inspect
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Message:
    """One message of a conversation; `role` is "user" or "assistant"."""

    role: str
    text: str


@dataclass(frozen=True)
class File:
    """A file attached to the prompt; `size` is in bytes, `sha256` in hexadecimal digits."""

    name: str
    content_type: str
    size: int
    sha256: str
    _load: Callable[[], bytes] = field(repr=False, compare=False)

    def read(self) -> bytes:
        """The whole content, loaded anew from the database at each call."""
        return self._load()


Agent: TypeAlias = Callable[[Sequence[Message], Sequence[File]], Any]
"""Given the conversation, which ends with the prompt, and the prompt's files: the text of the answer.

It may be a generator, which says its answer in pieces; for Candela it may say data and events, too
(candela/events.py). An exception makes the session's status Error; its text becomes the answer, or the end
of what was said before.
"""


def echo(conversation: Sequence[Message], files: Sequence[File]) -> str:
    """The prompt, then one line for each attached file."""
    return "\n".join([conversation[-1].text, *map(_described, files)])


def _described(file: File) -> str:
    unit = "byte" if file.size == 1 else "bytes"
    return f"{file.name} ({file.size:,} {unit}, {file.content_type})"


BUILT_IN: Mapping[str, Agent] = {"echo": echo}

#: The icon that every agent shows.
ICON = "robot"


class Interrupted(Exception):
    """An agent is not listened to any longer."""


def listen(said: Iterator[T], take: Callable[[T], object], ended: Event, pace: float) -> object:
    """Take what an agent says, with `pace` seconds after each piece; what it returns at its end.

    Raises Interrupted once `ended` is set, and what the agent and `take` raise. A generator is closed then.
    """
    try:
        while not ended.is_set():
            try:
                piece = next(said)
            except StopIteration as end:
                return end.value
            take(piece)
            ended.wait(pace)
        raise Interrupted
    finally:
        if isinstance(said, Generator):
            said.close()


def fault(agent_id: object, agent: object) -> str | None:
    """What keeps this from being an agent with this id, as half a sentence; None where nothing does."""
    if not isinstance(agent_id, str) or not (
        agent_id and agent_id.isprintable() and agent_id == agent_id.strip()
    ):
        return f"cannot have the id {agent_id!r}: an id is printable text without spaces around it"
    if not callable(agent):
        return f"is a value of type {type(agent).__name__}, not a function"
    if inspect.isclass(agent):
        return "is a class, not a function"
    if _is_any(agent, inspect.iscoroutinefunction, inspect.isasyncgenfunction):
        return "is an async function; an agent is a plain one, which may call asyncio.run"
    try:
        inspect.signature(agent).bind([], [])
    except TypeError as error:
        return f"cannot be called with (conversation, files): {error}"
    except (ValueError, NameError):  # a function in C may not say what it takes, and an annotation may lack
        return None
    return None


def _is_any(agent: Callable[..., object], *kinds: Callable[[object], bool]) -> bool:
    return any(kind(agent) or kind(type(agent).__call__) for kind in kinds)


def display_name(agent_id: str) -> str:
    """An agent's id as a person reads it: ``risk_report`` is "Risk report"."""
    return agent_id.replace("_", " ").capitalize()

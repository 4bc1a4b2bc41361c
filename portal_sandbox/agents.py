"""Agents: plain functions that answer the last prompt of a conversation."""

import inspect
from abc import ABC, abstractmethod
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
        """Return the whole content, loaded from the database at each call."""
        return self._load()


Agent: TypeAlias = Callable[[Sequence[Message], Sequence[File]], Any]
"""A function of the conversation, which ends with the prompt, and of the prompt's files, to the answer.

`AgentsApi` returns its attributes `welcome_message` and `user_initial_message`, where it has them.

It may be a generator, which yields its answer in pieces; for Candela also data and events
(candela/events.py). An exception makes the session's status Error; its text becomes the answer, or the end of
the pieces before it.
"""


class Asked(ABC):
    """An agent that is asked about each prompt, in its request and before the prompt is taken."""

    @abstractmethod
    def __call__(self, conversation: Sequence[Message], files: Sequence[File]) -> Any:
        """Answer as any agent does."""

    @abstractmethod
    def for_prompt(self) -> Agent:
        """Return the function that answers this prompt. Raises Refused, with which the request ends."""


def echo(conversation: Sequence[Message], files: Sequence[File]) -> str:
    """Return the prompt, and one line for each attached file."""
    return "\n".join([conversation[-1].text, *map(_described, files)])


def _described(file: File) -> str:
    unit = "byte" if file.size == 1 else "bytes"
    return f"{file.name} ({file.size:,} {unit}, {file.content_type})"


BUILT_IN: Mapping[str, Agent] = {"echo": echo}

#: The icon of every agent.
ICON = "robot"


class Interrupted(Exception):
    """The answer of an agent is not needed any longer."""


def consume(pieces: Iterator[T], take: Callable[[T], object], ended: Event, pace: float) -> object:
    """Pass each piece of an answer to `take`, pause for `pace` seconds, and return what the agent returns.

    Raises Interrupted once `ended` is set, and what the agent and `take` raise. A generator is closed then.
    """
    try:
        while not ended.is_set():
            try:
                piece = next(pieces)
            except StopIteration as end:
                return end.value
            take(piece)
            ended.wait(pace)
        raise Interrupted
    finally:
        if isinstance(pieces, Generator):
            pieces.close()


def agent_error(agent_id: object, agent: object) -> str | None:
    """Return why a value cannot be an agent with this id, as half a sentence; None where it can."""
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
    except (
        ValueError,
        NameError,
    ):  # a function in C may lack a signature, and an annotation may name something unknown
        return None
    return None


def _is_any(agent: Callable[..., object], *kinds: Callable[[object], bool]) -> bool:
    return any(kind(agent) or kind(type(agent).__call__) for kind in kinds)


def display_name(agent_id: str) -> str:
    """Return the name of an agent for people to read: "Risk report" for ``risk_report``."""
    return agent_id.replace("_", " ").capitalize()

"""Events: what an agent sends on its way to an answer, and the answer as the last one.

An agent is a function of the conversation and of files, of which a prompt has none here. Its answer is what
it returns: text, or other data that JSON can hold. A generator also sends events: a text that it yields is an
event of type "chat", a dict with `event_type` and `content` is an event as it stands. Its answer is then the
event of type "result" that it yields, after which it is closed; else what it returns; else all its "chat" in
one.
"""

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from portal_sandbox.agents import Agent, Message
from portal_sandbox.candela.wire import Event


@dataclass(frozen=True)
class Result:
    """The answer of an agent. Raises TypeError or ValueError for what JSON cannot hold."""

    value: Any

    def __post_init__(self) -> None:
        self.json.encode()  # half a surrogate pair can be neither sent nor stored

    @cached_property
    def json(self) -> str:
        """The answer as JSON, as it was when the agent returned it."""
        return json.dumps(self.value, allow_nan=False, ensure_ascii=False)

    @property
    def event(self) -> Event:
        """The last event of the answer; its content is the text, or the data as JSON."""
        text = self.value if isinstance(self.value, str) else self.json
        return Event(event_type="result", content=text)


def events_of(agent: Agent, conversation: Sequence[Message]) -> Generator[Event, None, Result]:
    """Yield the events of an agent and return its result.

    Raises what the agent raises, and TypeError or ValueError for values that are no events.
    """
    returned = cast(object, agent(conversation, []))
    if isinstance(returned, Iterator):
        return Result((yield from _yielded(cast(Iterator[object], returned))))
    result = Result(returned)
    if isinstance(returned, str):
        yield Event(event_type="chat", content=returned)
    return result


def _yielded(agent: Iterator[object]) -> Generator[Event, None, object]:
    chat: list[str] = []
    try:
        while True:
            try:
                event = _event(next(agent))
            except StopIteration as end:
                return "".join(chat) if end.value is None else end.value
            if event.event_type == "result":
                return event.content
            if event.event_type == "chat":
                chat.append(event.content)
            yield event
    finally:
        if isinstance(agent, Generator):
            agent.close()


def _event(value: object) -> Event:
    try:
        fields = {"event_type": "chat", "content": value} if isinstance(value, str) else value
        event = Event.model_validate(fields)
        event.model_dump_json()
    except ValueError as error:  # pydantic's own are, both those of reading and of writing
        raise ValueError(f"an agent yields text and events, not {value!r}") from error
    return event

"""Answers under way; what an agent says goes out as it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import cast

from portal_sandbox.agents import Agent, Message, listen
from portal_sandbox.candela.errors import ServerStopped, Stopped
from portal_sandbox.candela.events import Result, answer
from portal_sandbox.candela.sessions import Name, Sessions
from portal_sandbox.candela.stream import Stream
from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.errors import Refused
from portal_sandbox.workers import Workers


@dataclass(frozen=True, eq=False)
class _Asked:
    """A session that ends with a prompt, and where its answer goes."""

    session: CandelaSessionRow
    stream: Stream


class Answers(Workers[_Asked, Result]):
    """Runs the agents over the prompts to the sessions.

    An agent goes on when nobody listens any more: its prompt was taken, and what it says belongs to the
    conversation.
    """

    def __init__(
        self, sessions: Sessions, agents: Mapping[str, Agent], latency: float = 0.0, pace: float = 0.0
    ) -> None:
        super().__init__(agents, latency, pace)
        self._sessions = sessions
        self._under_way: set[_Asked] = set()

    def ask(self, user: str, name: Name, prompt: str, stream: Stream) -> None:
        """Have the agent of a running session answer into a stream.

        Raises NoSuchSession, NotRunning, StillAnswering, NoSuchAgent, NoThread or Stopping.
        """
        agent = self._agent(self._sessions.taking_prompts(user, name).agent_id)
        asked = _Asked(self._sessions.ask(user, name, prompt), stream)
        with self._lock:
            self._under_way.add(asked)
        self._begin(agent, asked)
        if self.stopping.is_set():  # since this began, so perhaps before the stream was known
            stream.end(ServerStopped())

    def give_up(self, session_key: int) -> None:
        """Let go whoever waits for an answer in a session that was stopped."""
        self._end(Stopped(), session_key)

    def _end(self, last: Refused, session_key: int | None = None) -> None:
        with self._lock:
            under_way = list(self._under_way)
        for asked in under_way:
            if session_key in (None, asked.session.key):
                asked.stream.end(last)

    def _ended(self, asked: _Asked) -> Event:
        return asked.stream.ended

    def _names(self, asked: _Asked) -> tuple[str, str]:
        return asked.session.agent_id, asked.session.identifier

    def _said(self, agent: Agent, asked: _Asked) -> Result:
        conversation = [Message(message.role, message.text) for message in asked.session.messages]
        said = answer(agent, conversation)
        return cast(Result, listen(said, asked.stream.put, asked.stream.ended, self._pace))

    def _finish(self, asked: _Asked, outcome: Result | Refused) -> None:
        # Before the end goes out: whoever has it may send the next prompt. Not after: a stop has done it.
        if asked.stream.ended.is_set():
            return
        text = outcome.detail if isinstance(outcome, Refused) else outcome.event.content
        if not self._sessions.finish(asked.session, text, failed=isinstance(outcome, Refused)):
            asked.stream.end(Stopped())

    def _tell(self, asked: _Asked, outcome: Result | Refused) -> None:
        asked.stream.end(outcome)
        with self._lock:
            self._under_way.discard(asked)

    def _give_up_all(self) -> None:
        try:
            self._sessions.give_up()
        finally:
            self._end(ServerStopped())

"""Answers under way; each piece of one is stored before the agent is asked for the next."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import cast

from portal_sandbox.agents import Agent, File, Interrupted, Message, listen
from portal_sandbox.changes import Changes
from portal_sandbox.errors import Refused
from portal_sandbox.prompt import Prompt
from portal_sandbox.store import Store
from portal_sandbox.tables import FileRow, SessionRow
from portal_sandbox.wire import SessionStatus
from portal_sandbox.workers import Workers, stored


class Answers(Workers[SessionRow, str]):
    """Runs the agents over the sessions of a store, and tells of each change."""

    def __init__(
        self,
        store: Store,
        changes: Changes,
        agents: Mapping[str, Agent],
        latency: float = 0.0,
        pace: float = 0.0,
    ) -> None:
        super().__init__(agents, latency, pace)
        self._store = store
        self._changes = changes

    def create(self, user: str, agent_id: str, prompt: Prompt) -> SessionRow:
        """A new session whose agent has begun to answer. Raises NoSuchAgent, NoThread or Stopping."""
        agent = self._agent(agent_id)
        return self._started(agent, self._store.create(user, agent_id, prompt))

    def update(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """The session, whose agent has begun to answer one more prompt.

        Raises NoSuchSession, NotYours, NoSuchAgent, SessionRunning, NoThread or Stopping.
        """
        agent = self._agent(self._store.session(session_id, user).agent_id)
        return self._started(agent, self._store.begin(user, session_id, prompt))

    def _started(self, agent: Agent, row: SessionRow) -> SessionRow:
        self._begin(agent, row)
        self._changes.tell(row.id)
        return row

    def _names(self, asked: SessionRow) -> tuple[str, str]:
        return asked.agent_id, asked.id

    def _said(self, agent: Agent, asked: SessionRow) -> str:
        said = cast(object, agent(*self._question(asked)))
        if isinstance(said, Iterator):
            pieces: list[str] = []

            def grow(piece: object) -> None:
                pieces.append(_text(piece, "yields"))
                change = partial(self._store.grow, asked, "".join(pieces))
                if piece and not stored(change, self.stopping):
                    raise Interrupted
                self._changes.tell(asked.id)

            returned = listen(cast("Iterator[object]", said), grow, self.stopping, self._pace)
            said = "".join(pieces) if returned is None else returned
        return _text(said, "answers")

    def _finish(self, asked: SessionRow, outcome: str | Refused) -> None:
        if isinstance(outcome, Refused):
            self._store.finish(asked, outcome.detail, SessionStatus.ERROR)
        else:
            self._store.finish(asked, outcome, SessionStatus.READY)

    def _tell(self, asked: SessionRow, outcome: str | Refused) -> None:
        self._changes.tell(asked.id)

    def _give_up_all(self) -> None:
        self._store.give_up()

    def _question(self, asked: SessionRow) -> tuple[list[Message], list[File]]:
        conversation = [Message(message.role, message.text) for message in asked.messages]
        return conversation, [self._attached(file) for file in asked.messages[-1].files]

    def _attached(self, file: FileRow) -> File:
        load = partial(self._store.content, file.sha256)
        return File(file.name, file.content_type, file.size, file.sha256, load)


def _text(said: object, how: str) -> str:
    if not isinstance(said, str):
        raise TypeError(f"an agent {how} a str, not {type(said).__name__}")
    said.encode()  # half a surrogate pair cannot be stored
    return said

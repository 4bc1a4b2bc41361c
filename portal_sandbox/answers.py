"""Answers under way: each agent runs in a thread of its own."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import cast

from portal_sandbox.agents import Agent, File, Interrupted, Message, listen
from portal_sandbox.changes import Changes
from portal_sandbox.errors import NoThread
from portal_sandbox.prompt import Prompt
from portal_sandbox.store import STOPPED, Store
from portal_sandbox.tables import FileRow, SessionRow
from portal_sandbox.wire import SessionStatus
from portal_sandbox.workers import UNFORESEEN, Unstorable, Workers, failure, stored, stored_at_last


class Answers:
    """Runs the agents over the sessions of a store, and tells of each change.

    `latency` is added before each answer, and `pace` after each piece of one that an agent says in pieces,
    in seconds. Each piece is stored before the agent is asked for the next.
    """

    def __init__(
        self,
        store: Store,
        changes: Changes,
        agents: Mapping[str, Agent],
        latency: float = 0.0,
        pace: float = 0.0,
    ) -> None:
        self._store = store
        self._changes = changes
        self._workers = Workers(agents)
        self._latency = latency
        self._pace = pace

    def create(self, user: str, agent_id: str, prompt: Prompt) -> SessionRow:
        """A new session whose agent has begun to answer. Raises NoSuchAgent, NoThread or Stopping."""
        agent = self._workers.agent(agent_id)
        return self._start(agent, self._store.create(user, agent_id, prompt))

    def update(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """The session, whose agent has begun to answer one more prompt.

        Raises NoSuchSession, NotYours, NoSuchAgent, SessionRunning, NoThread or Stopping.
        """
        agent = self._workers.agent(self._store.session(session_id, user).agent_id)
        return self._start(agent, self._store.begin(user, session_id, prompt))

    def start(self) -> None:
        """Take prompts; harmless when started already."""
        self._workers.start()

    def stop(self) -> None:
        """Give up the answers under way: their sessions get the status Error. Takes no prompts any more.

        Agents that do not return within a second are left behind; what they say is dropped.
        """
        self._workers.stop(self._store.give_up)

    def _start(self, agent: Agent, row: SessionRow) -> SessionRow:
        try:
            self._workers.begin(partial(self._answer, agent, row))
        except NoThread as refused:
            self._end(row, refused.detail)
            raise
        self._changes.tell(row.id)
        return row

    def _answer(self, agent: Agent, row: SessionRow) -> None:
        try:
            self._workers.stopping.wait(self._latency)
            text, status = self._outcome(agent, row)
            self._make(partial(self._store.finish, row, text, status), row)
        except BaseException as error:  # the last line of defence: nobody waits for ever
            self._end(row, str(error) if isinstance(error, Unstorable) else UNFORESEEN)

    def _outcome(self, agent: Agent, row: SessionRow) -> tuple[str, SessionStatus]:
        try:
            return self._said(agent, row), SessionStatus.READY
        except Interrupted:
            return STOPPED, SessionStatus.ERROR
        except Unstorable:
            raise
        except BaseException as error:  # a SystemExit, too, must not leave the session running
            return failure(error, row.agent_id, row.id), SessionStatus.ERROR

    def _said(self, agent: Agent, row: SessionRow) -> str:
        if self._workers.stopping.is_set():
            raise Interrupted
        said = cast(object, agent(*self._question(row)))
        if isinstance(said, Iterator):
            pieces: list[str] = []

            def grow(piece: object) -> None:
                pieces.append(_text(piece, "yields"))
                change = partial(self._store.grow, row, "".join(pieces))
                if piece and not self._make(change, row):
                    raise Interrupted

            returned = listen(cast("Iterator[object]", said), grow, self._workers.stopping, self._pace)
            said = "".join(pieces) if returned is None else returned
        return _text(said, "answers")

    def _make(self, change: Callable[[], bool], row: SessionRow) -> bool:
        """Make a change and tell of it; false where it is too late for it. Raises Unstorable."""
        made = stored(change, self._workers.stopping)
        self._changes.tell(row.id)
        return bool(made)

    def _end(self, row: SessionRow, reason: str) -> None:
        """End an answer with why there is none, or only a part."""
        finish = partial(self._store.finish, row, reason, SessionStatus.ERROR)
        stored_at_last(finish, self._workers.stopping)
        self._changes.tell(row.id)

    def _question(self, row: SessionRow) -> tuple[list[Message], list[File]]:
        conversation = [Message(message.role, message.text) for message in row.messages]
        return conversation, [self._attached(file) for file in row.messages[-1].files]

    def _attached(self, file: FileRow) -> File:
        load = partial(self._store.content, file.sha256)
        return File(file.name, file.content_type, file.size, file.sha256, load)


def _text(said: object, how: str) -> str:
    if not isinstance(said, str):
        raise TypeError(f"an agent {how} a str, not {type(said).__name__}")
    said.encode()  # half a surrogate pair cannot be stored
    return said

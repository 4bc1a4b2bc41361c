"""Answers under way: each agent runs in a thread of its own."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import cast

from portal_sandbox import agents
from portal_sandbox.agents import Agent, File, Interrupted, Message, listen
from portal_sandbox.changes import Changes
from portal_sandbox.errors import NoSuchAgent, Refused
from portal_sandbox.log import log
from portal_sandbox.prompt import Prompt
from portal_sandbox.store import STOPPED, Store
from portal_sandbox.tables import FileRow, SessionRow
from portal_sandbox.wire import SessionStatus
from portal_sandbox.workers import PAUSE, Workers


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
        self._workers = Workers(agents, lambda agent_id: NoSuchAgent())
        self._latency = latency
        self._pace = pace

    def create(self, user: str, agent_id: str, prompt: Prompt) -> SessionRow:
        """A new session whose agent has begun to answer. Raises NoSuchAgent or Stopping."""
        agent = self._workers.agent(agent_id)
        return self._start(agent, self._store.create(user, agent_id, prompt))

    def update(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """The session, whose agent has begun to answer one more prompt.

        Raises NoSuchSession, NotYours, NoSuchAgent, SessionRunning or Stopping.
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
        self._workers.begin(partial(self._answer, agent, row))
        self._changes.tell(row.id)
        return row

    def _answer(self, agent: Agent, row: SessionRow) -> None:
        self._workers.stopping.wait(self._latency)
        text, status = self._outcome(agent, row)
        self._store_in_time(partial(self._store.finish, row, text, status), row)

    def _outcome(self, agent: Agent, row: SessionRow) -> tuple[str, SessionStatus]:
        try:
            return self._said(agent, row), SessionStatus.READY
        except Interrupted:
            return STOPPED, SessionStatus.ERROR
        except BaseException as error:  # a SystemExit, too, must not leave the session running
            failure = (type(error), error, _from_the_agent_on(error.__traceback__))
            log.error("Agent %s failed in session %s", row.agent_id, row.id, exc_info=failure)
            reason = f"The agent failed: {type(error).__name__}: {error}"
            return reason.encode(errors="replace").decode(), SessionStatus.ERROR

    def _said(self, agent: Agent, row: SessionRow) -> str:
        if self._workers.stopping.is_set():
            raise Interrupted
        said = cast(object, agent(*self._question(row)))
        if isinstance(said, Iterator):
            pieces: list[str] = []

            def grow(piece: object) -> None:
                pieces.append(_text(piece, "yields"))
                change = partial(self._store.grow, row, "".join(pieces))
                if piece and not self._store_in_time(change, row):
                    raise Interrupted

            returned = listen(cast("Iterator[object]", said), grow, self._workers.stopping, self._pace)
            said = "".join(pieces) if returned is None else returned
        return _text(said, "answers")

    def _store_in_time(self, change: Callable[[], bool], row: SessionRow) -> bool:
        """Make a change and tell of it; false where it is too late for it."""
        while True:
            try:
                made = change()
                break
            except Refused:  # the disk is full, or another process writes and writes
                if self._workers.stopping.wait(PAUSE):
                    return False
        self._changes.tell(row.id)
        return made

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


def _from_the_agent_on(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without our own frames, with which it begins."""
    while trace is not None and trace.tb_frame.f_globals["__name__"] in (__name__, agents.__name__):
        trace = trace.tb_next
    return trace

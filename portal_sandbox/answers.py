"""Answers under way: each agent runs in a thread of its own."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from typing import cast

from portal_sandbox.agents import Agent, File, Message
from portal_sandbox.changes import Changes
from portal_sandbox.errors import NoSuchAgent, Refused, Stopping
from portal_sandbox.log import log
from portal_sandbox.store import STOPPED, Prompt, Store
from portal_sandbox.tables import FileRow, SessionRow
from portal_sandbox.wire import SessionStatus

#: How long `stop` waits for agents that do not return, in seconds. Python cannot interrupt them.
GRACE = 1.0

#: How long an answer that cannot be stored waits for the next attempt, in seconds.
PAUSE = 0.5


class Answers:
    """Runs the agents over the sessions of a store, and tells of each change.

    A thread for each answer, not a pool: a slow agent, or one that calls this very server, keeps nobody
    else from being answered. `latency` is added before each answer, in seconds.
    """

    def __init__(
        self, store: Store, changes: Changes, agents: Mapping[str, Agent], latency: float = 0.0
    ) -> None:
        self._store = store
        self._changes = changes
        self._agents = agents
        self._latency = latency
        self._stopping = Event()
        self._lock = Lock()
        self._threads: set[Thread] = set()

    def create(self, user: str, agent_id: str, prompt: Prompt) -> SessionRow:
        """A new session whose agent has begun to answer. Raises NoSuchAgent or Stopping."""
        agent = self._agent(agent_id)
        return self._start(agent, self._store.create(user, agent_id, prompt))

    def update(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """The session, whose agent has begun to answer one more prompt.

        Raises NoSuchSession, NotYours, NoSuchAgent, SessionRunning or Stopping.
        """
        agent = self._agent(self._store.session(session_id, user).agent_id)
        return self._start(agent, self._store.begin(user, session_id, prompt))

    def start(self) -> None:
        """Take prompts; harmless when started already."""
        self._stopping.clear()

    def stop(self) -> None:
        """Give up the answers under way: their sessions get the status Error. Takes no prompts any more.

        Agents that do not return within a second are left behind; what they say is dropped.
        """
        self._stopping.set()
        with suppress(Refused):  # what cannot be said now, the next server says
            self._store.give_up()
        with self._lock:
            threads, self._threads = self._threads, set()
        deadline = monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _agent(self, agent_id: str) -> Agent:
        if self._stopping.is_set():
            raise Stopping
        try:
            return self._agents[agent_id]
        except KeyError:
            raise NoSuchAgent from None

    def _start(self, agent: Agent, row: SessionRow) -> SessionRow:
        thread = Thread(target=self._answer, args=(agent, row), name="portal-sandbox-answer", daemon=True)
        with self._lock:
            self._threads = {thread, *(other for other in self._threads if other.is_alive())}
            thread.start()
        self._changes.tell(row.id)
        return row

    def _answer(self, agent: Agent, row: SessionRow) -> None:
        self._stopping.wait(self._latency)
        if self._stopping.is_set():
            self._finish(row, STOPPED, SessionStatus.ERROR)
        else:
            self._finish(row, *_outcome(agent, row, *self._question(row)))

    def _finish(self, row: SessionRow, text: str, status: SessionStatus) -> None:
        while True:
            try:
                self._store.finish(row, text, status)
                break
            except Refused:  # the disk is full, or another process writes and writes
                if self._stopping.wait(PAUSE):
                    return
        self._changes.tell(row.id)

    def _question(self, row: SessionRow) -> tuple[list[Message], list[File]]:
        conversation = [Message(message.role, message.text) for message in row.messages]
        return conversation, [self._attached(file) for file in row.messages[-1].files]

    def _attached(self, file: FileRow) -> File:
        load = partial(self._store.content, file.sha256)
        return File(file.name, file.content_type, file.size, file.sha256, load)


def _outcome(
    agent: Agent, row: SessionRow, conversation: list[Message], files: list[File]
) -> tuple[str, SessionStatus]:
    try:
        text = cast(object, agent(conversation, files))
        if isinstance(text, Iterator):  # a generator says its answer in pieces
            text = "".join(cast("Iterator[str]", text))
        if not isinstance(text, str):
            raise TypeError(f"an agent answers a str, not {type(text).__name__}")
        text.encode()  # half a surrogate pair cannot be stored
        return text, SessionStatus.READY
    except BaseException as error:  # a SystemExit, too, must not leave the session running
        own = error.__traceback__ and error.__traceback__.tb_next  # from the agent's first line on
        log.error("Agent %s failed in session %s", row.agent_id, row.id, exc_info=(type(error), error, own))
        reason = f"The agent failed: {type(error).__name__}: {error}"
        return reason.encode(errors="replace").decode(), SessionStatus.ERROR

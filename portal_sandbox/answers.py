"""Answers under way: each agent runs in a thread of its own, and whoever waits is woken when it is done."""

from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from typing import cast

from portal_sandbox.agents import Agent, File, Message
from portal_sandbox.errors import NoSuchAgent, Stopping
from portal_sandbox.log import log
from portal_sandbox.store import Prompt, Store
from portal_sandbox.tables import FileRow, SessionRow
from portal_sandbox.wire import SessionStatus

#: How long `stop` waits for agents that do not return, in seconds. Python cannot interrupt them.
GRACE = 1.0


class Answers:
    """Runs the agents over the sessions of a store.

    A thread for each answer, not a pool: a slow agent, or one that calls this very server, keeps nobody
    else from being answered. `latency` is added before each answer, in seconds.
    """

    def __init__(self, store: Store, agents: Mapping[str, Agent], latency: float = 0.0) -> None:
        self._store = store
        self._agents = agents
        self._latency = latency
        self._stopping = Event()
        # Held while a session begins or ends to run, so that its status and its future change together.
        self._lock = Lock()
        self._futures: dict[str, Future[None]] = {}
        self._threads: set[Thread] = set()

    def create(self, user: str, agent_id: str, prompt: Prompt) -> SessionRow:
        """A new session whose agent has begun to answer. Raises NoSuchAgent or Stopping."""
        agent = self._agent(agent_id)
        with self._lock:
            self._refuse_when_stopping()
            return self._start(agent, self._store.create(user, agent_id, prompt))

    def update(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """The session, whose agent has begun to answer one more prompt.

        Raises NoSuchSession, NotYours, NoSuchAgent, SessionRunning or Stopping.
        """
        agent = self._agent(self._store.session(session_id, user).agent_id)
        with self._lock:
            self._refuse_when_stopping()
            return self._start(agent, self._store.begin(user, session_id, prompt))

    def look(self, session_id: str) -> tuple[SessionRow, Future[None] | None]:
        """The session now, and what is done when its answer is there; None when nothing is under way here."""
        with self._lock:
            return self._store.session(session_id), self._futures.get(session_id)

    def stop(self) -> None:
        """Give up the answers under way: their sessions get the status Error, and nobody waits any longer.

        Agents that do not return within a second are left behind; what they say is dropped.
        """
        with self._lock:
            self._stopping.set()
            for session_id in list(self._futures):
                self._settle(session_id, "The server stopped before the agent answered.", SessionStatus.ERROR)
            threads, self._threads = self._threads, set()
        deadline = monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _agent(self, agent_id: str) -> Agent:
        try:
            return self._agents[agent_id]
        except KeyError:
            raise NoSuchAgent from None

    def _refuse_when_stopping(self) -> None:
        if self._stopping.is_set():
            raise Stopping

    def _start(self, agent: Agent, row: SessionRow) -> SessionRow:
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # a waiter that gives up must not cancel it for the others
        self._futures[row.id] = future
        thread = Thread(target=self._answer, args=(agent, row), name="portal-sandbox-answer", daemon=True)
        thread.start()
        self._threads = {thread, *(other for other in self._threads if other.is_alive())}
        return row

    def _answer(self, agent: Agent, row: SessionRow) -> None:
        self._stopping.wait(self._latency)
        text, status = _outcome(agent, row, *self._question(row))
        with self._lock:
            if row.id in self._futures:  # else `stop` has given it up
                self._settle(row.id, text, status)

    def _question(self, row: SessionRow) -> tuple[list[Message], list[File]]:
        conversation = [Message(message.role, message.text) for message in row.messages]
        return conversation, [self._attached(file) for file in row.messages[-1].files]

    def _attached(self, file: FileRow) -> File:
        load = partial(self._store.content, file.sha256)
        return File(file.name, file.content_type, file.size, file.sha256, load)

    def _settle(self, session_id: str, text: str, status: SessionStatus) -> None:
        future = self._futures.pop(session_id)
        try:
            self._store.finish(session_id, text, status)
        finally:
            future.set_result(None)


def _outcome(
    agent: Agent, row: SessionRow, conversation: list[Message], files: list[File]
) -> tuple[str, SessionStatus]:
    try:
        text = cast(object, agent(conversation, files))
        if not isinstance(text, str):
            raise TypeError(f"an agent answers a str, not {type(text).__name__}")
        text.encode()  # half a surrogate pair cannot be stored
        return text, SessionStatus.READY
    except BaseException as error:  # a SystemExit, too, must not leave the session running
        own = error.__traceback__ and error.__traceback__.tb_next  # from the agent's first line on
        log.error("Agent %s failed in session %s", row.agent_id, row.id, exc_info=(type(error), error, own))
        reason = f"The agent failed: {type(error).__name__}: {error}"
        return reason.encode(errors="replace").decode(), SessionStatus.ERROR

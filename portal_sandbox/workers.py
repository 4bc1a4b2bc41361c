"""Workers: the agents of a service, each at work in a thread of its own.

Whatever an agent does, whoever waits for it sees an end: what it raises is told, what can be stored later is
stored later, and for all that nobody has foreseen there is a last line of defence with a fixed text.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic
from types import TracebackType
from typing import TypeVar

from portal_sandbox.agents import Agent
from portal_sandbox.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseUnusable,
    NoSuchAgent,
    NoThread,
    Refused,
    Stopping,
)
from portal_sandbox.log import log

T = TypeVar("T")

#: How long `stop` waits for agents that do not return, in seconds. Python cannot interrupt them.
GRACE = 1.0

#: How long an answer that cannot be stored waits for the next attempt, in seconds.
PAUSE = 0.5

#: What is said of a failure of which nothing else can be said.
UNFORESEEN = "The agent failed in a way that cannot be told"


class Unstorable(Exception):
    """What an agent has said, the database will never take; says so in a sentence."""


class Workers:
    """The agents by id, and the threads in which they answer; `stopping` is set until it is started.

    A thread for each answer, not a pool: a slow agent, or one that calls this very server, keeps nobody
    else from being answered.
    """

    def __init__(self, agents: Mapping[str, Agent]) -> None:
        self.stopping = Event()
        self.stopping.set()
        self._agents = agents
        self._lock = Lock()
        self._threads: set[Thread] = set()

    def agent(self, agent_id: str) -> Agent:
        """The agent with this id. Raises Stopping or NoSuchAgent."""
        if self.stopping.is_set():
            raise Stopping
        try:
            return self._agents[agent_id]
        except KeyError:
            raise NoSuchAgent(agent_id, self._agents) from None

    def begin(self, work: Callable[[], object]) -> None:
        """Have this done in a thread. Raises NoThread where none can be started."""
        thread = Thread(target=work, name="portal-sandbox-answer", daemon=True)
        with self._lock:
            try:
                thread.start()
            except Exception as error:  # the system has no more threads, or no memory for one
                raise NoThread from error
            self._threads = {thread, *(other for other in self._threads if other.is_alive())}

    def start(self) -> None:
        """Give agents to whoever asks; harmless when started already."""
        self.stopping.clear()

    def stop(self, *steps: Callable[[], object]) -> None:
        """Give no agents any more, take these steps, and wait for the threads.

        A step may be refused. Agents that do not return within a second are left behind.
        """
        self.stopping.set()
        for step in steps:
            with suppress(Refused):  # what cannot be said now, the next server says
                step()
        with self._lock:
            threads, self._threads = self._threads, set()
        deadline = monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))


def failure(error: BaseException, agent_id: str, session: str) -> str:
    """What an agent has raised, as the text of its answer; it is logged with the agent's own frames."""
    failed = (type(error), error, _from_the_agent_on(error.__traceback__))
    log.error("Agent %s failed in session %s", agent_id, session, exc_info=failed)
    reason = f"The agent failed: {type(error).__name__}: {error}"
    return reason.encode(errors="replace").decode()


def stored(change: Callable[[], T], ended: Event) -> T | None:
    """Make a change, when the database is free and the disk has room; None once `ended` is set.

    Raises Unstorable where the database will never take it.
    """
    while True:
        try:
            return change()
        except (DatabaseBusy, DatabaseFull, Stopping):
            if ended.wait(PAUSE):
                return None
        except DatabaseUnusable as error:
            raise Unstorable(f"The agent's answer cannot be stored: {error}") from error


def stored_at_last(change: Callable[[], object], ended: Event) -> None:
    """Make a change that says how an answer ended, whatever comes, until `ended` is set."""
    while True:
        try:
            change()
            return
        except BaseException:
            if ended.wait(PAUSE):
                return


def _from_the_agent_on(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without our own frames, with which it begins."""
    own = __name__.partition(".")[0]
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == own:
        trace = trace.tb_next
    return trace

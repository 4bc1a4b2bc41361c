"""Workers: the agents of a service, each at work in a thread of its own.

Whatever an agent does, whoever waits for it sees an end: what it raises is told, what can be stored later is
stored later, and for all that nobody has foreseen there is a last line of defence with a fixed text.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Generic, TypeVar

from portal_sandbox.agents import Agent, Interrupted
from portal_sandbox.errors import (
    STOPPED,
    AgentFailed,
    DatabaseBusy,
    DatabaseFull,
    DatabaseUnusable,
    NoSuchAgent,
    NoThread,
    Refused,
    Stopping,
)
from portal_sandbox.log import log

#: The prompt that an agent answers, and its answer.
Asked = TypeVar("Asked")
Said = TypeVar("Said")
T = TypeVar("T")

#: How long `stop` waits for agents that do not return, in seconds. Python cannot interrupt them.
GRACE = 1.0

#: How long an answer that cannot be stored waits for the next attempt, in seconds.
PAUSE = 0.5

#: What is said of a failure of which nothing else can be said.
UNFORESEEN = "The agent failed in a way that cannot be told"


class Workers(ABC, Generic[Asked, Said]):
    """Runs the agents of a service; `stopping` is set until it is started.

    `latency` is added before each answer, and `pace` after each piece of one, in seconds. A thread for each
    answer, not a pool: a slow agent, or one that calls this very server, keeps nobody else from being
    answered.
    """

    def __init__(self, agents: Mapping[str, Agent], latency: float = 0.0, pace: float = 0.0) -> None:
        self.stopping = Event()
        self.stopping.set()
        self._agents = agents
        self._latency = latency
        self._pace = pace
        self._lock = Lock()
        self._threads: set[Thread] = set()

    def start(self) -> None:
        """Take prompts; harmless when started already."""
        self.stopping.clear()

    def stop(self) -> None:
        """Give up the answers under way, and take no prompts any more; harmless when stopped already.

        Agents that do not return within a second are left behind; what they say is dropped.
        """
        if self.stopping.is_set():
            return
        self.stopping.set()
        with suppress(Refused):  # what cannot be said now, the next server says
            self._give_up_all()
        with self._lock:
            threads, self._threads = self._threads, set()
        deadline = monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _agent(self, agent_id: str) -> Agent:
        """The agent with this id. Raises Stopping or NoSuchAgent."""
        if self.stopping.is_set():
            raise Stopping
        try:
            return self._agents[agent_id]
        except KeyError:
            raise NoSuchAgent(agent_id, self._agents) from None

    def _begin(self, agent: Agent, asked: Asked) -> None:
        """Have the agent answer in a thread. Raises NoThread where none can be started."""
        thread = Thread(target=self._run, args=(agent, asked), name="portal-sandbox-answer", daemon=True)
        try:
            with self._lock:
                thread.start()
                self._threads = {thread, *(other for other in self._threads if other.is_alive())}
        except Exception as error:  # the system has no more threads, or no memory for one
            refused = NoThread()
            self._fail(asked, refused)
            raise refused from error

    def _run(self, agent: Agent, asked: Asked) -> None:
        try:
            ended = self._ended(asked)
            ended.wait(self._latency)
            outcome = self._outcome(agent, asked, ended)
            stored(partial(self._finish, asked, outcome), ended)
            self._tell(asked, outcome)
        except BaseException as error:  # the last line of defence: nobody waits for ever
            self._fail(asked, error if isinstance(error, AgentFailed) else AgentFailed(UNFORESEEN))

    def _outcome(self, agent: Agent, asked: Asked, ended: Event) -> Said | Refused:
        try:
            if ended.is_set():
                raise Interrupted
            return self._said(agent, asked)
        except Interrupted:
            return AgentFailed(STOPPED)
        except AgentFailed as failed:
            return failed
        except BaseException as error:  # a SystemExit, too, must not leave the session running
            return AgentFailed(_failure(error, *self._names(asked)))

    def _fail(self, asked: Asked, refused: Refused) -> None:
        """End an answer with why there is none, or only a part, whatever comes."""
        while True:
            try:
                self._finish(asked, refused)
                break
            except BaseException:
                if self._ended(asked).wait(PAUSE):
                    break
        self._tell(asked, refused)

    def _ended(self, asked: Asked) -> Event:
        """What is set once nobody wants the answer any more."""
        return self.stopping

    @abstractmethod
    def _names(self, asked: Asked) -> tuple[str, str]:
        """The ids of agent and session."""

    @abstractmethod
    def _said(self, agent: Agent, asked: Asked) -> Said:
        """Have the agent answer. Raises what it raises, Interrupted and AgentFailed."""

    @abstractmethod
    def _finish(self, asked: Asked, outcome: Said | Refused) -> None:
        """Store how an answer has ended, in one transaction."""

    @abstractmethod
    def _tell(self, asked: Asked, outcome: Said | Refused) -> None:
        """Let go whoever waits for an answer that has ended."""

    @abstractmethod
    def _give_up_all(self) -> None:
        """Give up what is under way."""


def stored(change: Callable[[], T], ended: Event) -> T | None:
    """Make a change, when the database is free and the disk has room; None once `ended` is set.

    Raises AgentFailed where the database will never take it.
    """
    while True:
        try:
            return change()
        except (DatabaseBusy, DatabaseFull, Stopping):
            if ended.wait(PAUSE):
                return None
        except DatabaseUnusable as error:
            raise AgentFailed(f"The agent's answer cannot be stored: {error}") from error


def _failure(error: BaseException, agent_id: str, session: str) -> str:
    """What an agent has raised, as the text of its answer; it is logged with the agent's own frames."""
    failed = (type(error), error, _from_the_agent_on(error.__traceback__))
    log.error("Agent %s failed in session %s", agent_id, session, exc_info=failed)
    reason = f"The agent failed: {type(error).__name__}: {error}"
    return reason.encode(errors="replace").decode()


def _from_the_agent_on(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without our own frames, with which it begins."""
    own = __name__.partition(".")[0]
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == own:
        trace = trace.tb_next
    return trace

"""The runner: the agents of a service, each run in a thread of its own.

Whatever an agent does, its session leaves the state "running": what the agent raises becomes the session's
error, a write that fails for now is repeated, and for anything unforeseen there is a last handler with a
fixed text.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Generic, TypeVar

from portal_sandbox.agents import Agent, Asked, Interrupted
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

#: The session that ends with a prompt, and the agent's answer to it.
Job = TypeVar("Job")
Answer = TypeVar("Answer")
T = TypeVar("T")

#: How long `stop` waits for agents that do not return, in seconds. Python cannot interrupt them.
GRACE = 1.0

#: The pause before an answer that could not be stored is stored again, in seconds.
PAUSE = 0.5

#: The error of an agent for a failure of which no other text can be made.
UNFORESEEN = "The agent failed for an unknown reason"


class Runner(ABC, Generic[Job, Answer]):
    """Runs the agents of a service; `stopping` is set until it is started.

    `latency` is the delay before each answer, and `pace` the pause after each piece of one, in seconds. Each
    answer has a thread, not one of a pool: a slow agent, or one that calls this server, delays nobody else.
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
        """Accept prompts; harmless when started already."""
        self.stopping.clear()

    def stop(self) -> None:
        """Abandon the running agents, and accept no more prompts; harmless when stopped already.

        Agents that do not return within a second are left behind, and their answers are dropped.
        """
        if self.stopping.is_set():
            return
        self.stopping.set()
        with self._lock:
            threads, self._threads = self._threads, set()
        if any(thread.is_alive() for thread in threads):
            with suppress(Refused):  # what cannot be stored now, the next server stores
                self._abandon_all()
        deadline = monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _agent(self, agent_id: str) -> Agent:
        """Return the agent with this id, for one prompt. Raises Stopping, NoSuchAgent, or its refusal."""
        if self.stopping.is_set():
            raise Stopping
        try:
            agent = self._agents[agent_id]
        except KeyError:
            raise NoSuchAgent(agent_id, self._agents) from None
        return agent.for_prompt() if isinstance(agent, Asked) else agent

    def _begin(self, agent: Agent, job: Job) -> None:
        """Run the agent in a thread. Raises NoThread where none can be started."""
        thread = Thread(target=self._run, args=(agent, job), name="portal-sandbox-agent", daemon=True)
        try:
            with self._lock:
                thread.start()
                self._threads = {thread, *(other for other in self._threads if other.is_alive())}
        except Exception as error:  # the system has no more threads, or no memory for one
            refused = NoThread()
            self._fail(job, refused)
            raise refused from error

    def _run(self, agent: Agent, job: Job) -> None:
        try:
            ended = self._ended(job)
            ended.wait(self._latency)
            outcome = self._outcome(agent, job, ended)
            stored(partial(self._finish, job, outcome), ended)
            self._notify(job, outcome)
        except BaseException as error:  # the last handler: no request waits for ever
            self._fail(job, error if isinstance(error, AgentFailed) else AgentFailed(UNFORESEEN))

    def _outcome(self, agent: Agent, job: Job, ended: Event) -> Answer | Refused:
        try:
            if ended.is_set():
                raise Interrupted
            return self._answer(agent, job)
        except Interrupted:
            return AgentFailed(STOPPED)
        except AgentFailed as failed:
            return failed
        except BaseException as error:  # a SystemExit, too, must not leave the session running
            return AgentFailed(_failure(error, *self._names(job)))

    def _fail(self, job: Job, refused: Refused) -> None:
        """End a job with an error, whatever is raised meanwhile."""
        while True:
            try:
                self._finish(job, refused)
                break
            except BaseException:
                if self._ended(job).wait(PAUSE):
                    break
        self._notify(job, refused)

    def _ended(self, job: Job) -> Event:
        """Return the event that is set once the answer is not needed any more."""
        return self.stopping

    @abstractmethod
    def _names(self, job: Job) -> tuple[str, str]:
        """Return the ids of agent and session."""

    @abstractmethod
    def _answer(self, agent: Agent, job: Job) -> Answer:
        """Call the agent and return its answer. Raises what it raises, Interrupted and AgentFailed."""

    @abstractmethod
    def _finish(self, job: Job, outcome: Answer | Refused) -> None:
        """Store an answer, or why there is none, in one transaction."""

    @abstractmethod
    def _notify(self, job: Job, outcome: Answer | Refused) -> None:
        """Wake the requests that wait for a job that has ended."""

    @abstractmethod
    def _abandon_all(self) -> None:
        """Abandon the jobs that run."""


def stored(change: Callable[[], T], ended: Event) -> T | None:
    """Make a change, and repeat it while the database is busy or full; None once `ended` is set.

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
    """Return the text for an exception of an agent, and log it with the agent's own frames."""
    failed = (type(error), error, _without_own_frames(error.__traceback__))
    log.error("Agent %s failed in session %s", agent_id, session, exc_info=failed)
    reason = f"The agent failed: {type(error).__name__}: {error}"
    return reason.encode(errors="replace").decode()


def _without_own_frames(trace: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback that follows the frames of this package, with which it begins."""
    own = __name__.partition(".")[0]
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == own:
        trace = trace.tb_next
    return trace

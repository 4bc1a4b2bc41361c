"""Workers: the agents of a service, each at work in a thread of its own."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic

from portal_sandbox.agents import Agent
from portal_sandbox.errors import Refused, Stopping

#: How long `stop` waits for agents that do not return, in seconds. Python cannot interrupt them.
GRACE = 1.0

#: How long an answer that cannot be stored waits for the next attempt, in seconds.
PAUSE = 0.5


class Workers:
    """The agents by id, and the threads in which they answer; `stopping` is set until it is started.

    A thread for each answer, not a pool: a slow agent, or one that calls this very server, keeps nobody
    else from being answered. `missing` makes the refusal of an id that no agent has.
    """

    def __init__(self, agents: Mapping[str, Agent], missing: Callable[[str], Refused]) -> None:
        self.stopping = Event()
        self.stopping.set()
        self._agents = agents
        self._missing = missing
        self._lock = Lock()
        self._threads: set[Thread] = set()

    def agent(self, agent_id: str) -> Agent:
        """The agent with this id. Raises Stopping, or what `missing` makes."""
        if self.stopping.is_set():
            raise Stopping
        try:
            return self._agents[agent_id]
        except KeyError:
            raise self._missing(agent_id) from None

    def begin(self, work: Callable[[], object]) -> None:
        """Have this done in a thread."""
        thread = Thread(target=work, name="portal-sandbox-answer", daemon=True)
        with self._lock:
            self._threads = {thread, *(other for other in self._threads if other.is_alive())}
            thread.start()

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

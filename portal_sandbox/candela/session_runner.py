"""The runner of Candela's agents, whose events are sent as they happen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event as Flag
from typing import cast

from portal_sandbox.agents import Agent, Message, consume
from portal_sandbox.candela.errors import ServerStopped, Stopped
from portal_sandbox.candela.events import Result, events_of
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.sessions import Sessions
from portal_sandbox.candela.stream import Stream
from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.candela.traces import items_of
from portal_sandbox.candela.wire import Event
from portal_sandbox.errors import Refused
from portal_sandbox.runner import Runner


@dataclass(frozen=True, eq=False)
class _Job:
    """A session that ends with a prompt, and the stream of the events that answer it."""

    session: CandelaSessionRow
    stream: Stream
    sent: list[Event] = field(default_factory=list[Event])

    def put(self, event: Event) -> None:
        """Send an event, and keep it for the trace."""
        self.sent.append(event)
        self.stream.put(event)


class SessionRunner(Runner[_Job, Result]):
    """Runs the agents on the prompts to the sessions.

    An agent goes on after its reader has left: its prompt was accepted, and its answer belongs to the
    conversation.
    """

    def __init__(
        self, sessions: Sessions, agents: Mapping[str, Agent], latency: float = 0.0, pace: float = 0.0
    ) -> None:
        super().__init__(agents, latency, pace)
        self._sessions = sessions
        self._jobs: set[_Job] = set()

    def submit(self, user: str, name: Name, prompt: str, stream: Stream) -> None:
        """Run the agent of a running session on a prompt; its events go to the stream.

        Raises NoSuchSession, NotRunning, StillAnswering, NoSuchAgent, NoThread or Stopping.
        """
        agent = self._agent(self._sessions.accepting(user, name).agent_id)
        job = _Job(self._sessions.add_prompt(user, name, prompt), stream)
        with self._lock:
            self._jobs.add(job)
        self._begin(agent, job)
        if self.stopping.is_set():  # since this began, so perhaps before the stream was known
            stream.end(ServerStopped())

    def abandon(self, session_key: int) -> None:
        """End the streams of a session that was stopped."""
        self._end(Stopped(), session_key)

    def _end(self, last: Refused, session_key: int | None = None) -> None:
        with self._lock:
            jobs = list(self._jobs)
        for job in jobs:
            if session_key in (None, job.session.key):
                job.stream.end(last)

    def _ended(self, job: _Job) -> Flag:
        return job.stream.ended

    def _names(self, job: _Job) -> tuple[str, str]:
        return job.session.agent_id, job.session.identifier

    def _answer(self, agent: Agent, job: _Job) -> Result:
        conversation = [Message(message.role, message.text) for message in job.session.messages]
        events = events_of(agent, conversation)
        return cast(Result, consume(events, job.put, job.stream.ended, self._pace))

    def _finish(self, job: _Job, outcome: Result | Refused) -> None:
        # Before the end is sent: its reader may send the next prompt. Not after a stop, which has done it.
        if job.stream.ended.is_set():
            return
        events, failed = list(job.sent), isinstance(outcome, Refused)
        text = outcome.detail if isinstance(outcome, Refused) else outcome.event.content
        if not isinstance(outcome, Refused):
            events.append(outcome.event)
        if not self._sessions.finish(job.session, text, failed, items_of(events)):
            job.stream.end(Stopped())

    def _notify(self, job: _Job, outcome: Result | Refused) -> None:
        job.stream.end(outcome)
        with self._lock:
            self._jobs.discard(job)

    def _abandon_all(self) -> None:
        try:
            self._sessions.abandon()
        finally:
            self._end(ServerStopped())

"""Answers under way: each agent runs in a thread of its own, and what it says goes out as it is said."""

from collections.abc import Mapping
from functools import partial
from threading import Lock
from typing import cast

from portal_sandbox.agents import Agent, Interrupted, Message, listen
from portal_sandbox.candela.errors import AgentFailed, ServerStopped, Stopped
from portal_sandbox.candela.events import Result, answer
from portal_sandbox.candela.sessions import Name, Sessions
from portal_sandbox.candela.stream import Stream
from portal_sandbox.candela.tables import CandelaSessionRow
from portal_sandbox.errors import NoThread, Refused
from portal_sandbox.workers import UNFORESEEN, Unstorable, Workers, failure, stored, stored_at_last


class Answers:
    """Runs the agents over the prompts to the sessions.

    `latency` is added before each answer, and `pace` after each event, in seconds. An agent goes on when
    nobody listens any more: its prompt was taken, and what it says belongs to the conversation.
    """

    def __init__(
        self, sessions: Sessions, agents: Mapping[str, Agent], latency: float = 0.0, pace: float = 0.0
    ) -> None:
        self._sessions = sessions
        self._workers = Workers(agents)
        self._latency = latency
        self._pace = pace
        self._lock = Lock()
        self._streams: dict[Stream, int] = {}

    def ask(self, user: str, name: Name, prompt: str, stream: Stream) -> None:
        """Have the agent of a running session answer into a stream.

        Raises NoSuchSession, NotRunning, StillAnswering, NoSuchAgent, NoThread or Stopping.
        """
        agent = self._workers.agent(self._sessions.taking_prompts(user, name).agent_id)
        asked = self._sessions.ask(user, name, prompt)
        with self._lock:
            self._streams[stream] = asked.key
        try:
            self._workers.begin(partial(self._run, agent, asked, stream))
        except NoThread as refused:
            self._fail(asked, stream, refused)
            raise
        if self._workers.stopping.is_set():  # since this began, so perhaps before the stream was known
            stream.end(ServerStopped())

    def give_up(self, session_key: int) -> None:
        """Let go whoever waits for an answer in a session that was stopped."""
        self._end(Stopped(), session_key)

    def start(self) -> None:
        """Take prompts; harmless when started already."""
        self._workers.start()

    def stop(self) -> None:
        """Give up the answers under way, and take no prompts any more; harmless when stopped already.

        Agents that do not return within a second are left behind; what they say is dropped.
        """
        if not self._workers.stopping.is_set():
            self._workers.stop(self._sessions.give_up, partial(self._end, ServerStopped()))

    def _end(self, last: Refused, session_key: int | None = None) -> None:
        with self._lock:
            streams = [stream for stream, key in self._streams.items() if session_key in (None, key)]
        for stream in streams:
            stream.end(last)

    def _run(self, agent: Agent, asked: CandelaSessionRow, stream: Stream) -> None:
        try:
            stream.ended.wait(self._latency)
            outcome = self._outcome(agent, asked, stream)
            # Before the end goes out: whoever has it may send the next prompt. Not after: a stop has done it.
            if not stream.ended.is_set():
                text = outcome.event.content if isinstance(outcome, Result) else outcome.detail
                finish = partial(self._sessions.finish, asked, text, failed=isinstance(outcome, Refused))
                outcome = Stopped() if stored(finish, stream.ended) is False else outcome
            self._close(stream, outcome)
        except BaseException as error:  # the last line of defence: nobody waits for ever
            reason = str(error) if isinstance(error, Unstorable) else UNFORESEEN
            self._fail(asked, stream, AgentFailed(reason))

    def _outcome(self, agent: Agent, asked: CandelaSessionRow, stream: Stream) -> Result | Refused:
        try:
            return self._said(agent, asked, stream)
        except Interrupted:
            return Stopped()  # unheard, for the stream has ended
        except BaseException as error:  # a SystemExit, too
            return AgentFailed(failure(error, asked.agent_id, asked.identifier))

    def _fail(self, asked: CandelaSessionRow, stream: Stream, refused: Refused) -> None:
        """End an answer with why there is none."""
        if not stream.ended.is_set():
            stored_at_last(partial(self._sessions.finish, asked, refused.detail, failed=True), stream.ended)
        self._close(stream, refused)

    def _close(self, stream: Stream, last: Result | Refused) -> None:
        stream.end(last)
        with self._lock:
            self._streams.pop(stream, None)

    def _said(self, agent: Agent, asked: CandelaSessionRow, stream: Stream) -> Result:
        conversation = [Message(message.role, message.text) for message in asked.messages]
        return cast(Result, listen(answer(agent, conversation), stream.put, stream.ended, self._pace))

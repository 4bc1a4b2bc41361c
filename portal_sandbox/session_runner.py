"""The runner of Portal's agents, which stores each piece of an answer before it takes the next."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import cast

from portal_sandbox.agents import Agent, File, Interrupted, Message, consume
from portal_sandbox.changes import Changes
from portal_sandbox.errors import Refused
from portal_sandbox.prompt import Prompt
from portal_sandbox.runner import Runner, stored
from portal_sandbox.store import Store
from portal_sandbox.tables import FileRow, SessionRow
from portal_sandbox.wire import SessionStatus


class SessionRunner(Runner[SessionRow, str]):
    """Runs the agents on the sessions of a store, and announces each change."""

    def __init__(
        self,
        store: Store,
        changes: Changes,
        agents: Mapping[str, Agent],
        latency: float = 0.0,
        pace: float = 0.0,
    ) -> None:
        super().__init__(agents, latency, pace)
        self._store = store
        self._changes = changes

    def create(self, user: str, agent_id: str, prompt: Prompt, routine_id: str | None = None) -> SessionRow:
        """Return a new session, or run of a routine, on which its agent runs.

        Raises NoSuchAgent, NoThread or Stopping.
        """
        agent = self._agent(agent_id)
        return self._started(agent, self._store.create(user, agent_id, prompt, routine_id))

    def update(self, user: str, session_id: str, prompt: Prompt) -> SessionRow:
        """Return the session with one more prompt, on which its agent runs.

        Raises NotFound, NotYours, NoSuchAgent, SessionRunning, NoThread or Stopping.
        """
        agent = self._agent(self._store.session(session_id, user).agent_id)
        return self._started(agent, self._store.begin(user, session_id, prompt))

    def _started(self, agent: Agent, row: SessionRow) -> SessionRow:
        self._begin(agent, row)
        self._changes.notify(row.id)
        return row

    def _names(self, job: SessionRow) -> tuple[str, str]:
        return job.agent_id, job.id

    def _answer(self, agent: Agent, job: SessionRow) -> str:
        answer = cast(object, agent(*self._arguments(job)))
        if isinstance(answer, Iterator):
            pieces: list[str] = []

            def grow(piece: object) -> None:
                pieces.append(_text(piece, "yields"))
                change = partial(self._store.grow, job, "".join(pieces))
                if piece and not stored(change, self.stopping):
                    raise Interrupted
                self._changes.notify(job.id)

            returned = consume(cast("Iterator[object]", answer), grow, self.stopping, self._pace)
            answer = "".join(pieces) if returned is None else returned
        return _text(answer, "returns")

    def _finish(self, job: SessionRow, outcome: str | Refused) -> None:
        if isinstance(outcome, Refused):
            self._store.finish(job, outcome.detail, SessionStatus.ERROR)
        else:
            self._store.finish(job, outcome, SessionStatus.READY)

    def _notify(self, job: SessionRow, outcome: str | Refused) -> None:
        self._changes.notify(job.id)

    def _abandon_all(self) -> None:
        self._store.abandon()

    def _arguments(self, job: SessionRow) -> tuple[list[Message], list[File]]:
        conversation = [Message(message.role, message.text) for message in job.messages]
        return conversation, [self._attached(file) for file in job.messages[-1].files]

    def _attached(self, file: FileRow) -> File:
        load = partial(self._store.content, file.sha256)
        return File(file.name, file.content_type, file.size, file.sha256, load)


def _text(value: object, verb: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"an agent {verb} a str, not {type(value).__name__}")
    value.encode()  # half a surrogate pair cannot be stored
    return value

"""What there is to know of an item: its state, its session, and the evidence where its fate is in doubt."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, Optional

from portal_client.batch.item import Inputs, stored_files
from portal_client.models.session import Session
from portal_client.progress import Amount


class State(StrEnum):
    """How far an item is."""

    PENDING = "pending"
    """It was not sent, or certainly had no effect."""
    RUNNING = "running"
    """It is being sent, or its agent is at work."""
    DONE = "done"
    """Its session is finished."""
    FAILED = "failed"
    """It was refused, or its agent failed; it is not sent again."""
    IN_DOUBT = "in doubt"
    """Whether the server has its session is not known, or whether that is finished."""


class Candidate(NamedTuple):
    """A session that may be that of an item in doubt."""

    session_id: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an item is in doubt, what was found since, and the sessions that may be its own.

    `settled` says that there will be no others: they were read when the server's clock was past the attempt.
    """

    reason: str
    finding: str = ""
    candidates: tuple[Candidate, ...] = ()
    settled: bool = False

    def __str__(self) -> str:
        return f"{self.reason}; {self.finding}" if self.finding else self.reason


class Counts(NamedTuple):
    """The number of items in each state."""

    pending: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    in_doubt: int = 0

    @property
    def total(self) -> int:
        """The number of all items."""
        return sum(self)

    @property
    def amount(self) -> Amount:
        """How far the batch is, for a progress bar."""
        ended = self.done + self.failed
        rest = Counts(failed=self.failed, in_doubt=self.in_doubt)
        return Amount("batch", ended, self.total, note=str(rest) if any(rest) else "")

    def __str__(self) -> str:
        named = ((count, name.replace("_", " ")) for name, count in self._asdict().items())
        return ", ".join(f"{count:,} {name}" for count, name in named if count) or "no items"


@dataclass(frozen=True)
class Result:
    """An item as the journal has it.

    `session_id` is None until it is known. `error` says in words why the item has failed. `attempts` is how
    often its prompt was sent; what was refused with 429, or not sent at all, does not count. The times are in
    UTC, by the clock of this machine: when the item was added, sent for the last time, and ended.
    """

    key: str
    inputs: Inputs
    state: State
    session_id: Optional[str]
    error: Optional[str]
    evidence: Optional[Evidence]
    attempts: int
    added_at: datetime
    attempted_at: Optional[datetime]
    ended_at: Optional[datetime]
    session_json: Optional[str] = field(repr=False)

    @cached_property
    def session(self) -> Optional[Session]:
        """The finished session, also that of an agent that failed; None without one."""
        return None if self.session_json is None else Session.from_json(self.session_json)

    @property
    def answer(self) -> Optional[str]:
        """The text of the last message of the session; None without a session."""
        return self.session.messages[-1].text if self.session and self.session.messages else None

    def _record(self) -> dict[str, Any]:
        session = self.session
        values = (
            self.key,
            self.inputs.agent_id,
            self.inputs.text_prompt,
            ", ".join(file.name for file in self.inputs.files),
            self.session_id,
            session and session.status.value,
            self.answer,
            session and len(session.messages),
            session and session.created_at,
            session and session.updated_at,
            self.attempts,
            self.added_at,
            self.attempted_at,
            self.ended_at,
            self.state.value,
            self.error,
            self.evidence and str(self.evidence),
        )
        return dict(zip(RECORD, values, strict=True))


#: The names of what `to_records` and `to_pandas` have of an item.
RECORD = (
    "key", "agent_id", "text_prompt", "files", "session_id", "status", "answer", "messages", "created_at",
    "updated_at", "attempts", "added_at", "attempted_at", "ended_at", "state", "error", "evidence",
)  # fmt: skip

#: The columns of a row, for `Result.of`.
COLUMNS = (
    "key, agent_id, text_prompt, files, state, session_id, error, evidence, attempts, added_at, attempted_at,"
    " ended_at, session"
)


def result_of(row: Any) -> Result:
    """Return the result of a row of the journal."""
    (
        key,
        agent_id,
        prompt,
        files,
        state,
        session_id,
        error,
        evidence,
        attempts,
        added,
        began,
        ended,
        session,
    ) = row
    return Result(
        key,
        Inputs(agent_id, prompt, stored_files(files)),
        State(state),
        session_id,
        error,
        evidence_of(evidence),
        attempts,
        _utc(added),
        _utc(began),
        _utc(ended),
        session,
    )


def _utc(seconds: Optional[float]) -> Any:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def evidence_json(evidence: Evidence) -> str:
    """Return evidence as the journal keeps it."""
    return json.dumps([evidence.reason, evidence.finding, evidence.candidates, evidence.settled])


def evidence_of(text: Optional[str]) -> Optional[Evidence]:
    """Return the evidence of a row."""
    if text is None:
        return None
    reason, finding, candidates, settled = json.loads(text)
    return Evidence(reason, finding, tuple(Candidate(*each) for each in candidates), settled)

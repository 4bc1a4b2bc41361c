"""An item as the runner has it, and the changes of its row in the journal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

from portal_client.batch.item import Inputs, Likeness, stored_files
from portal_client.batch.journal import Change, Journal
from portal_client.batch.result import Evidence, State, evidence_json, evidence_of

_COLUMNS = "agent_id, text_prompt, files, attempts, session_id, server_date, outlives, evidence"


@dataclass(slots=True)
class Entry:
    """An item as the runner has it.

    `server_date` is the server's Date before the first attempt, `outlives` the seconds for which that may go
    on without the runner.
    """

    id: int
    inputs: Inputs
    attempts: int
    session_id: Optional[str]
    server_date: Optional[float]
    outlives: float
    evidence: Optional[Evidence]
    likeness: Likeness
    #: Whether the journal has it that its session is waited for.
    waited_for: bool = False
    #: When its attempt was handed out by the monotonic clock, and under which name; when the first wait was.
    handed_out: float = 0.0
    token: str = ""
    waited_since: Optional[float] = None
    #: Waits that ended without a word of the session.
    lost_waits: int = 0

    @classmethod
    def of(cls, row: Any) -> Entry:
        """Return the entry of a row."""
        id, agent_id, prompt, files, attempts, session_id, date, outlives, evidence = row
        inputs = Inputs(agent_id, prompt, stored_files(files))
        return cls(id, inputs, attempts, session_id, date, outlives, evidence_of(evidence), inputs.likeness)

    # ── the changes of its row ──

    def sending(self, server_date: Optional[float], outlives: float) -> Change:
        """Begin an attempt."""
        if not self.attempts:  # a later one may find the session of the first, which came late
            self.server_date = server_date
        self.attempts += 1
        self.outlives = outlives
        return (
            "UPDATE items SET state = 'running', attempts = ?, attempted_at = ?, server_date = ?,"
            " outlives = ?, evidence = NULL WHERE id = ? AND state = 'pending'",
            (self.attempts, time.time(), self.server_date, outlives, self.id),
        )

    def pending(self, counted: bool) -> Change:
        """Put it back; an attempt that had no effect is not counted."""
        self.attempts -= not counted
        change = "UPDATE items SET state = 'pending', attempts = ?, evidence = NULL WHERE id = ?"
        return change, (self.attempts, self.id)

    def running(self, session_id: str) -> Change:
        """Note the session, which is waited for."""
        self.waited_for = True
        self.session_id = session_id
        return (
            "UPDATE items SET state = 'running', session_id = ?, evidence = NULL WHERE id = ?",
            (session_id, self.id),
        )

    def done(self, session: str) -> Change:
        """Keep the finished session."""
        return (
            "UPDATE items SET state = 'done', session = ?, ended_at = ? WHERE id = ? AND state = 'running'",
            (session, time.time(), self.id),
        )

    def failed(self, error: str, session: Optional[str] = None) -> Change:
        """Note why it failed; it is not sent again."""
        return (
            "UPDATE items SET state = 'failed', error = ?, session = ?, evidence = NULL, ended_at = ?"
            " WHERE id = ?",
            (error, session, time.time(), self.id),
        )

    def in_doubt(self, evidence: Evidence) -> Change:
        """Note the evidence."""
        self.evidence = evidence
        return (
            "UPDATE items SET state = 'in doubt', evidence = ?, outlives = ? WHERE id = ?",
            (evidence_json(evidence), self.outlives, self.id),
        )


def entries(journal: Journal, state: State, where: str, after: int, limit: int) -> list[Entry]:
    """Return entries of a state in the order of their ids, those after one."""
    query = f"SELECT id, {_COLUMNS} FROM items WHERE state = ? AND {where} AND id > ? ORDER BY id LIMIT ?"
    return [Entry.of(row) for row in journal.ask(query, state.value, after, limit)]


def all_entries(journal: Journal, state: State, where: str) -> Iterator[Entry]:
    """Yield all entries of a state."""
    after = 0
    while found := entries(journal, state, where, after, 100):
        yield from found
        after = found[-1].id

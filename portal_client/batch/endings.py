"""What the end of a task means, for its item and for the run."""

from __future__ import annotations

import time
from collections import deque
from typing import NamedTuple, Optional

from portal_client.batch.contact import Contact
from portal_client.batch.doubts import Doubts, Verdict
from portal_client.batch.entry import Entry
from portal_client.batch.ledger import Ledger
from portal_client.batch.outcome import Outcome, outcome_of, words
from portal_client.batch.pace import Pace
from portal_client.batch.reconcile import Reading, date_of
from portal_client.batch.result import Evidence
from portal_client.batch.upcoming import Upcoming
from portal_client.batch.work import Ended, Started
from portal_client.exceptions import ApiException
from portal_client.hooks import log
from portal_client.polling import is_transient
from portal_client.text import shortened

#: Of what an agent says of its failure; all of it is in the session.
_MAX_CHARACTERS = 1000

#: How often a wait may end without a word of the session.
_LOST_WAITS = 3


class Limits(NamedTuple):
    """The limits of a run, see Batch.run."""

    workers: int
    per_minute: Optional[float]
    attempts: int
    settle: float
    send_timeout: float
    timeout: float
    outage: float


class Endings:
    """Notes what became of each item, and what is to be done next.

    `waits` are the items whose sessions are to be waited for, `stop` is why the run has to end: what would be
    refused to all items.
    """

    def __init__(self, ledger: Ledger, upcoming: Upcoming, limits: Limits) -> None:
        self.waits: deque[Entry] = deque()
        self.doubts: Doubts = Doubts(limits.settle, ledger.taken)
        self.pace: Pace = Pace(limits.per_minute, limits.workers)
        self.contact: Contact = Contact(self.pace, limits.outage)
        self.stop: Optional[BaseException] = None
        self._ledger = ledger
        self._upcoming = upcoming
        self._limits = limits

    # ── an attempt ──

    def accepted(self, entry: Entry, started: Started) -> None:
        """An attempt has started a session."""
        self.contact.reached(started.date)
        self.pace.accepted()
        if self._ledger.taken([started.session_id]):
            why = f"the server named session {started.session_id}, which is that of another item"
            self._ledger.note(entry.in_doubt(Evidence(why)))
        else:
            self._found(entry, started.session_id)

    def not_accepted(self, entry: Entry, error: BaseException) -> None:
        """An attempt has ended with an exception."""
        outcome, call = outcome_of(error), error if isinstance(error, ApiException) else None
        if call and call.status:
            self.contact.reached(date_of(call.headers))
        if outcome is Outcome.FAILED:
            self._ledger.note(entry.failed(words(error)))
        elif outcome is Outcome.DOUBT:
            if call:
                entry.outlives = 0.0  # it is over
                if call.status >= 500:
                    self.pace.troubled(entry.handed_out)
            evidence = Evidence(words(error))
            self._ledger.note(entry.in_doubt(evidence))
            self.doubts.add(entry, evidence)
        else:
            self._ledger.note(entry.pending(counted=False))
            self._upcoming.put_back(entry)
            if outcome is Outcome.LIMITED and call:
                pause = self.pace.limited(entry.handed_out, call.retry_after)
                log.warning("batch: the server limits the rate; the next prompt is sent in %.1f s", pause)
            elif outcome is Outcome.STOP:
                self.stop = error
            elif outcome is Outcome.UNREACHABLE or self._is_clock_wrong(outcome, entry):
                self._unreached(error, entry.handed_out)

    def _is_clock_wrong(self, outcome: Outcome, entry: Entry) -> bool:
        """Whether a worker took an attempt for too old that was in time, and would do so again and again."""
        age = time.monotonic() - entry.handed_out
        return outcome is Outcome.AGAIN and age < self._limits.send_timeout

    def _found(self, entry: Entry, session_id: str) -> None:
        self._ledger.found(entry, session_id)
        self.waits.append(entry)

    def _unreached(self, error: BaseException, sent: float) -> None:
        if self.contact.failed(sent):
            self.stop = error

    # ── a wait ──

    def waited(self, entry: Entry, ended: Optional[Ended]) -> None:
        """A wait is over, or a piece of it."""
        assert entry.waited_since is not None
        if ended is not None and ended.final:
            self.doubts.learn(entry, ended.prompt, ended.created_at)
            failed = ended.status == "Error"
            why = f"the agent failed: {shortened(ended.said, _MAX_CHARACTERS)}"
            self._ledger.note(entry.failed(why, ended.session) if failed else entry.done(ended.session))
        elif time.monotonic() < entry.waited_since + self._limits.timeout:
            self.waits.append(entry)
        else:
            status = ended.status if ended else "not known"
            why = f"after {self._limits.timeout:g} s its status was {status}; the next run waits for it again"
            self._ledger.note(entry.in_doubt(Evidence(why)))

    def not_waited(self, entry: Entry, error: BaseException) -> None:
        """A wait has ended with an exception; the session goes on."""
        if isinstance(error, ApiException) and error.status == 401:
            self.stop = error
        elif isinstance(error, ApiException) and error.status == 404:
            self._ledger.note(entry.failed(f"session {entry.session_id} is gone: {words(error)}"))
        elif isinstance(error, ApiException) or entry.lost_waits >= _LOST_WAITS:
            self._ledger.note(entry.in_doubt(Evidence(f"its session cannot be read: {words(error)}")))
        else:  # the worker is gone
            entry.lost_waits += 1
            self.waits.append(entry)

    # ── what the server says ──

    def not_dated(self, error: BaseException) -> None:
        """The server's Date could not be asked for."""
        if is_transient(error):
            self._unreached(error, time.monotonic())
        else:
            self.stop = error

    def read(self, agent_id: str, reading: Reading) -> None:
        """The sessions of an agent were read."""
        self.contact.reached(reading.date)
        for entry, verdict in self.doubts.judge(agent_id, reading):
            self._judged(entry, verdict)

    def not_read(self, agent_id: str, error: BaseException) -> None:
        """The sessions of an agent could not be read."""
        if not isinstance(error, ApiException) or error.status == 401:
            self.stop = error
        elif is_transient(error):
            self._unreached(error, time.monotonic())
            self.doubts.failed(agent_id, max(self.pace.left(), error.retry_after or 0.0))
        else:
            for entry, evidence in self.doubts.give_up(agent_id, words(error)):
                self._ledger.note(entry.in_doubt(evidence))

    def conclude(self) -> None:
        """No item is under way, and none can be sent: what only another one could settle stays in doubt."""
        for entry, evidence in self.doubts.conclude():
            self._ledger.note(entry.in_doubt(evidence))

    def _judged(self, entry: Entry, verdict: Verdict) -> None:
        if isinstance(verdict, str):
            self._found(entry, verdict)
        elif isinstance(verdict, Evidence):
            self._ledger.note(entry.in_doubt(verdict))
        elif entry.attempts < self._limits.attempts:
            self._ledger.note(entry.pending(counted=True))
            self._upcoming.put_back(entry)
        else:
            why = f"{entry.evidence}; none of {entry.attempts} attempts has started a session"
            self._ledger.note(entry.failed(why))

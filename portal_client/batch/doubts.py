"""The items in doubt: when their agents' sessions are read, and what follows from a reading."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Optional, Union

from portal_client.batch.entry import Entry
from portal_client.batch.item import Likeness, likeness
from portal_client.batch.reconcile import Found, Reading
from portal_client.batch.result import Candidate, Evidence

#: Seconds until the next reading where the server's clock is not yet as far; its Date is in whole seconds.
_AGAIN = 0.25

#: Seconds by which clocks may differ that nobody has compared yet; with more, tokens would not be valid.
_CLOCKS = 300.0

#: Sessions that are named as evidence where it could be any of them.
_NAMED = 10


@dataclass(slots=True, eq=False)
class Doubt:
    """An item whose attempt may have started a session.

    `until` is a server's Date after the attempt was begun, None until one is known, and `until_at` when that
    was, by the monotonic clock. `due` is when to read next. `unproved` is the evidence where only the
    session of another item can show whether its own is missing.
    """

    entry: Entry
    evidence: Evidence
    until: Optional[float] = None
    until_at: float = 0.0
    due: float = -math.inf
    unproved: Optional[Evidence] = None

    @property
    def agent_id(self) -> str:
        """The agent, whose sessions are read."""
        return self.entry.inputs.agent_id


class Absent:
    """The verdict that the server has no session of an item, and will have none."""


#: The id of the session of an item, Absent, or the evidence with which it stays in doubt.
Verdict = Union[str, Absent, Evidence]


class Doubts:
    """The items in doubt that are not settled yet.

    Nothing that looks like one of them may be sent meanwhile, so that what is found can be told apart.
    `taken` returns those of some sessions that belong to other items. `settle` are the seconds after which a
    session that an attempt has started is in the list, by the server's clock.
    """

    def __init__(
        self,
        settle: float,
        taken: Callable[[Collection[str]], Collection[str]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settle = settle
        self._taken = taken
        self._now = now
        self._open: set[Doubt] = set()
        self._alike: Counter[Likeness] = Counter()
        self._reading: dict[str, list[Doubt]] = {}
        self._disputed: set[str] = set()  # sessions that may be those of items that stay in doubt
        self._rewrites = self._misdates = self._proved = False

    def learn(self, entry: Entry, prompt: Optional[str], created_at: float) -> None:
        """Learn from the finished session of an item how much the service's lists tell.

        A service that stores other texts than it is sent, or whose times do not go with its Date, gives no
        proof that a session is missing; nor does one of which nothing is known yet.
        """
        inputs = entry.inputs
        if prompt != inputs.text_prompt and not self._rewrites:
            self._rewrites = prompt is None or likeness(inputs.agent_id, prompt) != entry.likeness
        if entry.server_date is None:
            return
        self._misdates |= created_at < entry.server_date - self._settle
        if not self._proved:
            self._proved = True
            for doubt in self._open:
                if doubt.unproved:
                    doubt.due = self._now()

    def __bool__(self) -> bool:
        return bool(self._open)

    def __contains__(self, likeness: Likeness) -> bool:
        return likeness in self._alike

    def add(self, entry: Entry, evidence: Evidence) -> None:
        """Add an item; its agent's sessions are read at once, and again when it is settled."""
        self._open.add(Doubt(entry, evidence))
        self._alike[entry.likeness] += 1

    def _remove(self, doubt: Doubt) -> None:
        self._open.remove(doubt)
        self._alike[doubt.entry.likeness] -= 1
        self._alike += Counter()  # without those that are 0

    # ── when to read ──

    def left(self) -> float:
        """Return the seconds until a reading is due."""
        dues = (doubt.due for doubt in self._open if doubt.agent_id not in self._reading)
        return max(0.0, min(dues, default=math.inf) - self._now())

    def due(self) -> Iterator[tuple[str, Collection[Likeness]]]:
        """Yield the agents whose sessions are to be read now, and the likenesses of their items in doubt.

        A reading serves all items of its agent that are in doubt when it begins.
        """
        now = self._now()
        for agent_id in {d.agent_id for d in self._open if d.due <= now} - self._reading.keys():
            doubts = [doubt for doubt in self._open if doubt.agent_id == agent_id]
            self._reading[agent_id] = doubts
            yield agent_id, {doubt.entry.likeness for doubt in doubts}

    def since(self, agent_id: str) -> Optional[float]:
        """Return since when all sessions of an agent count, by the server's clock; None where none does."""
        if self._proved:
            return None
        dates = (doubt.entry.server_date for doubt in self._open if doubt.agent_id == agent_id)
        return min((date for date in dates if date is not None), default=math.inf) - _CLOCKS

    def failed(self, agent_id: str, pause: float) -> None:
        """Note that the sessions could not be read; they are due again after a pause."""
        for doubt in self._reading.pop(agent_id):
            doubt.due = self._now() + pause

    def give_up(self, agent_id: str, why: str) -> Iterator[tuple[Entry, Evidence]]:
        """Yield the items that cannot be settled, since their sessions must not be read."""
        for doubt in self._reading.pop(agent_id):
            self._remove(doubt)
            yield doubt.entry, replace(doubt.evidence, finding=f"the sessions cannot be read: {why}")

    def conclude(self) -> Iterator[tuple[Entry, Evidence]]:
        """Yield the items that the session of another one could settle, where there will be none."""
        for doubt in [doubt for doubt in self._open if doubt.unproved and doubt.due == math.inf]:
            assert doubt.unproved is not None
            self._remove(doubt)
            self._disputed |= {each.session_id for each in doubt.unproved.candidates}
            yield doubt.entry, doubt.unproved

    # ── what follows ──

    def judge(self, agent_id: str, reading: Reading) -> Iterator[tuple[Entry, Verdict]]:
        """Yield the items that a reading has settled; others are due again."""
        judged = [(doubt, self._candidates(doubt, reading)) for doubt in self._reading.pop(agent_id)]
        claims = Counter(each.session_id for _, candidates in judged for each in candidates)
        for doubt, candidates in judged:
            alone = len(candidates) == 1 and claims[candidates[0].session_id] == 1
            if alone and candidates[0].session_id not in self._disputed:
                verdict: Optional[Verdict] = candidates[0].session_id
            else:
                verdict = self._verdict(doubt, reading, candidates)
            if verdict is None:
                doubt.due = self._next(doubt, reading)
            else:
                self._remove(doubt)
                if isinstance(verdict, Evidence):
                    self._disputed |= {each.session_id for each in verdict.candidates}
                yield doubt.entry, verdict

    def _candidates(self, doubt: Doubt, reading: Reading) -> tuple[Candidate, ...]:
        found = [each for each in reading.found.get(doubt.entry.likeness, ()) if self._may_be(doubt, each)]
        taken = self._taken([each.session_id for each in found])
        return tuple(Candidate(*each) for each in found if each.session_id not in taken)

    def _may_be(self, doubt: Doubt, found: Found) -> bool:
        if doubt.evidence.settled:
            return any(found.session_id == each.session_id for each in doubt.evidence.candidates)
        since = doubt.entry.server_date
        if since is None or found.at is None or self._misdates:
            return True
        # Machines that serve one service have clocks that differ a little.
        return found.at >= since - self._settle

    def _unproved(self, doubt: Doubt, reading: Reading) -> Optional[Evidence]:
        """Return the evidence where a session may be its own that looks otherwise, or older."""
        if self._proved or doubt.evidence.settled:
            return None
        since = (doubt.entry.server_date or 0.0) - _CLOCKS
        every = (*reading.others, *reading.found.get(doubt.entry.likeness, ()))
        found = [each for each in every if each.may_be_since(since)]
        taken = {*self._taken([each.session_id for each in found])}
        mine = [Candidate(*each) for each in found if each.session_id not in taken]
        why = "no session of this batch has shown yet that the service keeps texts and times as they are"
        return replace(doubt.evidence, finding=why, candidates=tuple(mine[:_NAMED])) if mine else None

    def _verdict(self, doubt: Doubt, reading: Reading, found: tuple[Candidate, ...]) -> Optional[Verdict]:
        doubt.unproved = None
        if reading.date is None and not doubt.evidence.settled:
            why = "the server's responses have no Date, without which no session can be said to be missing"
            return replace(doubt.evidence, finding=why, candidates=found)
        if not (doubt.evidence.settled or self._is_settled(doubt, reading)):
            return None
        if not found and self._rewrites:
            why = "the service changes what it is sent, so that no session can be said to be missing"
            return replace(doubt.evidence, finding=why)
        if not found:
            doubt.unproved = self._unproved(doubt, reading)
            return None if doubt.unproved else Absent()
        which = f"which of {len(found)} sessions" if len(found) > 1 else "whether the session that was found"
        return Evidence(doubt.evidence.reason, f"{which} is its own cannot be told", found, settled=True)

    def _is_settled(self, doubt: Doubt, reading: Reading) -> bool:
        """Whether a session that the attempt has started is in the reading for certain.

        The server's clock must say so, and so must the time between the two requests: a list may be older
        than the Date of the response that it comes in.
        """
        wait = doubt.entry.outlives + self._settle
        return (
            doubt.until is not None
            and reading.date is not None
            and reading.date >= doubt.until + wait
            and reading.began >= doubt.until_at + wait
        )

    def _next(self, doubt: Doubt, reading: Reading) -> float:
        now = self._now()
        if doubt.unproved:
            return math.inf
        if doubt.until is None:
            doubt.until, doubt.until_at = reading.date, now
        return max(doubt.until_at + doubt.entry.outlives + self._settle, now + _AGAIN)

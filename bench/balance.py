"""The balance of the soak test: what was acknowledged, beside what the database of the sandbox holds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path

from bench.ledger import ACKNOWLEDGED, REFUSED, UNKNOWN
from portal_sandbox.errors import STOPPED

_PORTAL = """
    SELECT s.id, s.status, m.role, m.text FROM sessions s JOIN messages m ON m.session_key = s.key
    ORDER BY s.key, m.key
"""


@dataclass(frozen=True)
class Stored:
    """How often each prompt is stored, and what its sessions are.

    `stopped` counts the answers that were ended with their server, by the kind of the prompt; `wrong` names
    the sessions that are not as they should be.
    """

    prompts: Counter[str]
    stopped: Counter[str]
    wrong: list[str]


def stored(db: Path) -> Stored:
    """Return what a database holds, once all agents are done."""
    found = Stored(Counter(), Counter(), [])
    with closing(sqlite3.connect(db)) as connection:
        candela = connection.execute("SELECT text FROM candela_messages WHERE role = 'user'")
        found.prompts.update(text for (text,) in candela)
        for (session, status), rows in groupby(connection.execute(_PORTAL), lambda row: row[:2]):
            messages = [(str(role), str(text)) for _, _, role, text in rows]
            if not _take(found, str(status), messages):
                found.wrong.append(f"session {session} ended as {status} {messages}")
    return found


def _take(found: Stored, status: str, messages: list[tuple[str, str]]) -> bool:
    """Count the prompts of a session of Portal; return whether each has its answer."""
    prompts, answers = messages[::2], messages[1::2]
    found.prompts.update(text for _, text in prompts)
    whole = len(prompts) == len(answers)
    last = False
    for (asked_by, prompt), (answered_by, answer) in zip(prompts, answers, strict=False):
        last = STOPPED in answer
        found.stopped[_kind(prompt)] += last
        whole &= (asked_by, answered_by) == ("user", "assistant") and (last or answer.startswith(prompt))
    return whole and status == ("Error" if last else "Ready")


@dataclass
class Row:
    """The numbers of one kind of prompts, or of all."""

    kind: str
    prompts: int = 0
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    stored: int = 0
    lost: int = 0
    doubled: int = 0
    unasked: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing is lost, doubled, or stored although it was refused or never sent."""
        return not (self.lost or self.doubled or self.unasked)


def balance(outcomes: Mapping[str, str], found: Mapping[str, int]) -> list[Row]:
    """Return a row for each kind of prompts, and one for all."""
    rows: dict[str, Row] = {}
    for prompt in {*outcomes, *found}:
        row = rows.setdefault(_kind(prompt), Row(_kind(prompt)))
        outcome, times = outcomes.get(prompt), found.get(prompt, 0)
        row.prompts += outcome is not None
        row.acknowledged += outcome == ACKNOWLEDGED
        row.refused += outcome == REFUSED
        row.unknown += outcome == UNKNOWN
        row.stored += times > 0
        row.lost += outcome == ACKNOWLEDGED and not times
        row.doubled += times > 1
        row.unasked += times > 0 and outcome in (REFUSED, None)
    return [*(rows[kind] for kind in sorted(rows)), _total(rows.values())]


def _total(rows: Iterable[Row]) -> Row:
    total = Row("all")
    for row in rows:
        for number in fields(row)[1:]:
            setattr(total, number.name, getattr(total, number.name) + getattr(row, number.name))
    return total


def table(rows: Iterable[Row]) -> str:
    """Return the rows as lines of text, under the names of their numbers."""
    names = [each.name for each in fields(Row)][1:]
    lines = [f"{'':18}" + "".join(f"{name:>{_width(name)}}" for name in names)]
    for row in rows:
        numbers = (f"{getattr(row, name):>{_width(name)},}" for name in names)
        lines.append(f"{row.kind:18}" + "".join(numbers))
    return "\n".join(lines)


def _width(name: str) -> int:
    return max(9, len(name) + 2)


def _kind(prompt: str) -> str:
    return prompt.split()[0]

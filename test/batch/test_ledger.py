"""Changes that are made together: what one of them has taken, the next one knows."""

from __future__ import annotations

from batch.conftest import Running
from portal_client.batch.entry import all_entries
from portal_client.batch.ledger import Ledger
from portal_client.batch.result import State


def test_a_session_is_taken_as_soon_as_it_is_found(running: Running) -> None:
    running.add("one")
    ledger = Ledger(running.batch._journal)
    (entry,) = all_entries(running.batch._journal, State.PENDING, "TRUE")
    ledger.note(entry.sending(None, 0.0))
    ledger.found(entry, "s1")

    assert [*ledger.taken(["s1", "s2"])] == ["s1"]
    assert running.batch.counts.pending == 1  # nothing is written yet
    ledger.save()
    assert [*ledger.taken(["s1", "s2"])] == ["s1"]
    assert running.batch.counts.running == 1

"""The items to send: each comes once, in order, and those that look alike one after the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from batch.conftest import Running
from portal_client import ApiValueError
from portal_client.batch.entry import Entry, all_entries
from portal_client.batch.item import Likeness
from portal_client.batch.result import State
from portal_client.batch.upcoming import Upcoming


def free(likeness: Likeness) -> bool:
    return False


def taken(running: Running, upcoming: Upcoming, blocked: Callable[[Likeness], bool] = free) -> list[Entry]:
    """All that may be sent now, marked as a run marks them."""
    entries: list[Entry] = []
    while entry := upcoming.next(lambda like: blocked(like) or like in [each.likeness for each in entries]):
        entries.append(entry)
    running.batch._journal.write([entry.sending(None, 0.0) for entry in entries])
    return entries


def prompts(entries: list[Entry]) -> list[str]:
    return [entry.inputs.text_prompt for entry in entries]


def test_all_entries_come_however_many_there_are(running: Running) -> None:
    added = [f"{number}" for number in range(250)]
    running.add(*added)

    assert prompts([*all_entries(running.batch._journal, State.PENDING, "TRUE")]) == added


def test_items_come_in_order_and_later_ones_too(running: Running) -> None:
    upcoming = Upcoming(running.batch._journal)
    running.add(*(f"{number}" for number in range(200)))
    assert prompts(taken(running, upcoming)) == [f"{number}" for number in range(200)]
    assert upcoming.next(free) is None
    running.add("late")

    assert prompts(taken(running, upcoming)) == ["late"]
    assert upcoming.is_empty()


def test_what_is_put_back_comes_first(running: Running) -> None:
    upcoming = Upcoming(running.batch._journal)
    running.add("one", "two")
    first = upcoming.next(free)
    assert first is not None
    upcoming.put_back(first)

    assert prompts(taken(running, upcoming)) == ["one", "two"]


def test_what_was_read_last_can_be_put_back(running: Running) -> None:
    upcoming = Upcoming(running.batch._journal)
    running.add("one")
    entry = upcoming.next(free)
    assert entry is not None
    upcoming.put_back(entry)

    assert upcoming.next(free) is entry


def test_what_is_put_back_before_it_was_read_comes_once(running: Running) -> None:
    running.add("one")
    (entry,) = taken(running, Upcoming(running.batch._journal))
    upcoming = Upcoming(running.batch._journal)  # of the next run, which has settled its doubt
    upcoming.put_back(entry)
    assert upcoming.next(free) is None
    running.batch._journal.write([entry.pending(counted=True)])

    assert prompts(taken(running, upcoming)) == ["one"]
    assert upcoming.is_empty()


def test_those_that_look_alike_are_held_back(running: Running) -> None:
    upcoming = Upcoming(running.batch._journal)
    for key in ("a", "b", "c"):
        running.batch.add("a1", "one", key=key)
    running.add("two")

    assert prompts(taken(running, upcoming)) == ["one", "two"]
    assert not upcoming.is_empty()
    assert prompts(taken(running, upcoming)) == ["one"]
    assert prompts(taken(running, upcoming)) == ["one"]
    assert upcoming.is_empty()


def test_few_are_held_back_however_many_there_are(running: Running) -> None:
    upcoming = Upcoming(running.batch._journal)
    running.batch.add_many({"agent_id": "a1", "text_prompt": "one", "key": f"{n}"} for n in range(1000))
    (first,) = taken(running, upcoming)

    assert len(upcoming._held) + len(upcoming._ahead) < 130
    assert upcoming.next(lambda like: like == first.likeness) is None


@pytest.mark.fault("Batches", "An item is handed out once")
def test_an_item_is_marked_once(running: Running) -> None:
    running.add("one")
    first, second = (Upcoming(running.batch._journal).next(free) for _ in range(2))
    assert first is not None
    assert second is not None
    running.batch._journal.write([first.sending(None, 0.0)])
    with pytest.raises(ApiValueError, match="an item was changed by others while it was run"):
        running.batch._journal.write([second.sending(None, 0.0)])

    assert running.batch.counts.running == 1


def test_what_has_become_pending_again_is_found_at_the_end(running: Running) -> None:
    upcoming = Upcoming(running.batch._journal)
    running.add("one", "two")
    first, _ = taken(running, upcoming)
    assert upcoming.is_empty()
    running.batch._journal.write([first.pending(counted=True)])

    assert not upcoming.is_empty()
    assert prompts(taken(running, upcoming)) == ["one"]

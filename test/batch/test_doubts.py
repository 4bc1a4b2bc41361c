"""What follows from an agent's sessions for the items in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Optional

import pytest

from portal_client.batch.doubts import Absent, Doubts
from portal_client.batch.entry import Entry
from portal_client.batch.item import Inputs
from portal_client.batch.reconcile import Found, Reading
from portal_client.batch.result import Candidate, Evidence

LOST = Evidence("lost")


def entry(
    number: int = 1, prompt: str = "Hello", since: Optional[float] = 100.0, outlives: float = 0.0
) -> Entry:
    inputs = Inputs("a1", prompt)
    return Entry(number, inputs, 1, None, since, outlives, None, inputs.likeness)


def made(at: float, id: str = "s1") -> Found:
    return Found(id, datetime.fromtimestamp(at, UTC).isoformat())


@dataclass
class Settling:
    """Doubts on a clock; the server's is 1000 s ahead."""

    at: float = 0.0
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.doubts = Doubts(5.0, lambda ids: [id for id in ids if id in self.taken], lambda: self.at)

    def read(self, *found: Found, date: Optional[float] = -1.0, others: Sequence[Found] = ()) -> Any:
        """Read now; return the verdicts."""
        assert [agent for agent, _ in self.doubts.due()] == ["a1"]
        like = entry().likeness
        began, self.at = self.at, self.at + 0.1
        reading = Reading(began, 1000 + began if date == -1.0 else date, {like: [*found]}, others)
        return [verdict for _, verdict in self.doubts.judge("a1", reading)]


@pytest.fixture
def settling() -> Settling:
    return Settling()


def test_one_match_is_its_session_at_once(settling: Settling) -> None:
    settling.doubts.add(entry(), LOST)

    assert settling.read(made(100)) == ["s1"]
    assert not settling.doubts


@pytest.mark.fault("Batches", "A session counts as missing when the server's clock is past the attempt")
def test_absence_counts_when_both_clocks_are_past_the_attempt(settling: Settling) -> None:
    settling.doubts.add(entry(), LOST)

    assert settling.read() == []
    assert settling.doubts.left() == pytest.approx(5)
    settling.at += 4.9
    assert [*settling.doubts.due()] == []
    settling.at += 0.2
    (verdict,) = settling.read()
    assert isinstance(verdict, Absent)


@pytest.mark.fault("Batches", "A session counts as missing when the server's clock is past the attempt")
def test_the_servers_clock_must_have_come_as_far(settling: Settling) -> None:
    settling.doubts.add(entry(), LOST)
    settling.read(date=2000)
    settling.at += 60

    assert settling.read(date=2004.0) == []
    assert settling.doubts.left() == pytest.approx(0.25)
    settling.at += 0.3
    (verdict,) = settling.read(date=2005.0)
    assert isinstance(verdict, Absent)


def test_a_list_that_was_asked_for_too_early_does_not_count_whatever_its_date(settling: Settling) -> None:
    settling.doubts.add(entry(), LOST)
    settling.read()
    settling.doubts.add(entry(2, "another"), LOST)

    assert settling.read(date=1060.0) == []


def test_an_attempt_that_may_go_on_elsewhere_is_given_its_time(settling: Settling) -> None:
    settling.doubts.add(entry(outlives=60.0), LOST)
    settling.read()
    settling.at += 64
    assert settling.doubts.left() == pytest.approx(1)
    settling.doubts.add(entry(2, "another"), LOST)
    assert settling.read(date=9e9) == []  # it is read for the sake of the other one
    settling.at += 1.1

    assert isinstance(settling.read()[0], Absent)


def test_several_stay_undecided_until_it_is_settled_and_are_the_evidence(settling: Settling) -> None:
    settling.doubts.add(entry(), LOST)
    both = made(101, "s1"), made(102, "s2")

    assert settling.read(*both) == []
    settling.at += 5.1
    (verdict,) = settling.read(*both)
    assert verdict == Evidence(
        "lost",
        "which of 2 sessions is its own cannot be told",
        tuple(Candidate(*each) for each in both),
        settled=True,
    )


@pytest.mark.parametrize(("at", "mine"), [(94.0, False), (95.0, True), (100.0, True), (5000.0, True)])
def test_a_session_from_before_the_attempt_is_none_of_its_own(
    settling: Settling, at: float, mine: bool
) -> None:
    settling.doubts.add(entry(since=100.0), LOST)

    assert settling.read(made(at)) == (["s1"] if mine else [])


@pytest.mark.parametrize("created", ["2001-01-01T00:00:00", "yesterday", "None"])
def test_a_time_that_says_nothing_excludes_nothing(settling: Settling, created: str) -> None:
    settling.doubts.add(entry(since=4e9), LOST)

    assert settling.read(Found("s1", created)) == ["s1"]


def test_a_session_of_another_item_is_none_of_its_own(settling: Settling) -> None:
    settling.taken = ["s1"]
    settling.doubts.add(entry(), LOST)

    assert settling.read(made(100, "s1"), made(100, "s2")) == ["s2"]


def test_one_session_is_not_that_of_two(settling: Settling) -> None:
    settling.doubts.add(entry(1), LOST)
    settling.doubts.add(entry(2), LOST)

    assert settling.read(made(100)) == []
    settling.at += 5.1
    first, second = settling.read(made(100))
    assert first == second
    assert first.finding == "whether the session that was found is its own cannot be told"


def test_what_was_settled_before_takes_no_later_session(settling: Settling) -> None:
    known = Evidence("lost", "which?", (Candidate("s1", ""), Candidate("s2", "")), settled=True)
    settling.doubts.add(entry(), known)
    settling.taken = ["s2"]

    assert settling.read(made(100, "s1"), made(100, "s2"), made(200, "s3")) == ["s1"]


def test_without_a_date_it_stays_in_doubt(settling: Settling) -> None:
    settling.doubts.add(entry(), LOST)
    (verdict,) = settling.read(made(100, "s1"), made(100, "s2"), date=None)

    assert verdict.finding == (
        "the server's responses have no Date, without which no session can be said to be missing"
    )
    assert len(verdict.candidates) == 2
    assert not verdict.settled


def test_a_session_that_may_be_that_of_another_in_doubt_is_not_taken(settling: Settling) -> None:
    settling.doubts.add(entry(1), LOST)
    settling.at += 10
    settling.read(made(100, "s1"), made(101, "s2"), date=None)
    settling.taken = ["s2"]
    settling.doubts.add(entry(2, since=102.0), LOST)

    assert settling.read(made(100, "s1"), date=9e9) == []


def test_a_service_that_changes_texts_does_not_prove_absence(settling: Settling) -> None:
    settling.doubts.learn(entry(1), "Hello", 100.0)
    settling.doubts.learn(entry(2), "Files: a.txt. Hello", 100.0)
    settling.doubts.add(entry(3), LOST)
    settling.read()
    settling.at += 5.1
    (verdict,) = settling.read()

    assert verdict.finding == (
        "the service changes what it is sent, so that no session can be said to be missing"
    )
    assert not verdict.settled


@pytest.mark.parametrize(
    ("stored", "proves"),
    [(["Hello"], True), ([" Hello\r\n"], True), ([None], False), (["Translated: Hello", "Hello "], False)],
)
def test_white_space_is_no_change_of_a_text_and_one_change_is_enough(
    settling: Settling, stored: list[Optional[str]], proves: bool
) -> None:
    for number, text in enumerate(stored):
        settling.doubts.learn(entry(number), text, 100.0)
    settling.doubts.add(entry(3), LOST)
    settling.read()
    settling.at += 5.1

    assert isinstance(settling.read()[0], Absent) is proves


def test_what_looks_like_an_item_in_doubt_is_known_until_the_last_one_is_settled(settling: Settling) -> None:
    like = entry().likeness
    settling.doubts.add(entry(1), Evidence("lost", "which?", (Candidate("s1", ""),), settled=True))
    settling.doubts.add(entry(2, since=4e9), LOST)

    assert settling.read(made(100, "s1")) == ["s1"]
    assert like in settling.doubts
    settling.at += 5.1
    assert isinstance(settling.read()[0], Absent)
    assert like not in settling.doubts


def test_times_that_go_with_the_date_exclude_what_is_older(settling: Settling) -> None:
    settling.doubts.learn(entry(1), "Hello", 95.0)
    settling.doubts.add(entry(2), LOST)

    assert settling.read(made(94)) == []


def test_a_service_whose_times_are_off_excludes_nothing_by_time(settling: Settling) -> None:
    settling.doubts.learn(entry(1, since=4000.0), "Hello", 400.0)
    settling.doubts.learn(entry(3, since=4000.0), "Hello", 4000.0)
    settling.doubts.add(entry(2, since=4000.0), LOST)

    assert settling.read(made(401)) == ["s1"]


def unproved(settling: Settling, *found: Found, others: Sequence[Found] = ()) -> Any:
    """An item in doubt, and a reading when it is settled."""
    settling.doubts.add(entry(since=1000.0), LOST)
    settling.read(*found, others=others)
    settling.at += 5.1
    return settling.read(*found, others=others)


@pytest.mark.fault(
    "Batches", "A session that looks otherwise is not its own only where texts are known to be kept"
)
@pytest.mark.parametrize(("at", "may_be"), [(699.0, False), (701.0, True), (1001.0, True)])
def test_a_session_that_looks_otherwise_may_be_its_own_until_texts_are_known_to_be_kept(
    settling: Settling, at: float, may_be: bool
) -> None:
    assert settling.doubts.since("a1") == float("inf")
    verdicts = unproved(settling, others=[made(at)])

    assert settling.doubts.since("a1") == (700 if may_be else float("inf"))
    if not may_be:
        assert isinstance(verdicts[0], Absent)
        return
    assert verdicts == []
    assert settling.doubts.left() == float("inf")
    settling.doubts.learn(entry(2), "Hello", 100.0)
    assert settling.doubts.since("a1") is None
    assert [*settling.doubts.conclude()] == []
    assert isinstance(settling.read()[0], Absent)


def test_a_session_that_is_somewhat_too_old_may_be_its_own_until_clocks_are_known_to_agree(
    settling: Settling,
) -> None:
    assert unproved(settling, made(900)) == []
    settling.doubts.learn(entry(2, since=100.0), "Hello", 20.0)

    assert settling.read(made(900)) == ["s1"]


def test_what_no_other_item_can_settle_stays_in_doubt_with_the_evidence(settling: Settling) -> None:
    assert [*settling.doubts.conclude()] == []
    strangers = [made(1000, f"s{number}") for number in range(12)]
    settling.taken = ["s0"]
    assert unproved(settling, others=strangers) == []
    ((found, evidence),) = settling.doubts.conclude()

    assert found.id == 1
    assert evidence.finding == (
        "no session of this batch has shown yet that the service keeps texts and times as they are"
    )
    assert [each.session_id for each in evidence.candidates] == [f"s{number}" for number in range(1, 11)]
    assert not evidence.settled
    assert not settling.doubts
    settling.doubts.add(entry(2, since=1000.0), LOST)
    assert settling.read(made(1000, "s1")) == []  # which may be that of the first


def test_a_session_is_disputed_for_the_whole_run(settling: Settling) -> None:
    for number, (one, other) in enumerate([("s1", "s2"), ("s3", "s4")]):
        settling.doubts.add(entry(number), LOST)
        assert len(settling.read(made(100, one), made(101, other), date=None)) == 1
    for id in ("s5", "s6"):
        assert unproved(settling, others=[made(1000, id)]) == []
        assert len([*settling.doubts.conclude()]) == 1

    for id in ("s1", "s3", "s5"):
        settling.doubts.add(entry(9), LOST)
        assert settling.read(made(100, id), date=None) != [id]


def test_an_older_session_proves_nothing_where_clocks_are_known_to_agree(settling: Settling) -> None:
    settling.doubts.learn(entry(2), "Hello", 100.0)

    assert isinstance(unproved(settling, made(900))[0], Absent)


def test_what_was_settled_before_needs_no_other_item(settling: Settling) -> None:
    settling.doubts.add(entry(), Evidence("lost", "which?", (Candidate("s1", ""),), settled=True))

    assert isinstance(settling.read(others=[made(100, "s2")])[0], Absent)


def test_sessions_of_other_items_prove_nothing_and_count_for_nothing(settling: Settling) -> None:
    settling.taken = ["s1"]

    assert isinstance(unproved(settling, others=[made(1000)])[0], Absent)


def test_a_service_without_a_date_proves_nothing(settling: Settling) -> None:
    settling.doubts.learn(entry(2, since=None), "Hello", 100.0)

    assert unproved(settling, others=[made(1000)]) == []


def test_a_reading_serves_all_of_its_agent(settling: Settling) -> None:
    settling.doubts.add(entry(1, "one"), LOST)
    settling.doubts.add(entry(2, "two"), LOST)
    ((agent, wanted),) = settling.doubts.due()

    assert (agent, wanted) == ("a1", {entry(1, "one").likeness, entry(2, "two").likeness})
    assert [*settling.doubts.due()] == []
    assert settling.doubts.left() == float("inf")


def test_what_falls_in_doubt_during_a_reading_is_not_judged_by_it(settling: Settling) -> None:
    settling.doubts.add(entry(1, "one"), LOST)
    ((agent, _),) = settling.doubts.due()
    settling.doubts.add(entry(2, "Hello"), LOST)
    late = Reading(settling.at, 9e9, {entry().likeness: [made(100)]})

    assert [*settling.doubts.judge(agent, late)] == []
    assert entry().likeness in settling.doubts


def test_a_failed_reading_is_repeated(settling: Settling) -> None:
    settling.doubts.add(entry(), LOST)
    assert len([*settling.doubts.due()]) == 1
    settling.doubts.failed("a1", 3.0)

    assert settling.doubts.left() == 3.0
    settling.at += 3
    assert settling.read(made(100)) == ["s1"]

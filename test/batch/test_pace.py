"""The pace: one rate for all, evenly spaced."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Optional

import pytest

from portal_client.batch.pace import Pace


@dataclass
class Clock:
    """A clock that goes on when somebody waits."""

    at: float = 1000.0
    sent: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def pace(self, per_minute: Optional[float] = None, burst: int = 1) -> Pace:
        return Pace(per_minute, burst, self.now, lambda least, most: most)

    def send(self, pace: Pace, count: int = 1) -> list[float]:
        """Send as soon as the pace allows it; return when, from the beginning on."""
        for _ in range(count):
            self.at += pace.left()
            pace.take()
            self.sent.append(self.at - 1000)
        return self.sent


def test_without_a_rate_nobody_waits() -> None:
    clock = Clock()

    assert clock.send(clock.pace(burst=3), 5) == [0] * 5


def test_prompts_are_evenly_spaced() -> None:
    clock = Clock()

    assert clock.send(clock.pace(120), 4) == [0, 0.5, 1.0, 1.5]


def test_as_many_go_at_once_as_there_are_workers() -> None:
    clock = Clock()
    pace = clock.pace(60, burst=3)
    clock.send(pace, 5)
    clock.at += 100
    clock.send(pace, 5)

    assert clock.sent == [0, 0, 0, 1, 2, 102, 102, 102, 103, 104]


@pytest.mark.parametrize("burst", [1, 4, 16])
def test_no_minute_has_more_than_the_rate_and_the_burst(burst: int) -> None:
    clock = Clock()
    pace = clock.pace(120, burst)
    for pause in (0, 7, 0, 61, 3, 0.2, 30):
        clock.send(pace, 90)
        clock.at += pause

    for begin in clock.sent:
        assert sum(begin <= at < begin + 60 for at in clock.sent) <= 120 + burst


def test_a_429_slows_all_for_as_long_as_it_says() -> None:
    clock = Clock()
    pace = clock.pace(burst=4)
    clock.send(pace, 4)
    assert pace.limited(1000.0, retry_after=7) == 7

    assert clock.send(pace, 3)[4:] == pytest.approx([7, 7.1, 7.2])


def test_many_of_one_burst_slow_once() -> None:
    clock = Clock()
    pace = clock.pace(60, burst=4)
    clock.send(pace, 4)
    for _ in range(4):
        pace.limited(1000.0, retry_after=None)

    # 0.5 s of a first pause, then twice the distance.
    assert [round(b - a, 3) for a, b in itertools.pairwise(clock.send(pace, 3)[4:])] == [2, 2]


def test_a_second_429_slows_more_and_acceptance_speeds_up() -> None:
    clock = Clock()
    pace = clock.pace()
    for expected in (0.5, 1, 2, 4, 8, 16, 30, 30):
        clock.send(pace)
        clock.at += 0.01
        assert pace.limited(clock.at, None) == expected
    for _ in range(60):
        pace.accepted()
    clock.send(pace, 2)

    assert clock.sent[-1] == clock.sent[-2]


def test_trouble_stops_all_for_a_while() -> None:
    clock = Clock()
    pace = clock.pace(burst=2)
    clock.send(pace, 2)
    assert (pace.troubled(1000.0), pace.troubled(1000.0)) == (0.5, 0.5)
    clock.send(pace, 2)
    assert pace.troubled(1000.5) == 1
    pace.accepted()
    clock.at += 1
    assert pace.troubled(clock.at) == 0.5

    assert clock.sent == [0, 0, 0.5, 0.5]

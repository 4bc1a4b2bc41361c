"""Chaos: valid and invalid texts, and faults that a seed repeats."""

from collections import Counter

import pytest

from portal_sandbox.chaos import Chaos, Fate

KINDS = "a kind is a status from 400 to 599, reset, lost, cut, errored, gone or latency"
EVERYTHING = "503:5%,429:2.5%,reset:1%,lost:3%,cut:2%,latency:20ms:10%"


def _fates(text: str, seed: int | None = None, count: int = 2000) -> list[Fate]:
    chaos = Chaos(text, seed)
    return [chaos.fate() for _ in range(count)]


def test_a_seed_repeats_the_faults() -> None:
    fates = _fates(EVERYTHING, 7)

    assert _fates(EVERYTHING, 7) == fates
    assert _fates(EVERYTHING, 8) != fates


def test_a_seed_that_was_drawn_repeats_the_faults() -> None:
    chaos = Chaos(EVERYTHING)
    fates = [chaos.fate() for _ in range(2000)]

    assert _fates(EVERYTHING, chaos.seed) == fates
    assert Chaos(EVERYTHING).seed != chaos.seed


def test_each_fault_has_its_share() -> None:
    fates = _fates(EVERYTHING, 1, 40_000)
    faults = Counter(fate.fault for fate in fates)

    shares = {"503": 0.05, "429": 0.025, "reset": 0.01, "lost": 0.03, "cut": 0.02, None: 0.865}
    assert {kind: count / 40_000 for kind, count in faults.items()} == pytest.approx(shares, abs=0.005)
    assert Counter(fate.wait for fate in fates)[0.02] / 40_000 == pytest.approx(0.1, abs=0.005)


def test_latency_does_not_change_which_faults_there_are() -> None:
    without = [fate.fault for fate in _fates("503:10%", 3)]

    assert [fate.fault for fate in _fates("latency:1s:50%,503:10%", 3)] == without


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        ("latency:2s", Fate(2)),
        ("latency:1.5s", Fate(1.5)),
        ("latency:2", Fate(2)),
        ("latency:1m", Fate(60)),
        (" latency:200ms , 503:0% ", Fate(0.2)),
        ("404:100%", Fate(0, "404")),
        ("599:100%,latency:0s", Fate(0, "599")),
        ("reset:50%,lost:30%,cut:20%,latency:1s:0%", None),
    ],
)
def test_what_a_text_means(text: str, fate: Fate | None) -> None:
    fates = _fates(text, count=200)

    assert set(fates) == {Fate(0, "reset"), Fate(0, "lost"), Fate(0, "cut")} if fate is None else {fate}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"'': {KINDS}"),
        ("503:5%,", f"'': {KINDS}"),
        (
            "503:5%,boom:1%",
            f"'boom:1%': {KINDS}",
        ),
        (
            "200:5%",
            f"'200:5%': {KINDS}",
        ),
        (
            "600:5%",
            f"'600:5%': {KINDS}",
        ),
        (
            "50٣:5%",
            f"'50٣:5%': {KINDS}",
        ),
        ("503", "'503': it is not in the form 503:5%"),
        ("reset:1%:2%", "'reset:1%:2%': it is not in the form reset:5%"),
        ("503:5", "'503:5': '5' is not a percentage from 0% to 100%"),
        ("503:-5%", "'503:-5%': '-5%' is not a percentage from 0% to 100%"),
        ("lost:101%", "'lost:101%': '101%' is not a percentage from 0% to 100%"),
        ("latency", "'latency': it is not in the form latency:2s or latency:2s:10%"),
        ("latency:x", "'latency:x': 'x' is not a time such as 2s, 200ms, 5m or 1h"),
        ("latency:-2s", "'latency:-2s': '-2s' is not a time such as 2s, 200ms, 5m or 1h"),
        ("latency:10%", "'latency:10%': '10%' is not a time such as 2s, 200ms, 5m or 1h"),
        ("latency:2s:10", "'latency:2s:10': '10' is not a percentage from 0% to 100%"),
        ("503:5%, 503:6%", "' 503:6%': 503 is given twice"),
        ("503:60%,reset:41%", "'503:60%,reset:41%': the faults add up to more than 100%"),
    ],
)
def test_a_text_that_cannot_be_understood(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="chaos") as caught:
        Chaos(text)

    assert str(caught.value).startswith(f"chaos: {message}")


def test_ten_tenths_are_one() -> None:
    Chaos(",".join(f"50{digit}:10%" for digit in range(10)))


def test_what_was_made_is_counted() -> None:
    chaos = Chaos("503:50%,cut:50%")
    assert str(chaos) == "0 requests met 0 faults"
    chaos.fate()
    for kind in ("503", "cut", "503"):
        chaos.count(kind)

    assert str(chaos) == "1 requests met 3 faults: 503 2, cut 1"
    assert (chaos.requests, chaos.made["503"], chaos.made["reset"]) == (1, 2, 0)

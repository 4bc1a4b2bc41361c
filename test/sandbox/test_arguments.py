"""Arguments: the values of texts of the command line."""

import pytest

from portal_sandbox import arguments


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("2s", 2),
        ("2 s", 2),
        ("200ms", 0.2),
        ("0ms", 0),
        ("1.5m", 90),
        ("1h", 3600),
    ],
)
def test_a_time_has_units(text: str, seconds: float) -> None:
    assert arguments.parse_seconds(text) == seconds


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        (["--latency", "-1s"], ["--latency=-1s"]),
        (["--token", "-ab=ann", "--port", "-1"], ["--token=-ab=ann", "--port=-1"]),
        (["--token", "--1"], ["--token=--1"]),
        (["--latency=2s", "-1"], ["--latency=2s", "-1"]),
        (["--quiet", "-h"], ["--quiet", "-h"]),
        (["--db", "--port", "1"], ["--db", "--port", "1"]),
        (["--db", "-"], ["--db", "-"]),
        (["-1s"], ["-1s"]),
    ],
)
def test_a_value_that_begins_with_a_dash_belongs_to_the_option_before(
    given: list[str], joined: list[str]
) -> None:
    assert arguments.join_values(given) == joined


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "x",
        "-1",
        "-1s",
        "2sec",
        "1d",
        "1h30m",
        "2,5",
        "nan",
        "inf",
        "1e400",
        "٣",
        "9" * 400,
        "9999999h",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time such as 2s, 200ms, 5m or 1h; a number alone is in"):
        arguments.parse_seconds(text)

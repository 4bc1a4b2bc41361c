"""What a replay says of a call that is not in its cassette."""

from __future__ import annotations

import pytest

from portal_testing.calls import Call, SentFile
from portal_testing.exchanges import Exchange
from portal_testing.nearest import explained, same


def call(body: object = None, **query: str) -> Call:
    return Call("update_agent", "PUT", "/agents/a1", query=query, body=body)


def differences(now: Call, *recorded: Call) -> list[str]:
    return explained(now, [Exchange(each) for each in recorded], ()).splitlines()


def test_an_empty_cassette_is_named_as_such() -> None:
    assert differences(call()) == ["the cassette is empty"]


@pytest.mark.parametrize(
    ("recorded", "now", "expected"),
    [
        ({"tags": ["a", "b"]}, {"tags": ["a", "c"]}, "  body.tags[1]: recorded 'b', now 'c'"),
        ({"of": [{"id": 1}]}, {"of": [{"id": 2}]}, "  body.of[0].id: recorded 1, now 2"),
        ({"tags": ["a"]}, {"tags": []}, "  body.tags[0]: recorded 'a', now nothing"),
        ({"n": 1}, {"n": True}, "  body.n: recorded 1, now True"),
    ],
)
def test_a_difference_is_shown_at_its_place(recorded: object, now: object, expected: str) -> None:
    assert expected in differences(call(now), call(recorded))


def test_the_nearest_call_has_the_fewest_differences() -> None:
    told = differences(call(a="1", b="2"), call(a="0", b="0"), call(a="1", b="0"))

    assert told == [
        "the nearest one is number 2, update_agent, PUT /agents/a1, which differs in",
        "  b: recorded '0', now '2'",
    ]


def test_many_and_long_differences_are_cut() -> None:
    names = [f"n{number}" for number in range(10)]
    told = differences(call(**dict.fromkeys(names, "x" * 200)), call(**dict.fromkeys(names, "1")))

    assert len(told) == 1 + 8 + 1
    assert told[1] == f"  n0: recorded '1', now '{'x' * 99}…"
    assert told[-1] == "  and 2 more"


def test_what_is_ignored_makes_no_difference() -> None:
    recorded, now = (
        call({"name": "Baker", "at": "9:00"}, page="1"),
        call({"name": "Baker", "at": "9:01"}, page="2"),
    )
    recorded.files.append(SentFile("files", "a.csv", "text/csv", 3))

    assert same(recorded, now, ("at", "page", "files"))
    for missing in (("page", "files"), ("at", "files"), ("at", "page")):
        assert not same(recorded, now, missing)

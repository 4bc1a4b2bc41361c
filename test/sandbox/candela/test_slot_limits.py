"""The limits of a type of slots, in Python and as an option."""

import pytest

from portal_sandbox import Slots
from portal_sandbox.candela.slot_limits import parse


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("gpu=2", ("gpu", Slots(max=2))),
        ("gpu=2:1", ("gpu", Slots(max=2, free=1))),
        ("a=b=0:0", ("a=b", Slots(max=0))),
    ],
)
def test_a_type_is_given_with_its_limits(text: str, parsed: tuple[str, Slots]) -> None:
    assert parse(text) == parsed


@pytest.mark.parametrize("text", ["", "gpu", "gpu=", "=2", "gpu=2:", "gpu=-1", "gpu=2:1:1", "gpu=many"])
def test_what_is_no_type_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not in the form TYPE=MAX\[:FREE\], such as gpu=2:1"):
        parse(text)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max": -1}, "max must be from 0 to 1000, not -1"),
        ({"max": 1001}, "max must be from 0 to 1000, not 1001"),
        ({"max": "2"}, "max must be a whole number such as 2, not a value of type str"),
        ({"free": -1}, "free must be from 0 to 1000, not -1"),
        ({"max": 1, "free": 2}, "free must not be more than max, which is 1, not 2"),
    ],
)
def test_limits_that_cannot_be_are_refused_by_name(limits: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Slots(**limits)

"""Limits of a type of slots: how many there may be, and how many free ones are kept."""

from dataclasses import dataclass

from portal_sandbox.arguments import check, parse_int

#: The most slots of a type that can be asked for.
MOST = 1_000


@dataclass(frozen=True)
class Slots:
    """The largest number of slots of a type, and how many free ones are kept for those who ask for one.

    Raises ValueError for numbers that are not from 0 to 1,000, and for more free slots than there may be.
    """

    max: int = 8
    free: int = 0

    def __post_init__(self) -> None:
        for name, number in (("max", self.max), ("free", self.free)):
            check(name, number, int, "a whole number such as 2")
            if not 0 <= number <= MOST:
                raise ValueError(f"{name} must be from 0 to {MOST}, not {number}")
        if self.free > self.max:
            raise ValueError(f"free must not be more than max, which is {self.max}, not {self.free}")


def parse(text: str) -> tuple[str, Slots]:
    """Return the name of a type and its limits from a text such as "gpu=2:1". Raises ValueError."""
    name, _, numbers = text.rpartition("=")
    most, colon, free = numbers.partition(":")
    meaning = "in the form TYPE=MAX[:FREE], such as gpu=2:1"
    if not name:
        raise ValueError(f"{text!r} is not {meaning}")
    return name, Slots(parse_int(most, meaning), parse_int(free, meaning) if colon else 0)

"""Arguments: what is said of one that cannot be what it is meant to be."""

import argparse
import math
import re
from collections.abc import Callable, Mapping, Sequence
from threading import TIMEOUT_MAX
from typing import TypeVar

T = TypeVar("T")

_OPTION = re.compile("--[a-z-]+")
_VALUE = re.compile("-(?!h$|-[a-z]|-$).+", re.DOTALL)

_TIME = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(ms|s|m|h|)")
_MILLISECONDS = {"ms": 1, "s": 1_000, "": 1_000, "m": 60_000, "h": 3_600_000}


def check(name: str, value: object, kind: type | tuple[type, ...], meaning: str) -> None:
    """Raise ValueError for an argument that is not of this kind.

    The error says what the argument must be, and the type of what it is; never what it holds, which may be
    a secret.
    """
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {meaning}, not a value of type {type(value).__name__}")


def check_texts(name: str, value: Mapping[str, str], example: str) -> None:
    """Raise ValueError, as `check` does, for an argument that is no mapping of texts to texts."""
    check(name, value, Mapping, f"a mapping such as {example}")
    for each in (*value, *value.values()):
        check(f"each key and value of {name}", each, str, f"a text, as in {example}")


def seconds(text: str) -> float:
    """The seconds of a time such as "2", "2s", "200ms", "5m" or "1h". Raises ValueError."""
    found = _TIME.fullmatch(text.strip())
    value = float(found[1]) * _MILLISECONDS[found[2]] / 1_000 if found else math.inf
    if value > TIMEOUT_MAX:  # what a wait takes at most
        raise ValueError(f"{text!r} is not a time such as 2s, 200ms, 5m or 1h; a number alone is in seconds")
    return value


def whole(text: str, meaning: str, highest: float = math.inf) -> int:
    """The whole number, from 0 up, that a text is. Raises ValueError, which says what it is meant to be."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= highest):
        raise ValueError(f"{text!r} is not {meaning}")
    return int(text)


def host_name(text: str) -> str:
    """The same text. Raises ValueError where it is no name of a host."""
    if not re.fullmatch(r"[\w.-]+", text):
        raise ValueError(f"{text!r} is not the name of a host, without scheme and port, such as sandbox")
    return text


def joined(arguments: Sequence[str]) -> list[str]:
    """The arguments, each that begins with a dash and names no option joined to the option before it.

    Of a value such as -1s argparse would say that there is none.
    """
    made: list[str] = []
    for each in arguments:
        if made and _VALUE.fullmatch(each) and _OPTION.fullmatch(made[-1]):
            made[-1] += f"={each}"
        else:
            made.append(each)
    return made


def worded(parse: Callable[[str], T]) -> Callable[[str], T]:
    """The same function for an option of a command, where its ValueError is what is said.

    Of another ValueError argparse says no more than the name of the function.
    """

    def parsed(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed

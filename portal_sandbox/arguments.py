"""Arguments: checks of their types and values, with errors that name them."""

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
    """Raise ValueError for an argument that is not of this type.

    The error has what the argument must be, and its type, but not its value, which may be a secret.
    """
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {meaning}, not a value of type {type(value).__name__}")


def check_strings(name: str, value: Mapping[str, str], example: str) -> None:
    """Raise ValueError, as `check` does, for an argument that is no mapping of strings to strings."""
    check(name, value, Mapping, f"a mapping such as {example}")
    for each in (*value, *value.values()):
        check(f"each key and value of {name}", each, str, f"a string, as in {example}")


def parse_seconds(text: str) -> float:
    """Return the seconds of a time such as "2", "2s", "200ms", "5m" or "1h". Raises ValueError."""
    found = _TIME.fullmatch(text.strip())
    value = float(found[1]) * _MILLISECONDS[found[2]] / 1_000 if found else math.inf
    if value > TIMEOUT_MAX:  # the longest wait of a thread
        raise ValueError(f"{text!r} is not a time such as 2s, 200ms, 5m or 1h; a number alone is in seconds")
    return value


def parse_int(text: str, meaning: str, highest: float = math.inf) -> int:
    """Return the integer from 0 up in a text. Raises ValueError with what the text must be."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= highest):
        raise ValueError(f"{text!r} is not {meaning}")
    return int(text)


def check_host_name(text: str) -> str:
    """Return a text that is the name of a host. Raises ValueError for any other."""
    if not re.fullmatch(r"[\w.-]+", text):
        raise ValueError(f"{text!r} is not the name of a host, without scheme and port, such as sandbox")
    return text


def join_values(arguments: Sequence[str]) -> list[str]:
    """Return arguments with each value that begins with a dash joined to the option before it.

    argparse takes a value such as -1s for an option, and reports the value as missing.
    """
    joined: list[str] = []
    for each in arguments:
        if joined and _VALUE.fullmatch(each) and _OPTION.fullmatch(joined[-1]):
            joined[-1] += f"={each}"
        else:
            joined.append(each)
    return joined


def option(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Return a parser as the type of an option, whose ValueError becomes the message of the command.

    argparse itself shows only the name of the function.
    """

    def parsed(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed

"""Attributes of a configuration that check what they are given."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Coroutine
from typing import Optional, Union, overload

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from portal_client.exceptions import ApiValueError

_URL = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://[^/?#@<>\"{}|^`\s\\\x00-\x1f\x7f]+(/[^?#\s\\\x00-\x1f\x7f]*)?")


class count:
    """An attribute that is an int of at least `least`."""

    def __init__(self, least: int) -> None:
        self._least = least

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, holder: None, owner: type) -> count: ...
    @overload
    def __get__(self, holder: object, owner: type) -> int: ...
    def __get__(self, holder: Optional[object], owner: type) -> Union[count, int]:
        return self if holder is None else vars(holder)[self._name]

    def __set__(self, holder: object, value: int) -> None:
        vars(holder)[self._name] = whole(self._least, self._name, value)


def whole(least: int, name: str, value: object) -> int:
    """Answer an int of at least `least`; ApiValueError names the argument."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ApiValueError(f"{name} must be an int of at least {least}, not {value!r}")
    return value


def unawaited(value: object) -> bool:
    """Whether this would have to be awaited; it is closed then, so that Python does not warn of it."""
    if not isinstance(value, Awaitable):
        return False
    if isinstance(value, Coroutine):
        value.close()
    return True


def base_url(name: str, value: str) -> str:
    """Return a URL that paths can be put behind, its scheme in lower case.

    Raises ApiValueError, which names the argument.
    """
    try:
        url = parse_url(value)
        usable = bool(_URL.fullmatch(value) and url.host and url.port != 0)
    except (LocationParseError, TypeError):
        usable = False
    if not usable:
        raise ApiValueError(
            f"{name} must be a URL such as http://localhost or https://example.com/api, "
            "without credentials, query or fragment"
        )
    scheme, _, rest = value.partition(":")
    return f"{scheme.lower()}:{rest}".rstrip("/")

"""Settings and their attributes: what is set is checked, its name, too."""

from __future__ import annotations

import copy
import re
from collections.abc import Awaitable, Coroutine
from functools import lru_cache
from inspect import isfunction, signature
from typing import TYPE_CHECKING, Any, Optional, Self, Union, cast, overload

import urllib3
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from portal_client.exceptions import ApiValueError
from portal_client.pasted import told_of_url
from portal_client.spelling import ALIKE, hint, warn

_URL = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://[^/?#@<>\"{}|^`\s\\\x00-\x1f\x7f]+(/[^?#\s\\\x00-\x1f\x7f]*)?")


class Settings:
    """An object that holds settings.

    To set one whose name is almost that of another gives a warning. A copy has settings of its own: what can
    be changed in place is copied, too; hooks, loggers and sources of tokens are shared.
    """

    if not TYPE_CHECKING:  # the signature is that of __init__

        def __new__(cls, *args: object, **given: object) -> Any:
            for name in given:
                if (known := _arguments(cls)) and name not in known:
                    wrong = f"{cls.__name__}() got an unexpected keyword argument {name!r}"
                    raise TypeError(wrong + hint(name, known))
            return super().__new__(cls)

    def __setattr__(self, name: str, value: object) -> None:
        cls: Any = type(self)
        if name not in _known(cls) and not name.startswith("_"):
            settings = (known for known in {*vars(self), *_known(cls)} if _is_setting(self, known))
            if meant := hint(name, settings, ALIKE):
                warn(f"{cls.__name__} has no setting {name}{meant}")
        super().__setattr__(name, value)

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        vars(made).update({name: _own(value) for name, value in vars(self).items()})
        return made


@lru_cache(maxsize=64)
def _arguments(cls: type) -> tuple[str, ...]:
    """The names of the arguments of a constructor; none where it takes any."""
    parameters = list(signature(cls).parameters.values())
    return () if any(p.kind is p.VAR_KEYWORD for p in parameters) else tuple(p.name for p in parameters)


@lru_cache(maxsize=64)
def _known(cls: type) -> frozenset[str]:
    """What a class has, and what its constructors name; among that is what they set."""
    constructors = (vars(base).get("__init__") for base in cls.__mro__)
    return frozenset(dir(cls)).union(*(c.__code__.co_names for c in constructors if isfunction(c)))


def _is_setting(holder: object, name: str) -> bool:
    """Whether this is an attribute that can be set, and neither a method nor a constant."""
    if name in vars(holder):
        return not name.startswith("_")
    return name.islower() and hasattr(getattr(type(holder), name, None), "__set__")


def _own(value: Any) -> Any:
    """A copy of what can be changed in place, and of what is in it."""
    if isinstance(value, (urllib3.Retry, Settings)):
        return copy.copy(cast("Any", value))
    if isinstance(value, list):
        return [_own(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        copied = copy.copy(cast("dict[Any, Any]", value))
        copied.update({key: _own(item) for key, item in copied.items()})
        return copied
    return value


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
    if not _is_base_url(value):
        raise ApiValueError(
            f"{name} must be a URL such as http://localhost or https://example.com/api, "
            f"without credentials, query or fragment{told_of_url(value, _is_base_url)}"
        )
    scheme, _, rest = value.partition(":")
    return f"{scheme.lower()}:{rest}".rstrip("/")


def _is_base_url(value: str) -> bool:
    try:
        url = parse_url(value)
        return bool(_URL.fullmatch(value) and url.host and url.port != 0)
    except (LocationParseError, TypeError):
        return False

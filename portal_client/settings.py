"""Settings and their attributes: names and values are checked when they are set."""

from __future__ import annotations

import copy
import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Optional, Self, TypeVar, Union, cast, overload

import urllib3
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from portal_client.exceptions import ApiValueError
from portal_client.pasted import url_hint
from portal_client.spelling import SIMILAR, hint, warn

V = TypeVar("V")

_URL = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://[^/?#@<>\"{}|^`\s\\\x00-\x1f\x7f]+(/[^?#\s\\\x00-\x1f\x7f]*)?")


class Settings:
    """An object that holds settings: the attributes of its class, and the arguments of its constructor.

    Setting another attribute whose name is close to one of these gives a warning. A copy has settings of its
    own: what can be changed in place is copied, too; hooks, loggers and sources of tokens are shared.
    """

    if not TYPE_CHECKING:  # the signature is that of __init__

        def __new__(cls, *args: object, **named: object) -> Any:
            """Make an instance; raise TypeError, with a hint, for an argument that there is not."""
            for name in named:
                if (known := _arguments(cls)) and name not in known:
                    wrong = f"{cls.__name__}() got an unexpected keyword argument {name!r}"
                    raise TypeError(wrong + hint(name, known))
            return super().__new__(cls)

    def __setattr__(self, name: str, value: object) -> None:
        cls: Any = type(self)
        if name not in vars(self) and name not in _known(cls) and not name.startswith("_"):
            settings = (known for known in {*vars(self), *_known(cls)} if _is_setting(cls, known))
            if meant := hint(name, settings, SIMILAR):
                warn(f"{cls.__name__} has no setting {name}{meant}")
        try:
            super().__setattr__(name, value)
        except BaseException:
            del value  # which tools that print the variables of a traceback would show
            raise

    def __copy__(self) -> Self:
        copied = object.__new__(type(self))
        vars(copied).update({name: _own(value) for name, value in vars(self).items()})
        return copied


class HasDefault:
    """A class with a default instance, used where none is given; each subclass has its own."""

    _default: ClassVar[Any] = None

    @classmethod
    def get_default(cls) -> Self:
        """Return the default instance, made at the first use."""
        if vars(cls).get("_default") is None:
            cls._default = cls()
        return cast(Self, cls._default)

    @classmethod
    def set_default(cls, default: Optional[Self]) -> None:
        """Replace the default instance; after None the next use makes another one."""
        cls._default = default


@lru_cache(maxsize=64)
def _arguments(cls: type) -> tuple[str, ...]:
    """Return the names of the arguments of a constructor; none where it takes any."""
    parameters = list(signature(cls).parameters.values())
    return () if any(p.kind is p.VAR_KEYWORD for p in parameters) else tuple(p.name for p in parameters)


@lru_cache(maxsize=64)
def _known(cls: type) -> frozenset[str]:
    """Return the names that may be set: those of attributes and of arguments."""
    return frozenset(dir(cls)).union(*map(_arguments, cls.__mro__))


def _is_setting(cls: type, name: str) -> bool:
    """Whether a name is that of an attribute that can be set, not of a method or a constant."""
    return name.islower() and not name.startswith("_") and not callable(getattr(cls, name, None))


def _own(value: Any) -> Any:
    """Return a copy of a value that can be changed in place, and of what is in it."""
    if isinstance(value, (urllib3.Retry, Settings)):
        return copy.copy(cast("Any", value))
    if isinstance(value, list):
        return [_own(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        copied = copy.copy(cast("dict[Any, Any]", value))
        copied.update({key: _own(item) for key, item in copied.items()})
        return copied
    return value


class CheckedSetting(Generic[V]):
    """An attribute that is checked when it is set: `check(name, value)` returns what is kept."""

    def __init__(self, check: Callable[[str, Any], V]) -> None:
        self._check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    if TYPE_CHECKING:  # Python finds the value in the object itself

        @overload
        def __get__(self, holder: None, owner: type) -> Self: ...
        @overload
        def __get__(self, holder: object, owner: type) -> V: ...
        def __get__(self, holder: Optional[object], owner: type) -> Union[Self, V]: ...

    def __set__(self, holder: object, value: V) -> None:
        vars(holder)[self._name] = self._check(self._name, value)


def check_count(name: str, value: object, least: int = 0) -> int:
    """Return an int of at least `least`.

    Raises ApiValueError, which names the argument.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ApiValueError(f"{name} must be an int of at least {least}, not {value!r}")
    return value


def check_retries(name: str, value: Any) -> Union[int, urllib3.Retry, None]:
    """Return a number of retries, False for none, a urllib3.Retry, or None for the default.

    Raises ApiValueError, which names the argument.
    """
    kept = value is None or value is False or isinstance(value, urllib3.Retry)
    return value if kept else check_count(name, value)


def unawaited(value: object) -> bool:
    """Whether a value would have to be awaited; a coroutine is closed, so that Python does not warn of it."""
    if not isinstance(value, Awaitable):
        return False
    if isinstance(value, Coroutine):
        value.close()
    return True


def check_base_url(name: str, value: str) -> str:
    """Return a URL that paths can be put behind, its scheme in lower case.

    Raises ApiValueError, which names the argument.
    """
    if not _is_base_url(value):
        raise ApiValueError(
            f"{name} must be a URL such as http://localhost or https://example.com/api, "
            f"without credentials, query or fragment{url_hint(value, _is_base_url)}"
        )
    scheme, _, rest = value.partition(":")
    return f"{scheme.lower()}:{rest}".rstrip("/")


def _is_base_url(value: str) -> bool:
    try:
        url = parse_url(value)
        return bool(_URL.fullmatch(value) and url.host and url.port != 0)
    except (LocationParseError, TypeError):
        return False

"""Values that hide: repr, `vars()` and logs show that there is a secret, but not its text.

`copy` and `deepcopy` keep it; pickle carries only its name.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Generic, NoReturn, Optional, Self, TypeVar, Union, cast, overload

from portal_client.exceptions import ApiValueError, AuthenticationError
from portal_client.text import exact

V = TypeVar("V")

#: Headers that may be logged, printed and pickled; all others may hold a secret.
PLAIN_HEADERS = frozenset({"accept", "accept-encoding", "accept-language", "user-agent", "x-request-id"})


class Secret:
    """A text that only `reveal()` returns."""

    __slots__ = ("_name", "_value")

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def __repr__(self) -> str:
        return "'***'"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> tuple[type[Lost], tuple[str, bool]]:
        return Lost, (self._name, isinstance(cast(object, self._value), str))


class Lost:
    """The place of a secret that pickle has left out; using it raises AuthenticationError."""

    def __init__(self, name: str, text: bool = True) -> None:
        self.name = name
        self._text = text

    def __call__(self) -> NoReturn:
        """Raise AuthenticationError, which names the setting."""
        what = "a literal" if self._text else "an object"
        instead = (
            ", or give a reference such as EnvToken(...) where a callable is taken" if self._text else ""
        )
        raise AuthenticationError(
            request_sent=False,
            reason=f"{self.name} was given as {what}, which pickle does not carry; set it again{instead}",
        )

    def __repr__(self) -> str:
        return f"Lost({self.name!r})"


class SecretSetting(Generic[V]):
    """An attribute that keeps a str as a Secret, and a dict as Secrets.

    With `kind` it holds that or None. Raises ApiValueError, which names the attribute.
    """

    def __init__(self, kind: type = object) -> None:
        self._kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._slot = f"_{name}"

    @overload
    def __get__(self, holder: None, owner: Optional[type] = None) -> Self: ...
    @overload
    def __get__(self, holder: object, owner: Optional[type] = None) -> V: ...
    def __get__(self, holder: Optional[object], owner: Optional[type] = None) -> Union[Self, V]:
        if holder is None:
            return self
        kept: Any = vars(holder).get(self._slot)
        if isinstance(kept, (Secret, Lost)):
            kept = kept.reveal() if isinstance(kept, Secret) else kept()
        value: V = kept
        return value

    def __set__(self, holder: object, value: V) -> None:
        if value is not None and not isinstance(value, self._kind):
            wanted, kind = "a str" if self._kind is str else "a mapping", type(value).__name__
            del value  # which tools that print variables would show
            raise ApiValueError(f"{self._name} must be {wanted}, not {kind}")
        kept: object = value
        if isinstance(value, str):
            # An object that only claims to be a str may fetch its text when it is used: not here.
            kind = cast(Any, type(value))
            kept = Secret(self._name, exact(value) if issubclass(kind, str) else value)
        elif isinstance(value, Mapping):
            kept = Secrets(cast("Mapping[str, Any]", value), label=self._name)
        vars(holder)[self._slot] = kept


class TLSContextSetting(SecretSetting[Optional[ssl.SSLContext]]):
    """An attribute that is an ssl.SSLContext for clients, or None; pickle cannot carry one."""

    def __set__(self, holder: object, value: Optional[ssl.SSLContext]) -> None:
        if value is not None and not isinstance(cast(object, value), ssl.SSLContext):
            raise ApiValueError(f"{self._name} must be an ssl.SSLContext, not {type(value).__name__}")
        if value is not None and value.protocol == ssl.PROTOCOL_TLS_SERVER:
            raise ApiValueError(f"{self._name} is for a server; ssl.create_default_context() is for a client")
        vars(holder)[self._slot] = None if value is None else Secret(self._name, cast(Any, value))


class Secrets(dict[str, Any]):
    """A dict whose repr shows its names, and its values for plain headers only."""

    def __init__(self, *items: Any, label: str = "value") -> None:
        super().__init__(*items)
        self.label = label

    def __repr__(self) -> str:
        return repr({name: value if self._plain(name) else "***" for name, value in self.items()})

    def __copy__(self) -> Secrets:
        return Secrets(self, label=self.label)

    def __deepcopy__(self, memo: dict[int, Any]) -> Secrets:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        kept = {n: v if self._plain(n) else Lost(f"{self.label} {n!r}") for n, v in self.items()}
        return _secrets, (kept, self.label)

    def _plain(self, name: str) -> bool:
        return name.lower() in PLAIN_HEADERS


def _secrets(items: dict[str, Any], label: str) -> Secrets:
    return Secrets(items, label=label)


class Hidden(str):
    """A secret str on its way to the wire, hidden from tools that print the variables of a traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class HiddenBytes(bytes):
    """Secret bytes on their way to the wire."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"

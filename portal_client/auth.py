"""Credentials: where a token comes from, and how it is kept out of sight.

A secret is held so that repr, `vars()` and logs show no more than that there is one, `copy` and `deepcopy`
keep it, and pickle carries only its name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, NoReturn, Optional, TypeVar, Union, cast, overload
from urllib.parse import quote

from typing_extensions import Self

from portal_client.exceptions import ApiValueError, AuthenticationError

V = TypeVar("V")

#: A token, or something that is asked for it before each request.
AccessToken = Union[str, Callable[[], str], None]

#: Headers that may be logged, printed and pickled; all others may hold a secret.
PLAIN_HEADERS = frozenset({"accept", "accept-encoding", "accept-language", "user-agent", "x-request-id"})

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_A_HEADER = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def check_header_name(argument: str, name: str) -> str:
    """Answer a header's name if it is one; ApiValueError names the argument that holds it."""
    if not _HEADER_NAME.fullmatch(name):
        raise ApiValueError(f"{argument}: {name!r} is not the name of a header")
    return name


def check_header(name: str, value: object) -> str:
    """Answer a header's value if it can be sent; ApiValueError names the header, never the value."""
    if isinstance(value, str):
        bad = _NOT_IN_A_HEADER.search(value)
        if bad is None:
            return value
        raise ApiValueError(f"{name} holds {_described(bad[0])}, which a header cannot carry")
    if isinstance(value, Lost):
        value()
    raise ApiValueError(f"{name} must be a str, not {type(value).__name__}")


def _described(character: str) -> str:
    return "a line break" if character in "\r\n" else f"the character U+{ord(character):04X}"


class Secret:
    """A text that shows itself only to those who ask for it by `reveal()`."""

    __slots__ = ("_name", "_value")

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return "'***'"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> tuple[type[Lost], tuple[str]]:
        return Lost, (self._name,)


class Lost:
    """Stands where a secret was before pickling; says so when it is used."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> NoReturn:
        raise AuthenticationError(
            status=0,
            request_sent=False,
            reason=f"{self.name} was given as a literal, which pickle does not carry; set it again, "
            "or give access_token as EnvToken(...) or FileToken(...)",
        )

    def __repr__(self) -> str:
        return f"Lost({self.name!r})"


class secret(Generic[V]):
    """An attribute whose text is kept as a Secret, and whose dict as Secrets."""

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
        kept = vars(holder).get(self._slot)
        return cast(
            V, kept.reveal() if isinstance(kept, Secret) else kept() if isinstance(kept, Lost) else kept
        )

    def __set__(self, holder: object, value: V) -> None:
        kept: object = value
        if isinstance(value, str):
            kept = Secret(self._name, value)
        elif isinstance(value, Mapping):
            kept = Secrets(cast("Mapping[str, Any]", value), label=self._name)
        vars(holder)[self._slot] = kept


class Secrets(dict[str, Any]):
    """A dict that shows its names; values too where the name is that of a plain header."""

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


class EnvToken:
    """A token read from an environment variable before each request.

    Raises AuthenticationError when the variable is missing or empty.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> str:
        token = os.environ.get(self.name, "").strip()
        if not token:
            raise _no_token(f"the environment variable {self.name} is missing or empty")
        return token

    def __repr__(self) -> str:
        return f"EnvToken({self.name!r})"


class FileToken:
    """A token read from a file before each request, so that a rotated one is taken at once.

    White space around it is dropped. Raises AuthenticationError when there is no token to read.
    """

    def __init__(self, path: Union[str, os.PathLike[str]]) -> None:
        self.path: str = os.fspath(path)

    def __call__(self) -> str:
        try:
            with open(self.path, encoding="utf-8") as file:
                token = file.read().strip()
        except (OSError, ValueError) as error:
            raise _no_token(f"the token file {self.path} cannot be read: {type(error).__name__}") from None
        if not token:
            raise _no_token(f"the token file {self.path} is empty")
        return token

    def __repr__(self) -> str:
        return f"FileToken({self.path!r})"


def _no_token(reason: str) -> AuthenticationError:
    return AuthenticationError(status=0, reason=reason, request_sent=False)


def _name(source: object) -> str:
    # Not its repr: that of a partial or a bound method may show the secret that it works with.
    return getattr(source, "__qualname__", type(source).__name__)


def ask(source: Callable[[], str]) -> str:
    """Ask a source for its token; whatever it raises becomes an AuthenticationError."""
    try:
        token = source()
    except AuthenticationError:
        raise
    except Exception as error:
        raise _no_token(f"access_token: {_name(source)} raised {type(error).__name__}") from error
    if not isinstance(cast(object, token), str):
        raise _no_token(f"access_token: {_name(source)} answered {type(token).__name__}, not str")
    try:
        return check_header("access_token", token)
    except ApiValueError as error:
        raise _no_token(str(error)) from None


class Hidden(str):
    """A secret on its way to the wire, hidden from tools that print the variables of a traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Credential(NamedTuple):
    """What one request shows: a header, a query parameter or a cookie; `source` can be asked anew."""

    place: str
    key: str
    value: Union[str, Callable[[], str]]

    def shown(self) -> str:
        """The text to send, with the scheme in front for a bearer token."""
        return Hidden(f"Bearer {ask(self.value)}" if callable(self.value) else self.value)

    def apply(self, shown: str, headers: dict[str, str]) -> str:
        """Put the text into `headers`, or answer what it adds to the query."""
        if self.place == "query":
            return Hidden(f"{quote(self.key)}={quote(shown)}")
        name = "Cookie" if self.place == "cookie" else self.key
        present = [key for key in headers if key.lower() == name.lower()]
        before = [headers.pop(key) for key in present]
        if self.place == "cookie":
            shown = "; ".join([*before, f"{self.key}={shown}"])
        headers[name] = Hidden(shown)
        return ""

    def __repr__(self) -> str:
        return f"Credential({self.place!r}, {self.key!r}, '***')"

    @classmethod
    def of(cls, setting: Mapping[str, Any]) -> Optional[Credential]:
        """Read one entry of `auth_settings()` or `_request_auth`; None for one that shows nothing."""
        if setting.get("type") == "http-signature":
            return None
        place = setting.get("in")
        if place not in ("header", "query", "cookie"):
            raise ApiValueError('_request_auth: "in" must be "header", "query" or "cookie"')
        for field in ("key", "value"):
            if not isinstance(setting.get(field), str):
                raise ApiValueError(f'_request_auth: "{field}" must be a str')
        key = setting["key"] if place == "query" else check_header_name("_request_auth", setting["key"])
        return cls(place, key, check_header("_request_auth", setting["value"]))

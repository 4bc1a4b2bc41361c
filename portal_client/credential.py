"""What a request shows of who calls: a header, a query parameter or a cookie; and what a header can carry."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional, Union, cast
from urllib.parse import quote

from portal_client.exceptions import ApiValueError, AuthenticationError
from portal_client.pasted import trimmed
from portal_client.secret import Hidden, Lost
from portal_client.serialization import encoded
from portal_client.settings import unawaited
from portal_client.text import exact

#: A token, or something that is asked for it before each request.
AccessToken = Union[str, Callable[[], str], None]

_BEARER = "Bearer "
#: What may stand before a token that was pasted. A line that says no more than "Bearer" may be a token.
_PASTED = re.compile(r"[\s\ufeff\u200b]*(?:bearer[^\S\r\n][\s\ufeff\u200b]*)*", re.IGNORECASE)
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
            return value if type(value) in (str, Hidden) else exact(value)
        raise ApiValueError(f"{name} holds {_described(bad[0])}, which a header cannot carry")
    if isinstance(value, Lost):
        value()
    raise ApiValueError(f"{name} must be a str, not {type(value).__name__}")


def _described(character: str) -> str:
    return "a line break" if character in "\r\n" else f"the character U+{ord(character):04X}"


def bare_token(text: str) -> str:
    """Return a token without what is around it, and without a "Bearer " in front."""
    text = exact(text)
    pasted = _PASTED.match(text)
    return trimmed(text[pasted.end() :] if pasted else text)


def no_token(reason: str) -> AuthenticationError:
    """The error of a call that was not sent for want of a token."""
    return AuthenticationError(status=0, reason=reason, request_sent=False)


def _name(source: object) -> str:
    # Not its repr: that of a partial or a bound method may show the secret that it works with.
    return getattr(source, "__qualname__", type(source).__name__)


def ask(name: str, source: Callable[..., str], *args: str) -> str:
    """Ask a source for a secret; whatever it raises becomes an AuthenticationError."""
    try:
        text = source(*args)
    except AuthenticationError:
        raise
    except Exception as error:
        raise no_token(f"{name}: {_name(source)} raised {type(error).__name__}") from error
    if not isinstance(cast(object, text), str):
        awaited = ", which is to be awaited" if unawaited(text) else ""
        raise no_token(f"{name}: {_name(source)} answered {type(text).__name__}, not str{awaited}")
    return Hidden(exact(text))


class TokenSource(ABC):
    """A source that fetches its tokens over the connections of the client that needs them."""

    @abstractmethod
    def token(self, caller: Any, refused: Optional[str] = None) -> str:
        """A token for a call, a `portal_client.request.Caller`; `refused` is one that a 401 has answered.

        Raises AuthenticationError, and ApiTimeoutError when the time for the call is over.
        """


def bearer(source: Callable[[], str], caller: Any = None, refused: Optional[str] = None) -> str:
    """A token from its source, another one than `refused` if the source can tell.

    Raises AuthenticationError.
    """
    renew = cast("Optional[Callable[[str], str]]", getattr(source, "renew", None))
    if isinstance(source, TokenSource):
        given: str = Hidden(source.token(caller, refused))
    elif refused is not None and renew is not None:
        given = ask("access_token", renew, refused)
    else:
        given = ask("access_token", source)
    token = Hidden(bare_token(given))
    if not token:
        raise no_token(f"access_token: {_name(source)} returned an empty token")
    try:
        return check_header("access_token", token)
    except ApiValueError as error:
        raise no_token(str(error)) from None


class Credential(NamedTuple):
    """What one request shows: a header, a query parameter or a cookie; a callable value can be asked anew."""

    place: str
    key: str
    value: Union[str, Callable[[], str]]

    def shown(self, caller: Any = None, refused: Optional[str] = None) -> str:
        """The text to send for a caller, with the scheme in front for a bearer token.

        `refused` is the text that was sent before, and answered with 401.
        """
        if not callable(self.value):
            return Hidden(self.value)
        token = None if refused is None else Hidden(refused.removeprefix(_BEARER))
        return Hidden(_BEARER + bearer(self.value, caller, token))

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
        """Read one entry of `auth_settings()` or `_request_auth`; None for one that shows nothing.

        White space and a byte order mark around the value are left out, as is a second "Bearer " in it.
        """
        if setting.get("type") == "http-signature":
            return None
        place = setting.get("in")
        if place not in ("header", "query", "cookie"):
            raise ApiValueError('_request_auth: "in" must be "header", "query" or "cookie"')
        for field in ("key", "value"):
            if not isinstance(setting.get(field), str):
                raise ApiValueError(f'_request_auth: "{field}" must be a str')
        key = setting["key"]
        if place == "query":
            encoded('_request_auth: "key"', key)
        else:
            check_header_name("_request_auth", key)
        value = trimmed(setting["value"])
        scheme = value[: len("Bearer")]
        if key.lower() == "authorization" and scheme.lower() == "bearer":
            token = bare_token(f"{value} ")
            value = f"{scheme} {token}" if token else ""
        return cls(place, exact(key), check_header("_request_auth", value)) if value else None

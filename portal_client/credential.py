"""The credential of a request: a header, a query parameter or a cookie; and the checks of headers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Optional, Union, cast
from urllib.parse import quote, unquote_to_bytes

from portal_client.exceptions import ApiValueError, AuthenticationError
from portal_client.pasted import trimmed
from portal_client.secret import Hidden, HiddenBytes, Lost
from portal_client.serialization import encoded
from portal_client.settings import unawaited
from portal_client.text import exact

#: A token, or a callable that returns one before each request.
AccessToken = Union[str, Callable[[], str], None]

_BEARER = "Bearer "
#: What may precede a token that was pasted. "Bearer" alone may be a token.
_PASTED = re.compile(r"\A[\s\ufeff\u200b]*(?:bearer[^\S\r\n][\s\ufeff\u200b]*)*", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING = ("content-length", "transfer-encoding")
_NOT_IN_A_HEADER = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def check_header_name(argument: str, name: str) -> str:
    """Return the name of a header.

    Raises ApiValueError, which names the argument that holds it, where a header cannot have it.
    """
    if not _HEADER_NAME.fullmatch(name):
        raise ApiValueError(f"{argument}: {name!r} is not the name of a header")
    return name


@lru_cache(maxsize=256)
def header_key(name: str) -> str:
    """Return the name of a header that may be set, in lower case.

    Raises ApiValueError for one that follows from the body.
    """
    key = check_header_name("a header", name).lower()
    if key in _FRAMING:
        raise ApiValueError(f"the header {name} follows from the body and cannot be set")
    return key


def check_header(name: str, value: object) -> str:
    """Return the value of a header as a plain str.

    Raises ApiValueError, which names the header but never the value, where it cannot be sent.
    """
    if isinstance(value, str):
        bad = _NOT_IN_A_HEADER.search(value)
        if bad is None:
            return exact(value)
        raise ApiValueError(f"{name} holds {_described(bad[0])}, which a header cannot carry")
    if isinstance(value, Lost):
        value()
    raise ApiValueError(f"{name} must be a str, not {type(value).__name__}")


def _described(character: str) -> str:
    return "a line break" if character in ("\r", "\n") else f"the character U+{ord(character):04X}"


def strip_bearer(text: str) -> str:
    """Return a token without white space around it, and without a "Bearer " in front."""
    return trimmed(_PASTED.sub("", exact(text)))


def split_url(value: str) -> tuple[str, Optional[bytes], bytes]:
    r"""Take the credentials out of a URL, percent-decoded.

    All that stands before the last @ is theirs, for people write `CORP\ann` and `p#ss` as they are: else
    the host would be a part of them.
    """
    scheme, found, rest = value.partition("://")
    if not found:
        scheme, rest = "http", value
    before, _, address = rest.rpartition("@")
    name, _, password = before.partition(":")
    return (
        Hidden(f"{scheme}://{address}"),
        HiddenBytes(unquote_to_bytes(name)) if before else None,
        HiddenBytes(unquote_to_bytes(password)),
    )


def token_error(reason: str) -> AuthenticationError:
    """Return the error of a call that was not sent for want of a token."""
    return AuthenticationError(reason=reason, request_sent=False)


def _name(source: object) -> str:
    # Not its repr: that of a partial or a bound method may show the secret that it works with.
    return getattr(source, "__qualname__", type(source).__name__)


def call_source(name: str, source: Callable[..., str], *args: str) -> str:
    """Call a source and return its text, hidden.

    Raises AuthenticationError for whatever the source raises, and where it does not return a str.
    """
    try:
        text = source(*args)
    except AuthenticationError:
        raise
    except Exception as error:
        raise token_error(f"{name}: {_name(source)} raised {type(error).__name__}") from error
    if not isinstance(cast(object, text), str):
        awaited = ", which is to be awaited" if unawaited(text) else ""
        raise token_error(f"{name}: {_name(source)} returned {type(text).__name__}, not str{awaited}")
    return Hidden(exact(text))


class TokenSource(ABC):
    """A source that fetches its tokens over the connections of the client that needs them."""

    @abstractmethod
    def token(self, caller: Any, refused: Optional[str] = None) -> str:
        """Return a token for a call, a `portal_client.request.Caller`; `refused` is one that got a 401.

        Raises AuthenticationError, and ApiTimeoutError when the time for the call is over.
        """


def bearer_token(source: Callable[[], str], caller: Any = None, refused: Optional[str] = None) -> str:
    """Return a token of a source; after a 401 another one than `refused`, if the source can tell.

    Raises AuthenticationError, and ApiTimeoutError when the time for the call is over.
    """
    renew: Optional[Callable[[str], str]] = getattr(source, "renew", None)
    if isinstance(source, TokenSource):
        text: str = Hidden(source.token(caller, refused))
    elif refused is not None and renew is not None:
        text = call_source("access_token", renew, refused)
    else:
        text = call_source("access_token", source)
    token = Hidden(strip_bearer(text))
    if not token:
        raise token_error(f"access_token: {_name(source)} returned an empty token")
    try:
        return check_header("access_token", token)
    except ApiValueError as error:
        raise token_error(str(error)) from None


class Credential(NamedTuple):
    """The credential of a request: `place` is "header", "query" or "cookie", `key` the name there.

    `value` is the text, or a callable that returns a bearer token for each request.
    """

    place: str
    key: str
    value: Union[str, Callable[[], str]]

    def resolve(self, caller: Any = None, refused: Optional[str] = None) -> str:
        """Return the text to send, with the scheme in front of a bearer token.

        `caller` is the call that needs it, `refused` the text that was sent before and got a 401. Raises
        AuthenticationError, and ApiTimeoutError when the time for the call is over.
        """
        if not callable(self.value):
            return Hidden(self.value)
        token = None if refused is None else Hidden(refused.removeprefix(_BEARER))
        return Hidden(_BEARER + bearer_token(self.value, caller, token))

    def apply(self, text: str, headers: dict[str, str]) -> str:
        """Add a text from `resolve` to a request, and return its query parameter, `key=text`.

        A header replaces those of its name in `headers`, a cookie is put behind the others; the result is ""
        then.
        """
        if self.place == "query":
            return Hidden(f"{quote(self.key)}={quote(text)}")
        name = "Cookie" if self.place == "cookie" else self.key
        lower = name.lower()
        present = [key for key in headers if key.lower() == lower]
        before = [headers.pop(key) for key in present]
        if self.place == "cookie":
            text = Hidden("; ".join([*before, f"{self.key}={text}"]))
        headers[name] = text
        return ""

    def __repr__(self) -> str:
        return f"Credential({self.place!r}, {self.key!r}, '***')"

    @classmethod
    def of(cls, setting: Mapping[str, Any]) -> Optional[Credential]:
        """Read one entry of `auth_settings()` or `_request_auth`; None for one without a value.

        White space and a byte order mark around the value are left out, as is a second "Bearer " in it.
        Raises ApiValueError for an entry that cannot be used.
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
            token = strip_bearer(f"{value} ")
            value = f"{scheme} {token}" if token else ""
        return cls(place, exact(key), check_header("_request_auth", value)) if value else None

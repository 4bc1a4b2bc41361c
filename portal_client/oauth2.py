"""OAuth2: bearer tokens for a user's name and password, renewed before they expire."""

from __future__ import annotations

import copy
import math
import os
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Optional, Union, cast
from urllib.parse import quote_plus

from portal_client.configuration import Configuration
from portal_client.credential import Credential, TokenSource, ask, bare_token, check_header, no_token
from portal_client.exceptions import ApiValueError, AuthenticationError
from portal_client.request import Caller
from portal_client.rest import RESTClientObject
from portal_client.secret import Hidden, Secrets, SecretSetting
from portal_client.serialization import encoded
from portal_client.text import exact
from portal_client.token_endpoint import TokenEndpoint, TokenResponse, late

#: A text, or a reference that is asked for it when it is needed.
Given = Union[str, Callable[[], str]]

_LIFETIME = 3600.0  # in seconds, where the endpoint does not say


class _Grant(NamedTuple):
    """A token, until when it is used, and what the next one can be had for."""

    token: str
    until: float
    refresh_token: Optional[str]


class _Flight:
    """A fetch under way: one thread leads it, the others wait for what comes of it."""

    def __init__(self) -> None:
        self.leader = threading.get_ident()
        self.over = threading.Event()
        self.grant: Optional[_Grant] = None
        self.failure: Optional[AuthenticationError] = None


class OAuth2Password(TokenSource):
    """Tokens from an OAuth2 token endpoint: for user name and password, then for refresh tokens.

    Give it to `Configuration(access_token=...)`. The first call fetches a token over the client's own
    proxy, certificates, timeouts and hooks, as a part of the call and within its deadline. It is kept until
    `leeway` seconds before it expires, though for half its life and one second at least, and another one
    is fetched when the service answers it with 401. Threads and clients may share a source: one of them
    fetches, the others wait and take what comes of it, a refused password too.

    `username`, `password`, `client_id` and `client_secret` are texts or references such as EnvToken(name)
    and FileToken(path); pickle carries the references only. `on_response` is called with each TokenResponse
    before it is judged. `allow_http` lets the password go in clear to another machine. `configuration` says
    how the endpoint is reached when the source is called outside of a client.

    Raises ApiValueError for an argument that cannot be used. A call without a token ends in
    AuthenticationError with the status of the token endpoint, 0 if it did not answer, and its `error` and
    `error_description` in `data`; or in ApiTimeoutError, if its own time is over first.
    """

    username: SecretSetting[Given] = SecretSetting()
    password: SecretSetting[Given] = SecretSetting()
    client_id: SecretSetting[Given] = SecretSetting()
    client_secret: SecretSetting[Given] = SecretSetting()

    _pid: int
    _lock: threading.Lock
    _flight: Optional[_Flight]
    _grant: Optional[_Grant]

    def __init__(
        self,
        token_url: str,
        username: Given,
        password: Given,
        client_id: Given,
        client_secret: Given,
        *,
        scope: str = "openid offline_access",
        leeway: float = 60,
        on_response: Optional[Callable[[TokenResponse], object]] = None,
        allow_http: bool = False,
        configuration: Optional[Configuration] = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = TokenEndpoint(token_url, allow_http=allow_http, on_response=on_response)
        self.username = _given("username", username)
        self.password = _given("password", password)
        self.client_id = _given("client_id", client_id)
        self.client_secret = _given("client_secret", client_secret)
        self.scope = exact(scope)
        encoded("scope", self.scope)
        self.leeway = leeway
        self.configuration = configuration
        self._now = now
        self._forget(None)

    def __call__(self) -> str:
        """A token for use outside of a client. Raises AuthenticationError."""
        configuration = self.configuration or Configuration()
        client = RESTClientObject(configuration)
        try:
            return str.__str__(self.token(client.caller(self._endpoint.call(configuration))))
        finally:
            client.close()

    def token(self, caller: Caller, refused: Optional[str] = None) -> str:
        """A token for a call, another one than `refused`."""
        if self._pid != os.getpid():
            self._forget(self._grant)  # after a fork: no thread of the parent goes on here
        while True:
            with self._lock:
                grant, flight = self._grant, self._flight
                if grant is not None and grant.token != refused and self._now() < grant.until:
                    return grant.token
                leads = flight is None
                flight = self._flight = flight or _Flight()
            grant = self._led(flight, caller) if leads else self._awaited(flight, caller)
            if grant is not None:
                return grant.token

    # ── one fetch at a time ──

    def _forget(self, grant: Optional[_Grant]) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._flight = None
        self._grant = grant

    def _led(self, flight: _Flight, caller: Caller) -> _Grant:
        try:
            flight.grant = self._fetched(caller)
            return flight.grant
        except AuthenticationError as error:
            flight.failure = error
            raise
        finally:
            with self._lock:
                self._grant = flight.grant or self._grant
                self._flight = None
            flight.over.set()

    def _awaited(self, flight: _Flight, caller: Caller) -> Optional[_Grant]:
        """What came of another thread's fetch; None if that thread gave it up for reasons of its own."""
        if flight.leader == threading.get_ident():
            raise no_token("access_token: asked for by what takes part in fetching it")
        left = caller.deadline.left()
        if not flight.over.wait(None if left > threading.TIMEOUT_MAX else left):
            raise late(caller, "another thread is still fetching one")
        if flight.failure is not None:
            raise copy.copy(flight.failure) from flight.failure.__cause__
        return flight.grant

    # ── the two grants ──

    def _fetched(self, caller: Caller) -> _Grant:
        known = Secrets({name: _resolved(name, getattr(self, name)) for name in _CREDENTIALS})
        # Neither a user's name nor the client's id is a secret.
        secrets = [known["password"], known["client_secret"]]
        before = self._grant
        if before is not None and before.refresh_token is not None:
            secrets.append(before.refresh_token)
            renewing = {"grant_type": "refresh_token", "refresh_token": before.refresh_token}
            form = Secrets({**renewing, "scope": self.scope})
            answer = self._endpoint.post(caller, "refresh_token", form, secrets, _basic(known))
            if not 400 <= answer.status_code <= 499 or answer.status_code == 429:
                return self._granted(answer, secrets, before.refresh_token)
            # Refused, for whatever reason: the password is the way to begin again.
            self._grant = before._replace(refresh_token=None)
        form = Secrets({"grant_type": "password", "scope": self.scope, **known})
        return self._granted(self._endpoint.post(caller, "fetch_token", form, secrets), secrets)

    def _granted(
        self, answer: TokenResponse, secrets: Sequence[str], refresh_token: Optional[str] = None
    ) -> _Grant:
        """What an answer grants. Raises AuthenticationError."""
        if not 200 <= answer.status_code <= 299:
            raise self._endpoint.refusal(answer, "", secrets)
        fields = answer.fields
        token = Hidden(bare_token(_text(fields, "access_token") or ""))
        if not token:
            raise self._endpoint.refusal(answer, " without an access_token", secrets)
        try:
            check_header("access_token", token)
        except ApiValueError as error:
            raise self._endpoint.refusal(answer, f", but {error}", secrets) from None
        # A refresh token stays good where it is not replaced (RFC 6749, 6).
        following = _text(fields, "refresh_token") or refresh_token
        life = _seconds(fields.get("expires_in"))
        return _Grant(token, self._now() + max(life - self.leeway, life / 2, 1.0), following)

    # ── what others see ──

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._endpoint)!r})"

    def __copy__(self) -> OAuth2Password:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> OAuth2Password:
        return self  # copies of a client ask one source, which fetches once

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _OF_THIS_PROCESS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget(None)


_CREDENTIALS = ("username", "password", "client_id", "client_secret")
_OF_THIS_PROCESS = ("_pid", "_lock", "_flight", "_grant")


def _given(name: str, value: object) -> Any:
    if isinstance(value, str):
        if not _is_text(value):
            raise ApiValueError(f"{name} must be text that can be sent, and not empty")
    elif not callable(value):
        raise ApiValueError(f"{name} must be a str or a callable, not {type(value).__name__}")
    return value


def _resolved(name: str, given: Given) -> str:
    text = Hidden(exact(given)) if isinstance(given, str) else ask(name, given)
    if not _is_text(text):
        raise no_token(f"{name} is no text that can be sent")
    return text


def _is_text(value: str) -> bool:
    try:
        return bool(value.encode())
    except UnicodeEncodeError:  # a half of a surrogate pair
        return False


def _basic(known: Secrets) -> Credential:
    """Who the client is, as RFC 6749 (2.3.1) has it: both parts encoded as in a form."""
    pair = f"{quote_plus(known['client_id'])}:{quote_plus(known['client_secret'])}"
    return Credential("header", "Authorization", Hidden(f"Basic {b64encode(pair.encode()).decode()}"))


def _text(fields: Secrets, name: str) -> Optional[str]:
    value = fields.get(name)
    return Hidden(value) if isinstance(value, str) and value else None


def _seconds(expires_in: object) -> float:
    """The life of a token; what is no number counts as not said."""
    try:
        seconds = float(cast(Any, expires_in))
    except (TypeError, ValueError, OverflowError):
        return _LIFETIME
    return _LIFETIME if isinstance(expires_in, bool) or math.isnan(seconds) else max(seconds, 0.0)

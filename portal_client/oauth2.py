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
from portal_client.credential import (
    Credential,
    TokenSource,
    call_source,
    check_header,
    strip_bearer,
    token_error,
)
from portal_client.exceptions import ApiValueError, AuthenticationError
from portal_client.middleware import Middleware
from portal_client.references import Reference
from portal_client.request import Caller
from portal_client.rest import RESTClientObject
from portal_client.secret import Hidden, Secrets, SecretSetting
from portal_client.serialization import encoded
from portal_client.text import exact
from portal_client.token_endpoint import TokenEndpoint, TokenResponse, token_timeout

#: A text, or a callable that returns it when it is needed.
TextSource = Union[str, Callable[[], str]]

#: The life of a token in seconds where the endpoint does not name it.
_DEFAULT_LIFETIME = 3600.0


class _Grant(NamedTuple):
    """A token, the time until which it is used, and the refresh token for the next one."""

    token: str
    until: float
    refresh_token: Optional[str]


class _Fetch:
    """A fetch under way: the leading thread makes it, the others wait for its grant or its error."""

    def __init__(self) -> None:
        self.leader = threading.get_ident()
        self.over = threading.Event()
        self.grant: Optional[_Grant] = None
        self.failure: Optional[AuthenticationError] = None


class OAuth2Password(TokenSource, Reference):
    """Tokens from an OAuth2 token endpoint: for user name and password, then for refresh tokens.

    Give it to `Configuration(access_token=...)`. The first call fetches a token over the client's own
    proxy, certificates, timeouts and hooks, as a part of the call and within its deadline. It is kept until
    `leeway` seconds before it expires, though for half its life and one second at least, and another one
    is fetched after a 401 of the service. Threads and clients may share a source: one of them fetches, the
    others wait for the same token, or the same refusal.

    `username`, `password`, `client_id` and `client_secret` are texts or references such as EnvToken(name)
    and FileToken(path); pickle carries the references only. `on_response` is called with each TokenResponse
    before it is evaluated. `allow_http` lets the password go in clear to another machine. `configuration` is
    that of a fetch outside of a client. `middleware` is around the requests for tokens, which do not pass
    that of a configuration: their body is the password. `now` is the clock, in seconds.

    Raises ApiValueError for an argument that cannot be used. A call for which there is no token raises
    AuthenticationError with the status of the token endpoint, 0 without a response, and its `error` and
    `error_description` in `data`; or ApiTimeoutError, if its own time is over first.
    """

    username: SecretSetting[TextSource] = SecretSetting()
    password: SecretSetting[TextSource] = SecretSetting()
    client_id: SecretSetting[TextSource] = SecretSetting()
    client_secret: SecretSetting[TextSource] = SecretSetting()

    _pid: int
    _lock: threading.Lock
    _fetch_under_way: Optional[_Fetch]
    _grant: Optional[_Grant]

    def __init__(
        self,
        token_url: str,
        username: TextSource,
        password: TextSource,
        client_id: TextSource,
        client_secret: TextSource,
        *,
        scope: str = "openid offline_access",
        leeway: float = 60,
        on_response: Optional[Callable[[TokenResponse], object]] = None,
        allow_http: bool = False,
        configuration: Optional[Configuration] = None,
        middleware: Sequence[Middleware] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = TokenEndpoint(
            token_url, allow_http=allow_http, on_response=on_response, middleware=middleware
        )
        self.username = _check_reference("username", username)
        self.password = _check_reference("password", password)
        self.client_id = _check_reference("client_id", client_id)
        self.client_secret = _check_reference("client_secret", client_secret)
        self.scope: str = exact(scope)
        encoded("scope", self.scope)
        self.leeway = leeway
        self.configuration = configuration
        self._now = now
        self._reset(None)

    def __call__(self) -> str:
        """Return a token, for use outside of a client.

        Raises AuthenticationError.
        """
        configuration = self.configuration or Configuration()
        client = RESTClientObject(configuration)
        try:
            return str.__str__(self.token(client.caller(self._endpoint.call(configuration))))
        finally:
            client.close()

    def token(self, caller: Caller, refused: Optional[str] = None) -> str:
        """Return a token for a call, other than `refused`.

        Raises AuthenticationError, and ApiTimeoutError when the time for the call is over.
        """
        if self._pid != os.getpid():
            self._reset(self._grant)  # after a fork: the threads of the parent do not run here
        while True:
            with self._lock:
                grant, fetch = self._grant, self._fetch_under_way
                if grant is not None and grant.token != refused and self._now() < grant.until:
                    return grant.token
                leads = fetch is None
                fetch = self._fetch_under_way = fetch or _Fetch()
            grant = self._lead(fetch, caller) if leads else self._wait(fetch, caller)
            if grant is not None:
                return grant.token

    # ── one fetch at a time ──

    def _reset(self, grant: Optional[_Grant]) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._fetch_under_way = None
        self._grant = grant

    def _lead(self, fetch: _Fetch, caller: Caller) -> _Grant:
        try:
            fetch.grant = self._fetch(caller)
            return fetch.grant
        except AuthenticationError as error:
            fetch.failure = error
            raise
        finally:
            with self._lock:
                self._grant = fetch.grant or self._grant
                self._fetch_under_way = None
            fetch.over.set()

    def _wait(self, fetch: _Fetch, caller: Caller) -> Optional[_Grant]:
        """Return the grant of another thread's fetch; None where that thread gave it up."""
        if fetch.leader == threading.get_ident():
            raise token_error("access_token: requested by what takes part in fetching it")
        left = caller.deadline.left()
        if not fetch.over.wait(None if left > threading.TIMEOUT_MAX else left):
            raise token_timeout(caller, "another thread is still fetching one")
        if fetch.failure is not None:
            raise copy.copy(fetch.failure) from fetch.failure.__cause__
        return fetch.grant

    # ── the two grants ──

    def _fetch(self, caller: Caller) -> _Grant:
        credentials = Secrets({name: _resolve(name, getattr(self, name)) for name in _CREDENTIALS})
        # Neither a user's name nor the client's id is a secret.
        secrets = [credentials["password"], credentials["client_secret"]]
        before = self._grant
        if before is not None and before.refresh_token is not None:
            secrets.append(before.refresh_token)
            renewing = {"grant_type": "refresh_token", "refresh_token": before.refresh_token}
            form = Secrets({**renewing, "scope": self.scope})
            client = _client_credential(credentials)
            response = self._endpoint.post(caller, "refresh_token", form, secrets, client)
            if not 400 <= response.status_code <= 499 or response.status_code == 429:
                return self._read_grant(response, secrets, before.refresh_token)
            # Refused, for whatever reason: begin again with the password.
            self._grant = before._replace(refresh_token=None)
        form = Secrets({"grant_type": "password", "scope": self.scope, **credentials})
        return self._read_grant(self._endpoint.post(caller, "fetch_token", form, secrets), secrets)

    def _read_grant(
        self, response: TokenResponse, secrets: Sequence[str], refresh_token: Optional[str] = None
    ) -> _Grant:
        """Return the grant in a response.

        Raises AuthenticationError.
        """
        if not 200 <= response.status_code <= 299:
            raise self._endpoint.refusal(response, "", secrets)
        fields = response.fields
        token = Hidden(strip_bearer(_text(fields, "access_token") or ""))
        if not token:
            raise self._endpoint.refusal(response, " without an access_token", secrets)
        try:
            check_header("access_token", token)
        except ApiValueError as error:
            raise self._endpoint.refusal(response, f", but {error}", secrets) from None
        # A refresh token stays valid where it is not replaced (RFC 6749, 6).
        next_refresh_token = _text(fields, "refresh_token") or refresh_token
        life = _lifetime(fields.get("expires_in"))
        return _Grant(token, self._now() + max(life - self.leeway, life / 2, 1.0), next_refresh_token)

    # ── copies and pickles ──

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._endpoint)!r})"

    def __copy__(self) -> OAuth2Password:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> OAuth2Password:
        return self  # copies of a client share the source, which fetches once

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _OF_THIS_PROCESS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._reset(None)


_CREDENTIALS = ("username", "password", "client_id", "client_secret")
_OF_THIS_PROCESS = ("_pid", "_lock", "_fetch_under_way", "_grant")


def _check_reference(name: str, value: object) -> Any:
    if isinstance(value, str):
        if not _can_be_sent(value):
            raise ApiValueError(f"{name} must be text that can be sent, and not empty")
    elif not callable(value):
        raise ApiValueError(f"{name} must be a str or a callable, not {type(value).__name__}")
    return value


def _resolve(name: str, source: TextSource) -> str:
    text = Hidden(exact(source)) if isinstance(source, str) else call_source(name, source)
    if not _can_be_sent(text):
        raise token_error(f"{name} is no text that can be sent")
    return text


def _can_be_sent(value: str) -> bool:
    try:
        return bool(value.encode())
    except UnicodeEncodeError:  # a half of a surrogate pair
        return False


def _client_credential(credentials: Secrets) -> Credential:
    """Return the credential of the client (RFC 6749, 2.3.1): both parts are encoded as in a form."""
    pair = f"{quote_plus(credentials['client_id'])}:{quote_plus(credentials['client_secret'])}"
    return Credential("header", "Authorization", Hidden(f"Basic {b64encode(pair.encode()).decode()}"))


def _text(fields: Secrets, name: str) -> Optional[str]:
    value = fields.get(name)
    return Hidden(value) if isinstance(value, str) and value else None


def _lifetime(expires_in: object) -> float:
    """Return the life of a token in seconds; the default where it is not a number."""
    try:
        seconds = float(cast(Any, expires_in))
    except (TypeError, ValueError, OverflowError):
        return _DEFAULT_LIFETIME
    return _DEFAULT_LIFETIME if isinstance(expires_in, bool) or math.isnan(seconds) else seconds

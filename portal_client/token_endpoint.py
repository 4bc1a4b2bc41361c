"""The token endpoint of an OAuth2 server: it is sent a form, and returns tokens or a refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional, cast
from urllib.parse import urlencode

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from portal_client.configuration import Configuration
from portal_client.credential import Credential, token_error
from portal_client.exceptions import ApiException, ApiTimeoutError, ApiValueError, AuthenticationError
from portal_client.middleware import Middleware, check_middleware, everywhere
from portal_client.pasted import url_hint
from portal_client.randomness import new_id
from portal_client.request import Caller, HTTPRequest, Origin
from portal_client.secret import HiddenBytes, Secrets
from portal_client.text import masked, printable, shortened
from portal_client.transport.proxies import is_loopback
from portal_client.transport.retry import MAX_WAIT_SECONDS, retry_after

#: How often a form is sent again after a 429.
_MAX_REPEATS = 5
#: In bytes.
_MAX_RESPONSE_SIZE = 1024 * 1024
#: In characters, of a text of the endpoint in an error.
_MAX_TEXT_LENGTH = 300
#: The codes of a refusal (RFC 6749, 4.1.2.1 and 5.2); none of them is a secret, whatever the password.
_REFUSALS = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client"),
        *("unsupported_grant_type", "unsupported_response_type", "access_denied", "server_error"),
        "temporarily_unavailable",
    }
)
_NOT_IN_A_URL = re.compile(r"[<>\"{}|^`\s\\\x00-\x1f\x7f]")


@dataclass(slots=True)
class TokenResponse:
    """A response of the token endpoint, of any status; its repr shows the status alone, not the tokens."""

    status_code: int
    headers: Any = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body decoded.

        Raises ValueError where it is not JSON.
        """
        return json.loads(self.content)

    @property
    def fields(self) -> Secrets:
        """The fields of the body, hidden; none where it is not a JSON object."""
        try:
            named = self.json()
        except (ValueError, RecursionError):
            named = None
        return Secrets(cast("dict[str, Any]", named) if isinstance(named, dict) else {})


class TokenEndpoint:
    """The URL that forms are sent to; `on_response` is called with each response before it is evaluated.

    `middleware` is around its requests. Raises ApiValueError for a URL that cannot be used, one that sends
    passwords in clear included.
    """

    def __init__(
        self,
        token_url: str,
        *,
        allow_http: bool = False,
        on_response: Optional[Callable[[TokenResponse], object]] = None,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        url = _check_url(token_url)
        self._origin, self._target = Origin.of(url), url.request_uri
        if url.scheme == "http" and not allow_http and not is_loopback(self._origin.host):
            raise ApiValueError(
                f"token_url: {self} would get the password in clear; "
                "use https, or say allow_http=True where the network itself is private"
            )
        self.on_response = on_response
        self._middleware = check_middleware("middleware", middleware)

    def __str__(self) -> str:
        return f"{self._origin}{self._target.partition('?')[0]}"

    def call(self, configuration: Configuration) -> HTTPRequest:
        """Return a call that needs nothing but a token, with the limits of a configuration."""
        c = configuration
        return HTTPRequest(
            operation="fetch_token",
            method="POST",
            origin=self._origin,
            target=self._target,
            headers={},
            body=None,
            credential=None,
            request_id="",
            timeouts=c.timeout,
            retries=c.retries,
            rate_limit_retries=0,
            idempotent=True,
            max_response_size=_MAX_RESPONSE_SIZE,
            hooks=c.observers(),
            logger=c.logger["package_logger"],
        )

    def post(
        self,
        caller: Caller,
        operation: str,
        form: Mapping[str, str],
        secrets: Sequence[str],
        credential: Optional[Credential] = None,
    ) -> TokenResponse:
        """Send a form, again after 429, and return the last response; no error shows the secrets in it.

        Raises AuthenticationError without a response, ApiTimeoutError when the caller's time is over.
        """
        request = replace(self._request(caller.request, operation, form, credential), secrets=secrets)
        for repeat in range(1, 1 if request.retries is False else _MAX_REPEATS + 1):
            response = self._send(caller, request)
            pause = _pause(response, repeat)
            if pause is None:
                return response
            if pause >= caller.deadline.left():
                raise token_timeout(caller, f"{self} asks to wait {pause:g} s")
            caller.sleep(pause)
        return self._send(caller, request)

    def _request(
        self, call: HTTPRequest, operation: str, form: Mapping[str, str], credential: Optional[Credential]
    ) -> HTTPRequest:
        """Return a request with the limits of the call that needs it."""
        request_id = new_id()
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Request-ID": request_id,
        }
        return replace(
            call,
            operation=operation,
            method="POST",
            origin=self._origin,
            target=self._target,
            headers=headers | {k: v for k, v in call.headers.items() if k.lower() == "user-agent"},
            body=HiddenBytes(urlencode(form).encode()),
            credential=credential,
            request_id=request_id,
            retries=False if call.retries is False else None,
            rate_limit_retries=0,
            # A second request gets a second token; a refresh token that a lost response used up is refused.
            idempotent=True,
            max_response_size=_MAX_RESPONSE_SIZE,
            middleware=(*self._middleware, *everywhere),
            ids=dict,
            prompts=False,
            follows=False,  # the password goes nowhere else, and no token comes from there
        )

    def _send(self, caller: Caller, request: HTTPRequest) -> TokenResponse:
        deadline = caller.deadline
        try:
            raw = caller.send(replace(request, timeouts=deadline.limits._replace(total=deadline.left())))
        except ApiException as error:
            if isinstance(error, ApiTimeoutError) and deadline.over:
                raise token_timeout(caller, f"no response from {self}") from error
            raise token_error(f"no token: {error.reason}") from error
        response = TokenResponse(raw.status, raw.headers, raw.data)
        if self.on_response is not None:
            try:
                self.on_response(response)
            except AuthenticationError:
                raise
            except Exception as error:
                raise token_error(f"no token: on_response raised {type(error).__name__}") from error
        return response

    def refusal(self, response: TokenResponse, why: str, secrets: Iterable[str]) -> AuthenticationError:
        """Return the error that a response stands for, without the secrets that were sent."""
        fields = response.fields
        error = fields.get("error")
        data = {
            "error": error if isinstance(error, str) and error in _REFUSALS else _safe(error, secrets),
            "error_description": _safe(fields.get("error_description"), secrets),
        }
        details = "".join(f": {text}" for text in data.values() if text)
        if response.status_code // 100 == 3:
            why = f", a redirect that was not followed{why}"
        content_type = _safe(response.headers.get("content-type"), secrets)
        if content_type:
            details = f"{details} ({content_type})"
        return AuthenticationError(
            status=response.status_code,
            reason=f"no token: {self} returned {response.status_code}{why}{details}",
            data={name: text for name, text in data.items() if text} or None,
            retry_after=retry_after(response.headers),
            request_sent=False,
        )


def token_timeout(caller: Caller, why: str) -> ApiTimeoutError:
    """Return the error of a call whose time is over before there is a token for it."""
    call, total = caller.request, caller.deadline.limits.total
    return ApiTimeoutError(
        reason=f"{call.operation}, {call.method} {call.url}: the {total:g} s for the call are not enough "
        f"for a token: {why} (nothing was sent)",
        request_id=call.request_id,
        request_sent=False,
    )


def _pause(response: TokenResponse, repeat: int) -> Optional[float]:
    """Return the seconds to wait before a request is repeated; None where it is not."""
    if response.status_code != 429:
        return None
    wait = retry_after(response.headers)
    pause = 2.0**repeat if wait is None else wait
    return pause if pause <= MAX_WAIT_SECONDS else None


def _check_url(token_url: str) -> Url:
    url = _parsed(token_url)
    if url is None:
        raise ApiValueError(
            "token_url must be a URL such as https://example.com/token, without credentials or fragment"
            + url_hint(token_url, _parsed)
        )
    return url


def _parsed(token_url: str) -> Optional[Url]:
    try:
        url = parse_url(token_url)
    except (LocationParseError, TypeError, AttributeError):
        return None
    if url.scheme not in ("http", "https") or not url.host or url.port == 0:
        return None
    return None if url.auth or url.fragment is not None or _NOT_IN_A_URL.search(token_url) else url


def _safe(text: object, secrets: Iterable[str]) -> str:
    """Return a text of the endpoint as an error may hold it: printable, not too long, without secrets."""
    if not isinstance(text, str):
        return ""
    return shortened(printable(masked(text, secrets)).strip(), _MAX_TEXT_LENGTH)

"""The errors that a call can raise.

OpenApiException
├── ApiTypeError(TypeError) · ApiValueError(ValueError)
├── ApiKeyError(KeyError) · ApiAttributeError(AttributeError)
└── ApiException                   status, reason, headers, body, data, retry_after,
    │                              request_sent, safe_to_repeat, request_id, call
    ├── BadRequestException 400 · UnauthorizedException 401 · ForbiddenException 403
    │   NotFoundException 404 · ConflictException 409
    ├── UnprocessableEntityException 422         data: HTTPValidationError
    ├── TooManyRequestsException 429
    ├── ServiceException 5xx
    ├── ApiConnectionError(ConnectionError)      no response, or only a part of one
    │   ├── ApiTimeoutError(TimeoutError) ── WaitTimeout     session_id, session
    │   └── ApiStreamError                       events: how many were read before the cut
    │       └── ApiStreamTimeout(ApiTimeoutError)    silent for too long
    ├── ApiResponseError(ValueError)             a 2xx of another type than declared; line, line_number
    ├── AuthenticationError(ValueError)          no token could be fetched
    └── SessionFailed                            session_id, session

Wrong arguments are pydantic's ValidationError, settings and options that cannot be used ApiValueError, a
missing file FileNotFoundError, all before anything is sent; all else an ApiException. Each survives pickle.
"""

from __future__ import annotations

from portal_client.display import DisplayedError
from portal_client.text import masked, masked_data, occurring, printable, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Optional, Union

    from portal_client.call import Call
    from portal_client.session_state import SessionState

#: Characters of a server's body or headers in the text of an error, and of its reason.
_MAX_TEXT_LENGTH = 4000
_MAX_REASON_LENGTH = 1000


class OpenApiException(Exception):
    """The root of all errors that this package raises itself."""

    def __reduce__(self) -> tuple[Callable[..., OpenApiException], tuple[Any, ...]]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[OpenApiException], args: tuple[Any, ...], state: dict[str, Any]) -> OpenApiException:
    # Not through the constructor, which may need arguments that `args` does not hold.
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class _AtPath(OpenApiException):
    """An error in data, with the path to its place."""

    def __init__(
        self, msg: str, path_to_item: Optional[Sequence[Union[str, int]]] = None, **described: Any
    ) -> None:
        self.path_to_item: Optional[list[Union[str, int]]] = list(path_to_item) if path_to_item else None
        self.__dict__.update(described)
        where = "".join(f"[{step!r}]" for step in path_to_item or ())
        super().__init__(f"{msg} at {where}" if where else msg)


class ApiTypeError(_AtPath, TypeError):
    """A value of the wrong type."""


class ApiValueError(_AtPath, ValueError):
    """A value of the right type that cannot be used."""


class ApiKeyError(_AtPath, KeyError):
    """A missing key."""

    def __str__(self) -> str:
        return Exception.__str__(self)  # KeyError would print the message in quotes


class ApiAttributeError(_AtPath, AttributeError):
    """A missing attribute."""


class ApiException(DisplayedError, OpenApiException):
    """A call that failed after its arguments were accepted.

    `status` is 0 when there was no response. `body` is the response's text; `data` is that text decoded:
    the declared error model (422), else the JSON value, else None. `retry_after` is the wait in seconds that
    the server asks for, or None. `request` names operation, method and URL. `request_id` is the server's
    X-Request-ID, or the one that was sent. `call` describes the attempts, their times and bytes, with a curl
    command to repeat the call by hand; None before the first attempt.

    `request_sent` says whether the server may have seen the request: when it is False, nothing of it was
    written. `safe_to_repeat` says whether the request certainly had no effect: nothing was written, or each
    attempt was refused, by a 4xx other than 408 or by a redirect that keeps the method.

    `reason` and the text of the error hold no control characters, and *** in place of the call's credentials,
    should the server repeat them; so does a pickled error. `body`, `headers` and `data` are as they came.
    """

    #: The credentials of the call that the response holds.
    _secrets: Sequence[str] = ()
    #: Whether the next call may succeed, where that was decided in another process, which knew the cause.
    may_pass: Optional[bool] = None
    #: The Branches so far, where `SessionsApi.branches` raises the error.
    branches: Any = None

    def __init__(
        self,
        status: Optional[int] = None,
        reason: Optional[str] = None,
        http_resp: Any = None,
        *,
        headers: Optional[Mapping[str, str]] = None,
        body: Optional[str] = None,
        data: Any = None,
        retry_after: Optional[float] = None,
        request_id: Optional[str] = None,
        request_sent: bool = True,
        safe_to_repeat: Optional[bool] = None,
        request: Optional[str] = None,
        call: Optional[Call] = None,
        secrets: Sequence[str] = (),
    ) -> None:
        if http_resp is not None:
            status = http_resp.status if status is None else status
            reason = http_resp.reason if reason is None else reason
            headers = http_resp.headers if headers is None else headers
            body = http_resp.data.decode("utf-8", "replace") if body is None else body
        if isinstance(reason, str):
            reason = shortened(printable(masked(reason, secrets)), _MAX_REASON_LENGTH)
        self.status: int = status or 0
        self.reason: Optional[str] = reason
        self.headers: Optional[Mapping[str, str]] = headers
        self.body: Optional[str] = body
        self.data: Any = data
        self.retry_after: Optional[float] = retry_after
        self.request_id: Optional[str] = request_id
        self.request_sent: bool = request_sent
        self.safe_to_repeat: bool = not request_sent if safe_to_repeat is None else safe_to_repeat
        self.request: Optional[str] = request
        self.call: Optional[Call] = call
        self._keep_repeated(f"{headers or ''} {body} {data} {request_id}", secrets)
        super().__init__(self.status, self.reason)
        self.args: tuple[Any, ...] = (self.status, self.reason)  # OSError.__new__ leaves them empty

    def _keep_repeated(self, text: Union[str, bytes, None], secrets: Sequence[str]) -> None:
        """Keep the secrets that the response holds: they are masked in the text of the error."""
        found = occurring(text.decode("utf-8", "replace") if isinstance(text, bytes) else text or "", secrets)
        if found:
            self._secrets = (*self._secrets, *found)

    @property
    def repeats_credentials(self) -> bool:
        """Whether the response holds credentials of the call."""
        return bool(self._secrets)

    def __str__(self) -> str:
        lines = [self._first_lines()]
        if self.headers:
            headers = self.headers
            if any(name.lower() == "set-cookie" for name in headers):  # which others could log in with
                headers = {k: "..." if k.lower() == "set-cookie" else v for k, v in headers.items()}
            lines.append(f"HTTP response headers: {self._printable(str(headers))}")
        if self.body:
            lines.append(f"HTTP response body: {self._printable(self.body)}")
        if self.request:
            lines.append(f"Request: {self.request}")
        if self.request_id:
            lines.append(f"Request id: {self._printable(self.request_id)}")
        return "\n".join((*lines, ""))

    def _first_lines(self) -> str:
        # Logs show the first line alone: the reason, where the status does not name the error.
        if self.status not in range(300):
            return f"({self.status})\nReason: {self.reason}"
        first = self.reason or f"({self.status})"
        return f"{first}\nHTTP status: {self.status}" if self.status else first

    def _printable(self, text: str) -> str:
        """Return a text of the server: printable, cut, without credentials."""
        plain = masked(text, self._secrets).replace("\r\n", "\n")
        cut = shortened(printable(plain[: _MAX_TEXT_LENGTH + 1], keep="\n\t"), _MAX_TEXT_LENGTH)
        return f"{cut} ({len(text)} characters)" if len(plain) > _MAX_TEXT_LENGTH else cut

    def __reduce__(self) -> tuple[Callable[..., OpenApiException], tuple[Any, ...]]:
        state = {name: value for name, value in vars(self).items() if name != "_secrets"}
        if self._secrets:
            state = {name: masked_data(value, self._secrets) for name, value in state.items()}
        return _rebuild, (type(self), self.args, state)


class BadRequestException(ApiException):
    """400: the server cannot read the request."""


class UnauthorizedException(ApiException):
    """401: the token is missing, wrong or expired."""


class ForbiddenException(ApiException):
    """403: the token is valid, but does not permit this."""


class NotFoundException(ApiException):
    """404: there is no such session or agent."""


class ConflictException(ApiException):
    """409: the session is in a state that does not allow this, for example Running."""


class UnprocessableEntityException(ApiException):
    """422: the server refused an argument; `data` is an HTTPValidationError that names it."""


class TooManyRequestsException(ApiException):
    """429: too many requests; `retry_after` is the wait in seconds, if the server names one."""


class ServiceException(ApiException):
    """5xx: the server failed."""


class ApiConnectionError(ApiException, ConnectionError):
    """No response, or only a part of one: refused, unresolvable, reset, cut off, TLS failed."""


class ApiTimeoutError(ApiConnectionError, TimeoutError):
    """The time for the call was over; the server may still act on what was sent."""


class WaitTimeout(ApiTimeoutError):
    """The wait for a session was over; the session itself goes on.

    `session_id` names it, `session` is its last known state or None.
    """

    session_id: str
    session: Optional[SessionState] = None


class ApiStreamError(ApiConnectionError):
    """A stream of events was cut; `events` is the number of those read before."""

    events: int = 0


class ApiStreamTimeout(ApiStreamError, ApiTimeoutError):
    """A stream of events was silent for too long."""


class ApiResponseError(ApiException, ValueError):
    """A successful status with a body of another type than the operation declares, or one that is too large.

    In a stream of events `line` is the line that is not a valid event; `line_number` counts from 1.
    """

    def __init__(
        self, *args: Any, line: Optional[bytes] = None, line_number: int = 0, **described: Any
    ) -> None:
        super().__init__(*args, **described)
        self.line: Optional[bytes] = line
        self.line_number: int = line_number
        self._keep_repeated(line, described.get("secrets", ()))


class AuthenticationError(ApiException, ValueError):
    """No token could be fetched, so nothing was sent; `status` is that of the token endpoint, or 0."""

    def _first_lines(self) -> str:
        return self.reason or super()._first_lines()


class SessionFailed(ApiException):
    """The agent failed; `session_id` names its session, `session` is that in status Error."""

    session_id: str
    session: SessionState


_BY_STATUS = {
    400: BadRequestException,
    401: UnauthorizedException,
    403: ForbiddenException,
    404: NotFoundException,
    409: ConflictException,
    422: UnprocessableEntityException,
    429: TooManyRequestsException,
}


def error_for(status: int) -> type[ApiException]:
    """Return the class of the error for a status."""
    return _BY_STATUS.get(status) or (ServiceException if 500 <= status <= 599 else ApiException)

"""An exchange of a cassette: a call, and its response or how that failed to come; and both as JSON."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from urllib3.exceptions import HTTPError, ProtocolError

from portal_client.exceptions import ApiConnectionError, ApiTimeoutError
from portal_client.middleware import MiddlewareResponse
from portal_client.text import masked_data
from portal_testing.calls import Call, SentFile

#: The headers of a response that are kept; each other one may be a secret, or differ from day to day.
_KEPT = (
    "allow",
    "content-disposition",
    "content-language",
    "content-type",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "www-authenticate",
)

_STREAMS = ("application/x-ndjson", "text/event-stream")


@dataclass(eq=False)
class Exchange:
    """A call, and what came of it: `status`, `headers` and `body`, or a `failure`.

    A failure is "timeout" or "connection", with `sent` whether the server may have seen the request and
    `reason` in words; one with a status has cut the body. `used` counts how often it was replayed.
    """

    call: Call
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes | bytearray = b""
    failure: str = ""
    reason: str = ""
    sent: bool = True
    used: int = 0

    # ── recording ──

    def note(self, response: MiddlewareResponse) -> MiddlewareResponse:
        """Note a response, and return it; the events of a stream are noted as they are read."""
        self.headers = {name: value for name, value in response.headers.items() if name.lower() in _KEPT}
        if not self.is_stream:
            self.body = response.read()
            self.status = response.status
            return response
        self.status = response.status
        pieces = self._noting(response.blocks())
        return MiddlewareResponse(response.status, response.headers, pieces, response.reason)

    def note_failure(self, error: BaseException) -> None:
        """Note why there was no response, or only a part of one."""
        self.failure = "timeout" if isinstance(error, (ApiTimeoutError, TimeoutError)) else "connection"
        self.sent = getattr(error, "request_sent", True)
        cause = error.__cause__ or error
        self.reason = str(cause.args[-1] if isinstance(cause, HTTPError) and cause.args else cause)

    def _noting(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        noted = self.body = bytearray()
        try:
            for block in blocks:
                noted += block
                yield block
        except (HTTPError, OSError) as error:
            self.note_failure(error)
            raise

    @property
    def is_stream(self) -> bool:
        """Whether the response is a stream of events."""
        return self.media_type in _STREAMS

    @property
    def media_type(self) -> str:
        """The content type of the response, without its parameters."""
        kind = next((v for name, v in self.headers.items() if name.lower() == "content-type"), "")
        return kind.partition(";")[0].strip().lower()

    # ── replaying ──

    def replayed(self) -> MiddlewareResponse:
        """Return the response. Raises ApiConnectionError where the request was not even sent."""
        if self.failure and not self.sent:
            kind = ApiTimeoutError if self.failure == "timeout" else ApiConnectionError
            raise kind(reason=self.reason, request_sent=False)
        if not self.status:
            return _Lost(self._error())
        body = self._pieces() if self.failure or self.is_stream else bytes(self.body)
        return MiddlewareResponse(self.status, self.headers, body, request_sent=True)

    def _pieces(self) -> Iterator[bytes]:
        yield from bytes(self.body).splitlines(keepends=True)
        if self.failure:
            raise self._error()

    def _error(self) -> Exception:
        return TimeoutError(self.reason) if self.failure == "timeout" else ConnectionError(self.reason)

    # ── JSON ──

    @property
    def ended(self) -> bool:
        """Whether there is a response, or it is known why there is none."""
        return bool(self.status or self.failure)

    def masked(self, secrets: Sequence[str]) -> Exchange:
        """Return the exchange without secrets in a body that is no text: masking Base64 would spoil it."""
        try:
            self.body.decode()
        except UnicodeDecodeError:
            return replace(self, body=masked_data(bytes(self.body), secrets))
        return self

    def as_data(self) -> dict[str, Any]:
        """Return the exchange as JSON data."""
        call = self.call
        request: dict[str, Any] = {"operation": call.operation, "method": call.method, "path": call.path}
        given = {
            "query": call.query or None,
            "form": call.form or None,
            "body": call.body,
            "files": [_of_file(file) for file in call.files] or None,
        }
        request |= {name: value for name, value in given.items() if value is not None}
        data: dict[str, Any] = {"request": request}
        if self.status:
            data["response"] = {"status": self.status, "headers": self.headers, **_of_body(self)}
        if self.failure:
            data["failure"] = {"kind": self.failure, "sent": self.sent, "reason": self.reason}
        return data

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Exchange:
        """Return the exchange of JSON data. Raises KeyError, TypeError and ValueError for other data."""
        request, response, failure = data["request"], data.get("response"), data.get("failure")
        call = Call(  # what is no mapping has no items, and is refused here
            request["operation"],
            request["method"],
            request["path"],
            query=dict(request.get("query", {}).items()),
            form=dict(request.get("form", {}).items()),
            body=request.get("body"),
            files=[SentFile(**file, content=None) for file in request.get("files", ())],
        )
        exchange = cls(call)
        if response is None and failure is None:
            raise ValueError("it has neither a response nor a failure")
        if response is not None:
            exchange.status, exchange.headers = response["status"], dict(response["headers"].items())
            exchange.body = _body_of(response)
            MiddlewareResponse(exchange.status, exchange.headers)  # raises for what cannot be one
        if failure is not None:
            if failure["kind"] not in ("timeout", "connection"):
                raise ValueError(f"a failure is a timeout or a connection, not {failure['kind']!r}")
            exchange.failure, exchange.sent = failure["kind"], failure["sent"]
            exchange.reason = failure["reason"]
        return exchange


class _Lost(MiddlewareResponse):
    """A response that did not come, although the request was sent: there is nothing to read but an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(200, request_sent=True)
        self._error = ProtocolError(str(error), error)

    def read(self) -> bytes:
        raise self._error

    def blocks(self) -> Iterator[bytes]:
        raise self._error


def _of_file(file: SentFile) -> dict[str, Any]:
    names = ("argument", "name", "content_type", "size", "sha256")
    return {name: getattr(file, name) for name in names}


def _of_body(exchange: Exchange) -> dict[str, Any]:
    """Return a body as JSON, lines or text where it is that, and else in Base64."""
    body = exchange.body
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(body).decode()}
    if exchange.is_stream:
        return {"lines": text.splitlines(keepends=True)}
    if "json" in exchange.media_type and text:
        try:
            value = json.loads(text)
            if json.loads(json.dumps(value, allow_nan=False)) == value and _is_unicode(value):
                return {"json": value}
        except ValueError:
            pass
    return {"text": text} if text else {}


def _is_unicode(value: Any) -> bool:
    """Whether JSON data hold no half of a surrogate pair, which no file can."""
    return not re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False))


def _body_of(response: Mapping[str, Any]) -> bytes:
    if "json" in response:
        return json.dumps(response["json"], ensure_ascii=False).encode()
    if "lines" in response:
        return "".join(response["lines"]).encode()
    return b64decode(response["base64"]) if "base64" in response else response.get("text", "").encode()

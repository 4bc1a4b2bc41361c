"""The way out of a call: from checked arguments to an HTTPRequest; nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Optional, Union
from urllib.parse import urlencode

from urllib3.util import make_headers, parse_url

from portal_client.configuration import Configuration
from portal_client.credential import Credential, check_header, header_key
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.middleware import everywhere
from portal_client.multipart import Multipart
from portal_client.operation import JSON, MULTIPART, URLENCODED, Operation, Request
from portal_client.randomness import new_id
from portal_client.request import HTTPRequest, Origin
from portal_client.secret import PLAIN_HEADERS, Hidden
from portal_client.serialization import encoded, query_string, segment, to_json
from portal_client.timeouts import Timeouts

#: The codings that urllib3 can decode here.
_CODINGS = make_headers(accept_encoding=True)["accept-encoding"]

Body = Union[bytes, Multipart, None]


def prepare(
    request: Request, configuration: Configuration, defaults: Mapping[str, str], cookie: Optional[str]
) -> HTTPRequest:
    """Return a request as it goes over the wire; `defaults` are the client's headers.

    Raises ApiValueError for an option or header that cannot be used.
    """
    operation, options, c = request.operation, request.options, configuration
    body, content_type = _body(request)
    headers = _headers(operation, defaults, cookie, options.get("_headers") or {}, body, content_type)
    origin, prefix = _base(c.host)
    timeout, auth = options.get("_request_timeout"), options.get("_request_auth")
    retries = options.get("_retries")
    return HTTPRequest(
        operation=operation.name,
        method=operation.method,
        origin=origin,
        target=prefix + _target(request, c.safe_chars_for_path_param),
        headers=headers,
        body=body,
        credential=Credential.of(auth) if auth else c.credential if operation.secured else None,
        request_id=headers["X-Request-ID"],
        timeouts=c.timeout if timeout is None else Timeouts.of(timeout, c.timeout),
        retries=c.retries if retries is None else retries,
        rate_limit_retries=c.rate_limit_retries,
        idempotent=operation.idempotent,
        max_response_size=c.max_response_size,
        idle_timeout=options.get("idle_timeout"),
        hooks=c.observers(),
        middleware=(*c.middleware, *everywhere),
        logger=c.logger["package_logger"],
        ids=request.ids,
        prompts=operation.prompts,
    )


@lru_cache(maxsize=64)
def _base(host: str) -> tuple[Origin, str]:
    url = parse_url(host)
    return Origin.of(url), url.path or ""


def _target(request: Request, safe: str) -> str:
    target = request.operation.path
    for name, value in request.path.items():
        target = target.replace(f"{{{name}}}", segment(name, value, safe))
    query = query_string(request.query) if request.query else ""
    if added := request.options.get("_query"):
        query = "&".join(filter(None, (query, _added_query(request.operation, added))))
    return f"{target}?{query}" if query else target


def _added_query(operation: Operation, added: Mapping[str, Any]) -> str:
    own = [p.name for p in operation.parameters if p.place == "query"]
    for name in added:
        if not name or name in own:
            why = f"{name} is an argument of {operation.name}" if name else "a parameter must have a name"
            raise ApiValueError(f"_query: {why}")
    try:
        return query_string(added)
    except (ApiTypeError, ApiValueError) as error:
        raise type(error)(f"_query: {error}") from None


def _body(request: Request) -> tuple[Body, Optional[str]]:
    wanted = request.options.get("_content_type")
    consumes = request.operation.consumes
    content_type = wanted or consumes
    if consumes is None:
        if wanted:
            raise ApiValueError(f"_content_type: {request.operation.name} sends no body")
        return None, None
    media_type = str(content_type).lower()
    if consumes == JSON and "json" in media_type:
        return to_json(request.body), content_type
    if consumes != JSON and media_type == MULTIPART:
        form = Multipart(request.form, request.files)
        return form, form.content_type
    if consumes != JSON and media_type == URLENCODED:
        if request.files:
            raise ApiValueError(f"_content_type: files cannot be sent as {URLENCODED}")
        fields = [(name, encoded(name, text)) for name, text in request.form]
        return urlencode(fields).encode(), content_type
    raise ApiValueError(f"_content_type: {request.operation.name} cannot send {content_type!r}")


def _headers(
    operation: Operation,
    defaults: Mapping[str, str],
    cookie: Optional[str],
    given: Mapping[str, Any],
    body: Body,
    content_type: Optional[str],
) -> dict[str, str]:
    """Return the headers of the operation, overridden by the client's defaults, then by those of the call."""
    merged = {"x-request-id": ("X-Request-ID", new_id())}
    if operation.accept is not None:
        merged["accept"] = ("Accept", operation.accept)
    # Compression would delay events.
    coding = "identity" if operation.stream_of else _CODINGS
    merged["accept-encoding"] = ("Accept-Encoding", coding)
    if content_type is not None:
        merged["content-type"] = ("Content-Type", content_type)
    cookies = () if cookie is None else (("Cookie", cookie),)
    for name, value in (*defaults.items(), *cookies, *given.items()):
        key = header_key(name)
        if key == "content-type" and isinstance(body, Multipart):
            continue  # it holds the boundary
        text = check_header(name, str(value) if type(value) is int else value)
        if key not in PLAIN_HEADERS:
            text = Hidden(text)
        merged[key] = ("X-Request-ID" if key == "x-request-id" else name, text)
    return dict(merged.values())

"""A request as a command line, to try it by hand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote

from portal_client.multipart import Multipart
from portal_client.operation import URLENCODED
from portal_client.request import HTTPRequest
from portal_client.secret import PLAIN_HEADERS

_LEFT_OUT = "..."


def curl(request: HTTPRequest) -> str:
    """The command for a request: the token in it is `$TOKEN`, and `...` stands for what may be private."""
    method = [] if request.method == "GET" else ["-X", request.method]
    return " ".join(["curl", *method, _address(request), *_headers(request), *_body(request)])


def _address(request: HTTPRequest) -> str:
    query = _names_only(request.target.partition("?")[2])
    url = f"{request.url}?{query}" if query else request.url
    credential = request.credential
    if credential is not None and credential.place == "query":
        return _with_token(f"{url}{'&' if query else '?'}{quote(credential.key)}=")
    return shlex.quote(url)


def _headers(request: HTTPRequest) -> Iterator[str]:
    credential = request.credential
    elsewhere = {"accept-encoding", "content-type", "x-request-id"}
    if credential is not None and credential.place == "header":
        elsewhere.add(credential.key.lower())
    for name, value in request.headers.items():
        if name.lower() not in elsewhere:
            yield f"-H {shlex.quote(f'{name}: {value if name.lower() in PLAIN_HEADERS else _LEFT_OUT}')}"
    yield "--compressed"
    if credential is not None and credential.place == "header":
        bearer = callable(credential.value) or credential.value.startswith("Bearer ")
        yield f"-H {_with_token(f'{credential.key}: Bearer ' if bearer else f'{credential.key}: ')}"
    elif credential is not None and credential.place == "cookie":
        yield f"-b {_with_token(f'{credential.key}=')}"


def _body(request: HTTPRequest) -> Iterator[str]:
    body = request.body
    if isinstance(body, Multipart):
        yield from (f"-F {p.name}={'' if p.filename is None else '@'}{_LEFT_OUT}" for p in body.parts)
    elif body is not None:
        kind = next(value for name, value in request.headers.items() if name.lower() == "content-type")
        yield f"-H {shlex.quote(f'Content-Type: {kind}')}"
        yield f"-d {shlex.quote(_names_only(body.decode()) if kind == URLENCODED else _LEFT_OUT)}"


def _names_only(pairs: str) -> str:
    return "&".join(f"{pair.partition('=')[0]}={_LEFT_OUT}" for pair in pairs.split("&") if pair)


def _with_token(text: str) -> str:
    """A word for the shell that ends in the token."""
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{escaped}$TOKEN"'

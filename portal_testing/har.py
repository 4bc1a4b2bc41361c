"""Exchanges as an HTTP archive (HAR 1.2), which browsers and other tools open."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import urlencode

from portal_client import __version__
from portal_testing.calls import Call
from portal_testing.exchanges import Exchange

#: A cassette knows no times, and an archive must have one.
_WHEN = "1970-01-01T00:00:00.000Z"
_HTTP = "HTTP/1.1"


def archive(exchanges: Iterable[Exchange], base_url: str) -> dict[str, Any]:
    """Return the archive as JSON data; `base_url` is before each path."""
    entries = [_entry(exchange, base_url.rstrip("/")) for exchange in exchanges]
    creator = {"name": "portal-client", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _entry(exchange: Exchange, base_url: str) -> dict[str, Any]:
    return {
        "startedDateTime": _WHEN,
        "time": 0,
        "request": _request(exchange.call, base_url),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "comment": exchange.call.operation,
    }


def _pairs(arguments: dict[str, Any]) -> list[dict[str, str]]:
    return [{"name": name, "value": each} for name, value in arguments.items() for each in _listed(value)]


def _listed(value: Any) -> list[str]:
    return cast("list[str]", value) if isinstance(value, list) else [value]


def _request(call: Call, base_url: str) -> dict[str, Any]:
    query = _pairs(call.query)
    encoded = urlencode([(each["name"], each["value"]) for each in query])
    request: dict[str, Any] = {
        "method": call.method,
        "url": f"{base_url}{call.path}{f'?{encoded}' if encoded else ''}",
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": [],
        "queryString": query,
        "headersSize": -1,
        "bodySize": -1,
    }
    if call.body is not None:
        text = json.dumps(call.body, ensure_ascii=False)
        request["postData"] = {"mimeType": "application/json", "text": text}
    elif call.form or call.files:
        files = [
            {
                "name": file.argument,
                "fileName": file.name,
                "contentType": file.content_type,
                "comment": f"{file.size} bytes, SHA-256 {file.sha256}",
            }
            for file in call.files
        ]
        request["postData"] = {"mimeType": "multipart/form-data", "params": [*_pairs(call.form), *files]}
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    content: dict[str, Any] = {"size": len(exchange.body), "mimeType": exchange.media_type}
    try:
        content["text"] = exchange.body.decode()
    except UnicodeDecodeError:
        content |= {"text": b64encode(exchange.body).decode(), "encoding": "base64"}
    response: dict[str, Any] = {
        "status": exchange.status,
        "statusText": "",
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in exchange.headers.items()],
        "content": content,
        "redirectURL": next((v for name, v in exchange.headers.items() if name.lower() == "location"), ""),
        "headersSize": -1,
        "bodySize": len(exchange.body),
    }
    return response | ({"comment": exchange.reason} if exchange.failure else {})

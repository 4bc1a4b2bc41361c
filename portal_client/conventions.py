"""Names and values as the semantic conventions of OpenTelemetry have them, for calls and their attempts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Optional, Union
from urllib.parse import parse_qs, urlsplit

from portal_client.hooks import Attempt
from portal_client.multipart import Multipart

Attributes = dict[str, Union[str, int]]

SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
#: In seconds, as the conventions have them.
SECONDS_OF_CALLS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
SECONDS_OF_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

#: The attributes of arguments.
IDS = {"agent_id": "gen_ai.agent.id", "session_id": "gen_ai.conversation.id"}

_PORTS = {"http": 80, "https": 443}


def name_of(attempt: Attempt) -> str:
    """Return the name of the span of a call."""
    if not attempt.prompts:
        return attempt.operation
    return f"invoke_agent {attempt.ids.get('agent_id', '')}".rstrip()


@lru_cache(maxsize=256)
def _server_of(origin: str) -> Attributes:
    url = urlsplit(origin)
    return {"server.address": url.hostname or "", "server.port": url.port or _PORTS[url.scheme]}


def server(url: str) -> Attributes:
    """Return the attributes of the server of a URL; they are shared, and not to be changed."""
    return _server_of("/".join(url.split("/", 3)[:3]))


def shown_url(url: str) -> str:
    """Return a URL without the values of its query."""
    path, found, query = url.partition("?")
    names = (pair.partition("=")[0] for pair in query.split("&"))
    return f"{path}?{'&'.join(f'{name}=REDACTED' for name in names)}" if found else path


def length_of(body: Union[bytes, Multipart, None]) -> Optional[int]:
    """Return the bytes of a body, None where there is none, or it is a stream."""
    return body.length if isinstance(body, Multipart) else None if body is None else len(body)


def prompt_in(body: Union[bytes, Multipart, None]) -> Optional[str]:
    """Return the prompt in a body, None where there is none."""
    fields: Mapping[str, Any]
    if isinstance(body, Multipart):
        fields = {part.name: b"".join(part.blocks()).decode() for part in body.parts if part.filename is None}
    elif body is None:
        return None
    elif body.startswith(b"{"):
        fields = json.loads(body)
    else:
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    prompt: Optional[str] = fields.get("text_prompt", fields.get("prompt"))
    return prompt


def messages(role: str, content: str, **more: str) -> str:
    """Return a message as the conventions write them."""
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": content}], **more}])

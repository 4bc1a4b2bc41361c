"""What an operation puts on the wire and makes of the response, in all its call forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from portal_client.api_response import ApiResponse
from portal_client.endpoint import Api
from portal_client.exceptions import ApiException
from support.clients import TOKEN, calling, closes
from support.scripted import Answer, reply

AGENT: dict[str, Any] = {
    "id": "a1",
    "name": "Ada",
    "assistant_id": "asst_a1",
    "assistant_nickname": "Ada",
    "welcome_message": "Hello",
    "user_initial_message": "",
    "icon": "ada",
    "visibility_requirements": ["business"],
}


@dataclass(frozen=True)
class Case:
    """A call of an operation: the request that it makes, and a response with the data that it holds."""

    method: str
    target: str
    response: Any
    data: Any
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    secured: bool = True

    @property
    def answer(self) -> bytes:
        """The response as bytes."""
        return reply(self.response)


def operations_of(api: type[Api]) -> set[str]:
    """The names of the operations of a class."""
    suffix = "_with_http_info"
    return {name.removesuffix(suffix) for name in dir(api) if name.endswith(suffix)}


def check_forms(api: type[Api], name: str, case: Case) -> None:
    """Call an operation in its three forms, by name and by position, and compare both sides."""
    with calling(case.answer) as c:
        operations = api(c.client)
        data = getattr(operations, name)(**case.arguments)
        by_position = getattr(operations, name)(*case.arguments.values())
        whole: ApiResponse[Any] = getattr(operations, f"{name}_with_http_info")(**case.arguments)
        raw = getattr(operations, f"{name}_without_preload_content")(**case.arguments)
        content = raw.data

    assert data == by_position == whole.data == case.data
    assert type(data) is type(case.data)
    assert (whole.status_code, raw.status) == (200, 200)
    assert whole.raw_data == content == case.answer.partition(b"\r\n\r\n")[2]
    assert len(c.server.requests) == 4
    for request in c.server.requests:
        assert (request.method, request.target) == (case.method, case.target)
        assert request.headers["Authorization"] == (f"Bearer {TOKEN}" if case.secured else None)
        assert request.headers["Accept"] == "application/json"
        assert request.headers["Content-Type"] == ("application/json" if case.body else None)
        assert (json.loads(request.body) if request.body else None) == case.body


def check_repetition(api: type[Api], name: str, case: Case) -> None:
    """See a GET repeated after a lost connection and after a 503, and all else sent once."""
    faults: list[tuple[Answer, int]] = [(closes, 0), (reply({}, status=503, Retry_After="0"), 503)]
    for fault, status in faults:
        with calling(fault, case.answer) as c:
            call = getattr(api(c.client), name)
            if case.method == "GET":
                assert call(**case.arguments) == case.data
            else:
                with pytest.raises(ApiException) as raised:
                    call(**case.arguments)
                assert (raised.value.status, raised.value.request_sent) == (status, True)

        assert len(c.server.requests) == (2 if case.method == "GET" else 1)

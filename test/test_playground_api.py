"""The playground: two operations, each in its three forms."""

from __future__ import annotations

import pytest

from portal_client import (
    PlaygroundAgent,
    PlaygroundAgentsResponse,
    PlaygroundApi,
    PlaygroundUpdateAgentsRequest,
)
from support.clients import calling
from support.operations import Case, check_forms, check_repetition, operations_of
from support.scripted import reply

AGENTS = [{"id": "p1", "name": "Ada", "icon": "a", "assistant_id": "x", "instructions": "Be brief."}]
LIST = {"agents": AGENTS}
RESPONSE = PlaygroundAgentsResponse(agents=[PlaygroundAgent(**AGENTS[0])])
CASES = {
    "get_playground_agents": Case("GET", "/playground/agents", LIST, RESPONSE),
    "update_playground_agents": Case(
        "PUT",
        "/playground/agents",
        LIST,
        RESPONSE,
        {
            "playground_update_agents_request": PlaygroundUpdateAgentsRequest(
                agents=[PlaygroundAgent(**AGENTS[0])]
            )
        },
        LIST,
    ),
}


def test_all_operations_are_here() -> None:
    assert operations_of(PlaygroundApi) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    check_forms(PlaygroundApi, name, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_reading_is_repeated_and_all_else_is_sent_once(name: str) -> None:
    check_repetition(PlaygroundApi, name, CASES[name])


def test_an_empty_list_is_sent_as_such() -> None:
    with calling(reply({"agents": []})) as c:
        request = PlaygroundUpdateAgentsRequest(agents=[])
        assert PlaygroundApi(c.client).update_playground_agents(request).agents == []

    assert c.server.requests[0].body == b'{"agents":[]}'

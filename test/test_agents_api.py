"""The agents that one can talk to: two operations, each in its three forms."""

from __future__ import annotations

import pytest

from portal_client import Agent, AgentsApi, AgentsResponse, ApiValueError
from support.clients import calling
from support.operations import AGENT, Case, check_forms, check_repetition, operations_of
from support.scripted import reply

CASES = {
    "get_agents": Case("GET", "/agents", {"agents": [AGENT]}, AgentsResponse(agents=[Agent(**AGENT)])),
    "get_agent": Case("GET", "/agents/a1", AGENT, Agent(**AGENT), {"agent_id": "a1"}),
}


def test_all_operations_are_here() -> None:
    assert operations_of(AgentsApi) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_call_form(name: str) -> None:
    check_forms(AgentsApi, name, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_reading_is_repeated(name: str) -> None:
    check_repetition(AgentsApi, name, CASES[name])


@pytest.mark.parametrize("agent_id", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_refused(agent_id: str) -> None:
    with calling(reply(AGENT)) as c, pytest.raises(ApiValueError, match="agent_id"):
        AgentsApi(c.client).get_agent(agent_id)

    assert c.server.requests == []


def test_an_id_is_one_segment_of_the_path() -> None:
    with calling(reply(AGENT)) as c:
        AgentsApi(c.client).get_agent("a/b?c")

    assert c.server.requests[0].target == "/agents/a%2Fb%3Fc"


def test_a_new_field_is_kept() -> None:
    with calling(reply({"agents": [AGENT | {"mood": "good"}]})) as c:
        (agent,) = AgentsApi(c.client).get_agents().agents

    assert agent.additional_properties == {"mood": "good"}
    assert agent.to_dict() == AGENT | {"mood": "good"}

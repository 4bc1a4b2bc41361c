"""The routes of agents."""

from typing import Annotated

from fastapi import Path

from portal_sandbox import responses, wire
from portal_sandbox.auth import CurrentUser, ThisService
from portal_sandbox.errors import NoSuchAgent
from portal_sandbox.portal import views
from portal_sandbox.routing import tagged
from portal_sandbox.service import Service

router = tagged("Agents")

AgentId = Annotated[str, Path(description="The agent, as `Agent.id` names it")]


@router.get(
    "/agents/{agent_id}",
    summary="Get one agent",
    response_description="The agent",
    responses={**responses.TO_PASS, **responses.NO_AGENT},
)
async def get_agent(service: ThisService, user: CurrentUser, agent_id: AgentId) -> wire.Agent:
    """Its name, its icon and the texts that begin a conversation with it."""
    check_agent(service, agent_id)
    return views.agent(agent_id, service.agents[agent_id])


@router.get(
    "/agents",
    summary="List the agents that the caller can talk to",
    response_description="The agents",
    responses=responses.TO_CALL,
)
async def get_agents(service: ThisService, user: CurrentUser) -> wire.AgentsResponse:
    """Their order is the service's own.

    The `id` of an agent is what the other operations take as `agent_id`.
    """
    return wire.AgentsResponse(agents=[views.agent(*each) for each in service.agents.items()])


def check_agent(service: Service, agent_id: str) -> None:
    """Raise NoSuchAgent where no agent has this id."""
    if agent_id not in service.agents:
        raise NoSuchAgent(agent_id, service.agents)

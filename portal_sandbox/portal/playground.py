"""The routes of the playground: a list of agents for each user."""

from typing import Annotated

from fastapi import Body

from portal_sandbox import responses, wire
from portal_sandbox.auth import CurrentUser, ThisService
from portal_sandbox.portal import views
from portal_sandbox.routing import invalid, tagged
from portal_sandbox.tables import PlaygroundRow

router = tagged("Playground")


@router.get(
    "/playground/agents",
    summary="List the caller's agents of the playground with their instructions",
    response_description="The agents of the playground",
    responses=responses.TO_CALL,
)
def get_playground_agents(service: ThisService, user: CurrentUser) -> wire.PlaygroundAgentsResponse:
    """The playground is for trying out instructions."""
    with service.store.database.reading() as db:
        row = db.get(PlaygroundRow, user)
    if row is not None:
        return wire.PlaygroundAgentsResponse.model_validate({"agents": row.agents})
    return wire.PlaygroundAgentsResponse(agents=[views.playground_agent(each) for each in service.agents])


@router.put(
    "/playground/agents",
    summary="Replace the caller's list of playground agents",
    response_description="The agents of the playground as they are now",
    responses={**responses.TO_CALL, **responses.SAME_ID},
)
def update_playground_agents(
    service: ThisService,
    user: CurrentUser,
    request: Annotated[
        wire.PlaygroundUpdateAgentsRequest, Body(description="The agents that make up the new list")
    ],
) -> wire.PlaygroundAgentsResponse:
    """The whole list is replaced by that of the body; an empty one leaves none."""
    if len({agent.id for agent in request.agents}) < len(request.agents):
        raise invalid("body", "agents", "Agents should have different ids", "value_error")
    agents = request.model_dump()["agents"]
    with service.store.database.writing() as db:
        db.merge(PlaygroundRow(user_id=user, agents=agents))
    return wire.PlaygroundAgentsResponse(agents=request.agents)

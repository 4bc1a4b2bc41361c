"""The routes of reports, which are made of the caller's sessions."""

from portal_sandbox import responses, wire
from portal_sandbox.auth import CurrentUser, ThisService
from portal_sandbox.portal import views
from portal_sandbox.portal.agents import AgentId, check_agent
from portal_sandbox.routing import tagged

router = tagged("Reports")


@router.get(
    "/reports/{agent_id}",
    summary="Get the report that an agent has prepared",
    response_description="The report",
    responses={**responses.TO_PASS, **responses.NO_AGENT},
)
def get_report(service: ThisService, user: CurrentUser, agent_id: AgentId) -> wire.Report:
    """A text, and tables with rows of values. Reading it does not run the agent."""
    check_agent(service, agent_id)
    return views.report(service.store.sessions(user, agent_id))

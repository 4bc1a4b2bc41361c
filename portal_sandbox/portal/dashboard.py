"""The route of the dashboard."""

from portal_sandbox import responses, wire
from portal_sandbox.auth import CallerIfKnown, ThisService
from portal_sandbox.portal import views
from portal_sandbox.routing import tagged

router = tagged("Dashboard")


@router.get(
    "/dashboard",
    summary="Get an overview of the agents with the latest session of each",
    response_description="The overview",
    responses=responses.BUSY,
)
def get_dashboard(service: ThisService, user: CallerIfKnown) -> wire.Dashboard:
    """The client sends no token.

    A session that belongs to a user is not shown to anybody else: `latest_session` is null then.
    """
    latest = {row.agent_id: row for row in reversed(service.store.sessions(user))}
    return wire.Dashboard(
        widgets=[views.widget(*each, latest.get(each[0])) for each in service.agents.items()]
    )

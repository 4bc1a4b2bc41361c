"""The routers of all tags, in the order of the contract."""

from portal_sandbox.portal import agents, business, dashboard, playground, reports, root, routines, sessions

ROUTERS = (
    sessions.router,
    agents.router,
    business.router,
    dashboard.router,
    root.router,
    playground.router,
    reports.router,
    routines.router,
)

"""The operations of the Portal service, one class per tag."""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from portal_client.api.agents_api import AgentsApi as AgentsApi
    from portal_client.api.business_api import BusinessApi as BusinessApi
    from portal_client.api.dashboard_api import DashboardApi as DashboardApi
    from portal_client.api.default_api import DefaultApi as DefaultApi
    from portal_client.api.playground_api import PlaygroundApi as PlaygroundApi
    from portal_client.api.reports_api import ReportsApi as ReportsApi
    from portal_client.api.routines_api import RoutinesApi as RoutinesApi
    from portal_client.api.sessions_api import SessionsApi as SessionsApi
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "portal_client.api.agents_api": "AgentsApi",
            "portal_client.api.business_api": "BusinessApi",
            "portal_client.api.dashboard_api": "DashboardApi",
            "portal_client.api.default_api": "DefaultApi",
            "portal_client.api.playground_api": "PlaygroundApi",
            "portal_client.api.reports_api": "ReportsApi",
            "portal_client.api.routines_api": "RoutinesApi",
            "portal_client.api.sessions_api": "SessionsApi",
        },
    )

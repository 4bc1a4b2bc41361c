"""Wrong uses of the operations of the seven other tags, which both checkers must refuse.

`type: ignore` holds for both; mypy compares the code as well, but for an argument too many, whose code
differs with what mypy finds in its cache.
"""

from __future__ import annotations

from portal_client import (
    AgentsApi,
    Business,
    BusinessApi,
    BusinessResponse,
    CreateBusinessRequest,
    CreateRoutineRequest,
    DashboardApi,
    DefaultApi,
    PlaygroundApi,
    PlaygroundUpdateAgentsRequest,
    ReportsApi,
    ReportValue,
    RoutinesApi,
    Widget,
)


def agents(api: AgentsApi) -> None:
    api.get_agent()  # type: ignore[call-arg]
    api.get_agent(1)  # type: ignore[arg-type]
    api.get_agent("a", color=1)  # type: ignore[call-arg]
    api.get_agent_with_http_info()  # type: ignore[call-arg]
    api.get_agent_with_http_info(1)  # type: ignore[arg-type]
    api.get_agent_with_http_info("a", color=1)  # type: ignore[call-arg]
    api.get_agent_without_preload_content()  # type: ignore[call-arg]
    api.get_agent_without_preload_content(1)  # type: ignore[arg-type]
    api.get_agent_without_preload_content("a", color=1)  # type: ignore[call-arg]
    api.get_agents(1)  # type: ignore
    api.get_agents(color=1)  # type: ignore[call-arg]
    api.get_agents_with_http_info(1)  # type: ignore
    api.get_agents_with_http_info(color=1)  # type: ignore[call-arg]
    api.get_agents_without_preload_content(1)  # type: ignore
    api.get_agents_without_preload_content(color=1)  # type: ignore[call-arg]


def business(api: BusinessApi) -> None:
    api.create_business()  # type: ignore[call-arg]
    api.create_business(1)  # type: ignore[arg-type]
    api.create_business(None, color=1)  # type: ignore[call-arg, arg-type]
    api.create_business_with_http_info()  # type: ignore[call-arg]
    api.create_business_with_http_info(1)  # type: ignore[arg-type]
    api.create_business_with_http_info(None, color=1)  # type: ignore[call-arg, arg-type]
    api.create_business_without_preload_content()  # type: ignore[call-arg]
    api.create_business_without_preload_content(1)  # type: ignore[arg-type]
    api.create_business_without_preload_content(None, color=1)  # type: ignore[call-arg, arg-type]
    api.delete_business()  # type: ignore[call-arg]
    api.delete_business(1)  # type: ignore[arg-type]
    api.delete_business("b", color=1)  # type: ignore[call-arg]
    api.delete_business_with_http_info()  # type: ignore[call-arg]
    api.delete_business_with_http_info(1)  # type: ignore[arg-type]
    api.delete_business_with_http_info("b", color=1)  # type: ignore[call-arg]
    api.delete_business_without_preload_content()  # type: ignore[call-arg]
    api.delete_business_without_preload_content(1)  # type: ignore[arg-type]
    api.delete_business_without_preload_content("b", color=1)  # type: ignore[call-arg]
    api.get_business(1)  # type: ignore
    api.get_business(color=1)  # type: ignore[call-arg]
    api.get_business_with_http_info(1)  # type: ignore
    api.get_business_with_http_info(color=1)  # type: ignore[call-arg]
    api.get_business_without_preload_content(1)  # type: ignore
    api.get_business_without_preload_content(color=1)  # type: ignore[call-arg]
    api.update_business()  # type: ignore[call-arg]
    api.update_business(1)  # type: ignore[arg-type]
    api.update_business(None, color=1)  # type: ignore[call-arg, arg-type]
    api.update_business_with_http_info()  # type: ignore[call-arg]
    api.update_business_with_http_info(1)  # type: ignore[arg-type]
    api.update_business_with_http_info(None, color=1)  # type: ignore[call-arg, arg-type]
    api.update_business_without_preload_content()  # type: ignore[call-arg]
    api.update_business_without_preload_content(1)  # type: ignore[arg-type]
    api.update_business_without_preload_content(None, color=1)  # type: ignore[call-arg, arg-type]


def dashboard(api: DashboardApi) -> None:
    api.get_dashboard(1)  # type: ignore
    api.get_dashboard(color=1)  # type: ignore[call-arg]
    api.get_dashboard_with_http_info(1)  # type: ignore
    api.get_dashboard_with_http_info(color=1)  # type: ignore[call-arg]
    api.get_dashboard_without_preload_content(1)  # type: ignore
    api.get_dashboard_without_preload_content(color=1)  # type: ignore[call-arg]


def default(api: DefaultApi) -> None:
    api.root_get(1)  # type: ignore
    api.root_get(color=1)  # type: ignore[call-arg]
    api.root_get_with_http_info(1)  # type: ignore
    api.root_get_with_http_info(color=1)  # type: ignore[call-arg]
    api.root_get_without_preload_content(1)  # type: ignore
    api.root_get_without_preload_content(color=1)  # type: ignore[call-arg]


def playground(api: PlaygroundApi) -> None:
    api.get_playground_agents(1)  # type: ignore
    api.get_playground_agents(color=1)  # type: ignore[call-arg]
    api.get_playground_agents_with_http_info(1)  # type: ignore
    api.get_playground_agents_with_http_info(color=1)  # type: ignore[call-arg]
    api.get_playground_agents_without_preload_content(1)  # type: ignore
    api.get_playground_agents_without_preload_content(color=1)  # type: ignore[call-arg]
    api.update_playground_agents()  # type: ignore[call-arg]
    api.update_playground_agents(1)  # type: ignore[arg-type]
    api.update_playground_agents(None, color=1)  # type: ignore[call-arg, arg-type]
    api.update_playground_agents_with_http_info()  # type: ignore[call-arg]
    api.update_playground_agents_with_http_info(1)  # type: ignore[arg-type]
    api.update_playground_agents_with_http_info(None, color=1)  # type: ignore[call-arg, arg-type]
    api.update_playground_agents_without_preload_content()  # type: ignore[call-arg]
    api.update_playground_agents_without_preload_content(1)  # type: ignore[arg-type]
    api.update_playground_agents_without_preload_content(None, color=1)  # type: ignore[call-arg, arg-type]


def reports(api: ReportsApi) -> None:
    api.get_report()  # type: ignore[call-arg]
    api.get_report(1)  # type: ignore[arg-type]
    api.get_report("a", color=1)  # type: ignore[call-arg]
    api.get_report_with_http_info()  # type: ignore[call-arg]
    api.get_report_with_http_info(1)  # type: ignore[arg-type]
    api.get_report_with_http_info("a", color=1)  # type: ignore[call-arg]
    api.get_report_without_preload_content()  # type: ignore[call-arg]
    api.get_report_without_preload_content(1)  # type: ignore[arg-type]
    api.get_report_without_preload_content("a", color=1)  # type: ignore[call-arg]


def routines(api: RoutinesApi) -> None:
    api.create_routine()  # type: ignore[call-arg]
    api.create_routine(1)  # type: ignore[arg-type]
    api.create_routine(None, color=1)  # type: ignore[call-arg, arg-type]
    api.create_routine_with_http_info()  # type: ignore[call-arg]
    api.create_routine_with_http_info(1)  # type: ignore[arg-type]
    api.create_routine_with_http_info(None, color=1)  # type: ignore[call-arg, arg-type]
    api.create_routine_without_preload_content()  # type: ignore[call-arg]
    api.create_routine_without_preload_content(1)  # type: ignore[arg-type]
    api.create_routine_without_preload_content(None, color=1)  # type: ignore[call-arg, arg-type]
    api.delete_routine()  # type: ignore[call-arg]
    api.delete_routine(1)  # type: ignore[arg-type]
    api.delete_routine("r", color=1)  # type: ignore[call-arg]
    api.delete_routine_with_http_info()  # type: ignore[call-arg]
    api.delete_routine_with_http_info(1)  # type: ignore[arg-type]
    api.delete_routine_with_http_info("r", color=1)  # type: ignore[call-arg]
    api.delete_routine_without_preload_content()  # type: ignore[call-arg]
    api.delete_routine_without_preload_content(1)  # type: ignore[arg-type]
    api.delete_routine_without_preload_content("r", color=1)  # type: ignore[call-arg]
    api.get_routines()  # type: ignore[call-arg]
    api.get_routines(1)  # type: ignore[arg-type]
    api.get_routines("a", color=1)  # type: ignore[call-arg]
    api.get_routines_with_http_info()  # type: ignore[call-arg]
    api.get_routines_with_http_info(1)  # type: ignore[arg-type]
    api.get_routines_with_http_info("a", color=1)  # type: ignore[call-arg]
    api.get_routines_without_preload_content()  # type: ignore[call-arg]
    api.get_routines_without_preload_content(1)  # type: ignore[arg-type]
    api.get_routines_without_preload_content("a", color=1)  # type: ignore[call-arg]
    api.run_async_routine()  # type: ignore[call-arg]
    api.run_async_routine(1)  # type: ignore[arg-type]
    api.run_async_routine("r", color=1)  # type: ignore[call-arg]
    api.run_async_routine_with_http_info()  # type: ignore[call-arg]
    api.run_async_routine_with_http_info(1)  # type: ignore[arg-type]
    api.run_async_routine_with_http_info("r", color=1)  # type: ignore[call-arg]
    api.run_async_routine_without_preload_content()  # type: ignore[call-arg]
    api.run_async_routine_without_preload_content(1)  # type: ignore[arg-type]
    api.run_async_routine_without_preload_content("r", color=1)  # type: ignore[call-arg]
    api.run_routine()  # type: ignore[call-arg]
    api.run_routine(1)  # type: ignore[arg-type]
    api.run_routine("r", color=1)  # type: ignore[call-arg]
    api.run_routine_with_http_info()  # type: ignore[call-arg]
    api.run_routine_with_http_info(1)  # type: ignore[arg-type]
    api.run_routine_with_http_info("r", color=1)  # type: ignore[call-arg]
    api.run_routine_without_preload_content()  # type: ignore[call-arg]
    api.run_routine_without_preload_content(1)  # type: ignore[arg-type]
    api.run_routine_without_preload_content("r", color=1)  # type: ignore[call-arg]


def models(widget: Widget, business: Business) -> None:
    BusinessResponse()  # type: ignore[call-arg]
    Widget(agent=widget.agent)  # type: ignore[call-arg]
    CreateBusinessRequest(name="n")  # type: ignore[call-arg]
    CreateRoutineRequest(agent_id="a", name="n", requirements="r", interval=7)  # type: ignore[arg-type]
    PlaygroundUpdateAgentsRequest(agents=None)  # type: ignore[arg-type]
    ReportValue(key="k", text="t", link=None)  # type: ignore[arg-type]
    business.name = None  # type: ignore[assignment]

"""The operations of the seven other tags in their forms, and their models."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, assert_type

from typing_extensions import Unpack
from urllib3 import BaseHTTPResponse

from portal_client import (
    Agent,
    AgentsApi,
    AgentsResponse,
    ApiResponse,
    Business,
    BusinessApi,
    BusinessResponse,
    CreateBusinessRequest,
    CreateRoutineRequest,
    Dashboard,
    DashboardApi,
    DefaultApi,
    DeleteBusinessResponse,
    GroupedSessionsResponse,
    PlaygroundAgent,
    PlaygroundAgentsResponse,
    PlaygroundApi,
    PlaygroundUpdateAgentsRequest,
    Report,
    ReportsApi,
    ReportTable,
    ReportValue,
    RequestOptions,
    Routine,
    RoutinesApi,
    RoutinesResponse,
    RoutineWithSessions,
    Session,
    SessionSummary,
    Trend,
    TrendStatus,
    Widget,
)

T = TypeVar("T", covariant=True)


class Plain(Protocol[T]):
    """A call without arguments of its own."""

    def __call__(self, **options: Unpack[RequestOptions]) -> T: ...


class OfAgent(Protocol[T]):
    """A call that names an agent."""

    def __call__(self, agent_id: str, **options: Unpack[RequestOptions]) -> T: ...


class OfBusiness(Protocol[T]):
    """A call that names a business."""

    def __call__(self, business_id: str, **options: Unpack[RequestOptions]) -> T: ...


class OfRoutine(Protocol[T]):
    """A call that names a routine."""

    def __call__(self, routine_id: str, **options: Unpack[RequestOptions]) -> T: ...


class CreateBusiness(Protocol[T]):
    """A call that describes a new business."""

    def __call__(
        self, create_business_request: CreateBusinessRequest, **options: Unpack[RequestOptions]
    ) -> T: ...


class UpdateBusiness(Protocol[T]):
    """A call that sends a whole business."""

    def __call__(self, business: Business, **options: Unpack[RequestOptions]) -> T: ...


class UpdateAgents(Protocol[T]):
    """A call that sends a list of agents."""

    def __call__(
        self,
        playground_update_agents_request: PlaygroundUpdateAgentsRequest,
        **options: Unpack[RequestOptions],
    ) -> T: ...


class CreateRoutine(Protocol[T]):
    """A call that describes a new routine."""

    def __call__(
        self, create_routine_request: CreateRoutineRequest, **options: Unpack[RequestOptions]
    ) -> T: ...


def get_agent(api: AgentsApi) -> None:
    assert_type(api.get_agent("a"), Agent)
    assert_type(api.get_agent(agent_id="a", _request_timeout=5), Agent)
    assert_type(api.get_agent_with_http_info("a"), ApiResponse[Agent])
    assert_type(api.get_agent_with_http_info("a").data, Agent)
    assert_type(api.get_agent_without_preload_content("a"), BaseHTTPResponse)
    _plain: OfAgent[Agent] = api.get_agent
    _info: OfAgent[ApiResponse[Agent]] = api.get_agent_with_http_info
    _raw: OfAgent[BaseHTTPResponse] = api.get_agent_without_preload_content


def get_agents(api: AgentsApi) -> None:
    assert_type(api.get_agents(), AgentsResponse)
    assert_type(api.get_agents(_request_timeout=5), AgentsResponse)
    assert_type(api.get_agents_with_http_info(), ApiResponse[AgentsResponse])
    assert_type(api.get_agents_with_http_info().data, AgentsResponse)
    assert_type(api.get_agents_without_preload_content(), BaseHTTPResponse)
    _plain: Plain[AgentsResponse] = api.get_agents
    _info: Plain[ApiResponse[AgentsResponse]] = api.get_agents_with_http_info
    _raw: Plain[BaseHTTPResponse] = api.get_agents_without_preload_content


def create_business(api: BusinessApi, request: CreateBusinessRequest) -> None:
    assert_type(api.create_business(request), Business)
    assert_type(api.create_business(create_business_request=request, _request_timeout=5), Business)
    assert_type(api.create_business_with_http_info(request), ApiResponse[Business])
    assert_type(api.create_business_with_http_info(request).data, Business)
    assert_type(api.create_business_without_preload_content(request), BaseHTTPResponse)
    _plain: CreateBusiness[Business] = api.create_business
    _info: CreateBusiness[ApiResponse[Business]] = api.create_business_with_http_info
    _raw: CreateBusiness[BaseHTTPResponse] = api.create_business_without_preload_content


def delete_business(api: BusinessApi) -> None:
    assert_type(api.delete_business("b"), DeleteBusinessResponse)
    assert_type(api.delete_business(business_id="b", _request_timeout=5), DeleteBusinessResponse)
    assert_type(api.delete_business_with_http_info("b"), ApiResponse[DeleteBusinessResponse])
    assert_type(api.delete_business_with_http_info("b").data, DeleteBusinessResponse)
    assert_type(api.delete_business_without_preload_content("b"), BaseHTTPResponse)
    _plain: OfBusiness[DeleteBusinessResponse] = api.delete_business
    _info: OfBusiness[ApiResponse[DeleteBusinessResponse]] = api.delete_business_with_http_info
    _raw: OfBusiness[BaseHTTPResponse] = api.delete_business_without_preload_content


def get_business(api: BusinessApi) -> None:
    assert_type(api.get_business(), BusinessResponse)
    assert_type(api.get_business(_request_timeout=5), BusinessResponse)
    assert_type(api.get_business_with_http_info(), ApiResponse[BusinessResponse])
    assert_type(api.get_business_with_http_info().data, BusinessResponse)
    assert_type(api.get_business_without_preload_content(), BaseHTTPResponse)
    _plain: Plain[BusinessResponse] = api.get_business
    _info: Plain[ApiResponse[BusinessResponse]] = api.get_business_with_http_info
    _raw: Plain[BaseHTTPResponse] = api.get_business_without_preload_content


def update_business(api: BusinessApi, business: Business) -> None:
    assert_type(api.update_business(business), Business)
    assert_type(api.update_business(business=business, _request_timeout=5), Business)
    assert_type(api.update_business_with_http_info(business), ApiResponse[Business])
    assert_type(api.update_business_with_http_info(business).data, Business)
    assert_type(api.update_business_without_preload_content(business), BaseHTTPResponse)
    _plain: UpdateBusiness[Business] = api.update_business
    _info: UpdateBusiness[ApiResponse[Business]] = api.update_business_with_http_info
    _raw: UpdateBusiness[BaseHTTPResponse] = api.update_business_without_preload_content


def get_dashboard(api: DashboardApi) -> None:
    assert_type(api.get_dashboard(), Dashboard)
    assert_type(api.get_dashboard(_request_timeout=5), Dashboard)
    assert_type(api.get_dashboard_with_http_info(), ApiResponse[Dashboard])
    assert_type(api.get_dashboard_with_http_info().data, Dashboard)
    assert_type(api.get_dashboard_without_preload_content(), BaseHTTPResponse)
    _plain: Plain[Dashboard] = api.get_dashboard
    _info: Plain[ApiResponse[Dashboard]] = api.get_dashboard_with_http_info
    _raw: Plain[BaseHTTPResponse] = api.get_dashboard_without_preload_content


def root_get(api: DefaultApi) -> None:
    assert_type(api.root_get(), None)
    assert_type(api.root_get_with_http_info(), ApiResponse[None])
    assert_type(api.root_get_with_http_info().data, None)
    assert_type(api.root_get_without_preload_content(), BaseHTTPResponse)
    _plain: Plain[None] = api.root_get
    _info: Plain[ApiResponse[None]] = api.root_get_with_http_info
    _raw: Plain[BaseHTTPResponse] = api.root_get_without_preload_content


def get_playground_agents(api: PlaygroundApi) -> None:
    assert_type(api.get_playground_agents(), PlaygroundAgentsResponse)
    assert_type(api.get_playground_agents(_request_timeout=5), PlaygroundAgentsResponse)
    assert_type(api.get_playground_agents_with_http_info(), ApiResponse[PlaygroundAgentsResponse])
    assert_type(api.get_playground_agents_with_http_info().data, PlaygroundAgentsResponse)
    assert_type(api.get_playground_agents_without_preload_content(), BaseHTTPResponse)
    _plain: Plain[PlaygroundAgentsResponse] = api.get_playground_agents
    _info: Plain[ApiResponse[PlaygroundAgentsResponse]] = api.get_playground_agents_with_http_info
    _raw: Plain[BaseHTTPResponse] = api.get_playground_agents_without_preload_content


def update_playground_agents(api: PlaygroundApi, request: PlaygroundUpdateAgentsRequest) -> None:
    assert_type(api.update_playground_agents(request), PlaygroundAgentsResponse)
    assert_type(
        api.update_playground_agents(playground_update_agents_request=request, _request_timeout=5),
        PlaygroundAgentsResponse,
    )
    assert_type(api.update_playground_agents_with_http_info(request), ApiResponse[PlaygroundAgentsResponse])
    assert_type(api.update_playground_agents_with_http_info(request).data, PlaygroundAgentsResponse)
    assert_type(api.update_playground_agents_without_preload_content(request), BaseHTTPResponse)
    _plain: UpdateAgents[PlaygroundAgentsResponse] = api.update_playground_agents
    _info: UpdateAgents[ApiResponse[PlaygroundAgentsResponse]] = api.update_playground_agents_with_http_info
    _raw: UpdateAgents[BaseHTTPResponse] = api.update_playground_agents_without_preload_content


def get_report(api: ReportsApi) -> None:
    assert_type(api.get_report("a"), Report)
    assert_type(api.get_report(agent_id="a", _request_timeout=5), Report)
    assert_type(api.get_report_with_http_info("a"), ApiResponse[Report])
    assert_type(api.get_report_with_http_info("a").data, Report)
    assert_type(api.get_report_without_preload_content("a"), BaseHTTPResponse)
    _plain: OfAgent[Report] = api.get_report
    _info: OfAgent[ApiResponse[Report]] = api.get_report_with_http_info
    _raw: OfAgent[BaseHTTPResponse] = api.get_report_without_preload_content


def create_routine(api: RoutinesApi, request: CreateRoutineRequest) -> None:
    assert_type(api.create_routine(request), Routine)
    assert_type(api.create_routine(create_routine_request=request, _request_timeout=5), Routine)
    assert_type(api.create_routine_with_http_info(request), ApiResponse[Routine])
    assert_type(api.create_routine_with_http_info(request).data, Routine)
    assert_type(api.create_routine_without_preload_content(request), BaseHTTPResponse)
    _plain: CreateRoutine[Routine] = api.create_routine
    _info: CreateRoutine[ApiResponse[Routine]] = api.create_routine_with_http_info
    _raw: CreateRoutine[BaseHTTPResponse] = api.create_routine_without_preload_content


def delete_routine(api: RoutinesApi) -> None:
    assert_type(api.delete_routine("r"), RoutinesResponse)
    assert_type(api.delete_routine(routine_id="r", _request_timeout=5), RoutinesResponse)
    assert_type(api.delete_routine_with_http_info("r"), ApiResponse[RoutinesResponse])
    assert_type(api.delete_routine_with_http_info("r").data, RoutinesResponse)
    assert_type(api.delete_routine_without_preload_content("r"), BaseHTTPResponse)
    _plain: OfRoutine[RoutinesResponse] = api.delete_routine
    _info: OfRoutine[ApiResponse[RoutinesResponse]] = api.delete_routine_with_http_info
    _raw: OfRoutine[BaseHTTPResponse] = api.delete_routine_without_preload_content


def get_routines(api: RoutinesApi) -> None:
    assert_type(api.get_routines("a"), RoutinesResponse)
    assert_type(api.get_routines(agent_id="a", _request_timeout=5), RoutinesResponse)
    assert_type(api.get_routines_with_http_info("a"), ApiResponse[RoutinesResponse])
    assert_type(api.get_routines_with_http_info("a").data, RoutinesResponse)
    assert_type(api.get_routines_without_preload_content("a"), BaseHTTPResponse)
    _plain: OfAgent[RoutinesResponse] = api.get_routines
    _info: OfAgent[ApiResponse[RoutinesResponse]] = api.get_routines_with_http_info
    _raw: OfAgent[BaseHTTPResponse] = api.get_routines_without_preload_content


def run_async_routine(api: RoutinesApi) -> None:
    assert_type(api.run_async_routine("r"), RoutinesResponse)
    assert_type(api.run_async_routine(routine_id="r", _request_timeout=5), RoutinesResponse)
    assert_type(api.run_async_routine_with_http_info("r"), ApiResponse[RoutinesResponse])
    assert_type(api.run_async_routine_with_http_info("r").data, RoutinesResponse)
    assert_type(api.run_async_routine_without_preload_content("r"), BaseHTTPResponse)
    _plain: OfRoutine[RoutinesResponse] = api.run_async_routine
    _info: OfRoutine[ApiResponse[RoutinesResponse]] = api.run_async_routine_with_http_info
    _raw: OfRoutine[BaseHTTPResponse] = api.run_async_routine_without_preload_content


def run_routine(api: RoutinesApi) -> None:
    assert_type(api.run_routine("r"), RoutinesResponse)
    assert_type(api.run_routine(routine_id="r", _request_timeout=5), RoutinesResponse)
    assert_type(api.run_routine_with_http_info("r"), ApiResponse[RoutinesResponse])
    assert_type(api.run_routine_with_http_info("r").data, RoutinesResponse)
    assert_type(api.run_routine_without_preload_content("r"), BaseHTTPResponse)
    _plain: OfRoutine[RoutinesResponse] = api.run_routine
    _info: OfRoutine[ApiResponse[RoutinesResponse]] = api.run_routine_with_http_info
    _raw: OfRoutine[BaseHTTPResponse] = api.run_routine_without_preload_content


def responses(dashboard: Dashboard, report: Report, routines: RoutinesResponse) -> None:
    widget = dashboard.widgets[0]
    assert_type(widget, Widget)
    assert_type(widget.agent.visibility_requirements, list[str])
    assert_type(widget.latest_session, Session | None)
    assert_type(report.text, str)
    assert_type(report.tables, list[ReportTable] | None)
    routine = routines.routines[0]
    assert_type(routine, RoutineWithSessions)
    assert_type(routine.sessions, list[Session])
    assert_type(routine.latest_answer, str)
    assert_type(routine.trend, Trend)
    assert_type(routine.trend.status, TrendStatus)
    assert_type(routine.trend.status == "POSITIVE", bool)
    Widget(agent=widget.agent, latest_session=None)
    Report()


def values(value: ReportValue, response: BusinessResponse) -> None:
    assert_type((value.key, value.link), tuple[str, str])
    assert_type(value.is_downloadable, bool)
    assert_type(response.business, Business | None)
    BusinessResponse(business=None)


def playground(agent: PlaygroundAgent) -> None:
    agent.instructions = "Be brief."
    assert_type(PlaygroundUpdateAgentsRequest(agents=[agent]).agents, list[PlaygroundAgent])


def grouped(response: GroupedSessionsResponse) -> None:
    if response.time_to_sessions is not None:
        group = response.time_to_sessions["Today"]
        assert_type(group, list[Session | SessionSummary | Any] | Any)
        for session in group:
            if isinstance(session, Session):
                assert_type(session.thread_id, str)
            elif isinstance(session, SessionSummary):
                assert_type(session.agent, Agent)

"""The models of the Portal contract, one module each."""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from portal_client.models.agent import Agent as Agent
    from portal_client.models.agents_response import AgentsResponse as AgentsResponse
    from portal_client.models.async_session_response import AsyncSessionResponse as AsyncSessionResponse
    from portal_client.models.business import Business as Business
    from portal_client.models.business_response import BusinessResponse as BusinessResponse
    from portal_client.models.create_business_request import CreateBusinessRequest as CreateBusinessRequest
    from portal_client.models.create_routine_request import CreateRoutineRequest as CreateRoutineRequest
    from portal_client.models.dashboard import Dashboard as Dashboard
    from portal_client.models.delete_business_response import DeleteBusinessResponse as DeleteBusinessResponse
    from portal_client.models.get_sessions_response import GetSessionsResponse as GetSessionsResponse
    from portal_client.models.grouped_sessions_response import (
        GroupedSessionsResponse as GroupedSessionsResponse,
    )
    from portal_client.models.http_validation_error import HTTPValidationError as HTTPValidationError
    from portal_client.models.message import Message as Message
    from portal_client.models.message_agent import MessageAgent as MessageAgent
    from portal_client.models.message_role import MessageRole as MessageRole
    from portal_client.models.playground_agent import PlaygroundAgent as PlaygroundAgent
    from portal_client.models.playground_agents_response import (
        PlaygroundAgentsResponse as PlaygroundAgentsResponse,
    )
    from portal_client.models.playground_update_agents_request import (
        PlaygroundUpdateAgentsRequest as PlaygroundUpdateAgentsRequest,
    )
    from portal_client.models.report import Report as Report
    from portal_client.models.report_row import ReportRow as ReportRow
    from portal_client.models.report_table import ReportTable as ReportTable
    from portal_client.models.report_value import ReportValue as ReportValue
    from portal_client.models.routine import Routine as Routine
    from portal_client.models.routine_with_sessions import RoutineWithSessions as RoutineWithSessions
    from portal_client.models.routines_response import RoutinesResponse as RoutinesResponse
    from portal_client.models.session import Session as Session
    from portal_client.models.session_status import SessionStatus as SessionStatus
    from portal_client.models.session_summary import SessionSummary as SessionSummary
    from portal_client.models.trend import Trend as Trend
    from portal_client.models.trend_status import TrendStatus as TrendStatus
    from portal_client.models.validation_error import ValidationError as ValidationError
    from portal_client.models.validation_error_loc_inner import (
        ValidationErrorLocInner as ValidationErrorLocInner,
    )
    from portal_client.models.widget import Widget as Widget
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "portal_client.models.agent": "Agent",
            "portal_client.models.agents_response": "AgentsResponse",
            "portal_client.models.async_session_response": "AsyncSessionResponse",
            "portal_client.models.business": "Business",
            "portal_client.models.business_response": "BusinessResponse",
            "portal_client.models.create_business_request": "CreateBusinessRequest",
            "portal_client.models.create_routine_request": "CreateRoutineRequest",
            "portal_client.models.dashboard": "Dashboard",
            "portal_client.models.delete_business_response": "DeleteBusinessResponse",
            "portal_client.models.get_sessions_response": "GetSessionsResponse",
            "portal_client.models.grouped_sessions_response": "GroupedSessionsResponse",
            "portal_client.models.http_validation_error": "HTTPValidationError",
            "portal_client.models.message": "Message",
            "portal_client.models.message_agent": "MessageAgent",
            "portal_client.models.message_role": "MessageRole",
            "portal_client.models.playground_agent": "PlaygroundAgent",
            "portal_client.models.playground_agents_response": "PlaygroundAgentsResponse",
            "portal_client.models.playground_update_agents_request": "PlaygroundUpdateAgentsRequest",
            "portal_client.models.report": "Report",
            "portal_client.models.report_row": "ReportRow",
            "portal_client.models.report_table": "ReportTable",
            "portal_client.models.report_value": "ReportValue",
            "portal_client.models.routine": "Routine",
            "portal_client.models.routine_with_sessions": "RoutineWithSessions",
            "portal_client.models.routines_response": "RoutinesResponse",
            "portal_client.models.session": "Session",
            "portal_client.models.session_status": "SessionStatus",
            "portal_client.models.session_summary": "SessionSummary",
            "portal_client.models.trend": "Trend",
            "portal_client.models.trend_status": "TrendStatus",
            "portal_client.models.validation_error": "ValidationError",
            "portal_client.models.validation_error_loc_inner": "ValidationErrorLocInner",
            "portal_client.models.widget": "Widget",
        },
    )

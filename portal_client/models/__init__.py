"""The models of the Portal contract, one module each."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from portal_client.models.async_session_response import AsyncSessionResponse as AsyncSessionResponse
    from portal_client.models.get_sessions_response import GetSessionsResponse as GetSessionsResponse
    from portal_client.models.grouped_sessions_response import (
        GroupedSessionsResponse as GroupedSessionsResponse,
    )
    from portal_client.models.http_validation_error import HTTPValidationError as HTTPValidationError
    from portal_client.models.message import Message as Message
    from portal_client.models.message_agent import MessageAgent as MessageAgent
    from portal_client.models.message_role import MessageRole as MessageRole
    from portal_client.models.session import Session as Session
    from portal_client.models.session_status import SessionStatus as SessionStatus
    from portal_client.models.validation_error import ValidationError as ValidationError
    from portal_client.models.validation_error_loc_inner import (
        ValidationErrorLocInner as ValidationErrorLocInner,
    )
else:
    from portal_client._lazy import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "AsyncSessionResponse": "portal_client.models.async_session_response",
            "GetSessionsResponse": "portal_client.models.get_sessions_response",
            "GroupedSessionsResponse": "portal_client.models.grouped_sessions_response",
            "HTTPValidationError": "portal_client.models.http_validation_error",
            "Message": "portal_client.models.message",
            "MessageAgent": "portal_client.models.message_agent",
            "MessageRole": "portal_client.models.message_role",
            "Session": "portal_client.models.session",
            "SessionStatus": "portal_client.models.session_status",
            "ValidationError": "portal_client.models.validation_error",
            "ValidationErrorLocInner": "portal_client.models.validation_error_loc_inner",
        },
    )
